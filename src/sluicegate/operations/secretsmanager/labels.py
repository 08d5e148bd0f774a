"""Tags of secrets."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ...access import Ask
from ...errors import AwsError
from ...iam.model import Context
from ...store import tags
from ..operation import Call, Operation, Params, Result
from . import copies, lookup

_LIMIT = 50


def pairs(params: Params) -> dict[str, str]:
    """The tags of a request as they are, checked or not."""
    given = params.get("Tags") or ()
    return {tag.get("Key") or "": tag.get("Value") or "" for tag in given}


def checked(params: Params, present: Mapping[str, str] | None = None) -> dict[str, str]:
    """The tags of a request, which a secret that has `present` may take."""
    given = pairs(params)
    problem = ""
    if len(given) < len(params.get("Tags") or ()):
        problem = "Duplicate tag keys are not allowed."
    elif "" in given:
        problem = "A tag must have a key."
    elif any(key.lower().startswith("aws:") for key in given):
        problem = "Tag keys beginning with aws: are reserved."
    elif len({*given, *(present or ())}) > _LIMIT:
        problem = f"A secret can have at most {_LIMIT} tags."
    if problem:
        raise AwsError("InvalidParameterException", problem)
    return given


def _tag_asks(call: Call, params: Params) -> Iterable[Ask]:
    with call.database.read() as tx:
        what = lookup.named(tx, call, params.get("SecretId") or "")
    return [lookup.ask("TagResource", what, {}, pairs(params))]


def _tag(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        secret = lookup.find_primary(tx, call, params["SecretId"])
        tags.put(tx, secret.id, checked(params, tags.of(tx, secret.id)))
        copies.save(tx, replace(secret, is_tagged=True, changed_ms=call.now_ms))
    return {}


def _untag_context(_call: Call, params: Params) -> Context:
    keys = params.get("TagKeys")
    return {"aws:TagKeys": tuple(keys)} if keys else {}


def _untag(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        secret = lookup.find_primary(tx, call, params["SecretId"])
        tags.remove(tx, secret.id, params["TagKeys"])
        copies.save(tx, replace(secret, changed_ms=call.now_ms))
    return {}


OPERATIONS = (
    Operation("secretsmanager", "TagResource", _tag_asks, _tag),
    lookup.on_secret("UntagResource", _untag, _untag_context),
)
