"""Which regions a secret is replicated to, and what came of it there.

A replica is a row of `secrets` in its own region; here is what ties it to its primary. A row
without a replica is a region where replication failed before there was one.
"""

from dataclasses import asdict, dataclass

import sqlalchemy as sa

from .database import Tx
from .schema import metadata

secret_replicas = sa.Table(
    "secret_replicas",
    metadata,
    sa.Column("secret_id", sa.ForeignKey("secrets.id"), primary_key=True),
    sa.Column("region", sa.String(32), primary_key=True),
    # INVARIANT: a replica has one primary.
    sa.Column("replica_id", sa.ForeignKey("secrets.id"), nullable=True, unique=True),
    sa.Column("kms_key", sa.String(2048), nullable=True),
    sa.Column("failure", sa.Text, nullable=True),
)


@dataclass(frozen=True, slots=True)
class Replication:
    """A secret's replication to one region; `failure` is None while the replica is in sync.

    `kms_key` is the key that was asked for, None for the region's default one; a replica that is
    there has a key of its own row, which can be changed.
    """

    secret_id: str
    region: str
    replica_id: str | None = None
    kms_key: str | None = None
    failure: str | None = None


def of(tx: Tx, secret_id: str) -> list[Replication]:
    """The regions a secret is replicated to, in order."""
    query = sa.select(secret_replicas).where(secret_replicas.c.secret_id == secret_id)
    rows = tx.execute(query.order_by(secret_replicas.c.region))
    return [Replication(**row._mapping) for row in rows]


def of_replica(tx: Tx, replica_id: str) -> Replication | None:
    """What ties a replica to its primary."""
    query = sa.select(secret_replicas).where(secret_replicas.c.replica_id == replica_id)
    row = tx.execute(query).one_or_none()
    return None if row is None else Replication(**row._mapping)


def put(tx: Tx, replication: Replication) -> None:
    """Let this be what is known of a secret in a region."""
    remove(tx, replication)
    tx.execute(secret_replicas.insert().values(asdict(replication)))


def remove(tx: Tx, replication: Replication) -> None:
    """Forget a region; the replica there is a secret like any other from now on."""
    tx.execute(
        secret_replicas.delete().where(
            secret_replicas.c.secret_id == replication.secret_id,
            secret_replicas.c.region == replication.region,
        )
    )
