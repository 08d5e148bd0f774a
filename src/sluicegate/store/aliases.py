"""Aliases of KMS keys: names, unique in an account and region, that can be moved."""

from dataclasses import asdict, dataclass, replace

import sqlalchemy as sa

from ..arn import partition_of
from . import epoch
from .database import Tx
from .keys import key_aliases


@dataclass(frozen=True, slots=True)
class Alias:
    """One alias; `name` has its prefix `alias/`."""

    account: str
    region: str
    name: str
    key_id: str
    created_ms: int
    updated_ms: int

    @property
    def arn(self) -> str:
        """The alias ARN."""
        return f"arn:{partition_of(self.region)}:kms:{self.region}:{self.account}:{self.name}"

    def of(self, key_id: str) -> "Alias":
        """The same alias, naming that key."""
        return replace(self, key_id=key_id)


def find(tx: Tx, account: str, region: str, name: str) -> Alias | None:
    """The alias of that name; its key may be past its deletion date."""
    row = tx.execute(sa.select(key_aliases).where(*_named(account, region, name))).one_or_none()
    return None if row is None else Alias(**row._mapping)


def of_key(tx: Tx, key_id: str) -> list[Alias]:
    """The aliases of one key, by name."""
    return [Alias(**row._mapping) for row in tx.execute(_OF_KEY, {"key_id": key_id})]


def of_account(tx: Tx, account: str, region: str) -> list[Alias]:
    """The aliases of an account in a region, by name."""
    query = sa.select(key_aliases).where(
        key_aliases.c.account == account, key_aliases.c.region == region
    )
    return [Alias(**row._mapping) for row in tx.execute(query.order_by(key_aliases.c.name))]


def create(tx: Tx, alias: Alias) -> None:
    """Add an alias; `Conflict` when the name is taken."""
    tx.execute(key_aliases.insert().values(asdict(alias)))
    epoch.bump(tx)


def retarget(tx: Tx, alias: Alias, key_id: str, now_ms: int) -> None:
    """Let an alias name another key."""
    query = key_aliases.update().where(*_named(alias.account, alias.region, alias.name))
    tx.execute(query.values(key_id=key_id, updated_ms=now_ms))
    epoch.bump(tx)


def delete(tx: Tx, alias: Alias) -> None:
    """Remove an alias; its key stays."""
    tx.execute(key_aliases.delete().where(*_named(alias.account, alias.region, alias.name)))
    epoch.bump(tx)


# Made once: each use of a key asks it, and making a statement takes as long as running it.
_OF_KEY = (
    sa.select(key_aliases)
    .where(key_aliases.c.key_id == sa.bindparam("key_id"))
    .order_by(key_aliases.c.name)
)


def _named(account: str, region: str, name: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        key_aliases.c.account == account,
        key_aliases.c.region == region,
        key_aliases.c.name == name,
    )
