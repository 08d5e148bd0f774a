"""Whatever a request holds, it is answered: in AWS's words, and soon."""

import random
import time
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.exceptions import ClientError
from tests.unit.operations.ec2.asserting import world

from sluicegate.operations.ec2 import OPERATIONS
from sluicegate.testing import Endpoint

TEXTS = (
    "",
    "x",
    "-1",
    "0",
    "é\n\t",
    "' OR 1=1 --",
    "*",
    "vpc-",
    "sg-zzzzzzzz",
    "10.0.0.0/8",
    "10.0.1.0/24",
    "::/0",
    "10.0.1.7",
    "0.0.0.0/00",
    "1" * 400,
    "tag:",
    "tag:a",
    "vpc-id",
    "tcp",
    "6",
    "icmpv6",
    "٣",
    "pl-12345678",
    "security-group",
    "=" * 8,
)
NUMBERS = (-(10**20), -1, 0, 1, 5, 80, 65535, 65536, 1001, 2**31, 10**20)


def made_up(shape: Any, chance: random.Random, ids: list[str], depth: int = 0) -> Any:
    """Something of that shape, more wrong than right."""
    if shape.type_name == "structure":
        return {
            name: made_up(member, chance, ids, depth + 1)
            for name, member in shape.members.items()
            if name != "DryRun" and (depth > 1 or chance.random() < 0.6)
        }
    if shape.type_name == "list":
        return [
            made_up(shape.member, chance, ids, depth + 1) for _ in range(chance.choice((1, 1, 2)))
        ]
    if shape.type_name == "boolean":
        return chance.random() < 0.5
    if shape.type_name in ("integer", "long"):
        return chance.choice(NUMBERS)
    return chance.choice([*TEXTS, *ids, *(getattr(shape, "enum", None) or ())])


def answered(call: Any, params: dict[str, Any]) -> tuple[int, str]:
    """The status of the answer, and the error in it."""
    try:
        return call(**params)["ResponseMetadata"]["HTTPStatusCode"], ""
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"], str(error)


def test_nonsense_is_refused_in_aws_words(endpoint: Endpoint) -> None:
    w = world(endpoint)
    ids = [w.vpc, w.subnet, w.group, w.rule, w.interface, w.gateway, "brokers", "default"]
    client = w.ec2
    # A client checks types before it sends; what is sent unchecked is the point here.
    client._serializer = client._serializer._serializer
    chance = random.Random(20)
    model = botocore.session.get_session().get_service_model("ec2")
    for operation in OPERATIONS:
        call = getattr(client, xform_name(operation.name))
        for _ in range(12):
            params = made_up(model.operation_model(operation.name).input_shape, chance, ids)
            began = time.monotonic()
            status, error = answered(call, params)
            assert status < 500, (operation.name, params, error)
            assert time.monotonic() - began < 1
