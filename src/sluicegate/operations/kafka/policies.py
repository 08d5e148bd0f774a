"""Cluster policies: which principals, of whatever account, may use a cluster and its brokers.

Users and roles are kept by unique id, so that one deleted and made again is not meant by it.
"""

import json
import re
from collections.abc import Iterable
from typing import Any

from ... import iam
from ...errors import AwsError
from ...iam.model import PolicyKind
from ...store import cluster_policies
from ...store.cluster_policies import ClusterPolicy
from ...store.clusters import Cluster
from ...store.database import Tx
from .. import whom
from ..operation import Call, Params, Result
from . import naming
from .refusals import invalid, missing

_MOST_BYTES = 20 * 1024
# What a policy may speak of: the resource types of `kafka-cluster` actions.
_KINDS = ("cluster", "topic", "group", "transactional-id")
_OPEN = re.compile(r"[*?$]")

_VERSION_NEEDED = "Current cluster policy version needed for Update"
_STALE = "The version of the cluster policy isn't current. Check the current version and try again."


def _put(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        cluster = naming.cluster_of(tx, call, params["ClusterArn"])
        if cluster.current_state not in naming.USABLE:
            raise invalid(f"You can't put a policy on a cluster in {cluster.current_state} state.")
        text = params["Policy"]
        _check(tx, cluster, text)
        _check_version(cluster_policies.find(tx, cluster.id), params.get("CurrentVersion"))
        policy = ClusterPolicy(cluster.id, whom.pinned(tx, text), naming.new_version())
        cluster_policies.put(tx, policy)
    return {"CurrentVersion": policy.version}


def _check_version(stored: ClusterPolicy | None, expected: str | None) -> None:
    """Whoever changes a policy says which one he has seen; where there is none, he saw none."""
    if stored is not None and not expected:
        raise invalid(_VERSION_NEEDED, "currentVersion")
    if expected and (stored is None or stored.version != expected):
        raise invalid(_STALE, "currentVersion")


def _check(tx: Tx, cluster: Cluster, text: str) -> None:
    """Refuse what is no policy, names nobody who lives, or speaks of anything but the cluster."""
    if len(text.encode()) > _MOST_BYTES:
        raise _malformed(f"A cluster policy can have at most {_MOST_BYTES} bytes.")
    try:
        policy = iam.compile(text, PolicyKind.RESOURCE)
    except iam.MalformedPolicy as error:
        raise _malformed(error.message) from None
    if not all(whom.exists(tx, name) for name in iam.principals_of(policy)):
        raise _malformed("The IAM Principal was not found.")
    if not all(_is_of(cluster, pattern) for pattern in _resources(json.loads(text))):
        raise _malformed("Invalid cluster arn")


def _malformed(why: str) -> AwsError:
    return invalid(f"The cluster policy is not valid. {why}", "policy")


def _resources(document: Any) -> Iterable[str]:
    for statement in iam.statements_of(document):
        for element in ("Resource", "NotResource"):
            given = statement.get(element, [])
            yield from given if isinstance(given, list) else [given]


def _is_of(cluster: Cluster, pattern: str) -> bool:
    """Whether a resource is the cluster or a part of it, or a pattern that such an ARN may fit."""
    owner, _, names = cluster.arn.partition(":cluster/")
    if not pattern.startswith(f"{owner}:"):
        return False
    kind, _, given = pattern.removeprefix(f"{owner}:").partition("/")
    fixed = names if kind == "cluster" else f"{names}/"
    wildcard = _OPEN.search(given)
    if kind not in _KINDS:
        return False
    if kind != "cluster" and given.startswith(fixed):
        return len(given) > len(fixed)
    if wildcard is None:
        return given == names and kind == "cluster"
    return fixed.startswith(given[: wildcard.start()])


def _get(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        cluster = naming.cluster_of(tx, call, params["ClusterArn"])
        stored = cluster_policies.find(tx, cluster.id)
        if stored is None:
            raise missing("clusterArn")
        return {"CurrentVersion": stored.version, "Policy": whom.shown(tx, stored.text)}


def _delete(call: Call, params: Params) -> Result:
    """Take back what a policy gave, in whatever state the cluster is."""
    with call.database.write() as tx:
        cluster = naming.cluster_of(tx, call, params["ClusterArn"])
        if not cluster_policies.delete(tx, cluster.id):
            raise missing("clusterArn")
    return {}


OPERATIONS = (
    naming.on_cluster("PutClusterPolicy", _put),
    naming.on_cluster("GetClusterPolicy", _get),
    naming.on_cluster("DeleteClusterPolicy", _delete),
)
