"""What is invoked in this process: counted, and events run when they are due."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

from ...clock import Clock
from ...errors import AwsError
from ...execution.roles import SERVICE
from ...store import async_invocations, functions
from ...store.async_invocations import AsyncInvocation
from ...store.database import Database
from ...store.functions import Function
from ..operation import Actor, Call
from . import events

MOST_CONCURRENT = 1000
"""Invocations at once, of all functions together: AWS's quota for an account."""

_MOST_EVENTS = 64
# A slow function must not keep the events of all others waiting.
_MOST_EVENTS_OF_ONE = 32
# Nobody else puts events there: a look now and then finds what a failure left.
_LOOK_SECONDS = 30.0
_FAULT_SECONDS = 1.0

NewCall = Callable[[str, str, Actor], Call]
"""A call that an AWS service makes by itself: account, region, and as whom."""

_log = logging.getLogger(__name__)


class Invocations:
    """Admits invocations within their functions' concurrency; runs events on threads of its own.

    Until `start` is called, events wait: a test calls `run_due` when its clock says so.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._running: Counter[str] = Counter()
        # The events that are run, and whose they are.
        self._in_hand: dict[str, str] = {}
        self._changed = threading.Condition()
        self._is_nudged = False
        self._is_closed = False
        self._new_call: NewCall | None = None
        self._thread: threading.Thread | None = None
        self._pool = ThreadPoolExecutor(_MOST_EVENTS, thread_name_prefix="event")

    @contextmanager
    def admitted(self, function: Function) -> Iterator[None]:
        """One more invocation of `function`, unless that is more than it may have."""
        with self._changed:
            reserved = function.reserved_concurrency
            if reserved is not None and self._running[function.id] >= reserved:
                raise _throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
            if self._running.total() >= MOST_CONCURRENT:
                raise _throttled("ConcurrentInvocationLimitExceeded")
            self._running[function.id] += 1
        try:
            yield
        finally:
            with self._changed:
                self._running[function.id] -= 1
                if not self._running[function.id]:
                    del self._running[function.id]

    def calls_by(self, new_call: NewCall) -> None:
        """Say how calls are made; the control path, which has the doors, comes after this."""
        self._new_call = new_call

    def start(self) -> None:
        """Run events from now on, those first that an earlier process left."""
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)
        self._thread.start()

    def nudge(self) -> None:
        """An event was accepted: look now."""
        with self._changed:
            self._is_nudged = True
            self._changed.notify_all()

    def run_due(self) -> int:
        """Run, one after the other, the events that are due now, each once; how many there were."""
        tried: set[str] = set()
        while claimed := self._claim(1, but=tried):
            for event in claimed:
                tried.add(event.id)
                self._attempt(event)
        return len(tried)

    def close(self, end: Callable[[], None]) -> None:
        """Begin no more events, `end` what is invoked just now, and write what came of it."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
        self._pool.shutdown(wait=False, cancel_futures=True)
        end()
        self._pool.shutdown(wait=True)

    def _run(self) -> None:
        while not self._is_closed:
            try:
                room = _MOST_EVENTS - len(self._claimed())
                for event in self._claim(room) if room else ():
                    self._pool.submit(self._attempt, event)
                self._wait(self._pause_seconds() if room else _LOOK_SECONDS)
            except Exception:  # noqa: BLE001 - the top of this thread
                _log.exception("events cannot be looked for")
                self._wait(_FAULT_SECONDS)

    def _pause_seconds(self) -> float:
        """How long there is nothing to do, but for what nudges."""
        with self._database.read() as tx:
            next_ms = async_invocations.next_due(tx, but=self._claimed(), but_of=self._busy())
        if next_ms is None:
            return _LOOK_SECONDS
        return min(_LOOK_SECONDS, max(0.0, (next_ms - self._clock.now_ms()) / 1000))

    def _wait(self, seconds: float) -> None:
        """Until somebody nudges, a thread is free, or so many seconds have passed."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_nudged or self._is_closed, seconds)
            self._is_nudged = False

    def _claimed(self) -> frozenset[str]:
        with self._changed:
            return frozenset(self._in_hand)

    def _busy(self) -> frozenset[str]:
        """The functions of which no more events may be run just now."""
        with self._changed:
            running = Counter(self._in_hand.values())
        return frozenset(each for each, count in running.items() if count >= _MOST_EVENTS_OF_ONE)

    def _claim(self, most: int, but: Collection[str] = ()) -> list[AsyncInvocation]:
        """Due events that nobody runs yet; this process is the only one that runs any."""
        now_ms, taken, busy = self._clock.now_ms(), self._claimed() | set(but), self._busy()
        with self._database.read() as tx:
            found = async_invocations.due(tx, now_ms, but=taken, but_of=busy, limit=most)
        with self._changed:
            running = Counter(self._in_hand.values())
            claimed = []
            for event in found:
                running[event.function_id] += 1
                if running[event.function_id] <= _MOST_EVENTS_OF_ONE:
                    self._in_hand[event.id] = event.function_id
                    claimed.append(event)
        return claimed

    def _attempt(self, event: AsyncInvocation) -> None:
        try:
            again = self._tried(event)
            if again is not None and self._is_closed:
                return  # perhaps ended by us, which is no failure: the next process runs it again
            with self._database.write() as tx:
                if again is None:
                    async_invocations.settle(tx, event.id)
                else:
                    async_invocations.again(tx, again)
        except Exception:  # noqa: BLE001 - the top of this thread
            # The row is still there, and so is what was wrong: it is tried again, not at once.
            _log.exception("event request=%s", event.id)
            if self._thread is not None:
                with self._changed:
                    self._changed.wait_for(lambda: self._is_closed, _FAULT_SECONDS)
        finally:
            with self._changed:
                self._in_hand.pop(event.id, None)
                self._is_nudged = True
                self._changed.notify_all()

    def _tried(self, event: AsyncInvocation) -> AsyncInvocation | None:
        assert self._new_call is not None  # `calls_by` came before `start`
        with self._database.read() as tx:
            function = functions.by_id(tx, event.function_id)
        if function is None:
            return None
        lambda_itself = Actor(SERVICE, function.arn)
        call = self._new_call(function.account, function.region, lambda_itself)
        again = events.attempt(call, function, event)
        # The pause begins when the function has ended.
        took_ms = self._clock.now_ms() - call.now_ms
        return again and replace(again, due_ms=again.due_ms + took_ms)


def _throttled(reason: str) -> AwsError:
    return AwsError("TooManyRequestsException", "Rate Exceeded.", members={"Reason": reason})
