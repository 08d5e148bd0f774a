from typing import Any

import pytest
from botocore.exceptions import ClientError

from sluicegate.testing import Endpoint

ACCOUNT = "000000000000"
DAY_MS = 24 * 60 * 60 * 1000


@pytest.fixture
def logs(endpoint: Endpoint) -> Any:
    return endpoint.client("logs")


def refusal(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    answer: Any = error.value.response
    return answer["Error"]["Code"], answer["Error"]["Message"]


def names(answer: dict[str, Any]) -> list[str]:
    return [group["logGroupName"] for group in answer["logGroups"]]


def test_a_new_group_is_described_as_on_aws(endpoint: Endpoint, logs: Any) -> None:
    logs.create_log_group(logGroupName="/aws/lambda/f")
    (group,) = logs.describe_log_groups()["logGroups"]
    assert group == {
        "arn": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/lambda/f:*",
        "logGroupArn": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/lambda/f",
        "logGroupName": "/aws/lambda/f",
        "creationTime": endpoint.clock.now_ms(),
        "deletionProtectionEnabled": False,
        "logGroupClass": "STANDARD",
        "metricFilterCount": 0,
        "storedBytes": 0,
    }


def test_a_name_in_use_is_refused(logs: Any) -> None:
    logs.create_log_group(logGroupName="g")
    with pytest.raises(ClientError) as error:
        logs.create_log_group(logGroupName="g")
    assert refusal(error) == (
        "ResourceAlreadyExistsException",
        "The specified log group already exists",
    )


def test_names_of_aws_are_refused(logs: Any) -> None:
    with pytest.raises(ClientError) as error:
        logs.create_log_group(logGroupName="aws/mine")
    assert refusal(error)[0] == "InvalidParameterException"


def test_regions_have_groups_of_their_own(endpoint: Endpoint, logs: Any) -> None:
    logs.create_log_group(logGroupName="g")
    elsewhere = endpoint.client("logs", region="eu-west-1")
    assert names(elsewhere.describe_log_groups()) == []
    elsewhere.create_log_group(logGroupName="g")
    assert names(elsewhere.describe_log_groups()) == ["g"]


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        ("delete_log_group", {}),
        ("describe_log_streams", {}),
        ("filter_log_events", {}),
        ("put_retention_policy", {"retentionInDays": 7}),
        ("delete_retention_policy", {}),
        ("create_log_stream", {"logStreamName": "s"}),
        ("disassociate_kms_key", {}),
        ("list_tags_log_group", {}),
    ],
)
def test_an_unknown_group_is_not_found(logs: Any, operation: str, more: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as error:
        getattr(logs, operation)(logGroupName="nowhere", **more)
    assert refusal(error) == (
        "ResourceNotFoundException",
        "The specified log group does not exist.",
    )


def test_a_deleted_group_takes_everything_with_it(endpoint: Endpoint, logs: Any) -> None:
    logs.create_log_group(logGroupName="g", tags={"k": "v"})
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    event = {"timestamp": endpoint.clock.now_ms(), "message": "m"}
    logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=[event])
    logs.delete_log_group(logGroupName="g")
    assert names(logs.describe_log_groups()) == []
    logs.create_log_group(logGroupName="g")
    assert logs.describe_log_streams(logGroupName="g")["logStreams"] == []
    assert logs.filter_log_events(logGroupName="g")["events"] == []
    assert logs.list_tags_log_group(logGroupName="g")["tags"] == {}
    assert logs.describe_log_groups()["logGroups"][0]["storedBytes"] == 0


def test_groups_are_listed_in_pages_by_name(logs: Any) -> None:
    for number in range(7):
        logs.create_log_group(logGroupName=f"g{number}")
    logs.create_log_group(logGroupName="other")
    pages = logs.get_paginator("describe_log_groups").paginate(
        logGroupNamePrefix="g", PaginationConfig={"PageSize": 3}
    )
    assert [names(page) for page in pages] == [["g0", "g1", "g2"], ["g3", "g4", "g5"], ["g6"]]


def test_prefix_and_pattern_tell_cases_apart(logs: Any) -> None:
    for name in ("DataLogs", "aws-DataLogs", "datalogs", "GroupDataLogs"):
        logs.create_log_group(logGroupName=name)
    assert names(logs.describe_log_groups(logGroupNamePrefix="data")) == ["datalogs"]
    found = logs.describe_log_groups(logGroupNamePattern="DataLogs")
    assert names(found) == ["DataLogs", "GroupDataLogs", "aws-DataLogs"]
    assert set(found["logGroups"][0]) == {"arn", "creationTime", "logGroupName"}
    with pytest.raises(ClientError) as error:
        logs.describe_log_groups(logGroupNamePrefix="a", logGroupNamePattern="b")
    assert refusal(error) == (
        "InvalidParameterException",
        "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
    )


def test_groups_are_found_by_name_or_arn(logs: Any) -> None:
    for name in ("a", "b", "c"):
        logs.create_log_group(logGroupName=name)
    found = logs.describe_log_groups(
        logGroupIdentifiers=["c", f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:a", "nowhere"]
    )
    assert names(found) == ["a", "c"]


def test_other_accounts_have_no_groups_here(logs: Any) -> None:
    logs.create_log_group(logGroupName="g")
    linked = {"includeLinkedAccounts": True}
    assert names(logs.describe_log_groups(accountIdentifiers=["1" * 12], **linked)) == []
    assert names(logs.describe_log_groups(accountIdentifiers=[ACCOUNT], **linked)) == ["g"]


def test_classes_are_kept_and_filtered(logs: Any) -> None:
    for log_class in ("STANDARD", "INFREQUENT_ACCESS", "DELIVERY"):
        logs.create_log_group(logGroupName=log_class, logGroupClass=log_class)
    assert names(logs.describe_log_groups(logGroupClass="ESSENTIALS")) == ["INFREQUENT_ACCESS"]
    assert names(logs.list_log_groups(logGroupClass="ESSENTIALS")) == []
    assert names(logs.list_log_groups(logGroupClass="DELIVERY")) == ["DELIVERY"]
    (delivery,) = logs.describe_log_groups(logGroupClass="DELIVERY")["logGroups"]
    assert delivery["retentionInDays"] == 2


@pytest.mark.parametrize("token", ["x", "", "WzFd", "W10=", "WyJhXHUwMDAwIl0=", "eyJhIjoxfQ=="])
def test_a_token_that_is_none_is_refused(logs: Any, token: str) -> None:
    with pytest.raises(ClientError) as error:
        logs.describe_log_groups(nextToken=token or "=")
    assert refusal(error) == (
        "InvalidParameterException",
        "The specified nextToken is invalid.",
    )


def test_list_log_groups_takes_a_pattern_of_names(logs: Any) -> None:
    for name in ("/aws/lambda/f", "/aws/msk/c", "my-discovery", "lambda"):
        logs.create_log_group(logGroupName=name)
    found = logs.list_log_groups(logGroupNamePattern="^/aws/lambda|discovery")
    assert names(found) == ["/aws/lambda/f", "my-discovery"]
    assert found["logGroups"][0] == {
        "logGroupName": "/aws/lambda/f",
        "logGroupArn": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/lambda/f",
        "logGroupClass": "STANDARD",
    }
    first = logs.list_log_groups(limit=3)
    assert len(first["logGroups"]) == 3
    assert names(logs.list_log_groups(nextToken=first["nextToken"])) == ["my-discovery"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ([{"key": "stage"}], ["prod", "test"]),
        ([{"key": "stage", "values": ["prod"]}], ["prod"]),
        ([{"key": "stage", "values": ["!prod"]}], ["test"]),
        ([{"key": "stage", "values": ["*ro*"]}], ["prod"]),
        ([{"key": "stage", "values": ["te*"]}], ["test"]),
        ([{"key": "stage", "values": ["*st", "nope"]}], ["test"]),
        ([{"key": "stage", "values": ["*"]}, {"key": "team"}], ["prod"]),
    ],
)
def test_list_log_groups_finds_by_tags(
    logs: Any, filters: list[dict[str, Any]], found: list[str]
) -> None:
    logs.create_log_group(logGroupName="prod", tags={"stage": "prod", "team": "a"})
    logs.create_log_group(logGroupName="test", tags={"stage": "test"})
    logs.create_log_group(logGroupName="untagged")
    assert names(logs.list_log_groups(logGroupTags=filters)) == found


def test_no_group_has_a_data_source_or_an_index(logs: Any) -> None:
    logs.create_log_group(logGroupName="g")
    assert names(logs.list_log_groups(dataSources=[{"name": "amazon_vpc"}])) == []
    assert names(logs.list_log_groups(fieldIndexNames=["requestId"])) == []


def test_retention_is_set_shown_and_taken_back(logs: Any) -> None:
    logs.create_log_group(logGroupName="g")
    logs.put_retention_policy(logGroupName="g", retentionInDays=7)
    assert logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 7
    logs.delete_retention_policy(logGroupName="g")
    assert "retentionInDays" not in logs.describe_log_groups()["logGroups"][0]


def test_a_retention_aws_does_not_have_is_refused(logs: Any) -> None:
    logs.create_log_group(logGroupName="g")
    with pytest.raises(ClientError) as error:
        logs.put_retention_policy(logGroupName="g", retentionInDays=2)
    code, message = refusal(error)
    assert code == "InvalidParameterException"
    assert message.startswith(
        "1 validation error detected: Value '2' at 'retentionInDays' failed to satisfy "
        "constraint: Member must satisfy enum value set: [1, 3, 5, 7,"
    )


def test_expired_events_are_gone_at_once(endpoint: Endpoint, logs: Any) -> None:
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    stream = {"logGroupName": "g", "logStreamName": "s"}
    at_ms = endpoint.clock.now_ms()
    logs.put_log_events(**stream, logEvents=[{"timestamp": at_ms, "message": "old"}])
    endpoint.clock.advance(seconds=4 * 24 * 3600)
    logs.put_log_events(
        **stream, logEvents=[{"timestamp": endpoint.clock.now_ms(), "message": "new"}]
    )
    logs.put_retention_policy(logGroupName="g", retentionInDays=3)
    assert [e["message"] for e in logs.get_log_events(**stream)["events"]] == ["new"]
    assert [e["message"] for e in logs.filter_log_events(logGroupName="g")["events"]] == ["new"]
    endpoint.clock.advance(seconds=3 * 24 * 3600 + 1)
    assert logs.get_log_events(**stream)["events"] == []
    assert logs.filter_log_events(logGroupName="g")["events"] == []
    (described,) = logs.describe_log_streams(logGroupName="g")["logStreams"]
    assert "lastEventTimestamp" not in described


def test_a_protected_group_loses_nothing(logs: Any) -> None:
    logs.create_log_group(logGroupName="g", deletionProtectionEnabled=True)
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    assert logs.describe_log_groups()["logGroups"][0]["deletionProtectionEnabled"] is True
    for operation, more in (("group", {}), ("stream", {"logStreamName": "s"})):
        with pytest.raises(ClientError) as error:
            getattr(logs, f"delete_log_{operation}")(logGroupName="g", **more)
        assert refusal(error)[0] == "ValidationException"
        assert refusal(error)[1].startswith("The log group is protected from deletion")
    logs.put_log_group_deletion_protection(
        logGroupIdentifier=f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:g",
        deletionProtectionEnabled=False,
    )
    logs.delete_log_group(logGroupName="g")
