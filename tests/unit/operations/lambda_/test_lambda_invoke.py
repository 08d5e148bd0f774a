"""Invoke: at once, as events that are tried again, within the concurrency there is."""

import base64
import json
import logging
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
from tests.system.waiting import until
from tests.unit.operations.asserting import refused
from tests.unit.operations.lambda_.asserting import ARN, made

from sluicegate.clock import SystemClock
from sluicegate.errors import Corrupted, Unavailable
from sluicegate.functions import FunctionVersion, Invocation, Outcome
from sluicegate.testing import Endpoint

NOT_JSON = "Could not parse request body into json: Could not parse payload into json: "
THROTTLED = ("TooManyRequestsException", "Rate Exceeded.")


def failing(_version: FunctionVersion, _invocation: Invocation) -> Outcome:
    return Outcome(b'{"errorMessage": "no"}', "Unhandled", b"START\nEND\n")


def sent(endpoint: Endpoint, **params: Any) -> dict[str, Any]:
    """The answer to an event for `orders`."""
    given = {"FunctionName": "orders", "InvocationType": "Event", "Payload": b'{"n": 1}'}
    answer: dict[str, Any] = endpoint.client("lambda").invoke(**given | params)
    return answer


def test_a_failure_of_the_function(endpoint: Endpoint) -> None:
    made(endpoint)
    endpoint.functions.handler = failing
    client = endpoint.client("lambda")
    answer = client.invoke(FunctionName="orders", LogType="Tail")
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert json.load(answer["Payload"]) == {"errorMessage": "no"}
    assert base64.b64decode(answer["LogResult"]) == b"START\nEND\n"
    assert "LogResult" not in client.invoke(FunctionName="orders")


def test_no_payload_is_an_empty_object(endpoint: Endpoint) -> None:
    made(endpoint)
    answer = endpoint.client("lambda").invoke(FunctionName="orders")
    assert json.load(answer["Payload"]) == {}


def test_a_dry_run_judges_and_runs_nothing(endpoint: Endpoint) -> None:
    made(endpoint)
    client = endpoint.client("lambda")
    answer = client.invoke(FunctionName="orders", InvocationType="DryRun")
    assert answer["StatusCode"] == 204 and answer["Payload"].read() == b""
    assert "ExecutedVersion" not in answer and endpoint.functions.invoked == []


@pytest.mark.parametrize(
    "text", [b"{", b"\xff", b"NaN", b"[" * 100_000, b"{} {}", b"\xef\xbb\xbf{}"]
)
def test_a_payload_that_is_no_json(endpoint: Endpoint, text: bytes) -> None:
    made(endpoint)
    client = endpoint.client("lambda")
    code, message = refused(client.invoke, FunctionName="orders", Payload=text)
    assert code == "InvalidRequestContentException" and message.startswith(NOT_JSON)


def test_payloads_that_are_too_large(endpoint: Endpoint) -> None:
    made(endpoint)
    client = endpoint.client("lambda")
    text = b'"' + b"x" * 6_291_455 + b'"'
    assert refused(client.invoke, status=413, FunctionName="orders", Payload=text) == (
        "RequestEntityTooLargeException",
        "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
    )
    assert client.invoke(FunctionName="orders", Payload=text[:-2] + b'"')["StatusCode"] == 200
    event = {"FunctionName": "orders", "InvocationType": "Event", "Payload": b"1" * 1_048_577}
    assert refused(client.invoke, status=413, **event) == (
        "RequestEntityTooLargeException",
        "1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)",
    )


def test_the_clients_context_is_passed_on(endpoint: Endpoint) -> None:
    made(endpoint)
    client = endpoint.client("lambda")
    text = json.dumps({"custom": {"a": "b"}})
    encoded = base64.b64encode(text.encode()).decode()
    client.invoke(FunctionName="orders", ClientContext=encoded)
    assert endpoint.functions.invoked[-1][1].client_context == text
    for wrong in ("{", base64.b64encode(b"[]").decode(), base64.b64encode(b"x").decode()):
        assert refused(client.invoke, FunctionName="orders", ClientContext=wrong) == (
            "InvalidRequestContentException",
            "Client context must be a valid Base64-encoded JSON object.",
        )


def test_a_function_that_is_not_there(endpoint: Endpoint) -> None:
    assert refused(endpoint.client("lambda").invoke, status=404, FunctionName="orders") == (
        "ResourceNotFoundException",
        f"Function not found: {ARN}:orders:$LATEST",
    )


def test_reserved_concurrency_is_held(endpoint: Endpoint) -> None:
    made(endpoint)
    client = endpoint.client("lambda")
    answer = client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=1)
    assert answer["ReservedConcurrentExecutions"] == 1
    began, may_end = threading.Event(), threading.Event()

    def waiting(_version: FunctionVersion, invocation: Invocation) -> Outcome:
        began.set()
        may_end.wait(10)
        return Outcome(invocation.payload)

    endpoint.functions.handler = waiting
    first = threading.Thread(target=client.invoke, kwargs={"FunctionName": "orders"})
    first.start()
    assert began.wait(10)
    assert refused(client.invoke, status=429, FunctionName="orders") == THROTTLED
    may_end.set()
    first.join()
    assert client.invoke(FunctionName="orders")["StatusCode"] == 200
    client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=0)
    assert refused(client.invoke, status=429, FunctionName="orders") == THROTTLED
    client.delete_function_concurrency(FunctionName="orders")
    assert "ReservedConcurrentExecutions" not in client.get_function_concurrency(
        FunctionName="orders"
    )
    assert client.invoke(FunctionName="orders")["StatusCode"] == 200


def test_an_account_keeps_a_hundred_for_the_others(endpoint: Endpoint) -> None:
    made(endpoint)
    made(endpoint, "other")
    client = endpoint.client("lambda")
    most = {"FunctionName": "orders", "ReservedConcurrentExecutions": 900}
    client.put_function_concurrency(**most)
    client.put_function_concurrency(**most)
    one = {"FunctionName": "other", "ReservedConcurrentExecutions": 1}
    assert refused(client.put_function_concurrency, **one) == (
        "InvalidParameterValueException",
        "Specified ReservedConcurrentExecutions for function decreases account's "
        "UnreservedConcurrentExecution below its minimum value of [100].",
    )
    settings = client.get_account_settings()
    assert settings["AccountLimit"]["UnreservedConcurrentExecutions"] == 100
    assert settings["AccountUsage"]["FunctionCount"] == 2
    assert client.get_function(FunctionName="orders")["Concurrency"] == {
        "ReservedConcurrentExecutions": 900
    }


def test_an_event_is_answered_before_it_is_run(endpoint: Endpoint) -> None:
    made(endpoint)
    answer = sent(endpoint)
    assert answer["StatusCode"] == 202 and answer["Payload"].read() == b""
    assert "ExecutedVersion" not in answer and endpoint.functions.invoked == []
    assert endpoint.run_events() == 1
    ((_, invocation),) = endpoint.functions.invoked
    assert invocation.payload == b'{"n": 1}'
    assert invocation.request_id == answer["ResponseMetadata"]["RequestId"]
    assert endpoint.run_events() == 0


def test_an_event_that_fails_is_tried_after_one_and_after_two_minutes(endpoint: Endpoint) -> None:
    made(endpoint)
    endpoint.functions.handler = failing
    sent(endpoint)
    tried = []
    for _ in range(300):
        if endpoint.run_events():
            tried.append(endpoint.clock.now_ms())
        endpoint.clock.advance(seconds=1)
    assert [(later - tried[0]) // 1000 for later in tried] == [0, 60, 180]
    requests = {invocation.request_id for _, invocation in endpoint.functions.invoked}
    assert len(requests) == 1 and len(endpoint.functions.invoked) == 3


def test_an_event_that_fails_once(endpoint: Endpoint) -> None:
    made(endpoint)
    endpoint.functions.handler = failing
    sent(endpoint)
    endpoint.run_events()
    endpoint.functions.handler = lambda _version, invocation: Outcome(invocation.payload)
    endpoint.clock.advance(seconds=60)
    assert endpoint.run_events() == 1
    endpoint.clock.advance(seconds=3600)
    assert endpoint.run_events() == 0


def test_how_often_and_how_long_is_a_setting(endpoint: Endpoint) -> None:
    made(endpoint, Publish=True)
    client = endpoint.client("lambda")
    endpoint.functions.handler = failing
    client.put_function_event_invoke_config(FunctionName="orders", MaximumRetryAttempts=0)
    sent(endpoint)
    assert endpoint.run_events() == 1
    endpoint.clock.advance(seconds=600)
    assert endpoint.run_events() == 0
    # A version has its own, or AWS's defaults.
    client.put_function_event_invoke_config(
        FunctionName="orders", Qualifier="1", MaximumEventAgeInSeconds=90
    )
    sent(endpoint, Qualifier="1")
    assert endpoint.run_events() == 1
    endpoint.clock.advance(seconds=60)
    assert endpoint.run_events() == 1
    endpoint.clock.advance(seconds=600)
    assert endpoint.run_events() == 0


def test_event_invoke_configs(endpoint: Endpoint) -> None:
    made(endpoint, Publish=True)
    client = endpoint.client("lambda")
    function = {"FunctionName": "orders"}
    missing = (
        "ResourceNotFoundException",
        f"The function {ARN}:orders:$LATEST doesn't have an EventInvokeConfig",
    )
    assert refused(client.get_function_event_invoke_config, status=404, **function) == missing
    assert (
        refused(
            client.update_function_event_invoke_config,
            status=404,
            **function,
            MaximumRetryAttempts=1,
        )
        == missing
    )
    put = client.put_function_event_invoke_config(**function, MaximumRetryAttempts=1)
    assert put["FunctionArn"] == f"{ARN}:orders:$LATEST"
    assert put["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {}}
    client.put_function_event_invoke_config(**function, Qualifier="1", MaximumRetryAttempts=2)
    changed = client.update_function_event_invoke_config(**function, MaximumEventAgeInSeconds=60)
    assert (changed["MaximumRetryAttempts"], changed["MaximumEventAgeInSeconds"]) == (1, 60)
    listed = client.list_function_event_invoke_configs(**function)["FunctionEventInvokeConfigs"]
    assert [each["FunctionArn"] for each in listed] == [f"{ARN}:orders:$LATEST", f"{ARN}:orders:1"]
    client.delete_function_event_invoke_config(**function)
    assert refused(client.delete_function_event_invoke_config, status=404, **function) == missing
    queue = {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:000000000000:q"}}
    code, message = refused(
        client.put_function_event_invoke_config, **function, DestinationConfig=queue
    )
    assert code == "InvalidParameterValueException" and "not served" in message


def test_an_event_that_cannot_be_run_waits_longer_each_time(endpoint: Endpoint) -> None:
    made(endpoint)
    endpoint.client("lambda").put_function_concurrency(
        FunctionName="orders", ReservedConcurrentExecutions=0
    )
    sent(endpoint)
    tried = []
    for _ in range(40):
        if endpoint.run_events():
            tried.append(endpoint.clock.now_ms())
        endpoint.clock.advance(seconds=1)
    assert [(later - tried[0]) // 1000 for later in tried] == [0, 1, 3, 7, 15, 31]
    endpoint.client("lambda").delete_function_concurrency(FunctionName="orders")
    endpoint.clock.advance(seconds=60)
    assert endpoint.run_events() == 1 and len(endpoint.functions.invoked) == 1


def test_an_event_is_run_again_when_nobody_saw_it_end(own_endpoint: Endpoint) -> None:
    """As after a kill: the row is there until the outcome is written."""
    made(own_endpoint)

    def dying(_version: FunctionVersion, _invocation: Invocation) -> Outcome:
        raise Unavailable("as if the process had ended")

    own_endpoint.functions.handler = dying
    sent(own_endpoint)
    own_endpoint.run_events()
    own_endpoint.close()
    with Endpoint(own_endpoint.state, clock=own_endpoint.clock) as later:
        later.clock.advance(seconds=60)
        assert later.run_events() == 1 and len(later.functions.invoked) == 1


def test_events_of_a_function_that_is_gone(endpoint: Endpoint) -> None:
    made(endpoint, Publish=True)
    client = endpoint.client("lambda")
    sent(endpoint, Qualifier="1")
    client.delete_function(FunctionName="orders", Qualifier="1")
    assert endpoint.run_events() == 1 and endpoint.functions.invoked == []
    sent(endpoint)
    client.delete_function(FunctionName="orders")
    made(endpoint)
    assert endpoint.run_events() == 0 and endpoint.functions.invoked == []


def test_code_that_is_lost_is_a_fault_of_ours(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    made(endpoint)
    client = endpoint.client("lambda")
    package = next((endpoint.state / "packages").iterdir())
    package.rename(endpoint.state / "lost")
    with pytest.raises(Corrupted):
        client.invoke(FunctionName="orders")
    sent(endpoint)
    with caplog.at_level(logging.ERROR):
        assert endpoint.run_events() == 1
    assert "is missing from the state folder" in caplog.text
    (endpoint.state / "lost").rename(package)
    assert endpoint.run_events() == 1 and len(endpoint.functions.invoked) == 1


def test_events_are_run_by_themselves_those_first_that_were_left(
    tmp_path: Path, fresh_state: Path
) -> None:
    with Endpoint(shutil.copytree(fresh_state, tmp_path / "state")) as before:
        made(before)
        sent(before)
    with Endpoint(tmp_path / "state", clock=SystemClock(), runs_events=True) as endpoint:
        for _ in range(20):
            sent(endpoint)
        until(lambda: len(endpoint.functions.invoked) == 21, "every event was run")
    # Closed, it has written what came of each.
    with Endpoint(tmp_path / "state", clock=SystemClock()) as after:
        assert after.run_events() == 0


def test_events_of_a_slow_function_leave_room_for_others(tmp_path: Path, fresh_state: Path) -> None:
    may_end = threading.Event()

    def slow(version: FunctionVersion, invocation: Invocation) -> Outcome:
        assert version.name == "other" or may_end.wait(60)
        return Outcome(invocation.payload)

    state = shutil.copytree(fresh_state, tmp_path / "state")
    with Endpoint(state, clock=SystemClock(), runs_events=True) as endpoint:
        made(endpoint)
        made(endpoint, "other")
        endpoint.functions.handler = slow
        invoked = endpoint.functions.invoked
        try:
            for _ in range(70):
                sent(endpoint)
            sent(endpoint, FunctionName="other")
            until(lambda: any(v.name == "other" for v, _ in invoked), "the other's was run")
            assert len(invoked) <= 33
        finally:
            may_end.set()
        until(lambda: len(invoked) == 71, "every event was run")
