"""Whether a topic is still the one that was read, and not another of its name.

A consumer is not told: where the new log is as long as its position, it reads on in the middle of
it. Brokers tell an identifier of each topic, to administrators alone, so it takes a client more.
"""

import time
from concurrent.futures import Future
from functools import partial
from typing import Any

from confluent_kafka import KafkaException, TopicCollection, Uuid
from confluent_kafka.admin import AdminClient

from ..errors import Unavailable
from .credentials import Connection
from .faults import BrokerFault
from .silence import silent

_ASK_SECONDS = 5.0
_TIMEOUT_SECONDS = 5.0
# What brokers before 2.8 answer.
_NONE = str(Uuid(0, 0))


class Identity:
    """Asks now and then, and waits for nothing; one thread does."""

    def __init__(self, connection: Connection, topic: str, client_id: str) -> None:
        self._connected = partial(_client, connection, client_id)
        self._client: AdminClient | None = None
        self._topic = topic
        self._ask_at = 0.0
        self._answer: Future[Any] | None = None
        self._id: str | None = None

    def look(self) -> bool | None:
        """Whether it is another topic since the last answer; None where there is no answer now."""
        if self._answer is None:
            self._ask()
            return None
        if not self._answer.done():
            return None
        found, self._answer = _id(self._answer), None
        if found is None:
            return None
        known, self._id = self._id, found
        return known is not None and known != found

    def _ask(self) -> None:
        now = time.monotonic()
        if now < self._ask_at:
            return
        self._ask_at = now + _ASK_SECONDS
        if self._client is None:
            try:
                self._client = self._connected()
            except (BrokerFault, Unavailable):
                return  # no token to log in with just now: the consumer tells
        asked = TopicCollection([self._topic])
        answers = self._client.describe_topics(asked, request_timeout=_TIMEOUT_SECONDS)
        self._answer = answers[self._topic]


def _client(connection: Connection, client_id: str) -> AdminClient:
    settings: dict[str, Any] = {
        **connection.config(),
        "client.id": client_id,
        "reconnect.backoff.max.ms": 2_000,
        "socket.timeout.ms": 15_000,
        "log_level": 0,
    }
    return AdminClient(settings, logger=silent)


def _id(answer: "Future[Any]") -> str | None:
    try:
        found = str(answer.result().topic_id)
    except KafkaException:
        return None  # not there just now, or out of reach: the consumer tells
    return None if found == _NONE else found
