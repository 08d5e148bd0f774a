"""The library's messages, read: records by partition, and what stands where a record should be."""

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import methodcaller
from typing import Any

from confluent_kafka import KafkaError

from ..delivery import Headers, Record
from ..delivery.records import TimestampType
from .faults import Corrupt, Trouble, Unknown, trouble

_TIMESTAMP_TYPES: tuple[TimestampType, ...] = (
    "NO_TIMESTAMP_TYPE",
    "CREATE_TIME",
    "LOG_APPEND_TIME",
)
_GONE = (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE)

# The library answers with an error still pending where it cannot decode a name, and a call of
# CPython's own bytecode may not notice. This one does.
_headers: Callable[[Any], Any] = methodcaller("headers")


@dataclass(frozen=True, slots=True)
class Read:
    """What messages were: records in order, and troubles.

    `gone` are partitions whose offset brokers do not have, `corrupt` those with something that
    cannot be read: nothing that follows it is among the records. `ends` are partitions that were
    read up to their end, with what is no record: marks of transactions, and what they took back.
    """

    records: dict[int, list[Record]] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    corrupt: set[int] = field(default_factory=set)
    ends: dict[int, int] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)


def read(topic: str, messages: Sequence[Any]) -> Read:
    """Read messages. This is the one loop over records here; it is written for speed."""
    types = _TIMESTAMP_TYPES
    found = Read()
    records, corrupt = found.records, found.corrupt
    for message in messages:
        partition = message.partition()
        if message.error() is not None:
            _note(found, partition, message)
            continue
        if partition in corrupt:
            continue
        try:
            kind, timestamp = message.timestamp()
            try:
                headers = _headers(message)
            except SystemError as error:
                headers = _mended(message, error)
            record = Record(
                topic=topic,
                partition=partition,
                offset=message.offset(),
                timestamp=timestamp,
                timestamp_type=types[kind],
                key=message.key(),
                value=message.value(),
                headers=Headers(headers) if headers else (),
            )
        except Exception as error:  # noqa: BLE001 - the records of all other partitions are here
            corrupt.add(partition)
            what = f"a record of partition {partition} cannot be read: {type(error).__name__}"
            found.troubles.append(Corrupt(KafkaError._BAD_MSG, what))
            continue
        if partition in records:
            records[partition].append(record)
        else:
            records[partition] = [record]
    return found


def is_end(message: Any) -> bool:
    """Whether it says that a partition is read up to its end."""
    return message.error() is not None and message.error().code() == KafkaError._PARTITION_EOF


def _note(found: Read, partition: int, message: Any) -> None:
    error = message.error()
    if is_end(message):
        found.ends[partition] = message.offset()
        return
    if error.code() in _GONE:
        found.gone.add(partition)
        return
    told = trouble(error)
    found.troubles.append(told)
    # The library goes on by itself after what it knows; after these, perhaps at a wrong place.
    if partition >= 0 and isinstance(told, Corrupt | Unknown):
        found.corrupt.add(partition)


def _mended(message: Any, error: BaseException) -> list[tuple[str, bytes | None]]:
    """The headers of a record with names that are no UTF-8, as a Java client has them: U+FFFD in
    place of what is none.

    The library keeps such a header as a pair whose first place is empty, not to be touched. The
    bytes of a name are in the error, of one name alone: where there are several, each is U+FFFD.
    """
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, UnicodeDecodeError):
        cause = cause.__cause__
    pairs = _headers(message)
    nameless = [len(gc.get_referents(pair)) < 2 for pair in pairs]
    is_known = cause is not None and sum(nameless) == 1
    name = cause.object.decode(errors="replace") if cause is not None and is_known else "\ufffd"
    return [
        (name if is_nameless else pair[0], pair[1])
        for pair, is_nameless in zip(pairs, nameless, strict=True)
    ]
