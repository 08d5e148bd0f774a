"""The data path without its doors: what to do next with the records of one consumer.

Whoever drives it polls, invokes, discards and commits, and says here what came of it; a lock is
the driver's. Nothing in here waits: times are arguments, `now_ms` from a clock that never goes
back, `wall_ms` from the one that records carry.

    received  →  wanted by a filter, or settled       → a lane of its partition
    next      →  `Invoke` a batch, or a piece of one  → busy partitions, until it ends
                 `Discard` what was given up
    answered  →  settled  |  again, after a pause, or halves: each partition alone  |  given up
    committable, committed                            → its partitions are free again
"""

import itertools
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from .answer import Answer, PartlyFailed, Success, Throttled
from .arrivals import Arrived, arrived
from .batcher import Batcher, Bounds, Oversized
from .event import EventEncoder
from .filters import Filters
from .ledger import Commit, Ledger
from .records import Batch, Record, Share, batch_of
from .retry import (
    TOO_LARGE,
    TOO_OLD,
    Again,
    GiveUp,
    Piece,
    RetryPolicy,
    Split,
    aged,
    batch_in,
    next_step,
    only,
)
from .work import Discard, Invoke, Progress, Work


@dataclass(slots=True, eq=False)
class _Job:
    """What was one batch: its pieces, in order. The first is under way, or pauses."""

    id: int
    partitions: frozenset[int]
    pieces: deque[Piece | GiveUp]
    due_ms: int = 0
    is_running: bool = False
    throttled: bool = False


@dataclass(slots=True)
class _Counts:
    """Since the beginning; names as AWS's metrics of event source mappings."""

    polled: int = 0
    filtered_out: int = 0
    invoked: int = 0
    failed_invoke: int = 0


class DataPath:
    """The records of one consumer between poll and commit.

    INVARIANT: of a partition, one batch at most is under way, and its records go in order; nothing
    begins for a partition that is not ours, or of which something delivered is not committed, and
    nothing of an assignment that is over is settled.
    """

    def __init__(
        self,
        encoder: EventEncoder,
        *,
        filters: Filters | None = None,
        bounds: Bounds | None = None,
        policy: RetryPolicy | None = None,
        backlog_bytes: int = 64 << 20,
    ) -> None:
        self.encoder = encoder
        self.counts = _Counts()
        self._filters = filters or Filters()
        self._policy = policy or RetryPolicy()
        self._backlog_bytes = backlog_bytes
        self._batcher = Batcher(bounds or Bounds(), encoder)
        self._ledger = Ledger()
        self._jobs: dict[int, _Job] = {}
        self._ids = itertools.count(1)
        self._partitions: set[int] = set()
        self._held: set[int] = set()
        self._crowded: set[int] = set()
        # Partitions of which something delivered waits to be committed, up to that offset.
        self._owed: dict[int, int] = {}

    # What the consumer says.

    def assigned(self, partitions: Iterable[int], generation: int) -> None:
        """These partitions are ours from now on."""
        for partition in partitions:
            self._partitions.add(partition)
            self._held.discard(partition)
            self._ledger.assigned(partition, generation)
            self._batcher.assigned(partition, generation)
            self._owed.pop(partition, None)
            self._release((partition,))
        self._prune()

    def hold(self, partitions: Iterable[int]) -> None:
        """These partitions are to be given back: begin nothing more, drop what waits.

        What is running may still settle; when it is not `is_running` any more, commit and `forget`.
        """
        for partition in partitions:
            self._held.add(partition)
            self._batcher.forget(partition)
        self._prune()

    def forget(self, partitions: Iterable[int]) -> None:
        """These partitions are given back, or lost: whatever comes of them has no effect."""
        for partition in partitions:
            self._partitions.discard(partition)
            self._held.discard(partition)
            self._crowded.discard(partition)
            self._ledger.forget(partition)
            self._batcher.forget(partition)
            self._owed.pop(partition, None)
            self._release((partition,))
        self._prune()

    def arrived(self, polled: Mapping[int, Sequence[Record]]) -> dict[int, Arrived]:
        """Filter and encode records as they were polled, by partition.

        It looks at nothing that others change: who drives need not hold his lock for it.
        """
        return {name: arrived(some, self._filters, self.encoder) for name, some in polled.items()}

    def received(self, polled: Mapping[int, Arrived], now_ms: int) -> None:
        """Take what has arrived, by partition; records of partitions not ours are left."""
        for partition, fresh in polled.items():
            generation = self._ledger.generation(partition)
            if generation is None or partition in self._held:
                continue
            if known := self._ledger.received(partition, fresh.offsets):
                fresh = fresh.after(fresh.offsets[known - 1])
            self._ledger.settled(partition, generation, fresh.unwanted)
            self.counts.polled += len(fresh.offsets)
            self.counts.filtered_out += len(fresh.unwanted)
            self._batcher.add(partition, fresh.wanted, now_ms)

    def passed(self, offsets: Mapping[int, int]) -> None:
        """Take note of partitions that have no more records up to there: they count as settled."""
        for partition, offset in offsets.items():
            self._ledger.passed(partition, offset)

    def crowded(self) -> frozenset[int]:
        """The partitions not to be fetched from for now: enough of them waits.

        A partition that crowds is let in again when half of that is gone: a consumer that pauses
        forgets what it has fetched ahead.
        """
        share = self._backlog_bytes // max(1, len(self._partitions))
        for partition in self._partitions:
            size = self._batcher.waiting(partition)[1]
            if size > share:
                self._crowded.add(partition)
            elif size <= share // 2:
                self._crowded.discard(partition)
        return frozenset(self._crowded)

    # What there is to do.

    def next(self, now_ms: int, wall_ms: int) -> Work | None:
        """Something to do now, to be answered with its id; None when there is nothing."""
        for job in list(self._jobs.values()):
            if self._may_begin(job) and job.due_ms <= now_ms:
                return self._begun(job, wall_ms)
        taken = self._batcher.take(now_ms)
        if taken is None:
            return None
        piece: Piece | GiveUp
        if isinstance(taken, Oversized):
            batch, piece = taken.batch, GiveUp(Piece(taken.batch), TOO_LARGE)
        else:
            batch, piece = taken, Piece(taken)
        job = _Job(next(self._ids), frozenset(batch.partitions), deque([piece]))
        self._jobs[job.id] = job
        return self._begun(job, wall_ms)

    def due_ms(self) -> int | None:
        """When there is something to do, if nothing happens before; None = when something does."""
        paused = (job.due_ms for job in self._jobs.values() if self._may_begin(job))
        batched = self._batcher.due_ms()
        return min(itertools.chain(paused, () if batched is None else (batched,)), default=None)

    def is_running(self, partitions: Iterable[int]) -> bool:
        """Whether an invocation (or a discard) of one of these partitions has not ended."""
        wanted = set(partitions)
        return any(job.is_running and job.partitions & wanted for job in self._jobs.values())

    def is_owed(self, partitions: Iterable[int]) -> bool:
        """Whether something of these partitions may be committed, and is not."""
        return any(self._ledger.owed(each) for each in partitions)

    # What came of it.

    def answered(
        self, id: int, answer: Answer, now_ms: int, *, jitter: float = 0.0
    ) -> tuple[int, ...]:
        """Note what came of an `Invoke`; the partitions it counts for, being ours still.

        `jitter`, from -1 to 1, spreads pauses.
        """
        job = self._jobs[id]
        piece = job.pieces.popleft()
        assert isinstance(piece, Piece) and job.is_running
        counting = tuple(each.partition for each in piece.batch.shares if self._is_ours(each))
        job.is_running = False
        job.throttled = isinstance(answer, Throttled)
        match answer:
            case Success():
                self._settle(piece.batch)
            case PartlyFailed(offsets):
                failed = piece.only(offsets)
                self._settle_but(piece.batch, offsets)
                self.counts.failed_invoke += len(failed.batch)
                self._follow(job, failed, answer, now_ms, jitter)
            case _:
                self.counts.failed_invoke += 0 if job.throttled else len(piece.batch)
                self._follow(job, piece, answer, now_ms, jitter)
        self._tidy(job)
        return counting

    def discarded(self, id: int) -> None:
        """Note that a `Discard` is done: the records are settled."""
        job = self._jobs[id]
        given_up = job.pieces.popleft()
        assert isinstance(given_up, GiveUp) and job.is_running
        job.is_running = False
        self._settle(given_up.piece.batch)
        self._tidy(job)

    def committable(self) -> tuple[Commit, ...]:
        """What may be committed now."""
        return self._ledger.committable()

    def committed(self, commits: Iterable[Commit]) -> None:
        """Note what was committed; what was not is offered again."""
        commits = tuple(commits)
        self._ledger.committed(commits)
        for commit in commits:
            # A commit of an assignment that is over settles no debt of today's.
            if self._ledger.generation(commit.partition) == commit.generation and (
                commit.offset >= self._owed.get(commit.partition, 0)
            ):
                self._owed.pop(commit.partition, None)
                self._release((commit.partition,))

    def progress(self) -> tuple[Progress, ...]:
        """How it stands with each partition that is ours."""
        jobs = {partition: job for job in self._jobs.values() for partition in job.partitions}
        return tuple(self._progress(one, jobs.get(one)) for one in sorted(self._partitions))

    # Steps.

    def _may_begin(self, job: _Job) -> bool:
        return not job.is_running and self._owed.keys().isdisjoint(job.partitions)

    def _begun(self, job: _Job, wall_ms: int) -> Work:
        job.is_running = True
        first = job.pieces[0]
        if isinstance(first, Piece) and (old := aged(first, self._policy, wall_ms)):
            job.pieces.popleft()
            rest = _but(first.batch, old)
            if rest.shares:
                job.pieces.appendleft(replace(first, batch=rest))
            first = GiveUp(first.only(old), TOO_OLD)
            job.pieces.appendleft(first)
        match first:
            case Piece(batch, invocations=invocations):
                self.counts.invoked += len(batch)
                return Invoke(job.id, batch, invocations + 1)
            case GiveUp(piece, condition):
                return Discard(job.id, piece.batch, condition, piece.invocations, piece.response)

    def _follow(self, job: _Job, piece: Piece, answer: Answer, now_ms: int, jitter: float) -> None:
        """Put what is to be done with a piece that failed before the rest of the job."""
        assert not isinstance(answer, Success)
        match next_step(piece, answer, self._policy, jitter):
            case Again(again, pause_ms):
                job.pieces.appendleft(again)
                job.due_ms = now_ms + pause_ms
                self._part(job)
            case Split(first, second, pause_ms):
                job.pieces.extendleft((second, first))
                job.due_ms = now_ms + pause_ms
                self._part(job)
            case GiveUp() as given_up:
                job.pieces.appendleft(given_up)
                job.due_ms = now_ms

    def _part(self, job: _Job) -> None:
        """Have the partitions of what failed go on without each other.

        Whichever the record is of that makes it fail, it would hold up all of them. What did not
        run at all stays together.
        """
        if job.throttled or len(job.partitions) == 1:
            return
        for partition in sorted(job.partitions):
            own = [has for piece in job.pieces if (has := only(piece, {partition})) is not None]
            part = _Job(next(self._ids), frozenset((partition,)), deque(own), job.due_ms)
            self._jobs[part.id] = part
            self._tidy(part)
        job.pieces.clear()

    def _settle(self, batch: Batch) -> None:
        for share in batch.shares:
            self._ledger.settled(share.partition, share.generation, share.offsets())
            # Without it a kill could bring two batches of a partition again.
            if owed := self._ledger.owed(share.partition):
                self._owed[share.partition] = owed

    def _settle_but(self, batch: Batch, offsets: Mapping[int, frozenset[int]]) -> None:
        self._settle(_but(batch, offsets))

    def _prune(self) -> None:
        for job in list(self._jobs.values()):
            self._tidy(job)

    def _tidy(self, job: _Job) -> None:
        """Drop from what is left to do what is not ours, and let go of partitions that are done.

        What is running stays as it is: nobody can take it back, only its effect. A partition that
        was lost and came back meanwhile stays busy, or it had two invocations at once.
        """
        started = 1 if job.is_running else 0
        pieces = list(job.pieces)
        kept = [ours for piece in pieces[started:] if (ours := self._ours(piece)) is not None]
        job.pieces = deque(pieces[:started] + kept)
        left = frozenset(
            partition for piece in job.pieces for partition in batch_in(piece).partitions
        )
        if not job.pieces:
            del self._jobs[job.id]
        done, job.partitions = job.partitions - left, left
        self._release(done)

    def _release(self, partitions: Iterable[int]) -> None:
        """Let something new begin of those of which nothing is under way, or to be committed."""
        under_way = self._owed.keys() | {
            partition for job in self._jobs.values() for partition in job.partitions
        }
        self._batcher.release(each for each in partitions if each not in under_way)

    def _ours(self, piece: Piece | GiveUp) -> Piece | GiveUp | None:
        """The piece without records that somebody else will deliver; None when there are none."""
        ours = {
            share.partition
            for share in batch_in(piece).shares
            if share.partition not in self._held and self._is_ours(share)
        }
        return only(piece, ours)

    def _is_ours(self, share: Share) -> bool:
        return self._ledger.generation(share.partition) == share.generation

    def _progress(self, partition: int, job: _Job | None) -> Progress:
        shown = Progress(
            partition, self._batcher.waiting(partition)[0], self._ledger.unsettled(partition)
        )
        if job is None:
            return shown
        first = job.pieces[0]
        return replace(
            shown,
            is_running=job.is_running,
            attempt=(first if isinstance(first, Piece) else first.piece).invocations + 1,
            pause_until_ms=0 if job.is_running else job.due_ms,
            throttled=job.throttled,
        )


def _but(batch: Batch, offsets: Mapping[int, frozenset[int]]) -> Batch:
    """The batch without those records, by partition."""
    none: frozenset[int] = frozenset()
    return batch_of(
        share.only(set(share.offsets()) - offsets.get(share.partition, none))
        for share in batch.shares
    )
