"""What a consumer promises, on the stub and on librdkafka; a real broker is one parameter more."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from tests.contract.mock_cluster import MockCluster
from tests.contract.topics import Member, StubbedTopic, Topic, eventually, mocked

from sluicegate.delivery import Commit, Record
from sluicegate.kafka import Committing, Rejoining, Revoked

MakeTopic = Callable[[int], Topic]
_names = (f"topic-{number}" for number in itertools.count())


@pytest.fixture(params=["stub", "mock"])
def make_topic(request: pytest.FixtureRequest) -> Iterator[MakeTopic]:
    """Makes a topic with so many partitions, its group empty."""
    if request.param == "stub":
        yield StubbedTopic
        return
    with MockCluster() as cluster:
        served = []

        def make(partitions: int) -> Topic:
            served.append(mocked(cluster, next(_names), partitions))
            return served[-1]

        yield make
        for topic in served:
            topic.close()


def joined(topic: Topic) -> Member:
    member = topic.join()
    topic.settle(member)
    return member


def values(records: list[Record]) -> list[bytes | None]:
    return [record.value for record in records]


def test_records_come_as_they_were_written(make_topic: MakeTopic) -> None:
    topic = make_topic(1)
    member = joined(topic)
    topic.push(b"value", key=b"key")
    topic.push(None, b"")
    topic.push_with(b"x", [("a", b"\xff\x00"), ("b", None), ("a", b"")], 1545084650987)
    plain, tombstone, empty, headed = member.take(4)
    assert (plain.partition, plain.offset, plain.key, plain.value) == (0, 0, b"key", b"value")
    assert plain.timestamp_type == "CREATE_TIME" and plain.headers == ()
    assert (tombstone.key, tombstone.value, empty.value) == (None, None, b"")
    assert headed.headers and headed.headers.pairs == (("a", b"\xff\x00"), ("b", None), ("a", b""))
    assert headed.timestamp == 1545084650987


def test_partitions_are_told_with_a_generation_and_begin_at_their_beginning(
    make_topic: MakeTopic,
) -> None:
    topic = make_topic(2)
    topic.push(b"a", b"b", partition=0)
    topic.push(b"c", partition=1)
    member = joined(topic)
    assert set(member.owned) == {0, 1} and set(member.owned.values()) == {1}
    taken = member.take(3)
    assert {(one.partition, one.offset) for one in taken} == {(0, 0), (0, 1), (1, 0)}


def test_a_group_goes_on_where_it_has_committed(make_topic: MakeTopic) -> None:
    topic = make_topic(1)
    topic.push(b"a", b"b", b"c")
    first = joined(topic)
    first.take(3)
    commit = Commit(0, first.owned[0], 2)
    assert first.consumer.commit([commit]) == Committing(done=(commit,))
    assert topic.committed() == {0: 2}
    first.consumer.close()
    assert first.owned == {} and isinstance(first.rebalances[-1], Revoked)
    assert values(joined(topic).take(1)) == [b"c"]


def test_nothing_is_committed_by_itself(make_topic: MakeTopic) -> None:
    topic = make_topic(1)
    topic.push(b"a")
    member = joined(topic)
    member.take(1)
    member.consumer.close()
    assert topic.committed() == {}


def test_nothing_is_committed_that_is_not_ours_or_was_not_polled(make_topic: MakeTopic) -> None:
    topic = make_topic(1)
    topic.push(b"a")
    member = joined(topic)
    member.take(1)
    generation = member.owned[0]
    for commit in (
        Commit(0, generation - 1, 1),
        Commit(0, generation + 1, 1),
        Commit(0, generation, 2),
        Commit(7, generation, 1),
    ):
        assert member.consumer.commit([commit]) == Committing()
    assert topic.committed() == {}


def test_a_commit_refused_for_a_rebalance_is_worth_another_try(make_topic: MakeTopic) -> None:
    topic = make_topic(1)
    topic.push(b"a")
    member = joined(topic)
    member.take(1)
    topic.refuse_commit()
    commit = Commit(0, member.owned[0], 1)
    refused = member.consumer.commit([commit])
    assert refused.done == () and refused.again == (commit,)
    assert isinstance(refused.troubles[0], Rejoining)

    def committed() -> bool | None:
        member.poll()
        again = Commit(0, member.owned[0], 1) if member.owned else commit
        return bool(member.consumer.commit([again]).done) or None

    eventually(committed)
    assert topic.committed() == {0: 1}


def test_whether_the_group_counts_a_member_in_is_asked(make_topic: MakeTopic) -> None:
    topic = make_topic(1)
    topic.push(b"a", b"b")
    member = joined(topic)
    assert member.consumer.is_member()
    member.take(2)
    member.consumer.commit([Commit(0, member.owned[0], 1)])
    topic.refuse_commit()
    assert not member.consumer.is_member()
    assert [type(one) for one in member.poll().troubles] == [Rejoining]
    eventually(lambda: (member.poll() and member.consumer.is_member()) or None)
    # It is asked with what was committed before, and nothing else.
    assert topic.committed() == {0: 1}


def test_a_paused_partition_is_quiet_and_goes_on_where_it_was(make_topic: MakeTopic) -> None:
    topic = make_topic(2)
    member = joined(topic)
    topic.push(b"a", partition=0)
    assert values(member.take(1)) == [b"a"]
    member.consumer.pause([0, 5])
    topic.push(b"b", partition=0)
    topic.push(b"c", partition=1)
    assert values(member.take(1)) == [b"c"]
    member.takes_nothing()
    assert [one.is_paused for one in member.consumer.status()] == [True, False]
    member.consumer.resume([0])
    assert values(member.take(1)) == [b"b"]


def test_a_consumer_may_be_set_back(make_topic: MakeTopic) -> None:
    topic = make_topic(1)
    topic.push(b"a", b"b", b"c")
    member = joined(topic)
    member.take(3)
    member.consumer.seek(0, 1)
    assert values(member.take(2)) == [b"b", b"c"]


def test_what_is_revoked_is_ours_until_it_was_taken_note_of(make_topic: MakeTopic) -> None:
    topic = make_topic(2)
    topic.push(b"a", partition=0)
    topic.push(b"a", partition=1)
    first = joined(topic)
    first.take(2)
    generations = dict(first.owned)
    done: list[Commit] = []
    refused: list[Commit] = []

    def commit(what: Revoked) -> None:
        for partition in what.partitions:
            last = Commit(partition, generations[partition], 1)
            committing = first.consumer.commit([last])
            done.extend(committing.done)
            refused.extend(committing.again)

    first.on_revoked = commit
    second = topic.join()
    topic.settle(first, second)
    # The group may go on without us, and then takes nothing of ours: the record comes again.
    (gone,) = done or refused
    assert topic.committed() == ({gone.partition: 1} if done else {})
    assert set(second.owned) == {gone.partition}
    kept = 1 - gone.partition
    assert first.owned == {kept: generations[kept]}, "what is kept stays under its assignment"
    topic.push(b"b", partition=0)
    topic.push(b"b", partition=1)
    (mine,), (theirs,) = first.take(1), second.take(1)
    assert (mine.partition, mine.value) == (kept, b"b")
    assert (theirs.partition, theirs.value) == (gone.partition, b"b" if done else b"a")
    # And nothing for what is not ours any more.
    assert first.consumer.commit([gone]) == Committing()


def test_it_is_told_how_far_a_partition_is(make_topic: MakeTopic) -> None:
    topic = make_topic(1)
    topic.push(b"a", b"b", b"c")
    member = joined(topic)
    member.take(3)
    member.consumer.commit([Commit(0, member.owned[0], 1)])
    (status,) = member.consumer.status()
    assert (status.position, status.committed, status.end, status.lag) == (3, 1, 3, 2)
    assert not status.is_waiting


def test_anybody_may_look_while_it_is_polled_without_a_break(make_topic: MakeTopic) -> None:
    topic = make_topic(1)
    topic.push(b"a")
    member = joined(topic)
    member.take(1)
    is_polled, has_looked, seen = threading.Event(), threading.Event(), list[int | None]()

    def look() -> None:
        assert is_polled.wait(5)
        for _ in range(500):
            seen.extend(one.end for one in member.consumer.status())
        has_looked.set()

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    deadline = time.monotonic() + 5
    while not has_looked.is_set() and time.monotonic() < deadline:
        member.consumer.poll(0.005)
        is_polled.set()
    assert seen == [1] * 500


def test_a_poll_brings_no_more_than_it_is_asked_for(make_topic: MakeTopic) -> None:
    topic = make_topic(1)
    member = joined(topic)
    topic.push(*[b"v"] * 10)
    counts: list[int] = []
    while sum(counts) < 10:
        polled = member.consumer.poll(0.05, 3)
        counts.append(sum(map(len, polled.records.values())))
    assert [count for count in counts if count] == [3, 3, 3, 1]
