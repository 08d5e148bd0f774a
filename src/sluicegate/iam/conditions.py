"""One line of a Condition: an operator, a key and its operands, against the request's keys."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from .documents import LEGACY, NO_VENDOR, SYNTAX, Unreadable
from .operands import truth
from .operators import OPERATORS, Reading, Test
from .patterns import Values

Holds = Callable[[Values], bool]


class Ambiguous(tuple[str, ...]):
    """The values of a key that came twice, in two spellings: nobody can tell which one counts."""

    __slots__ = ()


class Over(Enum):
    """Which of a key's values an operator speaks of."""

    THE_ONE = ""
    ALL = "ForAllValues:"
    ANY = "ForAnyValue:"


@dataclass(frozen=True, slots=True)
class Circumstance:
    """What is asked of one key. `if_unknown`: whether it holds when that cannot be told."""

    key: str
    over: Over
    test: Test
    is_negated: bool
    if_missing: bool
    if_unknown: bool

    def holds(self, values: Values) -> bool:
        """Whether the request is as asked."""
        value = values.get(self.key)
        if isinstance(value, str):
            # A lone empty string is AWS's "null data set", which fits whatever is asked of all.
            return (not value and self.over is Over.ALL) or self._fits(value, values)
        if not value:
            return self.if_missing
        if isinstance(value, Ambiguous):
            return self.if_unknown
        if self.over is Over.THE_ONE:
            return False
        if self.over is Over.ALL:
            return value == ("",) or all(self._fits(one, values) for one in value)
        return any(self._fits(one, values) for one in value)

    def _fits(self, value: str, values: Values) -> bool:
        result = self.test(value, values)
        return self.if_unknown if result is None else result is not self.is_negated


@dataclass(frozen=True, slots=True)
class Presence:
    """The operator `Null`: whether a key may be missing, must be, or must not be."""

    key: str
    is_missing: frozenset[bool]

    def holds(self, values: Values) -> bool:
        """Whether the request is as asked. An empty list is missing, an empty string is not."""
        return (values.get(self.key) in (None, ())) in self.is_missing


def circumstance(
    operator: str, key: str, texts: Sequence[str], *, has_variables: bool, is_deny: bool
) -> Holds:
    """Compile one line; raises `Unreadable` for an unknown operator or a bad operand.

    Where an answer cannot be told, it is the one that keeps an Allow from applying and makes a
    Deny apply. No operand at all is refused: a negated operator would hold for everyone.
    """
    if not texts:
        raise Unreadable(SYNTAX)
    if ":" not in key:
        raise Unreadable(NO_VENDOR)
    if operator == "Null":
        return Presence(key.lower(), frozenset(_read_truths(texts))).holds
    over = next((over for over in (Over.ALL, Over.ANY) if operator.startswith(over.value)), None)
    over = over or Over.THE_ONE
    name = operator.removeprefix(over.value)
    plain = name.removesuffix("IfExists")
    known = OPERATORS.get(plain)
    if known is None:
        raise Unreadable(SYNTAX)
    reading = Reading(has_variables, known.is_negated, is_broad=is_deny is not known.is_negated)
    try:
        test = known.make(texts, reading)
    except ValueError as error:
        raise Unreadable(LEGACY if known.is_dated else SYNTAX) from error
    if_missing = over is Over.ALL or (over is Over.THE_ONE and (known.is_negated or plain != name))
    return Circumstance(key.lower(), over, test, known.is_negated, if_missing, is_deny).holds


def _read_truths(texts: Sequence[str]) -> list[bool]:
    try:
        return [truth(text) for text in texts]
    except ValueError as error:
        raise Unreadable(SYNTAX) from error
