"""Functions to test with, and roles for them."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from tests.unit.operations.asserting import ACCOUNT, allow

from sluicegate.testing import Endpoint

ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function"
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
        known = [each["Arn"] for each in roles if each["RoleName"] == "worker"]
        params["Role"] = known[0] if known else role(endpoint)
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
