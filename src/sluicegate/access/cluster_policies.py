"""What a cluster itself says of who may use it: asked at the endpoint and by its brokers alike."""

from ..iam.model import PolicyKind
from ..store import cluster_policies
from ..store.clusters import Cluster
from ..store.database import Tx
from .callers import ResourcePolicy


def of_cluster(tx: Tx, cluster: Cluster) -> ResourcePolicy | None:
    """The policy of a cluster, which counts for its topics, groups and transactional ids too."""
    found = cluster_policies.find(tx, cluster.id)
    if found is None:
        return None
    return ResourcePolicy(found.text, PolicyKind.RESOURCE, uri=cluster.arn)
