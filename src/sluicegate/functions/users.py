"""Users of the host that sandboxes run as: one for each, so that the host tells them apart too.

They own nothing, have no name, and are nobody's but ours: a process takes a block of them and locks
it, so that two services on one host share none.
"""

import fcntl
import os
import pwd
import threading
from pathlib import Path

from ..errors import StartRefused

_BLOCK = 100


class Users:
    """`take` a user, `give` it back; -1 where we may not change users and all run as ours."""

    def __init__(self, uids: range, cache: Path) -> None:
        self._lock = threading.Lock()
        self._held: int | None = None
        self._free: list[int] | None = None
        if os.geteuid() == 0:
            self._free = self._block(uids, cache / "users")

    def take(self) -> int:
        """A user nobody has; `LookupError` when all are taken."""
        if self._free is None:
            return -1
        with self._lock:
            if not self._free:
                raise LookupError("every user for sandboxes is taken")
            # The one longest unused: whatever of it were left has had the most time to go.
            return self._free.pop(0)

    def give(self, uid: int) -> None:
        """Nothing of this user runs any more."""
        if self._free is not None:
            with self._lock:
                self._free.append(uid)

    def close(self) -> None:
        """Let others have the block."""
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def _block(self, uids: range, folder: Path) -> list[int]:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for start in range(uids.start, uids.stop, _BLOCK):
            lock = os.open(folder / str(start), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(lock)
                continue
            self._held = lock
            block = range(start, min(start + _BLOCK, uids.stop))
            return [uid for uid in block if not _is_somebody(uid)]
        raise StartRefused(
            f"every user in setting `function_uids` ({uids.start}-{uids.stop - 1}) is in use"
        )


def _is_somebody(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True
