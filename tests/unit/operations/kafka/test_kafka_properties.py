"""What a configuration may say and what brokers take are one table, told twice."""

import json

import pytest

from sluicegate.brokers.configuration import ADJUSTABLE
from sluicegate.errors import AwsError
from sluicegate.operations.kafka import properties

LONGEST = str(2**63 - 1)


def test_what_is_accepted_is_what_brokers_can_be_started_with() -> None:
    assert frozenset(properties.CHECKS) == ADJUSTABLE


def checked(text: str) -> dict[str, str]:
    return properties.checked(text.encode(), ["3.9.x"])[1]


def refusal(text: str) -> list[str]:
    with pytest.raises(AwsError) as refused:
        checked(text)
    return [
        message for fault in json.loads(refused.value.message) for message in fault["errorMessages"]
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("num.io.threads", "0"), ("num.io.threads", "2147483648"), ("num.partitions", "٣")),
        *(("log.segment.bytes", "99999999999"), ("log.segment.bytes", "1048575")),
        *(("message.max.bytes", "-1"), ("log.retention.ms", "0"), ("log.retention.hours", "-2")),
        *(("min.insync.replicas", "0"), ("offsets.topic.replication.factor", "32768")),
        *(("connections.max.idle.ms", "100"), ("replica.lag.time.max.ms", "499")),
        *(
            ("socket.send.buffer.bytes", "0"),
            ("log.roll.ms", "-1"),
            ("log.flush.interval.ms", "-1"),
        ),
        *(("log.retention.bytes", f"{LONGEST}0"), ("log.retention.bytes", "")),
        *(("log.cleaner.min.cleanable.ratio", "7"), ("log.cleaner.min.cleanable.ratio", "1.1")),
        *(("compression.type", "gzip,snappy"), ("compression.type", "GZIP")),
        *(
            ("log.message.timestamp.type", "CreateTime,LogAppendTime"),
            ("log.cleanup.policy", "none"),
        ),
        *(("auto.create.topics.enable", "yes"), ("auto.create.topics.enable", "true,false")),
        *(("group.share.heartbeat.interval.ms", "15001"), ("num.io.threads", "1.0")),
    ],
)
def test_a_value_that_kafka_would_not_start_with_is_refused(name: str, value: str) -> None:
    assert refusal(f"{name}={value}") == [f"Value '{value}' is not valid for key '{name}'."]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("num.io.threads", "1"), ("num.io.threads", "+8"), ("log.retention.ms", "-1")),
        *(("log.segment.bytes", "1048576"), ("log.retention.bytes", LONGEST)),
        *(("log.cleaner.min.cleanable.ratio", "0.5"), ("log.cleanup.policy", "delete, compact")),
        *(("connections.max.idle.ms", "-1"), ("socket.send.buffer.bytes", "-1")),
        *(("compression.type", "zstd"), ("auto.create.topics.enable", "TRUE")),
    ],
)
def test_a_value_that_kafka_starts_with_is_accepted(name: str, value: str) -> None:
    assert checked(f"{name}={value}") == {name: value}


def test_a_heartbeat_is_no_shorter_than_the_shortest() -> None:
    least, usual = "group.share.min.heartbeat.interval.ms", "group.share.heartbeat.interval.ms"
    assert refusal(f"{least}=900\n{usual}=800") == [
        f"Value '800' for key '{usual}' must not be less than that of '{least}'."
    ]
    assert checked(f"{least}=800\n{usual}=900") == {least: "800", usual: "900"}
    assert checked(f"{least}=14000") == {least: "14000"}


def test_what_aws_s_own_example_sets_is_accepted() -> None:
    example = (
        "auto.create.topics.enable = true\n\nzookeeper.connection.timeout.ms = 1000\n\n"
        "log.roll.ms = 604800000"
    )
    assert checked(example) == {
        "auto.create.topics.enable": "true",
        "log.roll.ms": "604800000",
    }
