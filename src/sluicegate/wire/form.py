"""Forms: how query and ec2 calls arrive, `Tags.member.1.Key=team&…`, and what they mean.

A form's keys are paths. They become a tree first (`{"Tags": {"member": {"1": {"Key": …}}}}`, a
field's own text under None), then the model's shapes pick from it what they know; the rest is
ignored, as AWS does.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import unquote_to_bytes

from botocore.model import ListShape, MapShape, Shape, StructureShape

from ..errors import AwsError
from .echo import shown
from .message import Request
from .scalars import Unreadable, from_text

MOST_BYTES = 2 * 1024 * 1024
"""The largest form. Every escape costs; IAM's largest document takes a fifth of it, all escaped."""

# A hostile form must stay cheap: a tree as deep or as wide as its bytes is neither.
_MAX_FIELDS = 20_000
_MAX_DEPTH = 32
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_INDEX = re.compile(r"[1-9][0-9]{0,5}\Z", re.ASCII)


def fields(request: Request) -> dict[str, str]:
    """The decoded fields of the query string and the body together; each may come once."""
    if len(request.body) > MOST_BYTES:
        message = f"Request must be smaller than {MOST_BYTES} bytes"
        raise AwsError("RequestEntityTooLargeException", message, status=413)
    found: dict[str, str] = {}
    for raw in (request.query.encode("latin-1", "replace"), request.body):
        if raw:
            _read_into(found, raw)
    return found


def _read_into(found: dict[str, str], raw: bytes) -> None:
    if raw.count(b"&") >= _MAX_FIELDS or _BAD_ESCAPE.search(raw):
        raise _malformed()
    for pair in raw.replace(b"+", b" ").split(b"&"):
        if not pair:
            continue
        name, _, value = pair.partition(b"=")
        try:
            key = unquote_to_bytes(name).decode()
            if key in found:
                raise AwsError("MalformedInput", f"The parameter {shown(key)} was given twice.")
            found[key] = unquote_to_bytes(value).decode()
        except UnicodeDecodeError:
            raise _malformed() from None


def _malformed() -> AwsError:
    return AwsError("MalformedQueryString", "The query string contains a syntax error.", status=404)


def read_query(shape: StructureShape, parts: Mapping[str, str]) -> dict[str, Any]:
    """The parameters of a query call."""
    return _structure(shape, _tree(parts), _QUERY, "")


def read_ec2(shape: StructureShape, parts: Mapping[str, str]) -> dict[str, Any]:
    """The parameters of an ec2 call: other member names, and every list is flattened."""
    return _structure(shape, _tree(parts), _EC2, "")


_Tree: TypeAlias = dict[str | None, Any]


def _tree(parts: Mapping[str, str]) -> _Tree:
    root: _Tree = {}
    for key, value in parts.items():
        steps = key.split(".", _MAX_DEPTH)
        if len(steps) > _MAX_DEPTH:
            continue  # deeper than any model: an unknown member, ignored
        node = root
        for step in steps:
            node = node.setdefault(step, {})
        node[None] = value
    return root


@dataclass(frozen=True, slots=True)
class _Dialect:
    """Where a protocol looks for a member, and whether a list has a step of its own."""

    name: Callable[[Shape, str], str]
    is_flat: Callable[[Shape], bool]


def _query_name(shape: Shape, default: str) -> str:
    if shape.type_name == "list" and shape.serialization.get("flattened"):
        default = shape.serialization.get("name", default)
        return str(shape.member.serialization.get("name", default))
    return str(shape.serialization.get("name", default))


def _ec2_name(shape: Shape, default: str) -> str:
    names = shape.serialization
    if "queryName" in names:
        return str(names["queryName"])
    name = str(names.get("name", default))
    return name[:1].upper() + name[1:]


_QUERY = _Dialect(_query_name, lambda shape: bool(shape.serialization.get("flattened")))
_EC2 = _Dialect(_ec2_name, lambda _: True)


def _value(shape: Shape, node: _Tree, dialect: _Dialect, path: str) -> Any:
    match shape.type_name:
        case "structure":
            return _structure(shape, node, dialect, path)
        case "list":
            return _list(shape, node, dialect, path)
        case "map":
            return _map(shape, node, dialect, path)
    if None not in node:
        raise Unreadable("Start of structure or map found where not expected.", path)
    return from_text(shape, node[None], path)


def _structure(shape: StructureShape, node: _Tree, dialect: _Dialect, path: str) -> dict[str, Any]:
    if node.get(None):
        raise Unreadable(f"Unexpected value for the structure {path}.", path)
    found: dict[str, Any] = {}
    for name, member in shape.members.items():
        step = dialect.name(member, name)
        child = node.get(step)
        if child is not None:
            found[name] = _value(member, child, dialect, f"{path}.{step}" if path else step)
    return found


def _list(shape: ListShape, node: _Tree, dialect: _Dialect, path: str) -> list[Any]:
    if node.get(None):
        raise Unreadable(f"Unexpected value for the list {path}.", path)
    if not dialect.is_flat(shape):
        step = shape.member.serialization.get("name", "member")
        node, path = node.get(step, {}), f"{path}.{step}"
    return [_value(shape.member, child, dialect, at) for child, at in _in_order(node, path)]


def _map(shape: MapShape, node: _Tree, dialect: _Dialect, path: str) -> dict[str, Any]:
    if node.get(None):
        raise Unreadable(f"Unexpected value for the map {path}.", path)
    if not dialect.is_flat(shape):
        node, path = node.get("entry", {}), f"{path}.entry"
    key_step = dialect.name(shape.key, "key")
    value_step = dialect.name(shape.value, "value")
    found = {}
    for entry, at in _in_order(node, path):
        if key_step not in entry or value_step not in entry:
            raise Unreadable(f"The map entry {at} needs a {key_step} and a {value_step}.", at)
        key = _value(shape.key, entry[key_step], dialect, f"{at}.{key_step}")
        found[key] = _value(shape.value, entry[value_step], dialect, f"{at}.{value_step}")
    return found


def _in_order(node: _Tree, path: str) -> list[tuple[_Tree, str]]:
    """Entries by their numbers; gaps are closed, as AWS does."""
    steps = [step for step in node if step is not None]
    for step in steps:
        if not _INDEX.match(step):
            raise Unreadable(f"{shown(step)} is no index of the list {path}.", path)
    return [(node[step], f"{path}.{step}") for step in sorted(steps, key=int)]
