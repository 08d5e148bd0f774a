"""What the service model demands of parameters, and where they do not keep to it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from botocore.model import Shape, StructureShape

from .patterns import matches


class Kind(Enum):
    """Which of the model's constraints is broken; the value is AWS's sentence for it."""

    REQUIRED = "Member must not be null"
    LONGEST = "Member must have length less than or equal to {}"
    SHORTEST = "Member must have length greater than or equal to {}"
    LARGEST = "Member must have value less than or equal to {}"
    SMALLEST = "Member must have value greater than or equal to {}"
    PATTERN = "Member must satisfy regular expression pattern: {}"
    ENUM = "Member must satisfy enum value set: {}"
    ELEMENTS = "Member must satisfy constraint: [{}]"
    KEYS = "Map keys must satisfy constraint: [{}]"
    VALUES = "Map value must satisfy constraint: [{}]"


@dataclass(frozen=True, slots=True)
class Broken:
    """One constraint, broken by the member at `path` (`tags.1.member.tagValue`).

    `value` is what was sent, as Java prints it; None where it must not be repeated. `shape` is
    the model's name of the member's type.
    """

    path: str
    kind: Kind
    limit: str
    value: str | None
    shape: str

    @property
    def sentence(self) -> str:
        """The constraint in AWS's words."""
        return self.kind.value.format(self.limit)


def broken(shape: StructureShape, params: Mapping[str, Any]) -> Iterator[Broken]:
    """Every broken constraint, in the model's order of members, at any depth."""
    return _in_structure(shape, params, "", is_secret=False)


def _in_structure(
    shape: StructureShape, value: Mapping[str, Any], path: str, *, is_secret: bool
) -> Iterator[Broken]:
    required = frozenset(shape.required_members)
    for name, member in shape.members.items():
        at = path + name[:1].lower() + name[1:]
        given = value.get(name)
        if given is not None:
            yield from _in_member(member, given, at, is_secret=is_secret)
        elif name in required:
            yield Broken(at, Kind.REQUIRED, "", "null", member.name)


def _in_member(shape: Shape, value: Any, path: str, *, is_secret: bool) -> Iterator[Broken]:
    is_secret = is_secret or bool(shape.metadata.get("sensitive"))
    for kind, limit, is_kept in _own(shape, value):
        if not is_kept:
            yield Broken(path, kind, limit, _shown(shape, value, is_secret), shape.name)
    match shape.type_name:
        case "structure" if not shape.is_document_type:
            yield from _in_structure(shape, value, path + ".", is_secret=is_secret)
        case "list":
            elements = enumerate(value, 1)
            container = (shape, value, path, Kind.ELEMENTS)
            yield from _in_elements(container, shape.member, elements, is_secret=is_secret)
        case "map":
            keys = ((key, key) for key in value)
            container = (shape, value, path, Kind.KEYS)
            yield from _in_elements(container, shape.key, keys, is_secret=is_secret)
            container = (shape, value, path, Kind.VALUES)
            yield from _in_elements(container, shape.value, value.items(), is_secret=is_secret)


def _in_elements(
    container: tuple[Shape, Any, str, Kind],
    shape: Shape,
    elements: Iterable[tuple[object, Any]],
    *,
    is_secret: bool,
) -> Iterator[Broken]:
    """Structures inside are looked into one by one; of plain values the whole container is named,
    with everything its elements must satisfy."""
    whole, value, path, kind = container
    if shape.type_name in ("structure", "list", "map"):
        for step, each in elements:
            yield from _in_member(shape, each, f"{path}.{step}.member", is_secret=is_secret)
        return
    if not _is_constrained(shape):
        return
    if any(not is_kept for _, each in elements for _, _, is_kept in _own(shape, each)):
        yield Broken(path, kind, _all_of(shape), _shown(whole, value, is_secret), whole.name)


_Rule = tuple[Kind, str, bool]


def _own(shape: Shape, value: Any) -> Iterator[_Rule]:
    """The constraints on a value itself, each with its limit and whether it is kept."""
    limits = shape.metadata
    if shape.type_name in _SIZED:
        size, most, least = len(value), Kind.LONGEST, Kind.SHORTEST
    elif shape.type_name in _NUMBERS:
        size, most, least = value, Kind.LARGEST, Kind.SMALLEST
    else:
        return
    if "max" in limits:
        yield most, str(limits["max"]), size <= limits["max"]
    if "min" in limits:
        yield least, str(limits["min"]), size >= limits["min"]
    # A pattern may take the square of the length: only lengths speak of texts that are too long.
    is_tried = shape.type_name == "string" and size <= limits.get("max", size)
    if "pattern" in limits and is_tried:
        yield Kind.PATTERN, limits["pattern"], matches(limits["pattern"], value)
    if limits.get("enum"):
        yield Kind.ENUM, _enum(shape), value in limits["enum"]


_SIZED = frozenset({"string", "blob", "list", "map"})
_NUMBERS = frozenset({"integer", "long", "float", "double"})


def _is_constrained(shape: Shape) -> bool:
    return not shape.metadata.keys().isdisjoint({"max", "min", "pattern", "enum"})


def _all_of(shape: Shape) -> str:
    """What AWS lists for the elements of a list or map: an enum alone, else every constraint."""
    if shape.metadata.get("enum"):
        return f"{Kind.ENUM.value.format(_enum(shape))}, {Kind.REQUIRED.value}"
    blank: Any = 0 if shape.type_name in _NUMBERS else ""
    return ", ".join(kind.value.format(limit) for kind, limit, _ in _own(shape, blank))


# Sets AWS was seen to print in another order than the model lists them in.
_ENUM_ORDERS = {"EventSourcePosition": ("LATEST", "AT_TIMESTAMP", "TRIM_HORIZON")}


def _enum(shape: Shape) -> str:
    values = shape.metadata["enum"]
    order = _ENUM_ORDERS.get(shape.name, ())
    return f"[{', '.join(order if set(order) == set(values) else values)}]"


def _shown(shape: Shape, value: Any, is_secret: bool) -> str | None:
    return None if is_secret or _holds_secrets(shape) else _printed(value)


def _holds_secrets(shape: Shape, above: frozenset[str] = frozenset()) -> bool:
    """Whether a value of this shape may hold what must never be repeated: secrets, any bytes."""
    if shape.metadata.get("sensitive") or shape.type_name == "blob":
        return True
    if shape.name in above:
        return False
    above = above | {shape.name}
    match shape.type_name:
        case "structure":
            inside = list(shape.members.values())
        case "list":
            inside = [shape.member]
        case "map":
            inside = [shape.key, shape.value]
        case _:
            inside = []
    return any(_holds_secrets(each, above) for each in inside)


def _printed(value: Any) -> str:
    """A value as Java prints it: `[a, b]`, `{k=v}`, `true`."""
    match value:
        case bool():
            return "true" if value else "false"
        case dict():
            return f"{{{', '.join(f'{key}={_printed(each)}' for key, each in value.items())}}}"
        case list():
            return f"[{', '.join(map(_printed, value))}]"
    return str(value)
