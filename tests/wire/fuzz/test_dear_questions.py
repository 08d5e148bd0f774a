"""Policies, patterns and lists that are right, and chosen to be dear: still answered soon."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.wire.fuzz.world import MOST_CPU_SECONDS

from sluicegate.testing import Endpoint

_SECRET = "arn:aws:secretsmanager:us-east-1:000000000000:secret:"
_NETWORKS = [f"10.{number // 250}.{number % 250}.0/24" for number in range(100)]
_IDS = [f"sg-{number:017x}" for number in range(1_000)]


def _policy(**members: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"} | members
    return {"Version": "2012-10-17", "Statement": [statement]}


def _soon(call: Callable[..., Any], **params: Any) -> str:
    """The code a call is answered with, "" for none; it must not take long."""
    code, began = "", time.thread_time()
    try:
        call(**params)
    except ClientError as error:
        code = error.response["Error"]["Code"]
    took = time.thread_time() - began
    assert took < MOST_CPU_SECONDS, f"{took:.2f} s for {code or 'a result'}"
    return code


_POLICIES = {
    "one with many stars": _policy(Resource=_SECRET + "*a" * 900 + "b"),
    "many with stars": _policy(Resource=[f"{_SECRET}*a*a*a*b{each}" for each in range(25)]),
    "variables": _policy(Resource=[f"{_SECRET}*${{aws:username}}*{each}" for each in range(22)]),
    "keys unlike": _policy(
        Condition={"ForAllValues:StringNotLike": {"aws:TagKeys": [f"*b*{n}" for n in range(150)]}}
    ),
    "keys alike": _policy(
        Condition={"ForAnyValue:StringLike": {"aws:TagKeys": [f"*b*{n}" for n in range(150)]}}
    ),
    "networks": _policy(Condition={"NotIpAddress": {"aws:SourceIp": _NETWORKS}}),
}


@pytest.mark.parametrize("name", _POLICIES)
def test_a_policy_that_is_dear_to_ask_is_asked_soon(endpoint: Endpoint, name: str) -> None:
    member = endpoint.user("a" * 64, policy=_POLICIES[name])
    secrets, ec2 = member.client("secretsmanager"), member.client("ec2")
    many = [{"Key": f"{number}", "Value": ""} for number in range(15_000)]
    tags = [{"Key": "a" * 120 + f"{number}", "Value": "a" * 250} for number in range(50)]
    _soon(secrets.create_secret, Name="a" * 500, SecretString="x", Tags=tags)
    assert _soon(secrets.create_secret, Name="a" * 900_000, SecretString="x", Tags=many)
    assert _soon(secrets.get_secret_value, SecretId="a" * 2_000)
    assert _soon(secrets.untag_resource, SecretId="x", TagKeys=["a" * 16] * 40_000)
    assert _soon(secrets.untag_resource, SecretId="x", TagKeys=["x"] * 15_000)
    assert _soon(ec2.create_tags, Resources=_IDS, Tags=many[:4_000])
    assert _soon(ec2.delete_tags, Resources=_IDS, Tags=many[:4_000])
    assert _soon(ec2.create_network_interface, SubnetId="subnet-12345678", Groups=_IDS)


_MESSAGES = {
    "members": json.dumps({str(number): 1 for number in range(20_000)}),
    "elements": json.dumps([1] * 60_000),
    "nested objects": '{"a":' * 40_000 + "1" + "}" * 40_000,
    "nested lists": "[" * 120_000 + "]" * 120_000,
    "digits": '{"a":' + "9" * 250_000 + "}",
    "words": "a " * 100_000,
    "letters": "a" * 250_000,
    "quotes": '"a' * 120_000,
    "backslashes": '"' + '\\"' * 120_000,
    "brackets": "[" * 250_000,
}
_PATTERNS = (
    "{ $.* = 2 || $[*] = 2 || $.a.* = 2 }",
    "{ $" + ".a" * 480 + " = 1 }",
    "{ $.a > 1 && ($.a < 2 || $.b NOT EXISTS) }",
    '{ $.a = "*a*b*" }',
    " ".join(["a"] * 500),
    " ".join(["-zz"] * 250),
    " ".join(f"?z{number}" for number in range(200)),
    '"' + "a" * 1_000 + 'b"',
    "[" + ", ".join(f"w{number}" for number in range(150)) + "]",
    "[..., x = b]",
    "[x = *a*a*b, ...]",
    r"%" + "a*" * 250 + "b|a{1,249}=$%",
    r"%[^b]{100}.{0,199}b|\W.{200}=% -%.*.*.*.*=%",
    "{ $.* = %a?[0-9]{99}=% || $[*] != %.*1.*% }",
    "[..., x = %a.{100}b%]",
)


@pytest.mark.parametrize("name", _MESSAGES)
def test_a_pattern_that_is_dear_to_match_is_matched_soon(endpoint: Endpoint, name: str) -> None:
    logs = endpoint.client("logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    event = {"timestamp": endpoint.clock.now_ms(), "message": _MESSAGES[name]}
    logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=[event])
    for pattern in _PATTERNS:
        _soon(logs.filter_log_events, logGroupName="g", filterPattern=pattern)
