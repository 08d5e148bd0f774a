"""Clusters as Describe and List show them, in both versions of the API."""

from collections.abc import Mapping
from typing import Any

from ...clock import to_datetime
from ...store import cluster_operations, tags
from ...store.clusters import Cluster
from ...store.database import Tx
from . import security

PROVISIONED = "PROVISIONED"

_NO_CONNECTIVITY = {
    "PublicAccess": {"Type": "DISABLED"},
    "VpcConnectivity": {
        "ClientAuthentication": {
            "Sasl": {"Scram": {"Enabled": False}, "Iam": {"Enabled": False}},
            "Tls": {"Enabled": False},
        }
    },
    "NetworkType": "IPV4",
}


def v1(tx: Tx, cluster: Cluster) -> dict[str, Any]:
    """A cluster as version 1 shows it: everything on one level."""
    return {**_common(tx, cluster), **_provisioned(cluster)}


def v2(tx: Tx, cluster: Cluster) -> dict[str, Any]:
    """A cluster as version 2 shows it: what only provisioned ones have stands apart."""
    provisioned = _provisioned(cluster)
    return {**_common(tx, cluster), "ClusterType": PROVISIONED, "Provisioned": provisioned}


def software(cluster: Cluster) -> dict[str, Any]:
    """What the brokers run, by the name it was asked for."""
    return {
        "KafkaVersion": cluster.kafka_version,
        "ConfigurationArn": cluster.configuration_arn,
        "ConfigurationRevision": cluster.configuration_revision,
    }


def _common(tx: Tx, cluster: Cluster) -> dict[str, Any]:
    return {
        "ActiveOperationArn": _active_operation(tx, cluster),
        "ClusterArn": cluster.arn,
        "ClusterName": cluster.name,
        "CreationTime": to_datetime(cluster.created_ms),
        "CurrentVersion": cluster.current_version,
        "State": cluster.current_state,
        "StateInfo": _state_info(cluster),
        "Tags": tags.of(tx, cluster.id),
    }


def _provisioned(cluster: Cluster) -> dict[str, Any]:
    shown: Mapping[str, Any] = cluster.shown
    return {
        "BrokerNodeGroupInfo": {
            "BrokerAZDistribution": "DEFAULT",
            "ClientSubnets": list(cluster.subnet_ids),
            "InstanceType": shown.get("InstanceType"),
            "SecurityGroups": list(cluster.security_group_ids),
            "StorageInfo": shown.get("StorageInfo"),
            "ConnectivityInfo": _NO_CONNECTIVITY,
            "ZoneIds": shown.get("ZoneIds"),
        },
        "ClientAuthentication": security.authentication(cluster.security),
        "CurrentBrokerSoftwareInfo": software(cluster),
        "CustomerActionStatus": "NONE",
        "EncryptionInfo": security.encryption(cluster.security, cluster.volume_key_arn),
        "EnhancedMonitoring": shown.get("EnhancedMonitoring"),
        "LoggingInfo": shown.get("LoggingInfo"),
        "NumberOfBrokerNodes": cluster.node_count,
        "OpenMonitoring": shown.get("OpenMonitoring"),
        "StorageMode": "LOCAL",
    }


def _state_info(cluster: Cluster) -> dict[str, Any] | None:
    """Why a cluster is as it is; while all is well, the Kafka that really runs."""
    if cluster.state_code or cluster.state_message:
        return {"Code": cluster.state_code, "Message": cluster.state_message}
    if cluster.running_version:
        message = f"The brokers run Apache Kafka {cluster.running_version}."
        return {"Code": "RUNNING_VERSION", "Message": message}
    return None


def _active_operation(tx: Tx, cluster: Cluster) -> str | None:
    if cluster.current_state != "UPDATING":
        return None
    for operation in cluster_operations.of_cluster(tx, cluster.id)[:1]:
        name = f"{cluster.name}/{cluster.id}"
        return cluster_operations.arn_of(cluster.account, cluster.region, name, operation.id)
    return None
