"""The data path with its doors: records from the consumer to the function, offsets committed after.

    poll    consumer.poll → path.received → commit            one thread, the consumer's only one
    work    path.next → invoke → path.answered                as many threads as there is work for
    given back: nothing new begins → what runs ends → commit → forgotten

One lock guards the path; functions run, events are encoded and brokers are asked outside of it.
The library lets nobody in while one thread polls, so that thread waits outside of it while a
function may answer, and commits as soon as one has.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import asdict
from typing import Protocol

from ..clock import Clock
from ..delivery import Answer, Batch, DataPath, Discard, Invoke, Throttled, Work
from ..kafka import Assigned, Consumer, Lost, OnRebalance, Rebalance, Revoked
from ..store.mapping_progress import Progress
from . import problems
from .invoking import FunctionGone
from .losses import Losses
from .problems import Problem
from .results import Results
from .standing import Standing
from .troubles import Troubles

_log = logging.getLogger("sluicegate.triggers")

_POLL_SECONDS = 0.5
# While functions run, records are looked for after as long, and after longer when there are none.
_BUSY_SECONDS = 0.001
_LONGEST_BUSY_SECONDS = 0.02
# How long an answer waits for others before it is committed.
_TOGETHER_SECONDS = 0.001
_COMMIT_AGAIN_SECONDS = 0.5
# What takes brokers longer than this to answer is a problem to be told.
_SILENCE_SECONDS = 10.0
# While partitions are paused somebody has to look whether they can be let in again.
_CROWDED_POLL_SECONDS = 0.02
_MOST_POLLED = 1_000
# As long as a function that runs may keep a rebalance waiting, whatever its timeout is: the others
# of the group wait as well. Who leaves by himself polls on meanwhile, and waits for all of it.
_MOST_PATIENCE_SECONDS = 30.0
# A coordinator that moves is there again so soon; what is not committed comes twice.
_LAST_COMMIT_SECONDS = 5.0
_JOIN_SECONDS = 0.5


class Invokes(Protocol):
    """Whoever asks the function (`invoking.Invoker`)."""

    def invoke(self, batch: Batch, event: bytes) -> Answer:
        """What the function makes of it; `FunctionGone` when there is none."""
        ...


class Poller:
    """Delivers the records of one consumer until it is closed.

    `most` functions are asked at once; `patience` says how many seconds one may take just now.
    """

    def __init__(
        self,
        mapping_id: str,
        owner: str,
        consumer: Callable[[OnRebalance], Consumer],
        path: DataPath,
        invoker: Invokes,
        clock: Clock,
        *,
        most: int,
        patience: Callable[[], float],
        monotonic: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = lambda: random.uniform(-1, 1),
    ) -> None:
        self._mapping_id = mapping_id
        self._owner = owner
        self._path = path
        self._invoker = invoker
        self._clock = clock
        self._most = most
        self._patience = patience
        self._monotonic = monotonic
        self._jitter = jitter
        # Guards what follows and the path.
        self._lock = threading.Lock()
        # Who polls waits for answers, who works for batches: nobody is woken for nothing. A batch
        # wakes one; who takes it, and sees another, wakes the next.
        self._answers, self._batches = (threading.Condition(self._lock) for _ in range(2))
        self._troubles = Troubles(mapping_id, monotonic)
        self._standing = Standing(monotonic)
        self._results = Results()
        self._losses = Losses(mapping_id, clock)
        self._paused: frozenset[int] = frozenset()
        self._busy = 0
        self._commit_at = self._poll_at = 0.0
        self._pause_seconds = _BUSY_SECONDS
        # The library waits for brokers that are silent, and tells nothing of them meanwhile.
        self._committing_since: float | None = None
        self._is_ending = self._has_ended = False
        self._has_failed = False
        self._workers: list[threading.Thread] = []
        self._consumer = consumer(self._rebalanced)
        self._thread = threading.Thread(target=self._poll, name=f"poll {mapping_id}", daemon=True)
        self._thread.start()

    @property
    def problem(self) -> Problem | None:
        """What keeps records from being delivered, if something does: the brokers first."""
        with self._lock:
            since = self._committing_since
            if since is not None and self._monotonic() - since > _SILENCE_SECONDS:
                return problems.NO_CONNECTION
            return self._troubles.problem() or self._results.problem

    @property
    def has_failed(self) -> bool:
        """Whether it does not poll any more, for a reason nobody foresaw: make another one."""
        return self._has_failed

    @property
    def has_delivered(self) -> bool:
        """Whether anything was delivered."""
        with self._lock:
            return self._results.has_delivered

    def must_log_in_anew(self) -> bool:
        """Whether the brokers refused the login since this was asked last."""
        with self._lock:
            return self._troubles.must_log_in_anew()

    def progress(self) -> list[Progress]:
        """How far it is, by partition."""
        offsets = {each.partition: each for each in self._consumer.status()}
        at_ms, now_ms = self._clock.now_ms(), self._now_ms()
        with self._lock:
            return [
                Progress(
                    self._mapping_id,
                    each.partition,
                    self._owner,
                    at_ms,
                    position=offsets[each.partition].position,
                    committed=offsets[each.partition].committed,
                    end=offsets[each.partition].end,
                    began=offsets[each.partition].began,
                    in_flight=each.unsettled - each.waiting,
                    last_result=self._results.last(each.partition),
                    retry=max(0, each.attempt - 1),
                    waits_for=_waits_for(each.throttled, each.pause_until_ms - now_ms),
                    **asdict(self._losses.of(each.partition)),
                )
                for each in self._path.progress()
                if each.partition in offsets
            ]

    def close(self) -> None:
        """Begin nothing more, finish and commit what runs, and leave the group."""
        with self._lock:
            self._is_ending = True
        self._thread.join()
        with self._lock:
            self._has_ended = True
            self._batches.notify_all()
        for worker in self._workers:
            worker.join(_JOIN_SECONDS)

    # Polling.

    def _poll(self) -> None:
        try:
            while not self._is_ending:
                self._poll_once()
            self._finish()
        except Exception:  # noqa: BLE001 - the top of a thread
            _log.exception("polling ended mapping=%s", self._mapping_id)
            self._has_failed = True
        # Given back and left: `_rebalanced` is told of all partitions.
        self._consumer.close()

    def _finish(self) -> None:
        """Go on polling until what runs has ended and is committed.

        The library sends no heartbeats while it closes: the group would take no commit from us.
        """
        deadline = self._monotonic() + self._patience()
        while self._is_unfinished() and self._monotonic() < deadline:
            self._poll_once()
        # Whatever runs still has had its time.
        self._patience = lambda: 0.0

    def _is_unfinished(self) -> bool:
        with self._lock:
            return bool(self._busy or self._path.committable())

    def _poll_once(self) -> None:
        is_busy = self._await_answer()
        now = self._monotonic()
        if now >= self._commit_at:
            self._commit()
        if is_busy and now < self._poll_at:
            return
        polled = self._consumer.poll(0.0 if is_busy else self._idle_seconds(), _MOST_POLLED)
        # The longest step of all; nobody who answers is to wait for it.
        arrived = self._path.arrived(polled.records)
        with self._lock:
            self._troubles.note(polled.troubles)
            for hole in polled.holes:
                self._losses.tell(hole)
            if arrived and not self._is_ending:
                self._troubles.clear(polled.troubles)
                self._path.received(arrived, self._now_ms())
            if not self._is_ending:
                self._path.passed(polled.passed)
            crowded = self._path.crowded()
            self._standing.note()
            self._batches.notify()
            self._have_workers()
        self._pause(crowded)
        self._poll_again_in(_BUSY_SECONDS if polled.records else 2 * self._pause_seconds)
        self._dispel_doubt()

    def _poll_again_in(self, seconds: float) -> None:
        """While functions run, that is: longer and longer, as long as there are no records."""
        self._pause_seconds = min(seconds, _LONGEST_BUSY_SECONDS)
        self._poll_at = self._monotonic() + self._pause_seconds

    def _dispel_doubt(self) -> None:
        """Who may have slept through the session asks the group; a commit that waits asks, too."""
        with self._lock:
            now = self._monotonic()
            if not self._standing.is_in_doubt or self._path.committable() or now < self._commit_at:
                return
            self._committing_since = now
        is_member = self._consumer.is_member()
        with self._lock:
            self._committing_since = None
            if is_member:
                self._standing.confirm(now)
            else:
                self._commit_at = self._monotonic() + _COMMIT_AGAIN_SECONDS
            self._batches.notify()

    def _await_answer(self) -> bool:
        """While functions run, wait for what they answer, and not in the library.

        Whether one runs, or is about to. Until it is time to poll again; and for a moment longer
        where others will answer soon: what is committed together costs brokers as much as one.
        """
        with self._lock:
            if not self._busy and not self._is_due():
                return False
            if self._answers.wait_for(self._may_commit, self._poll_at - self._monotonic()):
                self._answers.wait_for(lambda: not self._busy, _TOGETHER_SECONDS)
            return True

    def _is_due(self) -> bool:
        is_held = self._is_ending or self._standing.is_in_doubt
        due_ms = None if is_held else self._path.due_ms()
        return due_ms is not None and due_ms <= self._now_ms()

    def _may_commit(self) -> bool:
        return self._monotonic() >= self._commit_at and bool(self._path.committable())

    def _idle_seconds(self) -> float:
        with self._lock:
            if self._path.committable():
                return _BUSY_SECONDS  # a commit was refused
            longest = _CROWDED_POLL_SECONDS if self._paused else _POLL_SECONDS
            due_ms = self._path.due_ms()
            if due_ms is None or self._standing.is_in_doubt:
                return longest
            # Somebody will begin then, and be done soon.
            return min(longest, max(0.0, (due_ms - self._now_ms()) / 1000))

    def _pause(self, crowded: frozenset[int]) -> None:
        if crowded != self._paused:
            self._consumer.pause(crowded - self._paused)
            self._consumer.resume(self._paused - crowded)
            self._paused = crowded

    def _rebalanced(self, told: Rebalance) -> None:
        """Called in the polling thread, from inside the consumer."""
        match told:
            case Assigned(partitions, generation):
                with self._lock:
                    self._path.assigned(partitions, generation)
                    self._losses.assigned(partitions)
                    self._troubles.joined()
            case Revoked(partitions):
                self._give_back(partitions)
            case Lost(partitions):
                _log.warning("lost mapping=%s partitions=%s", self._mapping_id, sorted(partitions))
                self._forget(partitions)

    def _give_back(self, partitions: Collection[int]) -> None:
        """What runs ends and is committed, and so is what others answer meanwhile: they go on."""
        patience = min(self._patience(), _MOST_PATIENCE_SECONDS)
        with self._lock:
            self._path.hold(partitions)
        began = self._monotonic()
        while self._await_commit(partitions, began, patience):
            self._commit()
        self._commit()
        self._forget(partitions)

    def _await_commit(self, partitions: Collection[int], began: float, patience: float) -> bool:
        """Whether something may be committed while these are waited for."""
        with self._lock:
            while (left := began + self._wait_for(partitions, patience) - self._monotonic()) > 0:
                if self._may_commit():
                    return True
                self._answers.wait(min(left, _POLL_SECONDS))
                self._standing.note()
            return False

    def _wait_for(self, partitions: Collection[int], patience: float) -> float:
        """How long these may be kept from others, from the beginning: not beyond their end."""
        if self._path.is_running(partitions):
            return patience
        if patience and self._path.is_owed(partitions):
            return max(patience, _LAST_COMMIT_SECONDS)
        return 0.0

    def _forget(self, partitions: Collection[int]) -> None:
        with self._lock:
            self._path.forget(partitions)
            self._results.forget(partitions)
            self._losses.forget(partitions)

    # Working.

    def _have_workers(self) -> None:
        """One more thread where all are busy and there is something to do; the lock is held."""
        due_ms = self._path.due_ms()
        if due_ms is not None and self._busy == len(self._workers) < self._most:
            worker = threading.Thread(
                target=self._work, name=f"invoke {self._mapping_id}", daemon=True
            )
            self._workers.append(worker)
            worker.start()

    def _work(self) -> None:
        while (work := self._next()) is not None:
            try:
                self._done(work)
            except Exception:  # noqa: BLE001 - the top of a thread
                # The batch stays under way, its offsets uncommitted: nothing is lost by it.
                _log.exception("a batch is stuck mapping=%s", self._mapping_id)
            with self._lock:
                self._busy -= 1
                self._answers.notify()

    def _next(self) -> Work | None:
        with self._lock:
            while not self._has_ended:
                is_held = self._is_ending or self._standing.is_in_doubt
                if not is_held:
                    work = self._path.next(self._now_ms(), self._clock.now_ms())
                    if work is not None:
                        self._busy += 1
                        self._batches.notify()
                        self._have_workers()
                        return work
                due_ms = None if is_held else self._path.due_ms()
                left = None if due_ms is None else max(0.0, (due_ms - self._now_ms()) / 1000)
                self._batches.wait(left)
            return None

    def _done(self, work: Work) -> None:
        match work:
            case Invoke(batch=batch):
                answer = self._asked(batch)
                with self._lock:
                    # What was given away meanwhile is another's to tell of.
                    ours = self._path.answered(
                        work.id, answer or Throttled(), self._now_ms(), jitter=self._jitter()
                    )
                    self._results.note(ours, answer)
            case Discard():
                with self._lock:
                    self._losses.drop(work)
                    self._path.discarded(work.id)

    def _asked(self, batch: Batch) -> Answer | None:
        """The function's answer; None when there is no function."""
        try:
            return self._invoker.invoke(batch, self._path.encoder.event(batch))
        except FunctionGone:
            return None
        except Exception:  # noqa: BLE001 - a partition must not stand still for what nobody foresaw
            _log.exception("not invoked mapping=%s", self._mapping_id)
        return Throttled()

    def _commit(self) -> None:
        """Commit what may be, in the polling thread; what could not be is tried again soon."""
        with self._lock:
            commits = self._path.committable()
            if not commits:
                return
            self._committing_since = asked_at = self._monotonic()
        committing = self._consumer.commit(commits)
        with self._lock:
            self._committing_since = None
            if committing.done:
                self._standing.confirm(asked_at)
            if committing.again:
                self._commit_at = self._monotonic() + _COMMIT_AGAIN_SECONDS
            self._path.committed(committing.done)
            self._troubles.note(committing.troubles)
            self._batches.notify()

    def _now_ms(self) -> int:
        return int(self._monotonic() * 1000)


def _waits_for(is_throttled: bool, pause_ms: int) -> str:
    if pause_ms <= 0:
        return ""
    what = "the function is throttled" if is_throttled else "the function failed"
    return f"{what}; again in {pause_ms / 1000:.1f} s"
