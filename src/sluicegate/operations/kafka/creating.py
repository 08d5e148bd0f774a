"""CreateCluster and CreateClusterV2: what is asked for, checked, and wanted from then on."""

import re
import secrets
import uuid
from collections.abc import Iterable
from typing import Any

from ...access import Ask
from ...errors import AwsError
from ...store import clusters, tags
from ...store.clusters import Cluster
from ...store.database import Conflict, Tx
from ..operation import Call, Operation, Params, Result
from . import (
    acting,
    configurations,
    key_grants,
    naming,
    networks,
    security,
    tagging,
    versions,
    volume_keys,
)
from .configurations import Chosen
from .refusals import MALFORMED, invalid, taken

_MOST_NODES = 6
_STANDARD = re.compile(r"kafka\.[a-z0-9]+\.[a-z0-9]+")
_DEFAULT_VOLUME_GIB = 1000
_NO_MONITORING = {
    "Prometheus": {
        "JmxExporter": {"EnabledInBroker": False},
        "NodeExporter": {"EnabledInBroker": False},
    }
}


def _asks(call: Call, params: Params) -> Iterable[Ask]:
    name = params.get("ClusterName") or ""
    arn = call.arn("kafka", f"cluster/{name}/*")
    yield Ask(f"kafka:{call.operation}", arn, request_tags=params.get("Tags"))


def _create(call: Call, params: Params) -> Result:
    cluster = _made(call, params, params.get("Tags") or {})
    return {"ClusterArn": cluster.arn, "ClusterName": cluster.name, "State": cluster.state}


def _create_v2(call: Call, params: Params) -> Result:
    provisioned, serverless = params.get("Provisioned"), params.get("Serverless")
    if (provisioned is None) == (serverless is None):
        raise invalid("Specify exactly one of provisioned and serverless.", "provisioned")
    if provisioned is None:
        raise invalid(
            "Sluicegate runs provisioned clusters only: serverless ones cannot be created.",
            "serverless",
        )
    asked = {**provisioned, "ClusterName": params["ClusterName"]}
    cluster = _made(call, asked, params.get("Tags") or {})
    return {
        "ClusterArn": cluster.arn,
        "ClusterName": cluster.name,
        "State": cluster.state,
        "ClusterType": "PROVISIONED",
    }


def _made(call: Call, params: Params, sent_tags: dict[str, str]) -> Cluster:
    """The cluster that is wanted now; its keeper will make it."""
    _check(call, params)
    tagging.check(sent_tags)
    asked = security.asked(params)
    with call.database.read() as tx:
        configuration = _configuration(tx, call, params)
    group_info = params["BrokerNodeGroupInfo"]
    network = networks.found(call, group_info, params["NumberOfBrokerNodes"])
    acting.ensure_role(call)
    cluster_id = f"{uuid.uuid4()}-{1 + secrets.randbelow(25)}"
    arn = clusters.arn_of(call.account, call.region, params["ClusterName"], cluster_id)
    key = volume_keys.granted(call, params, arn)
    cluster = Cluster(
        id=cluster_id,
        account=call.account,
        region=call.region,
        name=params["ClusterName"],
        creator_arn=call.caller.principal.arn,
        created_ms=call.now_ms,
        kafka_version=params["KafkaVersion"],
        node_count=params["NumberOfBrokerNodes"],
        subnet_ids=network.subnet_ids,
        security_group_ids=network.security_group_ids,
        security=asked,
        current_version=naming.new_version(),
        volume_key_arn=key.arn,
        volume_grant_id=key.grant_id,
        configuration_arn=configuration.arn if configuration else None,
        configuration_revision=configuration.revision if configuration else None,
        shown=_shown(params, network.zone_ids),
        home=call.keepers.home,
    )
    _keep(call, params, cluster, sent_tags)
    call.keepers.nudge()
    return cluster


def _keep(call: Call, params: Params, cluster: Cluster, sent_tags: dict[str, str]) -> None:
    try:
        with call.database.write() as tx:
            _configuration(tx, call, params)  # not deleted since
            clusters.create(tx, cluster)
            tags.put(tx, cluster.id, sent_tags)
    except (AwsError, Conflict) as error:
        if cluster.volume_grant_id:
            key_grants.retire(call, cluster.volume_key_arn, cluster.volume_grant_id, cluster.arn)
        if isinstance(error, Conflict):
            raise taken("clusterName") from None
        raise


def _configuration(tx: Tx, call: Call, params: Params) -> Chosen | None:
    info = params.get("ConfigurationInfo")
    if info is None:
        return None
    return configurations.chosen(tx, call, info, params["KafkaVersion"])


def _check(call: Call, params: Params) -> None:
    """What can be said of a request without looking further than at the names that are taken."""
    name = params["ClusterName"]
    if not naming.NAME.fullmatch(name):
        raise invalid(MALFORMED, "clusterName")
    versions.check(params["KafkaVersion"])
    if params["NumberOfBrokerNodes"] > _MOST_NODES:
        raise invalid(
            f"Sluicegate runs at most {_MOST_NODES} broker nodes for a cluster, on one machine.",
            "numberOfBrokerNodes",
        )
    if params.get("StorageMode", "LOCAL") != "LOCAL":
        raise invalid("Sluicegate has no tiered storage.", "storageMode")
    if params.get("Rebalancing") is not None:
        raise invalid("Sluicegate has no Express brokers to be rebalanced.", "rebalancing")
    _check_brokers(params["BrokerNodeGroupInfo"])
    with call.database.read() as tx:
        if clusters.named(tx, call.account, call.region, name) is not None:
            raise taken("clusterName")


def _check_brokers(group_info: dict[str, Any]) -> None:
    if not _STANDARD.fullmatch(group_info["InstanceType"]):
        raise invalid(
            "Sluicegate runs Standard brokers only, whose types begin with `kafka.`.",
            "instanceType",
        )
    connectivity = group_info.get("ConnectivityInfo") or {}
    if (connectivity.get("PublicAccess") or {}).get("Type", "DISABLED") != "DISABLED":
        raise invalid(
            "When creating a cluster, the only valid value for the Type parameter in PublicAccess "
            "is DISABLED.",
            "type",
        )
    if connectivity.get("NetworkType", "IPV4") != "IPV4":
        raise invalid("Sluicegate's brokers have IPv4 addresses only.", "networkType")
    vpc = (connectivity.get("VpcConnectivity") or {}).get("ClientAuthentication") or {}
    sasl = vpc.get("Sasl") or {}
    if any((each or {}).get("Enabled") for each in (*sasl.values(), vpc.get("Tls"))):
        raise invalid("Sluicegate has no multi-VPC connectivity.", "vpcConnectivity")


def _shown(params: Params, zone_ids: tuple[str, ...]) -> dict[str, Any]:
    """What is kept only to be shown: it has no effect here."""
    group_info = params["BrokerNodeGroupInfo"]
    volume = {"EbsStorageInfo": {"VolumeSize": _DEFAULT_VOLUME_GIB}}
    return {
        "InstanceType": group_info["InstanceType"],
        "StorageInfo": group_info.get("StorageInfo") or volume,
        "ZoneIds": list(zone_ids),
        "EnhancedMonitoring": params.get("EnhancedMonitoring") or "DEFAULT",
        "OpenMonitoring": params.get("OpenMonitoring") or _NO_MONITORING,
        "LoggingInfo": params.get("LoggingInfo"),
    }


OPERATIONS = (
    Operation("kafka", "CreateCluster", _asks, _create),
    Operation("kafka", "CreateClusterV2", _asks, _create_v2),
)
