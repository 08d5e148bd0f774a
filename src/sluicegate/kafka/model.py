"""What a consumer is to the rest of the house, and the values that pass this door."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..delivery import Commit, Record
from .faults import Trouble


@dataclass(frozen=True, slots=True)
class Assigned:
    """These partitions are ours; whatever is earned of them is earned under this `generation`."""

    partitions: tuple[int, ...]
    generation: int


@dataclass(frozen=True, slots=True)
class Revoked:
    """These partitions are given back when this has been taken note of, and not before.

    It is the time to let what runs end (30 s at most) and to commit.
    """

    partitions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Lost:
    """These partitions are somebody else's already: commit nothing."""

    partitions: tuple[int, ...]


Rebalance = Assigned | Revoked | Lost
OnRebalance = Callable[[Rebalance], None]


@dataclass(frozen=True, slots=True)
class Hole:
    """Records of a partition that went before we read them; it goes on at `end`.

    With `is_new_log`, the topic was made again: what we had read up to `start` was another log.
    """

    partition: int
    start: int
    end: int
    is_new_log: bool = False


@dataclass(frozen=True, slots=True)
class Polled:
    """What a poll brought: records by partition, in order, and what went wrong meanwhile.

    `passed` are the offsets up to which partitions have no more records, where something that is
    none stands before them.
    """

    records: Mapping[int, Sequence[Record]]
    troubles: tuple[Trouble, ...] = ()
    holes: tuple[Hole, ...] = ()
    passed: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Committing:
    """What came of a commit: `done`, and `again`, which is worth another try after a poll.

    What is in neither was not ours any more.
    """

    done: tuple[Commit, ...] = ()
    again: tuple[Commit, ...] = ()
    troubles: tuple[Trouble, ...] = ()


@dataclass(frozen=True, slots=True)
class PartitionStatus:
    """How far a partition is: offsets, None where not known (yet).

    `position` is the next to be polled, `committed` and `end` the next to be handled and written,
    `began` the first that was, or is, to be polled under this assignment.
    `is_waiting`: where to begin is not known, and asked again.
    """

    partition: int
    position: int | None
    committed: int | None
    end: int | None
    is_paused: bool
    is_waiting: bool
    began: int | None = None

    @property
    def lag(self) -> int | None:
        """Records that were written and not handled."""
        done = self.committed if self.committed is not None else self.position
        return None if done is None or self.end is None else max(0, self.end - done)


class Consumer(Protocol):
    """A member of a consumer group, of one topic. One thread uses it; any may look (`status`).

    Not only for order: the library keeps everybody else waiting for as long as one thread polls.

    Rebalances are told to `OnRebalance`, given at its making, from inside `poll` and `close`.
    """

    def poll(self, timeout_seconds: float, most: int = 1_000) -> Polled:
        """Wait for the first record, or trouble; then take what is there."""
        ...

    def pause(self, partitions: Collection[int]) -> None:
        """Fetch no more of these; those that are not ours are left out, here and below."""
        ...

    def resume(self, partitions: Collection[int]) -> None:
        """Fetch these again."""
        ...

    def seek(self, partition: int, offset: int) -> None:
        """Poll the partition from `offset` on."""
        ...

    def commit(self, commits: Iterable[Commit]) -> Committing:
        """Commit what is ours still; returns when the brokers have answered."""
        ...

    def is_member(self) -> bool:
        """Whether the group counts us in: its coordinator is asked. Not so while it does not say.

        What it counts us out of is told by the next polls.
        """
        ...

    def status(self) -> tuple[PartitionStatus, ...]:
        """The partitions that are ours."""
        ...

    def close(self) -> None:
        """Give everything back (`Revoked`) and leave the group at once."""
        ...
