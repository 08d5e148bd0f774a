"""Clusters and users' secrets in a word, and MSK's refusals of mistakes."""

import json
from collections.abc import Callable
from typing import Any

from tests.unit.operations.asserting import ACCOUNT, refused

from sluicegate.store import cluster_nodes, clusters
from sluicegate.store.cluster_nodes import Node
from sluicegate.testing import Endpoint

KAFKA = f"arn:aws:kafka:us-east-1:{ACCOUNT}"
NOWHERE = f"{KAFKA}:cluster/gone/0f0e0d0c-1111-2222-3333-444455556666-7"
INACCESSIBLE = "Amazon MSK wasn't able to access the provided secret."

IAM_ONLY = {"Sasl": {"Iam": {"Enabled": True}}}
SCRAM_ONLY = {"Sasl": {"Scram": {"Enabled": True}}}
PORTS = {"CLIENT": 9092, "CLIENT_SECURE": 9094, "CLIENT_SASL_SCRAM": 9096, "CLIENT_IAM": 9098}


def subnets(endpoint: Endpoint, count: int) -> list[str]:
    """Subnets of the default VPC, each in a zone of its own."""
    defaults = [{"Name": "default-for-az", "Values": ["true"]}]
    found = endpoint.client("ec2").describe_subnets(Filters=defaults)["Subnets"]
    return [subnet["SubnetId"] for subnet in found[:count]]


def asked(endpoint: Endpoint, name: str = "events", **more: Any) -> dict[str, Any]:
    """The least request for a cluster of one node, and what a test wants otherwise."""
    group_info = {"ClientSubnets": subnets(endpoint, 1), "InstanceType": "kafka.m5.large"}
    return {
        "ClusterName": name,
        "KafkaVersion": "3.9.x",
        "NumberOfBrokerNodes": 1,
        "BrokerNodeGroupInfo": group_info | more.pop("group_info", {}),
        **more,
    }


def created(endpoint: Endpoint, name: str = "events", **more: Any) -> str:
    """The ARN of a cluster that was made now; nobody has started it yet."""
    request = asked(endpoint, name, **more)
    arn: str = endpoint.client("kafka").create_cluster(**request)["ClusterArn"]
    return arn


def running(endpoint: Endpoint, name: str = "events", **more: Any) -> str:
    """The ARN of a cluster whose keeper, played by this function, says that it runs."""
    arn = created(endpoint, name, **more)
    started(endpoint, arn)
    return arn


def started(endpoint: Endpoint, arn: str) -> None:
    """Say what a keeper says when everything that is wanted of a cluster has come true."""
    with endpoint.databases.state.write() as tx:
        cluster = clusters.find(tx, arn.rpartition("/")[2])
        assert cluster is not None
        clusters.set_state(tx, cluster.id, ("CREATING", "ACTIVE"), "ACTIVE")
        clusters.set_running(tx, cluster.id, "4.4.0", "kafkaid")
        clusters.set_applied(tx, cluster.id, cluster.revision)
        for number in range(1, cluster.node_count + 1):
            subnet = cluster.subnet_ids[(number - 1) % len(cluster.subnet_ids)]
            ports = {listener: PORTS[listener] for listener in cluster.security.listeners}
            node = Node(cluster.id, number, f"127.0.1.{number}", ports, subnet, "RUNNING", 0)
            cluster_nodes.place(tx, node)


def stated(endpoint: Endpoint, arn: str, state: str, message: str | None = None) -> None:
    """Say what a keeper says of a cluster."""
    with endpoint.databases.state.write() as tx:
        states = ("CREATING", "ACTIVE", "HEALING", "FAILED")
        code = message and "BrokerTrouble"
        assert clusters.set_state(tx, arn.rpartition("/")[2], states, state, code, message)


def key(endpoint: Endpoint) -> str:
    """The ARN of a customer's key."""
    arn: str = endpoint.client("kms").create_key()["KeyMetadata"]["Arn"]
    return arn


def secret(
    endpoint: Endpoint, name: str = "AmazonMSK_alice", *, value: Any = None, **more: Any
) -> str:
    """The ARN of a secret of a user."""
    user = {"username": name.rpartition("_")[2], "password": "alice-secret"}
    text = value if isinstance(value, str) else json.dumps(user if value is None else value)
    made = endpoint.client("secretsmanager").create_secret(Name=name, SecretString=text, **more)
    arn: str = made["ARN"]
    return arn


def bad_request(operation: Callable[..., Any], **params: Any) -> str:
    """The message of MSK's refusal of a mistake."""
    code, message = refused(operation, **params)
    assert code == "BadRequestException"
    return message
