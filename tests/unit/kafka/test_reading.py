"""Messages that are no records, and some that cannot be read."""

from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError

from sluicegate.kafka import Corrupt, Unreachable
from sluicegate.kafka.reading import read


@dataclass
class Message:
    """A message of the library's, as far as it is looked at."""

    at: int
    number: int = 0
    failed: int | None = None
    obstacle: Exception | None = None

    def error(self) -> Any:
        return None if self.failed is None else KafkaError(self.failed, "text")

    def partition(self) -> int:
        return self.number

    def offset(self) -> int:
        return self.at

    def timestamp(self) -> tuple[int, int]:
        return 1, 1000

    def key(self) -> None:
        return None

    def value(self) -> bytes:
        if self.obstacle is not None:
            raise self.obstacle
        return b"value"

    def headers(self) -> None:
        return None


def test_a_message_that_cannot_be_read_takes_none_of_another_partition_with_it() -> None:
    found = read(
        "orders", [Message(0), Message(1, obstacle=SystemError("?")), Message(2), Message(7, 1)]
    )
    assert {name: [one.offset for one in some] for name, some in found.records.items()} == {
        0: [0],
        1: [7],
    }
    assert found.corrupt == {0} and [type(one) for one in found.troubles] == [Corrupt]


def test_nothing_is_read_of_a_partition_after_what_is_damaged() -> None:
    for code in (KafkaError._BAD_MSG, KafkaError._NOT_IMPLEMENTED, 12345):
        found = read("orders", [Message(0), Message(0, failed=code), Message(9), Message(3, 1)])
        assert [one.offset for one in found.records[0]] == [0] and len(found.records[1]) == 1
        assert found.corrupt == {0}


def test_what_is_no_partition_s_stops_none() -> None:
    found = read("orders", [Message(0), Message(0, -1, failed=KafkaError._TRANSPORT), Message(1)])
    assert [one.offset for one in found.records[0]] == [0, 1]
    assert found.corrupt == set() and [type(one) for one in found.troubles] == [Unreachable]


def test_an_offset_that_is_gone_is_no_trouble() -> None:
    found = read("orders", [Message(0, failed=KafkaError.OFFSET_OUT_OF_RANGE)])
    assert found.gone == {0} and found.troubles == [] and found.corrupt == set()
