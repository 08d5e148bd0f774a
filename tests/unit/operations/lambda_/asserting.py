"""Functions to test with, what a client saw when it was refused, and policies in a word."""

import io
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sluicegate.testing import Endpoint

ACCOUNT = "000000000000"
ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"
HANDLER = {"handler.py": "def handle(e, c): return e"}


def zipped(files: Mapping[str, str] | None = None, **more: str) -> bytes:
    """A deployment package."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in {**(files or HANDLER), **more}.items():
            # The same files make the same bytes, whatever the time is.
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text)
    return packed.getvalue()


def trusting(service: str = "lambda.amazonaws.com") -> dict[str, Any]:
    """A trust policy for a service."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def role(endpoint: Endpoint, name: str = "worker", *actions: str) -> str:
    """An execution role that may do `actions`."""
    return endpoint.role(name, trust=trusting(), policy=allow(*actions) if actions else None)


def made(endpoint: Endpoint, name: str = "orders", **params: Any) -> dict[str, Any]:
    """What CreateFunction answers root for a function of the role `worker`, which is made too."""
    if "Role" not in params:
        roles = endpoint.client("iam").list_roles()["Roles"]
        params["Role"] = ROLE if ROLE in [each["Arn"] for each in roles] else role(endpoint)
    answer: dict[str, Any] = endpoint.client("lambda").create_function(
        **with_code(FunctionName=name, **params)
    )
    del answer["ResponseMetadata"]
    return answer


def with_code(**params: Any) -> dict[str, Any]:
    """Parameters of CreateFunction, those left out filled in."""
    given = {
        "FunctionName": "orders",
        "Role": ROLE,
        "Runtime": "python3.11",
        "Handler": "handler.handle",
        "Code": {"ZipFile": zipped()},
    } | params
    return {name: value for name, value in given.items() if value is not None}


def refused(operation: Callable[..., Any], status: Any = 400, **params: Any) -> tuple[str, str]:
    """Code and message of the error a call ends with."""
    with pytest.raises(ClientError) as caught:
        operation(**params)
    response = caught.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status, response
    return response["Error"]["Code"], response["Error"]["Message"]


def allow(*actions: str, resource: Any = "*", **more: Any) -> dict[str, Any]:
    """A policy of one statement that allows `actions`."""
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}],
    }


def no_policy(action: str, resource: str, user: str = ALICE) -> str:
    """AWS's sentence for what no identity policy allows."""
    return (
        f"User: {user} is not authorized to perform: {action} on resource: {resource} "
        f"because no identity-based policy allows the {action} action"
    )
