"""Records from a consumer to a function and back to its offsets, on a topic in memory."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator

import pytest
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
    Throttled,
)
from sluicegate.kafka import (
    Committing,
    Corrupt,
    NotAuthorized,
    OnRebalance,
    Polled,
    Rejoining,
    Transient,
)
from sluicegate.testing import FrozenClock, StubConsumer, StubTopic
from sluicegate.triggers import problems
from sluicegate.triggers.invoking import FunctionGone
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
            patience_seconds=30,
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


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Two partitions."""
    made = Bench(2)
    yield made
    made.poller.close()
    assert made.function.offences == []


def test_records_are_delivered_in_order_and_committed_afterwards(bench: Bench) -> None:
    bench.push(25, 0)
    bench.push(35, 1)
    until(lambda: bench.is_committed(p0=25, p1=35), "all to be committed")
    assert bench.delivered(0) == list(range(25)) and bench.delivered(1) == list(range(35))
    assert all(len(offsets) <= 10 for _, offsets in bench.function.given)
    assert bench.poller.problem is None and bench.poller.has_delivered


def test_the_thread_that_polls_is_the_one_that_commits(bench: Bench) -> None:
    bench.push(25, 0)
    bench.push(35, 1)
    until(lambda: bench.is_committed(p0=25, p1=35), "all to be committed")
    assert bench.consumer.committers == {"poll mapping"}


def test_nothing_begins_while_what_was_delivered_cannot_be_committed(bench: Bench) -> None:
    bench.topic.commit_troubles += [Rejoining(27, "rebalancing")] * 2
    bench.push(40, 0)
    until(lambda: bench.is_committed(p0=40), "all to be committed")
    # `Function.invoke` has looked at each beginning.
    assert bench.function.offences == [] and bench.topic.commit_troubles == []


def test_a_failing_batch_is_tried_again_and_holds_up_its_partition_alone(bench: Bench) -> None:
    failing = threading.Event()
    failing.set()

    def answer(batch: Batch) -> Answer:
        return FAILED if 0 in batch.partitions and failing.is_set() else Success()

    bench.function.answer = answer
    bench.push(15, 0)
    until(lambda: bench.poller.problem is problems.FUNCTION_FAILED, "the failure to be told")
    bench.push(15, 1)
    until(lambda: bench.topic.committed.get(1) == 15, "the other partition")
    assert 0 not in bench.topic.committed
    shown = {each.partition: each for each in bench.poller.progress()}
    assert shown[0].last_result == "PROBLEM: Function call failed" and shown[1].last_result == "OK"
    failing.clear()
    until(lambda: bench.is_committed(p0=15, p1=15), "the batch that failed")
    assert bench.poller.problem is None
    assert sorted(set(bench.delivered(0))) == list(range(15))


def test_a_record_that_always_fails_blocks_its_partition_alone(bench: Bench) -> None:
    bench.function.answer = lambda batch: FAILED if 0 in batch.partitions else Success()
    # Polled together, so they make a batch together.
    bench.consumer.may_poll.clear()
    polls = bench.consumer.polls
    until(lambda: bench.consumer.polls > polls, "a poll")
    bench.push(1, 0)
    bench.push(1, 1)
    bench.consumer.may_poll.set()
    until(lambda: bench.topic.committed == {1: 1}, "the other partition")
    assert bench.function.given[:2] == [(0, [0]), (1, [0])]
    bench.push(30, 1)
    until(lambda: bench.topic.committed == {1: 31}, "what is written afterwards")
    assert bench.function.offences == [] and bench.poller.problem is problems.FUNCTION_FAILED


def test_a_throttled_function_is_asked_again(bench: Bench) -> None:
    answers: Iterator[Answer] = iter([Throttled(), Throttled(), Success()])
    bench.function.answer = lambda _batch: next(answers)
    bench.push(3, 0)
    until(lambda: bench.is_committed(p0=3), "the batch")


def held(function: Function) -> tuple[threading.Event, threading.Event]:
    """A function that succeeds once it may end: that it has begun, and that it may end."""
    begun, may_end = threading.Event(), threading.Event()

    def answer(_batch: Batch) -> Answer:
        begun.set()
        assert may_end.wait(30)
        return Success()

    function.answer = answer
    return begun, may_end


def test_what_runs_ends_before_a_partition_is_given_back(bench: Bench) -> None:
    begun, may_end = held(bench.function)
    bench.push(10, 0)
    assert begun.wait(30)
    giving = threading.Thread(target=bench.consumer.revoke, args=(0,))
    giving.start()
    bench.push(10, 0)
    may_end.set()
    giving.join(30)
    assert bench.topic.committed == {0: 10} and bench.delivered(0) == list(range(10))


def test_others_go_on_while_a_partition_is_given_back(bench: Bench) -> None:
    begun, may_end = held(bench.function)
    slow = bench.function.answer

    def answer(batch: Batch) -> Answer:
        assert 0 in batch.partitions or bench.consumer.is_giving.wait(30)
        return slow(batch) if 0 in batch.partitions else Success()

    bench.function.answer = answer
    bench.push(1, 0)
    assert begun.wait(30)
    bench.push(30, 1)
    until(lambda: bool(bench.delivered(1)), "the other partition to begin")
    bench.consumer.asked_back = (0,)
    until(lambda: bench.topic.committed.get(1) == 30, "the other partition")
    assert 0 in bench.consumer.generations
    may_end.set()
    until(lambda: 0 not in bench.consumer.generations, "it to be given back")
    assert bench.topic.committed == {0: 1, 1: 30}


def test_a_commit_that_is_refused_is_tried_again_before_a_partition_is_given_back(
    bench: Bench,
) -> None:
    begun, may_end = held(bench.function)
    bench.push(10, 0)
    assert begun.wait(30)
    bench.topic.commit_troubles += [Transient(16, "not coordinator")] * 2
    bench.consumer.asked_back = (0,)
    until(lambda: not bench.consumer.asked_back, "it to be asked back")
    may_end.set()
    until(lambda: 0 not in bench.consumer.generations, "it to be given back")
    assert bench.topic.committed == {0: 10} and bench.topic.commit_troubles == []


def test_what_a_lost_partition_runs_is_not_committed(bench: Bench) -> None:
    begun, may_end = held(bench.function)
    bench.push(10, 0)
    assert begun.wait(30)
    bench.consumer.lose(0)
    may_end.set()
    bench.poller.close()
    assert bench.topic.committed == {}


@pytest.mark.parametrize("ending", [FAILED, FunctionGone(), RuntimeError("not foreseen")])
def test_a_failure_that_ends_after_its_partition_was_given_away_is_not_told(
    bench: Bench, ending: Answer | Exception
) -> None:
    begun, may_end = held(bench.function)
    succeeding = bench.function.answer

    def answer(batch: Batch) -> Answer:
        succeeding(batch)
        if isinstance(ending, Exception):
            raise ending
        return ending

    bench.function.answer = answer
    bench.push(1, 0)
    assert begun.wait(30)
    bench.consumer.lose(0)
    may_end.set()
    until(lambda: bench.function.at_once[0] == 0, "the failure")
    bench.function.answer = lambda _batch: Success()
    bench.push(1, 1)
    until(lambda: bench.topic.committed == {1: 1}, "another partition")
    bench.poller.close()
    assert bench.poller.problem is None


def test_closing_finishes_and_commits_what_runs(bench: Bench) -> None:
    begun, may_end = held(bench.function)
    bench.push(30, 0)
    assert begun.wait(30)
    closing = threading.Thread(target=bench.poller.close)
    closing.start()
    # The group is told of us by polls alone: a member that is closing is one that is silent.
    polled = bench.consumer.polls
    until(lambda: bench.consumer.polls > polled + 3, "polls while the function runs")
    assert not bench.consumer.is_closed
    may_end.set()
    closing.join(30)
    assert bench.consumer.is_closed and bench.poller.has_delivered
    assert bench.topic.committed == {0: len(bench.delivered(0))}


def failing(bench: Bench) -> None:
    """A batch of partition 0 fails, and is to be tried again."""
    bench.function.answer = lambda _batch: FAILED
    bench.push(10, 0)
    until(lambda: len(bench.function.given) > 1, "a batch that is tried again")


def test_who_slept_through_a_session_begins_nothing_that_may_be_others(bench: Bench) -> None:
    failing(bench)
    bench.consumer.is_counted_in = False
    bench.sleep(11)
    given = list(bench.function.given)
    # Fetched before, and polled before it is told that they are lost.
    bench.push(10, 1)
    bench.consumer.may_poll.set()
    polls = bench.consumer.polls
    until(lambda: bench.consumer.polls > polls + 3, "polls")
    bench.consumer.lose(0, 1)
    bench.poller.close()
    assert bench.function.given == given and bench.topic.committed == {}


def test_who_slept_and_is_still_counted_in_goes_on(bench: Bench) -> None:
    failing(bench)
    bench.sleep(6)
    bench.function.answer = lambda _batch: Success()
    bench.consumer.may_poll.set()
    until(lambda: bench.is_committed(p0=10), "the batch")


def test_a_commit_that_is_refused_is_tried_again(bench: Bench) -> None:
    bench.topic.commit_troubles.append(Rejoining(27, "rebalancing"))
    bench.push(5, 0)
    until(lambda: bench.topic.commit_troubles == [], "the refusal")
    bench.push(5, 1)
    until(lambda: bench.is_committed(p0=5, p1=5), "both to be committed")


def test_what_is_dropped_and_what_was_gone_is_told_and_counted(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.topic.push(b"x" * 4_800_000)
    bench.push(1, 0)
    until(lambda: bench.is_committed(p0=2), "both")
    assert bench.delivered(0) == [1]
    bench.push(9, 1)
    until(lambda: bench.is_committed(p0=2, p1=9), "the other partition")
    shown = bench.poller.progress()
    assert [(one.dropped, one.last_dropped) for one in shown] == [(1, 0), (0, None)]
    bench.topic.make_again()
    until(lambda: bench.poller.progress()[1].holes == 1, "the hole")
    shown = bench.poller.progress()
    assert (shown[1].dropped, shown[1].last_hole) == (0, "9-0: the topic was made again")
    assert {one.message for one in caplog.records if one.levelname == "ERROR"} >= {
        "records dropped mapping=mapping partition=0 offsets=0-0: MaximumPayloadSizeExceeded",
        "hole mapping=mapping partition=1 offsets=9-0: the topic was made again",
    }
    bench.topic.committed.clear()


def test_the_mark_of_a_transaction_leaves_no_lag(bench: Bench) -> None:
    begun, may_end = held(bench.function)
    bench.push(3, 0)
    bench.topic.mark(0)
    bench.topic.mark(1)
    # Alone it is passed at once; behind records, when they are delivered.
    until(lambda: bench.is_committed(p1=1), "the mark alone")
    assert begun.wait(30)
    may_end.set()
    until(lambda: bench.is_committed(p0=4, p1=1), "records and their mark")
    bench.push(1, 0)
    until(lambda: bench.is_committed(p0=5, p1=1), "the next record")
    bench.function.offences.clear()


def test_brokers_that_refuse_are_the_problem_until_records_come(bench: Bench) -> None:
    bench.consumer.troubles.append(NotAuthorized(29, "not authorized"))
    until(lambda: bench.poller.problem is problems.NOT_AUTHORIZED, "the refusal to be told")
    bench.push(1, 0)
    until(lambda: bench.poller.problem is None, "records")


def test_what_cannot_be_read_is_the_problem_whatever_comes_of_other_partitions(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.consumer.troubles += [Corrupt(-199, "failed CRC32C check")] * 2
    until(lambda: bench.poller.problem is problems.UNREADABLE, "it to be told")
    bench.push(1, 1)
    until(lambda: bench.is_committed(p1=1), "the other partition")
    assert bench.poller.problem is problems.UNREADABLE
    assert [one.message for one in caplog.records] == [
        "brokers mapping=mapping code=-199: failed CRC32C check"
    ]
    bench.later = 11.0
    assert bench.poller.problem is None


def test_brokers_that_do_not_answer_a_commit_are_the_problem(bench: Bench) -> None:
    bench.consumer.may_answer.clear()
    bench.push(1, 0)
    until(lambda: bench.poller.has_delivered, "the record")
    assert bench.poller.problem is None
    bench.later = 11.0
    until(lambda: bench.poller.problem is problems.NO_CONNECTION, "it to be told")
    bench.consumer.may_answer.set()
    until(lambda: bench.poller.problem is None, "the answer")


def test_what_nobody_foresaw_is_tried_again(bench: Bench) -> None:
    def broken(_batch: Batch) -> Answer:
        bench.function.answer = well
        raise RuntimeError("not foreseen")

    well, bench.function.answer = bench.function.answer, broken
    bench.push(1, 0)
    until(lambda: bench.topic.committed == {0: 1}, "the second attempt")


def test_a_function_that_is_gone_is_told_and_nothing_is_committed(bench: Bench) -> None:
    def gone(_batch: Batch) -> Answer:
        raise FunctionGone

    bench.function.answer = gone
    bench.push(1, 0)
    until(lambda: bench.poller.problem is problems.FUNCTION_GONE, "it to be told")
    assert bench.topic.committed == {}
