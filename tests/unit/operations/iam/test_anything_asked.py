"""Whatever a request says, the answer is one of AWS's: nothing of ours breaks before or after."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.model import Shape

from sluicegate.operations.iam import OPERATIONS
from sluicegate.testing import Endpoint
from sluicegate.wire.client import in_process_client

_TEXTS = ("x", "\0", "/", ":::::", "arn:aws:iam::aws:policy/", "ü" * 300, "*", "arn:aws:iam::1:x/y")


def _value(shape: Shape, text: str) -> Any:
    match shape.type_name:
        case "structure":
            members: Any = shape.members
            named = {name: _value(member, text) for name, member in members.items()}
            return {} if text == "x" else named
        case "list":
            member: Any = shape.member
            return [_value(member, text)]
        case "integer":
            return len(text)
        case "boolean":
            return bool(text)
        case _:
            return text


def _requests(shape: Any) -> Iterator[dict[str, Any]]:
    yield {}
    for text in _TEXTS if shape is not None else ():
        yield {name: _value(member, text) for name, member in shape.members.items()}


@pytest.mark.parametrize("may_everything", [False, True])
def test_nonsense_is_refused_in_aws_s_words(endpoint: Endpoint, may_everything: bool) -> None:
    everything = {"Effect": "Allow", "Action": "iam:*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [everything]} if may_everything else None
    signer = endpoint.user("alice", policy=policy).credentials
    iam = in_process_client(
        "iam",
        endpoint.answer,
        region="us-east-1",
        access_key=signer.access_key,
        secret_key=signer.secret_key,
        config=Config(parameter_validation=False),
    )
    for operation in OPERATIONS:
        shape = iam.meta.service_model.operation_model(operation.name).input_shape
        for params in _requests(shape):
            status = _status(getattr(iam, xform_name(operation.name)), params)
            expected = range(200, 500) if may_everything else range(400, 500)
            assert status in expected, (operation.name, params)


def _status(call: Any, params: dict[str, Any]) -> int:
    try:
        answer = call(**params)
    except ClientError as error:
        answer = error.response
    status: int = answer["ResponseMetadata"]["HTTPStatusCode"]
    return status
