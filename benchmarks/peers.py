"""What the frameworks do with a topic that a Python script would otherwise use.

    python -m benchmarks.peers PEER LOOP SERVERS TOPIC GROUP

Each reads as the loops of `loops` do: as one member of a new group, from the beginning, committing
after it has handled, until it is ended. It runs on the Python of an environment that
`peer_environments` has made and imports nothing that is not there: of ours only `loops`.

Each is given the settings of the bare loops where it lets us, the faster of its ways to be handed
bytes, and no log line for each record; its handler does what the bare loop of that name does. What
is left as it is belongs to it.
"""

import asyncio
import json
import logging
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .loops import BATCH, SETTINGS

# For how long a fetch waits at the broker, as in `SETTINGS`, and a batch that is not full here, as
# in the bare loops.
FETCH_MILLISECONDS, BATCH_SECONDS = SETTINGS["fetch.wait.max.ms"], 0.1
# aiokafka asks for more of a partition when it has handed out the last of it; with its default of
# 1 MB that is a round trip for each batch: 130k records/s instead of 200k. More is no faster.
FETCH_BYTES = 8 * 1024 * 1024
# What the two on librdkafka set themselves, from arguments of their own.
ARGUMENTS = ("auto.offset.reset", "enable.auto.commit")


@dataclass(frozen=True, slots=True)
class Loop:
    """What is done with so many records before they are committed."""

    handle: Callable[[Sequence[bytes]], object]
    batch: int


def main(peer: str, loop: str, servers: str, topic: str, group: str) -> None:
    """Run one loop of one peer."""
    PEERS[peer](LOOPS[loop], servers, topic, group)


def decode(values: Sequence[bytes]) -> int:
    """Decode each value with the standard library."""
    return sum("order" in json.loads(value) for value in values)


def tell(values: Sequence[bytes]) -> None:
    """Print how old each record is when it comes."""
    for value in values:
        print("took", time.monotonic_ns() - int(value), flush=True)


LOOPS = {
    "count": Loop(len, BATCH),
    "decode": Loop(decode, BATCH),
    "single": Loop(len, 1),
    "poll": Loop(tell, 1),
}


def quix(loop: Loop, servers: str, topic: str, group: str) -> None:
    """Quix Streams hands over record by record; a checkpoint after so many of them commits."""
    from quixstreams import Application

    handle = loop.handle
    application = Application(
        servers,
        consumer_group=group,
        auto_offset_reset="earliest",
        consumer_extra_config=_librdkafka(),
        # Its defaults commit every 5 s. The interval is for the last records, which fill no batch.
        commit_every=loop.batch,
        commit_interval=BATCH_SECONDS,
        consumer_poll_timeout=BATCH_SECONDS,
        auto_create_topics=False,
        loglevel=logging.WARNING,
    )
    # Its own JSON deserializer is faster with orjson; what is compared is who uses `json.loads`.
    frame = application.dataframe(application.topic(topic, value_deserializer="bytes"))
    frame.update(lambda value: handle((value,)))
    application.run()


def faststream_confluent(loop: Loop, servers: str, topic: str, group: str) -> None:
    """FastStream on confluent-kafka. Its commits are sent and not waited for."""
    from faststream.confluent import KafkaBroker

    broker = KafkaBroker(servers, config=_librdkafka(), apply_types=False, logger=None)
    subscriber = broker.subscriber(
        topic, polling_interval=BATCH_SECONDS, **_subscription(loop, group)
    )
    asyncio.run(_faststream(broker, subscriber, loop))


def faststream_aiokafka(loop: Loop, servers: str, topic: str, group: str) -> None:
    """FastStream on aiokafka."""
    from faststream.kafka import KafkaBroker

    broker = KafkaBroker(servers, apply_types=False, logger=None)
    subscriber = broker.subscriber(
        topic,
        max_partition_fetch_bytes=FETCH_BYTES,
        batch_timeout_ms=int(BATCH_SECONDS * 1000),
        **_subscription(loop, group),
    )
    asyncio.run(_faststream(broker, subscriber, loop))


def _subscription(loop: Loop, group: str) -> dict[str, Any]:
    """What is said to either of FastStream's brokers."""
    from faststream import AckPolicy

    async def undecoded(message: Any) -> object:
        # It would decode each value, of the batch one by one, before the handler had it.
        return message.body

    batches = {"batch": True, "max_records": loop.batch} if loop.batch > 1 else {}
    return {
        "group_id": group,
        "auto_offset_reset": "earliest",
        "fetch_max_wait_ms": FETCH_MILLISECONDS,
        # By default it commits on a timer what has only been read.
        "ack_policy": AckPolicy.ACK,
        "decoder": undecoded,
        **batches,
    }


async def _faststream(broker: Any, subscriber: Any, loop: Loop) -> None:
    handle = loop.handle

    async def many(values: list[bytes]) -> None:
        handle(values)

    async def one(value: bytes) -> None:
        handle((value,))

    subscriber(many if loop.batch > 1 else one)
    await broker.start()
    await asyncio.Event().wait()


def aiokafka(loop: Loop, servers: str, topic: str, group: str) -> None:
    """A loop on aiokafka, without a framework."""
    asyncio.run(_aiokafka(loop, servers, topic, group))


async def _aiokafka(loop: Loop, servers: str, topic: str, group: str) -> None:
    from aiokafka import AIOKafkaConsumer

    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=servers,
        group_id=group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        check_crcs=True,
        fetch_max_wait_ms=FETCH_MILLISECONDS,
        max_partition_fetch_bytes=FETCH_BYTES,
    )
    await consumer.start()
    if loop.batch == 1:
        async for record in consumer:
            loop.handle((record.value,))
            await consumer.commit()
    while True:
        found = await consumer.getmany(timeout_ms=int(BATCH_SECONDS * 1000), max_records=loop.batch)
        loop.handle([record.value for records in found.values() for record in records])
        if found:
            await consumer.commit()


def _librdkafka() -> dict[str, Any]:
    return {name: value for name, value in SETTINGS.items() if name not in ARGUMENTS}


PEERS: dict[str, Callable[[Loop, str, str, str], None]] = {
    "quix": quix,
    "faststream-confluent": faststream_confluent,
    "faststream-aiokafka": faststream_aiokafka,
    "aiokafka": aiokafka,
}

if __name__ == "__main__":
    main(*sys.argv[1:])
