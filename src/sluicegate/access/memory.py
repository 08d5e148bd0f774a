"""What was read of permissions, remembered for one epoch."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

_MOST = 10_000


class EpochMemory:
    """A bounded memory that forgets everything when the permissions epoch moves.

    INVARIANT: `enter` is called with the epoch of the transaction that `recall` then loads in, or
    an older one: what is loaded is never older than the epoch it is filed under.
    """

    def __init__(self) -> None:
        self.epoch = -1
        self._lock = threading.Lock()
        self._known: dict[object, Any] = {}

    def enter(self, epoch: int) -> None:
        """A request begins under `epoch`."""
        if epoch == self.epoch:
            return
        with self._lock:
            if epoch > self.epoch:
                self.epoch, self._known = epoch, {}

    def recall(self, key: object, load: Callable[[], T]) -> T:
        """What `load` gave for `key` in this epoch; absence is remembered too."""
        known = self._known
        try:
            found: T = known[key]
        except KeyError:
            found = load()
            if len(known) >= _MOST:
                known.clear()
            known[key] = found
        return found
