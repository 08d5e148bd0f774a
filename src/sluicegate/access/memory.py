"""What was read of permissions, remembered for one epoch."""

import threading
from collections.abc import Callable
from typing import TypeVar, cast

T = TypeVar("T")

_MOST = 10_000


class Remembered:
    """What was read of permissions in one epoch; bounded."""

    __slots__ = ("_known", "epoch")

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self._known: dict[object, object] = {}

    def recall(self, key: object, load: Callable[[], T]) -> T:
        """What `load` gave for `key` in this epoch; absence is remembered too."""
        known = self._known
        try:
            return cast(T, known[key])
        except KeyError:
            found = load()
            if len(known) >= _MOST:
                known.clear()
            known[key] = found
            return found


class EpochMemory:
    """Forgets everything when the permissions epoch moves.

    INVARIANT: nothing is older than the epoch it is remembered under. So what is recalled in a
    transaction under way goes through the `enter` of that transaction's epoch, and what is
    recalled in one of its own through `now`, asked before that transaction begins.
    """

    def __init__(self) -> None:
        self.now = Remembered(-1)
        self._lock = threading.Lock()

    def enter(self, epoch: int) -> Remembered:
        """What is remembered in `epoch`; nothing, and not for long, when it is over."""
        now = self.now
        if epoch == now.epoch:
            return now
        with self._lock:
            if epoch > self.now.epoch:
                self.now = Remembered(epoch)
            return self.now if epoch == self.now.epoch else Remembered(epoch)
