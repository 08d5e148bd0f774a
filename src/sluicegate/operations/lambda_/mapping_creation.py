"""CreateEventSourceMapping."""

import uuid
from dataclasses import replace

from ...store import mappings, tags
from ...store.mappings import EventSourceMapping
from ..operation import Call, Operation, Params, Result
from . import (
    mapping_access,
    mapping_checks,
    mapping_filters,
    mapping_naming,
    mapping_parameters,
    mapping_views,
    tagging,
)


def _create(call: Call, params: Params) -> Result:
    is_msk = bool(params.get("EventSourceArn"))
    mapping_parameters.check_source(params)
    mapping_parameters.check_supported(params, is_msk=is_msk)
    with call.database.read() as tx:
        what = mapping_naming.meant(tx, call, params)
        function, version = mapping_naming.function_of(tx, call, what)
    arn = mapping_naming.function_arn(what)
    mapping = _wanted(call, params, function.id, arn, is_msk=is_msk)
    patterns = mapping_filters.given(params) or ()
    mapping_naming.check_timeout(version)
    given = tagging.checked(params.get("Tags") or {})
    with call.database.read() as tx:
        mapping_checks.refuse_duplicate(tx, mapping)
    mapping_checks.check_role(call, mapping, version.role_arn)
    mapping = mapping_filters.kept(call, mapping, patterns, params.get("KMSKeyArn") or "")
    with call.database.write() as tx:
        # Gone, made again, or made by somebody else, while the role was asked.
        what = mapping_naming.meant(tx, call, params)
        function, _ = mapping_naming.function_of(tx, call, what)
        mapping = replace(mapping, function_id=function.id)
        mapping_checks.refuse_duplicate(tx, mapping)
        mappings.create(tx, mapping)
        tags.put(tx, mapping.id, given)
    call.keepers.nudge()
    return mapping_views.shown(mapping, mapping_filters.members(patterns))


def _wanted(
    call: Call, params: Params, function_id: str, function_arn: str, *, is_msk: bool
) -> EventSourceMapping:
    """The mapping a request asks for, without its filters."""
    mapping_id = str(uuid.uuid4())
    topic = mapping_parameters.topic(params)
    position, at_ms = mapping_parameters.starting_position(params, call.now_ms)
    block = mapping_parameters.MSK_CONFIG if is_msk else mapping_parameters.SELF_MANAGED_CONFIG
    group_id = (params.get(block) or {}).get("ConsumerGroupId")
    mapping = EventSourceMapping(
        id=mapping_id,
        account=call.account,
        region=call.region,
        function_id=function_id,
        function_arn=function_arn,
        topic=topic,
        group_id=group_id or mapping_id,
        created_ms=call.now_ms,
        last_modified_ms=call.now_ms,
        access=mapping_access.required(params, is_msk=is_msk),
        starting_position=position,
        starting_at_ms=at_ms,
        batch_size=params.get("BatchSize") or 100,
        window_seconds=params.get("MaximumBatchingWindowInSeconds"),
        is_enabled=params.get("Enabled") is not False,
        destination=mapping_parameters.destination(params) or "",
    )
    if is_msk:
        return replace(mapping, event_source_arn=params["EventSourceArn"])
    servers = params["SelfManagedEventSource"]["Endpoints"][mapping_parameters.SERVERS]
    return replace(mapping, bootstrap_servers=tuple(servers))


OPERATIONS = (Operation("lambda", "CreateEventSourceMapping", mapping_naming.create_asks, _create),)
