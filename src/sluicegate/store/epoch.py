"""The epoch: a number that moves with every change of a policy, key, tag, user or role.

Whoever caches what permissions are made of remembers the epoch it read them in and throws them
away when the number has moved. INVARIANT: the bump is in the transaction of the change.
"""

import sqlalchemy as sa

from .database import Tx
from .schema import metadata

epoch = sa.Table(
    "epoch",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)

_PERMISSIONS = "permissions"
_READ = sa.select(epoch.c.value).where(epoch.c.name == _PERMISSIONS)
_BUMP = epoch.update().where(epoch.c.name == _PERMISSIONS).values(value=epoch.c.value + 1)


def current(tx: Tx) -> int:
    """The permissions epoch this transaction sees (0 before the first change)."""
    return tx.execute(_READ).scalar() or 0


def bump(tx: Tx) -> None:
    """Say that permissions changed in this transaction."""
    if tx.execute(_BUMP).rowcount == 0:
        tx.execute(epoch.insert().values(name=_PERMISSIONS, value=1))
