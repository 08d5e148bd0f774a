"""The witness of deliveries: what was acknowledged, what was begun and ended, what was committed.

It stands outside of the product: producers enter what brokers have acknowledged, the function
enters its own invocations (`witness_code`), and a Kafka client reads back what was committed.
"""

import json
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

Offsets = dict[int, list[int]]


@dataclass(frozen=True, slots=True)
class Invocation:
    """What the function entered of one invocation; `ended` is None where it did not end well."""

    id: str
    began: float
    ended: float | None
    offsets: Offsets
    event: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said of a run; all is well when nothing is counted.

    `again` counts records that were begun more than once, `skipped` invocations that began beyond a
    record that was not handled, or with a gap in them; `side_by_side` pairs of invocations of one
    partition; `early` commits above a record that was not handled; `fell` commits below what was
    committed before.
    """

    lost: int = 0
    again: int = 0
    skipped: int = 0
    side_by_side: int = 0
    early: int = 0
    fell: int = 0


@dataclass(slots=True)
class Acknowledged:
    """What brokers have acknowledged: by partition, the offsets."""

    offsets: dict[int, set[int]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    def note(self, error: Any, message: Any) -> None:
        """A producer's delivery report."""
        if error is not None:
            self.refused.append(error.str())
        else:
            self.offsets.setdefault(message.partition(), set()).add(message.offset())

    @property
    def count(self) -> int:
        return sum(map(len, self.offsets.values()))


class Load:
    """Produces numbers to all partitions in turn, in a thread, until told to stop."""

    def __init__(self, settings: Mapping[str, Any], topic: str, partitions: int) -> None:
        self.acknowledged = Acknowledged()
        self._producer = Producer({**settings, "acks": "all", "enable.idempotence": True})
        self._where = topic, partitions
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)
        self._thread.start()

    def stop(self) -> Acknowledged:
        """No more; what was acknowledged, once nothing is under way."""
        self._stop.set()
        self._thread.join()
        assert self._producer.flush(60) == 0
        return self.acknowledged

    def _run(self) -> None:
        topic, partitions = self._where
        number = 0
        while not self._stop.wait(0.01):
            for _ in range(2):
                number += 1
                self._producer.produce(
                    topic,
                    str(number),
                    partition=number % partitions,
                    on_delivery=self.acknowledged.note,
                )
            self._producer.poll(0)


class Group:
    """A consumer group seen from outside: a client that names it and never joins."""

    def __init__(self, settings: Mapping[str, Any], group: str, topic: str) -> None:
        self._topic = topic
        self._client = Consumer({**settings, "group.id": group})

    def committed(self, seconds: float = 5.0) -> dict[int, int]:
        """What the group has committed, by partition; `KafkaException` when nobody answers."""
        known = self._client.list_topics(self._topic, seconds).topics[self._topic].partitions
        asked = [TopicPartition(self._topic, partition) for partition in known]
        answers = self._client.committed(asked, seconds) if asked else []
        return {one.partition: one.offset for one in answers if not one.error and one.offset >= 0}

    def close(self) -> None:
        self._client.close()


class Audit:
    """Reads a group's committed offsets over and over, in a thread: when, and what they were."""

    def __init__(self, group: Group) -> None:
        self.readings: list[tuple[float, dict[int, int]]] = []
        self._group = group
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()

    def stop(self) -> "list[tuple[float, dict[int, int]]]":
        self._stop.set()
        self._thread.join()
        self._group.close()
        return self.readings

    def _run(self) -> None:
        while not self._stop.wait(0.1):
            try:
                offsets = self._group.committed()
            except KafkaException:
                continue  # a broker is away, as the test wants it
            self.readings.append((time.time(), offsets))


def judge(
    acknowledged: Mapping[int, Iterable[int]],
    invocations: Iterable[Invocation],
    readings: Iterable[tuple[float, Mapping[int, int]]] = (),
) -> Verdict:
    """Compare what was acknowledged, what the function entered, and what was committed."""
    by_time = sorted(invocations, key=lambda each: each.began)
    readings = list(readings)
    ends = {partition: _ends(by_time, partition) for partition in acknowledged}
    return Verdict(
        lost=sum(len(set(offsets) - ends[one].keys()) for one, offsets in acknowledged.items()),
        again=sum(_again(by_time, partition) for partition in acknowledged),
        skipped=sum(_skipped(by_time, partition) for partition in acknowledged),
        side_by_side=sum(_side_by_side(by_time, partition) for partition in acknowledged),
        early=sum(_early(at, offsets, ends) for at, offsets in readings),
        fell=sum(_fell(readings, partition) for partition in acknowledged),
    )


def _of(invocations: Iterable[Invocation], partition: int) -> Iterator[Invocation]:
    return (each for each in invocations if partition in each.offsets)


def _ends(invocations: Iterable[Invocation], partition: int) -> dict[int, float]:
    """When each record was handled first."""
    ends: dict[int, float] = {}
    for each in _of(invocations, partition):
        if each.ended is not None:
            for offset in each.offsets[partition]:
                ends[offset] = min(each.ended, ends.get(offset, each.ended))
    return ends


def _again(invocations: Iterable[Invocation], partition: int) -> int:
    begun = [offset for each in _of(invocations, partition) for offset in each.offsets[partition]]
    return len(begun) - len(set(begun))


def _skipped(invocations: Iterable[Invocation], partition: int) -> int:
    count, following = 0, None
    for each in _of(invocations, partition):
        offsets = each.offsets[partition]
        has_gap = offsets != list(range(offsets[0], offsets[-1] + 1))
        count += has_gap or (following is not None and offsets[0] > following)
        if following is None:
            following = offsets[0]
        if each.ended is not None:
            following = max(following, offsets[-1] + 1)
    return count


def _side_by_side(invocations: Iterable[Invocation], partition: int) -> int:
    count, last = 0, 0.0
    for each in _of(invocations, partition):
        count += each.began < last
        last = max(last, each.ended or 0.0)
    return count


def _early(at: float, offsets: Mapping[int, int], ends: Mapping[int, Mapping[int, float]]) -> int:
    """Whether a reading is above a record that nobody had handled until then."""
    return sum(
        any(ends[one].get(offset, at + 1) > at for offset in _before(ends[one], offset_after))
        for one, offset_after in offsets.items()
        if one in ends
    )


def _fell(readings: Iterable[tuple[float, Mapping[int, int]]], partition: int) -> int:
    committed = [offsets[partition] for _, offsets in readings if partition in offsets]
    return sum(after < before for before, after in pairwise(committed))


def _before(ends: Mapping[int, float], committed_offset: int) -> range:
    return range(min(ends, default=0), committed_offset)


def entered(messages: Iterable[str]) -> list[Invocation]:
    """The invocations that entries tell of."""
    begun: dict[str, dict[str, Any]] = {}
    ended: dict[str, float] = {}
    for message in messages:
        entry = json.loads(message)
        if entry["what"] == "begin":
            begun[entry["id"]] = entry
        else:
            ended[entry["id"]] = entry["at"]
    return [
        Invocation(
            name,
            entry["at"],
            ended.get(name),
            {int(partition): _spread(runs) for partition, runs in entry["offsets"].items()},
            entry.get("event", {}),
        )
        for name, entry in begun.items()
    ]


def _spread(runs: Iterable[tuple[int, int]]) -> list[int]:
    return [offset for first, last in runs for offset in range(first, last + 1)]
