"""Texts of policies: their size, their principals, and principals put in place of others."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate import iam
from sluicegate.iam import PolicyKind

TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Sid":"one","Effect":"Allow","Principal":'
    '{"Service":"lambda.amazonaws.com","AWS":["arn:aws:iam::111122223333:role/r","444455556666"]},'
    '"Action":"sts:AssumeRole"},{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole",'
    '"Condition":{"NumericLessThan":{"aws:MultiFactorAuthAge":1.50}}}]}'
)

white = st.text(" \t\r\n", max_size=3)


def test_white_space_between_tokens_is_free() -> None:
    assert iam.unscoped_size('{ "a" :\n\t[ 1, 2 ] }') == len('{"a":[1,2]}')


def test_white_space_inside_texts_counts() -> None:
    assert iam.unscoped_size(r'{"a b" : " \" c "}') == len(r'{"a b":" \" c "}')


@given(st.lists(st.text(max_size=5), max_size=4), white)
def test_the_size_is_that_of_the_compact_document(texts: list[str], gap: str) -> None:
    compact = json.dumps(texts, separators=(",", ":"))
    spaced = json.dumps(texts, separators=(f"{gap},{gap}", ":"))
    assert iam.unscoped_size(gap + spaced + gap) == len(compact)


def test_the_aws_principals_of_a_document() -> None:
    policy = iam.compile(TRUST, PolicyKind.TRUST)
    expected = ("arn:aws:iam::111122223333:role/r", "444455556666", "*")
    assert iam.principals_of(policy) == expected


def test_principals_are_replaced_and_nothing_else() -> None:
    text = iam.rewrite_principals(TRUST, lambda name: name.replace(
        "arn:aws:iam::111122223333:role/r", "AROAR"
    ))  # fmt: skip
    assert text == TRUST.replace("arn:aws:iam::111122223333:role/r", "AROAR").replace(
        "1.50", '"1.50"'
    )


def test_a_text_without_replacements_stays_as_it_was_written() -> None:
    spaced = json.dumps(json.loads(TRUST), indent=4)
    assert iam.rewrite_principals(spaced, lambda name: name) == spaced


def test_services_are_not_asked_about() -> None:
    seen: list[str] = []
    iam.rewrite_principals(TRUST, lambda name: seen.append(name) or name)  # type: ignore[func-returns-value]  # append gives None
    assert seen == ["arn:aws:iam::111122223333:role/r", "444455556666"]


def test_a_text_that_is_no_json_cannot_be_rewritten() -> None:
    with pytest.raises(iam.Unreadable):
        iam.rewrite_principals("{", lambda name: name)
