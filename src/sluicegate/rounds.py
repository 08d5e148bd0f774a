"""Something done again and again by a thread of its own: how keepers look at the state."""

import logging
import threading
import time
from collections.abc import Callable

from .errors import SluicegateError

_log = logging.getLogger("sluicegate.rounds")

_AFTER_FAULT_SECONDS = 1.0


class Round:
    """A thread that does something again and again, and sooner when it is asked to."""

    def __init__(self, name: str, step: Callable[[], float | None]) -> None:
        self._step = step
        self._changed = threading.Condition()
        self._asked = self._done = 0
        self._is_ending = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    @property
    def has_ended(self) -> bool:
        """Whether there is nothing more to do."""
        return not self._thread.is_alive()

    def again(self, deadline: float) -> None:
        """Do it now, and return when it was done from begin to end, or at `deadline`."""
        with self._changed:
            self._asked += 1
            asked = self._asked
            self._changed.notify_all()
            self._changed.wait_for(
                lambda: self._done >= asked or self._is_ending,
                max(0.0, deadline - time.monotonic()),
            )

    def end(self, *, wait: bool = True) -> None:
        """Do it no more."""
        with self._changed:
            self._is_ending = True
            self._changed.notify_all()
        if wait:
            self._thread.join()

    def _run(self) -> None:
        pause: float | None = 0.0
        while pause is not None and not self._is_ending:
            with self._changed:
                asked = self._asked
            pause = self._stepped()
            with self._changed:
                self._done = asked
                if pause is None:
                    self._is_ending = True
                self._changed.notify_all()
                self._changed.wait_for(
                    lambda: self._asked > self._done or self._is_ending, pause or 0.0
                )

    def _stepped(self) -> float | None:
        try:
            return self._step()
        except SluicegateError as fault:
            # The state cannot be written, or a broker did not answer: it is tried again.
            _log.warning("%s: %s", self._thread.name, fault)
        except Exception:  # noqa: BLE001 - the top of a thread
            _log.exception("%s failed", self._thread.name)
        return _AFTER_FAULT_SECONDS
