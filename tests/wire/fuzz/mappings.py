"""Mappings to be fuzzed: one of a cluster that runs, one of somebody's own brokers."""

import io
import json
import zipfile
from typing import Any

from sluicegate.store import cluster_nodes, clusters
from sluicegate.store.cluster_nodes import Node
from sluicegate.testing import Endpoint

_TRUST = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    },
}
_ALL = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"},
}
_PATTERN = '{"value":{"a":[{"numeric":[">",1]}]}}'


def furnished(endpoint: Endpoint) -> dict[str, list[Any]]:
    """What is there to be named, by the members that name it."""
    role = endpoint.role("polled", trust=_TRUST, policy=_ALL)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("handler.py", "x")
    functions = endpoint.client("lambda")
    function = functions.create_function(
        FunctionName="polled",
        Role=role,
        Runtime="python3.11",
        Handler="handler.handle",
        Code={"ZipFile": packed.getvalue()},
    )
    text = json.dumps({"username": "polled", "password": "p"})
    secret = endpoint.client("secretsmanager").create_secret(Name="polled", SecretString=text)
    cluster = _cluster(endpoint)
    on_msk = functions.create_event_source_mapping(
        FunctionName="polled", EventSourceArn=cluster, Topics=["orders"], Tags={"team": "one"}
    )
    known = {
        "functionname": ["polled", function["FunctionArn"]],
        "eventsourcearn": [cluster],
        "topics": [["orders"]],
        "uri": [secret["ARN"]],
        "pattern": [_PATTERN],
        "uuid": [on_msk["UUID"]],
        "resource": [on_msk["EventSourceMappingArn"]],
    }
    own = functions.create_event_source_mapping(**_creation(known))
    known["uuid"].append(own["UUID"])
    return known


def calls(known: dict[str, list[Any]]) -> dict[str, dict[str, Any]]:
    """Parameters that work, by operation."""
    return {
        "CreateEventSourceMapping": _creation(known) | {"Topics": ["other"]},
        "GetEventSourceMapping": {"UUID": known["uuid"][0]},
        "ListEventSourceMappings": {"FunctionName": "polled", "MaxItems": 1},
    }


def _creation(known: dict[str, list[Any]]) -> dict[str, Any]:
    return {
        "FunctionName": "polled",
        "SelfManagedEventSource": {
            "Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["one.example:9092", "two.example:9092"]}
        },
        "Topics": ["orders"],
        "SourceAccessConfigurations": [{"Type": "BASIC_AUTH", "URI": known["uri"][0]}],
        "FilterCriteria": {"Filters": [{"Pattern": _PATTERN}]},
        "BatchSize": 10,
        "MaximumBatchingWindowInSeconds": 1,
        "SelfManagedKafkaEventSourceConfig": {"ConsumerGroupId": "polled"},
    }


def _cluster(endpoint: Endpoint) -> str:
    subnet = endpoint.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    group_info = {"ClientSubnets": [subnet], "InstanceType": "kafka.m5.large"}
    arn: str = endpoint.client("kafka").create_cluster(
        ClusterName="polled",
        KafkaVersion="3.9.x",
        NumberOfBrokerNodes=1,
        BrokerNodeGroupInfo=group_info,
    )["ClusterArn"]
    cluster_id = arn.rpartition("/")[2]
    with endpoint.databases.state.write() as tx:
        clusters.set_state(tx, cluster_id, ["CREATING"], "ACTIVE")
        clusters.set_applied(tx, cluster_id, 1)
        node = Node(cluster_id, 1, "127.0.1.1", {"CLIENT_SECURE": 9094}, subnet, "RUNNING", 0)
        cluster_nodes.place(tx, node)
    return arn
