"""A topic in memory, and consumers of it: records pushed by hand, rebalances by hand."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from ..delivery import Commit, Headers, Record
from ..kafka import (
    Assigned,
    Committing,
    Hole,
    Lost,
    OnRebalance,
    PartitionStatus,
    Polled,
    Revoked,
    Trouble,
)


class StubTopic:
    """The logs of a topic's partitions, and the offsets that its one group has committed.

    `commit_troubles` are met by the next commits, one each.
    """

    def __init__(self, name: str = "orders", partitions: int = 1) -> None:
        self.name = name
        self.logs: dict[int, list[Record]] = {partition: [] for partition in range(partitions)}
        self.starts = dict.fromkeys(self.logs, 0)
        self.ends = dict.fromkeys(self.logs, 0)
        self.committed: dict[int, int] = {}
        self.commit_troubles: list[Trouble] = []

    def push(
        self,
        value: bytes | None,
        *,
        partition: int = 0,
        key: bytes | None = None,
        headers: Sequence[tuple[str, bytes | None]] = (),
        timestamp_ms: int = 0,
    ) -> Record:
        """Write a record."""
        record = Record(
            topic=self.name,
            partition=partition,
            offset=self.ends[partition],
            timestamp=timestamp_ms,
            timestamp_type="CREATE_TIME",
            key=key,
            value=value,
            headers=Headers(headers) if headers else (),
        )
        self.logs[partition].append(record)
        self.ends[partition] += 1
        return record

    def mark(self, partition: int = 0) -> None:
        """End a transaction: its mark has an offset, and is no record."""
        self.ends[partition] += 1

    def add_partition(self) -> int:
        """One more partition; its number."""
        partition = len(self.logs)
        self.logs[partition], self.starts[partition], self.ends[partition] = [], 0, 0
        return partition

    def truncate(self, partition: int, start: int) -> None:
        """Have the records below `start` expire."""
        self.starts[partition] = start
        self.logs[partition] = [one for one in self.logs[partition] if one.offset >= start]

    def make_again(self) -> None:
        """Delete the topic and make it again: empty, from offset 0, and the group knows nothing."""
        for partition in self.logs:
            self.logs[partition], self.starts[partition], self.ends[partition] = [], 0, 0


class StubConsumer:
    """A `Consumer` of a stub topic, without partitions until it is told to `assign` some.

    A poll never waits. `troubles` are met by the next poll.
    """

    def __init__(self, topic: StubTopic, on_rebalance: OnRebalance) -> None:
        self.topic = topic
        self.troubles: list[Trouble] = []
        self.is_closed = False
        self._on_rebalance = on_rebalance
        self._generation = 0
        self._generations: dict[int, int] = {}
        self._positions: dict[int, int] = {}
        self._began: dict[int, int] = {}
        self._paused: set[int] = set()

    # By hand.

    def assign(self, *partitions: int) -> None:
        """Have these partitions, where the group has them or at their beginning."""
        self._generation += 1
        for partition in partitions:
            self._generations[partition] = self._generation
            start = self.topic.committed.get(partition, self.topic.starts[partition])
            self._positions[partition] = self._began[partition] = start
        self._on_rebalance(Assigned(partitions, self._generation))

    def revoke(self, *partitions: int) -> None:
        """Be asked to give these partitions back, and do it."""
        self._on_rebalance(Revoked(partitions))
        self._disown(partitions)

    def lose(self, *partitions: int) -> None:
        """Lose these partitions without being asked."""
        self._on_rebalance(Lost(partitions))
        self._disown(partitions)

    # As a `Consumer`.

    def poll(self, timeout_seconds: float, most: int = 1_000) -> Polled:  # noqa: ARG002
        """What there is of the partitions that are ours and not paused."""
        holes = tuple(
            hole
            for partition in list(self._generations)
            if partition not in self._paused and (hole := self._hole(partition)) is not None
        )
        records: dict[int, list[Record]] = {}
        for partition in sorted(self._generations.keys() - self._paused):
            start = self._positions[partition]
            log = self.topic.logs[partition]
            if found := [one for one in log if one.offset >= start][:most]:
                records[partition] = found
                self._positions[partition] = found[-1].offset + 1
                most -= len(found)
        passed = {
            partition: end
            for partition in self._generations.keys() - self._paused
            if (end := self._end_beyond_records(partition)) is not None
        }
        self._positions.update(passed)
        troubles, self.troubles = tuple(self.troubles), []
        return Polled(records, troubles, holes, passed)

    def pause(self, partitions: Collection[int]) -> None:
        """Poll no more of these."""
        self._paused.update(self._generations.keys() & set(partitions))

    def resume(self, partitions: Collection[int]) -> None:
        """Poll these again."""
        self._paused.difference_update(partitions)

    def seek(self, partition: int, offset: int) -> None:
        """Poll the partition from `offset` on."""
        if partition in self._generations:
            self._positions[partition] = offset

    def commit(self, commits: Iterable[Commit]) -> Committing:
        """Commit what is ours still."""
        ours = tuple(
            one
            for one in commits
            if self._generations.get(one.partition) == one.generation
            and one.offset <= self._positions[one.partition]
        )
        if self.topic.commit_troubles and ours:
            return Committing(again=ours, troubles=(self.topic.commit_troubles.pop(0),))
        self.topic.committed.update({one.partition: one.offset for one in ours})
        return Committing(done=ours)

    def is_member(self) -> bool:
        """Whether no trouble is met: the group is asked by a commit."""
        if self.topic.commit_troubles:
            self.troubles.append(self.topic.commit_troubles.pop(0))
            return False
        return True

    def status(self) -> tuple[PartitionStatus, ...]:
        """The partitions that are ours."""
        return tuple(
            PartitionStatus(
                partition,
                position=self._positions[partition],
                committed=self.topic.committed.get(partition),
                end=self.topic.ends[partition],
                is_paused=partition in self._paused,
                is_waiting=False,
                began=self._began[partition],
            )
            for partition in sorted(self._generations)
        )

    def close(self) -> None:
        """Give everything back and leave."""
        if self._generations and not self.is_closed:
            self.revoke(*sorted(self._generations))
        self.is_closed = True

    @property
    def generations(self) -> Mapping[int, int]:
        """The partitions that are ours, and under which assignment."""
        return dict(self._generations)

    def _disown(self, partitions: Iterable[int]) -> None:
        for partition in partitions:
            self._generations.pop(partition, None)
            self._positions.pop(partition, None)
            self._paused.discard(partition)

    def _end_beyond_records(self, partition: int) -> int | None:
        position, end = self._positions[partition], self.topic.ends[partition]
        log = self.topic.logs[partition]
        has_more = bool(log) and log[-1].offset >= position
        return None if has_more or end <= position else end

    def _hole(self, partition: int) -> Hole | None:
        position, first = self._positions[partition], self.topic.starts[partition]
        if first <= position <= self.topic.ends[partition]:
            return None
        is_new_log = position > self.topic.ends[partition]
        if is_new_log:
            self._on_rebalance(Lost((partition,)))
            self._generation += 1
            self._generations[partition] = self._generation
            self._on_rebalance(Assigned((partition,), self._generation))
            self._began[partition] = first
        self._positions[partition] = first
        return Hole(partition, position, first, is_new_log)
