"""`Record`, what Kafka gives; `Batch`, the records of one invocation."""

from bisect import bisect_right
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import msgspec

TimestampType = Literal["CREATE_TIME", "LOG_APPEND_TIME", "NO_TIMESTAMP_TYPE"]


class Headers:
    """The headers of a record, in the producer's order, duplicates kept; a value may be null.

    A type of its own, so that the encoder's hook sees it: a record without headers has `()`, and
    pays nothing.
    """

    __slots__ = ("pairs",)

    def __init__(self, pairs: Sequence[tuple[str, bytes | None]]) -> None:
        self.pairs = tuple(pairs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self.pairs == other.pairs

    def __hash__(self) -> int:
        return hash(self.pairs)

    def __repr__(self) -> str:
        return f"<{len(self.pairs)} headers>"


class Record(
    msgspec.Struct,
    frozen=True,
    gc=False,
    kw_only=True,
    omit_defaults=True,
    rename={"timestamp_type": "timestampType"},
):
    """A record as Kafka gives it; its members are, in this order, what a function sees of it.

    A null key or value is None, and then its member is left out: both spellings exist in the
    wild, and AWS's own Go type omits it. `timestamp` is in milliseconds since the epoch. Not
    tracked by the garbage collector: it holds nothing that could lead back to it.
    """

    topic: str
    partition: int
    offset: int
    timestamp: int
    timestamp_type: TimestampType
    key: bytes | None = None
    value: bytes | None = None
    headers: Headers | tuple[()]

    def __repr__(self) -> str:
        # Never what it holds: this ends up in messages.
        return f"<{self.topic}-{self.partition}@{self.offset}>"


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Records of one partition, one after the other, and how they stand in an event.

    They are encoded in one buffer, commas between them, from `begin` on; the record at `n` ends
    before `ends[n]`. One buffer and no object for each, which would be touched again and again
    until the batch is settled.
    """

    records: Sequence[Record]
    ends: Sequence[int]
    begin: int
    buffer: bytes = field(repr=False)

    def __len__(self) -> int:
        return len(self.records)

    @property
    def size(self) -> int:
        """Its bytes in an event, the commas between its records with them."""
        return self.ends[-1] - self.begin if self.ends else 0

    @property
    def view(self) -> memoryview:
        """Its bytes in an event."""
        return memoryview(self.buffer)[self.begin : self.begin + self.size]

    def fitting(self, room_bytes: int) -> int:
        """How many records, from its first on, fit into so many bytes."""
        return bisect_right(self.ends, self.begin + room_bytes)

    def cut(self, start: int, end: int) -> "Run":
        """The records from `start` up to, not including, `end`; the buffer is shared."""
        begin = self.ends[start - 1] + 1 if 0 < start <= len(self) else self.begin
        return Run(self.records[start:end], self.ends[start:end], begin, self.buffer)


@dataclass(frozen=True, slots=True)
class Share:
    """What one partition gives to a batch, in offset order.

    `generation` is the assignment under which it was received.
    """

    partition: int
    generation: int
    runs: tuple[Run, ...]

    def __len__(self) -> int:
        return sum(map(len, self.runs))

    def __iter__(self) -> Iterator[Record]:
        for run in self.runs:
            yield from run.records

    @property
    def size(self) -> int:
        """The bytes of its records in an event, the commas between them with them."""
        return sum(run.size for run in self.runs) + len(self.runs) - 1 if self.runs else 0

    def cut(self, start: int, end: int) -> "Share":
        """The records from `start` up to, not including, `end`."""
        kept, at = [], 0
        for run in self.runs:
            part = run.cut(max(0, start - at), max(0, end - at))
            kept.append(part)
            at += len(run)
        return Share(self.partition, self.generation, tuple(run for run in kept if run.records))

    def only(self, offsets: Container[int]) -> "Share":
        """The records with those offsets."""
        kept = tuple(
            run.cut(at, at + 1)
            for run in self.runs
            for at, record in enumerate(run.records)
            if record.offset in offsets
        )
        return Share(self.partition, self.generation, kept)

    def offsets(self) -> list[int]:
        """The offsets of its records."""
        return [record.offset for run in self.runs for record in run.records]


@dataclass(frozen=True, slots=True)
class Batch:
    """The records of one invocation: a share of each partition that takes part, none empty."""

    shares: tuple[Share, ...]

    def __len__(self) -> int:
        return sum(map(len, self.shares))

    def __iter__(self) -> Iterator[Record]:
        for share in self.shares:
            yield from share

    @property
    def partitions(self) -> tuple[int, ...]:
        """The partitions that take part."""
        return tuple(share.partition for share in self.shares)

    def halves(self) -> tuple["Batch", "Batch"]:
        """Itself in two, the first one first; it must have two records at least."""
        left = len(self) // 2
        first, second = [], []
        for share in self.shares:
            at = min(len(share), left)
            first.append(share.cut(0, at))
            second.append(share.cut(at, len(share)))
            left -= at
        return batch_of(first), batch_of(second)


def batch_of(shares: Iterable[Share]) -> Batch:
    """A batch of those shares that are not empty."""
    return Batch(tuple(share for share in shares if share.runs))
