import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sluicegate.access.sessions import Sessions
from sluicegate.testing import Endpoint
from sluicegate.wire.client import Credentials

ACCOUNT = "000000000000"
GROUP_ARN = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:g"
REFUSED = (
    f"The specified KMS key does not exist or is not allowed to be used with Arn '{GROUP_ARN}'"
)
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "route53.amazonaws.com"},
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": f"{GROUP_ARN}:*",
        },
    }
)


@pytest.fixture
def logs(endpoint: Endpoint) -> Any:
    return endpoint.client("logs")


def refusal(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    answer: Any = error.value.response
    return answer["Error"]["Code"], answer["Error"]["Message"]


def key_for_logs(endpoint: Endpoint, group_arn: str) -> str:
    """A key whose policy lets CloudWatch Logs use it for one group."""
    statements = [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            "Action": "kms:*",
            "Resource": "*",
        },
        {
            "Effect": "Allow",
            "Principal": {"Service": "logs.us-east-1.amazonaws.com"},
            "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
            "Resource": "*",
            "Condition": {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": group_arn}},
        },
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    made = endpoint.client("kms").create_key(Policy=policy)
    arn: str = made["KeyMetadata"]["Arn"]
    return arn


def test_a_key_that_logs_may_use_is_associated(endpoint: Endpoint, logs: Any) -> None:
    key = key_for_logs(endpoint, GROUP_ARN)
    logs.create_log_group(logGroupName="g", kmsKeyId=key)
    assert logs.describe_log_groups()["logGroups"][0]["kmsKeyId"] == key
    logs.disassociate_kms_key(logGroupName="g")
    assert "kmsKeyId" not in logs.describe_log_groups()["logGroups"][0]
    logs.associate_kms_key(resourceIdentifier=GROUP_ARN, kmsKeyId=key)
    assert logs.describe_log_groups()["logGroups"][0]["kmsKeyId"] == key


def test_the_caller_needs_nothing_on_the_key(endpoint: Endpoint, logs: Any) -> None:
    key = key_for_logs(endpoint, GROUP_ARN)
    statement = {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}
    alice = endpoint.user("alice", policy={"Version": "2012-10-17", "Statement": [statement]})
    alice.client("logs").create_log_group(logGroupName="g", kmsKeyId=key)
    assert logs.describe_log_groups()["logGroups"][0]["kmsKeyId"] == key


def test_a_key_that_logs_may_not_use_is_refused(endpoint: Endpoint, logs: Any) -> None:
    logs.create_log_group(logGroupName="g")
    for key in (
        endpoint.client("kms").create_key()["KeyMetadata"]["Arn"],
        key_for_logs(endpoint, GROUP_ARN + "-of-others"),
    ):
        with pytest.raises(ClientError) as error:
            logs.associate_kms_key(logGroupName="g", kmsKeyId=key)
        assert refusal(error) == ("AccessDeniedException", REFUSED)
    assert "kmsKeyId" not in logs.describe_log_groups()["logGroups"][0]


def test_a_key_that_is_disabled_is_refused(endpoint: Endpoint, logs: Any) -> None:
    key = key_for_logs(endpoint, GROUP_ARN)
    endpoint.client("kms").disable_key(KeyId=key)
    with pytest.raises(ClientError) as error:
        logs.create_log_group(logGroupName="g", kmsKeyId=key)
    assert refusal(error) == ("InvalidParameterException", REFUSED)
    assert logs.describe_log_groups()["logGroups"] == []


@pytest.mark.parametrize(
    "key",
    ["", "alias/x", "12345678-1234-1234-1234-123456789012", "arn:aws:kms:us-east-1:1:alias/x"],
)
def test_what_is_no_key_arn_is_refused(logs: Any, key: str) -> None:
    with pytest.raises(ClientError) as error:
        logs.create_log_group(logGroupName="g", kmsKeyId=key)
    assert refusal(error) == ("InvalidParameterException", REFUSED)


def test_the_group_of_a_key_is_named_in_exactly_one_way(endpoint: Endpoint, logs: Any) -> None:
    logs.create_log_group(logGroupName="g")
    key = key_for_logs(endpoint, GROUP_ARN)
    for given in (
        {},
        {"logGroupName": "g", "resourceIdentifier": GROUP_ARN},
        {"resourceIdentifier": f"arn:aws:logs:us-east-1:{ACCOUNT}:query-result:*"},
    ):
        with pytest.raises(ClientError) as error:
            logs.associate_kms_key(**given, kmsKeyId=key)
        assert refusal(error)[0] == "InvalidParameterException"


def test_a_policy_of_the_account_is_put_shown_and_deleted(endpoint: Endpoint, logs: Any) -> None:
    put = logs.put_resource_policy(policyName="p", policyDocument=POLICY)
    expected = {
        "policyName": "p",
        "policyDocument": POLICY,
        "lastUpdatedTime": endpoint.clock.now_ms(),
        "policyScope": "ACCOUNT",
    }
    assert put["resourcePolicy"] == expected
    assert "revisionId" not in put
    assert logs.describe_resource_policies()["resourcePolicies"] == [expected]
    logs.delete_resource_policy(policyName="p")
    assert logs.describe_resource_policies()["resourcePolicies"] == []
    with pytest.raises(ClientError) as error:
        logs.delete_resource_policy(policyName="p")
    assert refusal(error) == (
        "ResourceNotFoundException",
        "Policy with name [p] does not exist.",
    )


def test_an_account_has_ten_policies_at_most(logs: Any) -> None:
    for number in range(10):
        logs.put_resource_policy(policyName=f"p{number}", policyDocument=POLICY)
    logs.put_resource_policy(policyName="p9", policyDocument=POLICY)
    with pytest.raises(ClientError) as error:
        logs.put_resource_policy(policyName="p10", policyDocument=POLICY)
    assert refusal(error) == ("LimitExceededException", "Resource limit exceeded.")
    first = logs.describe_resource_policies(limit=6)
    rest = logs.describe_resource_policies(nextToken=first["nextToken"])
    listed = [*first["resourcePolicies"], *rest["resourcePolicies"]]
    assert [policy["policyName"] for policy in listed] == [f"p{number}" for number in range(10)]
    assert "nextToken" not in rest


def test_a_policy_of_a_group_is_changed_by_who_saw_it(logs: Any) -> None:
    logs.create_log_group(logGroupName="g")
    given = {"resourceArn": GROUP_ARN, "policyDocument": POLICY}
    first = logs.put_resource_policy(**given)["revisionId"]
    with pytest.raises(ClientError) as error:
        logs.put_resource_policy(**given)
    assert refusal(error)[0] == "OperationAbortedException"
    second = logs.put_resource_policy(**given, expectedRevisionId=first)["revisionId"]
    assert logs.describe_resource_policies()["resourcePolicies"] == []
    (shown,) = logs.describe_resource_policies(policyScope="RESOURCE")["resourcePolicies"]
    assert (shown["resourceArn"], shown["revisionId"]) == (GROUP_ARN, second)
    assert shown["policyScope"] == "RESOURCE"
    assert logs.describe_resource_policies(resourceArn=GROUP_ARN)["resourcePolicies"] == [shown]
    with pytest.raises(ClientError) as error:
        logs.delete_resource_policy(resourceArn=GROUP_ARN, expectedRevisionId=first)
    assert refusal(error)[0] == "OperationAbortedException"
    logs.delete_resource_policy(resourceArn=GROUP_ARN, expectedRevisionId=second)
    with pytest.raises(ClientError) as error:
        logs.delete_resource_policy(resourceArn=GROUP_ARN, expectedRevisionId=second)
    assert refusal(error)[0] == "ResourceNotFoundException"


@pytest.mark.parametrize("is_of_group", [True, False])
def test_a_policy_lets_a_service_write(endpoint: Endpoint, logs: Any, is_of_group: bool) -> None:
    logs.create_log_group(logGroupName="g")
    now_ms = endpoint.clock.now_ms()
    sessions = Sessions(endpoint.vault)
    service = sessions.for_service(ACCOUNT, "route53.amazonaws.com", "arn:aws:x:::y", now_ms)
    credentials = Credentials(service.access_key, service.secret_key, service.token)
    writer = endpoint.client("logs", credentials=credentials)
    stream = {"logGroupName": "g", "logStreamName": "s"}
    with pytest.raises(ClientError) as error:
        writer.create_log_stream(**stream)
    assert refusal(error)[0] == "AccessDeniedException"
    named = {"resourceArn": GROUP_ARN} if is_of_group else {"policyName": "p"}
    logs.put_resource_policy(**named, policyDocument=POLICY)
    writer.create_log_stream(**stream)
    writer.put_log_events(**stream, logEvents=[{"timestamp": now_ms, "message": "m"}])
    with pytest.raises(ClientError) as error:
        writer.get_log_events(**stream)
    assert refusal(error)[0] == "AccessDeniedException"


def test_a_policy_gives_users_nothing(endpoint: Endpoint, logs: Any) -> None:
    logs.create_log_group(logGroupName="g")
    everybody = POLICY.replace('{"Service": "route53.amazonaws.com"}', '"*"')
    logs.put_resource_policy(policyName="p", policyDocument=everybody)
    alice = endpoint.user("alice").client("logs")
    with pytest.raises(ClientError) as error:
        alice.create_log_stream(logGroupName="g", logStreamName="s")
    assert "because no identity-based policy allows" in refusal(error)[1]


@pytest.mark.parametrize(
    "given",
    [
        {"policyName": "p"},
        {"policyDocument": POLICY},
        {"policyName": "", "policyDocument": POLICY},
        {"policyName": "n" * 513, "policyDocument": POLICY},
        {"policyName": "\0", "policyDocument": POLICY},
        {"policyName": "p", "policyDocument": "{"},
        {"policyName": "p", "policyDocument": '{"Version":"2012-10-17","Statement":[]}'},
    ],
)
def test_a_policy_that_is_none_is_refused(logs: Any, given: dict[str, str]) -> None:
    with pytest.raises(ClientError) as error:
        logs.put_resource_policy(**given)
    assert refusal(error)[0] == "InvalidParameterException"
