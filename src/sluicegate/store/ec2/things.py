"""What all nouns of networks share: whose they are, their ids, their rows with their tags."""

import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from .. import tags
from ..database import Tx
from . import tables

Ids = Collection[str] | None
"""The ids asked for, or None for all of a place."""

_TAGGED = (
    tables.dhcp_options,
    tables.vpcs,
    tables.internet_gateways,
    tables.route_tables,
    tables.network_acls,
    tables.subnets,
    tables.security_groups,
    tables.security_group_rules,
    tables.network_interfaces,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Whose networks are meant: an account in a region."""

    account: str
    region: str


def new_id(prefix: str) -> str:
    """An id nobody has or can guess: `prefix` and 17 hexadecimal digits."""
    return f"{prefix}-{secrets.token_hex(9)[:17]}"


def select(
    tx: Tx, table: sa.Table, place: Place, *conditions: sa.ColumnElement[bool], ids: Ids = None
) -> list[dict[str, Any]]:
    """The rows of a place in the order they were made, each with its `tags`."""
    found = owned(table, place, *conditions, ids=ids)
    marked = sa.select(tags.tags).where(
        tags.tags.c.resource.in_(found.with_only_columns(table.c.id))
    )
    of: dict[str, dict[str, str]] = {}
    for row in tx.execute(marked.order_by(tags.tags.c.position)):
        of.setdefault(row.resource, {})[row.key] = row.value
    rows = tx.execute(found.order_by(table.c.created_ms, table.c.id)).mappings()
    return [{**row, "tags": of.get(row["id"], {})} for row in rows]


def owned(
    table: sa.Table, place: Place, *conditions: sa.ColumnElement[bool], ids: Ids = None
) -> "sa.Select[Any]":
    """The query for the rows of a place, of these ids where given."""
    query = sa.select(table).where(
        table.c.account == place.account, table.c.region == place.region, *conditions
    )
    return query if ids is None else query.where(table.c.id.in_(list(ids)))


def insert(
    tx: Tx, table: sa.Table, prefix: str, place: Place, now_ms: int, **columns: object
) -> str:
    """Add a row under a new id, which is returned."""
    made = new_id(prefix)
    row = {"id": made, "account": place.account, "region": place.region, "created_ms": now_ms}
    tx.execute(table.insert().values({**row, **columns}))
    return made


def change(tx: Tx, table: sa.Table, id: str, **columns: object) -> None:
    """Set these columns of a row."""
    tx.execute(table.update().where(table.c.id == id).values(columns))


def erase(tx: Tx, table: sa.Table, ids: Iterable[str]) -> None:
    """Remove rows and the tags that hang on them."""
    for gone in ids:
        tags.remove(tx, gone)
        tx.execute(table.delete().where(table.c.id == gone))


def tagged(tx: Tx, place: Place) -> list[tuple[str, str, str]]:
    """Every tag of every network thing of a place: id, key, value."""
    ids = sa.union_all(*(owned(table, place).with_only_columns(table.c.id) for table in _TAGGED))
    query = sa.select(tags.tags.c.resource, tags.tags.c.key, tags.tags.c.value)
    return [tuple(row) for row in tx.execute(query.where(tags.tags.c.resource.in_(ids)))]
