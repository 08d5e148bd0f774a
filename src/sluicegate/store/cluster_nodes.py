"""The broker nodes of clusters: where they are. Written by the clusters' keeper alone."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from .database import Tx
from .schema import metadata, moment

cluster_nodes = sa.Table(
    "cluster_nodes",
    metadata,
    sa.Column("cluster_id", sa.ForeignKey("clusters.id"), primary_key=True),
    sa.Column("node_id", sa.Integer, primary_key=True),
    sa.Column("address", sa.String(64), nullable=False),
    sa.Column("ports", sa.Text, nullable=False),
    sa.Column("subnet_id", sa.String(32), nullable=False),
    sa.Column("state", sa.String(32), nullable=False),
    moment("added_ms"),
)


@dataclass(frozen=True, slots=True)
class Node:
    """A broker: `node_id` counts from 1, `address` is an IP address, `ports` by listener."""

    cluster_id: str
    node_id: int
    address: str
    ports: Mapping[str, int]
    subnet_id: str
    state: str
    added_ms: int


def place(tx: Tx, node: Node) -> None:
    """Say where a node is; one of that id is placed anew."""
    which = cluster_nodes.c.cluster_id == node.cluster_id, cluster_nodes.c.node_id == node.node_id
    values = {
        "address": node.address,
        "ports": json.dumps(dict(node.ports)),
        "subnet_id": node.subnet_id,
        "state": node.state,
    }
    if tx.execute(cluster_nodes.update().where(*which).values(values)).rowcount == 0:
        keys = {"cluster_id": node.cluster_id, "node_id": node.node_id, "added_ms": node.added_ms}
        tx.execute(cluster_nodes.insert().values(keys | values))


def set_state(tx: Tx, cluster_id: str, node_id: int, state: str) -> None:
    """Say how a node is."""
    query = cluster_nodes.update().where(
        cluster_nodes.c.cluster_id == cluster_id, cluster_nodes.c.node_id == node_id
    )
    tx.execute(query.values(state=state))


def nodes_of(tx: Tx, cluster_id: str) -> list[Node]:
    """The nodes of a cluster, in the order of their ids."""
    query = sa.select(cluster_nodes).where(cluster_nodes.c.cluster_id == cluster_id)
    return [_node(row) for row in tx.execute(query.order_by(cluster_nodes.c.node_id))]


def all_of(tx: Tx) -> list[Node]:
    """Every node of every cluster: whose address nobody else may have."""
    query = sa.select(cluster_nodes).order_by(cluster_nodes.c.cluster_id, cluster_nodes.c.node_id)
    return [_node(row) for row in tx.execute(query)]


def _node(row: sa.Row[tuple[object, ...]]) -> Node:
    return Node(**dict(row._mapping) | {"ports": json.loads(row.ports)})
