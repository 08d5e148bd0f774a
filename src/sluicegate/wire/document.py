"""JSON documents: bodies read with the model beside them, results written by the model's names."""

import base64
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec
from botocore.model import Shape

from .scalars import (
    Unreadable,
    blob,
    finite,
    from_iso8601,
    from_rfc822,
    from_seconds,
    moment_text,
    seconds,
    special,
    timestamp_format,
    whole,
)

# A megabyte of log messages could hold as many braces; an honest request never holds more.
_MOST_BRACES = 1_100_000


def read_json(body: bytes) -> Any:
    """The JSON value in `body`; NaN, lone surrogates, bad UTF-8 and deep nesting are refused."""
    if body.count(b"{") + body.count(b"[") > _MOST_BRACES:
        raise Unreadable("The request has too many list and map entries")
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Unreadable("Unexpected token received from parser") from None


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`; an empty body is an empty object."""
    if not body.strip():
        return {}
    value = read_json(body)
    if not isinstance(value, dict):
        raise _refused(value, "structure")
    return value


def typed(shape: Shape, value: Any) -> Any:
    """`value`, just decoded, in the types of `shape`; members the model lacks are dropped."""
    return _typed(shape, value, _Budget())


class _Budget:
    """How many entries of lists and maps one request may still have: each costs microseconds.

    AWS's largest, PutLogEvents, has 10,000.
    """

    def __init__(self) -> None:
        self._left = 50_000

    def spend(self, entries: int) -> None:
        self._left -= entries
        if self._left < 0:
            raise Unreadable("The request has too many list and map entries")


def _typed(shape: Shape, value: Any, budget: _Budget) -> Any:
    match shape.type_name:
        case "structure":
            return _structure(shape, value, budget)
        case "list":
            return _list(shape, value, budget)
        case "map":
            return _map(shape, value, budget)
    read: _Reader = _SCALARS.get(shape.type_name, _string)
    return read(shape, value)


def _structure(shape: Shape, value: Any, budget: _Budget) -> Any:
    if shape.is_document_type:
        return value
    if not isinstance(value, dict):
        raise _refused(value, "structure")
    found = {}
    for name, member in shape.members.items():
        given = value.get(member.serialization.get("name", name))
        if given is not None:
            found[name] = _typed(member, given, budget)
    return found


def _list(shape: Shape, value: Any, budget: _Budget) -> list[Any]:
    if not isinstance(value, list):
        raise _refused(value, "list")
    budget.spend(len(value))
    return [_typed(shape.member, each, budget) for each in value]


def _map(shape: Shape, value: Any, budget: _Budget) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _refused(value, "map")
    budget.spend(len(value))
    return {key: _typed(shape.value, each, budget) for key, each in value.items()}


def _string(_shape: Shape, value: Any) -> str:
    if not isinstance(value, str):
        raise _refused(value, "String")
    return value


def _boolean(_shape: Shape, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _refused(value, "Boolean")
    return value


def _integer(shape: Shape, value: Any) -> int:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _refused(value, shape.type_name.capitalize())
    return whole(shape, value)


def _number(shape: Shape, value: Any) -> float:
    if isinstance(value, str) and value in ("NaN", "Infinity", "-Infinity"):
        return float(value)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _refused(value, shape.type_name.capitalize())
    try:
        return finite(value)
    except (ValueError, OverflowError):
        raise Unreadable(f"Numeric value is out of range of {shape.type_name}") from None


def _timestamp(shape: Shape, value: Any) -> Any:
    read_text = _MOMENTS.get(timestamp_format(shape, "unixtimestamp"))
    try:
        if isinstance(value, str) and read_text is not None:
            return read_text(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return from_seconds(value)
    except (ValueError, OverflowError):
        pass
    raise Unreadable(f"{_token(value)} can not be converted to milliseconds since epoch")


_MOMENTS = {"iso8601": from_iso8601, "rfc822": from_rfc822}


def _blob(_shape: Shape, value: Any) -> bytes:
    if not isinstance(value, str):
        raise _refused(value, "Blob")
    try:
        return blob(value)
    except ValueError:
        raise Unreadable("Invalid base64 in a blob") from None


_Reader: TypeAlias = Callable[[Shape, Any], Any]
_SCALARS: dict[str, _Reader] = {
    "boolean": _boolean,
    "integer": _integer,
    "long": _integer,
    "float": _number,
    "double": _number,
    "timestamp": _timestamp,
    "blob": _blob,
}


def _refused(value: Any, wanted: str) -> Unreadable:
    if isinstance(value, dict):
        return Unreadable("Start of structure or map found where not expected.")
    if isinstance(value, list):
        return Unreadable("Start of list found where not expected")
    article = "an" if wanted[0] in "AEIOU" else "a"
    return Unreadable(f"{_token(value)} can not be converted to {article} {wanted}")


def _token(value: Any) -> str:
    if value is None:
        return "NULL_VALUE"
    if isinstance(value, bool):
        return "TRUE_VALUE" if value else "FALSE_VALUE"
    return "STRING_VALUE" if isinstance(value, str) else "NUMBER_VALUE"


def written(shape: Shape, value: Any) -> Any:
    """A result's value as JSON has it; None members are left out, unknown ones are a mistake."""
    match shape.type_name:
        case "structure":
            return value if shape.is_document_type else members_written(shape.members, value)
        case "list":
            return [written(shape.member, each) for each in value]
        case "map":
            return {key: written(shape.value, each) for key, each in value.items()}
        case "blob":
            return base64.b64encode(value).decode()
        case "timestamp":
            style = timestamp_format(shape, "unixtimestamp")
            return seconds(value) if style == "unixtimestamp" else moment_text(value, style)
        case "float" | "double":
            return special(value) or float(value)
    return value


def members_written(members: Mapping[str, Shape], value: Mapping[str, Any]) -> dict[str, Any]:
    """The given members of a structure under their JSON names, in the model's order."""
    refuse_unknown(members, value)
    return {
        member.serialization.get("name", name): written(member, value[name])
        for name, member in members.items()
        if value.get(name) is not None
    }


def refuse_unknown(members: Mapping[str, Shape], value: Mapping[str, Any]) -> None:
    """Raise `ValueError` for a member the model does not have: a slip in an operation's result."""
    unknown = value.keys() - members.keys()
    if unknown:
        raise ValueError(f"a result has members the model does not know: {sorted(unknown)}")
