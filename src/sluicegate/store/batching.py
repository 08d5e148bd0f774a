"""Many small writes, few transactions: what must be written down without making callers wait."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from ..errors import Unavailable
from .database import Database, Tx

T = TypeVar("T")

_log = logging.getLogger(__name__)
_PATIENCE_SECONDS = 1.0
_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 1.0
_COMPLAINT_SECONDS = 60.0


@dataclass(slots=True, eq=False)
class _Entry(Generic[T]):
    """Items that go into one transaction together, and who waits for it (None = nobody)."""

    items: Sequence[T]
    done: threading.Event | None = None
    error: Exception | None = None

    def settle(self, error: Exception | None = None) -> None:
        self.error = error
        if self.done is not None:
            self.done.set()


class BatchingWriter(Generic[T]):
    """A bounded queue, and one thread called `name` that writes many items per transaction.

    `write(tx, items)` gets them in the order they came. `put` leaves the item behind: it is tried
    until it is written, and `dropped` counts those that were given up, because the queue was full
    (`capacity` items) or because `write` refused the item itself. `put_and_wait` returns when its
    items are committed, together with everybody else's who waits just then. `linger_seconds` is
    how long an item may wait for company while nobody waits for it: what a kill -9 may cost.
    """

    def __init__(
        self,
        name: str,
        database: Database,
        write: Callable[[Tx, Sequence[T]], None],
        *,
        capacity: int = 20_000,
        batch: int = 1_000,
        linger_seconds: float = 0.02,
    ) -> None:
        self.dropped = 0
        self._name = name
        self._database = database
        self._write = write
        self._capacity = capacity
        self._batch = batch
        self._linger_seconds = linger_seconds
        self._queue: deque[_Entry[T]] = deque()
        self._size = 0  # items in the queue
        self._awaited = 0  # entries in the queue that somebody waits for
        self._in_hand = False
        self._next_complaint = 0.0
        self._is_failing = False
        self._is_closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, item: T) -> bool:
        """Have `item` written soon; False when it had to be dropped (and counted) instead.

        Waits for room a second at most, and not at all while the database refuses writes.
        """
        accepted = self._enqueue(_Entry((item,)))
        if not accepted:
            self._drop(1)
        return accepted

    def put_and_wait(self, items: Sequence[T]) -> None:
        """Return when `items`, all of them, are committed; raises what kept them from it.

        `Unavailable`: nothing was written, the caller may try again.
        """
        if items:
            self._await(_Entry(tuple(items), threading.Event()))

    def flush(self) -> None:
        """Return when everything put before is written; `Unavailable` when that fails now."""
        with self._changed:
            if not self._queue and not self._in_hand:
                return
        self._await(_Entry((), threading.Event()))

    def close(self) -> None:
        """Write what is queued (one try, when the database refuses it) and end the thread."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._thread.join()

    def _await(self, entry: _Entry[T]) -> None:
        if not self._enqueue(entry):
            raise Unavailable(f"The {self._name} cannot be written right now: too many wait.")
        assert entry.done is not None  # what both callers made it with
        entry.done.wait()
        if entry.error is not None:
            raise entry.error

    def _enqueue(self, entry: _Entry[T]) -> bool:
        with self._changed:
            if entry.items and self._size >= self._capacity:
                self._changed.wait_for(self._is_wait_over, _PATIENCE_SECONDS)
            if self._is_closed or (entry.items and self._size >= self._capacity):
                return False
            self._queue.append(entry)
            self._size += len(entry.items)
            self._awaited += entry.done is not None
            # Not for each: waking the thread costs more than the item.
            if entry.done is not None or len(self._queue) == 1 or self._size == self._batch:
                self._changed.notify_all()
        return True

    def _is_wait_over(self) -> bool:
        return self._size < self._capacity or self._is_failing or self._is_closed

    def _run(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while entries := self._next():
            again = self._settle(entries)
            if not again:
                pause = _FIRST_PAUSE_SECONDS
            elif self._is_closed:
                self._give_up(again)
            else:
                self._put_back(again, pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    def _next(self) -> list[_Entry[T]]:
        """The entries of the next transaction, once there are any; none = closed and done."""
        with self._changed:
            self._in_hand = False
            self._changed.wait_for(lambda: self._queue or self._is_closed)
            self._changed.wait_for(self._is_hurried, self._linger_seconds)
            entries: list[_Entry[T]] = []
            size = 0
            while self._queue and size < self._batch:
                entry = self._queue.popleft()
                entries.append(entry)
                size += len(entry.items)
                self._awaited -= entry.done is not None
            self._size -= size
            self._in_hand = bool(entries)
            self._changed.notify_all()
        return entries

    def _is_hurried(self) -> bool:
        return bool(self._awaited) or self._size >= self._batch or self._is_closed

    def _settle(self, entries: Sequence[_Entry[T]]) -> list[_Entry[T]]:
        """Write the entries; the ones to be tried again are returned, in order."""
        items = [item for entry in entries for item in entry.items]
        try:
            if items:
                with self._database.write() as tx:
                    self._write(tx, items)
        except Unavailable as error:
            return self._refused(entries, error)
        except Exception as error:  # noqa: BLE001 - the top of this thread
            if len(entries) > 1:
                # One of them is to blame; the others must not suffer for it.
                return [again for entry in entries for again in self._settle([entry])]
            self._blame(entries[0], error)
            return []
        for entry in entries:
            entry.settle()
        self._is_failing = False
        return []

    def _refused(self, entries: Iterable[_Entry[T]], error: Unavailable) -> list[_Entry[T]]:
        if not self._is_failing:
            _log.warning("writing of %s fails: %s", self._name, error.message)
        self._is_failing = True
        again = []
        for entry in entries:
            if entry.done is None:
                again.append(entry)
            else:
                entry.settle(error)
        return again

    def _blame(self, entry: _Entry[T], error: Exception) -> None:
        if entry.done is None:
            self._drop(len(entry.items))
            # A flood of such items is a line a minute, not a line each.
            if time.monotonic() >= self._next_complaint:
                self._next_complaint = time.monotonic() + _COMPLAINT_SECONDS
                _log.error("%s were dropped: %d so far", self._name, self.dropped, exc_info=error)
        entry.settle(error)

    def _put_back(self, entries: list[_Entry[T]], pause_seconds: float) -> None:
        with self._changed:
            self._queue.extendleft(reversed(entries))
            self._size += sum(len(entry.items) for entry in entries)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._awaited or self._is_closed, pause_seconds)

    def _give_up(self, entries: Iterable[_Entry[T]]) -> None:
        with self._changed:
            left = [*entries, *self._queue]
            self._queue.clear()
            self._size = self._awaited = 0
        for entry in left:
            if entry.done is None:
                self._drop(len(entry.items))
            entry.settle(Unavailable(f"The {self._name} cannot be written: closing."))
        _log.error("%d items of %s were given up at the end", self.dropped, self._name)

    def _drop(self, count: int) -> None:
        with self._changed:
            self.dropped += count
