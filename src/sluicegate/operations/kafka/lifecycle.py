"""Clusters described, listed, deleted."""

from ...store import clusters, scram_secrets
from ...store.clusters import Cluster
from ...store.scram_secrets import ScramSecret
from ..operation import Call, Params, Result
from . import key_grants, naming, paging, scram_access, views
from .refusals import STALE, invalid

_TYPES = ("PROVISIONED", "SERVERLESS")


def _describe(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        return {"ClusterInfo": views.v1(tx, naming.cluster_of(tx, call, params["ClusterArn"]))}


def _describe_v2(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        return {"ClusterInfo": views.v2(tx, naming.cluster_of(tx, call, params["ClusterArn"]))}


def _list(call: Call, params: Params) -> Result:
    prefix = params.get("ClusterNameFilter") or ""
    with call.database.read() as tx:
        found = clusters.of_account(tx, call.account, call.region, prefix)
        return paging.page(
            params, "ClusterInfoList", found, _name, lambda cluster: views.v1(tx, cluster)
        )


def _list_v2(call: Call, params: Params) -> Result:
    prefix, kind = params.get("ClusterNameFilter") or "", params.get("ClusterTypeFilter")
    if kind is not None and kind.upper() not in _TYPES:
        raise invalid("Valid cluster types: PROVISIONED, SERVERLESS.", "clusterTypeFilter")
    with call.database.read() as tx:
        found = clusters.of_account(tx, call.account, call.region, prefix)
        if kind is not None and kind.upper() != views.PROVISIONED:
            found = []
        return paging.page(
            params, "ClusterInfoList", found, _name, lambda cluster: views.v2(tx, cluster)
        )


def _name(cluster: Cluster) -> str:
    return cluster.name


def _delete(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        cluster = naming.cluster_of(tx, call, params["ClusterArn"])
        if cluster.wanted == clusters.DELETED:
            raise invalid("You can't delete cluster in DELETING state.")
        version = params.get("CurrentVersion")
        if version is not None and version != cluster.current_version:
            raise invalid(STALE, "currentVersion")
        clusters.want_deleted(tx, cluster.id)
        secrets = scram_secrets.associated(tx, cluster.id)
        for secret in secrets:
            scram_secrets.disassociate(tx, cluster.id, secret.secret_arn)
    _let_go(call, cluster, secrets)
    call.keepers.nudge()
    return {"ClusterArn": cluster.arn, "State": "DELETING"}


def _let_go(call: Call, cluster: Cluster, secrets: list[ScramSecret]) -> None:
    """Give back what MSK was given for a cluster that nobody can use any more."""
    if cluster.volume_grant_id:
        key_grants.retire(call, cluster.volume_key_arn, cluster.volume_grant_id, cluster.arn)
    scram_access.give_back_all(call, cluster, secrets)


OPERATIONS = (
    naming.on_cluster("DescribeCluster", _describe),
    naming.on_cluster("DescribeClusterV2", _describe_v2),
    naming.on_account("ListClusters", "/v1/clusters", _list),
    naming.on_account("ListClustersV2", "/api/v2/clusters", _list_v2),
    naming.on_cluster("DeleteCluster", _delete),
)
