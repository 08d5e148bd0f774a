"""PURE: the conditions in filter patterns: comparisons of named values, joined by && and ||.

    condition  = all ("||" all)*              all = part ("&&" part)*
    part       = "(" condition ")" | path operator value | path "IS" ("TRUE" | "FALSE" | "NULL")
               | path "EXISTS" | path "NOT" "EXISTS"

A path is `$.a.b[0]` in JSON and a field's name between spaces; `*` stands for any member. It may
so mean several values: a comparison holds when it holds for one of them, and never without any.
"""

import json
import math
import operator
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from .refusals import PatternError
from .regular import Expression

Path = tuple[str | int | None, ...]
"""Names of members and numbers of elements on the way to a value; None is any of them."""

Values = Callable[[Path], Sequence[object]]
"""The values a path means in one message."""

_DEEPEST = 30

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<path>\$(?:\.?\[(?:\d{1,9}|\*|'[^']*'|"[^"]*")\]|\.\*|\.[\w\-]+)*)
      | (?P<string>"(?:[^"\\]|\\.)*")
      | (?P<regular>%[^%]*%)
      | (?P<sign>&&|\|\||<=|>=|!=|[=<>(){}\[\],])
      | (?P<word>[^\s"(){}\[\],=<>!&|]+)
    )""",
    re.VERBOSE | re.DOTALL,
)
_STEP = re.compile(r"""\[(\d+)\]|\[(\*)\]|\['([^']*)'\]|\["([^"]*)"\]|\.(\*)|\.([\w\-]+)""")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")

_ORDER: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_CONSTANTS = {"TRUE": True, "FALSE": False, "NULL": None}


@dataclass(frozen=True, slots=True)
class Literal:
    """The value of a comparison: a text, in which `*` stands for anything, or a number."""

    text: str
    number: float | None
    is_quoted: bool


@dataclass(frozen=True, slots=True)
class Compare:
    """`path = literal`, and the other operators; `=` and `!=` take an expression too."""

    path: Path
    operator: str
    literal: Literal | Expression


@dataclass(frozen=True, slots=True)
class Is:
    """`path IS TRUE`: the value is this very constant of JSON."""

    path: Path
    constant: bool | None


@dataclass(frozen=True, slots=True)
class Exists:
    """`path EXISTS`, or `path NOT EXISTS`."""

    path: Path
    expected: bool


@dataclass(frozen=True, slots=True)
class AllOf:
    """Conditions joined by `&&`."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Conditions joined by `||`."""

    parts: tuple["Condition", ...]


Condition = Compare | Is | Exists | AllOf | AnyOf


def holds(condition: Condition, values: Values) -> bool:
    """Whether a condition holds for the message that `values` reads."""
    match condition:
        case AllOf(parts):
            return all(holds(part, values) for part in parts)
        case AnyOf(parts):
            return any(holds(part, values) for part in parts)
        case Exists(path, expected):
            return bool(values(path)) is expected
        case Is(path, constant):
            return any(value is constant for value in values(path))
        case Compare(path, sign, literal):
            return any(_compares(value, sign, literal) for value in values(path))


def paths(condition: Condition) -> Iterator[Path]:
    """The paths of a condition, as they are written."""
    if isinstance(condition, AllOf | AnyOf):
        for part in condition.parts:
            yield from paths(part)
    else:
        yield condition.path


def _compares(value: object, sign: str, literal: Literal | Expression) -> bool:
    if isinstance(literal, Expression) or sign in ("=", "!="):
        return _equals(value, literal) is (sign == "=")
    number = _number(value)
    return (
        number is not None and literal.number is not None and _ORDER[sign](number, literal.number)
    )


def _equals(value: object, literal: Literal | Expression) -> bool:
    if isinstance(literal, Expression):
        if isinstance(value, dict | list):
            return False
        return literal.is_in(value if isinstance(value, str) else json.dumps(value))
    if literal.number is not None:
        return _number(value) == literal.number
    if isinstance(value, str):
        return _resembles(value, literal.text)
    if literal.is_quoted or isinstance(value, dict | list):
        return False
    return _resembles(json.dumps(value), literal.text)


def _resembles(text: str, pattern: str) -> bool:
    """Whether `text` is `pattern` with each `*` standing for anything. Linear in the text."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    last = rest.pop()
    position = len(first)
    if not text.startswith(first):
        return False
    for piece in rest:
        position = text.find(piece, position)
        if position < 0:
            return False
        position += len(piece)
    return len(text) - len(last) >= position and text.endswith(last)


def _number(value: object) -> float | None:
    """A number, or a text that is one; None for anything else."""
    if isinstance(value, str):
        if len(value) > 400 or not _NUMBER.fullmatch(value):
            return None
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:  # an integer of JSON may have hundreds of digits
        return math.inf if value > 0 else -math.inf
    return None if math.isnan(number) else number


@dataclass(frozen=True, slots=True)
class Token:
    """A piece: a `path`, a `string` in its quotes, a `regular` in its %, a `sign` or a `word`."""

    kind: str
    text: str


def tokens(text: str) -> list[Token]:
    """The pieces of a pattern."""
    found: list[Token] = []
    text = text.rstrip()
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise PatternError()
        found.append(Token(match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return found


class Parser:
    """Reads conditions off tokens. `path_kind` says which kind of token is a path here."""

    def __init__(self, pieces: Sequence[Token], path_kind: str) -> None:
        self._pieces = pieces
        self._path_kind = path_kind
        self._position = 0
        self._depth = 0

    @property
    def next(self) -> Token:
        """The token to come; an empty word at the end."""
        at_end = self._position >= len(self._pieces)
        return Token("end", "") if at_end else self._pieces[self._position]

    def take(self) -> Token:
        """The token to come, which is then behind."""
        token = self.next
        self._position += 1
        return token

    def is_alone(self) -> bool:
        """Whether a word comes that nothing is said about: a list goes on, or ends, behind it."""
        following = self._pieces[self._position + 1 : self._position + 2]
        is_last = following in ([Token("sign", ",")], [Token("sign", "]")])
        return self.next.kind == "word" and is_last

    def skip(self, sign: str) -> bool:
        """Go over a sign, if it is the one to come."""
        is_there = self.next == Token("sign", sign)
        self._position += is_there
        return is_there

    def expect(self, sign: str) -> None:
        """Go over a sign that must come."""
        if not self.skip(sign):
            raise PatternError()

    def condition(self) -> Condition:
        """A whole condition."""
        parts = [self._all()]
        while self.skip("||"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all(self) -> Condition:
        parts = [self._part()]
        while self.skip("&&"):
            parts.append(self._part())
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _part(self) -> Condition:
        if self.skip("("):
            self._depth += 1
            if self._depth > _DEEPEST:
                raise PatternError()
            inner = self.condition()
            self.expect(")")
            self._depth -= 1
            return inner
        return self._comparison(self._path())

    def _path(self) -> Path:
        token = self.take()
        if token.kind != self._path_kind:
            raise PatternError()
        return _steps(token.text) if token.kind == "path" else (token.text,)

    def _comparison(self, path: Path) -> Condition:
        token = self.take()
        if token.kind == "sign" and (token.text in _ORDER or token.text in ("=", "!=")):
            return Compare(path, token.text, self._literal(needs_number=token.text in _ORDER))
        word = token.text.upper()
        if word == "EXISTS":
            return Exists(path, True)
        following = self.take().text.upper()
        if word == "NOT" and following == "EXISTS":
            return Exists(path, False)
        if word == "IS" and following in _CONSTANTS:
            return Is(path, _CONSTANTS[following])
        raise PatternError()

    def _literal(self, *, needs_number: bool) -> Literal | Expression:
        token = self.take()
        if token.kind == "regular" and not needs_number:
            return Expression(token.text[1:-1])
        if token.kind not in ("string", "word") or token.text.startswith("%"):
            raise PatternError()
        text = token.text if token.kind == "word" else unescaped(token.text[1:-1])
        number = _number(text) if token.kind == "word" else None
        if needs_number and number is None:
            raise PatternError()
        return Literal(text, number, token.kind == "string")


def unescaped(text: str) -> str:
    """The inside of a quoted text without its backslashes."""
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def _steps(text: str) -> Path:
    steps: list[str | int | None] = []
    for index, any_element, quoted, double_quoted, any_member, name in _STEP.findall(text):
        if index:
            steps.append(int(index))
        elif any_element or any_member:
            steps.append(None)
        else:
            steps.append(quoted or double_quoted or name)
    return tuple(steps)
