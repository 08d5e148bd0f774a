"""Accounts somebody asked for: what became of each request."""

import secrets
from dataclasses import dataclass

import sqlalchemy as sa

from ..database import Tx
from .organizations import Organization
from .tables import creations, nodes


@dataclass(frozen=True, slots=True)
class Creation:
    """One request for an account; it failed when it says why, and then has no account."""

    id: str
    name: str
    account: str
    failure: str
    requested_ms: int


def new_account(tx: Tx) -> str:
    """An account number nobody has or had."""
    while True:
        number = f"{secrets.randbelow(9 * 10**11) + 10**11}"
        taken = sa.union_all(
            sa.select(nodes.c.id).where(nodes.c.id == number),
            sa.select(creations.c.id).where(creations.c.account == number),
        )
        if tx.execute(taken).first() is None:
            return number


def add(tx: Tx, organization: Organization, creation: Creation) -> None:
    """Keep what became of a request."""
    tx.execute(
        creations.insert().values(
            id=creation.id,
            organization_id=organization.id,
            account=creation.account,
            name=creation.name,
            failure=creation.failure,
            requested_ms=creation.requested_ms,
        )
    )


def every(tx: Tx, organization: Organization) -> list[Creation]:
    """All requests of an organization, by id."""
    query = sa.select(creations).where(creations.c.organization_id == organization.id)
    return [_read(row) for row in tx.execute(query.order_by(creations.c.id))]


def is_made(tx: Tx, account: str) -> bool:
    """Whether an account was made here: then nobody has a key of its root user."""
    query = sa.select(creations.c.id).where(creations.c.account == account)
    return tx.execute(query).first() is not None


def _read(row: "sa.Row[tuple[object, ...]]") -> Creation:
    return Creation(row.id, row.name, row.account, row.failure, row.requested_ms)
