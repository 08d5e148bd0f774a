"""The rules of a filter pattern: what one value of a record must be.

A rule judges a leaf: a string, a number, true, false or null, as JSON has them. A number is
compared by its text, as EventBridge does, except with `numeric`; so numbers are read as `Number`
where their text is not what Python would write.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any


class InvalidPattern(Exception):
    """A filter pattern that cannot be used; AWS has one sentence for all of them."""

    message = "Invalid filter pattern definition."

    def __init__(self) -> None:
        super().__init__(self.message)


class Number(str):
    """A number that is no plain integer, by its text."""

    __slots__ = ()


Leaf = str | int | bool | Number | None
Test = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Rules:
    """The alternatives of one field: it fits when a leaf fits one of them, or when `absence` is
    one and there is no leaf."""

    equal: frozenset[tuple[type, Leaf]]
    tests: tuple[Test, ...]
    presence: bool = False
    absence: bool = False

    def fit(self, leaves: Sequence[Leaf]) -> bool:
        """Whether the field fits, whose leaves these are: several in a list, none if it is not
        there or is an object."""
        if not leaves:
            return self.absence
        return self.presence or any(
            (type(leaf), leaf) in self.equal or any(test(leaf) for test in self.tests)
            for leaf in leaves
        )


def rules(given: list[Any]) -> Rules:
    """The rules a field of a pattern has; `InvalidPattern` when there is none or one is none."""
    equal: set[tuple[type, Leaf]] = set()
    tests: list[Test] = []
    exists: set[bool] = set()
    for one in given:
        match one:
            case dict() if len(one) == 1:
                ((operator, operand),) = one.items()
                if operator == "exists":
                    exists.add(_boolean(operand))
                else:
                    tests.append(_test(operator, operand))
            case None | str() | int() | bool():
                equal.add((type(one), one))
            case _:
                raise InvalidPattern
    if not given:
        raise InvalidPattern
    return Rules(frozenset(equal), tuple(tests), presence=True in exists, absence=False in exists)


def _test(operator: str, operand: Any) -> Test:
    try:
        make = _OPERATORS[operator]
    except KeyError:
        raise InvalidPattern from None
    return make(operand)


def _prefix(operand: Any) -> Test:
    if isinstance(operand, dict):
        folded = _only(operand, "equals-ignore-case").casefold()
        return lambda leaf: _is_text(leaf) and leaf.casefold().startswith(folded)
    text = _text(operand)
    return lambda leaf: _is_text(leaf) and leaf.startswith(text)


def _suffix(operand: Any) -> Test:
    if isinstance(operand, dict):
        folded = _only(operand, "equals-ignore-case").casefold()
        return lambda leaf: _is_text(leaf) and leaf.casefold().endswith(folded)
    text = _text(operand)
    return lambda leaf: _is_text(leaf) and leaf.endswith(text)


def _equals_ignore_case(operand: Any) -> Test:
    folded = _text(operand).casefold()
    return lambda leaf: _is_text(leaf) and leaf.casefold() == folded


def _wildcard(operand: Any) -> Test:
    pieces = _pieces(_text(operand))
    return lambda leaf: _is_text(leaf) and _fits(pieces, leaf)


def _anything_but(operand: Any) -> Test:
    if isinstance(operand, dict):
        return _none_of(operand)
    given = operand if isinstance(operand, list) else [operand]
    is_text = [_is_text(one) for one in given]
    is_number = [_is_number(one) for one in given]
    if not given or not (all(is_text) or all(is_number)):
        raise InvalidPattern
    refused = frozenset((type(one), one) for one in given)
    return lambda leaf: (type(leaf), leaf) not in refused


def _none_of(operand: dict[str, Any]) -> Test:
    """`anything-but` of another rule: what fits none of its operands."""
    if len(operand) != 1:
        raise InvalidPattern
    ((operator, inner),) = operand.items()
    if operator not in ("prefix", "suffix", "wildcard", "equals-ignore-case"):
        raise InvalidPattern
    given = inner if isinstance(inner, list) else [inner]
    if not given or not all(map(_is_text, given)):
        raise InvalidPattern
    tests = [_test(operator, one) for one in given]
    return lambda leaf: not any(test(leaf) for test in tests)


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "=": lambda left, right: left == right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}
_LOWER, _UPPER = (">", ">="), ("<", "<=")


def _numeric(operand: Any) -> Test:
    match operand:
        case [str(sign), bound] if sign in _COMPARE:
            return _comparing((sign, _float(bound)))
        case [str(first), low, str(second), high] if first in _LOWER and second in _UPPER:
            lower, upper = _float(low), _float(high)
            if lower >= upper:
                raise InvalidPattern
            return _comparing((first, lower), (second, upper))
        case _:
            raise InvalidPattern


def _comparing(*bounds: tuple[str, float]) -> Test:
    def test(leaf: Any) -> bool:
        if not _is_number(leaf):
            return False
        value = _float(leaf)
        return all(_COMPARE[sign](value, bound) for sign, bound in bounds)

    return test


def _cidr(operand: Any) -> Test:
    block = _network(_text(operand))

    def test(leaf: Any) -> bool:
        if not _is_text(leaf):
            return False
        try:
            address = (IPv6Address if ":" in leaf else IPv4Address)(leaf)
        except AddressValueError:
            return False
        return address in block

    return test


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return (IPv6Network if ":" in text else IPv4Network)(text, strict=False)
    except ValueError:
        raise InvalidPattern from None


_OPERATORS: dict[str, Callable[[Any], Test]] = {
    "anything-but": _anything_but,
    "cidr": _cidr,
    "equals-ignore-case": _equals_ignore_case,
    "numeric": _numeric,
    "prefix": _prefix,
    "suffix": _suffix,
    "wildcard": _wildcard,
}


def _pieces(pattern: str) -> tuple[str, ...]:
    r"""What stands between the stars; `\*` and `\\` are a star and a backslash."""
    pieces, at = [""], 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            at += 1
            if pattern[at : at + 1] not in ("*", "\\"):
                raise InvalidPattern
            pieces[-1] += pattern[at]
        elif char != "*":
            pieces[-1] += char
        elif len(pieces) > 1 and not pieces[-1] and pattern[at - 1] == "*":
            raise InvalidPattern  # two stars in a row say nothing that one does not
        else:
            pieces.append("")
        at += 1
    return tuple(pieces)


def _fits(pieces: tuple[str, ...], text: str) -> bool:
    """Whether the pieces are in `text`, in order, the first at its begin, the last at its end.

    Each is looked for as early as possible and never again: linear in the text.
    """
    if len(pieces) == 1:
        return text == pieces[0]
    first, *middle, last = pieces
    at, end = len(first), len(text) - len(last)
    if end < at or not text.startswith(first) or not text.endswith(last):
        return False
    for piece in middle:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def _only(operand: dict[str, Any], name: str) -> str:
    if list(operand) != [name]:
        raise InvalidPattern
    return _text(operand[name])


def _text(operand: Any) -> str:
    if not _is_text(operand):
        raise InvalidPattern
    return str(operand)


def _boolean(operand: Any) -> bool:
    if not isinstance(operand, bool):
        raise InvalidPattern
    return operand


def _float(operand: Any) -> float:
    if not _is_number(operand):
        raise InvalidPattern
    try:
        return float(operand)
    except OverflowError:  # an integer of hundreds of digits
        return float("-inf") if operand < 0 else float("inf")


def _is_text(leaf: Any) -> bool:
    return type(leaf) is str


def _is_number(leaf: Any) -> bool:
    return type(leaf) in (int, Number)
