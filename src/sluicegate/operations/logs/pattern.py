"""PURE: filter patterns of CloudWatch Logs, from their text to a predicate on messages.

    (nothing)                             everything
    ERROR "exact phrase" -excluded        all of them, none of the excluded
    ?ERROR ?WARN                          any of them
    %5[0-9]{2}|[Ee]rror%                  a regular expression, a term like the others
    { $.level = "ERROR" && $.ms >= 100 }  messages that are JSON
    [ip, user, ..., status = 4*, bytes]   messages of fields between spaces

`compiled(text)` raises `PatternError`, with the sentence for the caller, on anything else. Matching
is linear in the message, whatever the pattern. A value of a condition may be a regular expression.
"""

import json
import re
from collections.abc import Callable, Sequence

from .condition import (
    Condition,
    Parser,
    Path,
    holds,
    paths,
    tokens,
    unescaped,
)
from .refusals import PatternError
from .regular import Expression

__all__ = ["Matches", "PatternError", "compiled"]

Matches = Callable[[str], bool]

_TERM = re.compile(r'([-?]?)(?:"((?:[^"\\]|\\.)*)"|%([^%]*)%|([^\s"]+))\s*', re.DOTALL)
_MOST_WILDCARDS = 3
_MOST_EXPRESSIONS = 2

_NO_WORD = re.compile(r"\W+")

_SPACE = re.compile(r"\s|$")
_NO_SPACE = re.compile(r"\S")
_CLOSING = {"[": "]", '"': '"'}


def compiled(text: str) -> Matches:
    """The predicate a pattern stands for."""
    text = text.strip()
    if text.startswith("{"):
        return _json(text)
    if text.startswith("["):
        return _fields(text)
    return _terms(text)


def _terms(text: str) -> Matches:
    wanted: dict[str, list[Matches]] = {"": [], "-": [], "?": []}
    expressions = position = 0
    while position < len(text):
        term = _TERM.match(text, position)
        if term is None:
            raise PatternError()
        sign, phrase, regular, word = term.groups()
        if regular is not None:
            expressions += 1
            wanted[sign].append(Expression(regular).is_in)
        else:
            wanted[sign].append(_containing(_word(word) if phrase is None else unescaped(phrase)))
        position = term.end()
    _limit(expressions)
    every, none, some = wanted[""], wanted["-"], wanted["?"]

    def matches(message: str) -> bool:
        if any(term(message) for term in none):
            return False
        if every:  # as on AWS, beside plain terms the optional ones say nothing
            return all(term(message) for term in every)
        return not some or any(term(message) for term in some)

    return matches


def _containing(phrase: str) -> Matches:
    return lambda message: phrase in message


def _word(word: str) -> str:
    wrong = _NO_WORD.search(word)
    if wrong:
        raise PatternError.invalid_characters(wrong.group())
    return word


def _limit(expressions: int) -> None:
    if expressions > _MOST_EXPRESSIONS:
        raise PatternError.too_many(_MOST_EXPRESSIONS)


def _parser(text: str, path_kind: str) -> Parser:
    pieces = tokens(text)
    _limit(sum(piece.kind == "regular" for piece in pieces))
    return Parser(pieces, path_kind)


def _json(text: str) -> Matches:
    parser = _parser(text, "path")
    parser.expect("{")
    condition = parser.condition()
    parser.expect("}")
    # AWS has such a limit as well: every wildcard is a walk through the whole document.
    wildcards = sum(path.count(None) for path in paths(condition))
    if parser.next.kind != "end" or wildcards > _MOST_WILDCARDS:
        raise PatternError()

    def matches(message: str) -> bool:
        if not message.lstrip().startswith(("{", "[")):
            return False
        try:
            document = json.loads(message)
        except (ValueError, RecursionError):
            return False
        return holds(condition, lambda path: _at(document, path))

    return matches


def _at(document: object, path: Path) -> Sequence[object]:
    """The values a path leads to."""
    values = [document]
    for step in path:
        values = [member for value in values for member in _members(value, step)]
    return values


def _members(value: object, step: str | int | None) -> Sequence[object]:
    if isinstance(value, dict):
        if step is None:
            return list(value.values())
        return [value[step]] if step in value else []
    if isinstance(value, list):
        if step is None:
            return value
        return value[step : step + 1] if isinstance(step, int) else []
    return []


def _fields(text: str) -> Matches:
    names, conditions = _read_fields(text)
    gap = names.index("...") if "..." in names else None
    if names.count("...") > 1:
        raise PatternError()

    def matches(message: str) -> bool:
        found = _split(message)
        if gap is None:
            named = dict(zip(names, found, strict=False))
            fits = len(found) == len(names)
        else:
            after = len(names) - gap - 1
            named = dict(zip(names[:gap], found, strict=False))
            named |= zip(names[gap + 1 :], found[len(found) - after :], strict=False)
            fits = len(found) >= len(names) - 1
        return fits and all(
            holds(condition, lambda path: _field(named, path)) for condition in conditions
        )

    return matches


def _split(message: str) -> list[str]:
    """The fields of a message: what stands between spaces, or between brackets or quotes."""
    found: list[str] = []
    # Where nothing closes any more it is not looked for: that would be quadratic.
    closable = {opening: message.rfind(closing) for opening, closing in _CLOSING.items()}
    position = 0
    while first := _NO_SPACE.search(message, position):
        start = first.start()
        if closable.get(first.group(), -1) > start:
            end = message.index(_CLOSING[first.group()], start + 1)
            found.append(message[start + 1 : end])
            position = end + 1
        else:
            after = _SPACE.search(message, start)
            position = after.start() if after else len(message)
            found.append(message[start:position])
    return found


def _field(named: dict[str, str], path: Path) -> Sequence[object]:
    (name,) = path
    return [named[name]] if isinstance(name, str) and name in named else []


def _read_fields(text: str) -> tuple[list[str], list[Condition]]:
    """The names of the fields in order, `...` among them, and the conditions on them."""
    parser = _parser(text, "word")
    parser.expect("[")
    names: list[str] = []
    conditions: list[Condition] = []
    while True:
        if parser.is_alone():
            names.append(parser.take().text)
        else:
            conditions.append(parser.condition())
            names.append(str(next(paths(conditions[-1]))[0]))
        if not parser.skip(","):
            break
    parser.expect("]")
    if parser.next.kind != "end":
        raise PatternError()
    return names, conditions
