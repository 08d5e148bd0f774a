"""What must hold for every policy and every question."""

import json
import random
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.iam import naive

from sluicegate import iam
from sluicegate.iam import (
    Attached,
    Effect,
    Layer,
    Layers,
    PolicyKind,
    Principal,
    PrincipalKind,
    Question,
    ResourceRule,
)

ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s"
SERVICE = "x.amazonaws.com"
USER = f"arn:aws:iam::{ACCOUNT}:user/u"
PRINCIPALS = (
    Principal(PrincipalKind.USER, ACCOUNT, USER, "AIDAU", frozenset((USER, "AIDAU"))),
    Principal(
        PrincipalKind.ROLE_SESSION,
        ACCOUNT,
        SESSION,
        "AROAR:s",
        frozenset((SESSION, ROLE, "AROAR")),
        ROLE,
    ),
    Principal(PrincipalKind.SERVICE, ACCOUNT, SERVICE, SERVICE, frozenset((SERVICE,))),
)
Statement = dict[str, Any]

# Other work on the machine is no failure; what must be quick has a test of its own.
busy = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

names = st.sampled_from(["kafka", "sqs"])
words = st.text("ab*?", min_size=1, max_size=4)
plain = st.text("ab", min_size=1, max_size=4)
actions = st.one_of(st.just("*"), st.builds("{}:{}".format, names, words))
segments = st.one_of(st.text("ab*?", max_size=3), st.just("*"))
arns = st.one_of(
    st.just("*"),
    st.builds("arn:aws:{}:{}:{}:{}".format, names, segments, segments, words),
    st.builds("arn:aws:{}:{}".format, names, segments),
    st.builds("arn:aws:{}".format, names),
)
asked_arns = st.one_of(
    st.just("*"),
    st.builds("arn:aws:{}:{}:{}:{}".format, names, plain, plain, st.text("ab:/", max_size=4)),
)
keys = st.sampled_from(["aws:x", "aws:Y", "sqs:z"])
operators = st.sampled_from(["StringEquals", "StringNotEquals", "StringLike"])
conditions = st.dictionaries(
    operators,
    st.dictionaries(keys, st.lists(words, min_size=1, max_size=2), max_size=2),
    max_size=2,
)
contexts = st.dictionaries(st.sampled_from(["AWS:X", "aws:y", "sqs:Z"]), plain, max_size=3)


@st.composite
def statements(draw: st.DrawFn) -> Statement:
    """A well formed statement of an identity policy."""
    return {
        "Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"])),
        draw(st.sampled_from(["Action", "NotAction"])): draw(
            st.lists(actions, min_size=1, max_size=3)
        ),
        draw(st.sampled_from(["Resource", "NotResource"])): draw(
            st.lists(arns, min_size=1, max_size=3)
        ),
        "Condition": draw(conditions),
    }


questions = st.builds(
    Question,
    st.sampled_from(PRINCIPALS),
    st.builds("{}:{}".format, names, plain),
    asked_arns,
    contexts,
)
everyone = st.sampled_from(
    ["*", {"AWS": ACCOUNT}, {"AWS": USER}, {"AWS": [ROLE]}, {"AWS": SESSION},
     {"Service": SERVICE}, {"AWS": "444455556666"}]
)  # fmt: skip


def document(some: list[Statement], version: str = "2012-10-17") -> str:
    return json.dumps({"Version": version, "Statement": some})


def identity(some: list[Statement]) -> Layers:
    return Layers(identity=(attached(some),))


def attached(some: list[Statement], kind: PolicyKind = PolicyKind.IDENTITY) -> Attached:
    return Attached(iam.load(document(some), kind))


def to_resource(some: list[Statement], principals: list[Any]) -> list[Statement]:
    """The same statements, each with a principal, for a resource's own policy."""
    pairs = zip(some, principals, strict=False)
    return [{**statement, "Principal": principal} for statement, principal in pairs]


many = st.lists(statements(), min_size=1, max_size=4)


@st.composite
def all_layers(draw: st.DrawFn) -> Layers:
    """Layers of every kind, each there or not."""
    given_principals = draw(st.lists(everyone, min_size=4, max_size=4))

    def maybe(kind: PolicyKind) -> tuple[Attached, ...] | None:
        return (attached(draw(many), kind),) if draw(st.booleans()) else None

    resource = None
    if draw(st.booleans()):
        resource = attached(to_resource(draw(many), given_principals), PolicyKind.RESOURCE)
    control = maybe(PolicyKind.SERVICE_CONTROL)
    return Layers(
        identity=(attached(draw(many)),),
        boundary=maybe(PolicyKind.BOUNDARY),
        session=maybe(PolicyKind.SESSION),
        service_control=() if control is None else (control,),
        resource=resource,
        resource_account=draw(st.sampled_from(["", ACCOUNT, "444455556666"])),
        resource_rule=draw(st.sampled_from(ResourceRule)),
    )


@busy
@given(many, questions)
def test_the_naive_evaluator_agrees(some: list[Statement], question: Question) -> None:
    user = Question(PRINCIPALS[0], question.action, question.resource, question.context)
    ours = iam.decide(user, identity(some)).effect
    context: Mapping[str, Any] = question.context
    assert ours.value == naive.decide(list(some), question.action, question.resource, context)


@busy
@given(all_layers(), questions, statements(), everyone)
def test_a_further_deny_never_allows(
    layers: Layers, question: Question, statement: Statement, principal: Any
) -> None:
    before = iam.decide(question, layers)
    deny = {**statement, "Effect": "Deny"}
    more = attached([deny])
    variants = [replace(layers, identity=(*layers.identity, more))]
    if layers.boundary is not None:
        variants.append(replace(layers, boundary=(*layers.boundary, more)))
    if layers.session is not None:
        variants.append(replace(layers, session=(*layers.session, more)))
    if layers.resource is None:
        policy = attached([{**deny, "Principal": principal}], PolicyKind.RESOURCE)
        variants.append(replace(layers, resource=policy))
    for variant in variants:
        assert before.allowed or not iam.decide(question, variant).allowed


@busy
@given(all_layers(), questions)
def test_only_what_is_allowed_everywhere_it_counts_is_allowed(
    layers: Layers, question: Question
) -> None:
    decision = iam.decide(question, layers)
    said = {check.effect for check in decision.checks}
    if Effect.EXPLICIT_DENY in said:
        assert decision.effect is Effect.EXPLICIT_DENY
    if decision.allowed:
        assert decision.layer is None
        assert Effect.ALLOW in said
    else:
        named = [check for check in decision.checks if check.layer is decision.layer]
        assert decision.effect in {check.effect for check in named}


@busy
@given(many, questions, st.randoms())
def test_the_order_of_statements_never_matters(
    some: list[Statement], question: Question, chance: random.Random
) -> None:
    shuffled = list(some)
    chance.shuffle(shuffled)
    before, after = (iam.decide(question, identity(one)).effect for one in (some, shuffled))
    assert before is after


@busy
@given(many, questions)
def test_many_policies_are_one(some: list[Statement], question: Question) -> None:
    apart = Layers(identity=tuple(attached([one]) for one in some))
    together = iam.decide(question, identity(some))
    assert iam.decide(question, apart).effect is together.effect


@busy
@given(all_layers(), questions)
def test_adding_what_is_said_to_be_missing_ends_in_allow(
    layers: Layers, question: Question
) -> None:
    kinds = {
        Layer.IDENTITY: ("identity", PolicyKind.IDENTITY),
        Layer.BOUNDARY: ("boundary", PolicyKind.BOUNDARY),
        Layer.SESSION: ("session", PolicyKind.SESSION),
        Layer.SERVICE_CONTROL: ("service_control", PolicyKind.SERVICE_CONTROL),
        Layer.RESOURCE: ("resource", PolicyKind.RESOURCE),
    }
    layers = replace(layers, resource=None)
    for _ in kinds:
        decision = iam.decide(question, layers)
        missing = iam.smallest_statement(question, decision)
        if decision.effect is not Effect.IMPLICIT_DENY or decision.layer is None:
            assert missing == {}
            break
        name, kind = kinds[decision.layer]
        iam.compile(document([missing]), kind)
        more = attached([missing], kind)
        layers = replace(layers, **{name: added(getattr(layers, name), more)})
    assert iam.decide(question, layers).effect is not Effect.IMPLICIT_DENY


def added(to: Any, more: Attached) -> Any:
    """A layer with one more policy; every level of the layer that has levels gets it."""
    if to is None:
        return more
    if to and isinstance(to[0], tuple):
        return tuple((*level, more) for level in to)
    return (*to, more)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["Version", "Statement", "Effect", "Action", "NotAction", "Resource", "Principal",
                 "NotPrincipal", "NotResource", "Condition", "Sid", "Id", "AWS", "StringEquals",
                 "Bool", "DateLessThan", "ForAnyValue:ArnLike", "aws:x"]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=20,
)  # fmt: skip
kinds = st.sampled_from(PolicyKind)


@busy
@given(st.one_of(st.text(max_size=60), json_values.map(json.dumps)), kinds, questions)
def test_no_text_surprises_the_reader(text: str, kind: PolicyKind, question: Question) -> None:
    policy = Attached(iam.load(text, kind))
    layers = Layers(
        identity=(policy,),
        boundary=(policy,),
        session=(policy,),
        endpoint=(policy,),
        resource=policy,
    )
    iam.decide(question, layers)
    with suppress(iam.MalformedPolicy):
        assert iam.compile(text, kind).faults == ()


@busy
@given(statements(), json_values, st.sampled_from(["Action", "Resource", "Condition"]), questions)
def test_a_stored_allow_that_cannot_be_read_allows_nothing(
    statement: Statement, damage: Any, element: str, question: Question
) -> None:
    allow = {**statement, "Effect": "Allow", element: damage}
    policy = iam.load(document([allow]), PolicyKind.IDENTITY)
    if policy.faults:
        assert not iam.decide(question, Layers(identity=(Attached(policy),))).allowed


@busy
@given(statements(), json_values, st.sampled_from(["Action", "Resource"]), questions)
def test_a_stored_deny_that_cannot_be_read_denies_at_least_what_it_did(
    statement: Statement, damage: Any, element: str, question: Question
) -> None:
    deny = {**statement, "Effect": "Deny"}
    broken = iam.load(document([{**deny, element: damage}]), PolicyKind.IDENTITY)
    whole = iam.decide(question, identity([deny])).effect
    if broken.faults and whole is Effect.EXPLICIT_DENY:
        assert iam.decide(question, Layers(identity=(Attached(broken),))).effect is whole


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"Statement":' + "[" * 900 + "]" * 900 + "}",
        '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": '
        '{"NumericEquals": {"s3:x": ' + "9" * 100_000 + "}}}}",
        '{"Version": ' + "1" * 10_000 + "}",
        '"' + "\\" * 99_999,
        "\ud800",
        "\x00" * 1000,
    ],
    ids=["lists", "objects", "statements", "digits", "version", "escapes", "surrogate", "zeros"],
)
def test_a_hostile_text_is_refused_at_once(text: str) -> None:
    began = time.perf_counter()
    for kind in PolicyKind:
        with pytest.raises(iam.MalformedPolicy):
            iam.compile(text, kind)
        assert iam.load(text, kind).faults
    iam.unscoped_size(text)
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ("*a" * 900, "a" * 1900),
        ("*a" * 900 + "b", "a" * 1900),
        ("*" * 900, "a" * 1900),
        ("*?a" * 600 + "b", "a" * 1900),
        ("*" + "?a" * 450 + "b*c", "a" * 1900),
        ("*" + "a" * 900 + "b*", "a" * 1900),
        ("${" * 900, "a" * 1900),
        ("${aws:x, '" + " ," * 900, "a" * 1900),
    ],
)
def test_no_pattern_is_slow(pattern: str, value: str) -> None:
    statement = {
        "Effect": "Allow",
        "Action": [f"s3:{pattern}"],
        "Resource": [f"arn:aws:s3:::{pattern}"] * 5,
        "Condition": {"StringLike": {"aws:x": [pattern] * 5}},
    }
    context = {"aws:x": value}
    began = time.perf_counter()
    asked = Question(PRINCIPALS[0], f"s3:{value}", f"arn:aws:s3:::{value}", context)
    iam.decide(asked, identity([statement]))
    assert time.perf_counter() - began < 1
