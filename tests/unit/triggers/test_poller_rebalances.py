"""Partitions that come and go while their records are with the function."""

import threading
from collections.abc import Iterator

import pytest
from tests.system.waiting import until
from tests.unit.triggers.polling import FAILED, Bench, failing, held

from sluicegate.delivery import (
    Answer,
    Batch,
    Success,
)
from sluicegate.kafka import (
    Transient,
)
from sluicegate.triggers.invoking import FunctionGone


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Two partitions."""
    made = Bench(2)
    yield made
    made.poller.close()
    assert made.function.offences == []


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
