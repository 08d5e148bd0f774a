"""Homes: the state folders that have clusters' brokers and data, and whether a `serve` runs there.

A cluster stays at home for as long as it lives: its records lie there, and what another machine
started in its place would be empty. Who shares the database sees by its clock, so that machines
whose clocks differ agree on it, whether a home is kept or away.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from .database import Tx
from .database_clock import now_ms
from .schema import metadata, moment

homes = sa.Table(
    "homes",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("machine", sa.String(255), nullable=False),
    sa.Column("folder", sa.Text, nullable=False),
    moment("expires_ms"),
)


@dataclass(frozen=True, slots=True)
class Home:
    """A state folder: `id` is kept in it, so that it stays itself wherever it is moved to."""

    id: str
    machine: str
    folder: str


def folder_of(home: Home, cluster_id: str) -> str:
    """The folder of a cluster at home; a broker's is `broker-N` in it."""
    return f"{home.folder}/clusters/{cluster_id}"


def take(tx: Tx, home: Home, milliseconds: int) -> Home | None:
    """Say that a `serve` keeps this home; None, or the copy of it that is kept just now."""
    which = homes.c.id == home.id
    query = sa.select(homes.c.id, homes.c.machine, homes.c.folder)
    row = tx.execute(query.where(which, homes.c.expires_ms > now_ms())).one_or_none()
    if row is not None and (other := Home(*row)) != home:
        return other
    place = {"machine": home.machine, "folder": home.folder}
    values = {**place, "expires_ms": now_ms() + milliseconds}
    if tx.execute(homes.update().where(which).values(values)).rowcount == 0:
        tx.execute(homes.insert().values(id=home.id, **values))
    return None


def renew(tx: Tx, home: Home, milliseconds: int) -> bool:
    """Keep it longer; False when a copy of it has been taken since.

    One that ran out and nobody took is still its keeper's.
    """
    query = homes.update().where(*_is(home))
    return bool(tx.execute(query.values(expires_ms=now_ms() + milliseconds)).rowcount)


def leave(tx: Tx, home: Home) -> None:
    """Say that nobody keeps it any more."""
    tx.execute(homes.update().where(*_is(home)).values(expires_ms=0))


def away(tx: Tx) -> list[Home]:
    """The homes that nobody keeps just now."""
    query = sa.select(homes.c.id, homes.c.machine, homes.c.folder)
    return [Home(*row) for row in tx.execute(query.where(homes.c.expires_ms <= now_ms()))]


def all_of(tx: Tx) -> dict[str, Home]:
    """Every home, by its id."""
    rows = tx.execute(sa.select(homes.c.id, homes.c.machine, homes.c.folder))
    return {row.id: Home(*row) for row in rows}


def _is(home: Home) -> "tuple[sa.ColumnElement[bool], ...]":
    return (
        homes.c.id == home.id,
        homes.c.machine == home.machine,
        homes.c.folder == home.folder,
    )
