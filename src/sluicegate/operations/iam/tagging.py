"""IAM's tags: fifty at most; keys of users and roles are the same in any letter case."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import AwsError
from ...store import tags
from ...store.database import Tx
from ..operation import Call, Params, Result
from . import limits
from .paging import Page

_CASELESS = ("User", "Role")


def given(sent: Sequence[Mapping[str, str]] | None) -> dict[str, str]:
    """The tags of a request as a mapping; duplicates and AWS's own prefix are refused."""
    found = {tag["Key"]: tag["Value"] for tag in sent or ()}
    if len({key.lower() for key in found}) != len(sent or ()):
        raise AwsError(
            "InvalidInput",
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        )
    if any(key.lower().startswith("aws:") for key in found):
        raise AwsError("InvalidInput", "Tag keys beginning with aws: are reserved.")
    return found


def put(tx: Tx, entity_id: str, word: str, sent: Sequence[Mapping[str, str]] | None) -> None:
    """Add tags to a user, role or policy (`word`), or change them."""
    new = given(sent)
    old = tags.of(tx, entity_id)
    if word in _CASELESS:
        keys = {key.lower() for key in new}
        replaced = [key for key in old if key.lower() in keys and key not in new]
        tags.remove(tx, entity_id, replaced)
        old = {key: value for key, value in old.items() if key not in replaced}
    limits.within(len(old | new), f"TagsPer{word}", limits.TAGS)
    tags.put(tx, entity_id, new)


def remove(tx: Tx, entity_id: str, keys: Sequence[str]) -> None:
    """Take tags away; keys that are not there do not matter."""
    tags.remove(tx, entity_id, keys)


def page(call: Call, params: Params, own: Mapping[str, str]) -> Result:
    """One page of tags, by key."""
    return Page(call.operation, params).of("Tags", list(own.items()), lambda pair: pair[0], _show)


def _show(pair: tuple[str, str]) -> Any:
    return {"Key": pair[0], "Value": pair[1]}
