"""Cluster policies: put, read, deleted, refused, and what they let whom do at the endpoint."""

import json
from typing import Any

import pytest
from tests.unit.operations.asserting import ACCOUNT, allow, no_policy, refused
from tests.unit.operations.kafka.asserting import (
    NOWHERE,
    bad_request,
    created,
    running,
    stated,
)

from sluicegate.testing import Endpoint

MISSING = (
    "NotFoundException",
    "The resource could not be found due to incorrect input. Correct the input, then retry the "
    "request.",
)
INVALID = "The cluster policy is not valid. "
OTHERS = {"AWS": "111122223333"}
SHARED = ("kafka:DescribeCluster*", "kafka:GetBootstrapBrokers", "kafka-cluster:*")


def opening(*resources: str, **more: Any) -> dict[str, Any]:
    """A policy as the MSK guide has them: another account may use the cluster."""
    return allow(*SHARED, **({"resource": list(resources), "Principal": OTHERS} | more))


def put(endpoint: Endpoint, cluster: str, document: Any, **more: Any) -> str:
    """Put a policy; its version."""
    policy = document if isinstance(document, str) else json.dumps(document)
    kafka = endpoint.client("kafka")
    answer = kafka.put_cluster_policy(ClusterArn=cluster, Policy=policy, **more)
    version: str = answer["CurrentVersion"]
    return version


def invalid(endpoint: Endpoint, cluster: str, document: Any) -> str:
    """Why a policy is refused."""
    policy = document if isinstance(document, str) else json.dumps(document)
    put_it = endpoint.client("kafka").put_cluster_policy
    told = bad_request(put_it, ClusterArn=cluster, Policy=policy)
    assert told.startswith(INVALID)
    return told.removeprefix(INVALID)


def part(cluster: str, kind: str, name: str) -> str:
    return f"{cluster.replace(':cluster/', f':{kind}/')}/{name}"


def test_a_policy_is_read_as_it_was_put_until_it_is_deleted(endpoint: Endpoint) -> None:
    kafka, cluster = endpoint.client("kafka"), running(endpoint)
    parts = [part(cluster, kind, "*") for kind in ("topic", "group", "transactional-id")]
    policy = opening(cluster, *parts)
    assert refused(kafka.get_cluster_policy, status=404, ClusterArn=cluster) == MISSING
    assert refused(kafka.delete_cluster_policy, status=404, ClusterArn=cluster) == MISSING
    version = put(endpoint, cluster, policy)
    found = kafka.get_cluster_policy(ClusterArn=cluster)
    assert (json.loads(found["Policy"]), found["CurrentVersion"]) == (policy, version)
    # The cluster's own version, which its updates name, is another one.
    described = kafka.describe_cluster(ClusterArn=cluster)["ClusterInfo"]
    assert described["CurrentVersion"] != version
    kafka.delete_cluster_policy(ClusterArn=cluster)
    assert refused(kafka.get_cluster_policy, status=404, ClusterArn=cluster) == MISSING


def test_who_changes_a_policy_says_which_one_he_has_seen(endpoint: Endpoint) -> None:
    kafka, cluster = endpoint.client("kafka"), running(endpoint)
    stale = (
        "The version of the cluster policy isn't current. Check the current version and try again."
    )
    request = {"ClusterArn": cluster, "Policy": json.dumps(opening(cluster))}
    put_it = kafka.put_cluster_policy
    assert bad_request(put_it, **request, CurrentVersion="K13V1IB3VIYZZH") == stale
    first = put(endpoint, cluster, opening(cluster))
    assert bad_request(put_it, **request) == "Current cluster policy version needed for Update"
    second = put(endpoint, cluster, opening(cluster), CurrentVersion=first)
    assert second != first
    assert bad_request(put_it, **request, CurrentVersion=first) == stale
    kafka.delete_cluster_policy(ClusterArn=cluster)
    put(endpoint, cluster, opening(cluster))


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ("", "Syntax errors in policy."),
        ("{}", "Syntax errors in policy."),
        (allow("kafka:*"), "Missing required field Principal"),
        (allow("kafka:*", Principal=OTHERS, Condition={"Like": {"a:b": "c"}}), "Syntax errors"),
        (allow("kafka", Principal=OTHERS), "Actions/Conditions must be prefaced by a vendor"),
        (allow("kafka:*", Principal={"AWS": "nobody"}), "The IAM Principal was not found."),
        (
            allow("kafka:*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:user/nobody"}),
            "The IAM Principal was not found.",
        ),
        (allow("kafka:*", Principal=OTHERS, Sid="x" * 20_480), "A cluster policy can have at most"),
    ],
)
def test_a_policy_that_could_not_be_judged_is_refused(
    endpoint: Endpoint, document: Any, told: str
) -> None:
    assert invalid(endpoint, running(endpoint), document).startswith(told)


def test_a_policy_speaks_of_its_cluster_and_of_nothing_else(endpoint: Endpoint) -> None:
    cluster = running(endpoint)
    topic = part(cluster, "topic", "orders")
    others = [
        "*",
        NOWHERE,
        cluster[:-1],
        f"{cluster}1",
        f"{cluster}1*",
        f"{cluster}/orders",
        part(cluster, "topic", ""),
        part(cluster, "configuration", "x"),
        part(NOWHERE, "topic", "*"),
        topic.replace(ACCOUNT, "111122223333"),
        topic.replace(ACCOUNT, "*"),
        topic.replace("us-east-1", "*"),
        topic.replace("arn:aws:", "arn:aws-cn:"),
        topic.replace(":kafka:", ":sqs:"),
    ]
    for other in others:
        assert invalid(endpoint, cluster, opening(cluster, other)) == "Invalid cluster arn", other
        denying = {"NotResource": other, "Effect": "Deny", "Principal": "*", "Action": "kafka:*"}
        document = {"Version": "2012-10-17", "Statement": denying}
        assert invalid(endpoint, cluster, document) == "Invalid cluster arn", other
    owner, _, names = cluster.partition(":cluster/")
    named = names.partition("/")[0]
    fitting = [
        cluster,
        f"{owner}:cluster/*",
        f"{owner}:topic/{named}/*",
        f"{owner}:topic/*/orders",
        part(cluster, "topic", "or?ers-*"),
        part(cluster, "topic", "${aws:username}"),
        part(cluster, "group", "*"),
        part(cluster, "transactional-id", "tx"),
    ]
    put(endpoint, cluster, opening(*fitting))


def test_states_in_which_a_policy_may_be_put_and_taken_back(endpoint: Endpoint) -> None:
    kafka, cluster = endpoint.client("kafka"), created(endpoint)
    request = {"ClusterArn": cluster, "Policy": json.dumps(opening(cluster))}
    told = "You can't put a policy on a cluster in {} state."
    assert bad_request(kafka.put_cluster_policy, **request) == told.format("CREATING")
    stated(endpoint, cluster, "HEALING", "a node is away")
    version = put(endpoint, cluster, opening(cluster))
    stated(endpoint, cluster, "FAILED", "it does not start")
    request["CurrentVersion"] = version
    assert bad_request(kafka.put_cluster_policy, **request) == told.format("FAILED")
    kafka.delete_cluster(ClusterArn=cluster)
    assert bad_request(kafka.put_cluster_policy, **request) == told.format("DELETING")
    assert kafka.get_cluster_policy(ClusterArn=cluster)["CurrentVersion"] == version
    kafka.delete_cluster_policy(ClusterArn=cluster)
    unknown = {**request, "ClusterArn": NOWHERE}
    assert refused(kafka.put_cluster_policy, status=404, **unknown) == MISSING
    malformed = {**request, "ClusterArn": "events"}
    assert "not valid" in bad_request(kafka.put_cluster_policy, **malformed)


def test_somebody_made_again_under_his_name_is_not_meant(endpoint: Endpoint) -> None:
    kafka, iam, cluster = endpoint.client("kafka"), endpoint.client("iam"), running(endpoint)
    first = endpoint.user("alice")
    naming = allow("kafka:DescribeCluster", resource=cluster, Principal={"AWS": first.arn})
    put(endpoint, cluster, naming)
    assert json.loads(kafka.get_cluster_policy(ClusterArn=cluster)["Policy"]) == naming
    assert first.client("kafka").describe_cluster(ClusterArn=cluster)["ClusterInfo"]
    for key in iam.list_access_keys(UserName="alice")["AccessKeyMetadata"]:
        iam.delete_access_key(UserName="alice", AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName="alice")
    second = endpoint.user("alice").client("kafka")
    _, message = refused(second.describe_cluster, status=403, ClusterArn=cluster)
    assert message == no_policy("kafka:DescribeCluster", cluster)
    shown = json.loads(kafka.get_cluster_policy(ClusterArn=cluster)["Policy"])
    assert shown["Statement"][0]["Principal"]["AWS"].startswith("AIDA")


def test_within_the_account_either_side_may_allow_and_a_deny_holds_for_everybody(
    endpoint: Endpoint,
) -> None:
    cluster = running(endpoint)
    alice, bob = endpoint.user("alice"), endpoint.user("bob", policy=allow("kafka:*"))
    document = allow("kafka:*", resource=cluster, Principal={"AWS": alice.arn})
    version = put(endpoint, cluster, document)
    hers, his = alice.client("kafka"), bob.client("kafka")
    for client in (hers, his):
        assert client.describe_cluster(ClusterArn=cluster)["ClusterInfo"]["State"] == "ACTIVE"
    # What changes a cluster, too, is opened to its own account.
    hers.tag_resource(ResourceArn=cluster, Tags={"a": "b"})
    (denying,) = allow("kafka:Describe*", resource=cluster, Principal="*")["Statement"]
    document["Statement"].append(denying | {"Effect": "Deny"})
    put(endpoint, cluster, document, CurrentVersion=version)
    for client in (hers, his, endpoint.client("kafka")):
        _, message = refused(client.describe_cluster_v2, status=403, ClusterArn=cluster)
        assert message.endswith("with an explicit deny in a resource-based policy")
    assert hers.get_cluster_policy(ClusterArn=cluster)["Policy"]
