"""The stub by hand; what it shares with the real one is in tests/contract."""

from sluicegate.delivery import Commit
from sluicegate.kafka import Assigned, Committing, Lost, Rebalance, Rejoining, Revoked
from sluicegate.testing import StubConsumer, StubTopic


def test_rebalances_by_hand() -> None:
    told: list[Rebalance] = []
    consumer = StubConsumer(StubTopic(partitions=3), told.append)
    consumer.assign(0, 1)
    consumer.assign(2)
    consumer.revoke(1)
    consumer.lose(0)
    consumer.close()
    assert told == [
        Assigned((0, 1), 1),
        Assigned((2,), 2),
        Revoked((1,)),
        Lost((0,)),
        Revoked((2,)),
    ]


def test_a_commit_meets_trouble_once() -> None:
    topic = StubTopic()
    topic.push(b"a")
    consumer = StubConsumer(topic, lambda _: None)
    consumer.assign(0)
    consumer.poll(0)
    topic.commit_troubles.append(Rejoining(27, "rebalance"))
    commit = Commit(0, 1, 1)
    assert consumer.commit([commit]).again == (commit,)
    assert consumer.commit([commit]) == Committing(done=(commit,))


def test_a_hole_and_a_topic_made_again() -> None:
    told: list[Rebalance] = []
    topic = StubTopic()
    for _ in range(5):
        topic.push(b"old")
    consumer = StubConsumer(topic, told.append)
    consumer.assign(0)
    topic.truncate(0, 3)
    (hole,) = consumer.poll(0).holes
    assert (hole.start, hole.end, hole.is_new_log) == (0, 3, False)
    assert len(consumer.poll(0).records) == 0 or consumer.status()[0].position == 5
    topic.make_again()
    topic.push(b"new")
    (hole,) = consumer.poll(0).holes
    assert (hole.start, hole.end, hole.is_new_log) == (5, 0, True)
    assert told[-2:] == [Lost((0,)), Assigned((0,), 2)]
