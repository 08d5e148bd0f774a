"""Where a new group begins: fixed once, in Kafka, before anybody subscribes.

Whoever holds the mapping's lease does it. A group that has committed begins where it was; one
that has not begins at the beginning, partition by partition, so only the other starting positions
leave something to be done: their offsets are committed to the group while it is empty.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from confluent_kafka import Consumer as Library
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from .credentials import Connection
from .faults import (
    BrokerFault,
    NotAuthenticated,
    NotAuthorized,
    NotTrusted,
    TopicMissing,
    Trouble,
    Unreachable,
    Unresolvable,
    fault,
    trouble,
)
from .offsets import LATEST, Offsets, committed, offsets_at
from .silence import silent
from .tuning import SETTINGS

_TIMEOUT_SECONDS = 10.0
_SLICE_SECONDS = 0.5
_REFUSALS: tuple[type[Trouble], ...] = (NotAuthenticated, NotTrusted, NotAuthorized)
_OBSTACLES: tuple[type[Trouble], ...] = (Unresolvable, Unreachable)


@dataclass(frozen=True, slots=True)
class TrimHorizon:
    """With the oldest record."""


@dataclass(frozen=True, slots=True)
class Latest:
    """With what is written from now on."""


@dataclass(frozen=True, slots=True)
class AtTimestamp:
    """With the first record that is not older; with what is written from now on if all are."""

    ms: int


StartingPosition = TrimHorizon | Latest | AtTimestamp


def fix_start(
    connection: Connection,
    group: str,
    topic: str,
    start: StartingPosition,
    *,
    patience_seconds: float = _TIMEOUT_SECONDS,
) -> Mapping[int, int]:
    """Commit where the group begins, unless it has begun; what was committed, by partition.

    `BrokerFault`: nothing was committed, try again before subscribing. An error is never taken
    for an empty group. A topic that is not there for as long as `patience_seconds` has nothing that
    is older: whatever it has one day counts, from its first record on.
    """
    if isinstance(start, TrimHorizon):
        return {}
    with _connected(connection, group) as client:
        partitions = client.partitions(topic, patience_seconds)
        if not partitions:
            return {}
        library = client.library
        if _told(committed(library, topic, partitions, _TIMEOUT_SECONDS)):
            return {}
        starts = _starts(library, topic, partitions, start)
        library.commit(
            offsets=[TopicPartition(topic, *one) for one in starts.items()], asynchronous=False
        )
        return starts


def committed_offsets(connection: Connection, group: str, topic: str) -> Mapping[int, int]:
    """What a group has committed, by partition, asked from outside; `BrokerFault` when unknown."""
    with _connected(connection, group) as client:
        partitions = client.partitions(topic, _TIMEOUT_SECONDS)
        if not partitions:
            text = f"topic `{topic}` is not there"
            raise BrokerFault(TopicMissing(KafkaError.UNKNOWN_TOPIC_OR_PART, text))
        return _told(committed(client.library, topic, partitions, _TIMEOUT_SECONDS))


@contextmanager
def _connected(connection: Connection, group: str) -> Iterator["_Client"]:
    """A client that names the group and is no member of it."""
    try:
        client = _Client(connection, group)
    except KafkaException as error:
        raise fault(error) from None
    try:
        yield client
    except KafkaException as error:
        raise fault(error) from None
    finally:
        client.library.close()


class _Client:
    """The library asks in vain for as long as it is let, and says why only to who polls it."""

    def __init__(self, connection: Connection, group: str) -> None:
        self._told: list[Trouble] = []
        given = {"group.id": group, "error_cb": lambda error: self._told.append(trouble(error))}
        self.library = Library({**SETTINGS, **connection.config(), **given}, logger=silent)

    def partitions(self, topic: str, patience_seconds: float) -> list[int]:
        """The topic's partitions; none where brokers say, again and again, that it is not there."""
        deadline = time.monotonic() + patience_seconds
        while True:
            is_late = time.monotonic() >= deadline
            try:
                found = self.library.list_topics(topic, timeout=_SLICE_SECONDS).topics[topic]
            except KafkaException:
                self._raise_what_was_told(is_late=is_late)
                if is_late:
                    raise
                continue
            if found.error is None and found.partitions:
                return sorted(found.partitions)
            if found.error is not None and not isinstance(trouble(found.error), TopicMissing):
                raise BrokerFault(trouble(found.error))
            if is_late:
                return []
            self.library.poll(_SLICE_SECONDS)

    def _raise_what_was_told(self, *, is_late: bool) -> None:
        """Who is refused is refused whatever he waits for; the rest may pass."""
        self.library.poll(0)
        for kind in (_REFUSALS + _OBSTACLES) if is_late else _REFUSALS:
            for each in self._told:
                if isinstance(each, kind):
                    raise BrokerFault(each)


def _starts(
    library: Library, topic: str, partitions: list[int], start: Latest | AtTimestamp
) -> dict[int, int]:
    ms = start.ms if isinstance(start, AtTimestamp) else LATEST
    found = _told(offsets_at(library, topic, partitions, ms, _TIMEOUT_SECONDS))
    older = [partition for partition in partitions if partition not in found]
    return found | _told(offsets_at(library, topic, older, LATEST, _TIMEOUT_SECONDS))


def _told(answer: Offsets) -> dict[int, int]:
    if answer.troubles:
        raise BrokerFault(answer.troubles[0])
    return answer.found
