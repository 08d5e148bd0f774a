r"""PURE: reads the regular expressions of filter patterns.

    expression = branch ("|" branch)*        branch = ("^" | "$" | term repeat?)+
    term       = literal | "." | "[" "^"? member+ "]" | "\" operator or symbol | a set
    repeat     = "?" | "*" | "+" | "{m}" | "{m,}" | "{,n}" | "{m,n}"

Sets are `\d \D \s \S \w \W`; `\xhh` is a literal. That is what AWS documents as its "Supported
regular expressions (regex) syntax"; anything else is refused. Nothing can be grouped, so that a
branch is no more than places in a row.
"""

import re
from dataclasses import dataclass
from string import ascii_letters, digits

from .refusals import PatternError

_MOST_PLACES = 500

OTHER = 0x80
"""Stands for every character that is not ASCII: no expression tells them apart."""

_ANY = frozenset(range(OTHER + 1))
_SYMBOLS = frozenset(" :_#=@/;,-")
_OPERATORS = frozenset("^$?[]{}|\\*+.")
_LITERALS = _SYMBOLS | frozenset(ascii_letters + digits)

_DIGIT = frozenset(map(ord, digits))
_SPACE = frozenset(map(ord, " \t\n\r\f\v"))
_WORD = frozenset(map(ord, ascii_letters + digits + "_"))
_SETS = {"d": _DIGIT, "s": _SPACE, "w": _WORD}
_SETS |= {letter.upper(): _ANY - characters for letter, characters in _SETS.items()}

_SIMPLE_REPEATS: dict[str, tuple[int, int | None]] = {"?": (0, 1), "*": (0, None), "+": (1, None)}
_REPEAT = re.compile(r"([?*+])|\{([0-9]*)(,?)([0-9]*)\}")
_HEXADECIMAL = re.compile(r"[0-7][0-9A-Fa-f]")


@dataclass(frozen=True, slots=True)
class Place:
    """What takes one character of a text, the same again if it repeats, none if it is optional."""

    takes: frozenset[int]
    is_optional: bool = False
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Branch:
    """One of the alternatives: places in a row, perhaps held to the ends of the text."""

    places: tuple[Place, ...]
    from_start: bool
    to_end: bool


def branches(text: str) -> list[Branch]:
    """The branches of an expression that can match anything at all."""
    return _Reader(text).branches()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._size = 0

    def branches(self) -> list[Branch]:
        found = [self._branch()]
        while self._skip("|"):
            found.append(self._branch())
        return [branch for branch in found if branch]

    def _branch(self) -> Branch | None:
        """A branch; None where an anchor inside it cannot hold, as in `a^b`."""
        places: list[Place] = []
        from_start = to_end = False
        is_possible = True
        if self._is_over():
            raise PatternError()
        while not self._is_over():
            if self._skip("^"):
                is_possible &= all(place.is_optional for place in places)
                places, from_start = [], True
            elif self._skip("$"):
                to_end = True
            else:
                repeated = self._repeated()
                if to_end:
                    is_possible &= all(place.is_optional for place in repeated)
                else:
                    places += repeated
        return Branch(tuple(places), from_start, to_end) if is_possible else None

    def _repeated(self) -> list[Place]:
        """A term, as often as it is to be there."""
        takes = self._term()
        least, most = self._repeat()
        self._size += max(least, 1) if most is None else most
        # The price of a step is one operation on that many bits.
        if self._size > _MOST_PLACES:
            raise PatternError.too_large(_MOST_PLACES)
        if most is not None:
            return [Place(takes)] * least + [Place(takes, is_optional=True)] * (most - least)
        last = Place(takes, is_optional=least == 0, repeats=True)
        return [*[Place(takes)] * (least - 1), last]

    def _repeat(self) -> tuple[int, int | None]:
        """How often at least and at most; None is any number of times."""
        match = _REPEAT.match(self._text, self._position)
        if match is None:
            return 1, 1
        self._position = match.end()
        simple, low, comma, high = match.groups()
        if simple:
            return _SIMPLE_REPEATS[simple]
        if not low and not high:
            raise PatternError()
        least = int(low or 0)
        most = (int(high) if high else None) if comma else least
        if most is not None and most < least:
            raise PatternError()
        return least, most

    def _term(self) -> frozenset[int]:
        match self._take():
            case ".":
                return _ANY
            case "[":
                return self._class()
            case "\\":
                return self._escaped()
            case character if character in _OPERATORS:
                raise PatternError()
            case character:
                return _literal(character)

    def _class(self) -> frozenset[int]:
        """The characters between brackets, or all the others."""
        is_negated = self._skip("^")
        members: set[int] = set()
        while not self._skip("]"):
            member = self._member()
            if self._next == "-" and self._text[self._position + 1 :][:1] != "]":
                self._position += 1
                member = _range(member, self._member())
            members |= member
        if not members:
            raise PatternError()
        return _ANY - members if is_negated else frozenset(members)

    def _member(self) -> frozenset[int]:
        match self._take():
            case "\\":
                return self._escaped()
            case "" | "[":  # a bracket must be escaped: engines do not agree on what it means
                raise PatternError()
            case character if character in _OPERATORS:
                return frozenset((ord(character),))
            case character:
                return _literal(character)

    def _escaped(self) -> frozenset[int]:
        character = self._take()
        if character in _SETS:
            return _SETS[character]
        if character in _OPERATORS:
            return frozenset((ord(character),))
        if character == "x":
            number = _HEXADECIMAL.match(self._text, self._position)
            if number is None:
                raise PatternError()
            self._position = number.end()
            return frozenset((int(number[0], 16),))
        if not character or character.isalnum():
            raise PatternError()
        return _literal(character)

    @property
    def _next(self) -> str:
        """The character to come; nothing at the end."""
        return self._text[self._position : self._position + 1]

    def _take(self) -> str:
        character = self._next
        self._position += 1
        return character

    def _skip(self, character: str) -> bool:
        """Go over a character, if it is the one to come."""
        is_there = self._next == character
        self._position += is_there
        return is_there

    def _is_over(self) -> bool:
        """Whether the branch ends here."""
        return self._next in ("", "|")


def _literal(character: str) -> frozenset[int]:
    if character not in _LITERALS:
        raise PatternError.invalid_characters(character)
    return frozenset((ord(character),))


def _range(first: frozenset[int], last: frozenset[int]) -> frozenset[int]:
    """The characters from one to another."""
    if len(first) > 1 or len(last) > 1:
        raise PatternError()
    (low,), (high,) = first, last
    if high < low:
        raise PatternError()
    return frozenset(range(low, high + 1))
