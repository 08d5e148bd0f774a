"""What a decision says of how it came about."""

import json

from sluicegate import iam
from sluicegate.iam import (
    Attached,
    Decision,
    Effect,
    Layer,
    Layers,
    PolicyKind,
    Principal,
    PrincipalKind,
    Question,
)

USER = "arn:aws:iam::111122223333:user/u"
ALICE = Principal(PrincipalKind.USER, "111122223333", USER, "AIDAU", frozenset((USER, "AIDAU")))
ASKED = Question(ALICE, "s3:GetObject", "arn:aws:s3:::bucket", {})
ALLOW = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}


def test_a_statement_nobody_can_read_is_named_by_its_place() -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": [ALLOW, ALLOW, "Deny"]})
    policy = Attached(iam.load(text, PolicyKind.IDENTITY))
    (check,) = iam.decide(ASKED, Layers(identity=(policy,))).checks
    assert [(match.index, match.effect) for match in check.matches] == [
        (0, Effect.ALLOW),
        (1, Effect.ALLOW),
        (2, Effect.EXPLICIT_DENY),
    ]


def test_where_no_policy_was_asked_no_statement_is_missing() -> None:
    decision = Decision(Effect.IMPLICIT_DENY, layer=Layer.IDENTITY, reason="service limits")
    assert iam.smallest_statement(ASKED, decision) == {}
