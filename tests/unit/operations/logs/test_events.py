import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sluicegate.testing import Endpoint

STREAM = {"logGroupName": "g", "logStreamName": "s"}
MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS
WRONG_TOKEN = ("InvalidParameterException", "The specified nextToken is invalid.")


@pytest.fixture
def logs(endpoint: Endpoint) -> Any:
    client = endpoint.client("logs")
    client.create_log_group(logGroupName="g")
    client.create_log_stream(**STREAM)
    return client


@pytest.fixture
def now_ms(endpoint: Endpoint) -> int:
    now: int = endpoint.clock.now_ms()
    return now


def refusal(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    answer: Any = error.value.response
    return answer["Error"]["Code"], answer["Error"]["Message"]


def events(*messages: str, at_ms: int) -> list[dict[str, Any]]:
    return [{"timestamp": at_ms + i, "message": message} for i, message in enumerate(messages)]


def messages(answer: dict[str, Any]) -> list[str]:
    return [event["message"] for event in answer["events"]]


def test_what_is_put_is_got(logs: Any, now_ms: int) -> None:
    put = logs.put_log_events(**STREAM, logEvents=events("a", "ü\0", at_ms=now_ms))
    assert len(put["nextSequenceToken"]) == 56
    assert "rejectedLogEventsInfo" not in put
    assert logs.get_log_events(**STREAM)["events"] == [
        {"timestamp": now_ms, "message": "a", "ingestionTime": now_ms},
        {"timestamp": now_ms + 1, "message": "ü\0", "ingestionTime": now_ms},
    ]
    assert logs.describe_log_groups()["logGroups"][0]["storedBytes"] == 1 + 3 + 2 * 26


def test_any_sequence_token_is_accepted(logs: Any, now_ms: int) -> None:
    logs.put_log_events(**STREAM, logEvents=events("a", at_ms=now_ms), sequenceToken="whatever")
    assert messages(logs.get_log_events(**STREAM)) == ["a"]


def test_events_out_of_order_are_refused_together(logs: Any, now_ms: int) -> None:
    unordered = events("a", at_ms=now_ms) + events("b", at_ms=now_ms - 1)
    with pytest.raises(ClientError) as error:
        logs.put_log_events(**STREAM, logEvents=unordered)
    assert refusal(error) == (
        "InvalidParameterException",
        "Log events in a single PutLogEvents request must be in chronological order.",
    )
    assert messages(logs.get_log_events(**STREAM)) == []


def test_a_batch_of_more_than_a_megabyte_is_refused(logs: Any, now_ms: int) -> None:
    half = "x" * (524_288 - 26)
    logs.put_log_events(**STREAM, logEvents=events(half, half, at_ms=now_ms))
    with pytest.raises(ClientError) as error:
        logs.put_log_events(**STREAM, logEvents=events(half, half + "x", at_ms=now_ms))
    assert refusal(error) == (
        "InvalidParameterException",
        "Upload too large: 1048577 bytes exceeds limit of 1048576",
    )


def test_a_batch_of_more_than_a_day_is_refused(logs: Any, now_ms: int) -> None:
    day = events("a", at_ms=now_ms - DAY_MS) + events("b", at_ms=now_ms)
    logs.put_log_events(**STREAM, logEvents=day)
    more = events("a", at_ms=now_ms - DAY_MS - 1) + events("b", at_ms=now_ms)
    with pytest.raises(ClientError) as error:
        logs.put_log_events(**STREAM, logEvents=more)
    assert refusal(error) == (
        "InvalidParameterException",
        "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
    )


def test_events_too_old_and_too_new_are_rejected_and_the_others_kept(
    logs: Any, now_ms: int
) -> None:
    mixed = [
        *events("ancient", at_ms=now_ms - 14 * DAY_MS - 1),
        *events("now", at_ms=now_ms),
        *events("soon", at_ms=now_ms + 120 * MINUTE_MS),
        *events("later", at_ms=now_ms + 120 * MINUTE_MS + 1),
    ]
    answer = logs.put_log_events(**STREAM, logEvents=mixed)
    assert answer["rejectedLogEventsInfo"] == {
        "tooOldLogEventEndIndex": 1,
        "tooNewLogEventStartIndex": 3,
    }
    assert messages(logs.get_log_events(**STREAM)) == ["now", "soon"]


def test_events_older_than_the_retention_are_rejected(logs: Any, now_ms: int) -> None:
    logs.put_retention_policy(logGroupName="g", retentionInDays=1)
    mixed = events("expired", at_ms=now_ms - DAY_MS - 1) + events("kept", at_ms=now_ms - 1)
    answer = logs.put_log_events(**STREAM, logEvents=mixed)
    assert answer["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 1}
    assert messages(logs.get_log_events(**STREAM)) == ["kept"]


def test_a_batch_of_which_nothing_is_kept_is_answered(logs: Any) -> None:
    answer = logs.put_log_events(**STREAM, logEvents=events("x", at_ms=2**63 - 1))
    assert answer["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 0}


def test_ten_thousand_events_are_one_call(logs: Any, now_ms: int) -> None:
    many = [{"timestamp": now_ms, "message": f"{number}"} for number in range(10_000)]
    logs.put_log_events(**STREAM, logEvents=many)
    assert messages(logs.get_log_events(**STREAM)) == [f"{number}" for number in range(10_000)]
    with pytest.raises(ClientError) as error:
        logs.put_log_events(**STREAM, logEvents=[*many, many[-1]])
    assert refusal(error)[0] == "InvalidParameterException"


def test_the_newest_come_first_unless_asked_otherwise(logs: Any, now_ms: int) -> None:
    logs.put_log_events(**STREAM, logEvents=events(*"abcde", at_ms=now_ms))
    assert messages(logs.get_log_events(**STREAM, limit=2)) == ["d", "e"]
    assert messages(logs.get_log_events(**STREAM, limit=2, startFromHead=True)) == ["a", "b"]


def test_start_is_in_and_end_is_out(logs: Any, now_ms: int) -> None:
    logs.put_log_events(**STREAM, logEvents=events(*"abcde", at_ms=now_ms))
    part = {"startTime": now_ms + 1, "endTime": now_ms + 3}
    assert messages(logs.get_log_events(**STREAM, **part)) == ["b", "c"]
    assert messages(logs.filter_log_events(logGroupName="g", **part)) == ["b", "c", "d"]
    huge = {"startTime": 2**63 - 1, "endTime": 2**63 - 1}
    assert messages(logs.get_log_events(**STREAM, **huge)) == []
    assert messages(logs.filter_log_events(logGroupName="g", **huge)) == []
    assert messages(logs.get_log_events(**STREAM, endTime=0)) == []


def test_reading_forward_ends_with_the_token_that_was_given(logs: Any, now_ms: int) -> None:
    logs.put_log_events(**STREAM, logEvents=events(*"abcde", at_ms=now_ms))
    seen: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = logs.get_log_events(**STREAM, limit=2, startFromHead=True, **token)
        seen += messages(page)
        if page["nextForwardToken"] == token.get("nextToken"):
            break
        token = {"nextToken": page["nextForwardToken"]}
    assert seen == list("abcde")
    logs.put_log_events(**STREAM, logEvents=events("f", at_ms=now_ms + 9))
    assert messages(logs.get_log_events(**STREAM, **token)) == ["f"]


def test_reading_backward_ends_with_the_token_that_was_given(logs: Any, now_ms: int) -> None:
    logs.put_log_events(**STREAM, logEvents=events(*"abcde", at_ms=now_ms))
    seen: list[list[str]] = []
    token: dict[str, str] = {}
    while True:
        page = logs.get_log_events(**STREAM, limit=2, **token)
        seen.append(messages(page))
        if page["nextBackwardToken"] == token.get("nextToken"):
            break
        token = {"nextToken": page["nextBackwardToken"]}
    assert seen == [["d", "e"], ["b", "c"], ["a"], []]
    turned = logs.get_log_events(**STREAM, nextToken=page["nextForwardToken"], limit=1)
    assert messages(turned) == ["a"]


def test_events_of_one_millisecond_are_told_apart(logs: Any, now_ms: int) -> None:
    same = [{"timestamp": now_ms, "message": message} for message in "abc"]
    logs.put_log_events(**STREAM, logEvents=same)
    first = logs.get_log_events(**STREAM, limit=2, startFromHead=True)
    rest = logs.get_log_events(**STREAM, nextToken=first["nextForwardToken"])
    assert (messages(first), messages(rest)) == (["a", "b"], ["c"])


def test_an_empty_stream_can_be_followed(logs: Any, now_ms: int) -> None:
    empty = logs.get_log_events(**STREAM)
    logs.put_log_events(**STREAM, logEvents=events("a", at_ms=now_ms))
    assert messages(logs.get_log_events(**STREAM, nextToken=empty["nextForwardToken"])) == ["a"]


def test_a_page_is_at_most_a_megabyte(logs: Any, now_ms: int) -> None:
    for number in range(4):
        large = f"{number}" * 400_000
        logs.put_log_events(**STREAM, logEvents=events(large, at_ms=now_ms + number))
    page = logs.get_log_events(**STREAM, startFromHead=True)
    assert [message[0] for message in messages(page)] == ["0", "1"]
    rest = logs.get_log_events(**STREAM, nextToken=page["nextForwardToken"])
    assert [message[0] for message in messages(rest)] == ["2", "3"]
    found = logs.filter_log_events(logGroupName="g")
    assert [message[0] for message in messages(found)] == ["0", "1"]
    rest = logs.filter_log_events(logGroupName="g", nextToken=found["nextToken"])
    assert [message[0] for message in messages(rest)] == ["2", "3"]


@pytest.mark.parametrize(
    "token", ["x", "f/1", f"f/{'9' * 56}/s", f"c/{'0' * 56}/s", f"f/{'0' * 55}٣/s", "f//s"]
)
def test_a_token_that_is_none_is_refused(logs: Any, token: str) -> None:
    for operation, given in (("get", STREAM), ("filter", {"logGroupName": "g"})):
        with pytest.raises(ClientError) as error:
            getattr(logs, f"{operation}_log_events")(**given, nextToken=token)
        assert refusal(error) == WRONG_TOKEN


def test_more_than_ten_thousand_at_once_are_refused(logs: Any) -> None:
    with pytest.raises(ClientError) as error:
        logs.get_log_events(**STREAM, limit=10_001)
    assert refusal(error) == (
        "InvalidParameterException",
        "1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: "
        "Member must have value less than or equal to 10000",
    )


@pytest.fixture
def three(logs: Any, now_ms: int) -> Any:
    """Three streams: app-1, app-2, other; their events interleave."""
    for offset, name in enumerate(("app-1", "app-2", "other")):
        logs.create_log_stream(logGroupName="g", logStreamName=name)
        lines = [
            {"timestamp": now_ms + 10 * i + offset, "message": f"{level} {name} {i}"}
            for i, level in enumerate(("INFO", "ERROR", "INFO"))
        ]
        logs.put_log_events(logGroupName="g", logStreamName=name, logEvents=lines)
    return logs


def test_a_search_interleaves_the_streams_of_a_group(three: Any, now_ms: int) -> None:
    found = three.filter_log_events(logGroupName="g", filterPattern="ERROR")
    assert messages(found) == ["ERROR app-1 1", "ERROR app-2 1", "ERROR other 1"]
    first = found["events"][0]
    assert first["logStreamName"] == "app-1"
    assert first["ingestionTime"] == now_ms
    assert len(first["eventId"]) == 56
    assert found["searchedLogStreams"] == []
    assert "nextToken" not in found


def test_a_search_is_narrowed_to_streams(three: Any) -> None:
    def found(**more: Any) -> list[str]:
        return messages(three.filter_log_events(logGroupName="g", filterPattern="ERROR", **more))

    assert found(logStreamNames=["other", "app-1"]) == ["ERROR app-1 1", "ERROR other 1"]
    assert found(logStreamNamePrefix="app-") == ["ERROR app-1 1", "ERROR app-2 1"]
    assert found(logStreamNamePrefix="none") == []
    with pytest.raises(ClientError) as error:
        found(logStreamNames=["nowhere"])
    assert refusal(error)[0] == "ResourceNotFoundException"
    with pytest.raises(ClientError) as error:
        found(logStreamNames=["other"], logStreamNamePrefix="app-")
    assert refusal(error)[0] == "InvalidParameterException"


def test_a_search_goes_on_in_pages_both_ways(three: Any) -> None:
    paginator = three.get_paginator("filter_log_events")
    pages = [messages(page) for page in paginator.paginate(logGroupName="g", limit=4)]
    every = [message for page in pages for message in page]
    assert [len(page) for page in pages] == [4, 4, 1]
    back = paginator.paginate(logGroupName="g", limit=4, startFromHead=False)
    pages = [messages(page) for page in back]
    assert [len(page) for page in pages] == [4, 4, 1]
    assert [message for page in pages for message in page] == every[::-1]


def test_a_search_backwards_into_2023_is_refused(three: Any) -> None:
    with pytest.raises(ClientError) as error:
        three.filter_log_events(logGroupName="g", startFromHead=False, startTime=1)
    assert refusal(error)[0] == "InvalidParameterException"


def test_a_search_reads_json_and_fields(logs: Any, now_ms: int) -> None:
    lines = [json.dumps({"level": "ERROR", "ms": 12}), "GET /index 404", "plain"]
    logs.put_log_events(**STREAM, logEvents=events(*lines, at_ms=now_ms))

    def found(pattern: str) -> list[str]:
        return messages(logs.filter_log_events(logGroupName="g", filterPattern=pattern))

    assert found('{ $.level = "ERROR" && $.ms > 10 }') == [lines[0]]
    assert found("[method, path, status = 4*]") == [lines[1]]
    assert found("-plain") == lines[:2]
    assert found(r"%^GET .*\d{3}$|^pl[a-z]+n%") == lines[1:]
    assert found("{ $.level = %^ERR% }") == lines[:1]


def test_a_pattern_that_cannot_be_read_is_refused(logs: Any) -> None:
    with pytest.raises(ClientError) as error:
        logs.filter_log_events(logGroupName="g", filterPattern="a:b")
    assert refusal(error) == (
        "InvalidParameterException",
        "Invalid character(s) in term ':'",
    )
