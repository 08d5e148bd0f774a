"""A client that asks brokers. It names a group, as the library wants it, and is no member of it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from confluent_kafka import Consumer as Library
from confluent_kafka import KafkaException

from .credentials import Connection
from .faults import (
    BrokerFault,
    NotAuthenticated,
    NotAuthorized,
    NotTrusted,
    TopicMissing,
    Trouble,
    Unreachable,
    Unresolvable,
    fault,
    trouble,
)
from .silence import silent
from .tuning import SETTINGS

_SLICE_SECONDS = 0.5
_REFUSALS: tuple[type[Trouble], ...] = (NotAuthenticated, NotTrusted, NotAuthorized)
_OBSTACLES: tuple[type[Trouble], ...] = (Unresolvable, Unreachable)


class Asking:
    """The library asks in vain for as long as it is let, and says why only to who polls it."""

    def __init__(self, connection: Connection, group: str, **settings: Any) -> None:
        self._told: list[Trouble] = []
        given = {"group.id": group, "error_cb": lambda error: self._told.append(trouble(error))}
        self.library = Library(
            {**SETTINGS, **connection.config(), **settings, **given}, logger=silent
        )

    def topics(self, patience_seconds: float) -> dict[str, Any]:
        """The library's metadata of all topics that the login may see."""
        deadline = time.monotonic() + patience_seconds
        while True:
            found = self._metadata(deadline)
            if found is not None:
                topics: dict[str, Any] = found.topics
                return topics

    def partitions(self, topic: str, patience_seconds: float) -> list[int]:
        """The topic's partitions; none where brokers say, again and again, that it is not there."""
        deadline = time.monotonic() + patience_seconds
        while True:
            is_late = time.monotonic() >= deadline
            answer = self._metadata(deadline, topic)
            if answer is None:
                continue
            found = answer.topics[topic]
            if found.error is None and found.partitions:
                return sorted(found.partitions)
            if found.error is not None and not isinstance(trouble(found.error), TopicMissing):
                raise BrokerFault(trouble(found.error))
            if is_late:
                return []
            self.library.poll(_SLICE_SECONDS)

    def _metadata(self, deadline: float, topic: str | None = None) -> Any:
        """What is answered, or None: not yet."""
        is_late = time.monotonic() >= deadline
        try:
            return self.library.list_topics(topic, timeout=_SLICE_SECONDS)
        except KafkaException:
            self._raise_what_was_told(is_late=is_late)
            if is_late:
                raise
            return None

    def _raise_what_was_told(self, *, is_late: bool) -> None:
        """Who is refused is refused whatever he waits for; the rest may pass."""
        self.library.poll(0)
        for kind in (_REFUSALS + _OBSTACLES) if is_late else _REFUSALS:
            for each in self._told:
                if isinstance(each, kind):
                    raise BrokerFault(each)


@contextmanager
def asking(connection: Connection, group: str, **settings: Any) -> Iterator[Asking]:
    """Such a client, closed afterwards; `BrokerFault` for what the library raises."""
    try:
        client = Asking(connection, group, **settings)
    except KafkaException as error:
        raise fault(error) from None
    try:
        yield client
    except KafkaException as error:
        raise fault(error) from None
    finally:
        client.library.close()
