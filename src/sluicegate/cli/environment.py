"""`sluicegate env`: the lines that point AWS tools at this endpoint, as root.

eval "$(sluicegate env)"
"""

import json
import os
from collections.abc import Callable, Mapping

from ..errors import StartRefused
from ..serve.keys import open_root_key
from ..serve.state import StateFolder
from ..settings import Settings

Line = Callable[[str, str], str]


def print_environment(settings: Settings, shell: str | None) -> None:
    """Print the variables in the words of `shell` (default: the one that runs, else bash)."""
    variables = _variables(settings)
    shell = shell or _running_shell()
    if shell == "json":
        print(json.dumps(variables, indent=2))
    else:
        for name, value in variables.items():
            print(_LINES[shell](name, value))


def _variables(settings: Settings) -> dict[str, str]:
    folder = StateFolder(settings.state_folder)
    if not settings.root_credentials and not folder.root_credentials.exists():
        raise StartRefused(
            f"no root credentials in `{folder.path}`; start `sluicegate serve` once, "
            "or name its state folder with --state"
        )
    root = open_root_key(folder, settings)
    return {
        "AWS_ENDPOINT_URL": settings.endpoint,
        "AWS_ACCESS_KEY_ID": root.access_key,
        "AWS_SECRET_ACCESS_KEY": root.secret_key,
        "AWS_REGION": settings.region,
        "AWS_DEFAULT_REGION": settings.region,
    }


def _running_shell() -> str:
    return "fish" if os.environ.get("SHELL", "").endswith("/fish") else "bash"


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "'\\''") + "'"


_LINES: Mapping[str, Line] = {
    "bash": lambda name, value: f"export {name}={_quoted(value)}",
    "fish": lambda name, value: f"set -gx {name} {_quoted(value)}",
    "powershell": lambda name, value: f"$Env:{name} = '{value}'",
}
