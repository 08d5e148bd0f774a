"""The condition operators: what a policy's operands make of one value of the request.

A `Test` answers whether a request value fits any of the operands: True, False, or None when that
cannot be told. What None means for a statement is decided in `conditions`.
"""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from . import arns, operands
from .patterns import Template, Values, matches, resolve, template

Test = Callable[[str, Values], bool | None]


@dataclass(frozen=True, slots=True)
class Reading:
    """How operands are to be read.

    `has_variables`: the document's version knows policy variables. `is_negated`: no operand may
    fit. `is_broad`: an operand that is incomplete fits more rather than less; chosen so that the
    mistake, if it is one, never allows anything.
    """

    has_variables: bool
    is_negated: bool
    is_broad: bool

    def verdict(self, results: Iterable[bool | None]) -> bool | None:
        """One answer from those of all operands, None being a variable without a value.

        Such an operand fits nothing. Under a negated operator that would make the condition hold,
        so there it counts as not known.
        """
        is_unresolved = False
        for result in results:
            if result:
                return True
            is_unresolved = is_unresolved or result is None
        return None if is_unresolved and self.is_negated else False


Maker = Callable[[Sequence[str], Reading], Test]
"""Builds a test from operands; raises `ValueError` when one is not of the operator's kind."""


def _as_is(text: str) -> str:
    return text


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
            return reading.verdict(
                None if text is None else fold(text) == wanted for text in resolved
            )

        return test

    return make


def _like(texts: Sequence[str], reading: Reading) -> Test:
    fixed, moving = _sorted(texts, reading, has_wildcards=True)

    def test(value: str, values: Values) -> bool | None:
        if any(matches(pattern, value) for pattern in fixed):
            return True
        resolved = [resolve(parts, values) for parts in moving]
        return reading.verdict(None if text is None else matches(text, value) for text in resolved)

    return test


def _arn(texts: Sequence[str], reading: Reading) -> Test:
    splits = [
        arns.split(template(text, has_wildcards=True, has_variables=reading.has_variables))
        for text in texts
    ]
    usable = [split for split in splits if reading.is_broad or len(split) == arns.SEGMENTS]
    known = arns.arn_set([arns.completed(split) for split in usable])

    def test(value: str, values: Values) -> bool | None:
        if value.count(":") < arns.SEGMENTS - 1:
            return None
        return known.has(value) or reading.verdict((known.moves_to(value, values),))

    return test


def _same(read: Callable[[str], Any]) -> Maker:
    def make(texts: Sequence[str], _: Reading) -> Test:
        known = frozenset(read(text) for text in texts)

        def test(value: str, _: Values) -> bool | None:
            try:
                return read(value) in known
            except ValueError:
                return None

        return test

    return make


def _compared(read: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Maker:
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
    # By prefix length: any number of networks costs no more than there are lengths.
    known: dict[tuple[int, int], set[int]] = {}
    for each in map(operands.addresses, texts):
        known.setdefault((each.version, each.mask), set()).add(each.network)
    ranges = tuple((version, mask, networks) for (version, mask), networks in known.items())

    def test(value: str, _: Values) -> bool | None:
        try:
            version, bits = operands.address(value)
        except ValueError:
            return None
        return any(version == ours and bits & mask in networks for ours, mask, networks in ranges)

    return test


def _sorted(
    texts: Sequence[str], reading: Reading, *, has_wildcards: bool
) -> tuple[tuple[str, ...], tuple[Template, ...]]:
    """Operands without variables, and the others."""
    fixed: list[str] = []
    moving: list[Template] = []
    for text in texts:
        parts = template(text, has_wildcards=has_wildcards, has_variables=reading.has_variables)
        if len(parts) == 1 and isinstance(parts[0], str):
            fixed.append(parts[0])
        else:
            moving.append(parts)
    return tuple(fixed), tuple(moving)


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator by its plain name. `is_dated`: its operands are dates (they have a text of
    their own when they are wrong)."""

    make: Maker
    is_negated: bool = False
    is_dated: bool = False


def _ordered(family: str, read: Callable[[str], Any], *, is_dated: bool) -> dict[str, Operator]:
    comparisons = {
        "LessThan": operator.lt,
        "LessThanEquals": operator.le,
        "GreaterThan": operator.gt,
        "GreaterThanEquals": operator.ge,
    }
    made = {
        family + name: Operator(_compared(read, compare), is_dated=is_dated)
        for name, compare in comparisons.items()
    }
    made[f"{family}Equals"] = Operator(_same(read), is_dated=is_dated)
    made[f"{family}NotEquals"] = Operator(_same(read), True, is_dated)
    return made


OPERATORS: Mapping[str, Operator] = MappingProxyType(
    {
        "StringEquals": Operator(_equal(_as_is)),
        "StringNotEquals": Operator(_equal(_as_is), True),
        "StringEqualsIgnoreCase": Operator(_equal(str.lower)),
        "StringNotEqualsIgnoreCase": Operator(_equal(str.lower), True),
        "StringLike": Operator(_like),
        "StringNotLike": Operator(_like, True),
        **_ordered("Numeric", operands.number, is_dated=False),
        **_ordered("Date", operands.moment, is_dated=True),
        "Bool": Operator(_same(operands.truth)),
        "BinaryEquals": Operator(_same(operands.octets)),
        "IpAddress": Operator(_in_network),
        "NotIpAddress": Operator(_in_network, True),
        "ArnEquals": Operator(_arn),
        "ArnLike": Operator(_arn),
        "ArnNotEquals": Operator(_arn, True),
        "ArnNotLike": Operator(_arn, True),
    }
)
"""Every operator but `Null`, which asks about the key and not about a value."""
