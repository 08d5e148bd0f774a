"""Which cluster a call means, and what is asked about it.

A cluster goes by its ARN alone. One that is not there is asked about under the ARN as it was given,
which is also what a denial prints: whoever may not know learns nothing.

INVARIANT: a cluster of another account than the caller's is only found for what reads, and its
policy is asked before anything of it is shown.
"""

import re
import secrets
import string
from collections.abc import Callable, Iterable, Mapping

from ...access import Ask
from ...access.cluster_policies import of_cluster
from ...arn import Arn
from ...iam.model import Context
from ...store import clusters, tags
from ...store.clusters import Cluster
from ...store.database import Tx
from ..operation import Call, Operation, Params, Result
from .refusals import MALFORMED, invalid, missing

NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]*")
_RESOURCE = re.compile(r"cluster/[0-9A-Za-z-]{1,64}/([0-9a-f-]{36}-[0-9s]{1,8})")
_ACCOUNT = re.compile(r"[0-9]{12}")
USABLE = ("ACTIVE", "UPDATING", "HEALING", "MAINTENANCE", "REBOOTING_BROKER")
"""The states of a cluster whose brokers serve, or will by themselves."""

# What a cluster's policy may open to other accounts. What changes a cluster has to do with roles,
# keys, secrets and configurations of its account, and is that account's.
_SHARED = frozenset(
    {
        "DescribeCluster",
        "DescribeClusterOperation",
        "DescribeClusterOperationV2",
        "DescribeClusterV2",
        "GetBootstrapBrokers",
        "GetClusterPolicy",
        "ListClusterOperations",
        "ListClusterOperationsV2",
        "ListNodes",
        "ListScramSecrets",
        "ListTagsForResource",
    }
)
_VERSION_LETTERS = string.ascii_uppercase + string.digits


def new_version() -> str:
    """A version of a cluster, or of its policy: updates must name the current one."""
    return "K" + "".join(secrets.choice(_VERSION_LETTERS) for _ in range(13))


def found(tx: Tx, call: Call, text: str) -> Cluster | None:
    """The cluster with this ARN, in this region: the caller's, or one that may be shared."""
    arn = Arn.find(text)
    match = _RESOURCE.fullmatch(arn.resource) if arn else None
    cluster = clusters.find(tx, match[1]) if match else None
    if cluster is None or cluster.arn != text or cluster.region != call.region:
        return None
    is_its = cluster.account == call.account
    return cluster if is_its or call.operation in _SHARED else None


def cluster_of(tx: Tx, call: Call, arn: str) -> Cluster:
    """The cluster with this ARN, or MSK's refusal."""
    cluster = found(tx, call, arn)
    if cluster is not None:
        return cluster
    if not is_cluster(arn):
        raise invalid(MALFORMED, "clusterArn")
    raise missing("clusterArn")


def is_cluster(text: str) -> bool:
    """Whether a text could be a cluster's ARN."""
    arn = Arn.find(text)
    return arn is not None and arn.service == "kafka" and bool(_RESOURCE.fullmatch(arn.resource))


def ask(
    call: Call,
    text: str,
    *,
    request_tags: Mapping[str, str] | None = None,
    context: Context | None = None,
) -> Ask:
    """May the caller do the operation to the cluster with this ARN?"""
    with call.database.read() as tx:
        cluster = found(tx, call, text)
        own = tags.of(tx, cluster.id) if cluster else {}
        policy = of_cluster(tx, cluster) if cluster else None
    return Ask(
        f"kafka:{call.operation}",
        resource(call, "cluster", text),
        context=context or {},
        tags=own,
        request_tags=request_tags,
        resource_policy=policy,
        shown=text,
    )


def resource(call: Call, noun: str, text: str) -> str:
    """The ARN a call is judged on: as given, or what the text would be if it were a name."""
    arn = Arn.find(text)
    is_msk_s = arn is not None and arn.service == "kafka" and _ACCOUNT.fullmatch(arn.account)
    return text if is_msk_s else call.arn("kafka", f"{noun}/{text}")


def on_cluster(action: str, run: Callable[[Call, Params], Result]) -> Operation:
    """An operation on the one cluster that ClusterArn names."""

    def asks(call: Call, params: Params) -> Iterable[Ask]:
        yield ask(call, params.get("ClusterArn") or "")

    return Operation("kafka", action, asks, run)


def on_account(action: str, path: str, run: Callable[[Call, Params], Result]) -> Operation:
    """An operation on nothing in particular: a denial prints its path, as MSK does."""

    def asks(call: Call, _params: Params) -> Iterable[Ask]:
        yield Ask(f"kafka:{action}", "*", shown=call.arn("kafka", path))

    return Operation("kafka", action, asks, run)
