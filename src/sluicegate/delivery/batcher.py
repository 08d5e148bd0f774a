"""The batcher: which records make the next batch, and when it is time for it."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from .event import PAYLOAD_LIMIT_BYTES, EventEncoder
from .records import Batch, Run, Share


@dataclass(frozen=True, slots=True)
class Bounds:
    """When a batch is complete: `records` of it, its window over, or its event full.

    The window opens when the first of its records arrives; 0 means whatever is there goes.
    """

    records: int = 100
    window_ms: int = 500
    payload_bytes: int = PAYLOAD_LIMIT_BYTES


@dataclass(frozen=True, slots=True)
class Oversized:
    """A record that does not fit into an event, alone."""

    batch: Batch


class _Lane:
    """The records of one partition that wait, as they arrived."""

    __slots__ = ("generation", "partition", "records", "size", "waiting")

    def __init__(self, partition: int, generation: int) -> None:
        self.partition = partition
        self.generation = generation
        self.waiting: deque[tuple[int, Run]] = deque()
        self.records = 0
        self.size = 0

    def add(self, run: Run, now_ms: int) -> None:
        self.waiting.append((now_ms, run))
        self.records += len(run)
        self.size += run.size + 1

    def take(self, most: int, room_bytes: int) -> tuple[Run, ...]:
        """The first records, at most so many and so large with the commas between them."""
        runs: list[Run] = []
        while self.waiting and most > 0:
            arrived_ms, run = self.waiting[0]
            count = min(most, run.fitting(room_bytes))
            if count == 0:
                break
            if count == len(run):
                self.waiting.popleft()
            else:
                self.waiting[0] = (arrived_ms, run.cut(count, len(run)))
                run = run.cut(0, count)
            runs.append(run)
            most -= count
            room_bytes -= run.size + 1
            self.records -= count
            self.size -= run.size + 1
        return tuple(runs)


class Batcher:
    """Lanes of waiting records, one for each partition; a batch takes from as many as it needs.

    A partition some of whose records are under way is *busy*: nothing is taken from it until it is
    released, so that its records stay in order. It may be busy with records of an assignment that
    is over. Lanes take turns: one that gave goes to the end of the row.
    """

    def __init__(self, bounds: Bounds, encoder: EventEncoder) -> None:
        self._bounds = bounds
        self._encoder = encoder
        self._lanes: dict[int, _Lane] = {}
        self._busy: set[int] = set()
        # Lanes that something can be taken from, in turn. A dictionary, for its order.
        self._ready: dict[int, _Lane] = {}

    def assigned(self, partition: int, generation: int) -> None:
        """Have a lane for the partition."""
        self.forget(partition)
        self._lanes[partition] = _Lane(partition, generation)

    def forget(self, partition: int) -> None:
        """Let go of what waits; a busy partition stays busy until what is under way has ended."""
        self._lanes.pop(partition, None)
        self._ready.pop(partition, None)

    def add(self, partition: int, run: Run, now_ms: int) -> None:
        """Put records behind those that wait."""
        lane = self._lanes[partition]
        if run.records:
            lane.add(run, now_ms)
            self._rank(partition)

    def release(self, partitions: Iterable[int]) -> None:
        """What was under way of these partitions is settled, or somebody else's."""
        for partition in partitions:
            self._busy.discard(partition)
            self._rank(partition)

    def take(self, now_ms: int) -> Batch | Oversized | None:
        """The next batch, if it is time for one; its partitions are busy from now on."""
        due_ms = self.due_ms()
        if due_ms is None or due_ms > now_ms:
            return None
        shares = self._filled()
        taken: Batch | Oversized = Batch(tuple(shares))
        if not shares:
            # Not even one record fitted.
            lane = next(iter(self._ready.values()))
            taken = Oversized(Batch((_share(lane, lane.take(1, lane.size)),)))
        for partition in (taken if isinstance(taken, Batch) else taken.batch).partitions:
            self._busy.add(partition)
            del self._ready[partition]
        return taken

    def due_ms(self) -> int | None:
        """When the next batch is due, as far as is known now; None = when more has arrived."""
        if not self._ready:
            return None
        lanes = self._ready.values()
        first_ms = min(lane.waiting[0][0] for lane in lanes)
        if self._bounds.window_ms == 0 or self._is_full(lanes):
            return first_ms
        return first_ms + self._bounds.window_ms

    def waiting(self, partition: int) -> tuple[int, int]:
        """Records of the partition that wait, and their bytes."""
        lane = self._lanes.get(partition)
        return (lane.records, lane.size) if lane else (0, 0)

    def _rank(self, partition: int) -> None:
        lane = self._lanes.get(partition)
        if lane and lane.waiting and partition not in self._busy:
            self._ready.setdefault(partition, lane)

    def _is_full(self, lanes: Iterable[_Lane]) -> bool:
        records, size = 0, self._encoder.base_bytes - 1
        for lane in lanes:
            records += lane.records
            size += lane.size + self._encoder.share_bytes(lane.partition)
            if records >= self._bounds.records or size >= self._bounds.payload_bytes:
                return True
        return False

    def _filled(self) -> list[Share]:
        """As much as one event holds; nothing when the first record alone is too large."""
        shares: list[Share] = []
        most = self._bounds.records
        # A share costs a comma more than it has, which the first one does not.
        room = self._bounds.payload_bytes - self._encoder.base_bytes + 1
        for lane in self._ready.values():
            if most == 0:
                break
            room -= self._encoder.share_bytes(lane.partition) + 1
            runs = lane.take(most, room)
            if not runs:
                break
            share = _share(lane, runs)
            shares.append(share)
            most -= len(share)
            room -= share.size
            if lane.waiting and most:
                break  # its next record did not fit
        return shares


def _share(lane: _Lane, runs: tuple[Run, ...]) -> Share:
    return Share(lane.partition, lane.generation, runs)
