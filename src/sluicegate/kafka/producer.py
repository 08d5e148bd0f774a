"""A small producer: on-failure destinations that are topics, and tests."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka import Producer as Library

from .credentials import Connection
from .faults import BrokerFault, Trouble, fault, trouble, trouble_of
from .silence import silent


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to be written. `repr` shows nothing of it.

    Without a key and a `partition`, the default partitioner spreads it. `timestamp_ms` 0 = now.
    """

    value: bytes | None = field(repr=False)
    key: bytes | None = field(default=None, repr=False)
    headers: tuple[tuple[str, bytes | None], ...] = field(default=(), repr=False)
    partition: int | None = None
    timestamp_ms: int = 0


@dataclass(frozen=True, slots=True)
class Written:
    """How many messages were written, by partition, and why the first was not that was not."""

    counts: Mapping[int, int]
    refused: Trouble | None = None


class Producer:
    """Writes messages and waits until every replica in sync has them."""

    def __init__(self, connection: Connection, *, timeout_seconds: float = 30.0) -> None:
        self._timeout_seconds = timeout_seconds
        settings: dict[str, Any] = {
            "acks": "all",
            "enable.idempotence": True,
            "linger.ms": 0,
            "message.timeout.ms": round(timeout_seconds * 1000),
            "reconnect.backoff.max.ms": 2_000,
            "socket.timeout.ms": 15_000,
            "log_level": 0,
        }
        try:
            self._library = Library({**settings, **connection.config()}, logger=silent)
        except KafkaException as error:
            raise fault(error) from None

    def send(self, topic: str, messages: Iterable[Outgoing]) -> None:
        """Return when all are written; `BrokerFault` when one is not: some may be, all the same."""
        refused = self.write(topic, messages).refused
        if refused is not None:
            raise BrokerFault(refused)

    def write(self, topic: str, messages: Iterable[Outgoing]) -> Written:
        """Write until one is refused; what was written, when all is known."""
        counts: Counter[int] = Counter()
        failed: list[Trouble] = []

        def note(error: Any, message: Any) -> None:
            if error is None:
                counts[message.partition()] += 1
            else:
                failed.append(trouble(error))

        try:
            for message in messages:
                self._produce(topic, message, note)
                self._library.poll(0)
                if failed:
                    break
        except KafkaException as error:
            failed.append(fault(error).trouble)
        if self._library.flush(self._timeout_seconds + 1):
            failed.append(trouble_of(-192, "messages were not acknowledged in time"))
        return Written(dict(counts), failed[0] if failed else None)

    def close(self) -> None:
        """Let go of the connection; nothing is under way, because `send` waits."""
        del self._library

    def _produce(self, topic: str, message: Outgoing, note: Any) -> None:
        extra: dict[str, Any] = {}
        if message.partition is not None:
            extra["partition"] = message.partition
        while True:
            try:
                self._library.produce(
                    topic,
                    message.value,
                    message.key,
                    headers=list(message.headers),
                    timestamp=message.timestamp_ms,
                    on_delivery=note,
                    **extra,
                )
                return
            except BufferError:
                # The queue is full: make room by letting some be acknowledged.
                self._library.poll(0.1)
