"""A poller of a topic in memory, and a function that answers as a test says."""

import json
import threading
import time
from collections.abc import Callable, Iterable

from tests.system.waiting import until

from sluicegate.delivery import (
    Answer,
    Batch,
    Bounds,
    Commit,
    DataPath,
    EventEncoder,
    EventSource,
    Failed,
    Response,
    Success,
)
from sluicegate.kafka import (
    Committing,
    OnRebalance,
    Polled,
)
from sluicegate.testing import FrozenClock, StubConsumer, StubTopic
from sluicegate.triggers.poller import Poller

FAILED = Failed(Response("request", "$LATEST", "Unhandled"))


class Waiting(StubConsumer):
    """A consumer whose poll waits a moment when there is nothing, as a real one does."""

    committers: set[str]
    polls = 0

    def __init__(self, topic: StubTopic, told: OnRebalance) -> None:
        super().__init__(topic, told)
        self.may_answer, self.may_poll = threading.Event(), threading.Event()
        self.may_answer.set()
        self.may_poll.set()
        self.is_counted_in = True
        # Asked of it by a poll, once all is polled.
        self.asked_back: tuple[int, ...] = ()
        self.is_giving = threading.Event()

    def commit(self, commits: Iterable[Commit]) -> Committing:
        # The library would keep any other thread waiting until nobody polls.
        self.committers = {*getattr(self, "committers", ()), threading.current_thread().name}
        assert self.may_answer.wait(30)
        return super().commit(commits)

    def poll(self, timeout_seconds: float, most: int = 1_000) -> Polled:
        self.polls += 1
        assert self.may_poll.wait(30)
        polled = super().poll(timeout_seconds, most)
        if not polled.records and (asked_back := self.asked_back):
            self.asked_back = ()
            self.is_giving.set()
            self.revoke(*asked_back)
        if not polled.records:
            self.topic.idle.wait(0.005)  # type: ignore[attr-defined]
        return polled

    def is_member(self) -> bool:
        return self.is_counted_in


class Function:
    """Answers batches as a test says, and keeps what it was given."""

    def __init__(self, topic: StubTopic) -> None:
        self.topic = topic
        self.given: list[tuple[int, list[int]]] = []
        self.answer: Callable[[Batch], Answer] = lambda _batch: Success()
        self.at_once: dict[int, int] = {}
        self.offences: list[str] = []

    def invoke(self, batch: Batch, event: bytes) -> Answer:
        told = json.loads(event)["records"]
        for share in batch.shares:
            key = f"{self.topic.name}-{share.partition}"
            offsets = [record["offset"] for record in told[key]]
            before = self.topic.committed.get(share.partition, 0)
            if offsets[0] != before:
                self.offences.append(f"{offsets[0]} began while {before} was committed")
            self.at_once[share.partition] = self.at_once.get(share.partition, 0) + 1
            if self.at_once[share.partition] > 1:
                self.offences.append(f"two at once of {share.partition}")
            self.given.append((share.partition, offsets))
        try:
            return self.answer(batch)
        finally:
            for share in batch.shares:
                self.at_once[share.partition] -= 1


class Bench:
    """A poller of a topic in memory."""

    def __init__(self, partitions: int) -> None:
        self.topic = StubTopic(partitions=partitions)
        self.topic.idle = threading.Event()  # type: ignore[attr-defined]
        self.function = Function(self.topic)
        self.consumer: Waiting
        self.later = 0.0
        self.patience = 30.0
        # Threads that have looked at the clock since it was set.
        self.awake: set[str] = set()
        path = DataPath(
            EventEncoder(EventSource("", "kafka.example:9092"), self.topic.name),
            bounds=Bounds(records=10, window_ms=0),
        )
        self.poller = Poller(
            "mapping",
            "worker",
            self._consumer,
            path,
            self.function,
            FrozenClock(),
            most=4,
            patience=lambda: self.patience,
            monotonic=self._now,
            jitter=lambda: 0.0,
        )
        self.consumer.assign(*range(partitions))

    def _consumer(self, told: OnRebalance) -> StubConsumer:
        self.consumer = Waiting(self.topic, told)
        return self.consumer

    def _now(self) -> float:
        self.awake.add(threading.current_thread().name)
        return time.monotonic() + self.later

    def sleep(self, seconds: float) -> None:
        """All threads sleep; the one that works is awake before the one that polls."""
        self.consumer.may_poll.clear()
        polls = self.consumer.polls
        until(lambda: self.consumer.polls > polls, "a poll")
        self.later += seconds
        self.awake.clear()
        until(lambda: "invoke mapping" in self.awake, "somebody to be awake")

    def push(self, count: int, partition: int = 0) -> None:
        for number in range(count):
            self.topic.push(str(number).encode(), partition=partition)

    def is_committed(self, **wanted: int) -> bool:
        return self.topic.committed == {int(name[1:]): offset for name, offset in wanted.items()}

    def delivered(self, partition: int) -> list[int]:
        return [
            offset
            for which, offsets in self.function.given
            if which == partition
            for offset in offsets
        ]


def held(function: Function) -> tuple[threading.Event, threading.Event]:
    """A function that succeeds once it may end: that it has begun, and that it may end."""
    begun, may_end = threading.Event(), threading.Event()

    def answer(_batch: Batch) -> Answer:
        begun.set()
        assert may_end.wait(30)
        return Success()

    function.answer = answer
    return begun, may_end


def failing(bench: Bench) -> None:
    """A batch of partition 0 fails, and is to be tried again."""
    bench.function.answer = lambda _batch: FAILED
    bench.push(10, 0)
    until(lambda: len(bench.function.given) > 1, "a batch that is tried again")
