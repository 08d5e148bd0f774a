"""GetBootstrapBrokers and ListNodes: where the brokers are, as their keeper noted it."""

import uuid
from collections.abc import Iterable

from ...clock import to_datetime
from ...store import cluster_nodes, clusters
from ...store.cluster_nodes import Node
from ...store.clusters import Cluster
from ..operation import Call, Params, Result
from . import naming, paging, views
from .refusals import invalid

_MOST_SHOWN = 3
_NO_BROKERS = ("CREATING", "DELETING", "FAILED")
_NODE_IDS = uuid.UUID("6d1f4e0e-8a54-4c11-9a0a-5b3b5f6f2c8e")

_STRINGS = {
    clusters.CLIENT: "BootstrapBrokerString",
    clusters.CLIENT_SECURE: "BootstrapBrokerStringTls",
    clusters.CLIENT_SASL_SCRAM: "BootstrapBrokerStringSaslScram",
    clusters.CLIENT_IAM: "BootstrapBrokerStringSaslIam",
}


def _bootstrap(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        cluster = naming.cluster_of(tx, call, params["ClusterArn"])
        nodes = cluster_nodes.nodes_of(tx, cluster.id)
    state = cluster.current_state
    if state in _NO_BROKERS:
        raise invalid(f"You can't get bootstrap broker nodes for a cluster in {state} state.")
    strings = {
        _STRINGS[listener]: _servers(nodes, listener) for listener in cluster.security.listeners
    }
    return {name: servers for name, servers in strings.items() if servers}


def _servers(nodes: Iterable[Node], listener: str) -> str:
    """A broker per zone with its port, always in the same order."""
    by_subnet: dict[str, Node] = {}
    for node in nodes:
        if listener in node.ports:
            by_subnet.setdefault(node.subnet_id, node)
    shown = list(by_subnet.values())[:_MOST_SHOWN]
    return ",".join(f"{node.address}:{node.ports[listener]}" for node in shown)


def _list_nodes(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        cluster = naming.cluster_of(tx, call, params["ClusterArn"])
        nodes = cluster_nodes.nodes_of(tx, cluster.id)
    return paging.page(
        params, "NodeInfoList", nodes, lambda node: node.node_id, lambda node: _node(cluster, node)
    )


def _node(cluster: Cluster, node: Node) -> dict[str, object]:
    unique = uuid.uuid5(_NODE_IDS, f"{cluster.id}/{node.node_id}")
    return {
        "AddedToClusterTime": f"{to_datetime(node.added_ms):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
        "BrokerNodeInfo": {
            "BrokerId": float(node.node_id),
            "BrokerNodeType": "STANDARD",
            "ClientSubnet": node.subnet_id,
            "ClientVpcIpAddress": node.address,
            "CurrentBrokerSoftwareInfo": views.software(cluster),
            "Endpoints": [node.address],
        },
        "InstanceType": cluster.shown.get("InstanceType"),
        "NodeARN": clusters.part_arn(cluster.arn, "broker", str(unique)),
        "NodeType": "BROKER",
    }


OPERATIONS = (
    naming.on_cluster("GetBootstrapBrokers", _bootstrap),
    naming.on_cluster("ListNodes", _list_nodes),
)
