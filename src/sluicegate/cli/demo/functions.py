"""A function of the user's: its code in a sandbox, its calls decided like anybody's."""

import io
import json
import time
import zipfile
from pathlib import Path
from typing import Any

from .permissions import policy
from .story import Keys, StepFailed, Story

_CODE = Path(__file__).with_name("function_code.py")
_GROUP = "/aws/lambda/orders"
_LOG_SECONDS = 10


def a_function(story: Story, iam: Any, root: Keys, secret: str) -> None:
    """Function code reads a secret: denied, allowed, and logged."""
    story.tell("A function: its code runs in a sandbox, as its execution role")
    role = _role(story, iam)
    lambda_ = story.client("lambda", root)
    story.ask(
        "root",
        lambda_.create_function,
        FunctionName="orders",
        Runtime=_python(),
        Role=role,
        Handler="function_code.handler",
        Code={"ZipFile": _package()},
        Timeout=10,
    )
    denied = _invoke(story, lambda_, {"secret": secret})
    if "errorMessage" not in denied:
        raise StepFailed("the function read the secret, and must not be able to")
    story.show("denied", denied["errorMessage"])
    story.tell("Its role is given the two permissions, and the next invocation has them")
    put = iam.put_role_policy
    for name, action, resource in (
        ("secret", "secretsmanager:GetSecretValue", secret),
        ("key", "kms:Decrypt", "*"),
    ):
        allow = policy("Allow", action, resource)
        story.ask("root", put, RoleName="function", PolicyName=name, PolicyDocument=allow)
    answer = _invoke(story, lambda_, {"secret": secret})
    story.show("answered", json.dumps(answer))
    story.tell("What it printed is in its log, which its role may write")
    for line in _log(story, root):
        story.show("log", line)


def _role(story: Story, iam: Any) -> str:
    trust = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            },
        }
    )
    create = iam.create_role
    role = story.ask("root", create, RoleName="function", AssumeRolePolicyDocument=trust)["Role"]
    managed = "arn:aws:iam::aws:policy/service-role/AWSLambdaMSKExecutionRole"
    story.ask("root", iam.attach_role_policy, RoleName="function", PolicyArn=managed)
    arn: str = role["Arn"]
    return arn


def _package() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(_CODE, _CODE.name)
    return packed.getvalue()


def _python() -> str:
    """The runtime of the Python that runs this: there is one on this machine for sure."""
    import sys

    return f"python{sys.version_info.major}.{sys.version_info.minor}"


def _invoke(story: Story, lambda_: Any, event: dict[str, str]) -> dict[str, Any]:
    payload = json.dumps(event)
    started = time.monotonic()
    answer = story.ask("root", lambda_.invoke, FunctionName="orders", Payload=payload)
    took = (time.monotonic() - started) * 1000
    story.show("took", f"{took:.0f} ms")
    result: dict[str, Any] = json.load(answer["Payload"])
    return result


def _log(story: Story, root: Keys) -> list[str]:
    """The log of the last invocation; it is written a moment after the answer."""
    logs, deadline = story.client("logs", root), time.monotonic() + _LOG_SECONDS
    while time.monotonic() < deadline:
        events = logs.filter_log_events(logGroupName=_GROUP)["events"]
        lines = [event["message"].strip() for event in events]
        if lines and lines[-1].startswith("REPORT"):
            last = max(at for at, line in enumerate(lines) if line.startswith("START"))
            return [line for line in lines[last:] if line]
        time.sleep(0.05)
    raise StepFailed(f"the log is not complete after {_LOG_SECONDS} s")
