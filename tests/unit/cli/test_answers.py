"""The commands that are clients, where there is no answer: a sentence, what to do, a status."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sluicegate.cli import main

COMMANDS = pytest.mark.parametrize(
    "command", [["status"], ["explain", "0123456789abcdefghijklmno"], ["kafka", "topics"]]
)
NO_SLUICEGATE = "is no Sluicegate; name the port of `serve` with --port"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, fresh_state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SLUICEGATE_STATE", str(shutil.copytree(fresh_state, tmp_path / "state")))


@contextmanager
def answering(status: str, body: str) -> Iterator[int]:
    """Somebody on a port of its own who gives one answer to one request."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n"
                connection.sendall((head + body).encode())

        thread = threading.Thread(target=answer)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


@COMMANDS
def test_where_nobody_listens_it_says_what_to_start(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--port", "1"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.endswith("; start `sluicegate serve`, or name its port with --port\n")


@COMMANDS
@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        ("200 OK", "<html>", NO_SLUICEGATE),
        ("200 OK", "{}", NO_SLUICEGATE),
        ("200 OK", "[]", NO_SLUICEGATE),
        ("404 Not Found", "<html>", NO_SLUICEGATE),
        ("501 Not Implemented", "<html>", "the endpoint answered 501; run `eval"),
        ("403 Forbidden", '{"message": "no."}', "sluicegate: no; run `eval"),
    ],
)
def test_where_somebody_else_listens_it_says_so(
    command: list[str], status: str, body: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with answering(status, body) as port:
        assert main([*command, "--port", str(port)]) == 1
    said = capsys.readouterr()
    assert said.out == "" and sentence in said.err


SIMULATED = ["explain", "reader", "kafka:ListClusters", "*"]


def test_a_simulation_where_nobody_listens_says_what_to_start(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([*SIMULATED, "--port", "1"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.endswith("; start `sluicegate serve`, or name its port with --port\n")


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        ("200 OK", "<html>", NO_SLUICEGATE),
        ("200 OK", "{}", NO_SLUICEGATE),
        ("404 Not Found", "<html>", NO_SLUICEGATE),
        ("501 Not Implemented", "<html>", "sluicegate: Not Implemented; run `eval"),
    ],
)
def test_a_simulation_where_somebody_else_listens_says_so(
    status: str, body: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with answering(status, body) as port:
        assert main([*SIMULATED, "--port", str(port)]) == 1
    said = capsys.readouterr()
    assert said.out == "" and sentence in said.err


def test_a_call_without_its_resource_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "reader", "kafka:ListClusters"]) == 2
    assert "name the RESOURCE too, an ARN or `*` in quotes" in capsys.readouterr().err


def test_a_decision_that_is_not_there_leads_to_where_ids_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with answering("404 Not Found", '{"message": "No authorization details"}') as port:
        assert main(["explain", "x/y", "--port", str(port)]) == 1
    assert "details; take the id from the header x-sluice" in capsys.readouterr().err


def test_a_level_of_an_organization_is_named_by_what_it_is_of(
    capsys: pytest.CaptureFixture[str],
) -> None:
    check = {"evaluatedEffect": "ALLOW", "targetArn": "arn:root", "matchedPolicies": []}
    evaluation = {
        "action": "kms:ListKeys",
        "resource": "*",
        "evaluatedEffect": "ALLOW",
        "checks": [
            {**check, "checkType": kind} for kind in ("SERVICE_CONTROL_POLICY", "PRINCIPAL")
        ],
    }
    body = json.dumps({"requestContext": {}, "evaluations": [evaluation], "policies": []})
    with answering("200 OK", body) as port:
        assert main(["explain", "id", "--port", str(port)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "SERVICE_CONTROL_POLICY   ALLOW at arn:root" in lines
    assert "PRINCIPAL                ALLOW" in lines


@COMMANDS
@pytest.mark.parametrize("url", ["notaurl", "http://", "http://127.0.0.1:port", "http://a b"])
def test_what_is_no_url_is_wrong_usage(
    command: list[str],
    url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    assert main(command) == 2
    assert f"`{url}` is not the URL of an endpoint; correct AWS_ENDPOINT_URL" in (
        capsys.readouterr().err
    )


def test_who_reads_no_further_is_no_fault() -> None:
    read, write = os.pipe()
    os.close(read)
    variables = {name: text for name, text in os.environ.items() if name != "PYTHONUNBUFFERED"}
    ended = subprocess.run(
        [sys.executable, "-m", "sluicegate.cli", "env"],
        env=variables,
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(write)
    assert (ended.returncode, ended.stderr) == (0, b"")
