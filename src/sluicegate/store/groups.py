"""Who is in which group."""

import sqlalchemy as sa

from . import epoch
from .database import Tx
from .identities import Entity, Kind, groups, memberships, read, users


def members(tx: Tx, group_id: str) -> list[Entity]:
    """The users of a group, by name."""
    query = (
        sa.select(users)
        .join(memberships, memberships.c.user_id == users.c.id)
        .where(memberships.c.group_id == group_id)
        .order_by(users.c.name_key)
    )
    return [read(Kind.USER, row) for row in tx.execute(query)]


def groups_of(tx: Tx, user_id: str) -> list[Entity]:
    """The groups a user is in, by name."""
    query = (
        sa.select(groups)
        .join(memberships, memberships.c.group_id == groups.c.id)
        .where(memberships.c.user_id == user_id)
        .order_by(groups.c.name_key)
    )
    return [read(Kind.GROUP, row) for row in tx.execute(query)]


def join(tx: Tx, user_id: str, group_id: str, now_ms: int) -> None:
    """Put a user into a group; nothing happens when it is there already."""
    if tx.execute(sa.select(memberships.c.user_id).where(_row(user_id, group_id))).first():
        return
    values = {"user_id": user_id, "group_id": group_id, "joined_ms": now_ms}
    tx.execute(memberships.insert().values(**values))
    epoch.bump(tx)


def leave(tx: Tx, user_id: str, group_id: str) -> None:
    """Take a user out of a group; nothing happens when it is not in it."""
    if tx.execute(memberships.delete().where(_row(user_id, group_id))).rowcount:
        epoch.bump(tx)


def _row(user_id: str, group_id: str) -> "sa.ColumnElement[bool]":
    return (memberships.c.user_id == user_id) & (memberships.c.group_id == group_id)
