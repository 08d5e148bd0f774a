"""What was done to clusters that takes a while: who asked, what it was before and is after.

Written by operations alone: how far one is follows from the revision that the keeper applied.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from ..arn import partition_of
from .database import Tx
from .schema import metadata, moment

cluster_operations = sa.Table(
    "cluster_operations",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("cluster_id", sa.ForeignKey("clusters.id"), nullable=False),
    sa.Column("type", sa.String(64), nullable=False),
    sa.Column("request_id", sa.String(64), nullable=False),
    # The cluster's revision that it asks for; below zero once another change has taken its place.
    sa.Column("revision", sa.BigInteger, nullable=False),
    # The settings it changes, in the API's spelling.
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    moment("started_ms"),
    sa.Index(None, "cluster_id"),
)


@dataclass(frozen=True, slots=True)
class ClusterOperation:
    """One change of a cluster. One that `is_superseded` was never in effect, and never will be."""

    id: str
    cluster_id: str
    type: str
    request_id: str
    revision: int
    source: Mapping[str, Any]
    target: Mapping[str, Any]
    started_ms: int
    is_superseded: bool = False


def arn_of(account: str, region: str, cluster: str, operation_id: str) -> str:
    """The ARN of an operation; `cluster` is `NAME/ID` of the one it is of."""
    place = f"arn:{partition_of(region)}:kafka:{region}:{account}"
    return f"{place}:cluster-operation/{cluster}/{operation_id}"


def add(tx: Tx, operation: ClusterOperation) -> None:
    """Note a change that begins."""
    row = asdict(operation)
    del row["is_superseded"]
    texts = {name: json.dumps(row[name]) for name in ("source", "target")}
    tx.execute(cluster_operations.insert().values(row | texts))


def supersede(tx: Tx, cluster_id: str, applied_revision: int) -> None:
    """Another change takes the place of those that are not in effect by now."""
    query = cluster_operations.update().where(
        cluster_operations.c.cluster_id == cluster_id,
        cluster_operations.c.revision > applied_revision,
    )
    tx.execute(query.values(revision=-cluster_operations.c.revision))


def of_cluster(tx: Tx, cluster_id: str) -> list[ClusterOperation]:
    """The changes of a cluster, the latest first."""
    query = sa.select(cluster_operations).where(cluster_operations.c.cluster_id == cluster_id)
    rows = tx.execute(query.order_by(sa.func.abs(cluster_operations.c.revision).desc()))
    return [
        ClusterOperation(
            **dict(row._mapping)
            | {
                "source": json.loads(row.source),
                "target": json.loads(row.target),
                "revision": abs(row.revision),
                "is_superseded": row.revision < 0,
            }
        )
        for row in rows
    ]


def remove_all(tx: Tx, cluster_id: str) -> None:
    """Forget a cluster's changes, when it goes away."""
    query = cluster_operations.delete().where(cluster_operations.c.cluster_id == cluster_id)
    tx.execute(query)
