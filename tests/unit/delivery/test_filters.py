"""Filters survive what records hold, and stay quick."""

import json

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.delivery.making import record

from sluicegate.delivery import Filters
from sluicegate.delivery.rules import _fits, _pieces

WANTS = [
    '{"value":{"a":[{"exists":false},{"prefix":"x"},{"numeric":[">",1]},1,null]}}',
    '{"value":[{"anything-but":["error"]}]}',
    '{"value":{"a":{"b":[{"wildcard":"a*b*c"}],"$or":[{"c":[1]},{"d":["x"]}]}}}',
]


@given(st.binary(max_size=30) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=8,
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_no_record_is_too_odd(value: bytes) -> None:
    for pattern in WANTS:
        assert Filters([pattern]).want(record(0, value=value)) in (True, False)


def test_no_record_is_too_deep() -> None:
    deep = [b"[" * 900 + b"]" * 900, b'{"a":' * 900 + b"1" + b"}" * 900, b"[" * 100_000]
    deep.append(b'{"a":' + b"[" * 500 + b"7" + b"]" * 500 + b"}")
    for value in deep:
        for pattern in WANTS:
            assert Filters([pattern]).want(record(0, value=value)) in (True, False)


@given(st.text("ab*", max_size=6), st.text("ab", max_size=8))
def test_wildcards_fit_what_they_describe(pattern: str, text: str) -> None:
    def fits(pattern: str, text: str) -> bool:
        if not pattern:
            return not text
        if pattern[0] == "*":
            return fits(pattern[1:], text) or bool(text and fits(pattern, text[1:]))
        return text[:1] == pattern[0] and fits(pattern[1:], text[1:])

    if "**" not in pattern:
        assert _fits(_pieces(pattern), text) is fits(pattern, text)


def test_a_wildcard_never_goes_back() -> None:
    # A matcher that does would be at it for years.
    filters = Filters([json.dumps({"value": [{"wildcard": "*a" * 900 + "b"}]})])
    assert not filters.want(record(0, value=b"a" * 1_000_000))
