"""Tags of functions."""

from collections.abc import Iterable, Mapping

from ...access import Ask
from ...arn import Arn
from ...iam.model import Context
from ...store import tags
from ...store.database import Tx
from ...store.functions import Function
from ..operation import Call, Operation, Params, Result
from . import naming
from .refusals import invalid, not_found

_MOST = 50


def checked(given: Mapping[str, str], present: Mapping[str, str] | None = None) -> dict[str, str]:
    """The tags of a request, which a function that has `present` may take."""
    if any(key.lower().startswith("aws:") for key in given):
        raise invalid("Tag keys beginning with aws: are reserved for AWS.")
    if len({*given, *(present or ())}) > _MOST:
        raise invalid("Number of tags exceeds resource tag limit.")
    return dict(given)


def _asks(
    call: Call,
    action: str,
    params: Params,
    context: Context | None = None,
    request_tags: Mapping[str, str] | None = None,
) -> Iterable[Ask]:
    text = params.get("Resource") or ""
    arn = Arn.find(text)
    if arn is None or not arn.resource.startswith("function:"):
        # Nothing of another kind is there to have tags.
        return [Ask(f"lambda:{action}", text or "*", context=context or {})]
    with call.database.read() as tx:
        what = naming.named(tx, call, text)
        return [naming.ask(tx, action, what, context, request_tags)]


def _tag_asks(call: Call, params: Params) -> Iterable[Ask]:
    return _asks(call, "TagResource", params, request_tags=params.get("Tags") or {})


def _untag_asks(call: Call, params: Params) -> Iterable[Ask]:
    keys = {"aws:TagKeys": tuple(params.get("TagKeys") or ())}
    return _asks(call, "UntagResource", params, context=keys)


def _list_asks(call: Call, params: Params) -> Iterable[Ask]:
    return _asks(call, "ListTags", params)


def _function(tx: Tx, call: Call, params: Params) -> Function:
    text = params["Resource"]
    kind = Arn.parse(text).resource.partition(":")[0]
    if kind == "event-source-mapping":
        raise not_found(f"Event source mapping not found: {text}")
    if kind != "function":
        raise not_found("The resource you requested does not exist.")
    what = naming.named(tx, call, text)
    if what.qualifier:
        raise invalid(
            "Tags on function aliases and versions are not supported. "
            "Please specify a function ARN."
        )
    return naming.found(call, what)


def _tag(call: Call, params: Params) -> Result:
    if not params["Tags"]:
        raise invalid("An error occurred and the request cannot be processed.")
    with call.database.write() as tx:
        function = _function(tx, call, params)
        tags.put(tx, function.id, checked(params["Tags"], tags.of(tx, function.id)))
    return {}


def _untag(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        tags.remove(tx, _function(tx, call, params).id, params["TagKeys"])
    return {}


def _list(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        return {"Tags": tags.of(tx, _function(tx, call, params).id)}


OPERATIONS = (
    Operation("lambda", "TagResource", _tag_asks, _tag),
    Operation("lambda", "UntagResource", _untag_asks, _untag),
    Operation("lambda", "ListTags", _list_asks, _list),
)
