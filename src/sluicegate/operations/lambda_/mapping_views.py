"""Event source mappings as answers show them."""

from collections.abc import Mapping

from ...clock import to_datetime
from ...store.mappings import EventSourceMapping
from .mapping_parameters import MSK_CONFIG, SELF_MANAGED_CONFIG, SERVERS


def shown(
    mapping: EventSourceMapping, filters: Mapping[str, object] | None = None
) -> dict[str, object]:
    """A mapping in on-demand mode: without what only provisioned ones have.

    A window nobody gave is not shown; `filters` are the members that tell of the criteria.
    """
    at_ms = mapping.starting_at_ms
    is_msk = mapping.event_source_arn is not None
    group = {"ConsumerGroupId": mapping.group_id}
    destination = {"OnFailure": {"Destination": mapping.destination}}
    return {
        "UUID": mapping.id,
        "EventSourceMappingArn": mapping.arn,
        "FunctionArn": mapping.function_arn,
        "EventSourceArn": mapping.event_source_arn,
        "SelfManagedEventSource": (
            None if is_msk else {"Endpoints": {SERVERS: list(mapping.bootstrap_servers)}}
        ),
        MSK_CONFIG: group if is_msk else None,
        SELF_MANAGED_CONFIG: None if is_msk else group,
        "SourceAccessConfigurations": (
            [{"Type": each.type, "URI": each.uri} for each in mapping.access] or None
        ),
        "Topics": [mapping.topic],
        "StartingPosition": mapping.starting_position,
        "StartingPositionTimestamp": None if at_ms is None else to_datetime(at_ms),
        "BatchSize": mapping.batch_size,
        "MaximumBatchingWindowInSeconds": mapping.window_seconds,
        "DestinationConfig": destination if mapping.destination else None,
        "KMSKeyArn": mapping.kms_key_arn or None,
        "LastModified": to_datetime(mapping.last_modified_ms),
        "LastProcessingResult": mapping.last_processing_result,
        "State": mapping.current_state,
        "StateTransitionReason": mapping.current_reason,
        **(filters or {}),
    }
