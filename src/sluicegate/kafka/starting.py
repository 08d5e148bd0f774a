"""Where a new group begins: fixed once, in Kafka, before anybody subscribes.

Whoever holds the mapping's lease does it. A group that has committed begins where it was; one
that has not begins at the beginning, partition by partition, so only the other starting positions
leave something to be done: their offsets are committed to the group while it is empty.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from confluent_kafka import Consumer as Library
from confluent_kafka import KafkaError, TopicPartition

from .asking import asking
from .credentials import Connection
from .faults import BrokerFault, TopicMissing
from .offsets import LATEST, committed, offsets_at, told

_TIMEOUT_SECONDS = 10.0


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
    with asking(connection, group) as client:
        partitions = client.partitions(topic, patience_seconds)
        if not partitions:
            return {}
        library = client.library
        if told(committed(library, topic, partitions, _TIMEOUT_SECONDS)):
            return {}
        starts = _starts(library, topic, partitions, start)
        library.commit(
            offsets=[TopicPartition(topic, *one) for one in starts.items()], asynchronous=False
        )
        return starts


def committed_offsets(
    connection: Connection, group: str, topic: str, *, patience_seconds: float = _TIMEOUT_SECONDS
) -> Mapping[int, int]:
    """What a group has committed, by partition, asked from outside; `BrokerFault` when unknown."""
    with asking(connection, group) as client:
        partitions = client.partitions(topic, patience_seconds)
        if not partitions:
            text = f"topic `{topic}` is not there"
            raise BrokerFault(TopicMissing(KafkaError.UNKNOWN_TOPIC_OR_PART, text))
        return told(committed(client.library, topic, partitions, _TIMEOUT_SECONDS))


def _starts(
    library: Library, topic: str, partitions: list[int], start: Latest | AtTimestamp
) -> dict[int, int]:
    ms = start.ms if isinstance(start, AtTimestamp) else LATEST
    found = told(offsets_at(library, topic, partitions, ms, _TIMEOUT_SECONDS))
    older = [partition for partition in partitions if partition not in found]
    return found | told(offsets_at(library, topic, older, LATEST, _TIMEOUT_SECONDS))
