"""Changes of clusters that take a while, and what has become of them."""

import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from ...access import Ask
from ...arn import Arn
from ...clock import to_datetime
from ...store import cluster_operations, clusters
from ...store.cluster_operations import ClusterOperation
from ...store.clusters import Cluster
from ...store.database import Tx
from ..operation import Call, Operation, Params, Result
from . import configurations, naming, paging, security, views
from .refusals import MALFORMED, STALE, invalid, missing

_OPERATION = re.compile(
    r"cluster-operation/([0-9A-Za-z-]{1,64}/[0-9a-f-]{36}-[0-9]{1,8})/([0-9a-f-]{36})"
)
_NO_SECURITY_CHANGE = (
    "The request does not include any updates to the security setting of the cluster. "
    "Verify the request, then try again."
)

Settings = Mapping[str, Any]


def _update_security(call: Call, params: Params) -> Result:
    encryption = params.get("EncryptionInfo") or {}
    if encryption.get("EncryptionAtRest"):
        raise invalid("Encryption at rest cannot be changed.", "encryptionAtRest")

    def change(_tx: Tx, cluster: Cluster) -> tuple[Cluster, Settings, Settings]:
        asked = security.asked(params, cluster.security)
        if asked.in_cluster != cluster.security.in_cluster:
            raise invalid("Encryption within the cluster cannot be changed.", "inCluster")
        if not security.is_change(asked, cluster.security):
            raise invalid(_NO_SECURITY_CHANGE)
        changed = replace(cluster, security=asked)
        return changed, _security(cluster), _security(changed)

    return _update(call, params, "UPDATE_SECURITY", change)


def _security(cluster: Cluster) -> Settings:
    return {
        "ClientAuthentication": security.authentication(cluster.security),
        "EncryptionInfo": security.encryption(cluster.security, cluster.volume_key_arn),
    }


def _configuration_asks(call: Call, params: Params) -> Iterable[Ask]:
    yield naming.ask(call, params.get("ClusterArn") or "")
    yield configurations.ask(call, (params.get("ConfigurationInfo") or {}).get("Arn") or "")


def _update_configuration(call: Call, params: Params) -> Result:
    def change(tx: Tx, cluster: Cluster) -> tuple[Cluster, Settings, Settings]:
        info = params["ConfigurationInfo"]
        chosen = configurations.chosen(tx, call, info, cluster.kafka_version)
        changed = replace(
            cluster,
            configuration_arn=chosen.arn,
            configuration_revision=chosen.revision,
        )
        if changed == cluster:
            raise invalid("The cluster has this configuration already.", "configurationInfo")
        return changed, _configured(cluster), _configured(changed)

    return _update(call, params, "UPDATE_CLUSTER_CONFIGURATION", change)


def _configured(cluster: Cluster) -> Settings:
    if cluster.configuration_arn is None:
        return {}
    info = {"Arn": cluster.configuration_arn, "Revision": cluster.configuration_revision}
    return {"ConfigurationInfo": info}


def _update(
    call: Call,
    params: Params,
    kind: str,
    change: Callable[[Tx, Cluster], tuple[Cluster, Settings, Settings]],
) -> Result:
    """Want an ACTIVE cluster otherwise, whose version the request knows.

    Another change may take the place of one that the brokers cannot be started with.
    """
    with call.database.write() as tx:
        cluster = naming.cluster_of(tx, call, params["ClusterArn"])
        if params["CurrentVersion"] != cluster.current_version:
            raise invalid(STALE, "currentVersion")
        if cluster.current_state != "ACTIVE" and not cluster.is_stuck:
            raise invalid(f"You can't update a cluster in {cluster.current_state} state.")
        asked, before, after = change(tx, cluster)
        changed = clusters.change(tx, replace(asked, current_version=naming.new_version()))
        operation = ClusterOperation(
            id=str(uuid.uuid4()),
            cluster_id=cluster.id,
            type=kind,
            request_id=call.request_id,
            revision=changed.revision,
            source=before,
            target=after,
            started_ms=call.now_ms,
        )
        cluster_operations.supersede(tx, cluster.id, cluster.applied_revision)
        cluster_operations.add(tx, operation)
    call.keepers.nudge()
    return {"ClusterArn": cluster.arn, "ClusterOperationArn": _arn(cluster, operation)}


def _list(call: Call, params: Params) -> Result:
    return _listed(call, params, _v1)


def _list_v2(call: Call, params: Params) -> Result:
    return _listed(call, params, _summary)


def _listed(
    call: Call, params: Params, shown: Callable[[Cluster, ClusterOperation], dict[str, object]]
) -> Result:
    with call.database.read() as tx:
        cluster = naming.cluster_of(tx, call, params["ClusterArn"])
        operations = cluster_operations.of_cluster(tx, cluster.id)
    return paging.page(
        params,
        "ClusterOperationInfoList",
        operations,
        # The latest comes first.
        lambda operation: -operation.revision,
        lambda operation: shown(cluster, operation),
    )


def _describe_asks(call: Call, params: Params) -> Iterable[Ask]:
    """Ask for the operation's cluster: MSK gives the operation itself no permissions."""
    text = params.get("ClusterOperationArn") or ""
    arn = Arn.find(text)
    match = _OPERATION.fullmatch(arn.resource) if arn else None
    if arn is None or match is None:
        yield naming.ask(call, text)
    else:
        cluster_arn = str(replace(arn, resource=f"cluster/{match[1]}"))
        yield replace(naming.ask(call, cluster_arn), shown=text)


def _describe(call: Call, params: Params) -> Result:
    return {"ClusterOperationInfo": _v1(*_found(call, params))}


def _describe_v2(call: Call, params: Params) -> Result:
    cluster, operation = _found(call, params)
    provisioned = {
        "SourceClusterInfo": operation.source,
        "TargetClusterInfo": operation.target,
    }
    return {"ClusterOperationInfo": {**_summary(cluster, operation), "Provisioned": provisioned}}


def _found(call: Call, params: Params) -> tuple[Cluster, ClusterOperation]:
    text = params["ClusterOperationArn"]
    arn = Arn.find(text)
    match = _OPERATION.fullmatch(arn.resource) if arn else None
    if arn is None or match is None:
        raise invalid(MALFORMED, "clusterOperationArn")
    with call.database.read() as tx:
        cluster = naming.found(tx, call, str(replace(arn, resource=f"cluster/{match[1]}")))
        operations = cluster_operations.of_cluster(tx, cluster.id) if cluster else []
    for operation in operations:
        if cluster is not None and operation.id == match[2]:
            return cluster, operation
    raise missing("clusterOperationArn")


def _v1(cluster: Cluster, operation: ClusterOperation) -> dict[str, object]:
    return {
        "ClientRequestId": operation.request_id,
        "ClusterArn": cluster.arn,
        "CreationTime": to_datetime(operation.started_ms),
        "OperationArn": _arn(cluster, operation),
        "OperationState": _state(cluster, operation),
        "OperationType": operation.type,
        "SourceClusterInfo": operation.source,
        "TargetClusterInfo": operation.target,
    }


def _summary(cluster: Cluster, operation: ClusterOperation) -> dict[str, object]:
    return {
        "ClusterArn": cluster.arn,
        "ClusterType": views.PROVISIONED,
        "StartTime": to_datetime(operation.started_ms),
        "OperationArn": _arn(cluster, operation),
        "OperationState": _state(cluster, operation),
        "OperationType": operation.type,
    }


def _state(cluster: Cluster, operation: ClusterOperation) -> str:
    if operation.is_superseded:
        return "UPDATE_FAILED"
    if cluster.applied_revision >= operation.revision:
        return "UPDATE_COMPLETE"
    return "UPDATE_FAILED" if cluster.state == "FAILED" else "UPDATE_IN_PROGRESS"


def _arn(cluster: Cluster, operation: ClusterOperation) -> str:
    name = f"{cluster.name}/{cluster.id}"
    return cluster_operations.arn_of(cluster.account, cluster.region, name, operation.id)


OPERATIONS = (
    naming.on_cluster("UpdateSecurity", _update_security),
    Operation("kafka", "UpdateClusterConfiguration", _configuration_asks, _update_configuration),
    naming.on_cluster("ListClusterOperations", _list),
    naming.on_cluster("ListClusterOperationsV2", _list_v2),
    Operation("kafka", "DescribeClusterOperation", _describe_asks, _describe),
    Operation("kafka", "DescribeClusterOperationV2", _describe_asks, _describe_v2),
)
