"""Offsets that brokers are asked for: what a group has committed, where a log begins and ends."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from confluent_kafka import Consumer as Library
from confluent_kafka import TopicPartition

from .faults import BrokerFault, Trouble, trouble

# As timestamps, the protocol's own for the first offset of a log and the one after its last.
EARLIEST, LATEST = -2, -1


@dataclass(frozen=True, slots=True)
class Offsets:
    """The offsets of those partitions that have one, and what was answered in place of others.

    A partition that is in neither has none: nothing committed, or no record that young.
    """

    found: dict[int, int]
    troubles: tuple[Trouble, ...]


def committed(
    library: Library, topic: str, partitions: Iterable[int], timeout_seconds: float
) -> Offsets:
    """What the library's group has committed. `KafkaException` when nobody answers."""
    asked = [TopicPartition(topic, partition) for partition in partitions]
    return _sorted(library.committed(asked, timeout_seconds) if asked else ())


def offsets_at(
    library: Library, topic: str, partitions: Iterable[int], ms: int, timeout_seconds: float
) -> Offsets:
    """The first offsets that are not older than `ms`. `KafkaException` when nobody answers."""
    asked = [TopicPartition(topic, partition, ms) for partition in partitions]
    return _sorted(library.offsets_for_times(asked, timeout_seconds) if asked else ())


def told(answer: Offsets) -> dict[int, int]:
    """The offsets, where no partition's is kept from us; else the first `BrokerFault`."""
    if answer.troubles:
        raise BrokerFault(answer.troubles[0])
    return answer.found


def _sorted(answers: Sequence[TopicPartition]) -> Offsets:
    return Offsets(
        {one.partition: one.offset for one in answers if one.error is None and one.offset >= 0},
        tuple(trouble(one.error) for one in answers if one.error is not None),
    )
