"""The condition operators: what a policy's operands make of one value of the request.

A `Test` answers whether a request value fits any of the operands: True, False, or None when that
cannot be told (the value is not of the operator's kind, or a variable has no value). What None
means for a statement is decided in `conditions`; here nobody knows of effects or negation but
where a rule needs it (`Reading`).
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from . import arns, operands
from .patterns import Template, Values, matches, resolve, template

Test = Callable[[str, Values], bool | None]


@dataclass(frozen=True, slots=True)
class Reading:
    """How operands are to be read: the document's version, and which error is the safe one.

    `is_broad`: where it is in doubt what an operand means, it means more rather than less.
    """

    has_variables: bool
    is_broad: bool


Maker = Callable[[Sequence[str], Reading], Test]
"""Builds a test from operands; raises `ValueError` when one is not of the operator's kind."""


def _equal(fold: Callable[[str], str]) -> Maker:
    def make(texts: Sequence[str], reading: Reading) -> Test:
        fixed, moving = _sorted(texts, reading, has_wildcards=False)
        known = frozenset(map(fold, fixed))
        if not moving:
            return lambda value, _: fold(value) in known

        def test(value: str, values: Values) -> bool | None:
            wanted = fold(value)
            if wanted in known:
                return True
            resolved = [resolve(parts, values) for parts in moving]
            return _among(None if text is None else fold(text) == wanted for text in resolved)

        return test

    return make


def _like(texts: Sequence[str], reading: Reading) -> Test:
    fixed, moving = _sorted(texts, reading, has_wildcards=True)

    def test(value: str, values: Values) -> bool | None:
        if any(matches(pattern, value) for pattern in fixed):
            return True
        resolved = [resolve(parts, values) for parts in moving]
        return _among(None if text is None else matches(text, value) for text in resolved)

    return test


def _arn(texts: Sequence[str], reading: Reading) -> Test:
    """Incomplete patterns match nothing, or are completed where that is the safe reading."""
    splits = [
        arns.split(template(text, has_wildcards=True, has_variables=reading.has_variables))
        for text in texts
    ]
    usable = [split for split in splits if len(split) == arns.SEGMENTS or reading.is_broad]
    known = arns.arn_set([arns.completed(split) for split in usable])

    def test(value: str, values: Values) -> bool | None:
        segments = value.split(":", 5)
        if len(segments) != arns.SEGMENTS:
            return None
        return known.has(value, segments, values)

    return test


def _compared[T](read: Callable[[str], T], compare: Callable[[Any, Any], bool]) -> Maker:
    def make(texts: Sequence[str], _: Reading) -> Test:
        known = tuple(read(text) for text in texts)

        def test(value: str, _: Values) -> bool | None:
            try:
                there = read(value)
            except ValueError:
                return None
            return any(compare(there, ours) for ours in known)

        return test

    return make


def _in_network(texts: Sequence[str], _: Reading) -> Test:
    ranges = tuple(operands.addresses(text) for text in texts)

    def test(value: str, _: Values) -> bool | None:
        try:
            there = operands.address(value)
        except ValueError:
            return None
        return any(known.has(there) for known in ranges)

    return test


def _sorted(
    texts: Sequence[str], reading: Reading, *, has_wildcards: bool
) -> tuple[tuple[str, ...], tuple[Template, ...]]:
    """Operands without variables, and the others."""
    fixed: list[str] = []
    moving: list[Template] = []
    for text in texts:
        parts = template(
            text, has_wildcards=has_wildcards, has_variables=reading.has_variables
        )
        if len(parts) == 1 and isinstance(parts[0], str):
            fixed.append(parts[0])
        else:
            moving.append(parts)
    return tuple(fixed), tuple(moving)
