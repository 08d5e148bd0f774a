"""Principals of resource policies and grants: who is meant, also after they are made again."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.operations.asserting import ACCOUNT, allow, refused
from tests.unit.operations.lambda_.asserting import made

from sluicegate.testing import Endpoint, Member

SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/now"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def naming(principal: str, action: str) -> str:
    """A resource policy for one principal, beside the account's root user."""
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": action}
    root = {**statement, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*"}
    both = [statement, root] if action.startswith("kms:") else [statement]
    whole = [each if "sts:" in action else {**each, "Resource": "*"} for each in both]
    return json.dumps({"Version": "2012-10-17", "Statement": whole})


def in_a_secret(endpoint: Endpoint, principal: str) -> tuple[Callable[[Member], Any], Any]:
    client = endpoint.client("secretsmanager")
    client.create_secret(Name="s", SecretString="x")
    policy = naming(principal, "secretsmanager:GetSecretValue")
    client.put_resource_policy(SecretId="s", ResourcePolicy=policy)
    return (
        lambda member: member.client("secretsmanager").get_secret_value(SecretId="s"),
        lambda: client.get_resource_policy(SecretId="s")["ResourcePolicy"],
    )


def in_a_key(endpoint: Endpoint, principal: str) -> tuple[Callable[[Member], Any], Any]:
    client = endpoint.client("kms")
    policy = naming(principal, "kms:DescribeKey")
    key = client.create_key(Policy=policy)["KeyMetadata"]["KeyId"]
    return (
        lambda member: member.client("kms").describe_key(KeyId=key),
        lambda: client.get_key_policy(KeyId=key)["Policy"],
    )


def in_a_grant(endpoint: Endpoint, principal: str) -> tuple[Callable[[Member], Any], Any]:
    client = endpoint.client("kms")
    key = client.create_key()["KeyMetadata"]["KeyId"]
    client.create_grant(KeyId=key, GranteePrincipal=principal, Operations=["DescribeKey"])
    return lambda member: member.client("kms").describe_key(KeyId=key), None


def in_a_function(endpoint: Endpoint, principal: str) -> tuple[Callable[[Member], Any], Any]:
    made(endpoint)
    client = endpoint.client("lambda")
    client.add_permission(
        FunctionName="orders", StatementId="s", Action="lambda:GetPolicy", Principal=principal
    )
    return (
        lambda member: member.client("lambda").get_policy(FunctionName="orders"),
        lambda: client.get_policy(FunctionName="orders")["Policy"],
    )


def in_a_role(endpoint: Endpoint, principal: str) -> tuple[Callable[[Member], Any], Any]:
    trust = json.loads(naming(principal, "sts:AssumeRole"))
    arn, iam = endpoint.role("next", trust=trust), endpoint.client("iam")
    asked = {"RoleArn": arn, "RoleSessionName": "s1"}
    return (
        lambda member: member.client("sts").assume_role(**asked),
        lambda: json.dumps(iam.get_role(RoleName="next")["Role"]["AssumeRolePolicyDocument"]),
    )


EVERYWHERE = [in_a_secret, in_a_key, in_a_grant, in_a_function, in_a_role]


@pytest.mark.parametrize("named", EVERYWHERE)
def test_a_session_of_a_role_made_again_is_another_one(endpoint: Endpoint, named: Any) -> None:
    alice = endpoint.user("alice", policy=allow("sts:AssumeRole"))
    role = endpoint.role("reader", trust=TRUST)
    role_id = endpoint.client("iam").get_role(RoleName="reader")["Role"]["RoleId"]
    use, shown = named(endpoint, SESSION)
    assert use(endpoint.session(alice, role, "now"))
    with pytest.raises(Exception, match="not authorized"):
        use(endpoint.session(alice, role, "later"))
    assert shown is None or SESSION in shown()
    endpoint.client("iam").delete_role(RoleName="reader")
    endpoint.role("reader", trust=TRUST)
    with pytest.raises(Exception, match="not authorized"):
        use(endpoint.session(alice, role, "now"))
    assert shown is None or f'"{role_id}:now"' in shown()


def test_what_names_a_session_for_itself_is_not_limited(endpoint: Endpoint) -> None:
    """Not by a boundary, as AWS documents; what names its role is."""
    alice = endpoint.user("alice", policy=allow("sts:AssumeRole"))
    role = endpoint.role("reader", trust=TRUST)
    boundary = "arn:aws:iam::aws:policy/IAMReadOnlyAccess"
    iam = endpoint.client("iam")
    iam.put_role_permissions_boundary(RoleName="reader", PermissionsBoundary=boundary)
    use, _ = in_a_function(endpoint, SESSION)
    assert use(endpoint.session(alice, role, "now"))
    client = endpoint.client("lambda")
    client.remove_permission(FunctionName="orders", StatementId="s")
    client.add_permission(
        FunctionName="orders", StatementId="s", Action="lambda:GetPolicy", Principal=role
    )
    with pytest.raises(Exception, match="no permissions boundary allows"):
        use(endpoint.session(alice, role, "now"))


@pytest.mark.parametrize(
    "nobody",
    [
        SESSION.replace("reader", "Reader"),
        SESSION.replace("aws", "aws-cn"),
        SESSION.replace("sts:", "sts:us-east-1"),
        SESSION + "/more",
        SESSION.replace("now", "*"),
        SESSION.replace("sts", "iam"),
    ],
)
def test_a_session_has_one_arn(endpoint: Endpoint, nobody: str) -> None:
    endpoint.role("reader", trust=TRUST)
    trust = naming(nobody, "sts:AssumeRole")
    iam, secrets = endpoint.client("iam"), endpoint.client("secretsmanager")
    assert refused(iam.create_role, RoleName="r", AssumeRolePolicyDocument=trust) == (
        "MalformedPolicyDocument",
        f'Invalid principal in policy: "AWS":"{nobody}"',
    )
    secrets.create_secret(Name="s", SecretString="x")
    policy = naming(nobody, "secretsmanager:GetSecretValue")
    code, _ = refused(secrets.put_resource_policy, SecretId="s", ResourcePolicy=policy)
    assert code == "MalformedPolicyDocumentException"
