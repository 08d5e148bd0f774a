"""SQLite: one file, many readers, one writer; what a crash, a full disk or a lock may not break."""

import contextlib
import os
import sqlite3
import threading
from collections import deque
from pathlib import Path

import sqlalchemy as sa

from ..errors import StartRefused, Unavailable
from .faults import translate
from .filesystems import mounts, network_file_system

_QUIET_SECONDS = 1.0
_WAL_CAP_BYTES = 64 * 2**20
_WAL_KEPT_BYTES = 4 * 2**20


class Sqlite:
    """The connections to one SQLite file. `durable` writes survive a power loss once committed;
    others survive a crash of the process, and a power loss leaves a clean prefix of them. It may
    ruin a `throwaway` file, for which nothing waits for the disk."""

    def __init__(
        self,
        path: Path,
        *,
        durable: bool,
        throwaway: bool,
        patience_seconds: float,
        foreign_keys: bool,
    ) -> None:
        if kind := network_file_system(path, mounts()):
            raise StartRefused(
                f"`{path}` is on a network file system ({kind}), where SQLite's locks do not work;"
                " choose a folder on a disk of this machine, or a postgresql:// database"
            )
        self._path = path
        self._patience_seconds = patience_seconds
        synchronous = "OFF" if throwaway else "FULL" if durable else "NORMAL"
        self._readers = self._engine("query_only=ON")
        self._writers = self._engine(
            f"synchronous={synchronous}", f"foreign_keys={'ON' if foreign_keys else 'OFF'}"
        )
        # Connections at rest, the last used first: taking one costs no lock, a pool's costs 15 µs.
        self._idle_readers: deque[sa.Connection] = deque()
        self._idle_writers: deque[sa.Connection] = deque()
        self._checkpointer = Checkpointer(path)
        self._is_closed = False

    def begin_read(self) -> sa.Connection:
        """A connection with a snapshot of its own, taken at its first query."""
        connection = _taken(self._idle_readers, self._readers)
        _driver(connection).execute("BEGIN")
        return connection

    def end_read(self, connection: sa.Connection) -> None:
        """Give the connection back."""
        self._end(connection, self._idle_readers)

    def begin_write(self, patience_seconds: float) -> sa.Connection:
        """A connection that holds the file's write lock; `Unavailable` when it cannot be had."""
        connection = _taken(self._idle_writers, self._writers)
        try:
            _driver(connection).execute(f"PRAGMA busy_timeout={int(patience_seconds * 1000)}")
            # INVARIANT: never deferred. One that reads first and then writes fails at once,
            # whatever the timeout, when another has written in between.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except BaseException:
            _dropped(connection)
            raise
        return connection

    def end_write(self, connection: sa.Connection) -> None:
        """Undo what was not committed and give the connection back."""
        self._end(connection, self._idle_writers)
        self._checkpointer.written()

    def check(self) -> None:
        """`StartRefused` unless the file reads as a sound database."""
        connection = self.begin_read()
        try:
            findings = connection.exec_driver_sql("PRAGMA quick_check(1)").scalars().all()
        finally:
            self.end_read(connection)
        if findings != ["ok"]:
            raise StartRefused(f"`{self._path}` is damaged; restore it from its backup")

    def close(self) -> None:
        """Close every connection at rest."""
        self._is_closed = True
        self._checkpointer.close()
        for idle in (self._idle_readers, self._idle_writers):
            while idle:
                idle.pop().close()

    def _end(self, connection: sa.Connection, idle: deque[sa.Connection]) -> None:
        try:
            connection.rollback()
            # SQLAlchemy knows nothing of a BEGIN that no query of its own has followed.
            _driver(connection).rollback()
        except BaseException:
            _dropped(connection)
            raise
        if self._is_closed:
            connection.close()
        else:
            idle.append(connection)

    def _engine(self, *pragmas: str) -> sa.Engine:
        engine = sa.create_engine(
            "sqlite://",
            creator=lambda: connect(self._path, self._patience_seconds, *pragmas),
            poolclass=sa.NullPool,
            hide_parameters=True,
        )
        sa.event.listen(engine, "handle_error", translate)
        return engine


def connect(path: Path, patience_seconds: float, *pragmas: str) -> sqlite3.Connection:
    """A connection of the driver in autocommit: BEGIN, IMMEDIATE or not, is ours to say."""
    try:
        _create(path)
    except OSError as error:
        raise Unavailable("The state cannot be opened right now.") from error
    connection = sqlite3.connect(
        path,
        timeout=patience_seconds,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=512,
    )
    try:
        # Asked first: setting it again would wait for locks that asking does not need.
        if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute(f"PRAGMA journal_size_limit={_WAL_KEPT_BYTES}")
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def _create(path: Path) -> None:
    """Make the file, 0600, if it is not there; SQLite would make it readable for all.

    INVARIANT: a file that is there is never opened here. Closing any descriptor of a file drops
    every POSIX lock this process holds on it, SQLite's own included; another process would then
    take itself for the last one and remove the write-ahead log under us.
    """
    if not path.exists():
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _taken(idle: deque[sa.Connection], engine: sa.Engine) -> sa.Connection:
    try:
        return idle.pop()
    except IndexError:
        return engine.connect()


def _dropped(connection: sa.Connection) -> None:
    # What closing a broken connection complains about is known already.
    with contextlib.suppress(Exception):
        connection.close()


def _driver(connection: sa.Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # what `connect` made
    return driver


class Checkpointer:
    """Folds the write-ahead log into the file when nobody writes, or when it is past its cap.

    SQLite folds by itself at a commit, but never shrinks the log, and never gets to its start
    while readers overlap without a gap.
    """

    def __init__(
        self,
        path: Path,
        *,
        quiet_seconds: float = _QUIET_SECONDS,
        cap_bytes: int = _WAL_CAP_BYTES,
    ) -> None:
        self._path = path
        self._quiet_seconds = quiet_seconds
        self._cap_bytes = cap_bytes
        self._wal = path.with_name(path.name + "-wal")
        self._writes = 0
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def written(self) -> None:
        """Something may have been written; called by one thread at a time."""
        self._writes += 1
        self._wake.set()
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._run, name=f"checkpoint {self._path.name}", daemon=True
            )
            self._thread.start()

    def close(self) -> None:
        """End the thread; the last connection to close folds the rest."""
        self._closing.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            seen = self._writes
            if self._closing.wait(self._quiet_seconds):
                return
            if seen == self._writes:
                # No wait: whoever writes or reads now goes first, and this comes again.
                self._fold(patience_seconds=0)
            elif self._wal.exists() and self._wal.stat().st_size > self._cap_bytes:
                self._fold(patience_seconds=1)

    def _fold(self, *, patience_seconds: float) -> None:
        with contextlib.suppress(sqlite3.Error, Unavailable):  # a full disk: the next one folds
            with contextlib.closing(connect(self._path, patience_seconds)) as connection:
                busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                return
        self._wake.set()
