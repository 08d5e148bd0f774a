"""Decisions as data: every case in `iam/` is put to the engine, and its answer compared."""

import json
import lzma
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from sluicegate import iam
from sluicegate.iam import (
    Attached,
    Decision,
    Effect,
    Grant,
    Layer,
    Layers,
    Policy,
    PolicyKind,
    Principal,
    PrincipalKind,
    Question,
    ResourceRule,
)

Case = Mapping[str, Any]

HERE = Path(__file__).parent / "iam"
ACCOUNT = "111122223333"
VENDORS = frozenset(("s3", "kms", "sts", "kafka", "kafka-cluster", "iam", "ec2", "secretsmanager"))
NAMED = json.loads((HERE / "examples.json").read_text())
ANSWERS = {
    "allow": Effect.ALLOW,
    "implicit": Effect.IMPLICIT_DENY,
    "explicit": Effect.EXPLICIT_DENY,
}
KINDS = {kind.value: kind for kind in PolicyKind}


def _principal(
    kind: PrincipalKind, arn: str, unique_id: str, *others: str, role_arn: str = ""
) -> Principal:
    return Principal(kind, ACCOUNT, arn, unique_id, frozenset((arn, *others)), role_arn)


_USER = f"arn:aws:iam::{ACCOUNT}:user/alice"
_ROLE = f"arn:aws:iam::{ACCOUNT}:role/reader"
_SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/job"
_FEDERATED = f"arn:aws:sts::{ACCOUNT}:federated-user/fred"
_ROOT = f"arn:aws:iam::{ACCOUNT}:root"
_LAMBDA = "lambda.amazonaws.com"

WHO = {
    "user": _principal(PrincipalKind.USER, _USER, "AIDAALICE", "AIDAALICE"),
    "session": _principal(
        PrincipalKind.ROLE_SESSION, _SESSION, "AROAREADER:job", _ROLE, "AROAREADER", role_arn=_ROLE
    ),
    "federated": _principal(PrincipalKind.FEDERATED_USER, _FEDERATED, f"{ACCOUNT}:fred"),
    "root": _principal(PrincipalKind.ROOT, _ROOT, ACCOUNT, ACCOUNT),
    "service": _principal(PrincipalKind.SERVICE, _LAMBDA, _LAMBDA),
}


def cases(*stems: str) -> list[Any]:
    """The cases of some files, each under its name."""
    return [
        pytest.param(case, id=f"{stem}: {case['name']}")
        for stem in stems
        for case in json.loads((HERE / f"{stem}.json").read_text())
    ]


def context(case: Case) -> dict[str, str | tuple[str, ...]]:
    """The condition keys of a case; lists are multivalued keys."""
    return {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in case.get("context", {}).items()
    }


@cache
def managed(name: str) -> str:
    """The document of an AWS managed policy, as it ships with the package."""
    packed = files("sluicegate").joinpath("data", "aws_managed_policies.json.xz").read_bytes()
    policies = json.loads(lzma.decompress(packed))["policies"]
    arn = f"arn:aws:iam::aws:policy/{name}"
    return json.dumps(next(one["document"] for one in policies if one["arn"] == arn))


def policies(given: Any, kind: PolicyKind) -> list[Policy]:
    """What a case writes where policies stand: a name, statements, a document or a text."""
    if isinstance(given, list) and any(_is_whole(one) for one in given):
        return [policy for one in given for policy in policies(one, kind)]
    if isinstance(given, dict) and "text" in given:
        return [iam.load(given["text"], kind)]
    if isinstance(given, dict) and "document" in given:
        return [iam.load(json.dumps(given["document"]), kind)]
    statements = NAMED[given] if isinstance(given, str) else given
    if statements == []:
        return []
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    assert len(iam.compile(text, kind).statements) == len(iam.load(text, kind).statements)
    return [iam.load(text, kind)]


def _is_whole(given: Any) -> bool:
    return isinstance(given, str) or "text" in given or "document" in given


def layers(case: Case) -> Layers:
    """The policies of a case, each kind where it belongs."""
    uri = case.get("uri", "")

    def attached(given: Any, kind: PolicyKind) -> tuple[Attached, ...]:
        return tuple(Attached(policy, uri) for policy in policies(given, kind))

    def limit(name: str, kind: PolicyKind) -> tuple[Attached, ...] | None:
        return attached(case[name], kind) if name in case else None

    identity = attached(case.get("identity", []), PolicyKind.IDENTITY)
    if "managed" in case:
        identity = (Attached(iam.compile(managed(case["managed"]), PolicyKind.IDENTITY)),)
    kind = PolicyKind.KEY if case.get("key") else PolicyKind.RESOURCE
    resource = attached(case.get("resource", []), kind)
    if "trust" in case:
        resource = attached(case["trust"], PolicyKind.TRUST)
    is_trust = "trust" in case
    is_required = is_trust or case.get("key", False)
    return Layers(
        identity=identity,
        boundary=limit("boundary", PolicyKind.BOUNDARY),
        session=limit("session", PolicyKind.SESSION),
        endpoint=limit("endpoint", PolicyKind.ENDPOINT),
        service_control=tuple(
            attached(level, PolicyKind.SERVICE_CONTROL) for level in case.get("service_control", [])
        ),
        resource_control=tuple(
            attached(level, PolicyKind.RESOURCE_CONTROL)
            for level in case.get("resource_control", [])
        ),
        resource=resource[0] if resource else None,
        resource_account=case.get("owner", ""),
        resource_layer=Layer.TRUST if is_trust else Layer.RESOURCE,
        resource_rule=ResourceRule.REQUIRED if is_required else ResourceRule.EITHER,
        grants=tuple(
            Grant(
                "grant",
                one["grantee"],
                frozenset(one["operations"]),
                one.get("equals"),
                one.get("subset"),
            )
            for one in case.get("grants", [])
        ),
    )


def question(case: Case) -> Question:
    """What a case asks; the action and the resource have defaults that suit its policies."""
    action, resource = "s3:GetObject", "arn:aws:s3:::bucket"
    if case.get("key"):
        action, resource = "kms:Decrypt", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/k"
    if "trust" in case:
        action, resource = "sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/target"
    return Question(
        WHO[case["who"]],
        case.get("action", action),
        case.get("on", resource),
        context(case),
        tuple(case.get("also", ())),
    )


def judge(effects: list[tuple[str, Mapping[str, Any]]], case: Case) -> Decision:
    """One question against an identity policy of a few statements."""
    document: dict[str, Any] = {
        "Statement": [{"Effect": effect, **elements} for effect, elements in effects]
    }
    version = case.get("version", "2012-10-17")
    if version is not None:
        document["Version"] = version
    text = json.dumps(document)
    if case.get("stored"):
        with pytest.raises(iam.MalformedPolicy):
            iam.compile(text, PolicyKind.IDENTITY, vendors=VENDORS)
    else:
        iam.compile(text, PolicyKind.IDENTITY, vendors=VENDORS)
    asked = case.get("asked", "arn:aws:s3:::bucket")
    is_action = "asked" in case and not (case["element"].keys() & {"Resource", "NotResource"})
    action, resource = (asked, "arn:aws:s3:::bucket") if is_action else ("s3:GetObject", asked)
    policy = Attached(iam.load(text, PolicyKind.IDENTITY))
    return iam.decide(
        Question(WHO["user"], action, resource, context(case)), Layers(identity=(policy,))
    )


EVERYTHING = {"Action": "*", "Resource": "*"}


def elements(case: Case) -> dict[str, Any]:
    """The statement of a case about one element, the others saying everything."""
    element = case.get("element", {"Condition": case.get("condition")})
    rest = {
        name: "*" for name in ("Action", "Resource") if not element.keys() & {name, f"Not{name}"}
    }
    return {**rest, **element}


@pytest.mark.parametrize(
    "case",
    cases(
        "actions", "resources", "conditions_text", "conditions_values", "conditions_sets",
        "variables",
    ),
)  # fmt: skip
def test_an_element_fits_an_allow_and_a_deny_alike(case: Case) -> None:
    expected = case.get("fits", case.get("holds"))
    allowed = judge([("Allow", elements(case))], case).allowed
    denied = not judge([("Allow", EVERYTHING), ("Deny", elements(case))], case).allowed
    assert allowed is (expected is True)
    assert denied is (expected in (True, "unknown"))


@pytest.mark.parametrize(
    "case",
    cases(
        "decisions_layers", "decisions_principals", "decisions_accounts", "decisions_required",
        "decisions_kafka", "decisions_stored",
    ),
)  # fmt: skip
def test_the_layers_decide(case: Case) -> None:
    decision = iam.decide(question(case), layers(case))
    assert decision.effect is ANSWERS[case["answer"]]
    assert (decision.layer.value if decision.layer else None) == case.get("layer")
    if "reason" in case:
        assert decision.reason == case["reason"]


@pytest.mark.parametrize("case", cases("messages"))
def test_a_denial_says_it_in_awss_words(case: Case) -> None:
    asked = question(case)
    decision = iam.decide(asked, layers(case))
    assert iam.denial(asked, decision, shown=case.get("shown", "")) == case["sentence"]
    assert iam.smallest_statement(asked, decision) == case["missing"]


def document_of(case: Case) -> tuple[str, PolicyKind]:
    """The text a case puts, and as what."""
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    statement.update(case.get("statement", {}))
    statement.pop(case.get("without", ""), None)
    document = {"Version": "2012-10-17", "Statement": [statement], **case.get("document", {})}
    return case.get("text", json.dumps(document)), KINDS[case.get("kind", "identity")]


@pytest.mark.parametrize("case", cases("refused"))
def test_a_document_aws_refuses_is_refused_in_its_words(case: Case) -> None:
    text, kind = document_of(case)
    with pytest.raises(iam.MalformedPolicy) as refusal:
        iam.compile(text, kind, vendors=VENDORS)
    assert refusal.value.message == case["message"]


@pytest.mark.parametrize("case", cases("accepted"))
def test_a_document_aws_accepts_is_accepted(case: Case) -> None:
    text, kind = document_of(case)
    assert iam.compile(text, kind, vendors=VENDORS).faults == ()
