"""Records and batches for tests, made in a word."""

from collections.abc import Iterable

from sluicegate.delivery import Batch, EventEncoder, EventSource, Headers, Record, Share

TOPIC = "orders"
ENCODER = EventEncoder(EventSource("", "broker:9092"), TOPIC)


def record(
    offset: int,
    *,
    partition: int = 0,
    value: bytes | None = b"v",
    key: bytes | None = None,
    timestamp: int = 0,
    headers: tuple[tuple[str, bytes | None], ...] = (),
) -> Record:
    """A record of the topic."""
    return Record(
        topic=TOPIC,
        partition=partition,
        offset=offset,
        timestamp=timestamp,
        timestamp_type="CREATE_TIME",
        key=key,
        value=value,
        headers=Headers(headers) if headers else (),
    )


def batch(
    records: Iterable[Record], *, generation: int = 1, encoder: EventEncoder = ENCODER
) -> Batch:
    """A batch of those records, a share for each partition in the order they come."""
    by_partition: dict[int, list[Record]] = {}
    for one in records:
        by_partition.setdefault(one.partition, []).append(one)
    return Batch(
        tuple(
            Share(partition, generation, (encoder.encode(some),))
            for partition, some in by_partition.items()
        )
    )
