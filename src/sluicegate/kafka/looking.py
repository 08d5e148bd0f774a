"""What a passer-by sees of a cluster: its topics, and records, for as far as they are written.

No group is joined, nothing is committed, and no record is waited for.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from ..delivery import Record
from .asking import Asking, asking
from .credentials import Connection
from .faults import BrokerFault, TopicMissing, Transient, Unreachable, trouble_of
from .offsets import EARLIEST, LATEST, offsets_at, told
from .reading import read
from .settling import settled
from .silence import silent

_GROUP = "sluicegate-looks"
_INTERNAL = "__"
_PATIENCE_SECONDS = 10.0
_POLL_SECONDS = 0.2
# What the library asks for the group it was named, which may not be ours to ask about.
_OF_GROUPS = KafkaError.GROUP_AUTHORIZATION_FAILED
# A look wants few records: not all that the library can hold.
_FEW = {"queued.min.messages": 1}


@dataclass(frozen=True, slots=True)
class SeenTopic:
    """A topic; `records` are those between beginnings and ends, None where brokers do not tell."""

    name: str
    partitions: int
    replicas: int
    records: int | None


def topics(
    connection: Connection, *, patience_seconds: float = _PATIENCE_SECONDS
) -> tuple[SeenTopic, ...]:
    """The topics the login may see, by name, without the brokers' own; or `BrokerFault`."""
    with asking(connection, _GROUP) as client:
        found = client.topics(patience_seconds)
        return tuple(
            _seen(client, name, found[name].partitions)
            for name in sorted(found)
            if not name.startswith(_INTERNAL)
        )


def partitions(connection: Connection, topic: str) -> Sequence[int]:
    """A topic's partitions; `BrokerFault` where it is not there or may not be seen."""
    with asking(connection, _GROUP) as client:
        return _partitions(client, topic)


def create_topic(connection: Connection, name: str, count: int | None) -> None:
    """Make a topic of `count` partitions, None for as many as brokers give; with their replicas.

    Returns when it is there to be seen.
    """
    with asking(connection, _GROUP) as client:
        client.topics(_PATIENCE_SECONDS)  # who is not let in is told so, and why
        settings: dict[str, Any] = {**connection.config(), "log_level": 0}
        admin = AdminClient(settings, logger=silent)  # held: its calls end with it
        made = NewTopic(name, -1 if count is None else count)
        asked = admin.create_topics([made], request_timeout=_PATIENCE_SECONDS)
        settled(asked[name], _PATIENCE_SECONDS + 1)
        client.partitions(name, _PATIENCE_SECONDS)


def peek(
    connection: Connection, topic: str, partition: int | None, start: int | None, most: int
) -> Mapping[int, Sequence[Record]]:
    """Up to `most` records of each partition, or of the one, from the offset `start` on.

    `start` None: the last ones. Where offsets were given away, or begin later, there may be fewer.
    """
    with asking(connection, _GROUP, **_FEW) as client:
        wanted = _partitions(client, topic)
        if partition is not None and partition not in wanted:
            text = f"topic `{topic}` has no partition {partition}: they are 0 to {wanted[-1]}"
            raise BrokerFault(TopicMissing(KafkaError._UNKNOWN_PARTITION, text))
        if partition is not None:
            wanted = [partition]
        begins, ends = (_offsets(client, topic, wanted, at) for at in (EARLIEST, LATEST))
        starts = {
            each: max(begins[each], ends[each] - most if start is None else start)
            for each in wanted
            if begins.keys() & ends.keys() & {each}
        }
        unread = {each: ends[each] for each, at in starts.items() if at < ends[each]}
        return _read(client, topic, starts, unread, most)


def _seen(client: Asking, name: str, found: Mapping[int, Any]) -> SeenTopic:
    copies = max((len(each.replicas) for each in found.values()), default=0)
    records: int | None
    try:
        begins, ends = (_offsets(client, name, found, at) for at in (EARLIEST, LATEST))
        records = sum(ends[each] - begins[each] for each in found)
    except (BrokerFault, KeyError):
        records = None
    return SeenTopic(name, len(found), copies, records)


def _partitions(client: Asking, topic: str) -> list[int]:
    client.topics(_PATIENCE_SECONDS)
    found = client.partitions(topic, 0)
    if not found:
        text = f"topic `{topic}` is not there"
        raise BrokerFault(TopicMissing(KafkaError.UNKNOWN_TOPIC_OR_PART, text))
    return found


def _offsets(client: Asking, topic: str, of: Iterable[int], at: int) -> dict[int, int]:
    return told(offsets_at(client.library, topic, of, at, _PATIENCE_SECONDS))


def _read(
    client: Asking, topic: str, starts: Mapping[int, int], ends: dict[int, int], most: int
) -> Mapping[int, Sequence[Record]]:
    """Read from `starts` until each partition has given `most`, or is at its end of `ends`."""
    records: dict[int, list[Record]] = {each: [] for each in starts}
    library, unread = client.library, dict(ends)
    library.assign([TopicPartition(topic, each, starts[each]) for each in unread])
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while unread:
        messages = library.consume(500, _POLL_SECONDS)
        found = read(topic, messages)
        for one in found.troubles:
            if one.code != _OF_GROUPS and not isinstance(one, Transient | Unreachable):
                raise BrokerFault(one)
        for each, some in found.records.items():
            records[each] += [one for one in some if one.offset < ends[each]]
        reached = {each: some[-1].offset + 1 for each, some in found.records.items()} | found.ends
        for each in unread.keys() & (reached.keys() | found.gone):
            # Gone: they were deleted while we came.
            if each in found.gone or reached[each] >= ends[each] or len(records[each]) >= most:
                del unread[each]
        if reached:
            deadline = time.monotonic() + _PATIENCE_SECONDS
        elif time.monotonic() > deadline:
            raise BrokerFault(trouble_of(KafkaError._TIMED_OUT, "the brokers do not answer"))
    return {each: some[:most] for each, some in records.items()}
