"""What the brokers say to a login: whether they know it, and what of a topic and a group it may do.

Nothing is consumed, no group joined: brokers tell what they would allow (KIP-430).
"""

from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AclOperation, AdminClient

from .credentials import Connection
from .faults import (
    BrokerFault,
    NotAuthenticated,
    NotTrusted,
    Trouble,
    Unknown,
    Unreachable,
    Unresolvable,
    fault,
    trouble,
)
from .silence import silent

_TIMEOUT_SECONDS = 5.0
_SLICE_SECONDS = 0.05
# In the order in which they explain the others away.
_CAUSES: tuple[type[Trouble], ...] = (NotAuthenticated, NotTrusted, Unresolvable, Unreachable)
# What the library would ask again, in vain.
_FINAL: tuple[type[Trouble], ...] = (NotAuthenticated, NotTrusted)

May = frozenset[str] | Trouble
"""Kafka's names of the operations that are allowed (`READ`), or why brokers do not say."""


@dataclass(frozen=True, slots=True)
class Probed:
    """What a login may do with the cluster, the topic and the group."""

    cluster: May
    topic: May
    group: May


def probe(
    connection: Connection, group: str, topic: str, *, patience_seconds: float = _TIMEOUT_SECONDS
) -> Probed | Trouble:
    """Ask the brokers as whoever `connection` is; the `Trouble` is what keeps them from answering.

    Three questions, for each of which there is so much patience; a tenth of a second for all of
    them where all is well, and one more where a token is shown.
    """
    told: list[Trouble] = []
    settings: dict[str, Any] = {
        "reconnect.backoff.max.ms": 500,
        "error_cb": lambda error: told.append(trouble(error)),
        "log_level": 0,
    }
    how: dict[str, Any] = {
        "include_authorized_operations": True,
        "request_timeout": patience_seconds,
    }
    try:
        client = AdminClient({**connection.config(), **settings}, logger=silent)
        asked = client.describe_cluster(**how)
    except KafkaException as error:
        # What we log in with cannot be used at all.
        return fault(error).trouble
    except BrokerFault as refusal:
        return refusal.trouble
    # The library asks in vain for as long as it is let, and says why only to who polls it.
    while not asked.done() and not any(isinstance(each, _FINAL) for each in told):
        client.poll(_SLICE_SECONDS)
    if not asked.done() or asked.exception() is not None:
        last = [_trouble(asked)] if asked.done() else []
        return min(told + last, key=_weight)
    return Probed(
        _may(asked),
        _may(client.describe_topics(TopicCollection([topic]), **how)[topic]),
        _may(client.describe_consumer_groups([group], **how)[group]),
    )


def _may(answer: "Future[Any]") -> May:
    try:
        described = answer.result()
    except KafkaException:
        return _trouble(answer)
    allowed: list[AclOperation] | None = described.authorized_operations
    if allowed is None:
        return Unknown(KafkaError._UNSUPPORTED_FEATURE, "they are too old to tell")
    return frozenset(each.name for each in allowed)


def _trouble(answer: "Future[Any]") -> Trouble:
    error = answer.exception()
    assert isinstance(error, KafkaException)
    return fault(error).trouble


def _weight(found: Trouble) -> int:
    return next((at for at, kind in enumerate(_CAUSES) if isinstance(found, kind)), len(_CAUSES))
