"""PURE: filter patterns of CloudWatch Logs, from their text to a predicate on messages.

    (nothing)                             everything
    ERROR "exact phrase" -excluded        all of them, none of the excluded
    ?ERROR ?WARN                          any of them
    { $.level = "ERROR" && $.ms >= 100 }  messages that are JSON
    [ip, user, ..., status = 4*, bytes]   messages of fields between spaces

`compiled(text)` raises `PatternError`, with the sentence for the caller, on anything else. Matching
is linear in the message, whatever the pattern. Regular expressions (`%…%`) are refused.
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

__all__ = ["Matches", "PatternError", "compiled"]

Matches = Callable[[str], bool]

_TERM = re.compile(r'([-?]?)(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))\s*', re.DOTALL)
_MOST_WILDCARDS = 3

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
    wanted: dict[str, list[str]] = {"": [], "-": [], "?": []}
    position = 0
    while position < len(text):
        term = _TERM.match(text, position)
        if term is None:
            raise PatternError()
        sign, phrase, word = term.groups()
        wanted[sign].append(unescaped(phrase) if word is None else _word(word))
        position = term.end()
    every, none, some = wanted[""], wanted["-"], wanted["?"]

    def matches(message: str) -> bool:
        if any(term in message for term in none):
            return False
        if every:  # as on AWS, beside plain terms the optional ones say nothing
            return all(term in message for term in every)
        return not some or any(term in message for term in some)

    return matches


def _word(word: str) -> str:
    if word.startswith("%"):
        raise PatternError.regular_expression()
    wrong = _NO_WORD.search(word)
    if wrong:
        raise PatternError(f"Invalid character(s) in term '{wrong.group()}'")
    return word


def _json(text: str) -> Matches:
    parser = Parser(tokens(text), "path")
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
    parser = Parser(tokens(text), "word")
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
