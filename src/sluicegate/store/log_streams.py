"""Log streams: names within a log group; what they hold is elsewhere (`log_events`)."""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from .database import Tx
from .schema import metadata, moment, owner

log_streams = sa.Table(
    "log_streams",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    *owner(),
    sa.Column("group_id", sa.ForeignKey("log_groups.id"), nullable=False),
    sa.Column("name", sa.String(512), nullable=False),
    moment("created_ms"),
    # The group first: listing a group's streams goes along this key.
    sa.UniqueConstraint("group_id", "name", "account", "region"),
)

# Databases take a limited number of parameters.
_NAMED_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class LogStream:
    """A log stream of a log group."""

    id: str
    group_id: str
    name: str
    created_ms: int


_STREAM = (log_streams.c.id, log_streams.c.group_id, log_streams.c.name, log_streams.c.created_ms)


def add(tx: Tx, account: str, region: str, stream: LogStream) -> None:
    """Add a stream; `Conflict` when its group has one of the name."""
    tx.execute(
        log_streams.insert().values(
            id=stream.id,
            account=account,
            region=region,
            group_id=stream.group_id,
            name=stream.name,
            created_ms=stream.created_ms,
        )
    )


def named(tx: Tx, group_id: str, name: str) -> LogStream | None:
    """The stream of this name in a group."""
    query = sa.select(*_STREAM).where(log_streams.c.group_id == group_id)
    row = tx.execute(query.where(log_streams.c.name == name)).one_or_none()
    return LogStream(*row) if row else None


def page(
    tx: Tx,
    group_id: str,
    *,
    prefix: str = "",
    after: str | None = None,
    descending: bool = False,
    limit: int | None = None,
) -> list[LogStream]:
    """Streams of a group in the order of their names, the first one past the name `after`."""
    name = log_streams.c.name
    query = sa.select(*_STREAM).where(log_streams.c.group_id == group_id)
    if prefix:
        # Not LIKE: it does not tell cases apart on SQLite.
        query = query.where(sa.func.substr(name, 1, len(prefix)) == prefix)
    if after is not None:
        query = query.where(name < after if descending else name > after)
    query = query.order_by(name.desc() if descending else name).limit(limit)
    return [LogStream(*row) for row in tx.execute(query)]


def names(tx: Tx, stream_ids: Iterable[str]) -> dict[str, str]:
    """The names of streams by id; those that are gone are left out."""
    ids = list(stream_ids)
    found: dict[str, str] = {}
    for start in range(0, len(ids), _NAMED_AT_ONCE):
        portion = ids[start : start + _NAMED_AT_ONCE]
        query = sa.select(log_streams.c.id, log_streams.c.name)
        for stream_id, name in tx.execute(query.where(log_streams.c.id.in_(portion))):
            found[stream_id] = name
    return found


def remove(tx: Tx, stream_id: str) -> None:
    """Remove a stream."""
    tx.execute(log_streams.delete().where(log_streams.c.id == stream_id))


def remove_all(tx: Tx, group_id: str) -> None:
    """Remove the streams of a group."""
    tx.execute(log_streams.delete().where(log_streams.c.group_id == group_id))
