"""Whether an executable runtime has something to execute, in AWS's words."""

import os
import stat
from pathlib import Path

_BOOTSTRAP = "bootstrap"
_NONE = "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
_SCRIPT, _ELF = b"#!", b"\x7fELF"


class NoEntrypoint(Exception):
    """There is nothing to execute; the text says why, in AWS's words."""


def fault(code: Path) -> str:
    """Why the `bootstrap` of that package cannot be executed; empty when it can."""
    path = code / _BOOTSTRAP
    try:
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            return ""  # it leads somewhere inside, or nowhere: only there it is known
        if not stat.S_ISREG(found.st_mode):
            return _NONE
        if not found.st_mode & stat.S_IXOTH:
            return _execution("permission denied")
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            begin = file.read(len(_ELF))
    except OSError:
        return _NONE
    if begin.startswith((_SCRIPT, _ELF)):
        return ""
    return _execution("exec format error")


def _execution(why: str) -> str:
    return f"fork/exec /var/task/{_BOOTSTRAP}: {why}"
