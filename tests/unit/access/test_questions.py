"""What may be asked at all: something, and of a length that policies can be held against."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sluicegate.access import principals
from sluicegate.access.authorize import Authority
from sluicegate.access.memory import EpochMemory
from sluicegate.access.record import Occasion
from sluicegate.errors import AccessDenied
from sluicegate.store.decisions import DecisionLog
from sluicegate.testing import Endpoint

TOO_LONG = "what policies are asked about may have 16384 characters a value and 65536 in all"
PAIRS = {f"key{number}": "v" * 1000 for number in range(70)}

LONG_CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("kms", "encrypt", {"EncryptionContext": {"tenant": "a" * 16_385}, "Plaintext": b"x"}),
    ("kms", "encrypt", {"EncryptionContext": {"k" * 16_385: "a"}, "Plaintext": b"x"}),
    ("kms", "encrypt", {"EncryptionContext": PAIRS, "Plaintext": b"x"}),
    ("secretsmanager", "get_secret_value", {"SecretId": "a" * 16_385}),
    ("secretsmanager", "create_secret", {"Name": "db", "Description": "a" * 16_385}),
    ("logs", "create_log_group", {"logGroupName": "g", "tags": {"k" * 16_385: "v"}}),
    ("ec2", "delete_vpc", {"VpcId": "vpc-" + "a" * 16_385}),
    ("iam", "get_user", {"UserName": "a" * 16_385}),
]


@pytest.mark.parametrize(("service", "call", "params"), LONG_CALLS)
def test_what_no_policy_can_be_held_against_is_refused_unread(
    endpoint: Endpoint, service: str, call: str, params: dict[str, Any]
) -> None:
    """A wildcard of a policy's length against megabytes takes seconds, and all other calls wait."""
    if service == "kms":
        params = {**params, "KeyId": endpoint.client("kms").create_key()["KeyMetadata"]["KeyId"]}
    alice = endpoint.user("alice")
    operation: Callable[..., Any] = getattr(alice.client(service), call)
    with pytest.raises(ClientError) as caught:
        operation(**params)
    answer = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert answer["Error"]["Code"] in (
        "ValidationException",
        "ValidationError",
        "InvalidParameterException",
        "InvalidParameterValue",
    )
    assert answer["Error"]["Message"] == TOO_LONG


def test_who_asks_nothing_gets_nothing(endpoint: Endpoint) -> None:
    log = DecisionLog(endpoint.databases.decisions)
    authority = Authority(endpoint.databases.state, EpochMemory(), log)
    with pytest.raises(AccessDenied):
        authority.authorize(principals.root(endpoint.root), (), Occasion("us-east-1", "", 0, {}))
    log.close()
