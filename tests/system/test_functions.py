"""Functions through `serve`: real code in real sandboxes, as its execution role."""

import base64
import io
import json
import os
import signal
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .server import Server
from .waiting import until

RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
GROUP = "/aws/lambda/"

CODE = """
import os, time
import boto3

def handler(event, context):
    print("asked", event)
    match event.get("do"):
        case "fail":
            raise ValueError("no")
        case "exit":
            os._exit(7)
        case "sleep":
            time.sleep(event["seconds"])
        case "who":
            return boto3.client("sts").get_caller_identity()["Arn"]
        case "secret":
            answer = boto3.client("secretsmanager").get_secret_value(SecretId=event["id"])
            return answer["SecretString"]
        case "once":
            path = "/tmp/seen"
            seen = os.path.exists(path)
            open(path, "w").close()
            return seen
    return {"got": event, "colour": os.environ.get("COLOUR")}
"""


class Account:
    """What a user of Lambda does: a role, a function, invocations, its log."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.functions = server.client("lambda")

    def role(self, name: str, *managed: str) -> str:
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": trust})
        iam = self.server.client("iam")
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]
        for policy in managed:
            arn = f"arn:aws:iam::aws:policy/service-role/{policy}"
            iam.attach_role_policy(RoleName=name, PolicyArn=arn)
        arn = made["Arn"]
        assert isinstance(arn, str)
        return arn

    def allow(self, role: str, action: str, resource: str) -> None:
        statement = {"Effect": "Allow", "Action": action, "Resource": resource}
        document = json.dumps({"Version": "2012-10-17", "Statement": statement})
        self.server.client("iam").put_role_policy(
            RoleName=role, PolicyName="given", PolicyDocument=document
        )

    def function(self, name: str, role: str, **more: Any) -> str:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("app.py", CODE)
        made = self.functions.create_function(
            FunctionName=name,
            Runtime=RUNTIME,
            Role=role,
            Handler="app.handler",
            Code={"ZipFile": packed.getvalue()},
            **{"Timeout": 10, **more},
        )
        arn: str = made["FunctionArn"]
        return arn

    def invoke(self, name: str, **event: Any) -> tuple[Any, str, str]:
        """The answer, the kind of error, and the end of the log."""
        answer = self.functions.invoke(FunctionName=name, Payload=json.dumps(event), LogType="Tail")
        tail = base64.b64decode(answer["LogResult"]).decode()
        return json.load(answer["Payload"]), answer.get("FunctionError", ""), tail

    def log(self, name: str) -> list[str]:
        logs = self.server.client("logs")
        try:
            events = logs.filter_log_events(logGroupName=GROUP + name)["events"]
        except ClientError:
            return []
        return [event["message"] for event in events]


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """A server that this module's tests share."""
    with Server(tmp_path_factory.mktemp("functions") / "state") as server:
        yield Account(server)


def sandboxes(server: Server) -> list[int]:
    """The sandboxes below a server's processes."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = status.read_text()
            parents[int(status.parent.name)] = int(text.rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue

    def is_below(pid: int) -> bool:
        while pid > 1:
            if pid == server.process.pid:
                return True
            pid = parents.get(pid, 0)
        return False

    return [pid for pid in parents if is_below(pid) and _command(pid).endswith("bwrap")]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode()
    except OSError:
        return ""


def test_code_runs_with_its_variables_and_its_log_is_written(account: Account) -> None:
    role = account.role("colours", "AWSLambdaBasicExecutionRole")
    account.function("colours", role, Environment={"Variables": {"COLOUR": "green"}})
    answer, error, tail = account.invoke("colours", a=1)
    assert (answer, error) == ({"got": {"a": 1}, "colour": "green"}, "")
    assert tail.startswith("START RequestId: ") and "asked {'a': 1}" in tail

    def is_written() -> bool:
        return any(line.startswith("REPORT") for line in account.log("colours"))

    until(is_written, "the log")
    assert "asked {'a': 1}\n" in account.log("colours")


def test_its_calls_are_its_roles_and_decided_like_anybodys(account: Account) -> None:
    role = account.role("caller", "AWSLambdaBasicExecutionRole")
    account.function("caller", role)
    assert account.invoke("caller", do="who")[0] == (
        "arn:aws:sts::000000000000:assumed-role/caller/caller"
    )
    manager = account.server.client("secretsmanager")
    secret = manager.create_secret(Name="sesame", SecretString="open")["ARN"]
    answer, error, _ = account.invoke("caller", do="secret", id=secret)
    assert error == "Unhandled"
    assert answer["errorMessage"].endswith(
        "because no identity-based policy allows the secretsmanager:GetSecretValue action"
    )
    account.allow("caller", "secretsmanager:GetSecretValue", secret)
    assert account.invoke("caller", do="secret", id=secret)[:2] == ("open", "")


def test_an_environment_is_used_again_and_not_after_a_change(account: Account) -> None:
    account.function("warm", account.role("warm"))
    assert [account.invoke("warm", do="once")[0] for _ in range(3)] == [False, True, True]
    account.functions.update_function_configuration(
        FunctionName="warm", Environment={"Variables": {"COLOUR": "blue"}}
    )
    assert account.invoke("warm", do="once")[0] is False
    assert account.invoke("warm")[0]["colour"] == "blue"


def test_functions_end_as_on_aws(account: Account) -> None:
    account.function("ends", account.role("ends"), Timeout=1)
    answer, error, _ = account.invoke("ends", do="fail")
    assert error == "Unhandled" and answer["errorType"] == "ValueError"
    answer, error, _ = account.invoke("ends", do="exit")
    assert (error, answer["errorType"]) == ("Unhandled", "Runtime.ExitError")
    answer, error, _ = account.invoke("ends", do="sleep", seconds=60)
    assert error == "Unhandled" and answer["errorType"] == "Sandbox.Timedout"
    assert answer["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")


def test_a_role_that_may_write_no_log_has_none_and_its_function_runs(account: Account) -> None:
    account.function("mute", account.role("mute"))
    assert account.invoke("mute", a=1)[0]["got"] == {"a": 1}
    assert account.log("mute") == []


def test_an_accepted_event_survives_a_killed_api(account: Account) -> None:
    role = account.role("events", "AWSLambdaBasicExecutionRole")
    account.function("events", role)
    answer = account.functions.invoke(
        FunctionName="events", Payload=b'{"do": "later"}', InvocationType="Event"
    )
    assert answer["StatusCode"] == 202
    os.kill(account.server.api_pid(), signal.SIGKILL)
    until(lambda: "asked {'do': 'later'}\n" in account.log("events"), "the event to be handled")


def test_no_sandbox_outlives_serve(tmp_path: Path) -> None:
    with Server(tmp_path / "state") as server:
        account = Account(server)
        account.function("one", account.role("one"))
        account.invoke("one")
        running = sandboxes(server)
        assert running
        server.kill()
        for pid in running:
            until(lambda pid=pid: not _command(pid).endswith("bwrap"), "the sandbox to end")  # type: ignore[misc]


def test_a_reset_ends_functions_before_it_answers(tmp_path: Path) -> None:
    with Server(tmp_path / "state", "--allow-reset") as server:
        account = Account(server)
        account.function("one", account.role("one"))
        account.invoke("one")
        assert server.reset()[0] == 200
        assert account.functions.list_functions()["Functions"] == []
        assert list((tmp_path / "state" / "packages").iterdir()) == []
