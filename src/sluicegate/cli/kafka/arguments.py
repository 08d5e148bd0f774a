"""What `sluicegate kafka` takes on the command line."""

import re
from argparse import ArgumentParser, ArgumentTypeError

from ..flags import CLIENT, add_output, add_settings
from ..table import plain

# Kafka's own rule.
_NAME = re.compile(r"[A-Za-z0-9._-]{1,249}")
_MOST = 2**31 - 1

_MANUALS = {
    "topics": "List the topics of a cluster, or make one.",
    "produce": "Write a record for each line of standard input.",
    "peek": "Print records, without a group, as far as they are written.",
    "client-config": "Print what a Kafka client needs to get in.",
}


def add_arguments(parser: ArgumentParser) -> None:
    """The four commands, each with its flags."""
    verbs = parser.add_subparsers(required=True, metavar="COMMAND", dest="verb")
    made = {}
    for name, manual in _MANUALS.items():
        made[name] = verbs.add_parser(name, help=manual, description=manual)
        add_settings(made[name], CLIENT)
        made[name].add_argument("--cluster", help="its name or ARN; default: the only one")
        login = made[name].add_mutually_exclusive_group()
        login.add_argument("--secret", help="name or ARN of the secret of a user")
        login.add_argument("--iam", action="store_true", help="as who asks, by IAM's policies")
    _of_topics(made["topics"])
    _of_records(made["produce"], made["peek"])
    _of_configurations(made["client-config"])


def _of_topics(topics: ArgumentParser) -> None:
    topics.add_argument("--create", metavar="NAME", type=_topic, help="make this topic first")
    topics.add_argument("--partitions", type=_count, help="of the topic that is made")
    add_output(topics)


def _of_records(produce: ArgumentParser, peek: ArgumentParser) -> None:
    for each in (produce, peek):
        each.add_argument("topic", metavar="TOPIC", type=_topic)
    keys = produce.add_mutually_exclusive_group()
    keys.add_argument("--key", help="the key of every record")
    keys.add_argument("--key-separator", help="what stands between key and value in a line")
    add_output(produce)
    peek.add_argument("--partition", type=_offset, help="this one alone")
    peek.add_argument(
        "--from",
        dest="start",
        type=_start,
        default=0,
        help="beginning, end (the last ones) or an offset; default: beginning",
    )
    peek.add_argument("-n", "--number", type=_count, default=10, help="so many; default: 10")
    add_output(peek)


def _of_configurations(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--for", dest="form", choices=("properties", "librdkafka", "python"), default="properties"
    )
    parser.add_argument("--ca", metavar="FILE", help="where to write the brokers' authority")
    parser.add_argument("--show-password", action="store_true", help="print the password too")


def _topic(text: str) -> str:
    if not _NAME.fullmatch(text):
        shown = plain(text)
        raise ArgumentTypeError(f"`{shown}` is no topic's name: letters, digits, `.`, `_`, `-`")
    return text


def _start(text: str) -> int | None:
    """The first offset that is meant; None: the last records."""
    if text in ("beginning", "end"):
        return 0 if text == "beginning" else None
    try:
        return _offset(text)
    except ArgumentTypeError:
        raise ArgumentTypeError(
            f"`{plain(text)}` is none of beginning, end and an offset"
        ) from None


def _offset(text: str) -> int:
    # The longest there is, an offset's, has nineteen digits.
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise ArgumentTypeError(f"`{plain(text)}` is no number from 0 on")
    return int(text)


def _count(text: str) -> int:
    number = _offset(text)
    if not 1 <= number <= _MOST:
        raise ArgumentTypeError(f"`{text}` is no number from 1 to {_MOST}")
    return number
