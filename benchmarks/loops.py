"""What a script without any Lambda does with a topic: the bare loops of `end_to_end`.

    python -m benchmarks.loops LOOP SERVERS TOPIC GROUP

Each loop reads as one member of a new group from the beginning and commits what it has handled,
batch by batch, until it is ended; whoever started it watches the group's offsets. `poll` takes one
record after the other and prints how old each is, in nanoseconds.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from confluent_kafka import Consumer

BATCH = 1_000
# As those of the trigger's consumer, which are the faster ones; a loop with its library's own
# settings is another, slower peer.
SETTINGS = {
    "auto.offset.reset": "earliest",
    "enable.auto.commit": False,
    "check.crcs": True,
    "fetch.queue.backoff.ms": 1,
    "fetch.wait.max.ms": 100,
    "queued.min.messages": 100_000,
}


def main(loop: str, servers: str, topic: str, group: str) -> None:
    """Run one loop."""
    consumer = Consumer({**SETTINGS, "bootstrap.servers": servers, "group.id": group})
    consumer.subscribe([topic])
    LOOPS[loop](consumer)


def count(consumer: Any) -> None:
    """Count records."""
    counted = 0
    while True:
        counted += len(consumer.consume(BATCH, 0.1))
        _commit(consumer, counted)


def decode(consumer: Any) -> None:
    """Decode the value of each record with the standard library."""
    decoded = 0
    while True:
        for message in consumer.consume(BATCH, 0.1):
            decoded += "order" in json.loads(message.value())
        _commit(consumer, decoded)


def poll(consumer: Any) -> None:
    """Print how old each record is when it comes."""
    while True:
        message = consumer.poll(0.5)
        if message is not None and message.error() is None:
            print("took", time.monotonic_ns() - int(message.value()), flush=True)
            consumer.commit(message, asynchronous=False)


def _commit(consumer: Any, handled: int) -> None:
    if handled:
        consumer.commit(asynchronous=False)


LOOPS: dict[str, Callable[[Any], None]] = {"count": count, "decode": decode, "poll": poll}

if __name__ == "__main__":
    main(*sys.argv[1:])
