"""The text of a policy: read once and strictly, counted as quotas count, principals rewritten."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[^\s"]++', re.DOTALL)
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


class Stage(IntEnum):
    """The order in which AWS looks for what is wrong with a document."""

    SYNTAX = 0
    VERSION = 1
    SID = 2
    ACTIONS = 3
    PREFIXES = 4
    RESOURCES = 5
    LEGACY = 6


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a document, in AWS's words."""

    stage: Stage
    message: str


SYNTAX = Fault(Stage.SYNTAX, "Syntax errors in policy.")
NO_VENDOR = Fault(
    Stage.PREFIXES, "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
)
LEGACY = Fault(Stage.LEGACY, "The policy failed legacy parsing")


class Unreadable(Exception):
    """A document, or a part of one, that cannot be understood."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


class Number(str):
    """A JSON number, kept as it was written: conditions compare numbers by their text."""

    __slots__ = ()


def read(text: str) -> Any:
    """The JSON in `text`, numbers as `Number`.

    Raises `Unreadable` for what is no JSON and for what JSON libraries let pass and readers
    disagree on: duplicate keys, NaN, lone surrogates, nesting without end.
    """
    try:
        text.encode()
        document = json.loads(
            text,
            object_pairs_hook=_members,
            parse_int=Number,
            parse_float=Number,
            parse_constant=_refuse,
        )
        if _SURROGATE_ESCAPE.search(text):
            json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise Unreadable(SYNTAX) from error
    return document


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key stands twice")
    return members


def _refuse(constant: str) -> Any:
    raise ValueError(f"`{constant}` is not JSON")


def unscoped_size(text: str) -> int:
    """The characters of a policy as quotas count them: white space between tokens is free."""
    return sum(len(token) for token in _TOKEN.findall(text))


def statements_of(document: Any) -> list[Any]:
    """The statements of a document: one object and a list of one are the same."""
    statements = document.get("Statement") if isinstance(document, dict) else None
    return statements if isinstance(statements, list) else [statements]


def rewrite_principals(text: str, replace: Callable[[str], str]) -> str:
    """`text` with every AWS principal put through `replace`; the order of members is kept.

    The text is returned as it is when nothing changes, else as compact JSON. Raises `Unreadable`
    when it is no JSON.
    """
    document = read(text)
    has_changed = False

    def replaced(value: Any) -> Any:
        nonlocal has_changed
        if isinstance(value, list):
            return [replaced(one) for one in value]
        if not isinstance(value, str):
            return value
        new = replace(value)
        has_changed = has_changed or new != value
        return new

    for statement in statements_of(document):
        for element in ("Principal", "NotPrincipal"):
            principal = statement.get(element) if isinstance(statement, dict) else None
            if isinstance(principal, dict) and "AWS" in principal:
                principal["AWS"] = replaced(principal["AWS"])
    if not has_changed:
        return text
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
