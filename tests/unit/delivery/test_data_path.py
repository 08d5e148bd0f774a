"""The data path, a story at a time; the properties are beside it."""

from tests.unit.delivery.making import ENCODER, record

from sluicegate.delivery import (
    Bounds,
    Commit,
    DataPath,
    Discard,
    Failed,
    Filters,
    Invoke,
    PartlyFailed,
    Record,
    Response,
    RetryPolicy,
    Success,
    Throttled,
)
from sluicegate.delivery.work import Work

BROKEN = Response("request", "$LATEST", "Unhandled")


def path_of(
    *partitions: int,
    filters: Filters | None = None,
    policy: RetryPolicy | None = None,
    backlog_bytes: int = 1 << 20,
) -> DataPath:
    path = DataPath(
        ENCODER,
        filters=filters,
        bounds=Bounds(10, 0),
        policy=policy,
        backlog_bytes=backlog_bytes,
    )
    path.assigned(partitions or (0,), 1)
    return path


def receive(path: DataPath, *records: Record) -> None:
    polled: dict[int, list[Record]] = {}
    for one in records:
        polled.setdefault(one.partition, []).append(one)
    path.received(path.arrived(polled), 0)


def begun(path: DataPath, now_ms: int = 0, wall_ms: int = 0) -> Work:
    work = path.next(now_ms, wall_ms)
    assert work is not None
    return work


def commit(path: DataPath) -> None:
    path.committed(path.committable())


def offsets(work: Work) -> list[int]:
    return [one.offset for one in work.batch]


def test_a_batch_is_settled_by_its_answer_and_then_committed() -> None:
    path = path_of()
    receive(path, record(5), record(6))
    work = begun(path)
    assert isinstance(work, Invoke) and work.attempt == 1 and path.committable() == ()
    path.answered(work.id, Success(), 0)
    assert path.committable() == (Commit(0, 1, 7),)
    path.committed(path.committable())
    assert path.committable() == () and path.due_ms() is None


def test_a_partition_begins_nothing_before_what_was_delivered_of_it_is_committed() -> None:
    path = path_of(0, 1)
    receive(path, record(0), record(1))
    path.answered(begun(path).id, Success(), 0)
    receive(path, record(2), record(0, partition=1))
    # The other one has nothing to wait for.
    other = begun(path)
    assert other.batch.partitions == (1,)
    assert path.next(0, 0) is None and path.due_ms() is None
    commits = path.committable()
    path.answered(other.id, Success(), 0)
    path.committed(commits)
    assert offsets(begun(path)) == [2] and path.committable() == (Commit(1, 1, 1),)


def test_what_is_filtered_out_entirely_is_committed_at_once() -> None:
    path = path_of(filters=Filters(['{"offset":[1]}']))
    receive(path, record(5), record(6))
    assert path.next(0, 0) is None
    assert path.committable() == (Commit(0, 1, 7),)
    assert (path.counts.polled, path.counts.filtered_out) == (2, 2)


def test_what_is_filtered_out_waits_for_what_came_before_it() -> None:
    path = path_of(filters=Filters(['{"offset":[6]}']))
    receive(path, record(5), record(6), record(7))
    assert path.committable() == (Commit(0, 1, 6),)
    path.answered(begun(path).id, Success(), 0)
    assert path.committable() == (Commit(0, 1, 8),)


def test_listed_records_are_tried_alone_before_anything_newer() -> None:
    path = path_of(0, 1)
    receive(path, *(record(at) for at in range(4)), record(0, partition=1))
    work = begun(path)
    path.answered(work.id, PartlyFailed({0: frozenset({1, 3})}, BROKEN), 0)
    receive(path, record(4), record(1, partition=1))
    assert path.committable() == (Commit(0, 1, 1), Commit(1, 1, 1))
    commit(path)
    # The other partition has nothing left in that batch: it goes on.
    assert [one.partition for one in begun(path, 99).batch] == [1]
    again = begun(path, 100)
    assert isinstance(again, Invoke) and offsets(again) == [1, 3] and again.attempt == 2
    path.answered(again.id, Success(), 100)
    assert path.committable()[0] == Commit(0, 1, 4)
    commit(path)
    assert offsets(begun(path, 100)) == [4]


def test_partitions_of_a_batch_that_failed_go_on_without_each_other() -> None:
    path = path_of(0, 1)
    receive(path, record(0), record(1), record(0, partition=1))
    path.answered(begun(path).id, Failed(BROKEN), 0)
    assert path.next(99, 0) is None
    poisoned, other = begun(path, 100), begun(path, 100)
    assert (poisoned.batch.partitions, offsets(poisoned)) == ((0,), [0, 1])
    assert isinstance(other, Invoke) and (other.batch.partitions, other.attempt) == ((1,), 2)
    path.answered(other.id, Success(), 100)
    path.answered(poisoned.id, Failed(BROKEN), 100)
    assert path.committable() == (Commit(1, 1, 1),)
    commit(path)
    receive(path, record(2), record(1, partition=1))
    assert begun(path, 100).batch.partitions == (1,)
    again = begun(path, 300)
    assert isinstance(again, Invoke) and (offsets(again), again.attempt) == ([0, 1], 3)


def test_what_did_not_run_stays_together() -> None:
    path = path_of(0, 1)
    receive(path, record(0), record(0, partition=1))
    path.answered(begun(path).id, Throttled(), 0)
    assert begun(path, 100).batch.partitions == (0, 1)


def test_halves_of_several_partitions_are_theirs_alone() -> None:
    path = path_of(0, 1, policy=RetryPolicy(0, bisect=True))
    receive(path, *(record(at) for at in range(3)), record(0, partition=1))
    path.answered(begun(path).id, Failed(BROKEN), 0)
    first, other = begun(path, 100), begun(path, 100)
    assert (offsets(first), other.batch.partitions) == ([0, 1], (1,))
    path.answered(first.id, Success(), 100)
    commit(path)
    assert offsets(begun(path, 100)) == [2]


def test_what_fails_after_its_partition_was_given_away_is_tried_for_the_others() -> None:
    path = path_of(0, 1)
    receive(path, record(0), record(0, partition=1))
    late = begun(path)
    path.forget([0])
    path.answered(late.id, Failed(BROKEN), 0)
    assert begun(path, 100).batch.partitions == (1,)
    assert path.next(100, 0) is None


def test_halves_go_one_after_the_other_and_what_is_given_up_is_settled_when_discarded() -> None:
    path = path_of(policy=RetryPolicy(0, bisect=True))
    receive(path, *(record(at) for at in range(3)))
    path.answered(begun(path).id, Failed(BROKEN), 0)
    first = begun(path, 100)
    assert offsets(first) == [0]
    path.answered(first.id, Failed(BROKEN), 100)
    dead = begun(path, 100)
    assert isinstance(dead, Discard) and offsets(dead) == [0] and path.committable() == ()
    assert (dead.condition, dead.invocations) == ("RetryAttemptsExhausted", 2)
    path.discarded(dead.id)
    assert path.committable() == (Commit(0, 1, 1),)
    commit(path)
    assert offsets(begun(path, 100)) == [1, 2]


def test_records_that_are_too_old_are_discarded_and_the_others_tried() -> None:
    path = path_of(policy=RetryPolicy(age_ms=1000))
    receive(path, record(0, timestamp=100), record(1, timestamp=5000))
    old = begun(path, wall_ms=2000)
    assert isinstance(old, Discard) and old.condition == "RecordAgeExceeded"
    assert offsets(old) == [0] and old.response is None
    path.discarded(old.id)
    commit(path)
    assert offsets(begun(path, wall_ms=2000)) == [1]


def test_an_event_of_its_own_for_what_is_too_large() -> None:
    path = path_of()
    receive(path, record(0, value=b"x" * 5_000_000), record(1))
    large = begun(path)
    assert isinstance(large, Discard) and large.condition == "MaximumPayloadSizeExceeded"
    assert path.next(0, 0) is None
    path.discarded(large.id)
    commit(path)
    assert offsets(begun(path)) == [1]


def test_it_is_told_what_a_partition_waits_for() -> None:
    path = path_of(0, 1)
    receive(path, record(0))
    work = begun(path)
    receive(path, record(1))
    (shown, idle) = path.progress()
    assert shown.is_running and (shown.waiting, shown.unsettled, shown.attempt) == (1, 2, 1)
    assert (idle.waiting, idle.unsettled, idle.attempt) == (0, 0, 0)
    path.answered(work.id, Throttled(), 1000)
    shown = path.progress()[0]
    assert shown.throttled and not shown.is_running
    assert (shown.attempt, shown.pause_until_ms) == (1, 1100)


def test_a_crowded_partition_is_let_in_again_when_half_is_gone() -> None:
    path = path_of(backlog_bytes=4000)
    receive(path, *(record(at, value=b"x" * 200) for at in range(15)))
    assert path.crowded() == {0}
    path.answered(begun(path).id, Success(), 0)
    assert path.crowded() == frozenset()


def test_what_ran_for_somebody_else_keeps_its_partition_busy_and_settles_nothing() -> None:
    path = path_of()
    receive(path, record(0))
    late = begun(path)
    path.forget([0])
    path.assigned([0], 2)
    receive(path, record(0))
    assert path.next(0, 0) is None
    path.answered(late.id, Success(), 0)
    assert path.committable() == ()
    assert offsets(begun(path)) == [0]


def test_a_partition_to_be_given_back_settles_what_runs_and_begins_nothing() -> None:
    path = path_of(0, 1)
    receive(path, record(0), record(0, partition=1))
    work = begun(path)
    receive(path, record(1))
    path.hold([0])
    assert path.is_running([0])
    path.answered(work.id, PartlyFailed({1: frozenset({0})}, BROKEN), 0)
    assert not path.is_running([0])
    assert path.committable() == (Commit(0, 1, 1),)
    path.forget([0])
    again = begun(path, 100)
    assert [(one.partition, one.offset) for one in again.batch] == [(1, 0)]
    assert path.next(100, 0) is None
