"""Parameters made from botocore's models to do harm: of what exists, what is valid, and neither."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from botocore.model import Shape, StructureShape
from hypothesis import strategies as st
from tests.wire.fuzz.policies import DOCUMENTS
from tests.wire.fuzz.values import BLOBS, INTEGERS, OTHER_TYPES, PATTERNS, TEXTS, TOKENS
from tests.wire.generator import Generator

_MOST_DEPTH = 5

# What a member asks for, where its own name is not the name of what exists.
_ALIASES = {
    "targetkeyid": "keyid",
    "sourcekeyid": "keyid",
    "destinationkeyid": "keyid",
    "kmskeyid": "keyid",
    "newusername": "username",
    "newgroupname": "groupname",
    "newpath": "path",
    "pathprefix": "path",
    "permissionsboundary": "policyarn",
    "retiringprincipal": "granteeprincipal",
    "resourceidentifier": "resourcearn",
    "referencedgroupid": "groupid",
    "groups": "groupid",
    "secretidlist": "secretid",
    "removefromversionid": "versionid",
    "movetoversionid": "versionid",
    "clientrequesttoken": "versionid",
    "versionstage": "versionstages",
    "resourcepolicy": "policy",
    "loggroupnameprefix": "loggroupname",
    "loggroupnamepattern": "loggroupname",
    "logstreamnameprefix": "logstreamname",
    "sequencetoken": "uploadsequencetoken",
}
_DOCUMENTS = ("policy", "policydocument", "assumerolepolicydocument", "resourcepolicy")
_SPECIAL: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(_DOCUMENTS, DOCUMENTS),
    **dict.fromkeys(("marker", "nexttoken", "deletiontaskid"), st.sampled_from(TOKENS)),
    "filterpattern": st.sampled_from(PATTERNS),
}
_WRONG: dict[str, st.SearchStrategy[Any]] = {
    "string": st.sampled_from((*TEXTS, *OTHER_TYPES)),
    "integer": st.sampled_from((*INTEGERS, *OTHER_TYPES)),
    "boolean": st.sampled_from(OTHER_TYPES),
    "blob": st.sampled_from(BLOBS),
}
_WRONG |= dict.fromkeys(("long", "float", "double"), _WRONG["integer"])


@dataclass(frozen=True)
class _Making:
    """One set of parameters in the making, of what exists by the members that ask for it.

    Of ten values, `wrong` are as wrong as can be; of ten that may be left out, `optional` are not.
    """

    draw: st.DrawFn
    existing: Mapping[str, Sequence[Any]]
    wrong: int
    optional: int

    def is_one_of(self, tenths: int) -> bool:
        return tenths > 0 and self.draw(_TEN) < tenths


_TEN = st.integers(0, 9)
_SIZES: st.SearchStrategy[int] = st.sampled_from((1, 1, 2))
_ODD_SIZES: st.SearchStrategy[int] = st.sampled_from((0, 2, 7, 60, 1_001, 20_000))


@st.composite
def parameters(
    draw: st.DrawFn,
    shape: StructureShape | None,
    existing: Mapping[str, Sequence[Any]],
) -> dict[str, Any]:
    """Parameters for an operation with this input, from nearly right to all wrong."""
    # What is wrong all over never gets further than its first member; nor does what says too much.
    wrong, optional = draw(st.sampled_from((0, 1, 1, 3, 10))), draw(st.sampled_from((1, 3, 6)))
    making = _Making(draw, existing, wrong, optional)
    return {} if shape is None else _structure(making, shape, 0)


@st.composite
def spoiled(
    draw: st.DrawFn,
    shape: StructureShape,
    existing: Mapping[str, Sequence[Any]],
    right: Mapping[str, Any],
) -> dict[str, Any]:
    """The parameters of a call that works, with one or two things changed, added or left out."""
    found = dict(right)
    for _ in range(draw(st.integers(1, 2))):
        found = copy.deepcopy(found)  # what was drawn is drawn again, and must not have changed
        making = _Making(draw, existing, draw(st.sampled_from((0, 1, 10))), optional=1)
        inside, member, name, key = draw(st.sampled_from(list(_places(shape, found))))
        if isinstance(inside, dict) and key in inside and making.is_one_of(2):
            del inside[key]
        else:
            inside[key] = _value(making, member, name, _MOST_DEPTH - 1)
    return found


def _places(shape: Shape, value: Any, name: str = "") -> Iterator[tuple[Any, Shape, str, Any]]:
    """Where a value stands or could stand: in what, of which shape, called what, at which key."""
    match shape.type_name:
        case "structure" if isinstance(value, dict):
            for key, member in shape.members.items():
                yield value, member, key, key
                yield from _places(member, value.get(key), key)
        case "list" if isinstance(value, list):
            for at, each in enumerate(value):
                yield value, shape.member, name, at
                yield from _places(shape.member, each, name)
        case "map" if isinstance(value, dict):
            for key in value:
                yield value, shape.value, name, key


def _structure(making: _Making, shape: StructureShape, depth: int) -> dict[str, Any]:
    made = {}
    for name, member in shape.members.items():
        optional = 1 if name == "DryRun" else making.optional  # it hides what would come after it
        is_wanted = name in shape.required_members or (
            depth < _MOST_DEPTH and making.is_one_of(optional)
        )
        if is_wanted and not (making.wrong and making.is_one_of(1)):
            made[name] = _value(making, member, name, depth + 1)
    return made


def _value(making: _Making, shape: Shape, name: str, depth: int) -> Any:
    match shape.type_name:
        case "structure" if not shape.is_document_type:
            return _structure(making, shape, depth)
        case "list" if making.is_one_of(making.wrong):
            # Many of what is right: many of what is a megabyte each would say nothing more.
            same = making.draw(_valid(shape.member))
            times = making.draw(_ODD_SIZES)
            return [same for _ in range(times)]
        case "list":
            times = making.draw(_SIZES)
            return [_value(making, shape.member, name, depth + 1) for _ in range(times)]
        case "map" if making.is_one_of(making.wrong):
            value = making.draw(_valid(shape.value))
            return {str(key): value for key in range(making.draw(_ODD_SIZES))}
        case "map":
            key = _value(making, shape.key, name, depth + 1)
            return {str(key): _value(making, shape.value, name, depth + 1)}
    return _scalar(making, shape, name)


def _scalar(making: _Making, shape: Shape, name: str) -> Any:
    name = name.lower()
    draw = making.draw
    if making.is_one_of(making.wrong):
        special = _SPECIAL.get(name)
        wrong = _WRONG.get(shape.type_name, _WRONG["string"])
        return draw(special if special is not None and making.is_one_of(9) else wrong)
    named = _existing(making.existing, name)
    if shape.type_name in ("string", "blob") and named and making.is_one_of(9):
        is_other = shape.type_name == "string" and making.is_one_of(1)
        return draw(st.sampled_from(making.existing[""] if is_other else named))
    return draw(_valid(shape))


def _existing(existing: Mapping[str, Sequence[Any]], name: str) -> Sequence[Any]:
    name = _ALIASES.get(name, name)
    return existing.get(name) or existing.get(name.removesuffix("s")) or ()


@cache
def _valid(shape: Shape) -> st.SearchStrategy[Any]:
    return st.sampled_from([Generator(seed).value(shape) for seed in range(4)])
