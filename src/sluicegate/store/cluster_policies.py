"""Resource policies of MSK clusters: who else may call the API about one, and use its brokers."""

from dataclasses import asdict, dataclass

import sqlalchemy as sa

from . import epoch
from .database import Tx
from .schema import metadata

cluster_policies = sa.Table(
    "cluster_policies",
    metadata,
    sa.Column("cluster_id", sa.ForeignKey("clusters.id"), primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("version", sa.String(16), nullable=False),
)


@dataclass(frozen=True, slots=True)
class ClusterPolicy:
    """A policy document; its principals are kept by unique id. Each change has a new version."""

    cluster_id: str
    text: str
    version: str


def find(tx: Tx, cluster_id: str) -> ClusterPolicy | None:
    """The policy of a cluster."""
    row = tx.execute(_FIND, {"cluster_id": cluster_id}).one_or_none()
    return None if row is None else ClusterPolicy(**row._mapping)


def put(tx: Tx, policy: ClusterPolicy) -> None:
    """Let this be the policy."""
    tx.execute(_of(policy.cluster_id))
    tx.execute(cluster_policies.insert().values(asdict(policy)))
    epoch.bump(tx)


def delete(tx: Tx, cluster_id: str) -> bool:
    """Remove the policy of a cluster; False when it has none."""
    is_gone = bool(tx.execute(_of(cluster_id)).rowcount)
    if is_gone:
        epoch.bump(tx)
    return is_gone


def _of(cluster_id: str) -> sa.Delete:
    return cluster_policies.delete().where(cluster_policies.c.cluster_id == cluster_id)


# Made once: each request about a cluster asks it.
_FIND = sa.select(cluster_policies).where(
    cluster_policies.c.cluster_id == sa.bindparam("cluster_id")
)
