"""A file of eight bytes that are others whenever permissions have changed: brokers map it.

They remember answers for as long as it stays as it is, so an answer costs them one look into
memory, and a change holds on the very next request. Written after the commit, and before whoever
made the change is told that it is made.
"""

import mmap
import os
from pathlib import Path

_SIZE = 8


class ChangesFile:
    """The file at `path`, made when it is not there. Any process of ours may move it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o600)
        try:
            os.ftruncate(descriptor, _SIZE)
            self._map = mmap.mmap(descriptor, _SIZE)
        finally:
            os.close(descriptor)

    def move(self) -> None:
        """Void every answer that was given before."""
        # At random: two that count would at times write the same number, one of them too early.
        self._map[:] = os.urandom(_SIZE)

    def close(self) -> None:
        """Let go of it; it stays."""
        self._map.close()
