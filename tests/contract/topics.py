"""A topic to consume, on each implementation of the door: what the contract's tests drive."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from confluent_kafka import Producer as Library
from tests.contract.mock_cluster import MockCluster

from sluicegate.delivery import Record
from sluicegate.kafka import (
    Assigned,
    Connection,
    Consumer,
    GroupConsumer,
    Hole,
    Lost,
    Outgoing,
    Polled,
    Producer,
    Rebalance,
    Rejoining,
    Revoked,
    Trouble,
    committed_offsets,
)
from sluicegate.testing import StubConsumer, StubTopic

T = TypeVar("T")

PATIENCE_SECONDS = 20.0
REBALANCE_IN_PROGRESS = 27


def eventually(found: Callable[[], T | None]) -> T:
    """What `found` gives once it gives something; fails when that takes too long."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if (value := found()) is not None:
            return value
    raise AssertionError("it did not happen")


class Member:
    """A consumer, and what it was told."""

    def __init__(self, make: Callable[[Callable[[Rebalance], None]], Consumer]) -> None:
        self.rebalances: list[Rebalance] = []
        self.owned: dict[int, int] = {}
        self.unread: list[Record] = []
        self.troubles: list[Trouble] = []
        self.holes: list[Hole] = []
        self.on_revoked: Callable[[Revoked], None] = lambda _: None
        self.consumer = make(self._told)

    def _told(self, what: Rebalance) -> None:
        self.rebalances.append(what)
        match what:
            case Assigned(partitions, generation):
                self.owned.update(dict.fromkeys(partitions, generation))
            case Revoked(partitions):
                self.on_revoked(what)
                for partition in partitions:
                    del self.owned[partition]
            case Lost(partitions):
                for partition in partitions:
                    del self.owned[partition]

    def poll(self) -> Polled:
        polled = self.consumer.poll(0.05)
        self.troubles += polled.troubles
        self.holes += polled.holes
        self.unread += [one for some in polled.records.values() for one in some]
        return polled

    def take(self, count: int) -> list[Record]:
        """Poll until so many records have come; the first of them."""

        def enough() -> bool | None:
            self.poll()
            return len(self.unread) >= count or None

        eventually(enough)
        taken, self.unread = self.unread[:count], self.unread[count:]
        return taken

    def takes_nothing(self) -> None:
        """Poll for a moment; nothing must come."""
        for _ in range(6):
            self.poll()
        assert self.unread == []


class Topic(Protocol):
    """A topic with partitions, its group, and the ways to trouble them."""

    def push(self, *values: bytes | None, partition: int = 0, key: bytes | None = None) -> None:
        """Write these; they are fetched together."""
        ...

    def push_with(
        self, value: bytes, headers: Sequence[tuple[str, bytes | None]], timestamp_ms: int
    ) -> None: ...

    def join(self) -> Member:
        """A new member; all members together have all partitions when it is settled."""
        ...

    def settle(self, *members: Member) -> None:
        """Have the partitions spread over these members."""
        ...

    def refuse_commit(self) -> None:
        """Answer the next commit with a rebalance in progress."""
        ...

    def committed(self) -> dict[int, int]: ...


class StubbedTopic:
    """On `StubTopic`; a group spreads its partitions in turn."""

    def __init__(self, partitions: int) -> None:
        self.topic = StubTopic(partitions=partitions)

    def push(self, *values: bytes | None, partition: int = 0, key: bytes | None = None) -> None:
        for value in values:
            self.topic.push(value, partition=partition, key=key)

    def push_with(
        self, value: bytes, headers: Sequence[tuple[str, bytes | None]], timestamp_ms: int
    ) -> None:
        self.topic.push(value, headers=headers, timestamp_ms=timestamp_ms)

    def join(self) -> Member:
        return Member(lambda told: StubConsumer(self.topic, told))

    def settle(self, *members: Member) -> None:
        consumers = [member.consumer for member in members]
        wanted: dict[int, list[int]] = {at: [] for at in range(len(consumers))}
        for partition in self.topic.logs:
            wanted[partition % len(consumers)].append(partition)
        for at, consumer in enumerate(consumers):
            assert isinstance(consumer, StubConsumer)
            if gone := sorted(consumer.generations.keys() - set(wanted[at])):
                consumer.revoke(*gone)
        for at, consumer in enumerate(consumers):
            assert isinstance(consumer, StubConsumer)
            if new := sorted(set(wanted[at]) - consumer.generations.keys()):
                consumer.assign(*new)

    def refuse_commit(self) -> None:
        self.topic.commit_troubles.append(Rejoining(REBALANCE_IN_PROGRESS, "rebalance"))

    def committed(self) -> dict[int, int]:
        return dict(self.topic.committed)


class ServedTopic:
    """On brokers at `connection`, through librdkafka."""

    def __init__(
        self,
        connection: Connection,
        name: str,
        partitions: int,
        refuse_commits: Callable[[int], None],
        *,
        session_timeout_ms: int = 10_000,
    ) -> None:
        self.connection = connection
        self.name = name
        self.partitions = partitions
        self.members: list[Member] = []
        self._refuse_commits = refuse_commits
        self._session_timeout_ms = session_timeout_ms
        self._producer = Producer(connection)
        # The mock cluster answers a fetch with one batch as it was written: what is pushed together
        # must not be written in two because the machine was slow. `flush` ends the lingering.
        self._batching = Library({**connection.config(), "linger.ms": 60_000, "log_level": 0})

    def push(self, *values: bytes | None, partition: int = 0, key: bytes | None = None) -> None:
        for value in values:
            self._batching.produce(self.name, value, key, partition)
        assert self._batching.flush(PATIENCE_SECONDS) == 0

    def push_with(
        self, value: bytes, headers: Sequence[tuple[str, bytes | None]], timestamp_ms: int
    ) -> None:
        sent = Outgoing(value, headers=tuple(headers), partition=0, timestamp_ms=timestamp_ms)
        self._producer.send(self.name, [sent])

    def join(self) -> Member:
        member = Member(
            lambda told: GroupConsumer(
                self.connection,
                "group",
                self.name,
                told,
                session_timeout_ms=self._session_timeout_ms,
            )
        )
        self.members.append(member)
        return member

    def settle(self, *members: Member) -> None:
        def is_spread() -> bool | None:
            for member in members:
                member.poll()
            shares = [set(member.owned) for member in members]
            is_whole = set().union(*shares) == set(range(self.partitions))
            waiting = any(one.is_waiting for each in members for one in each.consumer.status())
            even = max(map(len, shares)) - min(map(len, shares)) <= 1
            return (is_whole and even and not waiting) or None

        eventually(is_spread)

    def refuse_commit(self) -> None:
        self._refuse_commits(REBALANCE_IN_PROGRESS)

    def committed(self) -> dict[int, int]:
        return dict(committed_offsets(self.connection, "group", self.name))

    def close(self) -> None:
        for member in self.members:
            member.consumer.close()
        self._producer.close()


def mocked(cluster: MockCluster, name: str, partitions: int) -> ServedTopic:
    """A topic of the mock cluster."""
    cluster.make_topic(name, partitions)
    return ServedTopic(
        Connection(cluster.bootstrap_servers),
        name,
        partitions,
        cluster.refuse_commits,
        # A rebalance takes as long in the mock cluster, less a second.
        session_timeout_ms=3_000,
    )
