"""Faults on top of faults, on librdkafka's mock cluster: no partition is stuck after the last one.

A plain poller is, for most of a minute: joins that are refused leave it in the midst of a
rebalance, and there it loses its coordinator.
"""

import itertools
import threading
from collections.abc import Iterator
from functools import partial

import pytest
from tests.contract.mock_cluster import FIND_COORDINATOR, JOIN_GROUP, MockCluster
from tests.contract.topics import ServedTopic, mocked
from tests.system.waiting import until

from sluicegate.clock import SystemClock
from sluicegate.delivery import (
    Answer,
    Batch,
    Bounds,
    DataPath,
    EventEncoder,
    EventSource,
    Success,
)
from sluicegate.kafka import BrokerFault, GroupConsumer, OnRebalance
from sluicegate.triggers.poller import Poller

PARTITIONS = 4
MOST_SECONDS = 30.0
"""After the last fault."""


class Function:
    """Keeps what it was given, of all pollers; always succeeds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.given: list[tuple[int, list[int]]] = []

    def invoke(self, batch: Batch, event: bytes) -> Answer:
        assert event
        with self._lock:
            self.given += ((share.partition, share.offsets()) for share in batch.shares)
        return Success()

    def skips(self, partition: int) -> list[int]:
        """The offsets that were given before one below them."""
        following, found = 0, []
        for which, offsets in self.given:
            if which == partition:
                found += [offset for offset in offsets[:1] if offset > following]
                following = max(following, offsets[-1] + 1)
        return found


class Group:
    """Pollers of one topic, each as a worker has it."""

    def __init__(self, topic: ServedTopic) -> None:
        self.topic = topic
        self.function = Function()
        self.pollers: list[Poller] = []
        self.pushed = 0

    def join(self) -> Poller:
        path = DataPath(
            EventEncoder(EventSource("", "kafka.example:9092"), self.topic.name),
            bounds=Bounds(records=10, window_ms=0),
        )
        poller = Poller(
            *("mapping", f"worker {len(self.pollers)}", self._consumer, path, self.function),
            SystemClock(),
            most=4,
            patience=lambda: 30,
        )
        self.pollers.append(poller)
        return poller

    def _consumer(self, told: OnRebalance) -> GroupConsumer:
        return GroupConsumer(
            self.topic.connection, "group", self.topic.name, told, session_timeout_ms=3_000
        )

    def push(self, count: int) -> None:
        for partition in range(PARTITIONS):
            self.topic.push(*[b"value"] * count, partition=partition)
        self.pushed += count

    def is_done(self) -> bool:
        """Whether everything is committed."""
        try:
            return self.topic.committed() == dict.fromkeys(range(PARTITIONS), self.pushed)
        except BrokerFault:
            return False

    def close(self) -> None:
        for poller in self.pollers:
            poller.close()
        self.topic.close()


@pytest.fixture
def cluster() -> Iterator[MockCluster]:
    with MockCluster(brokers=3) as made:
        made.coordinate("group", 1)
        yield made


@pytest.fixture
def group(cluster: MockCluster) -> Iterator[Group]:
    made = Group(mocked(cluster, "orders", PARTITIONS))
    yield made
    made.close()


def until_asked(cluster: MockCluster, api: int, times: int) -> None:
    """Wait for so many more of such requests."""
    before = cluster.asked(api)
    until(lambda: cluster.asked(api) >= before + times, f"requests {api}")


@pytest.mark.parametrize("refused", [(16, 14, 15, 27, 999), (25, 79, 25, 22)])
def test_no_partition_is_stuck_after_joins_refused_a_broker_gone_and_a_coordinator_moved(
    cluster: MockCluster, group: Group, refused: tuple[int, ...]
) -> None:
    group.join()
    group.push(20)
    until(group.is_done, "the first records")

    cluster.refuse_joins(*refused)
    group.join()
    until_asked(cluster, JOIN_GROUP, 2)
    group.push(20)
    cluster.take_down(1)
    until_asked(cluster, FIND_COORDINATOR, 3)
    cluster.coordinate("group", 2)
    until_asked(cluster, FIND_COORDINATOR, 1)
    cluster.bring_up(1)

    group.push(20)
    until(group.is_done, "all to be committed", MOST_SECONDS)
    # Neither of the two has all, and neither has nothing.
    shares = partial(map, lambda poller: len(poller.progress()), group.pollers)
    until(lambda: sorted(shares()) == [2, 2], "both to have partitions", MOST_SECONDS)
    group.push(20)
    until(group.is_done, "all to be committed", MOST_SECONDS)
    assert list(itertools.chain(*map(group.function.skips, range(PARTITIONS)))) == []
