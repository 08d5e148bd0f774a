"""What goes wrong in a driver, in our words: told by the driver's code, never by its sentence.

A driver's sentence may quote rows, hosts and passwords, so it stays in the exception's cause, for
the log; the caller is told what to do next.
"""

import sqlite3

import sqlalchemy as sa

from ..errors import Corrupted, InvalidInput, SluicegateError, Unavailable


class Conflict(SluicegateError):
    """A row with this unique key is already there (or a referenced row is not)."""


_LOCKED = "The state is locked by another writer right now."
_FULL = "The state cannot be written right now: its disk is full."
_UNREACHABLE = "The state cannot be reached right now."
_DAMAGED = "the database is damaged; restore it from its backup"
_UNSTORABLE = "The request holds a value that cannot be stored."

_SQLITE_UNAVAILABLE = {
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_PROTOCOL: _LOCKED,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: _UNREACHABLE,
    sqlite3.SQLITE_CANTOPEN: _UNREACHABLE,
    sqlite3.SQLITE_READONLY: _UNREACHABLE,
    sqlite3.SQLITE_NOMEM: _UNREACHABLE,
    sqlite3.SQLITE_INTERRUPT: _UNREACHABLE,
}
_SQLITE_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_SQLITE_CONFLICTS = frozenset(
    {
        sqlite3.SQLITE_CONSTRAINT_UNIQUE,
        sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
        sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY,
    }
)

# Five-letter SQLSTATEs, or the two letters of a class.
_POSTGRESQL_UNAVAILABLE = {
    "08": _UNREACHABLE,  # connection
    "25006": _UNREACHABLE,  # read-only: a failover left us on a standby
    "25P03": _UNREACHABLE,  # idle in transaction for too long
    "40": _LOCKED,  # serialization failure, deadlock
    "53": _UNREACHABLE,  # out of connections, memory
    "53100": _FULL,
    "55P03": _LOCKED,  # lock_timeout
    "57": _UNREACHABLE,  # cancelled, shutting down, starting up
    "58": _UNREACHABLE,  # the server's own input and output
}
_POSTGRESQL_CONFLICTS = frozenset({"23503", "23505"})
_POSTGRESQL_DAMAGED = frozenset({"XX001", "XX002"})


def translate(context: sa.ExceptionContext) -> SluicegateError | None:
    """What to raise instead of a driver's error; None = a mistake of ours, raised as it is.

    A listener of SQLAlchemy's `handle_error`, so that the error is ours where it arises.
    """
    error = context.original_exception
    if context.is_pre_ping:
        # The pool asks whether the connection still lives; it makes another when it does not.
        return None
    if isinstance(error, sqlite3.Error):
        return _of_sqlite(error)
    # Lone surrogates, and integers beyond 64 bits, reach the driver and no further.
    if isinstance(error, UnicodeError | OverflowError):
        return InvalidInput(_UNSTORABLE)
    if hasattr(error, "sqlstate"):
        return _of_postgresql(error, error.sqlstate)
    return None


def _of_sqlite(error: sqlite3.Error) -> SluicegateError | None:
    # `sqlite3`'s own complaints (a misuse, a value it has no type for) carry no code.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    primary = code & 0xFF
    if code in _SQLITE_CONFLICTS:
        return Conflict(str(error).splitlines()[0])
    if primary in _SQLITE_DAMAGED:
        return Corrupted(_DAMAGED)
    if primary == sqlite3.SQLITE_TOOBIG:
        return InvalidInput(_UNSTORABLE)
    sentence = _SQLITE_UNAVAILABLE.get(primary)
    return Unavailable(sentence) if sentence else None


def _of_postgresql(error: BaseException, state: str | None) -> SluicegateError | None:
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if state is None:
        # The connection broke (or was never made): the server had no time to give a code.
        if "DataError" in kinds:
            return InvalidInput(_UNSTORABLE)
        return Unavailable(_UNREACHABLE) if "OperationalError" in kinds else None
    if state in _POSTGRESQL_CONFLICTS:
        # The lines after the first quote the row.
        return Conflict(str(error).splitlines()[0])
    if state in _POSTGRESQL_DAMAGED:
        return Corrupted(_DAMAGED)
    if state.startswith("22"):
        return InvalidInput(_UNSTORABLE)
    sentence = _POSTGRESQL_UNAVAILABLE.get(state) or _POSTGRESQL_UNAVAILABLE.get(state[:2])
    return Unavailable(sentence) if sentence else None
