"""Function policies: written and read as AWS does, and judged by the same engine as all others."""

import json
from typing import Any

from botocore.exceptions import ClientError
from tests.unit.operations.asserting import ACCOUNT, ALICE, refused
from tests.unit.operations.lambda_.asserting import ARN, made

from sluicegate.access.sessions import Sessions
from sluicegate.testing import Endpoint, Member
from sluicegate.wire.client import Credentials

INVALID = "InvalidParameterValueException"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:topic"


def add(endpoint: Endpoint, sid: str = "s", **params: Any) -> dict[str, Any]:
    """The statement AddPermission answers with."""
    given = {"FunctionName": "orders", "StatementId": sid, "Action": "lambda:InvokeFunction"}
    answer = endpoint.client("lambda").add_permission(**given | params)
    statement: dict[str, Any] = json.loads(answer["Statement"])
    return statement


def service(endpoint: Endpoint, name: str, source_arn: str) -> Member:
    """An AWS service that acts for a resource."""
    minted = Sessions(endpoint.vault).for_service(
        ACCOUNT, name, source_arn, endpoint.clock.now_ms()
    )
    return Member(endpoint, name, Credentials(minted.access_key, minted.secret_key, minted.token))


def may_invoke(member: Member, function: str = "orders", **params: Any) -> bool:
    code = ""
    try:
        member.client("lambda").invoke(FunctionName=function, InvocationType="DryRun", **params)
    except ClientError as refusal:
        code = refusal.response["Error"]["Code"]
    assert code in ("", "AccessDeniedException")
    return not code


def test_a_statement_for_a_service(endpoint: Endpoint) -> None:
    made(endpoint)
    statement = add(
        endpoint,
        Principal="sns.amazonaws.com",
        SourceArn=TOPIC,
        SourceAccount=ACCOUNT,
        EventSourceToken="token",
        PrincipalOrgID="o-1234567890",
    )
    assert statement == {
        "Sid": "s",
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": f"{ARN}:orders",
        "Condition": {
            "StringEquals": {
                "AWS:SourceAccount": ACCOUNT,
                "lambda:EventSourceToken": "token",
                "aws:PrincipalOrgID": "o-1234567890",
            },
            "ArnLike": {"AWS:SourceArn": TOPIC},
        },
    }
    answer = endpoint.client("lambda").get_policy(FunctionName="orders")
    assert json.loads(answer["Policy"]) == {
        "Version": "2012-10-17",
        "Id": "default",
        "Statement": [statement],
    }
    assert answer["RevisionId"]


def test_a_service_invokes_for_the_source_that_was_named(endpoint: Endpoint) -> None:
    made(endpoint)
    sns = service(endpoint, "sns.amazonaws.com", TOPIC)
    assert not may_invoke(sns)
    add(endpoint, Principal="sns.amazonaws.com", SourceArn=TOPIC, SourceAccount=ACCOUNT)
    assert may_invoke(sns)
    assert not may_invoke(service(endpoint, "sns.amazonaws.com", f"{TOPIC}2"))
    assert not may_invoke(service(endpoint, "events.amazonaws.com", TOPIC))
    endpoint.client("lambda").remove_permission(FunctionName="orders", StatementId="s")
    assert not may_invoke(sns)


def test_a_user_the_policy_names_needs_no_other(endpoint: Endpoint) -> None:
    made(endpoint)
    alice = endpoint.user("alice")
    assert not may_invoke(alice)
    assert add(endpoint, Principal=ALICE)["Principal"] == {"AWS": ALICE}
    assert may_invoke(alice)
    refused(alice.client("lambda").get_function, status=403, FunctionName="orders")
    # Deleted and made again, she is somebody else.
    endpoint.client("iam").delete_access_key(
        UserName="alice", AccessKeyId=alice.credentials.access_key
    )
    endpoint.client("iam").delete_user(UserName="alice")
    assert not may_invoke(endpoint.user("alice"))
    (statement,) = json.loads(
        endpoint.client("lambda").get_policy(FunctionName="orders")["Policy"]
    )["Statement"]
    assert statement["Principal"]["AWS"].startswith("AIDA")


def test_a_version_and_an_alias_have_policies_of_their_own(endpoint: Endpoint) -> None:
    made(endpoint, Publish=True)
    client = endpoint.client("lambda")
    client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    alice = endpoint.user("alice")
    statement = add(endpoint, Principal=ALICE, Qualifier="live")
    assert statement["Resource"] == f"{ARN}:orders:live"
    assert may_invoke(alice, Qualifier="live") and may_invoke(alice, "orders:live")
    assert not may_invoke(alice) and not may_invoke(alice, Qualifier="1")
    assert refused(client.get_policy, status=404, FunctionName="orders") == (
        "ResourceNotFoundException",
        "No policy is associated with the given resource.",
    )
    assert client.get_policy(FunctionName="orders", Qualifier="live")
    client.delete_alias(FunctionName="orders", Name="live")
    client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    assert not may_invoke(alice, Qualifier="live")


def test_what_is_refused(endpoint: Endpoint) -> None:
    made(endpoint)
    client = endpoint.client("lambda")
    given = {"FunctionName": "orders", "StatementId": "s3", "Action": "lambda:InvokeFunction"}
    for principal in ("arn:aws:iam::000000000000:user/nobody", "x", "arn:x"):
        assert refused(client.add_permission, **given, Principal=principal) == (
            INVALID,
            "The provided principal was invalid. Please check the principal and try again.",
        )
    latest: tuple[dict[str, Any], ...] = (
        {"Qualifier": "$LATEST"},
        {"FunctionName": "orders:$LATEST"},
        {"FunctionName": "orders:$LATEST", "Qualifier": "$LATEST"},
    )
    for named in latest:
        assert refused(client.add_permission, **{**given, "Principal": "*", **named}) == (
            INVALID,
            "We currently do not support adding policies for $LATEST.",
        )
    client.add_permission(**given, Principal="*")
    assert refused(client.add_permission, status=409, **given, Principal="*") == (
        "ResourceConflictException",
        "The statement id (s3) provided already exists. Please provide a new statement id, or "
        "remove the existing statement.",
    )
    sid = {"FunctionName": "orders", "StatementId": "other"}
    assert refused(client.remove_permission, status=404, **sid) == (
        "ResourceNotFoundException",
        "Statement other is not found in resource policy.",
    )
    assert refused(client.get_policy, status=404, FunctionName="missing") == (
        "ResourceNotFoundException",
        f"No policy found for: {ARN}:missing",
    )
    stale = {**sid, "RevisionId": "x"}
    assert refused(client.remove_permission, status=412, **stale) == (
        "PreconditionFailedException",
        "The Revision Id provided does not match the latest Revision Id. Call the GetPolicy API to "
        "retrieve the latest Revision Id",
    )


def test_a_policy_has_an_end(endpoint: Endpoint) -> None:
    made(endpoint)
    params = {"Principal": "sns.amazonaws.com", "SourceArn": f"{TOPIC}{'x' * 1000}"}
    for number in range(16):
        add(endpoint, f"s{number}", **params)
    given = {"FunctionName": "orders", "StatementId": "s", "Action": "lambda:InvokeFunction"}
    client = endpoint.client("lambda")
    assert refused(client.add_permission, **given, **params)[0] == "PolicyLengthExceededException"


def test_everybody_and_an_account(endpoint: Endpoint) -> None:
    made(endpoint)
    assert add(endpoint, "all", Principal="*")["Principal"] == "*"
    root = f"arn:aws:iam::{ACCOUNT}:root"
    assert add(endpoint, "account", Principal=ACCOUNT)["Principal"] == {"AWS": root}
    assert may_invoke(endpoint.user("alice"))
