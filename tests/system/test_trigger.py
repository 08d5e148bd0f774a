"""Triggers on a calm day: all records once, in order, as the mapping says they are to come."""

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import Producer

from .kafka_user import new_cluster
from .server import Server
from .trigger_user import Stage, Trigger
from .witness import Verdict

pytestmark = pytest.mark.brokers

ALL_WELL = Verdict()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A server with a cluster, which this module's tests share."""
    with Server(tmp_path_factory.mktemp("calm-trigger") / "state") as server:
        yield Stage(server, new_cluster(server))


def sizes(trigger: Trigger) -> list[int]:
    """How many records each invocation was given."""
    return [sum(map(len, each.offsets.values())) for each in trigger.invocations()]


def offsets(trigger: Trigger) -> list[int]:
    """The offsets of a topic of one partition that the function was given."""
    return [offset for each in trigger.invocations() for offset in each.offsets[0]]


def test_twenty_thousand_records_arrive_once_and_in_order(stage: Stage) -> None:
    trigger = stage.trigger("calm", partitions=4)
    audit = trigger.audit()
    acknowledged = stage.produce("calm", range(20_000), 4)
    trigger.until_handled(20_000)
    trigger.until_committed(dict.fromkeys(range(4), 5_000))
    assert trigger.verdict(acknowledged, audit) == ALL_WELL
    assert audit.readings
    assert max(sizes(trigger)) <= 100
    trigger.until_ok()


def test_it_starts_where_it_is_told_to(stage: Stage) -> None:
    stage.anybody.create_topic("starts")
    now_ms = int(time.time() * 1000)
    stage.produce("starts", range(5), timestamp=now_ms - 100_000)
    stage.produce("starts", range(5), timestamp=now_ms - 50_000)
    positions: dict[str, dict[str, Any]] = {
        "oldest": {"StartingPosition": "TRIM_HORIZON"},
        "newest": {"StartingPosition": "LATEST"},
        "dated": {
            "StartingPosition": "AT_TIMESTAMP",
            "StartingPositionTimestamp": now_ms / 1000 - 75,
        },
    }
    triggers = {}
    for name, position in positions.items():
        stage.function(name)
        triggers[name] = stage.mapping(name, "starts", **position)
    stage.produce("starts", range(5))
    for name, first in {"oldest": 0, "newest": 10, "dated": 5}.items():
        triggers[name].until_handled(15 - first)
        triggers[name].until_committed({0: 15})
        assert offsets(triggers[name]) == list(range(first, 15))


def test_batches_wait_for_their_window_and_are_no_larger_than_they_may_be(stage: Stage) -> None:
    trigger = stage.trigger("windowed", BatchSize=7, MaximumBatchingWindowInSeconds=3)
    stage.produce("windowed", range(18))
    trigger.until_handled(18)
    assert sizes(trigger) == [7, 7, 4]
    for number in range(3):
        stage.produce("windowed", [str(number)])
    trigger.until_handled(21)
    assert sizes(trigger) == [7, 7, 4, 3]


def test_what_no_filter_wants_is_passed_over_and_committed(stage: Stage) -> None:
    pattern = json.dumps({"value": {"kind": ["a", {"prefix": "ab"}], "n": [{"numeric": ["<", 8]}]}})
    trigger = stage.trigger("filtered", FilterCriteria={"Filters": [{"Pattern": pattern}]})
    kinds = ["a", "b", "abc", "c", "bab"]
    values = [json.dumps({"kind": kinds[number % 5], "n": number}) for number in range(20)]
    stage.produce("filtered", values)
    trigger.until_committed({0: 20})
    assert offsets(trigger) == [0, 2, 5, 7]


def test_the_event_is_what_lambda_makes_of_records(stage: Stage) -> None:
    trigger = stage.trigger(
        "encoded", variables={"KEEP_EVENTS": "1"}, MaximumBatchingWindowInSeconds=1
    )
    producer = Producer(stage.anybody.settings())
    odd: list[tuple[str, str | bytes | None]] = [
        ("h", b"h\xdc\x00\x7f\x80"),
        ("none", None),
        ("h", b""),
    ]
    producer.produce("encoded", b"\xff\x00", b"key", headers=odd, timestamp=1_545_084_650_987)
    producer.produce("encoded", None, b"tombstone", timestamp=1)
    producer.produce("encoded", b"", None, timestamp=2)
    assert producer.flush(30) == 0
    trigger.until_handled(3)
    (invocation,) = trigger.invocations()
    common = {"topic": "encoded", "partition": 0, "timestampType": "CREATE_TIME"}
    brokers = stage.server.client("kafka").get_bootstrap_brokers(ClusterArn=stage.cluster)
    first = {
        "offset": 0,
        "timestamp": 1_545_084_650_987,
        "key": base64.b64encode(b"key").decode(),
        "value": base64.b64encode(b"\xff\x00").decode(),
        "headers": [{"h": [104, -36, 0, 127, -128]}, {"none": None}, {"h": []}],
    }
    tombstone = {
        "offset": 1,
        "timestamp": 1,
        "key": base64.b64encode(b"tombstone").decode(),
        "headers": [],
    }
    empty = {"offset": 2, "timestamp": 2, "value": "", "headers": []}
    assert invocation.event == {
        "eventSource": "aws:kafka",
        "eventSourceArn": stage.cluster,
        "bootstrapServers": brokers["BootstrapBrokerStringTls"],
        "records": {"encoded-0": [common | each for each in (first, tombstone, empty)]},
    }


def test_it_is_changed_stopped_and_started(stage: Stage) -> None:
    trigger = stage.trigger("changing")
    update = stage.lambda_.update_event_source_mapping
    stage.produce("changing", range(10))
    trigger.until_handled(10)
    before = len(trigger.invocations())

    update(UUID=trigger.id, BatchSize=3)
    trigger.until_state("Enabled")
    stage.produce("changing", range(10))
    trigger.until_handled(20)
    assert max(sizes(trigger)[before:]) <= 3

    update(UUID=trigger.id, Enabled=False)
    trigger.until_state("Disabled")
    stage.produce("changing", range(10))
    update(UUID=trigger.id, BatchSize=100)
    trigger.until_state("Disabled")
    assert trigger.handled() == 20
    update(UUID=trigger.id, Enabled=True)
    trigger.until_state("Enabled")
    trigger.until_handled(30)
    trigger.until_committed({0: 30})
    assert offsets(trigger) == list(range(30))


def test_a_deleted_mapping_leaves_no_interface_and_a_new_one_begins_anew(stage: Stage) -> None:
    trigger = stage.trigger("deleted")
    ec2 = stage.server.client("ec2")
    mine = {"Name": "description", "Values": [f"*{trigger.id}*"]}
    assert ec2.describe_network_interfaces(Filters=[mine])["NetworkInterfaces"]
    trigger.delete()
    assert ec2.describe_network_interfaces(Filters=[mine])["NetworkInterfaces"] == []
    stage.produce("deleted", range(10))
    again = stage.mapping("deleted", "deleted", StartingPosition="LATEST")
    stage.produce("deleted", range(5))
    again.until_committed({0: 15})
    assert offsets(again) == list(range(10, 15))


def test_a_mapping_has_tags(stage: Stage) -> None:
    trigger = stage.trigger("tagged", Tags={"team": "orders"})
    arn = trigger.shown()["EventSourceMappingArn"]
    stage.lambda_.tag_resource(Resource=arn, Tags={"cost": "low"})
    assert stage.lambda_.list_tags(Resource=arn)["Tags"] == {"team": "orders", "cost": "low"}
    stage.lambda_.untag_resource(Resource=arn, TagKeys=["team"])
    assert stage.lambda_.list_tags(Resource=arn)["Tags"] == {"cost": "low"}
