"""Aliases of functions, and how they divide invocations between two versions."""

from dataclasses import asdict, dataclass

import sqlalchemy as sa

from .database import Tx
from .schema import metadata

function_aliases = sa.Table(
    "function_aliases",
    metadata,
    sa.Column("function_id", sa.ForeignKey("functions.id"), primary_key=True),
    sa.Column("name", sa.String(128), primary_key=True),
    sa.Column("version", sa.String(16), nullable=False),
    sa.Column("description", sa.String(256), nullable=False),
    sa.Column("other_version", sa.String(16), nullable=False),
    sa.Column("other_weight", sa.Float, nullable=False),
    sa.Column("revision", sa.String(36), nullable=False),
)


@dataclass(frozen=True, slots=True)
class Alias:
    """An alias; `other_weight` of its invocations go to `other_version` ("" for none)."""

    function_id: str
    name: str
    version: str
    revision: str
    description: str = ""
    other_version: str = ""
    other_weight: float = 0.0


def add(tx: Tx, alias: Alias) -> None:
    """Add an alias; `Conflict` when the name is taken."""
    tx.execute(function_aliases.insert().values(asdict(alias)))


def find(tx: Tx, function_id: str, name: str) -> Alias | None:
    """The alias of that name."""
    row = tx.execute(_FIND, {"function_id": function_id, "name": name}).one_or_none()
    return None if row is None else Alias(**row._mapping)


def of_function(tx: Tx, function_id: str) -> list[Alias]:
    """Every alias of a function, by name."""
    query = sa.select(function_aliases).where(function_aliases.c.function_id == function_id)
    return [Alias(**row._mapping) for row in tx.execute(query.order_by(function_aliases.c.name))]


def save(tx: Tx, alias: Alias) -> None:
    """Write what changed of an alias that was read in this transaction."""
    tx.execute(
        function_aliases.update()
        .where(
            function_aliases.c.function_id == alias.function_id,
            function_aliases.c.name == alias.name,
        )
        .values(asdict(alias))
    )


def delete(tx: Tx, function_id: str, name: str | None = None) -> bool:
    """Remove one alias, or all of a function's; whether there was any."""
    query = function_aliases.delete().where(function_aliases.c.function_id == function_id)
    if name is not None:
        query = query.where(function_aliases.c.name == name)
    return bool(tx.execute(query).rowcount)


# Made once: each invocation of an alias asks it.
_FIND = sa.select(function_aliases).where(
    function_aliases.c.function_id == sa.bindparam("function_id"),
    function_aliases.c.name == sa.bindparam("name"),
)
