"""Tags of anything, by the thing's immutable id or ARN, in the order they were given."""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from . import epoch
from .database import Tx
from .schema import metadata

tags = sa.Table(
    "tags",
    metadata,
    sa.Column("resource", sa.String(2048), primary_key=True),
    sa.Column("key", sa.String(128), primary_key=True),
    sa.Column("value", sa.String(256), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
)

# Made once: each request asks it, and making a statement takes as long as running it.
_OF = (
    sa.select(tags.c.key, tags.c.value)
    .where(tags.c.resource == sa.bindparam("of"))
    .order_by(tags.c.position)
)


def of(tx: Tx, resource: str) -> dict[str, str]:
    """The tags of one resource, in order."""
    return {row.key: row.value for row in tx.execute(_OF, {"of": resource})}


def of_many(tx: Tx, resources: Iterable[str]) -> dict[str, dict[str, str]]:
    """The tags of each of `resources` that has any."""
    query = sa.select(tags).where(tags.c.resource.in_(list(resources)))
    found: dict[str, dict[str, str]] = {}
    for row in tx.execute(query.order_by(tags.c.position)):
        found.setdefault(row.resource, {})[row.key] = row.value
    return found


def put(tx: Tx, resource: str, given: Mapping[str, str]) -> None:
    """Add or overwrite; a key that is there keeps its place."""
    if not given:
        return
    kept = of(tx, resource) | dict(given)
    tx.execute(tags.delete().where(tags.c.resource == resource))
    rows = [
        {"resource": resource, "key": key, "value": value, "position": position}
        for position, (key, value) in enumerate(kept.items())
    ]
    tx.execute(tags.insert(), rows)
    epoch.bump(tx)


def remove(tx: Tx, resource: str, keys: Iterable[str] | None = None) -> None:
    """Remove the named keys, or all of them (when the resource goes away)."""
    query = tags.delete().where(tags.c.resource == resource)
    if keys is not None:
        query = query.where(tags.c.key.in_(list(keys)))
    if tx.execute(query).rowcount:
        epoch.bump(tx)
