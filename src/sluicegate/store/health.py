"""Whether the state can be written: by writing to it."""

import sqlalchemy as sa

from .database import Database
from .schema import metadata, moment

health = sa.Table(
    "health",
    metadata,
    sa.Column("name", sa.String(16), primary_key=True),
    moment("probed_ms"),
)

_PROBE = "probe"


def probe(database: Database, now_ms: int) -> None:
    """Write one row; `Unavailable` says that the state cannot be written."""
    with database.write() as tx:
        if tx.execute(health.update().values(probed_ms=now_ms)).rowcount == 0:
            tx.execute(health.insert().values(name=_PROBE, probed_ms=now_ms))
