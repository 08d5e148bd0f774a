"""Epochs: numbers that move with every change of what somebody else remembers or keeps.

`PERMISSIONS` moves with every policy, key, tag, user, role or grant: whoever caches what
permissions are made of remembers the epoch it read them in and throws them away when the number
has moved. `CLUSTERS` and `MAPPINGS` move with what clusters and event source mappings should be:
their keepers look at all of it again.
INVARIANT: the bump is in the transaction of the change.
"""

import sqlalchemy as sa

from .database import PERMISSIONS_MOVED, Tx
from .schema import metadata

epoch = sa.Table(
    "epoch",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)

PERMISSIONS = "permissions"
CLUSTERS = "clusters"
MAPPINGS = "mappings"

_READ = sa.select(epoch.c.value).where(epoch.c.name == sa.bindparam("of"))
_BUMP = epoch.update().where(epoch.c.name == sa.bindparam("of")).values(value=epoch.c.value + 1)


def current(tx: Tx, name: str = PERMISSIONS) -> int:
    """The epoch this transaction sees (0 before the first change)."""
    return tx.execute(_READ, {"of": name}).scalar() or 0


def bump(tx: Tx, name: str = PERMISSIONS) -> None:
    """Say that something changed in this transaction."""
    if tx.execute(_BUMP, {"of": name}).rowcount == 0:
        tx.execute(epoch.insert().values(name=name, value=1))
    if name == PERMISSIONS:
        tx.info[PERMISSIONS_MOVED] = True
