"""What `sluicegate explain PRINCIPAL ACTION RESOURCE` finds and prints."""

import json
import shlex
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.unit.operations.asserting import ACCOUNT, ALICE, allow

from sluicegate.cli.would import Would, asked, told
from sluicegate.errors import SettingRefused
from sluicegate.testing import Endpoint

CLUSTER = f"arn:aws:kafka:us-east-1:{ACCOUNT}:cluster/demo/1-2"
READER = f"arn:aws:iam::{ACCOUNT}:role/reader"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def would(endpoint: Endpoint, who: str, action: str, resource: str = CLUSTER) -> Would:
    return asked(endpoint.client, who, action, resource)


def bounded(endpoint: Endpoint, *actions: str) -> None:
    iam = endpoint.client("iam")
    document = json.dumps(allow(*actions))
    arn = iam.create_policy(PolicyName="limit", PolicyDocument=document)["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName="alice", PermissionsBoundary=arn)


def test_what_is_allowed_names_the_statement_and_its_place(endpoint: Endpoint) -> None:
    endpoint.user("alice", policy=allow("kafka:DescribeCluster"))
    found = would(endpoint, "user/alice", "kafka:DescribeCluster")
    assert found.is_allowed
    assert told(found, "kafka:DescribeCluster", CLUSTER) == [
        "decision   ALLOW",
        f"principal  {ALICE}",
        "action     kafka:DescribeCluster",
        f"resource   {CLUSTER}",
        "",
        "statements that decide",
        "  ALLOW  user_alice_given (IAM Policy) at 1:41 to 1:114",
    ]


def test_what_nothing_allows_ends_with_what_would(endpoint: Endpoint) -> None:
    endpoint.role("reader", trust=TRUST)
    found = would(endpoint, "reader", "kafka:DescribeCluster")
    lines = told(found, "kafka:DescribeCluster", CLUSTER)
    assert not found.is_allowed
    assert lines[:2] == [
        "decision   IMPLICIT_DENY by the identity-based policy",
        f"principal  {READER}",
    ]
    assert lines[5] == "the smallest statement that would allow it"
    statement = json.loads(lines[6])
    assert statement == {"Effect": "Allow", "Action": "kafka:DescribeCluster", "Resource": CLUSTER}
    command = shlex.split(lines[8])
    assert command[:7] == [
        "aws", "iam", "put-role-policy", "--role-name", "reader", "--policy-name",
        "allow-kafka-DescribeCluster",
    ]  # fmt: skip
    endpoint.client("iam").put_role_policy(
        RoleName="reader", PolicyName=command[6], PolicyDocument=command[8]
    )
    assert would(endpoint, "role/reader", "kafka:DescribeCluster").is_allowed


@pytest.mark.parametrize(
    ("policy", "boundary", "by"),
    [
        ("kafka:*", "kafka:List*", ("permissions boundary",)),
        ("s3:*", "kafka:List*", ("identity-based policy", "permissions boundary")),
        ("s3:*", "kafka:*", ("identity-based policy",)),
    ],
)
def test_every_layer_that_refuses_is_named(
    endpoint: Endpoint, policy: str, boundary: str, by: tuple[str, ...]
) -> None:
    endpoint.user("alice", policy=allow(policy))
    bounded(endpoint, boundary)
    found = would(endpoint, "alice", "kafka:DescribeCluster")
    assert found.refused_by == by
    text = "\n".join(told(found, "kafka:DescribeCluster", CLUSTER))
    assert text.startswith(f"decision   IMPLICIT_DENY by the {' and the '.join(by)}\n")
    assert ("put-user-policy" in text) is ("identity-based policy" in by)
    assert ("add it to the policy that is the" in text) is ("permissions boundary" in by)


def test_a_deny_names_its_statement_and_no_remedy(endpoint: Endpoint) -> None:
    policy = allow("kafka:*")
    policy["Statement"].append({"Effect": "Deny", "Action": "kafka:D*", "Resource": "*"})
    endpoint.user("alice", policy=policy)
    found = would(endpoint, ALICE, "kafka:DescribeCluster")
    lines = told(found, "kafka:DescribeCluster", CLUSTER)
    assert lines[0] == "decision   EXPLICIT_DENY by the identity-based policy"
    assert lines[-1].startswith("  DENY   user_alice_given (IAM Policy) at 1:")
    assert not any("smallest" in line for line in lines)


def test_keys_nobody_gave_are_told(endpoint: Endpoint) -> None:
    condition = {"StringEquals": {"aws:ResourceTag/Owner": "${aws:username}"}}
    endpoint.user("alice", policy=allow("kafka:*", Condition=condition))
    lines = told(would(endpoint, "alice", "kafka:ListTags"), "kafka:ListTags", CLUSTER)
    at = lines.index("condition keys that policies ask for and nobody gave")
    assert lines[at + 1] == "  aws:ResourceTag/Owner"


def test_a_name_is_a_role_s_before_it_is_a_user_s_and_a_session_is_its_role(
    endpoint: Endpoint,
) -> None:
    endpoint.user("reader")
    assert would(endpoint, "reader", "s3:GetObject", "*").principal.endswith(":user/reader")
    endpoint.role("reader", trust=TRUST)
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/any"
    for name in ("reader", "role/reader", session):
        assert would(endpoint, name, "s3:GetObject", "*").principal == READER
    assert would(endpoint, "user/reader", "s3:GetObject", "*").principal.endswith(":user/reader")


@pytest.mark.parametrize(
    ("asked_for", "sentence"),
    [
        (("gone", "s3:GetObject", "*"), "there is no `gone`; name an ARN, role/NAME"),
        (("user/gone", "s3:GetObject", "*"), "there is no `user/gone`; name an ARN"),
        (("alice", "GetObject", "*"), "The action is invalid since it is missing names; correct"),
        (("alice", "s3:GetObject", "b"), "ResourceNames are not in a valid ARN format: b; correct"),
        (
            (f"arn:aws:iam::{ACCOUNT}:root", "s3:GetObject", "*"),
            "does not clearly define entity type",
        ),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(
    endpoint: Endpoint, asked_for: Any, sentence: str
) -> None:
    endpoint.user("alice")
    with pytest.raises(SettingRefused) as refusal:
        would(endpoint, *asked_for)
    assert sentence in str(refusal.value)


def test_it_is_asked_as_whoever_asks(endpoint: Endpoint) -> None:
    alice = endpoint.user("alice")
    with pytest.raises(ClientError, match="not authorized to perform: iam:SimulatePrincipalPolicy"):
        asked(alice.client, "alice", "s3:GetObject", "*")
