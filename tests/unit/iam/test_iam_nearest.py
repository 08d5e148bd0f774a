"""What nearly allowed: which statements name the action, and what keeps them from applying."""

import json
from typing import Any

import pytest

from sluicegate import iam
from sluicegate.iam import Attached, NearMiss, PolicyKind, Principal, PrincipalKind, Question

USER = "arn:aws:iam::111122223333:user/u"
ALICE = Principal(PrincipalKind.USER, "111122223333", USER, "AIDAU", frozenset((USER, "AIDAU")))
BUCKET = "arn:aws:s3:::bucket/key"
ASKED = Question(ALICE, "s3:GetObject", BUCKET, {"aws:SourceIp": "10.0.0.1", "aws:username": "u"})


def misses(*statements: dict[str, Any]) -> list[NearMiss]:
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    policy = Attached(iam.load(text, PolicyKind.IDENTITY), text=text)
    return list(iam.near_misses(ASKED, (policy,)))


def allow(**members: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*", **members}


@pytest.mark.parametrize(
    "statement",
    [
        allow(),
        allow(Action="s3:PutObject"),
        allow(Effect="Deny", Resource="arn:aws:s3:::other/*"),
        allow(Resource=["arn:aws:s3:::${aws:username}/*", "arn:aws:s3:::bucket/*"]),
        allow(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
    ],
)
def test_what_applies_denies_or_is_of_another_action_is_none(statement: dict[str, Any]) -> None:
    assert misses(statement) == []


def test_other_resources_are_named_as_they_are_written() -> None:
    other = "arn:aws:s3:::${aws:username}/*"
    listed = allow(Sid="Others", Resource=[other, "arn:aws:s3:::third"])
    complement = allow(NotResource="arn:aws:s3:::bucket/*")
    del complement["Resource"]
    first, second, third = misses(listed, allow(Resource=other), complement)
    assert (first.index, first.sid) == (0, "Others")
    assert first.resources == (other, "arn:aws:s3:::third")
    assert (second.index, second.sid, second.resources) == (1, "", (other,))
    assert third.resources == ("all but arn:aws:s3:::bucket/*",)
    assert not (first.conditions or first.absent)


def test_conditions_are_named_and_which_of_their_keys_are_absent() -> None:
    (miss,) = misses(
        allow(
            Condition={
                "IpAddress": {"aws:SourceIp": "192.0.2.0/24"},
                "StringEquals": {"aws:SourceVpc": "vpc-1", "aws:UserName": "u"},
            }
        )
    )
    assert miss.conditions == ("aws:SourceIp", "aws:SourceVpc", "aws:UserName")
    assert miss.absent == ("aws:SourceVpc",)
    assert miss.resources == ()


def test_a_wrong_resource_is_told_before_conditions() -> None:
    (miss,) = misses(
        allow(Resource="arn:aws:s3:::x", Condition={"Bool": {"aws:SecureTransport": "true"}})
    )
    assert miss.resources == ("arn:aws:s3:::x",) and miss.conditions == ()
