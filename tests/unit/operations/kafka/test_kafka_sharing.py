"""Clusters of another account: both sides must allow, and who is refused learns nothing."""

import json
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from tests.unit.operations.asserting import ACCOUNT, allow, refused
from tests.unit.operations.kafka.asserting import NOWHERE, SCRAM_ONLY, running, started
from tests.unit.operations.kms.foreign import FOREIGN, stranger
from tests.unit.operations.lambda_.asserting import trusting, with_code

from sluicegate.store.organizations import nodes, organizations
from sluicegate.store.organizations.nodes import Node
from sluicegate.testing import Endpoint, Member

ANYTHING = allow("*")
READING = ("kafka:Describe*", "kafka:Get*", "kafka:List*")
EVE = f"arn:aws:iam::{FOREIGN}:user/eve"


def opened(endpoint: Endpoint, *statements: dict[str, Any], **more: Any) -> str:
    """A running cluster with a policy of these statements about it."""
    cluster = running(endpoint, **more)
    whole = [{"Effect": "Allow", "Resource": cluster, **each} for each in statements]
    policy = json.dumps({"Version": "2012-10-17", "Statement": whole})
    endpoint.client("kafka").put_cluster_policy(ClusterArn=cluster, Policy=policy)
    return cluster


def may_read(**more: Any) -> dict[str, Any]:
    return {"Principal": {"AWS": FOREIGN}, "Action": list(READING), **more}


def sentence(action: str, resource: str, layer: str) -> str:
    return (
        f"User: {EVE} is not authorized to perform: {action} on resource: {resource} "
        f"because no {layer} policy allows the {action} action"
    )


def test_a_user_of_another_account_reads_where_both_sides_allow(endpoint: Endpoint) -> None:
    tags = {"Owner": "root"}
    cluster = opened(endpoint, may_read(), ClientAuthentication=SCRAM_ONLY, Tags=tags)
    kafka = endpoint.client("kafka")
    changed = kafka.update_security(
        ClusterArn=cluster,
        CurrentVersion=kafka.describe_cluster(ClusterArn=cluster)["ClusterInfo"]["CurrentVersion"],
        ClientAuthentication={"Sasl": {"Iam": {"Enabled": True}}},
    )["ClusterOperationArn"]
    started(endpoint, cluster)
    eve = stranger(endpoint, ANYTHING).client("kafka")
    assert eve.describe_cluster(ClusterArn=cluster)["ClusterInfo"]["ClusterArn"] == cluster
    assert eve.describe_cluster_v2(ClusterArn=cluster)["ClusterInfo"]["Tags"] == tags
    assert "9098" in eve.get_bootstrap_brokers(ClusterArn=cluster)["BootstrapBrokerStringSaslIam"]
    assert json.loads(eve.get_cluster_policy(ClusterArn=cluster)["Policy"])
    assert len(eve.list_nodes(ClusterArn=cluster)["NodeInfoList"]) == 1
    assert eve.list_scram_secrets(ClusterArn=cluster)["SecretArnList"] == []
    assert eve.list_tags_for_resource(ResourceArn=cluster)["Tags"] == tags
    for name in ("list_cluster_operations", "list_cluster_operations_v2"):
        assert len(getattr(eve, name)(ClusterArn=cluster)["ClusterOperationInfoList"]) == 1
    for name in ("describe_cluster_operation", "describe_cluster_operation_v2"):
        told = getattr(eve, name)(ClusterOperationArn=changed)["ClusterOperationInfo"]
        assert told["OperationArn"] == changed
    # Lists are of the caller's own account, whatever else he may see.
    assert eve.list_clusters()["ClusterInfoList"] == []


def test_one_side_alone_is_not_enough(endpoint: Endpoint) -> None:
    cluster = opened(endpoint, {**may_read(), "Action": "kafka:DescribeCluster"})
    eve = stranger(endpoint, allow("kafka:GetBootstrapBrokers")).client("kafka")
    _, message = refused(eve.describe_cluster, status=403, ClusterArn=cluster)
    assert message == sentence("kafka:DescribeCluster", cluster, "identity-based")
    _, message = refused(eve.get_bootstrap_brokers, status=403, ClusterArn=cluster)
    assert message == sentence("kafka:GetBootstrapBrokers", cluster, "resource-based")


def test_what_changes_a_cluster_is_its_account_s_alone(endpoint: Endpoint) -> None:
    cluster = opened(endpoint, may_read(Action="kafka:*"))
    eve = stranger(endpoint, ANYTHING).client("kafka")
    arn, version = {"ClusterArn": cluster}, {"CurrentVersion": "K13V1IB3VIYZZH"}
    calls: dict[str, dict[str, Any]] = {
        "BatchAssociateScramSecret": arn | {"SecretArnList": ["x"]},
        "BatchDisassociateScramSecret": arn | {"SecretArnList": ["x"]},
        "DeleteCluster": arn,
        "DeleteClusterPolicy": arn,
        "PutClusterPolicy": arn | {"Policy": "{}"},
        "TagResource": {"ResourceArn": cluster, "Tags": {"a": "b"}},
        "UntagResource": {"ResourceArn": cluster, "TagKeys": ["a"]},
        "UpdateClusterConfiguration": arn
        | version
        | {"ConfigurationInfo": {"Arn": "x", "Revision": 1}},
        "UpdateSecurity": arn | version,
    }
    for name, params in calls.items():
        _, message = refused(getattr(eve, xform_name(name)), status=403, **params)
        assert message == sentence(f"kafka:{name}", cluster, "resource-based")


def told(member: Member, cluster: str) -> tuple[str, Any]:
    """What is said and kept of a refusal, without what of it is only its moment."""
    with pytest.raises(ClientError) as caught:
        member.client("kafka").describe_cluster_v2(ClusterArn=cluster)
    response = caught.value.response
    headers = response["ResponseMetadata"]["HTTPHeaders"]
    found = member.client("iam-toolbox").get_request_authorization_details(
        authorizationId=headers["x-sluicegate-authorization-id"]
    )
    found.pop("ResponseMetadata")
    for key in ("aws:CurrentTime", "aws:EpochTime"):
        found["requestContext"].pop(key)
    text = json.dumps(found, default=str).replace(cluster, "CLUSTER")
    return response["Error"]["Message"].replace(cluster, "CLUSTER"), json.loads(text)


@pytest.mark.parametrize(
    "statements",
    [
        [],
        [{"Principal": {"AWS": "444455556666"}, "Action": "kafka:*"}],
        [{"Principal": "*", "Action": "kafka:*", "Effect": "Deny"}],
        [may_read(), {"Principal": "*", "Action": "kafka:*", "Effect": "Deny"}],
        [may_read(Condition={"StringEquals": {"aws:ResourceTag/Owner": "eve"}})],
    ],
    ids=["no policy", "others", "a deny", "a deny beside an allow", "a condition"],
)
def test_an_unknown_cluster_and_a_refused_one_are_alike_to_a_stranger(
    endpoint: Endpoint, statements: list[dict[str, Any]]
) -> None:
    tags = {"Owner": "root"}
    cluster = opened(endpoint, *statements, Tags=tags) if statements else running(endpoint)
    eve = stranger(endpoint, ANYTHING)
    message, record = told(eve, cluster)
    assert message == sentence("kafka:DescribeClusterV2", "CLUSTER", "resource-based")
    assert (message, record) == told(eve, NOWHERE)


def test_who_is_shared_with_is_told_what_he_lacks_himself(endpoint: Endpoint) -> None:
    cluster = opened(endpoint, may_read(), Tags={"Owner": "root"})
    eve = stranger(endpoint, allow("iam:GetRequestAuthorization*"))
    message, record = told(eve, cluster)
    assert message == sentence("kafka:DescribeClusterV2", "CLUSTER", "identity-based")
    assert "CLUSTER" in [each["uri"] for each in record["policies"]]


def test_accounts_of_one_organization_are_told_the_whole_reason(endpoint: Endpoint) -> None:
    cluster = opened(endpoint, {"Principal": "*", "Action": "kafka:*", "Effect": "Deny"})
    endpoint.client("organizations").create_organization()
    with endpoint.databases.state.write() as tx:
        organization = organizations.of_account(tx, ACCOUNT)
        assert organization is not None
        root = nodes.root(tx, organization)
        nodes.add(tx, organization, Node(FOREIGN, root.id, "theirs", "eve@example.com", 1))
    message, record = told(stranger(endpoint, ANYTHING), cluster)
    assert message.endswith("with an explicit deny in a resource-based policy")
    assert "CLUSTER" in [each["uri"] for each in record["policies"]]


def test_a_cluster_of_another_account_is_no_trigger_s_source(endpoint: Endpoint) -> None:
    cluster = opened(endpoint, may_read())
    eve = stranger(endpoint, ANYTHING)
    iam, functions = eve.client("iam"), eve.client("lambda")
    trust, everything = json.dumps(trusting()), json.dumps(ANYTHING)
    role = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName="worker", PolicyName="given", PolicyDocument=everything)
    functions.create_function(**with_code(Role=role))
    source = {"FunctionName": "orders", "Topics": ["orders"], "StartingPosition": "LATEST"}
    create = functions.create_event_source_mapping
    _, message = refused(create, **source, EventSourceArn=cluster)
    assert message.startswith(
        "Error occurred while DescribeSubnets. EC2 Error Code: InvalidSubnetID.NotFound."
    )
    _, message = refused(create, **source, EventSourceArn=NOWHERE.replace(ACCOUNT, "1" * 12))
    assert message.endswith("does not have permissions to call DescribeCluster on MSK")
