"""Records per second into Lambda events, beside other ways to write the same JSON.

    python -m benchmarks.encode

Batches of 1,000 records of 1,024 bytes with a short key, from four partitions. Each way gets the
records as a Kafka client gives them and makes the bytes of the whole event. Rounds alternate, so
that what the machine does meanwhile happens to all; the best of each is compared. orjson with the
standard library's base64 takes part where it is installed.

All run as a worker does: with a heap that is not given back and grown again for each batch, which
on some machines costs more than the encoding (MALLOC_TRIM_THRESHOLD_, as `mallopt(3)` has it).
"""

import base64
import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from sluicegate.delivery import Batch, EventEncoder, EventSource, Headers, Record, Share

RECORDS, PARTITIONS, VALUE_BYTES, ROUNDS = 1_000, 4, 1_024, 40
TOPIC, SERVERS = "orders", "127.0.0.1:9092"
ENCODER = EventEncoder(EventSource("", SERVERS), TOPIC)

Records = dict[int, list[Record]]


HEAP = {"MALLOC_TRIM_THRESHOLD_": str(256 << 20), "MALLOC_TOP_PAD_": str(16 << 20)}


def main() -> None:
    """Print records per second, and the ratio to `json.dumps`."""
    if not HEAP.items() <= os.environ.items():
        os.execve(sys.executable, [sys.executable, "-m", "benchmarks.encode"], os.environ | HEAP)
    ways: dict[str, Callable[[Records], bytes]] = {"json.dumps + base64": standard}
    try:
        ways["orjson + base64"] = orjson_way(importlib.import_module("orjson"))
    except ImportError:
        print("orjson is not installed and takes no part")
    ways["sluicegate"] = ours
    for name, headers in (("without headers", ()), ("two headers each", _HEADERS)):
        records = made(headers)
        assert json.loads(ours(records)) == json.loads(standard(records))
        best = fastest(ways, records)
        print(f"{name}:")
        for way, rate in best.items():
            ratio = rate / best["json.dumps + base64"]
            print(f"  {way:<22}{rate / 1000:>8,.0f}k records/s {ratio:>6.2f} x")


_HEADERS = Headers([("trace", os.urandom(24)), ("kind", b"order")])


def made(headers: Headers | tuple[()]) -> Records:
    """Records of each partition."""
    return {
        partition: [
            Record(
                topic=TOPIC,
                partition=partition,
                offset=1_000_000 + number,
                timestamp=1_764_000_000_000 + number,
                timestamp_type="CREATE_TIME",
                key=b"key-%d" % number,
                value=os.urandom(VALUE_BYTES),
                headers=headers,
            )
            for number in range(RECORDS // PARTITIONS)
        ]
        for partition in range(PARTITIONS)
    }


def fastest(ways: dict[str, Callable[[Records], bytes]], records: Records) -> dict[str, float]:
    """Records per second of each way, of its best round."""
    best = dict.fromkeys(ways, 0.0)
    for _ in range(ROUNDS):
        for name, way in ways.items():
            started = time.perf_counter()
            way(records)
            best[name] = max(best[name], RECORDS / (time.perf_counter() - started))
    return best


def ours(records: Records) -> bytes:
    """Each record encoded as it arrives, then joined."""
    shares = [Share(partition, 1, (ENCODER.encode(some),)) for partition, some in records.items()]
    return ENCODER.event(Batch(tuple(shares)))


def standard(records: Records) -> bytes:
    """What a script would do."""
    return json.dumps(event(records)).encode()


def orjson_way(orjson: Any) -> Callable[[Records], bytes]:
    """The same with orjson."""
    return lambda records: bytes(orjson.dumps(event(records)))


def event(records: Records) -> dict[str, Any]:
    """The event as objects."""
    return {
        "eventSource": "aws:SelfManagedKafka",
        "bootstrapServers": SERVERS,
        "records": {
            f"{TOPIC}-{partition}": [
                {
                    "topic": record.topic,
                    "partition": record.partition,
                    "offset": record.offset,
                    "timestamp": record.timestamp,
                    "timestampType": record.timestamp_type,
                    "key": base64.b64encode(record.key or b"").decode(),
                    "value": base64.b64encode(record.value or b"").decode(),
                    "headers": [
                        {name: [byte - 256 if byte > 127 else byte for byte in value or b""]}
                        for name, value in (record.headers.pairs if record.headers else ())
                    ],
                }
                for record in some
            ]
            for partition, some in records.items()
        },
    }


if __name__ == "__main__":
    main()
