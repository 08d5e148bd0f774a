"""rest-json, both ways: members in the path, the query string, headers, the status, the body."""

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec
from botocore.model import Shape, StructureShape

from .document import members_written, read_json, read_object, refuse_unknown, typed, written
from .message import Request
from .scalars import Unreadable, from_text, to_text

_HEADER_TIMESTAMPS = "rfc822"


def read_rest(shape: StructureShape, labels: Mapping[str, str], request: Request) -> dict[str, Any]:
    """The parameters of a rest-json call. `labels` are raw, still percent-encoded."""
    query = _query(request.query)
    found: dict[str, Any] = {}
    for name, member in shape.members.items():
        key = member.serialization.get("name", name)
        match member.serialization.get("location"):
            case "uri":
                value = from_text(member, _decoded(labels[key]), name)
            case "querystring":
                value = _from_query(member, key, query)
            case "header":
                value = _from_header(member, request.header(key.lower()))
            case "headers":
                value = _from_prefixed(key.lower(), request)
            case _:
                continue
        if value is not None:
            found[name] = value
    return found | _from_body(shape, request.body)


def _query(raw: str) -> dict[str, list[str]]:
    query: dict[str, list[str]] = {}
    for pair in raw.split("&"):
        if pair:
            key, _, value = pair.partition("=")
            query.setdefault(_decoded(key, "+"), []).append(_decoded(value, "+"))
    return query


def _decoded(raw: str, blank: str = "") -> str:
    try:
        encoded = raw.replace(blank, " ") if blank else raw
        return unquote_to_bytes(encoded).decode()
    except UnicodeError:
        raise Unreadable("The path and the query string must be UTF-8") from None


def _from_query(shape: Shape, key: str, query: dict[str, list[str]]) -> Any:
    if shape.type_name == "map":
        several = shape.value.type_name == "list"
        return {name: values if several else values[0] for name, values in query.items()} or None
    if key not in query:
        return None
    if shape.type_name == "list":
        return [from_text(shape.member, text, key) for text in query[key]]
    return from_text(shape, query[key][0], key)


def _from_header(shape: Shape, text: str | None) -> Any:
    if text is None:
        return None
    if shape.type_name == "list":
        return [
            from_text(shape.member, each.strip(), timestamps=_HEADER_TIMESTAMPS)
            for each in text.split(",")
        ]
    if shape.serialization.get("jsonvalue"):
        try:
            return read_json(base64.b64decode(text, validate=True))
        except ValueError:
            raise Unreadable("Invalid base64 in a header") from None
    return from_text(shape, text, timestamps=_HEADER_TIMESTAMPS)


def _from_prefixed(prefix: str, request: Request) -> dict[str, str] | None:
    return {
        name[len(prefix) :]: value for name, value in request.headers if name.startswith(prefix)
    } or None


def _from_body(shape: StructureShape, body: bytes) -> dict[str, Any]:
    payload = shape.serialization.get("payload")
    if payload is None:
        inside = {name: member for name, member in shape.members.items() if _is_in_body(member)}
        return _typed_members(inside, read_object(body)) if inside else {}
    if not body:
        return {}
    member = shape.members[payload]
    if member.type_name == "blob":
        return {payload: body}
    if member.type_name == "string":
        try:
            return {payload: body.decode()}
        except UnicodeDecodeError:
            raise Unreadable("The body must be UTF-8") from None
    return {payload: typed(member, read_json(body))}


def _typed_members(members: Mapping[str, Shape], value: dict[str, Any]) -> dict[str, Any]:
    given = {
        name: value.get(member.serialization.get("name", name)) for name, member in members.items()
    }
    return {name: typed(members[name], each) for name, each in given.items() if each is not None}


def _is_in_body(shape: Shape) -> bool:
    return "location" not in shape.serialization


def write_rest(
    shape: StructureShape, result: Mapping[str, Any]
) -> tuple[int | None, dict[str, str], bytes]:
    """Status (where a member says it), headers and body of a rest-json answer."""
    refuse_unknown(shape.members, result)
    said = (
        result.get(name)
        for name, member in shape.members.items()
        if member.serialization.get("location") == "statusCode"
    )
    return next(said, None), header_members(shape, result), _body(shape, result)


def header_members(shape: StructureShape, result: Mapping[str, Any]) -> dict[str, str]:
    """The headers of an answer or an error: the given members the model puts there."""
    headers: dict[str, str] = {}
    for name, member in shape.members.items():
        value = result.get(name)
        if value is None:
            continue
        key = member.serialization.get("name", name)
        match member.serialization.get("location"):
            case "header":
                headers[key] = _header(member, value)
            case "headers":
                headers |= {key + each: text for each, text in value.items()}
    return headers


def _header(shape: Shape, value: Any) -> str:
    if shape.type_name == "list":
        return ",".join(to_text(shape.member, each) for each in value)
    if shape.serialization.get("jsonvalue"):
        return base64.b64encode(msgspec.json.encode(value)).decode()
    return to_text(shape, value, timestamps=_HEADER_TIMESTAMPS)


def _body(shape: StructureShape, result: Mapping[str, Any]) -> bytes:
    payload = shape.serialization.get("payload")
    if payload is None:
        inside = {name: member for name, member in shape.members.items() if _is_in_body(member)}
        given = {name: result[name] for name in inside if name in result}
        return msgspec.json.encode(members_written(inside, given)) if inside else b""
    value = result.get(payload)
    if value is None:
        return b""
    match shape.members[payload].type_name:
        case "blob":
            return bytes(value)
        case "string":
            return str(value).encode()
    return msgspec.json.encode(written(shape.members[payload], value))
