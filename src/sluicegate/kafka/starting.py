"""Where a new group begins: fixed once, in Kafka, before anybody subscribes.

Whoever holds the mapping's lease does it. A group that has committed begins where it was; one
that has not begins at the beginning, partition by partition, so only the other starting positions
leave something to be done: their offsets are committed to the group while it is empty.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from confluent_kafka import Consumer as Library
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from .credentials import Connection
from .faults import BrokerFault, TopicMissing, fault, trouble
from .offsets import LATEST, Offsets, committed, offsets_at
from .silence import silent
from .tuning import SETTINGS

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
    connection: Connection, group: str, topic: str, start: StartingPosition
) -> Mapping[int, int]:
    """Commit where the group begins, unless it has begun; what was committed, by partition.

    `BrokerFault`: nothing was committed, try again before subscribing. An error is never taken
    for an empty group.
    """
    if isinstance(start, TrimHorizon):
        return {}
    with _connected(connection, group) as library:
        partitions = _partitions(library, topic)
        if _told(committed(library, topic, partitions, _TIMEOUT_SECONDS)):
            return {}
        starts = _starts(library, topic, partitions, start)
        library.commit(
            offsets=[TopicPartition(topic, *one) for one in starts.items()], asynchronous=False
        )
        return starts


def committed_offsets(connection: Connection, group: str, topic: str) -> Mapping[int, int]:
    """What a group has committed, by partition, asked from outside; `BrokerFault` when unknown."""
    with _connected(connection, group) as library:
        return _told(committed(library, topic, _partitions(library, topic), _TIMEOUT_SECONDS))


@contextmanager
def _connected(connection: Connection, group: str) -> Iterator[Library]:
    """A client that names the group and is no member of it."""
    try:
        library = Library({**SETTINGS, **connection.config(), "group.id": group}, logger=silent)
    except KafkaException as error:
        raise fault(error) from None
    try:
        yield library
    except KafkaException as error:
        raise fault(error) from None
    finally:
        library.close()


def _partitions(library: Library, topic: str) -> list[int]:
    found = library.list_topics(topic, timeout=_TIMEOUT_SECONDS).topics[topic]
    if found.error is not None:
        raise BrokerFault(trouble(found.error))
    if not found.partitions:
        text = f"topic `{topic}` has no partitions"
        raise BrokerFault(TopicMissing(KafkaError.UNKNOWN_TOPIC_OR_PART, text))
    return sorted(found.partitions)


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
