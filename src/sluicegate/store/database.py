"""One database: read transactions in parallel, write transactions one at a time."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from ..errors import StartRefused, Unavailable
from .faults import Conflict
from .postgresql import Postgresql
from .sqlite import Sqlite

__all__ = ["Conflict", "Database", "Tx", "sqlite_path", "sqlite_url"]

Tx = sa.Connection
"""A transaction under way; what every query function takes first."""

PERMISSIONS_MOVED = "permissions moved"
"""What `Tx.info` holds, as true, of a transaction that changes what somebody may do."""


class Database:
    """A door to the state. Query functions take the transaction that `read` or `write` gives.

    Writes are one at a time, in this process and beyond, on SQLite and on PostgreSQL alike: what a
    write has read stays true until it ends. Whoever waits for a turn longer than
    `patience_seconds` gets `Unavailable`. Whatever the database does, callers see `Conflict`,
    `Unavailable` (nothing was written, unless a PostgreSQL server died in the very commit),
    `InvalidInput` (a value no column can hold) or `Corrupted`, raised where it arises; and the
    next transaction starts afresh, so that a lock, a full disk or a lost server heals by itself.

    `url` is `sqlite:///PATH` or `postgresql://…`. A database that is not `durable` is a journal:
    its commits do not wait for the disk. A `throwaway` one need not survive a power loss at all:
    most of a test's time would be waiting. Only a migration does without `foreign_keys` (which
    PostgreSQL has always).
    """

    def __init__(
        self,
        url: str,
        *,
        durable: bool = True,
        throwaway: bool = False,
        patience_seconds: float = 5.0,
        foreign_keys: bool = True,
        permissions_moved: Callable[[], None] = lambda: None,
    ) -> None:
        self.url = url
        self._permissions_moved = permissions_moved
        self.is_sqlite = url.startswith("sqlite")
        self._patience_seconds = patience_seconds
        self._doors: _Doors = (
            Sqlite(
                sqlite_path(url),
                durable=durable,
                throwaway=throwaway,
                patience_seconds=patience_seconds,
                foreign_keys=foreign_keys,
            )
            if self.is_sqlite
            else Postgresql(
                url, durable=durable and not throwaway, patience_seconds=patience_seconds
            )
        )
        self._turn = threading.Lock()
        self._writer: int | None = None

    def __repr__(self) -> str:
        return f"Database({sa.make_url(self.url).render_as_string()})"

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A consistent view, as of its first query; nothing can be written in it."""
        connection = self._doors.begin_read()
        try:
            yield connection
        finally:
            self._doors.end_read(connection)

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """A short write transaction, durable when the block ends; all or nothing.

        Not to be nested: the inner one would wait for the outer one's end.
        """
        if self._writer == threading.get_ident():
            raise RuntimeError("a write transaction is under way in this thread")
        since = time.monotonic()
        if not self._turn.acquire(timeout=self._patience_seconds):
            raise Unavailable("The state is busy right now: too many writers wait.")
        try:
            self._writer = threading.get_ident()
            waited = time.monotonic() - since
            connection = self._doors.begin_write(max(0.0, self._patience_seconds - waited))
            try:
                # Connections are used again, and so is what they hold.
                connection.info.pop(PERMISSIONS_MOVED, None)
                yield connection
                connection.commit()
                if connection.info.get(PERMISSIONS_MOVED):
                    self._permissions_moved()
            finally:
                self._doors.end_write(connection)
        finally:
            self._writer = None
            self._turn.release()

    def check(self) -> None:
        """`StartRefused` unless the database answers and is sound; reads all of an SQLite file."""
        self._doors.check()

    def close(self) -> None:
        """Close every connection at rest; one under way is closed when its transaction ends."""
        self._doors.close()


class _Doors(Protocol):
    """What `Database` asks of an engine."""

    def begin_read(self) -> sa.Connection: ...

    def end_read(self, connection: sa.Connection) -> None: ...

    def begin_write(self, patience_seconds: float) -> sa.Connection: ...

    def end_write(self, connection: sa.Connection) -> None: ...

    def check(self) -> None: ...

    def close(self) -> None: ...


def sqlite_url(path: Path) -> str:
    """The URL of an SQLite database file."""
    return f"sqlite:///{path}"


def sqlite_path(url: str) -> Path:
    """The file of an `sqlite:///PATH` URL; `StartRefused` when it names none."""
    path = url.removeprefix("sqlite:///")
    if path == url or path in ("", ":memory:"):
        raise StartRefused(f"the database `{url}` is not a file; give sqlite:///PATH")
    return Path(path)
