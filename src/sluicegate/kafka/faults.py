"""What brokers and the way to them can have to say, named by what to do about it."""

from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException

from ..errors import SluicegateError


@dataclass(frozen=True, slots=True)
class Transient:
    """Heals by itself: metadata and coordinators are looked for again. Try again, with pauses."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Rejoining:
    """The group is rebalancing. Poll; a commit may be tried again while its partition is ours."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """No broker, or none that answers in time. They are called again with capped pauses."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Unresolvable:
    """A broker's name has no address."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class NotTrusted:
    """TLS fails: their certificate for us, or ours for them."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class NotAuthenticated:
    """They do not know us by these credentials: read them again, once, then say so."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class NotAuthorized:
    """They know us, and we may not: hold the offset, say so, try again within 30 s."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class TopicMissing:
    """The topic (or the partition) is not there: say so after 30 s, keep looking."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Fenced:
    """Somebody else has our identity: say so, and stop."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Corrupt:
    """What was fetched cannot be read: say so, and fetch it again, with pauses. Skip nothing."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """What this table does not know: one line with the code, then as `Transient`."""

    code: int
    text: str


Trouble = (
    Transient
    | Rejoining
    | Unreachable
    | Unresolvable
    | NotTrusted
    | NotAuthenticated
    | NotAuthorized
    | TopicMissing
    | Fenced
    | Corrupt
    | Unknown
)

_KINDS: dict[type[Trouble], tuple[int, ...]] = {
    # Leaders, replicas and coordinators that moved; 113 is an epoch that is out of date, no more.
    Transient: (5, 6, 9, 14, 15, 16, 113, KafkaError._WAIT_COORD, KafkaError._NO_OFFSET),
    Rejoining: (22, 25, 27, 79, 110, KafkaError._ASSIGNMENT_LOST),
    Unreachable: (
        7,
        KafkaError._TRANSPORT,
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._TIMED_OUT,
        KafkaError._TIMED_OUT_QUEUE,
        KafkaError._MSG_TIMED_OUT,
    ),
    Unresolvable: (KafkaError._RESOLVE,),
    NotTrusted: (KafkaError._SSL,),
    NotAuthenticated: (58, KafkaError._AUTHENTICATION),
    NotAuthorized: (29, 30, 31),
    TopicMissing: (3, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION),
    Fenced: (82, KafkaError._FENCED),
    # Damaged, on its way or in its log, or written as we cannot read it.
    Corrupt: (
        2,
        87,
        KafkaError._BAD_MSG,
        KafkaError._BAD_COMPRESSION,
        KafkaError._NOT_IMPLEMENTED,
        KafkaError._UNDERFLOW,
    ),
}
_BY_CODE = {code: kind for kind, codes in _KINDS.items() for code in codes}

# MSK answers so, in the place of a failed login, when an account connects too often.
_TOO_OFTEN = "too many connects"


class BrokerFault(SluicegateError):
    """The brokers did not do what they were asked; the sentence is Kafka's. `trouble` says what to
    do, mostly: try again."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.text)
        self.trouble = trouble


def trouble_of(code: int, text: str) -> Trouble:
    """What to do about an error code of Kafka's, or of librdkafka's own (negative)."""
    if _TOO_OFTEN in text.lower():
        return Unreachable(code, text)
    return _BY_CODE.get(code, Unknown)(code, text)


def trouble(error: Any) -> Trouble:
    """The same for an error of the library."""
    return trouble_of(error.code(), error.str())


def fault(error: KafkaException) -> BrokerFault:
    """What to raise for an exception of the library."""
    reason = error.args[0]
    if isinstance(reason, KafkaError):
        return BrokerFault(trouble(reason))
    return BrokerFault(Unknown(KafkaError._FAIL, str(reason)))
