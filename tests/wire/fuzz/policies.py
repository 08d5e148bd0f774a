"""Policy documents nobody should write: broken JSON, broken grammar, and dear to evaluate."""

import json
from typing import Any

from hypothesis import strategies as st
from tests.wire.fuzz.values import Long

_STATEMENT = {"Effect": "Allow", "Action": "*", "Resource": "*"}
_TRUST = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
_BOMB = "*a" * 700


def _document(*statements: Any, version: Any = "2012-10-17") -> str:
    return json.dumps({"Version": version, "Statement": list(statements)})


_TEXTS = (
    "",
    "{",
    "null",
    "[]",
    "{}",
    "\ufeff{}",
    '{"Version":"2012-10-17","Version":"2008-10-17","Statement":[]}',
    '{"Version":"2012-10-17","Statement":NaN}',
    '{"Version":"2012-10-17","Statement":[{"Sid":"\\ud800"}]}',
    '{"Version":"2012-10-17","Statement":' + "[" * 5_000 + "]" * 5_000 + "}",
    '{"Version":"2012-10-17","Statement":' + '{"a":' * 5_000 + "1" + "}" * 5_001,
    '{"Version":%s}' % ("9" * 5_000),
    '{"Version":1e999}',
    _document(_STATEMENT) + "x",
    _document(_STATEMENT)[:-3],
    " " * 5_000 + _document(_STATEMENT),
    _document(*[_STATEMENT] * 100),
    _document(*[_STATEMENT] * 20_000),
    json.dumps(json.dumps({"Statement": []})),
    "%7B%7D",
)

_NAMES = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
    "effect",
    "\0",
    "",
)
_OPERATORS = (
    "StringLike",
    "StringNotLikeIfExists",
    "ForAllValues:StringLike",
    "ForAnyValue:NumericEquals",
    "ForAnyValue:Null",
    "NumericLessThan",
    "DateGreaterThan",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddressIfExists",
    "ArnLike",
    "Null",
    "Nonsense",
    "ForAllValues:",
    "",
)
_KEYS = ("aws:username", "aws:SourceIp", "aws:PrincipalTag/${x}", "kms:EncryptionContext:", "", "x")
_ATOMS: tuple[Any, ...] = (
    None,
    True,
    -1,
    1.5,
    10**30,
    "",
    "*",
    "Allow",
    "Deny",
    "allow",
    "*:*",
    "iam:*",
    "iam:Get?ser",
    "iam:",
    ":",
    "sts:AssumeRole",
    "kms:*",
    "logs:PutLogEvents",
    "arn:aws:iam::000000000000:root",
    "arn:aws:iam::*:role/*",
    "arn:*:*:*:*:*",
    "arn:aws:iam::000000000000:role/${aws:username}",
    "${",
    "${aws:username",
    "${${${aws:username}}}",
    "${*}${?}${$}",
    "${aws:x, 'default'}",
    "0.0.0.0/0",
    "10.0.0.1/99",
    "2026-01-01T00:00:00Z",
    "99999-01-01",
    "1e999",
    "9" * 400,
    "\0",
    "\U0001f600",
    "kafka.amazonaws.com",
    "000000000000",
    "arn:aws:iam::000000000000:user/people/alice",
    Long(_BOMB),
    Long("?" * 1_500),
    Long("${aws:username}" * 100),
)

_leaf = st.sampled_from(_ATOMS)
_either = st.one_of(_leaf, st.lists(_leaf, max_size=3))
_principal = st.one_of(
    _either,
    st.dictionaries(
        st.sampled_from(["AWS", "Service", "Federated", "CanonicalUser", "x"]), _either, max_size=2
    ),
)
_condition = st.one_of(
    _leaf,
    st.dictionaries(
        st.sampled_from(_OPERATORS),
        st.one_of(_leaf, st.dictionaries(st.sampled_from(_KEYS), _either, max_size=2)),
        max_size=2,
    ),
)
_parts = {"Principal": _principal, "NotPrincipal": _principal, "Condition": _condition}


@st.composite
def _statements(draw: st.DrawFn) -> Any:
    """Mostly right, with a few members set to something else, taken away or added."""
    statement: dict[str, Any] = dict(
        draw(st.sampled_from([_STATEMENT, _TRUST, _STATEMENT | _TRUST]))
    )
    for name in draw(st.lists(st.sampled_from(_NAMES), max_size=3)):
        if draw(st.integers(0, 3)):
            statement[name] = draw(_parts.get(name, _either))
        else:
            statement.pop(name, None)
    return statement


DOCUMENTS: st.SearchStrategy[str] = st.one_of(
    st.sampled_from(_TEXTS),
    st.builds(
        _document,
        _statements() | _leaf,
        version=st.sampled_from(["2012-10-17", "2008-10-17", "2012-10-17", "", None, 2012]),
    ),
    st.builds(_document, _statements(), _statements()),
)
"""Policy documents as text."""
