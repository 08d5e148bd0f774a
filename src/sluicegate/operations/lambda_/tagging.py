"""Tags of functions and of event source mappings."""

from collections.abc import Iterable, Mapping

from ...access import Ask
from ...arn import Arn
from ...iam.model import Context
from ...store import tags
from ...store.database import Tx
from ...store.functions import Function
from ..operation import Call, Operation, Params, Result
from . import mapping_naming, naming
from .refusals import invalid, not_found

_MOST = 50
_MAPPING = "event-source-mapping"


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
    if arn is not None and (mapping_id := _mapping_id(call, arn)):
        with call.database.read() as tx:
            return [mapping_naming.ask(tx, call, action, mapping_id, context, request_tags)]
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


def _mapping_id(call: Call, arn: Arn) -> str:
    """The UUID in the ARN of a mapping of the caller's, "" in any other."""
    kind, _, mapping_id = arn.resource.partition(":")
    is_own = (arn.account, arn.region) == (call.account, call.region)
    return mapping_id if kind == _MAPPING and is_own else ""


def _tagged(tx: Tx, call: Call, params: Params) -> str:
    """The id of what a request is about, by which its tags are kept."""
    text = params["Resource"]
    arn = Arn.parse(text)
    if not arn.resource.startswith(f"{_MAPPING}:"):
        return _function(tx, call, text).id
    mapping = mapping_naming.find(tx, call, _mapping_id(call, arn))
    if mapping is None:
        raise not_found(f"Event source mapping not found: {text}")
    return mapping.id


def _function(tx: Tx, call: Call, text: str) -> Function:
    kind = Arn.parse(text).resource.partition(":")[0]
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
        tagged = _tagged(tx, call, params)
        tags.put(tx, tagged, checked(params["Tags"], tags.of(tx, tagged)))
    return {}


def _untag(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        tags.remove(tx, _tagged(tx, call, params), params["TagKeys"])
    return {}


def _list(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        return {"Tags": tags.of(tx, _tagged(tx, call, params))}


OPERATIONS = (
    Operation("lambda", "TagResource", _tag_asks, _tag),
    Operation("lambda", "UntagResource", _untag_asks, _untag),
    Operation("lambda", "ListTags", _list_asks, _list),
)
