"""Every operation, for somebody whose one policy allows just it, and for somebody without any."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore import xform_name
from tests.unit.operations.asserting import ACCOUNT, ALICE, allow, no_policy, refused
from tests.unit.operations.secretsmanager.asserting import ARN, NOT_FOUND, TOKENS

from sluicegate.operations.secretsmanager import OPERATIONS
from sluicegate.testing import Endpoint

ACCESS_TO_KMS = ("AccessDeniedException", "Access to KMS is not allowed")


@dataclass(frozen=True)
class Given:
    """A secret with two versions."""

    name: str
    arn: str


Params = Callable[[Given], dict[str, Any]]


def _secret(given: Given) -> dict[str, Any]:
    return {"SecretId": given.name}


def _nothing(_given: Given) -> dict[str, Any]:
    return {}


POLICY = json.dumps(
    allow("secretsmanager:GetSecretValue", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
)

# The request, and what a denial prints for the resource ('' = the secret's ARN).
CASES: dict[str, tuple[Params, str]] = {
    "BatchGetSecretValue": (lambda given: {"SecretIdList": [given.name]}, "*"),
    "CreateSecret": (
        lambda given: {"Name": f"new-{given.name}", "SecretString": "x"},
        "new-{name}",
    ),
    "DeleteResourcePolicy": (_secret, ""),
    "DeleteSecret": (_secret, ""),
    "DescribeSecret": (_secret, ""),
    "GetRandomPassword": (_nothing, "*"),
    "GetResourcePolicy": (_secret, ""),
    "GetSecretValue": (_secret, ""),
    "ListSecretVersionIds": (_secret, ""),
    "ListSecrets": (_nothing, "*"),
    "PutResourcePolicy": (lambda given: {"SecretId": given.name, "ResourcePolicy": POLICY}, ""),
    "PutSecretValue": (lambda given: {"SecretId": given.name, "SecretString": "new"}, ""),
    "RemoveRegionsFromReplication": (
        lambda given: {"SecretId": given.name, "RemoveReplicaRegions": ["eu-west-1"]},
        "",
    ),
    "ReplicateSecretToRegions": (
        lambda given: {"SecretId": given.name, "AddReplicaRegions": [{"Region": "eu-west-1"}]},
        "",
    ),
    "RestoreSecret": (_secret, ""),
    "StopReplicationToReplica": (_secret, ""),
    "TagResource": (
        lambda given: {"SecretId": given.name, "Tags": [{"Key": "a", "Value": "b"}]},
        "",
    ),
    "UntagResource": (lambda given: {"SecretId": given.name, "TagKeys": ["a"]}, ""),
    "UpdateSecret": (lambda given: {"SecretId": given.name, "SecretString": "newer"}, ""),
    "UpdateSecretVersionStage": (
        lambda given: {
            "SecretId": given.name,
            "VersionStage": "mine",
            "MoveToVersionId": TOKENS[0],
        },
        "",
    ),
    "ValidateResourcePolicy": (
        lambda given: {"SecretId": given.name, "ResourcePolicy": POLICY},
        "",
    ),
}


def prepared(endpoint: Endpoint, name: str, **more: Any) -> Given:
    client = endpoint.client("secretsmanager", region=more.pop("region", ""))
    made = client.create_secret(Name=name, SecretString="old", ClientRequestToken=TOKENS[0], **more)
    return Given(name, made["ARN"])


# What a secret must be for an operation to make sense.
PREPARED: dict[str, dict[str, Any]] = {
    "StopReplicationToReplica": {
        "region": "eu-west-1",
        "AddReplicaRegions": [{"Region": "us-east-1"}],
    }
}


@pytest.fixture
def given(endpoint: Endpoint) -> Given:
    return prepared(endpoint, "db")


def test_every_operation_is_tried_here() -> None:
    assert set(CASES) == {operation.name for operation in OPERATIONS}


def test_who_has_no_policy_is_refused_each(endpoint: Endpoint, given: Given) -> None:
    alice = endpoint.user("alice").client("secretsmanager")
    for name, (params, shown) in CASES.items():
        code, message = refused(getattr(alice, xform_name(name)), **params(given))
        resource = shown.format(name=given.name) or given.name
        assert code == "AccessDeniedException"
        assert message.startswith(no_policy(f"secretsmanager:{name}", resource))


def test_who_may_do_just_one_can(endpoint: Endpoint) -> None:
    for name, (params, _) in CASES.items():
        given = prepared(endpoint, name, **PREPARED.get(name, {}))
        policy = allow(f"secretsmanager:{name}")
        client = endpoint.user(name, policy=policy).client("secretsmanager")
        answer = getattr(client, xform_name(name))(**params(given))
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_a_denial_tells_neither_whether_a_secret_is_there_nor_its_suffix(
    endpoint: Endpoint, given: Given
) -> None:
    nobody = endpoint.user("alice").client("secretsmanager")
    for secret_id in (given.name, "nope", f"{ARN}:{given.name}", f"{ARN}:nope"):
        _, message = refused(nobody.get_secret_value, SecretId=secret_id)
        assert message.startswith(no_policy("secretsmanager:GetSecretValue", secret_id))
        assert given.arn not in message


def test_an_unknown_secret_is_refused_before_it_is_missed(endpoint: Endpoint) -> None:
    nobody = endpoint.user("alice").client("secretsmanager")
    _, message = refused(nobody.get_secret_value, SecretId="nope")
    assert message.startswith(no_policy("secretsmanager:GetSecretValue", "nope"))
    _, message = refused(nobody.get_secret_value, SecretId=f"{ARN}:nope")
    assert message.startswith(no_policy("secretsmanager:GetSecretValue", f"{ARN}:nope"))
    somebody = endpoint.user("bob", policy=allow("secretsmanager:*")).client("secretsmanager")
    assert refused(somebody.get_secret_value, SecretId="nope") == NOT_FOUND


def test_policies_match_the_whole_arn(endpoint: Endpoint, given: Given) -> None:
    for index, (resource, is_allowed) in enumerate(
        (
            (f"{ARN}:db-??????", True),
            (f"{ARN}:db-*", True),
            (given.arn, True),
            (f"{ARN}:db", False),
        )
    ):
        policy = allow("secretsmanager:GetSecretValue", resource=resource)
        client = endpoint.user(f"user{index}", policy=policy).client("secretsmanager")
        if is_allowed:
            assert client.get_secret_value(SecretId="db")["SecretString"] == "old"
        else:
            assert refused(client.get_secret_value, SecretId="db")[0] == "AccessDeniedException"


def test_making_a_secret_is_asked_on_the_arn_it_gets(endpoint: Endpoint) -> None:
    policy = allow("secretsmanager:CreateSecret", resource=f"{ARN}:app/db-??????")
    alice = endpoint.user("alice", policy=policy).client("secretsmanager")
    made = alice.create_secret(Name="app/db", SecretString="x")
    assert made["ARN"].startswith(f"{ARN}:app/db-") and len(made["ARN"]) == len(ARN) + 14
    _, message = refused(alice.create_secret, Name="other", SecretString="x")
    assert message.startswith(no_policy("secretsmanager:CreateSecret", "other"))


def test_tags_at_creation_are_asked_for_too(endpoint: Endpoint) -> None:
    tags = [{"Key": "team", "Value": "a"}]
    alice = endpoint.user("alice", policy=allow("secretsmanager:CreateSecret"))
    _, message = refused(alice.client("secretsmanager").create_secret, Name="s", Tags=tags)
    assert message.startswith(no_policy("secretsmanager:TagResource", "s"))
    policy = allow("secretsmanager:*", Condition={"StringEquals": {"aws:RequestTag/team": "a"}})
    bob = endpoint.user("bob", policy=policy).client("secretsmanager")
    bob.create_secret(Name="s", Tags=tags)


READING: tuple[tuple[dict[str, Any], dict[str, Any], bool], ...] = (
    ({"secretsmanager:VersionStage": "AWSCURRENT"}, {}, True),
    ({"secretsmanager:VersionStage": "AWSCURRENT"}, {"VersionStage": "AWSCURRENT"}, True),
    ({"secretsmanager:VersionStage": "AWSCURRENT"}, {"VersionId": TOKENS[0]}, False),
    ({"secretsmanager:VersionId": TOKENS[0]}, {"VersionId": TOKENS[0]}, True),
    ({"aws:ResourceTag/team": "a"}, {}, True),
    ({"secretsmanager:ResourceTag/team": "a"}, {}, True),
    ({"aws:ResourceTag/team": "b"}, {}, False),
    ({"secretsmanager:SecretPrimaryRegion": "us-east-1"}, {}, True),
)


def test_conditions_on_reading(endpoint: Endpoint, given: Given) -> None:
    root = endpoint.client("secretsmanager")
    root.tag_resource(SecretId=given.arn, Tags=[{"Key": "team", "Value": "a"}])
    for index, (keys, params, is_allowed) in enumerate(READING):
        policy = allow("secretsmanager:GetSecretValue", Condition={"StringEquals": keys})
        client = endpoint.user(f"user{index}", policy=policy).client("secretsmanager")
        if is_allowed:
            assert client.get_secret_value(SecretId="db", **params)["SecretString"] == "old"
        else:
            code, _ = refused(client.get_secret_value, SecretId="db", **params)
            assert code == "AccessDeniedException"


WRITING: tuple[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]], ...] = (
    (
        "delete_secret",
        {"NumericGreaterThanEquals": {"secretsmanager:RecoveryWindowInDays": "14"}},
        {"RecoveryWindowInDays": 14},
        {"RecoveryWindowInDays": 7},
    ),
    (
        "delete_secret",
        {"BoolIfExists": {"secretsmanager:ForceDeleteWithoutRecovery": "false"}},
        {},
        {"ForceDeleteWithoutRecovery": True},
    ),
    (
        "put_resource_policy",
        {"Bool": {"secretsmanager:BlockPublicPolicy": "true"}},
        {"ResourcePolicy": POLICY, "BlockPublicPolicy": True},
        {"ResourcePolicy": POLICY},
    ),
    (
        "untag_resource",
        {"ForAllValues:StringEquals": {"aws:TagKeys": "team"}},
        {"TagKeys": ["team"]},
        {"TagKeys": ["cost"]},
    ),
    (
        "update_secret",
        {"StringLike": {"secretsmanager:Description": "good*"}},
        {"Description": "good one"},
        {"Description": "bad one"},
    ),
)


def test_conditions_on_changing(endpoint: Endpoint) -> None:
    for index, (operation, condition, fits, fails) in enumerate(WRITING):
        given = prepared(endpoint, f"secret{index}")
        policy = allow("secretsmanager:*", Condition=condition)
        client = endpoint.user(f"user{index}", policy=policy).client("secretsmanager")
        call = getattr(client, operation)
        assert refused(call, SecretId=given.name, **fails)[0] == "AccessDeniedException"
        call(SecretId=given.name, **fits)


def test_a_resource_policy_lets_somebody_in(endpoint: Endpoint, given: Given) -> None:
    alice = endpoint.user("alice").client("secretsmanager")
    document = json.dumps(allow("secretsmanager:GetSecretValue", Principal={"AWS": ALICE}))
    root = endpoint.client("secretsmanager")
    root.put_resource_policy(SecretId=given.arn, ResourcePolicy=document)
    assert alice.get_secret_value(SecretId="db")["SecretString"] == "old"
    assert refused(alice.describe_secret, SecretId="db")[0] == "AccessDeniedException"
    root.delete_resource_policy(SecretId="db")
    assert refused(alice.get_secret_value, SecretId="db")[0] == "AccessDeniedException"


def test_a_customer_key_needs_kms_permissions(endpoint: Endpoint) -> None:
    arn = endpoint.client("kms").create_key()["KeyMetadata"]["Arn"]
    without = endpoint.user("alice", policy=allow("secretsmanager:*")).client("secretsmanager")
    params = {"Name": "s", "KmsKeyId": arn, "SecretString": "x"}
    assert refused(without.create_secret, **params) == ACCESS_TO_KMS
    assert refused(without.describe_secret, SecretId="s") == NOT_FOUND
    actions = ("secretsmanager:*", "kms:GenerateDataKey", "kms:Decrypt")
    via = {"StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}}
    policy = allow("secretsmanager:*")
    policy["Statement"] += allow(*actions[1:], resource=arn, Condition=via)["Statement"]
    with_both = endpoint.user("bob", policy=policy).client("secretsmanager")
    with_both.create_secret(**params)
    assert with_both.get_secret_value(SecretId="s")["SecretString"] == "x"
    assert refused(without.get_secret_value, SecretId="s") == ACCESS_TO_KMS
    assert refused(without.put_secret_value, SecretId="s", SecretString="y") == ACCESS_TO_KMS
    assert with_both.describe_secret(SecretId="s")["KmsKeyId"] == arn


def test_conditions_on_the_encryption_context_hold(endpoint: Endpoint) -> None:
    arn = endpoint.client("kms").create_key()["KeyMetadata"]["Arn"]
    root = endpoint.client("secretsmanager")
    made = [
        root.create_secret(Name=name, KmsKeyId=arn, SecretString=name)["ARN"]
        for name in ("one", "two")
    ]
    policy = allow("secretsmanager:*")
    condition = {"StringEquals": {"kms:EncryptionContext:SecretARN": made[0]}}
    policy["Statement"] += allow("kms:Decrypt", Condition=condition)["Statement"]
    alice = endpoint.user("alice", policy=policy).client("secretsmanager")
    assert alice.get_secret_value(SecretId="one")["SecretString"] == "one"
    assert refused(alice.get_secret_value, SecretId="two") == ACCESS_TO_KMS


def test_a_batch_reads_what_it_may(endpoint: Endpoint, given: Given) -> None:
    root = endpoint.client("secretsmanager")
    other = root.create_secret(Name="other", SecretString="hidden")["ARN"]
    policy = allow("secretsmanager:BatchGetSecretValue")
    policy["Statement"] += allow("secretsmanager:GetSecretValue", resource=given.arn)["Statement"]
    alice = endpoint.user("alice", policy=policy).client("secretsmanager")
    answer = alice.batch_get_secret_value(SecretIdList=["db", "other", "nope"])
    assert [value["SecretString"] for value in answer["SecretValues"]] == ["old"]
    assert [(error["SecretId"], error["ErrorCode"]) for error in answer["Errors"]] == [
        ("other", "AccessDeniedException"),
        ("nope", "AccessDeniedException"),
    ]
    assert answer["Errors"][0]["Message"].startswith(
        no_policy("secretsmanager:GetSecretValue", "other")
    )
    (error,) = alice.batch_get_secret_value(SecretIdList=[other])["Errors"]
    assert error["Message"].startswith(no_policy("secretsmanager:GetSecretValue", other))
    filters = [{"Key": "name", "Values": ["d"]}]
    _, message = refused(alice.batch_get_secret_value, Filters=filters)
    assert message.startswith(no_policy("secretsmanager:ListSecrets", "*"))


def test_a_batch_is_no_way_round_where_a_call_comes_from(endpoint: Endpoint) -> None:
    """Secrets Manager asks itself: that makes nobody's call one of an AWS service."""
    endpoint.client("secretsmanager").create_secret(Name="db", SecretString="old")
    (anything,) = allow("secretsmanager:*")["Statement"]
    elsewhere = {
        "NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"},
        "Bool": {"aws:ViaAWSService": "false"},
    }
    (reading,) = allow("secretsmanager:GetSecretValue", Condition=elsewhere)["Statement"]
    policy = {"Version": "2012-10-17", "Statement": [anything, {**reading, "Effect": "Deny"}]}
    alice = endpoint.user("alice", policy=policy).client("secretsmanager")
    assert "with an explicit deny" in refused(alice.get_secret_value, SecretId="db")[1]
    answer = alice.batch_get_secret_value(SecretIdList=["db"])
    assert answer["SecretValues"] == []
    assert [error["ErrorCode"] for error in answer["Errors"]] == ["AccessDeniedException"]


def test_a_batch_reads_for_whom_an_address_is_allowed(endpoint: Endpoint) -> None:
    endpoint.client("secretsmanager").create_secret(Name="db", SecretString="old")
    here = {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}
    policy = allow("secretsmanager:*", Condition=here)
    alice = endpoint.user("alice", policy=policy).client("secretsmanager")
    answer = alice.batch_get_secret_value(SecretIdList=["db"])
    assert [value["SecretString"] for value in answer["SecretValues"]] == ["old"]
