"""Users' long-term keys. The secret is sealed; only `access` opens it, to check a signature."""

from dataclasses import dataclass

import sqlalchemy as sa

from . import epoch
from .database import Tx
from .identities import access_keys


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A key as the account's owner sees it: everything but the secret."""

    id: str
    account: str
    user_id: str
    sealed_secret: bytes
    status: str
    created_ms: int = 0
    last_used_ms: int | None = None
    last_used_region: str | None = None
    last_used_service: str | None = None

    def __repr__(self) -> str:
        return f"AccessKey({self.id}, {self.status})"


_FIELDS = ("id", "account", "user_id", "status", "created_ms")
_USES = ("last_used_ms", "last_used_region", "last_used_service")


def find(tx: Tx, key_id: str) -> AccessKey | None:
    """The key of that id."""
    if "\0" in key_id:  # PostgreSQL refuses the very question.
        return None
    row = tx.execute(sa.select(access_keys).where(access_keys.c.id == key_id)).one_or_none()
    return None if row is None else _read(row)


def of_user(tx: Tx, user_id: str) -> list[AccessKey]:
    """A user's keys, oldest first."""
    query = sa.select(access_keys).where(access_keys.c.user_id == user_id)
    rows = tx.execute(query.order_by(access_keys.c.created_ms, access_keys.c.id))
    return [_read(row) for row in rows]


def count(tx: Tx, account: str) -> int:
    """How many keys the users of an account have."""
    query = sa.select(sa.func.count()).select_from(access_keys)
    return tx.execute(query.where(access_keys.c.account == account)).scalar_one()


def add(tx: Tx, key: AccessKey) -> None:
    """Write down a new key."""
    values = {name: getattr(key, name) for name in _FIELDS}
    tx.execute(access_keys.insert().values(region="", secret=key.sealed_secret, **values))
    epoch.bump(tx)


def set_status(tx: Tx, key_id: str, status: str) -> None:
    """Make a key Active or Inactive."""
    tx.execute(access_keys.update().where(access_keys.c.id == key_id).values(status=status))
    epoch.bump(tx)


def remove(tx: Tx, key_id: str) -> None:
    """Delete a key."""
    tx.execute(access_keys.delete().where(access_keys.c.id == key_id))
    epoch.bump(tx)


def _read(row: "sa.Row[tuple[object, ...]]") -> AccessKey:
    values = {name: getattr(row, name) for name in (*_FIELDS, *_USES)}
    return AccessKey(sealed_secret=bytes(row.secret), **values)
