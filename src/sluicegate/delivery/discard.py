"""The invocation record: what an on-failure destination is told of records that were given up.

Queues, topics of SNS and buckets get one record for a batch; a Kafka topic gets a message for each
record, in AWS's other spelling: `recordInfo`, `RetriesExhausted`, a qualified ARN, and a payload
that is JSON and not a text that holds it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from .answer import Response
from .event import EventEncoder, map_key
from .records import Batch, Record, Share, batch_of
from .retry import RETRIES_EXHAUSTED
from .work import Discard

_encode = msgspec.json.encode


@dataclass(frozen=True, slots=True)
class Context:
    """What the record says besides what was discarded.

    The function, as the mapping names it and with the qualifier that was invoked; the last
    invocation's `request_id`, or one made for the purpose where there was none; and when.
    """

    function_arn: str
    qualified_arn: str
    request_id: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Message:
    """A message for a Kafka topic; a null key leaves the partition to the producer."""

    key: bytes | None
    value: bytes


def invocation_record(
    discard: Discard, context: Context, encoder: EventEncoder, *, has_payload: bool
) -> bytes:
    """The record of a batch. `has_payload`: with its event, as a text, for S3."""
    batch = discard.batch
    info = {
        "batchSize": len(batch),
        **_source(encoder),
        "payloadSize": encoder.size(batch),
        "recordsInfo": {
            map_key(encoder.topic, share.partition): _share_info(share) for share in batch.shares
        },
    }
    record = _envelope(discard, context, context.function_arn, info)
    if has_payload:
        record["payload"] = encoder.event(batch).decode()
    return _encode(record)


def messages(discard: Discard, context: Context, encoder: EventEncoder) -> Iterator[Message]:
    """The records of a batch for a Kafka topic, in order, each with its key."""
    if discard.condition == RETRIES_EXHAUSTED:
        discard = replace(discard, condition="RetriesExhausted")
    for share in discard.batch.shares:
        for at, record in enumerate(share):
            alone = batch_of([share.cut(at, at + 1)])
            event = encoder.event(alone)
            info = {
                "batchSize": 1,
                **_source(encoder),
                "payloadSize": len(event),
                "recordInfo": {
                    "offset": str(record.offset),
                    "timestamp": _moment(record.timestamp),
                },
            }
            value = _envelope(discard, context, context.qualified_arn, info)
            value["payload"] = msgspec.Raw(event)
            yield Message(record.key, _encode(value))


def object_key(mapping: str, batch: Batch, encoder: EventEncoder, at_ms: int, unique: str) -> str:
    """Where in a bucket the record of a batch goes; `unique` is a UUID made for it."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    shard = map_key(encoder.topic, batch.partitions[0])
    return f"aws/lambda/{mapping}/{shard}/{at:%Y/%m/%d}/{at:%Y-%m-%dT%H.%M.%S}-{unique}"


def _envelope(
    discard: Discard, context: Context, function_arn: str, info: dict[str, Any]
) -> dict[str, Any]:
    return {
        "requestContext": {
            "requestId": context.request_id,
            "functionArn": function_arn,
            "condition": discard.condition,
            "approximateInvokeCount": discard.invocations,
        },
        "responseContext": _response_context(discard.response),
        "version": "1.0",
        "timestamp": _moment(context.at_ms),
        "KafkaBatchInfo": info,
    }


def _response_context(response: Response | None) -> dict[str, Any] | None:
    if response is None:
        return None
    return {
        "statusCode": response.status_code,
        "executedVersion": response.executed_version,
        "functionError": response.function_error or None,
    }


def _source(encoder: EventEncoder) -> dict[str, str]:
    """What the event says of it but its kind."""
    members = encoder.source.members()
    del members["eventSource"]
    return members


def _share_info(share: Share) -> dict[str, str]:
    records: list[Record] = list(share)
    first, last = records[0], records[-1]
    return {
        "firstRecordOffset": str(first.offset),
        "lastRecordOffset": str(last.offset),
        "firstRecordTimestamp": _moment(first.timestamp),
        "lastRecordTimestamp": _moment(last.timestamp),
    }


def _moment(ms: int) -> str:
    """ISO 8601 with milliseconds and Z; a moment no calendar has (a producer may send any number)
    is written as the nearest that one has."""
    ms = min(max(ms, _EARLIEST_MS), _LATEST_MS)
    seconds, rest = divmod(ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat()[:19]}.{rest:03}Z"


_EARLIEST_MS, _LATEST_MS = -62_135_596_800_000, 253_402_300_799_999
