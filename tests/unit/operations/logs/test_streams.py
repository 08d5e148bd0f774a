from typing import Any

import pytest
from botocore.exceptions import ClientError

from sluicegate.testing import Endpoint

ACCOUNT = "000000000000"


@pytest.fixture
def logs(endpoint: Endpoint) -> Any:
    client = endpoint.client("logs")
    client.create_log_group(logGroupName="g")
    return client


def refusal(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    answer: Any = error.value.response
    return answer["Error"]["Code"], answer["Error"]["Message"]


def names(answer: dict[str, Any]) -> list[str]:
    return [stream["logStreamName"] for stream in answer["logStreams"]]


def test_a_new_stream_is_described_as_on_aws(endpoint: Endpoint, logs: Any) -> None:
    logs.create_log_stream(logGroupName="g", logStreamName="2026/01/01/[$LATEST]abc")
    (stream,) = logs.describe_log_streams(logGroupName="g")["logStreams"]
    assert stream == {
        "arn": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:g:log-stream:2026/01/01/[$LATEST]abc",
        "creationTime": endpoint.clock.now_ms(),
        "logStreamName": "2026/01/01/[$LATEST]abc",
        "storedBytes": 0,
    }


def test_a_stream_with_events_says_when(endpoint: Endpoint, logs: Any) -> None:
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    now_ms = endpoint.clock.now_ms()
    events = [{"timestamp": now_ms - ago, "message": "m"} for ago in (30, 20, 10)]
    logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=events)
    (stream,) = logs.describe_log_streams(logGroupName="g")["logStreams"]
    assert stream["firstEventTimestamp"] == now_ms - 30
    assert stream["lastEventTimestamp"] == now_ms - 10
    assert stream["lastIngestionTime"] == now_ms
    assert len(stream["uploadSequenceToken"]) == 56


def test_a_name_in_use_is_refused(logs: Any) -> None:
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    with pytest.raises(ClientError) as error:
        logs.create_log_stream(logGroupName="g", logStreamName="s")
    assert refusal(error) == (
        "ResourceAlreadyExistsException",
        "The specified log stream already exists",
    )


def test_a_name_no_database_takes_is_refused(logs: Any) -> None:
    with pytest.raises(ClientError) as error:
        logs.create_log_stream(logGroupName="g", logStreamName="a\0b")
    assert refusal(error)[0] == "InvalidParameterException"
    assert names(logs.describe_log_streams(logGroupName="g", logStreamNamePrefix="\0")) == []


@pytest.mark.parametrize("operation", ["delete_log_stream", "get_log_events"])
@pytest.mark.parametrize("name", ["nowhere", "\0"])
def test_an_unknown_stream_is_not_found(logs: Any, operation: str, name: str) -> None:
    with pytest.raises(ClientError) as error:
        getattr(logs, operation)(logGroupName="g", logStreamName=name)
    assert refusal(error) == (
        "ResourceNotFoundException",
        "The specified log stream does not exist.",
    )


def test_a_stream_made_again_is_empty(endpoint: Endpoint, logs: Any) -> None:
    stream = {"logGroupName": "g", "logStreamName": "s"}
    logs.create_log_stream(**stream)
    event = {"timestamp": endpoint.clock.now_ms(), "message": "m"}
    logs.put_log_events(**stream, logEvents=[event])
    logs.delete_log_stream(**stream)
    assert names(logs.describe_log_streams(logGroupName="g")) == []
    logs.create_log_stream(**stream)
    assert logs.get_log_events(**stream)["events"] == []


def test_streams_are_listed_in_pages_both_ways(logs: Any) -> None:
    for number in range(5):
        logs.create_log_stream(logGroupName="g", logStreamName=f"s{number}")
    logs.create_log_stream(logGroupName="g", logStreamName="S0")

    def pages(**more: Any) -> list[list[str]]:
        paginator = logs.get_paginator("describe_log_streams")
        given = {"logGroupName": "g", "logStreamNamePrefix": "s"} | more
        return [names(page) for page in paginator.paginate(**given, limit=2)]

    assert pages() == [["s0", "s1"], ["s2", "s3"], ["s4"]]
    assert pages(descending=True) == [["s4", "s3"], ["s2", "s1"], ["s0"]]


def test_streams_are_listed_by_their_last_event(endpoint: Endpoint, logs: Any) -> None:
    for name, ago in (("old", 30), ("new", 10), ("middle", 20), ("empty", None)):
        logs.create_log_stream(logGroupName="g", logStreamName=name)
        if ago is not None:
            event = {"timestamp": endpoint.clock.now_ms() - ago, "message": "m"}
            logs.put_log_events(logGroupName="g", logStreamName=name, logEvents=[event])
    by_time = {"logGroupName": "g", "orderBy": "LastEventTime"}
    newest = logs.describe_log_streams(**by_time, descending=True, limit=3)
    assert names(newest) == ["new", "middle", "old"]
    rest = logs.describe_log_streams(**by_time, descending=True, nextToken=newest["nextToken"])
    assert names(rest) == ["empty"]
    oldest = logs.describe_log_streams(**by_time, limit=1)
    assert names(oldest) == ["empty"]
    rest = logs.describe_log_streams(**by_time, nextToken=oldest["nextToken"])
    assert names(rest) == ["old", "middle", "new"]
    with pytest.raises(ClientError) as error:
        logs.describe_log_streams(**by_time, logStreamNamePrefix="n")
    assert refusal(error) == (
        "InvalidParameterException",
        "Cannot order by LastEventTime with a logStreamNamePrefix.",
    )


def test_a_token_of_another_order_is_refused(logs: Any) -> None:
    for name in ("a", "b"):
        logs.create_log_stream(logGroupName="g", logStreamName=name)
    token = logs.describe_log_streams(logGroupName="g", limit=1)["nextToken"]
    with pytest.raises(ClientError) as error:
        logs.describe_log_streams(logGroupName="g", orderBy="LastEventTime", nextToken=token)
    assert refusal(error) == ("InvalidParameterException", "The specified nextToken is invalid.")


def test_the_group_is_named_in_exactly_one_way(logs: Any) -> None:
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    arn = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:g"
    assert names(logs.describe_log_streams(logGroupIdentifier=arn)) == ["s"]
    assert names(logs.describe_log_streams(logGroupIdentifier="g")) == ["s"]
    with pytest.raises(ClientError) as error:
        logs.describe_log_streams(logGroupName="g", logGroupIdentifier=arn)
    assert refusal(error) == (
        "ValidationException",
        "LogGroup name and LogGroup ARN are mutually exclusive parameters.",
    )
    with pytest.raises(ClientError) as error:
        logs.describe_log_streams()
    assert refusal(error)[0] == "ValidationException"


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:logs:eu-west-1:000000000000:log-group:g",
        "arn:aws:sqs:us-east-1:000000000000:g",
    ],
)
def test_a_group_of_another_region_is_not_found(logs: Any, arn: str) -> None:
    with pytest.raises(ClientError) as error:
        logs.describe_log_streams(logGroupIdentifier=arn)
    assert refusal(error)[0] == "ResourceNotFoundException"
