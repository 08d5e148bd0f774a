"""Tags: CreateTags, DeleteTags, DescribeTags, and those that come with a Create call."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ...access import Ask
from ...errors import AwsError
from ...store import tags as stored
from ...store.database import Tx
from ...store.ec2 import things
from ..operation import Call, Params, Result
from . import kinds, limits, questions
from .filters import Filters, by_tags, matching
from .kinds import Kind
from .listing import page
from .refusals import missing
from .served import place_of, reading, writing


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag and what it hangs on."""

    resource_id: str
    key: str
    value: str

    @property
    def tags(self) -> Mapping[str, str]:
        """Itself, so that `tag:KEY` filters work on tags as on what they hang on."""
        return {self.key: self.value}

    @property
    def resource_type(self) -> str:
        """The word of the resource's kind."""
        kind = kinds.of_id(self.resource_id)
        return kind.type if kind else ""


_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")

_FILTERS: Filters[Tag] = by_tags(
    {
        "key": lambda tag: [tag.key],
        "resource-id": lambda tag: [tag.resource_id],
        "resource-type": lambda tag: [tag.resource_type],
        "value": lambda tag: [tag.value],
    }
)


def sent(params: Params, kind: Kind[Any]) -> dict[str, str]:
    """The tags a Create call sends for what it makes, checked."""
    found: list[Mapping[str, Any]] = []
    for specification in params.get("TagSpecifications") or ():
        word = specification.get("ResourceType")
        if not word:
            message = "Tag specification resource type must have a value"
            raise AwsError("InvalidParameterValue", message)
        if word != kind.type:
            message = f"'{word}' is not a valid taggable resource type for this operation."
            raise AwsError("InvalidParameterValue", message)
        if not specification.get("Tags"):
            message = "Tag specification must have at least one tag"
            raise AwsError("InvalidParameterValue", message)
        found += specification["Tags"]
    return checked(found)


def checked(given: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Tags that may be given to something."""
    tags: dict[str, str] = {}
    for number, tag in enumerate(given, 1):
        key, value = tag.get("Key"), tag.get("Value") or ""
        if not key:
            raise missing(f"Tag.{number}.Key")
        problem = _problem(key, value, tags)
        if problem:
            raise AwsError("InvalidParameterValue", problem)
        tags[key] = value
    limits.keep(len(tags), limits.TAGS, "TagLimitExceeded")
    return tags


def _problem(key: str, value: str, others: Mapping[str, str]) -> str | None:
    if len(key) > 128:
        return "Tag key exceeds the maximum length of 128 characters"
    if len(value) > 256:
        return "Tag value exceeds the maximum length of 256 characters"
    if key.lower().startswith("aws:"):
        return "Tag keys starting with 'aws:' are reserved for internal use"
    if key in others:
        return f"Duplicate tag key '{key}' specified."
    if _FORBIDDEN.search(key + value):
        return f"Tag '{key!a}' contains characters that are not allowed"
    return None


def _resources(params: Params) -> list[str]:
    ids = list(dict.fromkeys(params.get("Resources") or ()))
    limits.keep_named(ids, "ResourceId")
    return ids


def _asks(call: Call, tx: Tx, params: Params) -> list[Ask]:
    sent = {
        str(tag.get("Key") or ""): str(tag.get("Value") or "") for tag in params.get("Tags") or ()
    }
    # Every tag is a part of the question about every resource: what no call needs is not asked.
    pairs = len(sent) * len(_resources(params))
    limits.keep(pairs, limits.IDS * limits.TAGS, "TagLimitExceeded")
    asks: dict[str, Ask] = {}
    for kind, ids in _by_kind(params).items():
        # What is no id of ours is nothing's ARN: only a policy for all resources allows it.
        found = (
            questions.each(call, tx, kind, ids, request_tags=sent)
            if kind
            else [questions.anything(call, tx, params)[0]] * len(ids)
        )
        asks |= zip(ids, found, strict=True)
    named = [asks[resource_id] for resource_id in _resources(params)]
    return named or questions.anything(call, tx, params)


def _by_kind(params: Params) -> dict[Kind[Any] | None, list[str]]:
    """The resources of a request by their kinds; None has those that are of no kind."""
    ids: dict[Kind[Any] | None, list[str]] = {}
    for resource_id in _resources(params):
        ids.setdefault(kinds.of_id(resource_id), []).append(resource_id)
    return ids


def _require(call: Call, tx: Tx, params: Params) -> list[str]:
    for kind, ids in _by_kind(params).items():
        if kind is None:
            raise AwsError("InvalidID", f"The ID '{ids[0]}' is not valid")
        kind.require_all(tx, place_of(call), ids, "ResourceId")
    return _resources(params)


def _create(call: Call, tx: Tx, params: Params) -> Result:
    tags = checked(params.get("Tags") or ())
    for resource_id in _require(call, tx, params):
        limits.keep(len(stored.of(tx, resource_id) | tags), limits.TAGS, "TagLimitExceeded")
        stored.put(tx, resource_id, tags)
    return {}


def _delete(call: Call, tx: Tx, params: Params) -> Result:
    given = params.get("Tags")
    for resource_id in _require(call, tx, params):
        present = stored.of(tx, resource_id)
        keys = [tag["Key"] for tag in given if _is_meant(tag, present)] if given else None
        stored.remove(tx, resource_id, keys)
    return {}


def _is_meant(tag: Mapping[str, Any], present: Mapping[str, str]) -> bool:
    """A key alone means the tag whatever its value, a value only the tag that has it."""
    key, value = tag.get("Key"), tag.get("Value")
    return key is not None and key in present and value in (None, present[key])


def _describe(call: Call, tx: Tx, params: Params) -> Result:
    tags = [Tag(*row) for row in things.tagged(tx, place_of(call))]
    found = matching(tags, params.get("Filters"), _FILTERS)
    shown, token = page(call, found, params, lambda tag: f"{tag.resource_id} {tag.key}")
    return {
        "Tags": [
            {
                "Key": tag.key,
                "Value": tag.value,
                "ResourceId": tag.resource_id,
                "ResourceType": tag.resource_type,
            }
            for tag in shown
        ],
        "NextToken": token,
    }


OPERATIONS = (
    writing("CreateTags", _asks, _create),
    writing("DeleteTags", _asks, _delete),
    reading("DescribeTags", questions.anything, _describe),
)
