"""Records of transactions, on a real broker: their marks have offsets too, and are no records."""

from collections.abc import Callable

import pytest
from confluent_kafka import Producer
from tests.contract.kafka_cluster import KafkaCluster
from tests.contract.topics import Member, eventually

from sluicegate.brokers.listeners import Listener
from sluicegate.delivery import Bounds, DataPath, EventEncoder, EventSource, Success
from sluicegate.kafka import Connection, GroupConsumer, committed_offsets

pytestmark = [pytest.mark.brokers, pytest.mark.alongside]
TOPIC = "transactions"


def transaction(broker: KafkaCluster, ending: Callable[[Producer], None]) -> None:
    """Three records to the topic, in one transaction."""
    producer = Producer({**broker.as_anybody(), "transactional.id": "one"})
    producer.init_transactions(30)
    producer.begin_transaction()
    for number in range(3):
        producer.produce(TOPIC, b"%d" % number, partition=0)
    assert producer.flush(30) == 0
    ending(producer)


def test_a_mark_at_the_end_leaves_no_lag_and_is_committed(broker: KafkaCluster) -> None:
    broker.make_topic(TOPIC)
    connection = Connection(broker.bootstrap(Listener.CLIENT))
    member = Member(lambda told: GroupConsumer(connection, "billing", TOPIC, told))
    path = DataPath(EventEncoder(EventSource("", "kafka:9092"), TOPIC), bounds=Bounds(10, 0))

    def delivered(end: int) -> bool | None:
        polled = member.poll()
        path.received(path.arrived(polled.records), 0)
        path.passed(polled.passed)
        while (work := path.next(0, 0)) is not None:
            path.answered(work.id, Success(), 0)
            path.committed(member.consumer.commit(path.committable()).done)
        path.committed(member.consumer.commit(path.committable()).done)
        return committed_offsets(connection, "billing", TOPIC).get(0) == end or None

    eventually(lambda: (member.poll() and member.owned) or None)
    path.assigned([0], member.owned[0])
    transaction(broker, lambda producer: producer.commit_transaction(30))
    eventually(lambda: delivered(4))
    transaction(broker, lambda producer: producer.abort_transaction(30))
    eventually(lambda: delivered(8))
    (status,) = member.consumer.status()
    assert (status.position, status.committed, status.end, status.lag) == (8, 8, 8, 0)
    assert [one.offset for one in member.unread] == [0, 1, 2] and member.holes == []
    member.consumer.close()
