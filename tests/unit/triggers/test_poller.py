"""Records from a consumer to a function and back to its offsets, on a topic in memory."""

import threading
from collections.abc import Iterator

import pytest
from tests.system.waiting import until
from tests.unit.triggers.polling import FAILED, Bench, held

from sluicegate.delivery import (
    Answer,
    Batch,
    Success,
    Throttled,
)
from sluicegate.kafka import (
    Corrupt,
    NotAuthorized,
    Rejoining,
)
from sluicegate.triggers import problems
from sluicegate.triggers.invoking import FunctionGone


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


def test_closing_waits_as_long_as_an_invocation_may_take(bench: Bench) -> None:
    begun, may_end = held(bench.function)
    bench.push(10, 0)
    assert begun.wait(30)
    # The function was given more time since it began.
    bench.patience = 840.0
    closing = threading.Thread(target=bench.poller.close)
    closing.start()
    bench.later = 800.0
    polled = bench.consumer.polls
    until(lambda: bench.consumer.polls > polled + 3, "polls while the function runs")
    assert not bench.consumer.is_closed
    may_end.set()
    closing.join(30)
    assert bench.topic.committed == {0: 10}


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


def test_brokers_that_refuse_are_the_problem_until_records_come(bench: Bench) -> None:
    bench.consumer.troubles.append(NotAuthorized(29, "not authorized"))
    until(lambda: bench.poller.problem is problems.NOT_AUTHORIZED, "the refusal to be told")
    # The client tells it once.
    bench.later = 60.0
    assert bench.poller.problem is problems.NOT_AUTHORIZED
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
