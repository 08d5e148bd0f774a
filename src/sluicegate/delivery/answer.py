"""What a function answered, and what that means for the records it was given."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from .event import map_key
from .records import Batch


@dataclass(frozen=True, slots=True)
class Response:
    """What is known of an invocation that failed: for the record of it, and for people.

    `function_error` is X-Amz-Function-Error; "" where the function answered and its answer says
    that records failed.
    """

    request_id: str
    executed_version: str
    function_error: str = ""
    status_code: int = 200


@dataclass(frozen=True, slots=True)
class Success:
    """All records are delivered."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The function failed, or answered what means so: no record is delivered."""

    response: Response


@dataclass(frozen=True, slots=True)
class PartlyFailed:
    """These records failed, by partition; the others are delivered."""

    offsets: Mapping[int, frozenset[int]]
    response: Response


@dataclass(frozen=True, slots=True)
class Throttled:
    """The function did not run: it is throttled, or what invokes it is out of reach."""


@dataclass(frozen=True, slots=True)
class TooLarge:
    """The function did not run: its event is larger than an invocation may carry."""


Answer = Success | Failed | PartlyFailed | Throttled | TooLarge


class _Identifier(msgspec.Struct):
    partition: str
    offset: int


class _Failure(msgspec.Struct):
    itemIdentifier: _Identifier  # noqa: N815 - the function's spelling


class _Report(msgspec.Struct):
    batchItemFailures: list[_Failure] | None = None  # noqa: N815


_reports = msgspec.json.Decoder(_Report | None)


def read_answer(payload: bytes, response: Response, batch: Batch, *, is_partial: bool) -> Answer:
    """What the answer means. `is_partial`: the mapping has ReportBatchItemFailures.

    An answer that is no report, or one that names a record the event did not have, says that
    nothing can be trusted: the whole batch failed.
    """
    if response.function_error:
        return Failed(response)
    if not is_partial or not payload:
        return Success()
    try:
        report = _reports.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Failed(response)
    if report is None or not report.batchItemFailures:
        return Success()
    known = {map_key(next(iter(share)).topic, share.partition): share for share in batch.shares}
    failed: dict[int, set[int]] = {}
    for failure in report.batchItemFailures:
        named = failure.itemIdentifier
        share = known.get(named.partition)
        if share is None:
            return Failed(response)
        failed.setdefault(share.partition, set()).add(named.offset)
    delivered = {share.partition: set(share.offsets()) for share in batch.shares}
    if any(offsets - delivered[partition] for partition, offsets in failed.items()):
        return Failed(response)
    return PartlyFailed({name: frozenset(found) for name, found in failed.items()}, response)
