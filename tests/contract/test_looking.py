"""What a passer-by sees of a real broker's topics and records, and what he leaves: nothing."""

import pytest
from confluent_kafka import Producer as Library
from confluent_kafka.admin import ResourceType
from tests.contract.kafka_cluster import KafkaCluster
from tests.contract.test_probing import allow, anybody, as_user

from sluicegate.kafka import (
    BrokerFault,
    Connection,
    NotAuthenticated,
    NotAuthorized,
    Outgoing,
    Producer,
    SeenTopic,
    TopicMissing,
    Trouble,
    Unknown,
    Unreachable,
    create_topic,
    partitions,
    peek,
    topics,
)

pytestmark = [pytest.mark.brokers, pytest.mark.alongside]


def push(connection: Connection, topic: str, partition: int, *values: str) -> None:
    producer = Producer(connection)
    producer.send(topic, [Outgoing(each.encode(), partition=partition) for each in values])
    producer.close()


def values(
    connection: Connection, topic: str, partition: int | None, start: int | None, most: int
) -> dict[int, list[str]]:
    found = peek(connection, topic, partition, start, most)
    return {each: [(one.value or b"").decode() for one in some] for each, some in found.items()}


def trouble(raised: pytest.ExceptionInfo[BrokerFault]) -> Trouble:
    return raised.value.trouble


def test_a_topic_is_made_and_seen_with_its_records(broker: KafkaCluster) -> None:
    create_topic(anybody(broker), "seen", 3)
    assert partitions(anybody(broker), "seen") == [0, 1, 2]
    push(anybody(broker), "seen", 0, "one", "two")
    push(anybody(broker), "seen", 2, "three")
    found = topics(anybody(broker))
    assert SeenTopic("seen", 3, 1, 3) in found
    assert not any(each.name.startswith("__") for each in found)
    create_topic(anybody(broker), "seen-by-default", None)
    with pytest.raises(BrokerFault, match="Topic 'seen' already exists") as raised:
        create_topic(anybody(broker), "seen", 1)
    assert isinstance(trouble(raised), Unknown)


def test_records_are_read_from_a_place_to_the_end(broker: KafkaCluster) -> None:
    create_topic(anybody(broker), "peeked", 2)
    push(anybody(broker), "peeked", 0, *"abcde")
    push(anybody(broker), "peeked", 1, "f")
    assert values(anybody(broker), "peeked", None, 0, 10) == {0: [*"abcde"], 1: ["f"]}
    assert values(anybody(broker), "peeked", None, 0, 2) == {0: ["a", "b"], 1: ["f"]}
    assert values(anybody(broker), "peeked", None, None, 2) == {0: ["d", "e"], 1: ["f"]}
    assert values(anybody(broker), "peeked", 0, 3, 10) == {0: ["d", "e"]}
    assert values(anybody(broker), "peeked", 1, 3, 10) == {1: []}


def test_what_is_no_record_at_the_end_is_not_waited_for(broker: KafkaCluster) -> None:
    create_topic(anybody(broker), "peeked-marks", 1)
    producer = Library({**broker.as_anybody(), "transactional.id": "peeked"})
    producer.init_transactions(20)
    for value, end in (("kept", producer.commit_transaction), ("not", producer.abort_transaction)):
        producer.begin_transaction()
        producer.produce("peeked-marks", value)
        producer.flush(20)
        end(20)
    assert values(anybody(broker), "peeked-marks", None, 0, 10) == {0: ["kept"]}
    assert values(anybody(broker), "peeked-marks", None, None, 1) == {0: []}


def test_nobody_is_known_of_afterwards(broker: KafkaCluster) -> None:
    broker.make_topic("peeked-alone")
    push(anybody(broker), "peeked-alone", 0, "one")
    assert values(anybody(broker), "peeked-alone", None, 0, 1) == {0: ["one"]}
    admin = broker.admin()
    groups = admin.list_consumer_groups(request_timeout=20).result().valid
    assert not any("look" in each.group_id for each in groups)


def test_who_may_read_a_topic_needs_no_group(broker: KafkaCluster) -> None:
    broker.make_topic("peeked-acls")
    push(anybody(broker), "peeked-acls", 0, "one")
    for user in ("peeker-in", "peeker-out"):
        broker.make_user(user, "secret")
    # Where one has ACLs, others have none: of the topic, and of every group.
    allow(broker, ResourceType.TOPIC, "peeked-acls", "peeker-in")
    allow(broker, ResourceType.GROUP, "sluicegate-looks", "somebody")
    inside, outside = (as_user(broker, f"peeker-{each}", "secret") for each in ("in", "out"))
    assert values(inside, "peeked-acls", None, 0, 10) == {0: ["one"]}
    assert "peeked-acls" not in {each.name for each in topics(outside)}
    with pytest.raises(BrokerFault) as raised:
        peek(outside, "peeked-acls", None, 0, 1)
    assert isinstance(trouble(raised), NotAuthorized)


def test_what_may_not_be_written_is_told(broker: KafkaCluster) -> None:
    broker.make_topic("read-only")
    broker.make_user("reader", "secret")
    allow(broker, ResourceType.TOPIC, "read-only", "reader")
    producer = Producer(as_user(broker, "reader", "secret"))
    written = producer.write("read-only", [Outgoing(b"one"), Outgoing(b"two")])
    producer.close()
    assert written.counts == {} and isinstance(written.refused, NotAuthorized)


def test_what_was_written_is_counted(broker: KafkaCluster) -> None:
    create_topic(anybody(broker), "counted", 2)
    producer = Producer(anybody(broker))
    written = producer.write("counted", [Outgoing(b"", partition=n % 3 % 2) for n in range(6)])
    producer.close()
    assert written.counts == {0: 4, 1: 2} and written.refused is None


def test_what_keeps_from_looking_is_told(broker: KafkaCluster) -> None:
    broker.make_topic("looked")
    broker.make_user("looker", "secret")
    with pytest.raises(BrokerFault) as raised:
        topics(as_user(broker, "looker", "another"))
    assert isinstance(trouble(raised), NotAuthenticated)
    with pytest.raises(BrokerFault) as raised:
        topics(Connection("127.0.0.1:1"), patience_seconds=1)
    assert isinstance(trouble(raised), Unreachable)
    with pytest.raises(BrokerFault, match="topic `nowhere` is not there") as raised:
        peek(anybody(broker), "nowhere", None, 0, 1)
    assert isinstance(trouble(raised), TopicMissing)
    with pytest.raises(BrokerFault, match="`looked` has no partition 1: they are 0 to 0"):
        peek(anybody(broker), "looked", 1, 0, 1)
