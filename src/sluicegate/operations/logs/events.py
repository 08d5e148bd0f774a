"""Log events: written in batches, read by stream, searched by group."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from ...store import log_streams
from ...store.database import Tx
from ...store.log_events import END, EVENT_OVERHEAD_BYTES, Event, Position, Upload
from ...store.log_groups import LogGroup
from ..operation import Call, Operation, Params, Result
from .naming import (
    ask_group,
    ask_stream,
    group_in,
    stream_in,
    stream_named,
)
from .paging import Place
from .pattern import Matches, PatternError, compiled
from .refusals import invalid
from .resource_policies import ask_stream_with_policies
from .streams import sequence_token

_HOUR_MS = 60 * 60 * 1000
_LATEST_MS = 2 * _HOUR_MS
_OLDEST_MS = 14 * 24 * _HOUR_MS
_SPAN_MS = 24 * _HOUR_MS
_BATCH_BYTES = 1_048_576
_PAGE = 10_000

# 2024-01-01T00:00:00Z: AWS searches backwards from then on only.
_BACKWARDS_SINCE_MS = 1_704_067_200_000


def _put(call: Call, params: Params) -> Result:
    # What has no place in UTF-8 (half a surrogate pair) is replaced, as on its way to any reader.
    events = [
        (each["timestamp"], each["message"].encode("utf-8", "replace"))
        for each in params["logEvents"]
    ]
    times = [at_ms for at_ms, _ in events]
    _check_batch(events, times)
    with call.database.read() as tx:
        group, stream = stream_in(tx, call, params)
    since_ms = group.kept_since_ms(call.now_ms)
    too_old = bisect_left(times, call.now_ms - _OLDEST_MS)
    expired = bisect_left(times, since_ms)
    too_new = bisect_right(times, call.now_ms + _LATEST_MS)
    accepted = events[max(too_old, expired) : too_new]
    if accepted and accepted[-1][0] - accepted[0][0] > _SPAN_MS:
        raise invalid(
            "The batch of log events in a single PutLogEvents request cannot span more than "
            "24 hours."
        )
    call.log_events.append(Upload(group.id, stream.id, call.now_ms, accepted, since_ms))
    rejected = {
        "tooOldLogEventEndIndex": too_old or None,
        "expiredLogEventEndIndex": expired if expired > too_old else None,
        "tooNewLogEventStartIndex": too_new if too_new < len(events) else None,
    }
    is_complete = all(index is None for index in rejected.values())
    return {
        "nextSequenceToken": sequence_token(call.now_ms),
        "rejectedLogEventsInfo": None if is_complete else rejected,
    }


def _check_batch(events: Sequence[tuple[int, bytes]], times: Sequence[int]) -> None:
    size = sum(len(message) + EVENT_OVERHEAD_BYTES for _, message in events)
    if size > _BATCH_BYTES:
        raise invalid(f"Upload too large: {size} bytes exceeds limit of {_BATCH_BYTES}")
    if any(earlier > later for earlier, later in pairwise(times)):
        raise invalid("Log events in a single PutLogEvents request must be in chronological order.")


def _get(call: Call, params: Params) -> Result:
    place = _place(params)
    with call.database.read() as tx:
        group, stream = stream_in(tx, call, params)
    low, high = _range(call, group, params, place, last_ms=_before(params.get("endTime")))
    events = call.log_events.read(
        stream.id,
        low,
        high,
        params.get("limit") or _PAGE,
        from_head=place.from_head if place else bool(params.get("startFromHead")),
    )
    if events:
        before, last = events[0].position, events[-1]
        after = last.at_ms, last.id + 1
    else:  # both ways go on from where nothing was: what comes later is found from there
        before = after = place.position if place else low
    return {
        "events": [_shown(event) for event in events],
        "nextForwardToken": str(Place(True, after)),
        "nextBackwardToken": str(Place(False, before)),
    }


def _place(params: Params) -> Place | None:
    token = params.get("nextToken")
    return None if token is None else Place.parse(token)


def _before(end_ms: int | None) -> int | None:
    """The last millisecond before `end_ms`: GetLogEvents leaves its end out."""
    return None if end_ms is None else end_ms - 1


def _range(
    call: Call, group: LogGroup, params: Params, place: Place | None, *, last_ms: int | None
) -> tuple[Position, Position]:
    """The places between which to read: by the call's times, its token and the retention."""
    start_ms = max(params.get("startTime") or 0, group.kept_since_ms(call.now_ms))
    low = min((start_ms, 0), END)
    high = END if last_ms is None else min((last_ms + 1, 0), END)
    if place is None:
        return low, high
    if place.from_head:
        return max(low, place.position), high
    return low, min(high, place.position)


def _shown(event: Event) -> dict[str, Any]:
    return {
        "timestamp": event.at_ms,
        "message": event.message,
        "ingestionTime": event.ingested_ms,
    }


def _filter(call: Call, params: Params) -> Result:
    matches = _pattern(params.get("filterPattern") or "")
    place = _place(params)
    from_head = place.from_head if place else _starts_from_head(params)
    with call.database.read() as tx:
        group = group_in(tx, call, params)
        stream_ids = _chosen_streams(tx, group, params)
    low, high = _range(call, group, params, place, last_ms=params.get("endTime"))
    found = call.log_events.search(
        group.id,
        low,
        high,
        params.get("limit") or _PAGE,
        from_head=from_head,
        matches=matches,
        stream_ids=stream_ids,
    )
    with call.database.read() as tx:
        names = log_streams.names(tx, {event.stream_id for event in found.events})
    return {
        # A stream that was deleted meanwhile has taken its events with it.
        "events": [
            _shown(event) | {"logStreamName": names[event.stream_id], "eventId": _event_id(event)}
            for event in found.events
            if event.stream_id in names
        ],
        "searchedLogStreams": [],
        "nextToken": str(Place(from_head, found.rest)) if found.rest else None,
    }


def _pattern(text: str) -> Matches:
    try:
        return compiled(text)
    except PatternError as error:
        raise invalid(error.message) from None


def _chosen_streams(tx: Tx, group: LogGroup, params: Params) -> frozenset[str] | None:
    """The ids of the streams to search, None for all of them."""
    names, prefix = params.get("logStreamNames"), params.get("logStreamNamePrefix")
    if names is not None and prefix is not None:
        raise invalid("logStreamNames and logStreamNamePrefix are mutually exclusive parameters.")
    if names is not None:
        return frozenset(stream_named(tx, group, name).id for name in names)
    if prefix is None:
        return None
    if "\0" in prefix:
        return frozenset()
    return frozenset(stream.id for stream in log_streams.page(tx, group.id, prefix=prefix))


def _starts_from_head(params: Params) -> bool:
    """Whether the oldest come first."""
    if params.get("startFromHead", True):
        return True
    start_ms = params.get("startTime")
    if start_ms is not None and start_ms < _BACKWARDS_SINCE_MS:
        raise invalid(
            "startFromHead can be false only when startTime is on or after 2024-01-01T00:00:00Z."
        )
    return False


def _event_id(event: Event) -> str:
    """56 digits, as on AWS, in the order of the events."""
    return f"{event.at_ms:020d}{event.id:036d}"


OPERATIONS = (
    Operation("logs", "PutLogEvents", ask_stream_with_policies, _put),
    Operation("logs", "GetLogEvents", ask_stream, _get),
    Operation("logs", "FilterLogEvents", ask_group, _filter),
)
