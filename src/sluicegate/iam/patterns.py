"""Wildcards and policy variables: how a text in a policy becomes something to compare with.

A pattern is a plain `str` in which two lone surrogates stand for `*` and `?`, so that a literal
star (from `${*}` or from a variable's value) can stand beside a wildcard. No other text can hold
them: `documents.read` refuses lone surrogates and `resolve` does not substitute them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

ANY_RUN = "\ud800"
ANY_ONE = "\ud801"

Value = str | tuple[str, ...]
Values = Mapping[str, Value]
"""Condition keys in lower case and their values."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A `${key}` or `${key, 'default'}` in a document; `key` in lower case."""

    key: str
    default: str | None


Template = tuple[str | Variable, ...]
"""A text of a document taken apart: patterns, and the variables between them."""

_VARIABLE = re.compile(r"\$\{(?:([*?$])|([^{}]*?)(?:,\s*'([^']*)')?)\}")
_SURROGATE = re.compile("[\ud800-\udfff]")


def pattern(text: str) -> str:
    """`text` with its `*` and `?` as wildcards."""
    return text.replace("*", ANY_RUN).replace("?", ANY_ONE)


def literal(text: str) -> str:
    """`text` as it stands, for operators that know no wildcards."""
    return text


def template(text: str, *, has_wildcards: bool, has_variables: bool) -> Template:
    """Take `text` apart. A text without variables gives exactly one part, a `str`."""
    read = pattern if has_wildcards else literal
    if not has_variables or "${" not in text:
        return (read(text),)
    parts: list[str | Variable] = []
    at = 0
    for found in _VARIABLE.finditer(text):
        escaped, key, default = found.groups()
        parts.append(read(text[at : found.start()]))
        parts.append(escaped or Variable(key.lower(), default))
        at = found.end()
    parts.append(read(text[at:]))
    if any(isinstance(part, Variable) for part in parts):
        return tuple(part for part in parts if part != "")
    return ("".join(part for part in parts if isinstance(part, str)),)


def variables(text: str) -> list[str]:
    """The keys of the variables in `text`, as they are written there."""
    return [key for _, key, _ in _VARIABLE.findall(text) if key]


def resolve(parts: Template, values: Values) -> str | None:
    """The pattern `parts` stand for under `values`; None when a variable has no single value."""
    texts: list[str] = []
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
            continue
        value = values.get(part.key, part.default)
        if not isinstance(value, str) or _SURROGATE.search(value):
            return None
        texts.append(value)
    return "".join(texts)


def matches(pattern: str, text: str) -> bool:
    """Whether the whole of `text` fits `pattern`.

    The pieces between runs are looked for from left to right, each as early as possible, which is
    enough for wildcards and never goes back: the price is pattern × text at worst.
    """
    first, *pieces = pattern.split(ANY_RUN)
    if not pieces:
        return len(first) == len(text) and _stands(first, text, 0)
    last = pieces.pop()
    at, end = len(first), len(text) - len(last)
    if end < at or not _stands(first, text, 0) or not _stands(last, text, end):
        return False
    for piece in pieces:
        at = _find(piece, text, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True


def _stands(piece: str, text: str, at: int) -> bool:
    if ANY_ONE not in piece:
        return text.startswith(piece, at)
    there = text[at : at + len(piece)]
    return all(ours in (ANY_ONE, theirs) for ours, theirs in zip(piece, there, strict=True))


def _find(piece: str, text: str, at: int, end: int) -> int:
    if ANY_ONE not in piece:
        return text.find(piece, at, end)
    # A piece has a fixed length, so this expression has nothing to go back to.
    expression = "".join("." if char == ANY_ONE else re.escape(char) for char in piece)
    found = re.compile(expression, re.DOTALL).search(text, at, end)
    return found.start() if found else -1
