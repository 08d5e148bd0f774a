"""Kafka's operations as IAM actions, and parts of a cluster as ARNs: the MSK guide's table.

No action stands for another, as READ stands for DESCRIBE in Kafka's own ACLs: MSK wants each.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ...store.clusters import Cluster, part_arn
from ...wire.connecting import SERVICE

# CREATE of CLUSTER is missing: Kafka then asks for each topic. So is what IAM has no action for:
# what brokers ask of each other, delegation tokens, the configuration of groups.
_ACTIONS: Mapping[tuple[str, str], str] = {
    ("DESCRIBE", "CLUSTER"): "DescribeCluster",
    ("ALTER", "CLUSTER"): "AlterCluster",
    ("DESCRIBE_CONFIGS", "CLUSTER"): "DescribeClusterDynamicConfiguration",
    ("ALTER_CONFIGS", "CLUSTER"): "AlterClusterDynamicConfiguration",
    ("IDEMPOTENT_WRITE", "CLUSTER"): "WriteDataIdempotently",
    ("CREATE", "TOPIC"): "CreateTopic",
    ("DESCRIBE", "TOPIC"): "DescribeTopic",
    ("ALTER", "TOPIC"): "AlterTopic",
    ("DELETE", "TOPIC"): "DeleteTopic",
    ("DESCRIBE_CONFIGS", "TOPIC"): "DescribeTopicDynamicConfiguration",
    ("ALTER_CONFIGS", "TOPIC"): "AlterTopicDynamicConfiguration",
    ("READ", "TOPIC"): "ReadData",
    ("WRITE", "TOPIC"): "WriteData",
    ("DESCRIBE", "GROUP"): "DescribeGroup",
    ("READ", "GROUP"): "AlterGroup",
    ("DELETE", "GROUP"): "DeleteGroup",
    ("DESCRIBE", "TRANSACTIONAL_ID"): "DescribeTransactionalId",
    ("WRITE", "TRANSACTIONAL_ID"): "AlterTransactionalId",
}
_NOUNS = {"TOPIC": "topic", "GROUP": "group", "TRANSACTIONAL_ID": "transactional-id"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client of a broker wants: an operation on a resource, by Kafka's names of both."""

    operation: str
    resource_type: str
    name: str

    @property
    def action(self) -> str | None:
        """The IAM action; None where there is none, and so nobody may."""
        action = _ACTIONS.get((self.operation, self.resource_type))
        return f"{SERVICE}:{action}" if action else None

    @property
    def is_on_cluster(self) -> bool:
        """Whether it is about the cluster itself: only that has tags."""
        return self.resource_type == "CLUSTER"

    def resource(self, cluster: Cluster) -> str:
        """The ARN that policies name."""
        if self.is_on_cluster:
            return cluster.arn
        return part_arn(cluster.arn, _NOUNS[self.resource_type], self.name)
