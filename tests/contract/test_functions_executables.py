"""Functions that are a program of their own: the code's `bootstrap`."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.contract.function_code import Rig, invocation


def executable(text: str) -> dict[str, str]:
    return {"bootstrap": text}


SHELL_RUNTIME = """#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
while true; do
    event=$(curl -sS -D /tmp/head "$api/invocation/next")
    id=$(grep -i '^lambda-runtime-aws-request-id:' /tmp/head | tr -d '\\r' | cut -d ' ' -f 2)
    type=$(grep -i '^content-type:' /tmp/head | tr -d '\\r' | cut -d ' ' -f 2)
    answer="{\\"handler\\": \\"$_HANDLER\\", \\"type\\": \\"$type\\", \\"event\\": $event}"
    curl -sS -o /dev/null -X POST -d "$answer" \
        "$api/invocation/$id/response"
done
"""


@pytest.mark.skipif(not Path("/usr/bin/curl").exists(), reason="needs curl: apt install curl")
def test_an_executable_speaks_the_runtime_api(functions: Rig) -> None:
    version = functions.package(
        executable(SHELL_RUNTIME), mode=0o755, runtime="provided.al2023", handler="any.thing"
    )
    for event, is_trigger_event in (({"a": 1}, False), ("x" * 100_000, False), ({}, True)):
        told = replace(invocation(version, event), is_trigger_event=is_trigger_event)
        answer = json.loads(functions.pool.invoke(version, told).payload)
        assert answer == {"handler": "any.thing", "type": "application/json", "event": event}


@pytest.mark.parametrize(
    ("files", "mode", "reason"),
    [
        ({"other": "x"}, 0o755, "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/"),
        ({"bootstrap": SHELL_RUNTIME}, 0o644, "fork/exec /var/task/bootstrap: permission denied"),
        ({"bootstrap": "no program"}, 0o755, "fork/exec /var/task/bootstrap: exec format error"),
    ],
)
def test_an_executable_that_is_none(
    functions: Rig, files: dict[str, str], mode: int, reason: str
) -> None:
    version = functions.package(files, mode=mode, runtime="provided.al2023")
    told = functions.fails(version)
    assert told["errorType"] == "Runtime.InvalidEntrypoint"
    assert reason in told["errorMessage"]
    report = functions.sink.lines(version.name)[-1]
    assert report.endswith("Status: error\tError Type: Runtime.InvalidEntrypoint\n")
