"""The platform's lines around an invocation, as text and as JSON of each level."""

import dataclasses
import json
from typing import Any

import pytest
from tests.unit.functions.test_functions_words import VERSION

from sluicegate.functions import Credentials, failures
from sluicegate.functions.failures import Failure
from sluicegate.functions.places import Places
from sluicegate.functions.platform_lines import Report, beginning, end
from sluicegate.functions.variables import variables

TIMED_OUT = failures.timed_out("id", 3, "1970-01-01T00:00:00.007Z")
EXITED = failures.exited("id", 1)
TOLD = failures.told(b"{}", "Runtime.ImportModuleError")


def report(failure: Failure | None = None, init_ms: float | None = None) -> Report:
    return Report(12.345, init_ms, 30 << 20, failure, failure is None or failure is TOLD)


def lines(level: str, how: Report) -> list[Any]:
    version = dataclasses.replace(
        VERSION, log_format="JSON", log_level="INFO", system_log_level=level
    )
    said = [*beginning(version, "id", 7), *end(version, "id", how, 1_000)]
    return [json.loads(line) for line in said if line.startswith("{")]


def test_text_says_what_it_always_said() -> None:
    said = [*beginning(VERSION, "id", 7), *end(VERSION, "id", report(TIMED_OUT, 2.5), 1_000)]
    assert said == [
        "START RequestId: id Version: 7",
        "1970-01-01T00:00:00.007Z id Task timed out after 3.00 seconds",
        "",
        "END RequestId: id",
        "REPORT RequestId: id\tDuration: 12.35 ms\tBilled Duration: 15 ms\tMemory Size: 256 MB\t"
        "Max Memory Used: 30 MB\tInit Duration: 2.50 ms\tStatus: timeout",
    ]


def test_json_has_an_event_for_each() -> None:
    start, done, reported = lines("DEBUG", report(init_ms=2.5))
    assert start == {
        "time": "1970-01-01T00:00:00.007Z",
        "type": "platform.start",
        "record": {"requestId": "id", "version": "7"},
    }
    assert done == {
        "time": "1970-01-01T00:00:01.000Z",
        "type": "platform.runtimeDone",
        "record": {"requestId": "id", "status": "success", "metrics": {"durationMs": 12.35}},
    }
    metrics = {
        "durationMs": 12.35,
        "billedDurationMs": 15,
        "memorySizeMB": 256,
        "maxMemoryUsedMB": 30,
        "initDurationMs": 2.5,
    }
    assert reported == {
        "time": "1970-01-01T00:00:01.000Z",
        "type": "platform.report",
        "record": {"requestId": "id", "metrics": metrics, "status": "success"},
    }


@pytest.mark.parametrize(
    ("level", "failure", "said"),
    [
        ("DEBUG", None, ["start", "runtimeDone", "report"]),
        ("INFO", None, ["start", "report"]),
        ("", None, ["start", "report"]),
        ("WARN", None, []),
        ("DEBUG", TIMED_OUT, ["start", "runtimeDone", "report"]),
        ("INFO", TIMED_OUT, ["start", "runtimeDone", "report"]),
        ("WARN", TIMED_OUT, ["runtimeDone", "report"]),
    ],
)
def test_a_level_leaves_out_what_is_below_it(
    level: str, failure: Failure | None, said: list[str]
) -> None:
    found = lines(level, report(failure))
    assert [each["type"] for each in found] == [f"platform.{kind}" for kind in said]


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (TIMED_OUT, {"status": "timeout"}),
        (EXITED, {"status": "error", "errorType": "Runtime.ExitError"}),
        (TOLD, {"status": "error", "errorType": "Runtime.ImportModuleError"}),
    ],
)
def test_failures_are_told_by_their_type(failure: Failure, status: dict[str, str]) -> None:
    for event in lines("WARN", report(failure)):
        told = {name: event["record"].get(name) for name in status}
        assert told == status


def test_runtime_clients_are_told_the_format_and_the_level() -> None:
    own = {"AWS_LAMBDA_LOG_FORMAT": "mine"}
    text = dataclasses.replace(VERSION, environment=own)
    as_json = dataclasses.replace(text, log_format="JSON", log_level="WARN")
    credentials = Credentials("key", "secret", "token", 0)
    found = [variables(version, "s", credentials, Places()) for version in (text, as_json)]
    names = ("AWS_LAMBDA_LOG_FORMAT", "AWS_LAMBDA_LOG_LEVEL")
    assert [found[0].get(name) for name in names] == ["mine", None]
    assert [found[1].get(name) for name in names] == ["JSON", "WARN"]
