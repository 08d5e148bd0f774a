"""Every operation, for somebody whose one policy allows just it, and for somebody without any."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore import xform_name
from tests.unit.operations.asserting import allow, no_policy, refused
from tests.unit.operations.kafka.asserting import (
    KAFKA,
    NOWHERE,
    SCRAM_ONLY,
    asked,
    bad_request,
    key,
    running,
    secret,
    started,
)

from sluicegate.operations.kafka import OPERATIONS
from sluicegate.testing import Endpoint

ALSO = ("ec2:Describe*", "kms:CreateGrant")
"""What the caller of an operation needs besides: MSK asks it in other services."""


@dataclass(frozen=True)
class Given:
    """A running cluster with a policy and a change, a configuration, and a secret."""

    endpoint: Endpoint
    name: str
    cluster: str
    configuration: str
    operation: str
    secret: str

    @property
    def version(self) -> str:
        info = self.endpoint.client("kafka").describe_cluster(ClusterArn=self.cluster)
        version: str = info["ClusterInfo"]["CurrentVersion"]
        return version

    @property
    def policy_version(self) -> str:
        found = self.endpoint.client("kafka").get_cluster_policy(ClusterArn=self.cluster)
        version: str = found["CurrentVersion"]
        return version


Params = Callable[[Given], dict[str, Any]]


def _cluster(given: Given) -> dict[str, Any]:
    return {"ClusterArn": given.cluster}


def _operation(given: Given) -> dict[str, Any]:
    return {"ClusterOperationArn": given.operation}


def _configuration(given: Given) -> dict[str, Any]:
    return {"Arn": given.configuration}


def _resource(given: Given) -> dict[str, Any]:
    return {"ResourceArn": given.cluster}


def _policy(given: Given) -> dict[str, Any]:
    clients = allow("kafka-cluster:Connect", resource=given.cluster, Principal="*")
    return {**_cluster(given), "Policy": json.dumps(clients)}


def _nothing(_given: Given) -> dict[str, Any]:
    return {}


def _version_2(given: Given) -> dict[str, Any]:
    request = asked(given.endpoint, f"new-{given.name}")
    return {"ClusterName": request.pop("ClusterName"), "Provisioned": request}


CLUSTER = "{cluster}"
CONFIGURATION = "{configuration}"

# The request, and what a denial prints for the resource.
CASES: dict[str, tuple[Params, str]] = {
    "BatchAssociateScramSecret": (
        lambda given: {**_cluster(given), "SecretArnList": [given.secret]},
        CLUSTER,
    ),
    "BatchDisassociateScramSecret": (
        lambda given: {**_cluster(given), "SecretArnList": [given.secret]},
        CLUSTER,
    ),
    "CreateCluster": (
        lambda given: asked(given.endpoint, f"new-{given.name}"),
        f"{KAFKA}:cluster/new-{{name}}/*",
    ),
    "CreateClusterV2": (_version_2, f"{KAFKA}:cluster/new-{{name}}/*"),
    "CreateConfiguration": (
        lambda given: {"Name": f"new-{given.name}", "ServerProperties": b""},
        f"{KAFKA}:configuration/new-{{name}}/*",
    ),
    "DeleteCluster": (_cluster, CLUSTER),
    "DeleteClusterPolicy": (_cluster, CLUSTER),
    "DeleteConfiguration": (_configuration, CONFIGURATION),
    "DescribeCluster": (_cluster, CLUSTER),
    "DescribeClusterOperation": (_operation, "{operation}"),
    "DescribeClusterOperationV2": (_operation, "{operation}"),
    "DescribeClusterV2": (_cluster, CLUSTER),
    "DescribeConfiguration": (_configuration, CONFIGURATION),
    "DescribeConfigurationRevision": (
        lambda given: {**_configuration(given), "Revision": 1},
        CONFIGURATION,
    ),
    "GetBootstrapBrokers": (_cluster, CLUSTER),
    "GetClusterPolicy": (_cluster, CLUSTER),
    "GetCompatibleKafkaVersions": (_nothing, f"{KAFKA}:/v1/compatible-kafka-versions"),
    "ListClusterOperations": (_cluster, CLUSTER),
    "ListClusterOperationsV2": (_cluster, CLUSTER),
    "ListClusters": (_nothing, f"{KAFKA}:/v1/clusters"),
    "ListClustersV2": (_nothing, f"{KAFKA}:/api/v2/clusters"),
    "ListConfigurationRevisions": (_configuration, CONFIGURATION),
    "ListConfigurations": (_nothing, f"{KAFKA}:/v1/configurations"),
    "ListKafkaVersions": (_nothing, f"{KAFKA}:/v1/kafka-versions"),
    "ListNodes": (_cluster, CLUSTER),
    "ListScramSecrets": (_cluster, CLUSTER),
    "ListTagsForResource": (_resource, CLUSTER),
    "PutClusterPolicy": (
        lambda given: {**_policy(given), "CurrentVersion": given.policy_version},
        CLUSTER,
    ),
    "TagResource": (lambda given: {**_resource(given), "Tags": {"a": "b"}}, CLUSTER),
    "UntagResource": (lambda given: {**_resource(given), "TagKeys": ["a"]}, CLUSTER),
    "UpdateClusterConfiguration": (
        lambda given: {
            **_cluster(given),
            "CurrentVersion": given.version,
            "ConfigurationInfo": {"Arn": given.configuration, "Revision": 1},
        },
        CLUSTER,
    ),
    "UpdateConfiguration": (
        lambda given: {**_configuration(given), "ServerProperties": b"num.partitions=2"},
        CONFIGURATION,
    ),
    "UpdateSecurity": (
        lambda given: {
            **_cluster(given),
            "CurrentVersion": given.version,
            "ClientAuthentication": {"Unauthenticated": {"Enabled": True}},
        },
        CLUSTER,
    ),
}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """An endpoint for the many operations of this file, whose things stand side by side."""
    with Endpoint(tmp_path_factory.mktemp("kafka") / "state") as made:
        yield made


def prepared(endpoint: Endpoint, name: str) -> Given:
    kafka = endpoint.client("kafka")
    configuration = kafka.create_configuration(Name=name, ServerProperties=b"")["Arn"]
    cluster = running(endpoint, name, ClientAuthentication=SCRAM_ONLY)
    version = kafka.describe_cluster(ClusterArn=cluster)["ClusterInfo"]["CurrentVersion"]
    operation = kafka.update_security(
        ClusterArn=cluster,
        CurrentVersion=version,
        ClientAuthentication={"Sasl": {"Iam": {"Enabled": True}}},
    )["ClusterOperationArn"]
    started(endpoint, cluster)
    user = secret(endpoint, f"AmazonMSK_{name}", KmsKeyId=key(endpoint))
    given = Given(endpoint, name, cluster, configuration, operation, user)
    kafka.put_cluster_policy(**_policy(given))
    return given


def test_every_operation_is_tried_here() -> None:
    assert set(CASES) == {operation.name for operation in OPERATIONS}


def test_who_has_no_policy_is_refused_each(endpoint: Endpoint) -> None:
    given = prepared(endpoint, "events")
    alice = endpoint.user("alice").client("kafka")
    for name, (params, shown) in CASES.items():
        operation = getattr(alice, xform_name(name))
        told = refused(operation, status=403, **params(given))
        resource = shown.format(
            name=given.name,
            cluster=given.cluster,
            configuration=given.configuration,
            operation=given.operation,
        )
        assert told == ("AccessDeniedException", no_policy(f"kafka:{name}", resource))


@pytest.mark.parametrize("name", CASES)
def test_who_may_do_just_one_can(own: Endpoint, name: str) -> None:
    given = prepared(own, name)
    policy = allow(f"kafka:{name}", *ALSO)
    client = own.user(name, policy=policy).client("kafka")
    answer = getattr(client, xform_name(name))(**CASES[name][0](given))
    assert answer["ResponseMetadata"]["HTTPStatusCode"] in (200, 204)


def test_a_cluster_that_is_not_there_is_denied_like_one_that_is(endpoint: Endpoint) -> None:
    alice = endpoint.user("alice").client("kafka")
    _, message = refused(alice.describe_cluster, status=403, ClusterArn=NOWHERE)
    assert message == no_policy("kafka:DescribeCluster", NOWHERE)
    _, message = refused(alice.describe_cluster_v2, status=403, ClusterArn="events")
    assert message == no_policy("kafka:DescribeClusterV2", "events")


def test_one_cluster_by_arn(endpoint: Endpoint) -> None:
    mine, other = running(endpoint, "mine"), running(endpoint, "other")
    policy = allow("kafka:Describe*", "kafka:Get*", "kafka:List*", resource=mine)
    alice = endpoint.user("alice", policy=policy).client("kafka")
    assert alice.describe_cluster(ClusterArn=mine)["ClusterInfo"]["ClusterName"] == "mine"
    assert alice.get_bootstrap_brokers(ClusterArn=mine)["BootstrapBrokerStringTls"]
    _, message = refused(alice.get_bootstrap_brokers, status=403, ClusterArn=other)
    assert message == no_policy("kafka:GetBootstrapBrokers", other)
    _, message = refused(alice.list_clusters, status=403)
    assert message == no_policy("kafka:ListClusters", f"{KAFKA}:/v1/clusters")


@pytest.mark.parametrize("prefix", ["aws", "kafka"])
def test_clusters_by_the_tag_of_their_owner(endpoint: Endpoint, prefix: str) -> None:
    by_tag = {"StringEquals": {f"{prefix}:ResourceTag/Owner": "${aws:username}"}}
    policy = allow("kafka:Describe*", Condition=by_tag)
    hers = running(endpoint, "hers", Tags={"Owner": "alice"})
    his = running(endpoint, "his", Tags={"Owner": "bob"})
    alice = endpoint.user("alice", policy=policy).client("kafka")
    assert alice.describe_cluster(ClusterArn=hers)["ClusterInfo"]["Tags"] == {"Owner": "alice"}
    _, message = refused(alice.describe_cluster, status=403, ClusterArn=his)
    assert message == no_policy("kafka:DescribeCluster", his)


def test_tags_may_be_asked_for_at_creation_and_after(endpoint: Endpoint) -> None:
    running(endpoint, "first")
    tagged = {"StringEquals": {"aws:RequestTag/Owner": "alice"}}
    policy = allow("kafka:CreateCluster", "kafka:TagResource", Condition=tagged)
    policy["Statement"] += allow("ec2:Describe*")["Statement"]
    alice = endpoint.user("alice", policy=policy).client("kafka")
    refused(alice.create_cluster, status=403, **asked(endpoint))
    arn = alice.create_cluster(**asked(endpoint, Tags={"Owner": "alice"}))["ClusterArn"]
    refused(alice.tag_resource, status=403, ResourceArn=arn, Tags={"Owner": "bob"})
    alice.tag_resource(ResourceArn=arn, Tags={"Owner": "alice", "env": "dev"})
    kafka = endpoint.client("kafka")
    kafka.untag_resource(ResourceArn=arn, TagKeys=["Owner"])
    assert kafka.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"env": "dev"}


def test_only_clusters_have_tags_here(endpoint: Endpoint) -> None:
    kafka, arn = endpoint.client("kafka"), running(endpoint)
    message = bad_request(kafka.list_tags_for_resource, ResourceArn=f"{KAFKA}:configuration/x")
    assert message == "Invalid input resource arn"
    code, _ = refused(kafka.list_tags_for_resource, status=404, ResourceArn=NOWHERE)
    assert code == "NotFoundException"
    for sent, told in (
        ({"": "x"}, "A tag key must have 1 to 128 characters."),
        ({"k": "v" * 257}, "A tag value can have at most 256 characters."),
        ({"AWS:k": "v"}, "Tag keys that begin with aws: are reserved for AWS."),
        ({f"k{number}": "" for number in range(51)}, "A cluster can have at most 50 tags."),
    ):
        assert bad_request(kafka.tag_resource, ResourceArn=arn, Tags=sent) == told


def test_both_the_cluster_and_the_configuration_must_be_allowed(endpoint: Endpoint) -> None:
    given = prepared(endpoint, "events")
    policy = allow("kafka:UpdateClusterConfiguration", resource=given.cluster)
    alice = endpoint.user("alice", policy=policy).client("kafka")
    params = CASES["UpdateClusterConfiguration"][0](given)
    _, message = refused(alice.update_cluster_configuration, status=403, **params)
    assert message == no_policy("kafka:UpdateClusterConfiguration", given.configuration)


def test_an_operation_is_allowed_by_its_cluster(endpoint: Endpoint) -> None:
    given = prepared(endpoint, "events")
    policy = allow("kafka:DescribeClusterOperation", resource=given.cluster)
    alice = endpoint.user("alice", policy=policy).client("kafka")
    told = alice.describe_cluster_operation(ClusterOperationArn=given.operation)
    assert told["ClusterOperationInfo"]["OperationArn"] == given.operation
