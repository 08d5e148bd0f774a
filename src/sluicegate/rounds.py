"""Something done again and again by a thread of its own, and the keepers that are made of it."""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from .errors import SluicegateError

_log = logging.getLogger("sluicegate.rounds")

_AFTER_FAULT_SECONDS = 1.0
_LOOK_SECONDS = 0.5
# How long a nudge waits for those it has woken.
_PATIENCE_SECONDS = 2.0


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


class Kept(Protocol):
    """One thing of the state that is made to come true."""

    def step(self) -> float | None:
        """Go a step: seconds until the next one, None when there is nothing to keep any more."""

    def stop(self) -> None:
        """Let go of it, in good order, when no step runs; the state stays as it is."""


class Keeper:
    """All that `ids` says is there, kept until `close`: a thread each, and one that looks for more.

    `kind` names the threads; `make` says how one is kept, by its id.
    """

    def __init__(
        self, kind: str, ids: Callable[[], Iterable[str]], make: Callable[[str], Kept]
    ) -> None:
        self._kind = kind
        self._ids = ids
        self._make = make
        self._kept: dict[str, tuple[Kept, Round]] = {}
        self._looking = Round(f"{kind}s", self._look)

    def start(self) -> None:
        """Begin; what is there starts at once."""
        self._looking.start()

    def look(self) -> None:
        """Look at all of them now; returns when that is done, or has begun to take long."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        self._looking.again(deadline)
        for _, each in list(self._kept.values()):
            each.again(deadline)

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to keep."""
        return all(each.has_ended for _, each in list(self._kept.values()))

    def close(self) -> None:
        """Stop all of them, side by side, and return when they have stopped."""
        self._looking.end()
        kept = list(self._kept.values())
        for _, each in kept:
            each.end(wait=False)
        stopping = [threading.Thread(target=_stop, args=pair) for pair in kept]
        for thread in stopping:
            thread.start()
        for thread in stopping:
            thread.join()

    def _look(self) -> float:
        ids = self._ids()
        for kept_id, (_, each) in list(self._kept.items()):
            if each.has_ended:
                del self._kept[kept_id]
        for kept_id in ids:
            if kept_id not in self._kept:
                kept = self._make(kept_id)
                each = Round(f"{self._kind} {kept_id}", kept.step)
                self._kept[kept_id] = kept, each
                each.start()
        return _LOOK_SECONDS


def _stop(kept: Kept, each: Round) -> None:
    each.end()
    kept.stop()
