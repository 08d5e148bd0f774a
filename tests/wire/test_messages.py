"""Broken constraints in AWS's words, read by a real client: tests/cases/messages/*.json.

`recorded.json` are answers of AWS itself; `ours.json` follow the same grammar where none is known.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.model import Shape
from tests.wire.exchange import checked
from tests.wire.generator import Generator

from sluicegate.errors import AwsError
from sluicegate.wire.client import in_process_client
from sluicegate.wire.message import Request
from sluicegate.wire.model import SERVICES, service_model, target
from sluicegate.wire.validate import validate

_FOLDER = Path(__file__).parents[1] / "cases" / "messages"
_CASES = [
    pytest.param(case, id=f"{path.stem}-{case['service']}-{case['operation']}-{index}")
    for path in sorted(_FOLDER.glob("*.json"))
    for index, case in enumerate(json.loads(path.read_text()))
]


@pytest.mark.parametrize("case", _CASES)
def test_a_broken_constraint_is_answered_in_aws_words(case: dict[str, Any]) -> None:
    client = in_process_client(
        case["service"],
        checked,
        region="us-east-1",
        access_key="AKIA",
        secret_key="secret",
        config=Config(parameter_validation=False),
    )
    with pytest.raises(ClientError) as refused:
        client._make_api_call(case["operation"], case["params"])
    answer = refused.value.response
    assert answer["Error"]["Message"] == case["message"]
    assert answer["Error"]["Code"] == case["code"]
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == case["status"]


def test_kafka_names_the_parameter_that_is_wrong() -> None:
    with pytest.raises(AwsError) as refused:
        validate(target("kafka", "CreateConfiguration"), {"ServerProperties": b""})
    assert refused.value.members == {"invalidParameter": "name"}


@pytest.mark.parametrize("service", SERVICES)
def test_a_sensitive_value_is_never_repeated(service: str) -> None:
    """Every sensitive text of every input, far too long, whatever else is wrong with it."""
    planted = "planted-secret!" * 20_000
    for name in service_model(service).operation_names:
        shape = service_model(service).operation_model(name).input_shape
        if shape is None:
            continue
        params = Generator(7).members(shape)
        if not _plant(shape, params, planted):
            continue
        try:
            validate(target(service, name), params)
        except AwsError as error:
            assert "planted" not in str(error), name  # noqa: PT017 - passing is fine as well


def _plant(shape: Shape, value: Any, secret: str, *, inside: bool = False) -> bool:
    """Put `secret` wherever `value` has a sensitive text; whether it had any."""
    planted = False
    inside = inside or bool(shape.metadata.get("sensitive"))
    match shape.type_name:
        case "structure":
            for name in value:
                member = shape.members[name]
                is_secret = inside or bool(member.metadata.get("sensitive"))
                if is_secret and member.type_name == "string":
                    value[name], planted = secret, True
                else:
                    planted |= _plant(member, value[name], secret, inside=inside)
        case "list" if shape.member.type_name == "string":
            if inside or shape.member.metadata.get("sensitive"):
                value[:], planted = [secret], True
        case "list":
            planted = sum(_plant(shape.member, each, secret, inside=inside) for each in value) > 0
        case "map" if shape.value.type_name == "string":
            if inside or shape.value.metadata.get("sensitive"):
                value.update(dict.fromkeys(value, secret))
                planted = True
    return planted


def test_a_request_prints_nothing_that_may_be_secret() -> None:
    headers = (("x-amz-security-token", "hush"), ("authorization", "hush"))
    request = Request("POST", "/", "X-Amz-Security-Token=hush", headers, b"SecretString=hush")
    assert "hush" not in repr(request) and "POST" in repr(request)
