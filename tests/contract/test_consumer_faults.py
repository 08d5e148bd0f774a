"""What brokers refuse, on librdkafka's mock cluster; and where a group begins."""

from collections.abc import Iterator

import pytest
from tests.contract.damage import DamagingWire
from tests.contract.mock_cluster import MockCluster
from tests.contract.topics import Member, ServedTopic, eventually, mocked

from sluicegate.delivery import Commit, Headers
from sluicegate.kafka import (
    AtTimestamp,
    BrokerFault,
    Connection,
    Corrupt,
    GroupConsumer,
    Latest,
    NotAuthorized,
    Outgoing,
    Producer,
    TopicMissing,
    TrimHorizon,
    Unreachable,
    committed_offsets,
    fix_start,
)


@pytest.fixture
def cluster() -> Iterator[MockCluster]:
    with MockCluster() as made:
        yield made


@pytest.fixture
def topic(cluster: MockCluster) -> Iterator[ServedTopic]:
    made = mocked(cluster, "orders", 2)
    yield made
    made.close()


def joined(topic: ServedTopic) -> Member:
    member = topic.join()
    topic.settle(member)
    return member


def _commit(member: Member, offset: int, generation: int | None = None) -> Commit:
    return Commit(0, member.owned[0] if generation is None else generation, offset)


@pytest.mark.parametrize("code", [30, 16, 14, 113, 7, 25, -1, 999])
def test_a_group_whose_offsets_are_not_told_waits_and_begins_nowhere_else(
    cluster: MockCluster, topic: ServedTopic, code: int
) -> None:
    topic.push(b"a", b"b")
    fix_start(topic.connection, "group", "orders", Latest())
    topic.push(b"c")
    cluster.refuse_offsets(code, code)
    member = joined(topic)
    assert [one.value for one in member.take(1)] == [b"c"]


def test_partitions_that_wait_may_be_revoked(cluster: MockCluster, topic: ServedTopic) -> None:
    cluster.refuse_offsets(*[30] * 6)
    first = topic.join()
    eventually(lambda: (first.poll() and first.owned) or None)
    assert all(one.is_waiting for one in first.consumer.status())
    second = topic.join()
    topic.settle(first, second)
    topic.push(b"a", partition=0)
    topic.push(b"b", partition=1)
    assert {first.take(1)[0].value, second.take(1)[0].value} == {b"a", b"b"}


def test_what_was_refused_is_told(cluster: MockCluster, topic: ServedTopic) -> None:
    cluster.refuse_offsets(30, 30)
    member = joined(topic)
    assert {type(one) for one in member.troubles} == {NotAuthorized}


def test_an_offset_that_is_gone_leads_to_the_first_there_is_and_the_hole_is_told(
    topic: ServedTopic,
) -> None:
    topic.push(b"a", b"b", b"c")
    member = joined(topic)
    member.take(3)
    # Beyond the end: as when the topic was made again.
    generation = member.owned[0]
    member.consumer.seek(0, 40)
    taken = member.take(3)
    assert [one.offset for one in taken] == [0, 1, 2]
    (hole,) = member.holes
    assert (hole.partition, hole.start, hole.end, hole.is_new_log) == (0, 40, 0, True)
    # What was earned before is of another log.
    assert member.owned[0] > generation
    assert member.consumer.commit([_commit(member, 3, generation)]).done == ()


def test_what_has_expired_is_a_hole(topic: ServedTopic) -> None:
    member = joined(topic)
    # The mock cluster keeps 5 MiB of a partition.
    topic.push(*[b"x" * 900_000] * 8)
    generation = member.owned[0]
    last = member.take(1)[-1].offset
    member.consumer.seek(0, 0)
    eventually(lambda: (member.poll() and member.holes) or None)
    (hole,) = member.holes
    assert (hole.start, hole.is_new_log) == (0, False) and 0 < hole.end <= 7
    assert member.owned[0] == generation and last >= 0


def test_header_names_that_are_no_text_come_as_a_java_client_has_them(
    cluster: MockCluster, topic: ServedTopic
) -> None:
    topic.push(b"before")
    named = (b"a", b"1"), (b"x\xff\xe2\x82y", b"\xff"), (b"b", None), (b"c", b"")
    cluster.write("orders", b"one", *named)
    cluster.write("orders", b"two", (b"\xff\xfe", None), (b"a", None), (b"\xfd", b"2"))
    topic.push(b"after")
    topic.push(b"other", partition=1)
    taken = {one.value: one.headers for one in joined(topic).take(5)}
    one, two = taken.pop(b"one"), taken.pop(b"two")
    assert taken == {b"before": (), b"after": (), b"other": ()}
    assert one == Headers([("a", b"1"), ("x\ufffd\ufffdy", b"\xff"), ("b", None), ("c", b"")])
    assert two == Headers([("\ufffd", None), ("a", None), ("\ufffd", b"2")])


@pytest.fixture
def wire(cluster: MockCluster) -> Iterator[DamagingWire]:
    made = DamagingWire(cluster.bootstrap_servers)
    yield made
    made.close()


def behind(wire: DamagingWire, topic: ServedTopic) -> Member:
    """A member that has read ten records, and has not fetched twenty more."""
    member = Member(
        lambda told: GroupConsumer(Connection(wire.bootstrap_servers), "group", "orders", told)
    )
    topic.members.append(member)
    topic.settle(member)
    for number in range(10):
        topic.push(b"%d" % number)
    member.take(10)
    member.consumer.pause([0])
    for number in range(10, 30):
        # As long as that, its end is taken for the head of a batch by librdkafka, which goes on at
        # the offset that it seems to have.
        topic.push(b"value-%06d-" % number + b"x" * 50)
    return member


def test_what_was_damaged_on_its_way_is_fetched_again_and_nothing_twice(
    topic: ServedTopic, wire: DamagingWire
) -> None:
    member = behind(wire, topic)
    wire.needle = b"value-000010"
    member.consumer.resume([0])
    assert [one.offset for one in member.take(20)] == list(range(10, 30))
    assert wire.damaged == 1
    assert {type(one) for one in member.troubles} == {Corrupt} and member.holes == []


def test_what_is_always_damaged_holds_up_its_partition_alone_and_is_told(
    topic: ServedTopic, wire: DamagingWire
) -> None:
    member = behind(wire, topic)
    wire.needle, wire.is_lasting = b"value-000010", True
    member.consumer.resume([0])
    eventually(lambda: (member.poll() and wire.damaged >= 3) or None)
    topic.push(b"other", partition=1)
    assert [one.value for one in member.take(1)] == [b"other"]
    assert {type(one) for one in member.troubles} == {Corrupt} and member.holes == []
    # It asks now and then, not all the time.
    assert wire.damaged < 10
    wire.needle = b""
    assert [one.offset for one in member.take(20)] == list(range(10, 30))


def test_a_topic_that_is_not_there_is_told(cluster: MockCluster) -> None:
    connection = Connection(cluster.bootstrap_servers)
    with pytest.raises(BrokerFault) as refusal:
        committed_offsets(connection, "group", "no such topic!", patience_seconds=0.1)
    assert isinstance(refusal.value.trouble, TopicMissing), refusal.value.trouble


def test_brokers_that_are_not_there_are_told() -> None:
    member = Member(lambda told: GroupConsumer(Connection("127.0.0.1:1"), "g", "orders", told))
    found = eventually(lambda: member.poll().troubles or None)
    assert all(isinstance(one, Unreachable) for one in found)
    member.consumer.close()
    with pytest.raises(BrokerFault):
        Producer(Connection("127.0.0.1:1"), timeout_seconds=0.2).send("t", [Outgoing(b"x")])


def test_latest_is_fixed_once(topic: ServedTopic) -> None:
    topic.push(b"old", b"old")
    assert fix_start(topic.connection, "group", "orders", Latest()) == {0: 2, 1: 0}
    topic.push(b"new")
    assert fix_start(topic.connection, "group", "orders", Latest()) == {}
    assert [one.value for one in joined(topic).take(1)] == [b"new"]


def test_a_moment_is_the_first_record_that_is_not_older_or_the_end(topic: ServedTopic) -> None:
    for ms in (1000, 2000):
        topic.push_with(b"%d" % ms, [], ms)
    fixed = fix_start(topic.connection, "group", "orders", AtTimestamp(3000))
    assert fixed == {0: 2, 1: 0}


def test_the_beginning_needs_nothing(topic: ServedTopic) -> None:
    assert fix_start(topic.connection, "group", "orders", TrimHorizon()) == {}
    assert topic.committed() == {}


def test_a_topic_that_is_not_there_has_nothing_older(cluster: MockCluster) -> None:
    connection = Connection(cluster.bootstrap_servers)
    fixed = fix_start(connection, "group", "no such topic!", Latest(), patience_seconds=0.1)
    assert fixed == {}


def test_an_error_is_no_empty_group(cluster: MockCluster, topic: ServedTopic) -> None:
    cluster.refuse_offsets(30)
    with pytest.raises(BrokerFault) as refusal:
        fix_start(topic.connection, "group", "orders", Latest())
    assert isinstance(refusal.value.trouble, NotAuthorized)
    assert topic.committed() == {}
