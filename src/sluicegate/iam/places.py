"""Where a document's statements stand in its text, and which condition keys they mention."""

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .documents import Unreadable, read, statements_of
from .patterns import variables
from .policy import WITH_VARIABLES

_MARK = re.compile(r'"(?:[^"\\]++|\\.)*+"|[{}\[\]]', re.DOTALL)
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Place:
    """A line and a column of a text, both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Span:
    """Where a statement begins and ends, as AWS's simulator counts.

    From behind what opens it or its list, or behind the statement before it, to behind its brace.
    """

    start: Place
    end: Place


def spans(text: str) -> tuple[Span, ...]:
    """The places of a document's statements, in their order; () for one nobody can read."""
    try:
        read(text)
    except Unreadable:
        return ()
    lines = [0, *(found.end() for found in _LINE_END.finditer(text))]
    return tuple(Span(_place(lines, start), _place(lines, end)) for start, end in _offsets(text))


def _offsets(text: str) -> Iterator[tuple[int, int]]:
    depth, start, name, statement_depth = 0, 0, "", 0
    for found in _MARK.finditer(text):
        mark = found[0]
        if mark in "{[":
            depth += 1
            if depth == 2 and name == "Statement":
                start, statement_depth = found.end(), 2 if mark == "{" else 3
        elif mark in "}]":
            if depth == statement_depth and mark == "}":
                yield start, found.end()
                start = found.end()
            depth -= 1
            statement_depth = 0 if depth == 1 else statement_depth
        elif depth == 1:
            name = json.loads(mark)


def _place(lines: list[int], offset: int) -> Place:
    line = bisect_right(lines, offset)
    return Place(line, offset - lines[line - 1] + 1)


def mentioned(text: str) -> tuple[tuple[str, ...], ...]:
    """The condition keys each statement of a document asks for, as they are written.

    Those its conditions name, and those that stand as variables in its texts.
    """
    try:
        document = read(text)
    except Unreadable:
        return ()
    has_variables = isinstance(document, dict) and document.get("Version") == WITH_VARIABLES
    return tuple(
        distinct(_keys(one, has_variables=has_variables)) if isinstance(one, dict) else ()
        for one in statements_of(document)
    )


def distinct(keys: Iterable[str]) -> tuple[str, ...]:
    """`keys` in their order, each once: letter case makes no other key."""
    found: dict[str, str] = {}
    for key in keys:
        found.setdefault(key.lower(), key)
    return tuple(found.values())


def _keys(statement: Mapping[str, Any], *, has_variables: bool) -> Iterator[str]:
    block = statement.get("Condition")
    block = block if isinstance(block, dict) else {}
    lines = [one for one in block.values() if isinstance(one, dict)]
    for line in lines:
        yield from line
    if has_variables:
        values = [statement.get("Resource"), statement.get("NotResource")]
        for value in (*values, *(value for line in lines for value in line.values())):
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, str):
                    yield from variables(one)
