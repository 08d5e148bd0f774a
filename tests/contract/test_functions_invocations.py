"""Invocations as AWS answers them: payloads, errors, logs, what a function finds around it."""

import json
import re
import textwrap
from dataclasses import replace

import pytest
from tests.contract.function_code import CREDENTIALS, Rig, invocation

from sluicegate.functions import FunctionVersion, Invocation

ECHO = "def handler(event, context): return event"


def test_a_function_answers_with_what_its_handler_returns(functions: Rig) -> None:
    version = functions.function("def handler(event, context): return {'got': event}")
    assert functions.answer(version, {"a": [1, None, "ü"]}) == {"got": {"a": [1, None, "ü"]}}


def test_an_environment_is_used_again(functions: Rig) -> None:
    version = functions.function(
        """
        calls = []
        def handler(event, context):
            calls.append(event)
            return len(calls)
        """
    )
    assert [functions.answer(version) for _ in range(3)] == [1, 2, 3]


def test_a_changed_function_is_not(functions: Rig) -> None:
    code = "calls = []\ndef handler(event, context): calls.append(1); return len(calls)"
    first = functions.function(code, name="changed")
    second = functions.function(code, name="changed")
    assert [functions.answer(each) for each in (first, first, second)] == [1, 2, 1]
    functions.pool.retire(first.arn)
    assert functions.answer(second) == 1


@pytest.mark.parametrize("size", [0, 1, 70_000, 6_000_000])
def test_events_and_answers_of_any_size_arrive_whole(functions: Rig, size: int) -> None:
    version = functions.function(ECHO)
    assert functions.answer(version, "x" * size) == "x" * size


def test_the_log_reads_as_on_aws(functions: Rig) -> None:
    version = functions.function("def handler(event, context): print('one\\ntwo'); print(event)")
    event = invocation(version, "three")
    outcome = functions.pool.invoke(version, event)
    again = functions.pool.invoke(version, event)
    report = (
        rf"REPORT RequestId: {event.request_id}\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\t"
        r"Memory Size: 128 MB\tMax Memory Used: \d+ MB\t"
    )
    lines = [
        rf"START RequestId: {event.request_id} Version: \$LATEST\n",
        *("one\n", "two\n", "three\n"),
        rf"END RequestId: {event.request_id}\n",
    ]
    expected = [*lines, rf"{report}Init Duration: \d+\.\d\d ms\t\n", *lines, rf"{report}\n"]
    found = functions.sink.lines(version.name)
    assert len(found) == len(expected)
    for line, pattern in zip(found, expected, strict=True):
        assert re.fullmatch(pattern, line), line
    assert "".join(found) == (outcome.log_tail + again.log_tail).decode()


def test_a_log_in_json(functions: Rig) -> None:
    code = """
        import logging
        def handler(event, context):
            print("as it is")
            logging.getLogger().info("left out")
            logging.getLogger().warning("told")
            return event / 2
    """
    levels = {"log_level": "WARN", "system_log_level": "DEBUG"}
    version = functions.function(code, log_format="JSON", **levels)
    assert functions.answer(version, 4) == 2
    assert functions.fails(version, "x")["errorType"] == "TypeError"
    said = functions.sink.lines(version.name)
    assert said.count("as it is\n") == 2 and not any("left out" in line for line in said)
    events = [json.loads(line) for line in said if line != "as it is\n"]
    platform = [each["type"] for each in events if "type" in each]
    assert platform == ["platform.start", "platform.runtimeDone", "platform.report"] * 2
    assert [
        each["record"]["status"] for each in events if each.get("type") == "platform.report"
    ] == [
        "success",
        "error",
    ]
    logged = [(each["level"], each.get("message")) for each in events if "level" in each]
    assert logged[:2] == [("WARNING", "told"), ("WARNING", "told")]
    assert [each["errorType"] for each in events if "errorType" in each] == ["TypeError"]


def test_variables_are_those_of_aws_and_the_function_s_own(functions: Rig) -> None:
    version = functions.function(
        "import os\ndef handler(event, context): return dict(os.environ)",
        environment={"COLOUR": "blue", "AWS_REGION": "mars"},
    )
    found = functions.answer(version)
    stream = found.pop("AWS_LAMBDA_LOG_STREAM_NAME")
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", stream)
    assert stream in functions.sink.streams
    assert re.fullmatch(r"Root=1-\w{8}-\w{24};Parent=\w{16};Sampled=0", found["_X_AMZN_TRACE_ID"])
    assert found["COLOUR"] == "blue"
    assert found["AWS_REGION"] == found["AWS_DEFAULT_REGION"] == "us-east-1"
    assert found["AWS_SESSION_TOKEN"] == CREDENTIALS.token
    assert found["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert found["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.11"
    assert found["_HANDLER"] == "handler.handler"
    assert found["PWD"] == found["LAMBDA_TASK_ROOT"] == "/var/task"


def test_the_context_is_that_of_aws(functions: Rig) -> None:
    version = functions.function(
        """
        def handler(event, context):
            names = "function_name function_version invoked_function_arn memory_limit_in_mb"
            names += " aws_request_id log_group_name client_context"
            left = context.get_remaining_time_in_millis()
            return {**{name: getattr(context, name) for name in names.split()}, "left": left}
        """
    )
    event = invocation(version, None)
    found = json.loads(functions.pool.invoke(version, event).payload)
    assert 0 < found.pop("left") <= 20_000
    assert found == {
        "function_name": version.name,
        "function_version": "$LATEST",
        "invoked_function_arn": version.arn,
        "memory_limit_in_mb": "128",
        "aws_request_id": event.request_id,
        "log_group_name": version.log_group,
        "client_context": None,
    }


OWN_MSGSPEC = "def decode(text): return 'my own'"
MARSHALLER = """
    import json
    from awslambdaric.lambda_runtime_client import LambdaRuntimeClient
    from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller
    class Mine(LambdaMarshaller):
        def unmarshal_request(self, request, content_type="application/json"):
            return [content_type, json.loads(request)]
    LambdaRuntimeClient.marshaller = Mine()
"""


def trigger_event(version: FunctionVersion, event: object) -> Invocation:
    """The event as a trigger hands it over."""
    return replace(invocation(version, event), is_trigger_event=True)


def test_a_function_may_close_what_it_found_open(functions: Rig) -> None:
    version = functions.function("""
        import os
        def handler(event, context):
            os.closerange(3, 64)
            return os.getpid(), event
    """)
    answers = [functions.answer(version, number) for number in range(3)]
    assert [event for _, event in answers] == [0, 1, 2]
    assert len({pid for pid, _ in answers}) == 1


def test_a_trigger_s_event_is_decoded_as_any_other(functions: Rig) -> None:
    version = functions.function(
        "def handler(event, context): return [event, context.aws_request_id]"
    )
    event = {"records": {"t-0": [{"offset": 2**62, "value": "eA==", "headers": [{"é": [-1]}]}]}}
    for told in (trigger_event(version, event), invocation(version, event)):
        outcome = functions.pool.invoke(version, told)
        assert json.loads(outcome.payload) == [event, told.request_id]


def test_what_decodes_it_is_not_in_a_function_s_way(functions: Rig) -> None:
    code = "def handler(event, context):\n    import msgspec\n    return msgspec.decode(event)\n"
    version = functions.package({"handler.py": code, "msgspec.py": OWN_MSGSPEC})
    outcome = functions.pool.invoke(version, trigger_event(version, {}))
    assert json.loads(outcome.payload) == "my own"
    bare = functions.function("def handler(event, context): import msgspec")
    outcome = functions.pool.invoke(bare, trigger_event(bare, {}))
    assert json.loads(outcome.payload)["errorType"] == "ModuleNotFoundError"


def test_a_function_s_own_marshaller_gets_json(functions: Rig) -> None:
    code = textwrap.dedent(MARSHALLER) + "def handler(event, context): return event\n"
    version = functions.function(code)
    outcome = functions.pool.invoke(version, trigger_event(version, {"a": 1}))
    assert json.loads(outcome.payload) == ["application/json", {"a": 1}]
