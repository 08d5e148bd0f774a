"""Get, List, Update and DeleteEventSourceMapping."""

from dataclasses import replace
from typing import Any

from ...errors import AwsError
from ...store import mappings
from ...store.function_versions import Version
from ...store.mappings import EventSourceMapping
from ..operation import Call, Operation, Params, Result
from . import (
    mapping_access,
    mapping_checks,
    mapping_filters,
    mapping_naming,
    mapping_parameters,
    mapping_views,
    naming,
    paging,
)

_MOST_LISTED = 100


def _get(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        mapping = mapping_naming.require(tx, call, params)
    return mapping_views.shown(mapping, mapping_filters.shown(call, mapping))


def _list(call: Call, params: Params) -> Result:
    after = paging.start(params)
    size = min(params.get("MaxItems") or _MOST_LISTED, _MOST_LISTED)
    with call.database.read() as tx:
        found = mappings.of_account(tx, call.account, call.region)
        name = params.get("FunctionName")
        arn = mapping_naming.function_arn(naming.named(tx, call, name)) if name else None
    source = params.get("EventSourceArn")
    rest = [
        mapping
        for mapping in found
        if mapping.id > after
        and (arn is None or mapping.function_arn == arn)
        and (source is None or mapping.event_source_arn == source)
    ]
    page = rest[:size]
    return {
        "EventSourceMappings": [_entry(mapping) for mapping in page],
        "NextMarker": paging.marker(page[-1].id) if len(rest) > size else None,
    }


def _entry(mapping: EventSourceMapping) -> object:
    # Criteria under a key are for who asks for the one mapping.
    return mapping_views.shown(mapping, mapping_filters.members(mapping.filters))


def _update(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        before = mapping_naming.require(tx, call, params)
    is_msk = before.event_source_arn is not None
    mapping_parameters.check_supported(params, is_msk=is_msk)
    mapping_parameters.check_unchanged(params, is_msk=is_msk)
    _refuse_in_use(before, "update")
    wanted, version = _wanted(call, before, params, is_msk=is_msk)
    if version is not None:
        mapping_checks.check_role(call, wanted, version.role_arn)
    wanted = _filtered(call, before, wanted, params)
    with call.database.write() as tx:
        latest = mapping_naming.require(tx, call, params)
        _refuse_in_use(latest, "update")
        if latest.revision != before.revision:
            # Somebody else's change came between, and has come true already.
            raise _in_use("update")
        mapping_checks.refuse_duplicate(tx, wanted)
        kept = replace(
            wanted,
            state=latest.state,
            state_transition_reason=latest.state_transition_reason,
            last_processing_result=latest.last_processing_result,
            applied_revision=latest.applied_revision,
        )
        changed = mappings.change(tx, kept, call.now_ms)
    call.keepers.nudge()
    return mapping_views.shown(changed, mapping_filters.shown(call, changed))


def _wanted(
    call: Call, before: EventSourceMapping, params: Params, *, is_msk: bool
) -> tuple[EventSourceMapping, Version | None]:
    """The mapping as a request wants it, but for filters.

    With it the version whose role has to be asked anew, where function or access are other ones.
    """
    after = before
    if params.get("FunctionName"):
        with call.database.read() as tx:
            what = mapping_naming.meant(tx, call, params)
            function, _ = mapping_naming.function_of(tx, call, what)
        arn = mapping_naming.function_arn(what)
        after = replace(after, function_id=function.id, function_arn=arn)
    access = mapping_access.given(params, is_msk=is_msk)
    destination = mapping_parameters.destination(params)
    given = {
        "access": access,
        "destination": destination,
        "batch_size": params.get("BatchSize"),
        "window_seconds": params.get("MaximumBatchingWindowInSeconds"),
        "is_enabled": params.get("Enabled"),
    }
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    after = replace(after, **changes)
    if _asked(after) == _asked(before):
        return after, None
    with call.database.read() as tx:
        what = naming.named(tx, call, after.function_arn)
        _, version = mapping_naming.function_of(tx, call, what)
        mapping_naming.check_timeout(version)
        mapping_checks.refuse_duplicate(tx, after)
    return after, version


def _asked(mapping: EventSourceMapping) -> tuple[object, ...]:
    """What the role's calls depend on."""
    return mapping.function_id, mapping.function_arn, mapping.access


def _filtered(
    call: Call, before: EventSourceMapping, wanted: EventSourceMapping, params: Params
) -> EventSourceMapping:
    """The mapping with the filters and the key a request gives, or those it has."""
    patterns, key = mapping_filters.given(params), params.get("KMSKeyArn")
    if patterns is None and key is None:
        return wanted
    if patterns is None:
        patterns = mapping_filters.moved(call, before)
    kept_key = before.kms_key_arn if key is None else key
    return mapping_filters.kept(call, wanted, patterns, kept_key)


def _delete(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        before = mapping_naming.require(tx, call, params)
    _refuse_in_use(before, "delete")
    filters = mapping_filters.shown(call, before)
    with call.database.write() as tx:
        mapping = mapping_naming.require(tx, call, params)
        _refuse_in_use(mapping, "delete")
        mappings.want_deleted(tx, mapping.id)
    call.keepers.nudge()
    return mapping_views.shown(replace(mapping, wanted=mappings.DELETED), filters)


def _refuse_in_use(mapping: EventSourceMapping, verb: str) -> None:
    if mapping.current_state in mappings.TRANSITIONAL:
        raise _in_use(verb)


def _in_use(verb: str) -> AwsError:
    message = f"Cannot {verb} the event source mapping because it is in use."
    return AwsError("ResourceInUseException", message)


OPERATIONS = (
    mapping_naming.on_mapping("GetEventSourceMapping", _get),
    mapping_naming.on_mapping("DeleteEventSourceMapping", _delete),
    naming.on_account("ListEventSourceMappings", _list),
    Operation("lambda", "UpdateEventSourceMapping", mapping_naming.update_asks, _update),
)
