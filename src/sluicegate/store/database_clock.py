"""The database's own clock: the one that all who share a database agree on."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles


class now_ms(sa.ColumnElement[int]):  # noqa: N801 - used like a function of SQL's
    """Milliseconds since the epoch when the statement runs."""

    inherit_cache = True
    type = sa.BigInteger()


@compiles(now_ms, "sqlite")
def _sqlite(_element: now_ms, _compiler: Any, **_: Any) -> str:
    # unixepoch('subsec') is not in every SQLite that Python comes with.
    return "CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER)"


@compiles(now_ms, "postgresql")
def _postgresql(_element: now_ms, _compiler: Any, **_: Any) -> str:
    # Not now(), which stands still as long as a transaction lasts.
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
