"""Removes log events that nobody can read any more: of streams that are gone, and expired ones.

A group or stream is gone for everybody when the state says so; its events, in a database of their
own, only take room from then on, and so nobody waits for their removal. What was put while its
stream was deleted, and what a kill left, is found by looking through everything now and then.
"""

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue

from ..clock import Clock
from ..rounds import Round
from . import log_groups, log_streams
from .database import Database
from .log_events import LogEvents

_LOOK_SECONDS = 3_600.0
_FAULT_SECONDS = 60.0
# Others, who write in between, get their turn.
_PAUSE_SECONDS = 0.01

_log = logging.getLogger(__name__)


class LogSweep:
    """Sweeps in a thread of its own, from `start` on: everything first and then once an hour, and
    the groups that `LogEvents.release` names at once."""

    def __init__(self, state: Database, log_events: LogEvents, clock: Clock) -> None:
        self._state = state
        self._log_events = log_events
        self._clock = clock
        self._named: SimpleQueue[str] = SimpleQueue()
        self._look_at = 0.0
        self._closed = threading.Event()
        self._round = Round("log-sweep", self._step)

    def start(self) -> None:
        """Sweep from now on, what an earlier process left first."""
        self._log_events.release_to(self._name)
        self._round.start()

    def close(self) -> None:
        """Sweep no more; the databases stay open."""
        self._closed.set()
        self._round.end(wait=not self._round.has_ended)

    def sweep(self) -> None:
        """Look through everything, once."""
        for group_id in self._log_events.groups():
            if self._closed.is_set():
                return
            self._sweep_group(group_id)

    def _name(self, group_id: str) -> None:
        self._named.put(group_id)
        self._round.again(time.monotonic())

    def _step(self) -> float:
        try:
            if time.monotonic() >= self._look_at:
                self.sweep()
                self._look_at = time.monotonic() + _LOOK_SECONDS
            for group_id in {self._named.get() for _ in range(self._named.qsize())}:
                self._sweep_group(group_id)
        except Exception:  # noqa: BLE001 - it must not stop for good, nor try again all the time
            _log.exception("log events are not swept")
            # What was named is found again by looking through everything.
            self._look_at = 0.0
            return _FAULT_SECONDS
        return self._look_at - time.monotonic()

    def _sweep_group(self, group_id: str) -> None:
        after = ""
        # INVARIANT: the events are looked at before the state: a stream is there before its first
        # event, and its id is no other's, so that one the state does not have is gone for good.
        while not self._closed.is_set() and (ids := self._log_events.streams(group_id, after)):
            after = ids[-1]
            with self._state.read() as tx:
                known = log_streams.names(tx, ids)
            if gone := [stream_id for stream_id in ids if stream_id not in known]:
                self._remove(partial(self._log_events.remove_streams, gone))
        with self._state.read() as tx:
            groups = log_groups.with_ids(tx, [group_id])
        since_ms = groups[0].kept_since_ms(self._clock.now_ms()) if groups else 0
        if since_ms:
            self._remove(partial(self._log_events.prune, group_id, since_ms))

    def _remove(self, remove_some: Callable[[], bool]) -> None:
        while not (self._closed.is_set() or remove_some()):
            self._closed.wait(_PAUSE_SECONDS)
