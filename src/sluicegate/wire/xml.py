"""XML answers: query and ec2 results, and the errors of both. XML is only ever written here."""

import re
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from botocore.model import ListShape, MapShape, Shape, StructureShape

from .document import refuse_unknown
from .scalars import to_text

# What XML 1.0 cannot carry at all; a client would take the whole answer for broken.
_IMPOSSIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def element(name: str, *children: str, namespace: str = "") -> str:
    """One element around markup that is written already."""
    attribute = f' xmlns="{namespace}"' if namespace else ""
    return f"<{name}{attribute}>{''.join(children)}</{name}>"


def text(value: str) -> str:
    """`value` as character data."""
    return escape(_IMPOSSIBLE.sub("\ufffd", value), {"\r": "&#xD;"})


def members(shape: StructureShape, result: Mapping[str, Any], *, item: str) -> str:
    """The members of a result as elements. `item` is what the protocol calls a list's entry."""
    refuse_unknown(shape.members, result)
    return "".join(
        _value(member, result[name], member.serialization.get("name", name), item)
        for name, member in shape.members.items()
        if result.get(name) is not None
    )


def _value(shape: Shape, value: Any, name: str, item: str) -> str:
    match shape.type_name:
        case "structure":
            return element(name, members(shape, value, item=item))
        case "list":
            return _list(shape, value, name, item)
        case "map":
            return _map(shape, value, name, item)
    return element(name, text(to_text(shape, value)))


def _list(shape: ListShape, value: Any, name: str, item: str) -> str:
    named = shape.member.serialization.get("name")
    if shape.serialization.get("flattened"):
        return "".join(_value(shape.member, each, named or name, item) for each in value)
    return element(name, *(_value(shape.member, each, named or item, item) for each in value))


def _map(shape: MapShape, value: Any, name: str, item: str) -> str:
    key_name = shape.key.serialization.get("name", "key")
    value_name = shape.value.serialization.get("name", "value")
    is_flat = shape.serialization.get("flattened")
    entries = (
        element(
            name if is_flat else "entry",
            _value(shape.key, key, key_name, item),
            _value(shape.value, each, value_name, item),
        )
        for key, each in value.items()
    )
    return "".join(entries) if is_flat else element(name, *entries)
