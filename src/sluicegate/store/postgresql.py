"""PostgreSQL: the state of several machines, behaving as the one file does."""

import sqlalchemy as sa

from ..errors import StartRefused, Unavailable
from .faults import translate

# Keys of advisory locks are shared by everybody in a database; the first half is our name.
_LOCK_SPACE = 0x51_01_CE
_LOCKS = {True: 1, False: 2}
_STATEMENT_SECONDS = 30
_NEITHER = "the database is given as neither sqlite:///PATH nor postgresql://…"


class Postgresql:
    """The pool to one PostgreSQL database. `durable` writes are on disk once committed; others
    may lose their last moments when the server crashes."""

    def __init__(self, url: str, *, durable: bool, patience_seconds: float) -> None:
        self._durable = durable
        self._engine = _engine(url, durable=durable, patience_seconds=patience_seconds)
        self._readers = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        # Writers are one at a time by the lock below, so each statement may see the latest.
        self._writers = self._engine.execution_options(isolation_level="READ COMMITTED")
        self._is_closed = False

    def begin_read(self) -> sa.Connection:
        """A connection with a snapshot of its own, taken at its first query."""
        return _taken(self._readers)

    def end_read(self, connection: sa.Connection) -> None:
        """Undo what was not committed and give the connection back."""
        if self._is_closed:
            connection.detach()
        connection.close()

    def begin_write(self, patience_seconds: float) -> sa.Connection:
        """A connection whose transaction is the only writing one on any machine.

        As on SQLite: what a write checks stays true until it ends, and nothing is to be retried.
        The snapshot must not be older than the lock, hence READ COMMITTED.
        """
        connection = _taken(self._writers)
        try:
            wait = sa.text("SELECT set_config('lock_timeout', :ms, true)")
            connection.execute(wait, {"ms": f"{max(1, int(patience_seconds * 1000))}ms"})
            lock = sa.text("SELECT pg_advisory_xact_lock(:space, :lock)")
            connection.execute(lock, {"space": _LOCK_SPACE, "lock": _LOCKS[self._durable]})
        except BaseException:
            connection.close()
            raise
        return connection

    end_write = end_read

    def check(self) -> None:
        """`StartRefused` unless the server answers."""
        try:
            connection = self.begin_read()
            try:
                connection.exec_driver_sql("SELECT 1")
            finally:
                self.end_read(connection)
        except Unavailable as error:
            raise StartRefused(
                f"the database `{self._engine.url.render_as_string()}` does not answer:"
                f" {error.__cause__}"
            ) from error

    def close(self) -> None:
        """Close every connection at rest."""
        self._is_closed = True
        self._engine.dispose()


def _taken(engine: sa.Engine) -> sa.Connection:
    try:
        return engine.connect()
    except sa.exc.TimeoutError as error:
        raise Unavailable("The state cannot be reached right now: too many callers.") from error


def _engine(url: str, *, durable: bool, patience_seconds: float) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise StartRefused(_NEITHER) from None
    if parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise StartRefused(_NEITHER)
    try:
        engine = sa.create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            hide_parameters=True,
            pool_size=16,
            max_overflow=48,
            pool_timeout=patience_seconds,
            # A round trip per use, so that a restarted server costs no request its answer.
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": max(2, round(patience_seconds)),
                # A server whose machine vanished answers nothing, not even a reset.
                "tcp_user_timeout": round(patience_seconds * 1000),
                "keepalives_idle": 10,
                "application_name": "sluicegate",
            },
        )
    except ModuleNotFoundError:
        raise StartRefused(
            "a postgresql:// database needs its driver: install `sluicegate[postgresql]`"
        ) from None
    sa.event.listen(engine, "handle_error", translate)

    @sa.event.listens_for(engine, "connect")
    def _settings(connection: sa.engine.interfaces.DBAPIConnection, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"SET statement_timeout = '{_STATEMENT_SECONDS}s'")
        cursor.execute(f"SET synchronous_commit = {'on' if durable else 'off'}")
        cursor.close()
        connection.commit()

    return engine
