"""Log streams: made, described, deleted."""

import uuid
from typing import Any

from ...errors import AwsError
from ...store import log_streams
from ...store.database import Conflict, Tx
from ...store.log_events import Totals
from ...store.log_groups import LogGroup
from ...store.log_streams import LogStream
from ..operation import Call, Operation, Params, Result
from .groups import refuse_protected
from .naming import (
    ask_group,
    ask_stream,
    group_in,
    stream_arn,
    stream_in,
)
from .paging import opened, sealed
from .refusals import invalid
from .resource_policies import ask_stream_with_policies

_PAGE = 50


def _create(call: Call, params: Params) -> Result:
    name = params["logStreamName"]
    if "\0" in name:
        raise invalid("Log stream names must not contain NUL.")
    try:
        with call.database.write() as tx:
            group = group_in(tx, call, params)
            stream = LogStream(str(uuid.uuid4()), group.id, name, call.now_ms)
            log_streams.add(tx, call.account, call.region, stream)
    except Conflict:
        raise AwsError(
            "ResourceAlreadyExistsException", "The specified log stream already exists"
        ) from None
    return {}


def _delete(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        group, stream = stream_in(tx, call, params)
        refuse_protected(group)
        log_streams.remove(tx, stream.id)
    # The stream is gone, and with its id the way to its events: these only take room now.
    call.log_events.release(group.id)
    return {}


def _describe(call: Call, params: Params) -> Result:
    prefix = params.get("logStreamNamePrefix")
    by_time = params.get("orderBy") == "LastEventTime"
    if by_time and prefix is not None:
        raise invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
    with call.database.read() as tx:
        group = group_in(tx, call, params)
        if by_time:
            streams, token = _by_time(tx, call, group, params)
        elif prefix is not None and "\0" in prefix:
            streams, token = [], None  # no name has one
        else:
            streams, token = _by_name(tx, group, params)
    totals = call.log_events.totals(stream.id for stream in streams)
    entries = [_entry(call, group, stream, totals.get(stream.id)) for stream in streams]
    return {"logStreams": entries, "nextToken": token}


def _by_name(tx: Tx, group: LogGroup, params: Params) -> tuple[list[LogStream], str | None]:
    token, limit = params.get("nextToken"), params.get("limit") or _PAGE
    streams = log_streams.page(
        tx,
        group.id,
        prefix=params.get("logStreamNamePrefix") or "",
        after=None if token is None else str(opened(token, str)[0]),
        descending=bool(params.get("descending")),
        limit=limit + 1,
    )
    has_more = len(streams) > limit
    streams = streams[:limit]
    return streams, sealed(streams[-1].name) if has_more else None


def _by_time(
    tx: Tx, call: Call, group: LogGroup, params: Params
) -> tuple[list[LogStream], str | None]:
    """The order of the last events; streams without any count as the oldest."""
    token, limit = params.get("nextToken"), params.get("limit") or _PAGE
    is_descending = bool(params.get("descending"))
    streams = {stream.id: stream for stream in log_streams.page(tx, group.id)}
    totals = call.log_events.totals(streams)

    def key(stream: LogStream) -> tuple[int, str]:
        held = totals.get(stream.id)
        return (held.last_ms if held else -1), stream.name

    ordered = sorted(streams.values(), key=key, reverse=is_descending)
    if token is not None:
        last_ms, name = opened(token, int, str)
        last = int(last_ms), str(name)
        ordered = [
            each for each in ordered if (key(each) < last if is_descending else key(each) > last)
        ]
    page = ordered[:limit]
    return page, sealed(*key(page[-1])) if len(ordered) > limit else None


def _entry(call: Call, group: LogGroup, stream: LogStream, held: Totals | None) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "logStreamName": stream.name,
        "creationTime": stream.created_ms,
        "arn": stream_arn(call, group.name, stream.name),
        "storedBytes": 0,  # as on AWS since 2019
    }
    if held is None:
        return entry
    entry |= {
        "lastIngestionTime": held.ingested_ms,
        "uploadSequenceToken": sequence_token(held.ingested_ms),
    }
    since_ms = group.kept_since_ms(call.now_ms)
    if held.first_ms is not None and held.last_ms >= since_ms:
        entry["firstEventTimestamp"] = max(held.first_ms, since_ms)
        entry["lastEventTimestamp"] = held.last_ms
    return entry


def sequence_token(ingested_ms: int) -> str:
    """The token that nobody needs any more and everybody still gets."""
    return f"{ingested_ms:056d}"


OPERATIONS = (
    Operation("logs", "CreateLogStream", ask_stream_with_policies, _create),
    Operation("logs", "DeleteLogStream", ask_stream, _delete),
    Operation("logs", "DescribeLogStreams", ask_group, _describe),
)
