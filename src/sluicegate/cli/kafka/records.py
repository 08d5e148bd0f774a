"""`sluicegate kafka produce` and `peek`: records in, and a look at those there are."""

import base64
import heapq
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, BinaryIO
from unicodedata import category

from ... import kafka
from ...delivery import Record
from ...errors import SettingRefused, StartRefused
from ...kafka import Connection, Outgoing, Producer, Written
from ..table import table
from .troubles import heard, sentence

_TALK = "a record a line; Ctrl-D or Ctrl-C ends"
_WRITTEN_HEADS = ("PARTITION", "RECORDS")
_HEADS = ("PARTITION", "OFFSET", "TIME", "KEY", "VALUE")
_LAYOUT = frozenset("\t\r\n")


def produce(
    connection: Connection, topic: str, key: str | None, separator: str | None, *, as_json: bool
) -> None:
    """Write a record a line of standard input; print how many each partition has got."""
    if separator == "":
        raise SettingRefused("--key-separator is empty; name what stands between key and value")
    with heard(connection):
        kafka.partitions(connection, topic)
        producer = Producer(connection)
        if sys.stdin.isatty():
            print(_TALK, file=sys.stderr)
        lines = Lines(sys.stdin.buffer, key, separator)
        written = producer.write(topic, lines)
        producer.close()
    print(summed(topic, written, as_json=as_json))
    if written.refused is not None:
        raise StartRefused(sentence(written.refused, connection))
    if lines.wrong is not None:
        raise StartRefused(lines.wrong)


class Lines:
    """The records of lines, as they come; `wrong` says why it ended before their end."""

    def __init__(self, lines: BinaryIO, key: str | None, separator: str | None) -> None:
        self.wrong: str | None = None
        self._lines = lines
        self._key = None if key is None else key.encode(errors="surrogateescape")
        self._separator = (separator or "").encode(errors="surrogateescape")

    def __iter__(self) -> Iterator[Outgoing]:
        number = 0
        while True:
            try:
                line = self._lines.readline()
            except KeyboardInterrupt:
                return  # whoever types has ended; what was typed is written
            if not line:
                return
            number += 1
            key, value = self._key, line.removesuffix(b"\n")
            if self._separator:
                key, found, value = value.partition(self._separator)
                if not found:
                    shown = self._separator.decode(errors="replace")
                    self.wrong = (
                        f"line {number} has no `{shown}`; correct it, and send the lines from "
                        "there on again"
                    )
                    return
            yield Outgoing(value, key)


def summed(topic: str, written: Written, *, as_json: bool) -> str:
    """How many records each partition has got."""
    counts = dict(sorted(written.counts.items()))
    if as_json:
        return json.dumps({"topic": topic, "records": sum(counts.values()), "partitions": counts})
    rows = [(str(partition), str(count)) for partition, count in counts.items()]
    return "\n".join(table(_WRITTEN_HEADS, rows)) or "no records"


def peek(
    connection: Connection,
    topic: str,
    partition: int | None,
    start: int | None,
    number: int,
    *,
    as_json: bool,
) -> None:
    """Print the first `number` records from `start` on, or the last ones where it is None."""
    with heard(connection):
        found = kafka.peek(connection, topic, partition, start, number)
    chosen = picked(found, number, last=start is None)
    for each in map(line, chosen) if as_json else told(chosen):
        print(each)


def picked(found: Mapping[int, Sequence[Record]], number: int, *, last: bool) -> list[Record]:
    """Those of all partitions together, by their time, and by their offset in each."""
    merged = list(heapq.merge(*found.values(), key=lambda one: one.timestamp))
    return merged[-number:] if last else merged[:number]


def told(records: Iterable[Record]) -> list[str]:
    """The lines for a reader."""
    rows = [
        (str(one.partition), str(one.offset), _time(one), _shown(one.key), _shown(one.value))
        for one in records
    ]
    return table(_HEADS, rows) or ["no records there"]


def line(one: Record) -> str:
    """A record as JSON; bytes that are no text have a member of another name."""
    shown: dict[str, Any] = {
        "partition": one.partition,
        "offset": one.offset,
        "time": _time(one) or None,
        **_member("key", one.key),
        **_member("value", one.value),
    }
    return json.dumps(shown)


def _time(one: Record) -> str:
    if one.timestamp_type == "NO_TIMESTAMP_TYPE":
        return ""
    try:
        at = datetime.fromtimestamp(one.timestamp / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return ""  # whoever writes a record says when it was
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _member(name: str, data: bytes | None) -> dict[str, str | None]:
    text = "" if data is None else _text(data)
    if text is None:
        assert data is not None
        return {f"{name}_base64": base64.b64encode(data).decode()}
    return {name: None if data is None else text}


def _shown(data: bytes | None) -> str:
    if data is None:
        return "(null)"
    if not data:
        return "(empty)"
    text = _text(data)
    return f"base64:{base64.b64encode(data).decode()}" if text is None else text


def _text(data: bytes) -> str | None:
    """Bytes that are text; None where they are something else."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    is_text = all(letter in _LAYOUT or category(letter) != "Cc" for letter in text)
    return text if is_text else None
