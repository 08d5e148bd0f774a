"""Tags of keys."""

from collections.abc import Iterable, Mapping

from ...access import Ask
from ...errors import AwsError
from ...iam.model import Context
from ...store import tags
from ..operation import Call, Operation, Params, Result
from . import keyring, paging, questions

_LIMIT = 50


def pairs(params: Params) -> dict[str, str]:
    """The tags of a request as they are, checked or not."""
    given = params.get("Tags") or ()
    return {tag.get("TagKey") or "": tag.get("TagValue") or "" for tag in given}


def checked(params: Params, present: Mapping[str, str] | None = None) -> dict[str, str]:
    """The tags of a request, which a key that has `present` may take; else `TagException`."""
    given = pairs(params)
    if len(given) < len(params.get("Tags") or ()):
        raise AwsError("TagException", "Duplicate tag keys")
    if any(key.lower().startswith("aws:") for key in given):
        raise AwsError("TagException", "Tags beginning with aws: are reserved")
    if len({*given, *(present or ())}) > _LIMIT:
        raise AwsError("TagException", "Too many tags")
    return given


def _tag_asks(call: Call, params: Params) -> Iterable[Ask]:
    with call.database.read() as tx:
        what = keyring.named(tx, call, params.get("KeyId") or "")
        return [
            questions.ask(tx, call, "TagResource", what, {}, request_tags=pairs(params)),
        ]


def _tag(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        key = keyring.to_change(tx, call, params["KeyId"])
        tags.put(tx, key.id, checked(params, tags.of(tx, key.id)))
    return {}


def _untag_context(_call: Call, params: Params) -> Context:
    keys = params.get("TagKeys")
    return {"aws:TagKeys": tuple(keys)} if keys else {}


def _untag(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        key = keyring.to_change(tx, call, params["KeyId"])
        tags.remove(tx, key.id, params["TagKeys"])
    return {}


def _list(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        key = keyring.find(tx, call, params["KeyId"])
        held = tags.of(tx, keyring.in_account(call, key).id)
    return paging.page(
        call,
        params,
        "Tags",
        sorted(held.items()),
        lambda tag: tag[0],
        lambda tag: {"TagKey": tag[0], "TagValue": tag[1]},
        default=50,
    )


OPERATIONS = (
    Operation("kms", "TagResource", _tag_asks, _tag),
    questions.on_key("UntagResource", _untag, extra=_untag_context),
    questions.on_key("ListResourceTags", _list),
)
