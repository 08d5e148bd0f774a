"""A topic that is deleted, made again and filled before its consumer looks, on a real broker."""

import pytest
from confluent_kafka import KafkaError
from confluent_kafka.admin import NewTopic
from tests.contract.kafka_cluster import KafkaCluster, produce
from tests.contract.topics import Member, eventually

from sluicegate.brokers.listeners import Listener
from sluicegate.delivery import Commit
from sluicegate.kafka import Connection, GroupConsumer, Hole, committed_offsets

pytestmark = [pytest.mark.brokers, pytest.mark.alongside]
TOPIC = "made-again"


def make_again(broker: KafkaCluster) -> None:
    """Another topic of the same name."""
    admin = broker.admin()
    for deleted in admin.delete_topics([TOPIC]).values():
        deleted.result(20)

    def made() -> bool | None:
        made = admin.create_topics([NewTopic(TOPIC, 1, 1)])[TOPIC].exception(20)
        if made is None:
            return True
        assert made.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS
        return None

    eventually(made)


def test_the_new_log_is_read_from_its_beginning(broker: KafkaCluster) -> None:
    broker.make_topic(TOPIC)
    connection = Connection(broker.bootstrap(Listener.CLIENT))
    member = Member(lambda told: GroupConsumer(connection, "billing", TOPIC, told))
    produce(broker.as_anybody(), TOPIC, [b"old"] * 5)
    member.take(5)
    generation = member.owned[0]
    assert member.consumer.commit([Commit(0, generation, 5)]).done
    make_again(broker)
    # Longer than the old one was: nobody misses its offset.
    new = [b"new %d" % number for number in range(20)]
    produce(broker.as_anybody(), TOPIC, new)
    eventually(lambda: (member.poll() and member.owned.get(0) != generation) or None)
    # What it had read in the middle was committed, perhaps.
    assert committed_offsets(connection, "billing", TOPIC) == {0: 0}
    assert member.consumer.commit([Commit(0, generation, 20)]).done == ()
    eventually(
        lambda: (member.poll() and [one.value for one in member.unread[-20:]] == new) or None
    )
    (hole,) = member.holes
    assert (hole.end, hole.is_new_log) == (0, True) and isinstance(hole, Hole)
    member.consumer.close()
