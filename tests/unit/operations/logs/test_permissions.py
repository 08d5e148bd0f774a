"""Each operation: allowed by its action, denied without, in AWS's sentence."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from sluicegate.operations.logs import OPERATIONS
from sluicegate.testing import Endpoint

ACCOUNT = "000000000000"
GROUP = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:g"
NAMELESS = f"{GROUP}:log-stream:"
STREAM = f"{GROUP}:log-stream:s"
ALL = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group::log-stream:"
DOCUMENT = (
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"logs:PutLogEvents",'
    '"Resource":"*","Principal":{"Service":"es.amazonaws.com"}}}'
)
BY_NAME = {"logGroupName": "g"}
BY_ARN = {"resourceArn": GROUP}
BY_STREAM = {"logGroupName": "g", "logStreamName": "s"}
EVENT = {"timestamp": 1, "message": "m"}

# Operation, its parameters, and the resource a denial names.
CALLS: list[tuple[str, dict[str, Any], str]] = [
    ("CreateLogGroup", {"logGroupName": "g"}, NAMELESS),
    ("DescribeLogGroups", {}, ALL),
    ("ListLogGroups", {}, ALL),
    ("PutRetentionPolicy", BY_NAME | {"retentionInDays": 1}, NAMELESS),
    ("DeleteRetentionPolicy", BY_NAME, NAMELESS),
    (
        "PutLogGroupDeletionProtection",
        {"logGroupIdentifier": GROUP, "deletionProtectionEnabled": False},
        NAMELESS,
    ),
    ("CreateLogStream", BY_STREAM, STREAM),
    ("PutLogEvents", BY_STREAM | {"logEvents": [EVENT]}, STREAM),
    ("GetLogEvents", BY_STREAM, STREAM),
    ("DescribeLogStreams", BY_NAME, NAMELESS),
    ("FilterLogEvents", BY_NAME, NAMELESS),
    ("TagResource", BY_ARN | {"tags": {"a": "b"}}, GROUP),
    ("ListTagsForResource", BY_ARN, GROUP),
    ("UntagResource", BY_ARN | {"tagKeys": ["a"]}, GROUP),
    ("TagLogGroup", BY_NAME | {"tags": {"a": "b"}}, NAMELESS),
    ("ListTagsLogGroup", BY_NAME, NAMELESS),
    ("UntagLogGroup", BY_NAME | {"tags": ["a"]}, NAMELESS),
    ("DisassociateKmsKey", BY_NAME, NAMELESS),
    ("PutResourcePolicy", {"policyName": "p", "policyDocument": DOCUMENT}, "*"),
    ("DescribeResourcePolicies", {}, "*"),
    ("DeleteResourcePolicy", {"policyName": "p"}, "*"),
    ("DeleteLogStream", BY_STREAM, STREAM),
    ("DeleteLogGroup", BY_NAME, NAMELESS),
]
KEY = "arn:aws:kms:us-east-1:000000000000:key/12345678-1234-1234-1234-123456789012"
# AssociateKmsKey's allowed case stands with the keys: it needs one.
DENIED = [*CALLS, ("AssociateKmsKey", BY_NAME | {"kmsKeyId": KEY}, NAMELESS)]


def allow(*actions: str, resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource} | more
    return {"Version": "2012-10-17", "Statement": [statement]}


def call(client: Any, operation: str, given: dict[str, Any]) -> Any:
    name = "".join(f"_{c.lower()}" if c.isupper() else c for c in operation).lstrip("_")
    return getattr(client, name)(**given)


def sentence(error: pytest.ExceptionInfo[ClientError]) -> str:
    answer: Any = error.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert answer["Error"]["Code"] == "AccessDeniedException"
    text: str = answer["Error"]["Message"]
    return text


def test_every_operation_is_tried() -> None:
    assert {name for name, _, _ in DENIED} == {operation.name for operation in OPERATIONS}


def test_every_operation_is_allowed_by_its_own_action(endpoint: Endpoint) -> None:
    actions = [f"logs:{name}" for name, _, _ in CALLS]
    alice = endpoint.user("alice", policy=allow(*actions)).client("logs")
    for operation, given, _ in CALLS:
        call(alice, operation, given)


@pytest.mark.parametrize(("operation", "given", "resource"), DENIED)
def test_an_operation_without_its_action_is_denied(
    endpoint: Endpoint, operation: str, given: dict[str, Any], resource: str
) -> None:
    others = [f"logs:{name}" for name, _, _ in DENIED if name != operation]
    alice = endpoint.user("alice", policy=allow(*others))
    with pytest.raises(ClientError) as error:
        call(alice.client("logs"), operation, given)
    assert sentence(error) == (
        f"User: {alice.arn} is not authorized to perform: logs:{operation} on resource: "
        f"{resource} because no identity-based policy allows the logs:{operation} action"
    )


@pytest.mark.parametrize("form", ["", ":*", ":log-stream:*", ":log-stream:"])
def test_every_form_of_a_groups_arn_covers_actions_on_it(endpoint: Endpoint, form: str) -> None:
    alice = endpoint.user("alice", policy=allow("logs:*", resource=GROUP + form)).client("logs")
    alice.create_log_group(logGroupName="g")
    alice.describe_log_streams(logGroupName="g")
    alice.list_tags_for_resource(resourceArn=GROUP)
    with pytest.raises(ClientError):
        alice.create_log_group(logGroupName="gg")
    with pytest.raises(ClientError):
        alice.describe_log_groups()


@pytest.mark.parametrize("form", ["", ":*"])
def test_a_deny_on_either_form_denies(endpoint: Endpoint, form: str) -> None:
    policy = allow("logs:*")
    policy["Statement"].append({"Effect": "Deny", "Action": "logs:*", "Resource": GROUP + form})
    alice = endpoint.user("alice", policy=policy).client("logs")
    for operation, given in (("CreateLogGroup", BY_NAME), ("ListTagsForResource", BY_ARN)):
        with pytest.raises(ClientError) as error:
            call(alice, operation, given)
        assert "with an explicit deny in an identity-based policy" in sentence(error)


def test_streams_need_the_form_with_a_star(endpoint: Endpoint) -> None:
    root = endpoint.client("logs")
    root.create_log_group(logGroupName="g")
    bare = endpoint.user("bare", policy=allow("logs:*", resource=GROUP)).client("logs")
    with pytest.raises(ClientError) as error:
        bare.create_log_stream(**BY_STREAM)
    assert f"on resource: {STREAM} because" in sentence(error)
    starred = endpoint.user("starred", policy=allow("logs:*", resource=f"{GROUP}:*"))
    starred.client("logs").create_log_stream(**BY_STREAM)


def test_a_listing_is_covered_by_all_groups_and_not_by_one(endpoint: Endpoint) -> None:
    everything = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:*"
    alice = endpoint.user("alice", policy=allow("logs:Describe*", resource=everything))
    assert alice.client("logs").describe_log_groups()["logGroups"] == []


def test_tags_of_a_new_group_need_their_own_action(endpoint: Endpoint) -> None:
    alice = endpoint.user("alice", policy=allow("logs:CreateLogGroup"))
    with pytest.raises(ClientError) as error:
        alice.client("logs").create_log_group(logGroupName="g", tags={"a": "b"})
    assert sentence(error) == (
        f"User: {alice.arn} is not authorized to perform: logs:TagResource on resource: {GROUP} "
        "because no identity-based policy allows the logs:TagResource action"
    )
    assert endpoint.client("logs").describe_log_groups()["logGroups"] == []


def test_tags_sent_are_condition_keys(endpoint: Endpoint) -> None:
    condition = {"StringEquals": {"aws:RequestTag/team": "a"}}
    policy = allow("logs:CreateLogGroup", "logs:TagResource", Condition=condition)
    alice = endpoint.user("alice", policy=policy).client("logs")
    alice.create_log_group(logGroupName="g", tags={"team": "a"})
    with pytest.raises(ClientError) as error:
        alice.create_log_group(logGroupName="h", tags={"team": "b"})
    assert "logs:CreateLogGroup" in sentence(error)


def test_keys_to_untag_are_condition_keys(endpoint: Endpoint) -> None:
    endpoint.client("logs").create_log_group(logGroupName="g", tags={"a": "1", "b": "2"})
    condition = {"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}}
    actions = ("logs:UntagResource", "logs:UntagLogGroup")
    alice = endpoint.user("alice", policy=allow(*actions, Condition=condition)).client("logs")
    alice.untag_resource(resourceArn=GROUP, tagKeys=["a"])
    with pytest.raises(ClientError) as error:
        alice.untag_resource(resourceArn=GROUP, tagKeys=["a", "b"])
    assert "logs:UntagResource" in sentence(error)
    with pytest.raises(ClientError) as error:
        alice.untag_log_group(logGroupName="g", tags=["b"])
    assert "logs:UntagLogGroup" in sentence(error)


def test_a_groups_tags_are_condition_keys_for_it_and_its_streams(endpoint: Endpoint) -> None:
    root = endpoint.client("logs")
    condition = {"StringEquals": {"aws:ResourceTag/team": "a"}}
    alice = endpoint.user("alice", policy=allow("logs:*", Condition=condition)).client("logs")
    for name, team in (("g", "a"), ("h", "b")):
        root.create_log_group(logGroupName=name, tags={"team": team})
    alice.create_log_stream(**BY_STREAM)
    alice.describe_log_streams(logGroupName="g")
    with pytest.raises(ClientError):
        alice.describe_log_streams(logGroupName="h")
    root.tag_resource(resourceArn=GROUP, tags={"team": "b"})
    with pytest.raises(ClientError) as error:
        alice.describe_log_streams(logGroupName="g")
    assert "logs:DescribeLogStreams" in sentence(error)


def test_who_may_nothing_does_not_learn_what_is_there(endpoint: Endpoint) -> None:
    alice = endpoint.user("alice").client("logs")
    endpoint.client("logs").create_log_group(logGroupName="g")
    for name in ("g", "nowhere", "no name", "\0", "n" * 600):
        with pytest.raises(ClientError) as error:
            alice.describe_log_streams(logGroupName=name)
        assert f"log-group:{name}:log-stream: because" in sentence(error)


def test_another_accounts_group_is_judged_under_its_own_arn(endpoint: Endpoint) -> None:
    alice = endpoint.user("alice", policy=allow("logs:*", resource=f"{GROUP}:*")).client("logs")
    foreign = "arn:aws:logs:us-east-1:111111111111:log-group:g"
    with pytest.raises(ClientError) as error:
        alice.describe_log_streams(logGroupIdentifier=foreign)
    assert f"on resource: {foreign}:log-stream: because" in sentence(error)
