"""The command line: `sluicegate serve`, `env`, `explain`, `status`, `doctor`, `kafka`, `demo`.

Result on stdout, talk on stderr; exit 0, 1 (found problems) or 2 (usage).
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from .. import __version__
from ..errors import SettingRefused, StartRefused
from ..settings import FIELDS, OF_MACHINE, Settings, load
from .flags import CLIENT, add_output, add_settings
from .kafka.arguments import add_arguments

Command = Callable[[Settings, argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    _fill_standard_streams()
    options = _parser().parse_args(arguments)
    flags = {name: getattr(options, name, None) for name in FIELDS}
    try:
        settings = load(flags, os.environ, Path.cwd())
    except StartRefused as refusal:
        print(f"sluicegate: {refusal}", file=sys.stderr)
        return 2
    command: Command = options.command
    try:
        status = command(settings, options)
        if sys.stdout is not None:  # it was closed when we began
            # Here and not at the end of the process, where nobody could take it that a pipe is.
            sys.stdout.flush()
        return status
    except StartRefused as refusal:
        print(f"sluicegate: {refusal}", file=sys.stderr)
        return 2 if isinstance(refusal, SettingRefused) else 1
    except BrokenPipeError:
        # Whoever read our output has what they wanted (`sluicegate env | head -1`).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _fill_standard_streams() -> None:
    """Have something open where standard input, output and error should be.

    A file opened while one of them is closed takes its number; a child would then find it there.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            # The lowest number that is free is this one.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sluicegate",
        description="AWS Lambda's Kafka trigger, self-hosted, with its permissions enforced.",
    )
    parser.add_argument("--version", action="version", version=f"sluicegate {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (command, manual, settings) in _COMMANDS.items():
        sub = commands.add_parser(name, help=manual, description=manual)
        sub.set_defaults(command=command)
        add_settings(sub, settings)
        if name == "env":
            sub.add_argument("--shell", choices=("bash", "fish", "powershell", "json"))
        if name == "explain":
            _add_explained(sub)
        if name == "status":
            sub.add_argument("mapping", metavar="MAPPING", nargs="?", help="UUID of one mapping")
        if name == "doctor":
            _add_examined(sub)
        if name in ("explain", "status", "doctor"):
            add_output(sub)
        if name == "kafka":
            add_arguments(sub)
        if name == "demo":
            sub.add_argument("--keep", action="store_true", help="leave it running afterwards")
    return parser


def _add_examined(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "mapping", metavar="MAPPING", nargs="?", help="UUID of one mapping, or its function"
    )
    parser.add_argument("--source", help="of a mapping to come: its cluster, or bootstrap servers")
    parser.add_argument("--topic", help="… and its topic")
    parser.add_argument("--secret", help="… and the secret it logs in with")
    parser.add_argument("--group", help="… and its consumer group")


def _add_explained(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "asked", metavar="ID | PRINCIPAL", help="authorization id of a decision, or who would call"
    )
    parser.add_argument("action", metavar="ACTION", nargs="?", help="service:Name")
    parser.add_argument("resource", metavar="RESOURCE", nargs="?", help="an ARN, or *")


def _serve(settings: Settings, _options: argparse.Namespace) -> int:
    from ..serve.supervisor import serve

    serve(settings)
    return 0


def _env(settings: Settings, options: argparse.Namespace) -> int:
    from .environment import print_environment

    print_environment(settings, options.shell)
    return 0


def _explain(settings: Settings, options: argparse.Namespace) -> int:
    from .explain import explain
    from .reach import reach
    from .would import would

    to, as_json = reach(settings, options), options.output == "json"
    if options.action is None:
        return explain(to, options.asked, as_json=as_json)
    if options.resource is None:
        raise SettingRefused("name the RESOURCE too, an ARN or `*` in quotes")
    return would(to, options.asked, options.action, options.resource, as_json=as_json)


def _status(settings: Settings, options: argparse.Namespace) -> int:
    from .reach import reach
    from .status import status

    return status(reach(settings, options), options.mapping, as_json=options.output == "json")


def _doctor(settings: Settings, options: argparse.Namespace) -> int:
    from .doctor import doctor
    from .reach import reach

    names = ("source", "topic", "secret", "group")
    planned = {name: getattr(options, name) for name in names}
    as_json = options.output == "json"
    return doctor(reach(settings, options), options.mapping, planned, as_json=as_json)


def _kafka(settings: Settings, options: argparse.Namespace) -> int:
    from .kafka.commands import kafka
    from .reach import reach

    return kafka(reach(settings, options), options)


def _demo(settings: Settings, options: argparse.Namespace) -> int:
    from .demo import demo

    return demo(settings, keep=options.keep)


# `root_credentials` is a secret and has no flag: arguments show in process lists.
_SERVE_FLAGS = tuple(name for name in FIELDS if name != "root_credentials")

_COMMANDS: Mapping[str, tuple[Command, str, Sequence[str]]] = {
    "serve": (_serve, "Serve AWS's APIs in the foreground; Ctrl-C stops it.", _SERVE_FLAGS),
    "demo": (_demo, "Show what works, on a throw-away state.", OF_MACHINE),
    "env": (_env, "Print the lines that point AWS tools here.", CLIENT),
    "explain": (_explain, "Tell why a request was, or would be, allowed or denied.", CLIENT),
    "status": (_status, "Tell what there is, how it is and how far.", CLIENT),
    "doctor": (_doctor, "Examine triggers: each call, its verdict, what to do.", CLIENT),
    "kafka": (_kafka, "List topics, write and read records, configure clients.", ()),
}
