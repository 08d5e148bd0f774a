"""Where a new group begins: fixed once, in Kafka, before anybody subscribes.

Whoever holds the mapping's lease does it. A group that has committed begins where it was; one
that has not begins at the beginning, partition by partition, so only the other starting positions
leave something to be done: their offsets are committed to the group while it is empty.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from confluent_kafka import OFFSET_END, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Consumer as Library

from .consumer import SETTINGS
from .credentials import Connection
from .faults import BrokerFault, TopicMissing, fault, trouble
from .silence import silent

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
        if _committed(library, partitions):
            return {}
        offsets = _offsets(library, partitions, start)
        library.commit(offsets=offsets, asynchronous=False)
        return {one.partition: one.offset for one in offsets}


def committed_offsets(connection: Connection, group: str, topic: str) -> Mapping[int, int]:
    """What a group has committed, by partition, asked from outside; `BrokerFault` when unknown."""
    with _connected(connection, group) as library:
        return _committed(library, _partitions(library, topic))


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


def _partitions(library: Library, topic: str) -> list[TopicPartition]:
    found = library.list_topics(topic, timeout=_TIMEOUT_SECONDS).topics[topic]
    if found.error is not None:
        raise BrokerFault(trouble(found.error))
    if not found.partitions:
        text = f"topic `{topic}` has no partitions"
        raise BrokerFault(TopicMissing(KafkaError.UNKNOWN_TOPIC_OR_PART, text))
    return [TopicPartition(topic, partition) for partition in sorted(found.partitions)]


def _committed(library: Library, partitions: list[TopicPartition]) -> dict[int, int]:
    answers = _checked(library.committed(partitions, _TIMEOUT_SECONDS))
    return {one.partition: one.offset for one in answers if one.offset >= 0}


def _offsets(
    library: Library, partitions: list[TopicPartition], start: StartingPosition
) -> list[TopicPartition]:
    if not isinstance(start, AtTimestamp):
        return _at(library, partitions, OFFSET_END)
    found = _at(library, partitions, start.ms)
    older = [one for one in found if one.offset < 0]
    ends = _at(library, older, OFFSET_END) if older else []
    return [one for one in found if one.offset >= 0] + ends


def _at(library: Library, partitions: list[TopicPartition], ms: int) -> list[TopicPartition]:
    asked = [TopicPartition(one.topic, one.partition, ms) for one in partitions]
    return _checked(library.offsets_for_times(asked, _TIMEOUT_SECONDS))


def _checked(answers: list[TopicPartition]) -> list[TopicPartition]:
    for one in answers:
        if one.error is not None:
            raise BrokerFault(trouble(one.error))
    return answers
