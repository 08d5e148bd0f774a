"""One database: read transactions in parallel, write transactions one at a time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError

from ..errors import SluicegateError, Unavailable

Tx = sa.Connection
"""A transaction under way; what every query function takes first."""


class Conflict(SluicegateError):
    """A row with this unique key is already there (or a referenced row is not)."""


class Database:
    """A door to the state. Query functions take the transaction that `read` or `write` gives.

    Writes begin IMMEDIATE (a deferred one fails at once when it must wait for a lock: reliability
    rules §7) and are serialised in this process, so that a burst of writers queues here, in order,
    instead of spinning on SQLite's lock.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self._engine = _engine(url)
        self._writer = threading.Lock()

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A consistent view; nothing written in it is kept."""
        with _translated(), self._engine.connect() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN")
            yield connection

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """A short write transaction, durable when the block ends; all or nothing."""
        with self._writer, _translated(), self._engine.connect() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            connection.commit()

    def close(self) -> None:
        """Close every connection; a transaction under way is rolled back."""
        self._engine.dispose()


def sqlite_url(path: Path) -> str:
    """The URL of an SQLite database file."""
    return f"sqlite:///{path}"


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise Conflict(str(error.orig)) from error
    except OperationalError as error:
        raise Unavailable(f"The state cannot be reached right now: {error.orig}") from error
    except DatabaseError as error:
        # SQLITE_FULL arrives as OperationalError or, from some statements, as DatabaseError.
        if "full" in str(error.orig):
            raise Unavailable("The state cannot be written right now: disk full") from error
        raise


def _engine(url: str) -> sa.Engine:
    if not url.startswith("sqlite"):
        return sa.create_engine(url, isolation_level="REPEATABLE READ", pool_pre_ping=True)
    engine = sa.create_engine(
        url,
        # Autocommit for the driver: BEGIN, IMMEDIATE or not, is ours to say.
        connect_args={"check_same_thread": False, "isolation_level": None},
        poolclass=sa.QueuePool,
        pool_size=32,
        max_overflow=32,
    )

    @sa.event.listens_for(engine, "connect")
    def _pragmas(connection: object, _record: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "busy_timeout=5000",
            "foreign_keys=ON",
            "trusted_schema=OFF",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine
