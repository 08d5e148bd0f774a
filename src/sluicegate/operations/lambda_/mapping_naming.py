"""Event source mappings by their UUID, and what is asked about them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from ...access import Ask
from ...errors import AwsError
from ...execution.plan import MOST_TIMEOUT_SECONDS
from ...iam.model import Context
from ...store import mappings, tags
from ...store.database import Tx
from ...store.function_versions import Version
from ...store.functions import Function, arn_of
from ...store.mappings import EventSourceMapping
from ..operation import Call, Operation, Params, Result
from . import naming
from .naming import Named
from .refusals import in_progress, invalid, not_found

_FUNCTION_ARN = "lambda:FunctionArn"
_KIND = "event-source-mapping"
_NO_FUNCTION = "Function does not exist"


def find(tx: Tx, call: Call, mapping_id: str) -> EventSourceMapping | None:
    """The caller's mapping of that UUID, in the region of the call."""
    mapping = mappings.find(tx, mapping_id)
    if mapping is None or (mapping.account, mapping.region) != (call.account, call.region):
        return None
    return mapping


def require(tx: Tx, call: Call, params: Params) -> EventSourceMapping:
    """The mapping a request is about, with the function it had when the call was judged."""
    mapping = find(tx, call, params["UUID"])
    if mapping is None:
        raise not_found("The resource you requested does not exist.")
    if not _is_judged(call, mapping):
        raise in_progress(call.arn("lambda", f"{_KIND}:{mapping.id}"))
    return mapping


def _is_judged(call: Call, mapping: EventSourceMapping) -> bool:
    """Whether the mapping has still the function by which it is looked at first."""
    return call.judged.is_still(("mapping", mapping.id), mapping.unqualified_arn)


def meant(tx: Tx, call: Call, params: Params) -> Named:
    """What FunctionName of a request stands for."""
    return naming.named(tx, call, params.get("FunctionName") or "")


def function_arn(what: Named) -> str:
    """The ARN a mapping shows: with the qualifier as it was given."""
    return arn_of(what.account, what.region, what.name, what.qualifier)


def function_of(tx: Tx, call: Call, what: Named) -> tuple[Function, Version]:
    """The function a mapping is to invoke, and the version that means just now.

    Where an alias divides between two, with the timeout of the one that has the longer.
    """
    if what.function is None or (what.account, what.region) != (call.account, call.region):
        raise invalid(_NO_FUNCTION)
    try:
        version, alias = naming.resolve(tx, what.function, what.qualifier)
        if alias is not None and alias.other_version:
            other, _ = naming.resolve(tx, what.function, alias.other_version)
            longest = max(version.timeout_seconds, other.timeout_seconds)
            version = replace(version, timeout_seconds=longest)
    except AwsError:
        raise invalid(_NO_FUNCTION) from None
    return what.function, version


def check_timeout(version: Version) -> None:
    """Refuse a function that may run longer than a batch may take."""
    if version.timeout_seconds > MOST_TIMEOUT_SECONDS:
        raise invalid(
            f"The timeout of a function with a Kafka event source must not exceed "
            f"{MOST_TIMEOUT_SECONDS} seconds."
        )


def ask(
    tx: Tx,
    call: Call,
    action: str,
    mapping_id: str,
    context: Context | None = None,
    request_tags: Mapping[str, str] | None = None,
) -> Ask:
    """May the caller do `action` with a mapping, whether it is there or not?"""
    mapping = find(tx, call, mapping_id)
    keys = {} if mapping is None else {_FUNCTION_ARN: mapping.unqualified_arn}
    if mapping is not None:
        # Looked at here first, so that `require` knows it by what is asked.
        _is_judged(call, mapping)
    return Ask(
        f"lambda:{action}",
        call.arn("lambda", f"{_KIND}:{mapping_id}"),
        context={**keys, **(context or {})},
        tags={} if mapping is None else tags.of(tx, mapping.id),
        request_tags=request_tags,
    )


def create_asks(call: Call, params: Params) -> Iterable[Ask]:
    """Creation concerns no one mapping yet; the function is a condition key."""
    with call.database.read() as tx:
        keys = _function_key(meant(tx, call, params))
    given = params.get("Tags") or None
    asked = Ask("lambda:CreateEventSourceMapping", "*", context=keys, request_tags=given)
    yield asked
    if given:
        resource = call.arn("lambda", f"{_KIND}:*")
        yield replace(asked, action="lambda:TagResource", resource=resource)


def update_asks(call: Call, params: Params) -> Iterable[Ask]:
    """About the mapping with the function it has and, where it is given another, with that one."""
    with call.database.read() as tx:
        asked = ask(tx, call, "UpdateEventSourceMapping", params.get("UUID") or "*")
        yield asked
        if params.get("FunctionName"):
            keys = _function_key(meant(tx, call, params))
            yield replace(asked, context={**asked.context, **keys})


def _function_key(what: Named) -> Context:
    # Without the qualifier: a Deny of the function holds for each of its versions and aliases.
    return {_FUNCTION_ARN: arn_of(what.account, what.region, what.name)}


def on_mapping(action: str, run: Callable[[Call, Params], Result]) -> Operation:
    """An operation on the one mapping that UUID names."""

    def asks(call: Call, params: Params) -> Iterable[Ask]:
        with call.database.read() as tx:
            return [ask(tx, call, action, params.get("UUID") or "*")]

    return Operation("lambda", action, asks, run)
