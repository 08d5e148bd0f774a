"""Log events, in a database of their own: many small writes, read by time.

Events hang on their stream's id, not its name: a stream that is deleted and made again is empty.
Their order is by time and then by arrival; a `Position` is a place between two events of it.
"""

import time
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from heapq import merge
from itertools import groupby

import sqlalchemy as sa

from .batching import BatchingWriter
from .database import Database, Tx
from .schema import journal, moment

Position = tuple[int, int]
"""The place just before the event with this time (ms) and id, whether there is one or not."""

START: Position = (0, 0)
END: Position = (2**63 - 1, 2**63 - 1)

EVENT_OVERHEAD_BYTES = 26
"""What AWS counts for an event beside its message, in an upload and in what is stored."""

PAGE_BYTES = 1024 * 1024

_SEARCH_SECONDS = 0.5

# Beyond so many streams a search reads the whole group: each read by itself has rows in memory.
_READ_APART = 20

# So that what arrives meanwhile is written in between.
_REMOVED_AT_ONCE = 1_000
_NAMED_AT_ONCE = 1_000

log_events = sa.Table(
    "log_events",
    journal,
    # SQLite numbers rows by itself only in a column of type INTEGER.
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("group_id", sa.String(36), nullable=False),
    sa.Column("stream_id", sa.String(36), nullable=False),
    moment("at_ms"),
    moment("ingested_ms"),
    # UTF-8. Bytes, because PostgreSQL's text has no NUL and a log line may.
    sa.Column("message", sa.LargeBinary, nullable=False),
    sa.Index(None, "group_id", "at_ms", "id"),
    sa.Index(None, "stream_id", "at_ms", "id"),
)

# Kept while writing, so that listing streams or groups never counts events.
log_stream_totals = sa.Table(
    "log_stream_totals",
    journal,
    sa.Column("stream_id", sa.String(36), primary_key=True),
    sa.Column("group_id", sa.String(36), nullable=False, index=True),
    moment("first_ms", nullable=True),
    moment("last_ms"),
    moment("ingested_ms"),
    sa.Column("stored_bytes", sa.BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Event:
    """One stored event."""

    id: int
    stream_id: str
    at_ms: int
    ingested_ms: int
    message: str

    @property
    def position(self) -> Position:
        """The place just before this event."""
        return self.at_ms, self.id


@dataclass(frozen=True, slots=True)
class Upload:
    """The events of one PutLogEvents, `(at_ms, UTF-8 message)` in order of time.

    What the group has from before `expired_before_ms` may go.
    """

    group_id: str
    stream_id: str
    ingested_ms: int
    events: Sequence[tuple[int, bytes]]
    expired_before_ms: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """What a stream holds. `first_ms` is None when all of it has expired."""

    first_ms: int | None
    last_ms: int
    ingested_ms: int


@dataclass(frozen=True, slots=True)
class Found:
    """A page of a search, in the order asked for; `rest` is where to go on, None at the end."""

    events: list[Event]
    rest: Position | None


class LogEvents:
    """Keeps log events. One thread writes them, several uploads per transaction.

    A page of a search ends after `search_seconds`, whatever was found, so that no call takes
    longer.
    """

    def __init__(self, database: Database, *, search_seconds: float = _SEARCH_SECONDS) -> None:
        self._database = database
        self._search_seconds = search_seconds
        # An item is a whole upload, a megabyte at most: few may wait, few go in one transaction.
        self._writer = BatchingWriter("log-events", database, _write, capacity=256, batch=64)
        # Where nothing sweeps, as in most tests, what is released stays.
        self._released: Callable[[str], None] = lambda _group_id: None

    def append(self, upload: Upload) -> None:
        """Store events; they are committed when this returns. `Unavailable`: nothing happened."""
        if upload.events:
            self._writer.put_and_wait([upload])

    def read(
        self, stream_id: str, low: Position, high: Position, limit: int, *, from_head: bool
    ) -> list[Event]:
        """Events of one stream from `low` up to, not including, `high`, oldest first.

        At most `limit` and about a megabyte of them: the oldest when `from_head`, else the newest.
        """
        rows = _between(log_events.c.stream_id == stream_id, low, high, from_head=from_head)
        page: list[Event] = []
        size = 0
        with self._database.read() as tx, closing(_stream(tx, rows.limit(limit))) as events:
            for event in events:
                size += _cost(event)
                if page and size > PAGE_BYTES:
                    break
                page.append(event)
        return page if from_head else page[::-1]

    def search(
        self,
        group_id: str,
        low: Position,
        high: Position,
        limit: int,
        *,
        from_head: bool,
        matches: Callable[[str], bool],
        stream_ids: Collection[str] | None = None,
    ) -> Found:
        """Events of a whole group, or of some of its streams, that match, in the order asked for.

        A page may be short, or empty, with a `rest`: it ends after `limit` events, a megabyte of
        them, or half a second.
        """
        if stream_ids is None or len(stream_ids) > _READ_APART:
            # Streams that were not asked for are passed over below, where time is counted: the
            # database would do so for as long as it takes.
            places = [log_events.c.group_id == group_id]
        else:
            places = [log_events.c.stream_id == stream_id for stream_id in stream_ids]
        found: list[Event] = []
        size = 0
        deadline = time.monotonic() + self._search_seconds
        with self._database.read() as tx, ExitStack() as closed:
            sources = [
                closed.enter_context(
                    closing(_stream(tx, _between(where, low, high, from_head=from_head)))
                )
                for where in places
            ]
            events = merge(*sources, key=lambda each: each.position, reverse=not from_head)
            for number, event in enumerate(events):
                cost = _cost(event)
                is_full = len(found) == limit or (found and size + cost > PAGE_BYTES)
                if is_full or (number and time.monotonic() > deadline):
                    return Found(found, _rest(event, from_head=from_head))
                if (stream_ids is None or event.stream_id in stream_ids) and matches(event.message):
                    found.append(event)
                    size += cost
        return Found(found, None)

    def totals(self, stream_ids: Iterable[str]) -> dict[str, Totals]:
        """What each of `stream_ids` holds; streams that never had an event are left out."""
        table = log_stream_totals.c
        query = sa.select(table.stream_id, table.first_ms, table.last_ms, table.ingested_ms)
        totals: dict[str, Totals] = {}
        with self._database.read() as tx:
            for ids in _portions(stream_ids):
                for stream_id, *rest in tx.execute(query.where(table.stream_id.in_(ids))):
                    totals[stream_id] = Totals(*rest)
        return totals

    def stored_bytes(self, group_ids: Iterable[str]) -> dict[str, int]:
        """How much each of `group_ids` holds, in bytes as AWS counts them; empty ones left out."""
        table = log_stream_totals.c
        query = sa.select(table.group_id, sa.func.sum(table.stored_bytes)).group_by(table.group_id)
        stored: dict[str, int] = {}
        with self._database.read() as tx:
            for ids in _portions(group_ids):
                for group_id, size in tx.execute(query.where(table.group_id.in_(ids))):
                    stored[group_id] = int(size)
        return stored

    def groups(self) -> list[str]:
        """The groups that hold, or held, events."""
        query = sa.select(log_stream_totals.c.group_id).distinct()
        with self._database.read() as tx:
            return list(tx.execute(query).scalars())

    def streams(self, group_id: str, after: str) -> list[str]:
        """Some of the streams of a group that hold, or held, events: by id, those past `after`."""
        table = log_stream_totals.c
        query = sa.select(table.stream_id).where(table.group_id == group_id)
        query = query.where(table.stream_id > after).order_by(table.stream_id)
        with self._database.read() as tx:
            return list(tx.execute(query.limit(_NAMED_AT_ONCE)).scalars())

    def prune(self, group_id: str, before_ms: int) -> bool:
        """Remove some of what a group has from before `before_ms`; whether nothing is left of it.

        A bounded number of events, as in `remove_streams`.
        """
        table = log_events.c
        expired = sa.select(table.id).where(table.group_id == group_id, table.at_ms < before_ms)
        with self._database.read() as tx:
            if tx.execute(expired.limit(1)).first() is None:
                return True
        with self._database.write() as tx:
            return _prune(tx, group_id, before_ms) < _REMOVED_AT_ONCE

    def remove_streams(self, stream_ids: Sequence[str]) -> bool:
        """Remove some of the events of streams, a thousand at most; whether nothing is left."""
        some = sa.select(log_events.c.id).where(log_events.c.stream_id.in_(stream_ids))
        query = log_events.delete().where(log_events.c.id.in_(some.limit(_REMOVED_AT_ONCE)))
        totals = log_stream_totals
        with self._database.write() as tx:
            is_all = tx.execute(query).rowcount < _REMOVED_AT_ONCE
            if is_all:
                # INVARIANT: there are totals wherever there are events; by them these are found.
                tx.execute(totals.delete().where(totals.c.stream_id.in_(stream_ids)))
        return is_all

    def release(self, group_id: str) -> None:
        """Say that a group has events which nobody can read any more: they are removed soon."""
        self._released(group_id)

    def release_to(self, remove: Callable[[str], None]) -> None:
        """Have groups that are released told to `remove`, which returns at once."""
        self._released = remove

    def close(self) -> None:
        """Write what is still queued and end the writing thread; the database stays open."""
        self._writer.close()


def _write(tx: Tx, uploads: Sequence[Upload]) -> None:
    rows = [
        {
            "group_id": upload.group_id,
            "stream_id": upload.stream_id,
            "at_ms": at_ms,
            "ingested_ms": upload.ingested_ms,
            "message": message,
        }
        for upload in uploads
        for at_ms, message in upload.events
    ]
    tx.execute(log_events.insert(), rows)
    for upload in uploads:
        _add_up(tx, upload)
        if upload.expired_before_ms:
            _prune(tx, upload.group_id, upload.expired_before_ms)


def _add_up(tx: Tx, upload: Upload) -> None:
    table = log_stream_totals.c
    first_ms, last_ms = upload.events[0][0], upload.events[-1][0]
    size = sum(len(message) + EVENT_OVERHEAD_BYTES for _, message in upload.events)
    update = log_stream_totals.update().where(table.stream_id == upload.stream_id)
    update = update.values(
        first_ms=sa.case((table.first_ms < first_ms, table.first_ms), else_=first_ms),
        last_ms=sa.case((table.last_ms > last_ms, table.last_ms), else_=last_ms),
        ingested_ms=upload.ingested_ms,
        stored_bytes=table.stored_bytes + size,
    )
    if tx.execute(update).rowcount == 0:
        row = {"group_id": upload.group_id, "stream_id": upload.stream_id, "first_ms": first_ms}
        row |= {"last_ms": last_ms, "ingested_ms": upload.ingested_ms, "stored_bytes": size}
        tx.execute(log_stream_totals.insert(), row)


def _prune(tx: Tx, group_id: str, before_ms: int) -> int:
    """Remove some of what has expired, a bounded number, and say how many events that were."""
    table = log_events.c
    size = sa.func.length(table.message)
    query = sa.select(table.stream_id, table.id, size).order_by(table.at_ms, table.id)
    query = query.where(table.group_id == group_id, table.at_ms < before_ms)
    gone = sorted(tuple(row) for row in tx.execute(query.limit(_REMOVED_AT_ONCE)))
    if gone:
        tx.execute(log_events.delete().where(table.id.in_([event_id for _, event_id, _ in gone])))
    for stream_id, events in groupby(gone, key=lambda row: row[0]):
        oldest = sa.select(sa.func.min(table.at_ms)).where(table.stream_id == stream_id)
        freed = sum(size + EVENT_OVERHEAD_BYTES for _, _, size in events)
        totals = log_stream_totals.c
        update = log_stream_totals.update().where(totals.stream_id == stream_id)
        update = update.values(
            first_ms=oldest.scalar_subquery(), stored_bytes=totals.stored_bytes - freed
        )
        tx.execute(update)
    return len(gone)


def _between(
    where: "sa.ColumnElement[bool]", low: Position, high: Position, *, from_head: bool
) -> "sa.Select[int, str, int, int, bytes]":
    table = log_events.c
    place = sa.tuple_(table.at_ms, table.id)
    query = sa.select(table.id, table.stream_id, table.at_ms, table.ingested_ms, table.message)
    # The plain comparisons say the same as the pairs, more coarsely: an index can use them.
    query = query.where(where, table.at_ms >= low[0], table.at_ms <= high[0])
    query = query.where(place >= low, place < high)
    if from_head:
        return query.order_by(table.at_ms, table.id)
    return query.order_by(table.at_ms.desc(), table.id.desc())


def _stream(tx: Tx, query: "sa.Select[int, str, int, int, bytes]") -> Generator[Event, None, None]:
    """The rows as they are needed: one event may be a megabyte, so they are not all fetched."""
    with tx.execute(query.execution_options(yield_per=50)) as rows:
        for row in rows:
            yield Event(row.id, row.stream_id, row.at_ms, row.ingested_ms, row.message.decode())


def _cost(event: Event) -> int:
    return len(event.message.encode()) + EVENT_OVERHEAD_BYTES


def _rest(event: Event, *, from_head: bool) -> Position:
    """The place to go on from when `event` is the first that did not fit."""
    return event.position if from_head else (event.at_ms, event.id + 1)


def _portions(ids: Iterable[str]) -> Iterator[list[str]]:
    """Databases take a limited number of parameters."""
    every = list(ids)
    return (every[start : start + _NAMED_AT_ONCE] for start in range(0, len(every), _NAMED_AT_ONCE))
