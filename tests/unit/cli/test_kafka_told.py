"""What `sluicegate kafka topics`, `produce` and `peek` read and print."""

import io
import json
from typing import Any

import pytest

from sluicegate.cli.kafka import records, topics
from sluicegate.cli.kafka.records import Lines, picked
from sluicegate.delivery import Record
from sluicegate.kafka import Outgoing, SeenTopic, Written


def record(offset: int, partition: int = 0, **more: Any) -> Record:
    given: dict[str, Any] = {"timestamp": 0, "timestamp_type": "CREATE_TIME", "headers": ()} | more
    return Record(topic="orders", partition=partition, offset=offset, **given)


def sent(text: bytes, key: str | None = None, separator: str | None = None) -> list[Outgoing]:
    return list(Lines(io.BytesIO(text), key, separator))


def test_topics_are_told_in_columns() -> None:
    found = [SeenTopic("orders", 2, 1, 12), SeenTopic("away", 1, 3, None)]
    assert topics.told(found) == [
        "TOPIC   PARTITIONS  REPLICAS  RECORDS",
        "orders  2           1         12",
        "away    1           3         -",
    ]
    assert topics.told([])[0].endswith("next: sluicegate kafka topics --create NAME")


def test_a_line_is_a_record() -> None:
    assert sent(b"one\n\ntw\xffo") == [Outgoing(b"one"), Outgoing(b""), Outgoing(b"tw\xffo")]
    assert sent(b"one\n", key="ann") == [Outgoing(b"one", b"ann")]
    assert sent(b"ann::one:1\n:two\n", separator=":") == [
        Outgoing(b":one:1", b"ann"),
        Outgoing(b"two", b""),
    ]


def test_a_line_without_a_key_ends_it() -> None:
    lines = Lines(io.BytesIO(b"ann=one\ntwo\nbob=three\n"), None, "=")
    assert list(lines) == [Outgoing(b"one", b"ann")]
    assert lines.wrong == ("line 2 has no `=`; correct it, and send the lines from there on again")


def test_whoever_types_ends_it_with_an_interrupt() -> None:
    class Typed(io.BytesIO):
        def readline(self, size: int | None = -1, /) -> bytes:
            line = super().readline(size)
            if not line:
                raise KeyboardInterrupt
            return line

    assert list(Lines(Typed(b"one\n"), None, None)) == [Outgoing(b"one")]


def test_what_was_written_is_counted_by_partition() -> None:
    written = Written({2: 1, 0: 4})
    assert records.summed("orders", written, as_json=False).splitlines() == [
        "PARTITION  RECORDS",
        "0          4",
        "2          1",
    ]
    assert json.loads(records.summed("orders", written, as_json=True)) == {
        "topic": "orders",
        "records": 5,
        "partitions": {"0": 4, "2": 1},
    }
    assert records.summed("orders", Written({}), as_json=False) == "no records"


def test_records_of_several_partitions_come_by_their_time() -> None:
    first = [record(0, timestamp=10), record(1, timestamp=40), record(2, timestamp=20)]
    second = [record(0, 1, timestamp=15), record(1, 1, timestamp=50)]
    both = {0: first, 1: second}
    assert picked(both, 3, last=False) == [first[0], second[0], first[1]]
    assert picked(both, 2, last=True) == [first[2], second[1]]


def test_records_are_told_in_columns_and_nothing_in_them_is_obeyed() -> None:
    shown = [
        record(7, timestamp=1_700_000_000_123, key=b"ann", value='{"ü":\n 1}\u202e'.encode()),
        record(8, key=b"", value=None, timestamp_type="NO_TIMESTAMP_TYPE"),
        record(9, timestamp=1 << 62, key=None, value=b"\x1b[2J"),
    ]
    assert records.told(shown) == [
        "PARTITION  OFFSET  TIME                      KEY      VALUE",
        '0          7       2023-11-14T22:13:20.123Z  ann      {"ü":  1}',
        "0          8       -                         (empty)  (null)",
        "0          9       -                         (null)   base64:G1sySg==",
    ]
    assert records.told([]) == ["no records there"]


@pytest.mark.parametrize(
    ("data", "members"),
    [
        ({"key": b"ann", "value": "ü".encode()}, {"key": "ann", "value": "ü"}),
        ({"key": None, "value": b""}, {"key": None, "value": ""}),
        ({"key": b"\xff", "value": b"\0"}, {"key_base64": "/w==", "value_base64": "AA=="}),
    ],
)
def test_a_record_is_a_line_of_json(data: dict[str, Any], members: dict[str, Any]) -> None:
    line = records.line(record(3, 1, **data))
    assert line.isascii() and json.loads(line) == {
        "partition": 1,
        "offset": 3,
        "time": "1970-01-01T00:00:00.000Z",
        **members,
    }
