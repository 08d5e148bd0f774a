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

from ..clock import Clock
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
        self._named: set[str] = set()
        self._changed = threading.Condition()
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="log-sweep", daemon=True)

    def start(self) -> None:
        """Sweep from now on, what an earlier process left first."""
        self._log_events.release_to(self._name)
        self._thread.start()

    def close(self) -> None:
        """Sweep no more; the databases stay open."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join()

    def sweep(self) -> None:
        """Look through everything, once."""
        for group_id in self._log_events.groups():
            if self._is_closed:
                return
            self._sweep_group(group_id)

    def _name(self, group_id: str) -> None:
        with self._changed:
            self._named.add(group_id)
            self._changed.notify_all()

    def _run(self) -> None:
        look = time.monotonic()
        while not self._is_closed:
            try:
                if time.monotonic() >= look:
                    self.sweep()
                    look = time.monotonic() + _LOOK_SECONDS
                for group_id in self._released(look - time.monotonic()):
                    self._sweep_group(group_id)
            except Exception:  # noqa: BLE001 - the top of this thread
                _log.exception("log events are not swept")
                self._pause(_FAULT_SECONDS)
                # What was named is found again by looking through everything.
                look = time.monotonic()

    def _released(self, seconds: float) -> set[str]:
        """The groups named since; waits for some, so long."""
        with self._changed:
            self._changed.wait_for(lambda: self._named or self._is_closed, seconds)
            named, self._named = self._named, set()
        return named

    def _pause(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed, seconds)

    def _sweep_group(self, group_id: str) -> None:
        after = ""
        # INVARIANT: the events are looked at before the state: a stream is there before its first
        # event, and its id is no other's, so that one the state does not have is gone for good.
        while not self._is_closed and (ids := self._log_events.streams(group_id, after)):
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
        while not (self._is_closed or remove_some()):
            self._pause(_PAUSE_SECONDS)
