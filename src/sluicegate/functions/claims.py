"""Folders a spawner has to itself, where others have theirs: locked, and swept once it has died."""

import fcntl
import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def claim(where: Path, prefix: str, remove: Callable[[Path], None]) -> tuple[int, Path]:
    """The lock that says it is in use, and a new folder; `remove` those left by the dead."""
    for left in where.glob(f"{prefix}*"):
        if (lock := _locked(left)) is not None:
            # What somebody alive has there would go with the folder: hence the lock.
            remove(left)
            os.close(lock)
    while True:
        made = Path(tempfile.mkdtemp(prefix=prefix, dir=where))
        # Another spawner may have swept it before it was locked.
        if (lock := _locked(made)) is not None:
            if made.exists():
                return lock, made
            os.close(lock)


def _locked(folder: Path) -> int | None:
    try:
        if folder.lstat().st_uid != os.geteuid():
            return None
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock
