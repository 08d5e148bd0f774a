"""What comes of looking at a trigger's source as its execution role: one of these, always."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from .plan import Step


class Listener(Enum):
    """Which of a cluster's listeners, by MSK's port: what is encrypted, and who one has to be."""

    PLAINTEXT = 9092
    TLS = 9094
    SCRAM = 9096
    IAM = 9098


@dataclass(frozen=True, slots=True)
class Anonymous:
    """Nobody has to say who they are."""


Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
"""How a password is shown to brokers, by SASL's names."""


@dataclass(frozen=True, slots=True)
class Password:
    """A user's name and password, and the SASL mechanism they are used with."""

    mechanism: Mechanism
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AsRole:
    """The execution role itself, by tokens it signs. `session_id` is another one for a role that
    was made again: brokers do not take the tokens of the one before."""

    session_id: str = ""


Login = Anonymous | Password | AsRole


@dataclass(frozen=True, slots=True)
class Connection:
    """All is there to poll with. Its `repr` shows no secret.

    `authority` is the PEM certificate the brokers' are checked against, None for the one that goes
    without saying: MSK's own, or the system's.
    """

    bootstrap_servers: tuple[str, ...]
    is_tls: bool
    login: Login
    group_id: str
    authority: str | None = None
    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    interface_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotAssumed:
    """Lambda may not assume the execution role, or there is none of that name."""


@dataclass(frozen=True, slots=True)
class Denied:
    """The role may not do what a step asks; `message` is the denial."""

    step: Step
    action: str
    message: str


@dataclass(frozen=True, slots=True)
class SecretUnreadable:
    """A secret cannot be read as the role: denied, gone, or its key is. `message` is why."""

    arn: str
    message: str


@dataclass(frozen=True, slots=True)
class SecretMalformed:
    """A secret was read and holds something else than what its type needs."""

    arn: str
    type: str


@dataclass(frozen=True, slots=True)
class SourceGone:
    """There is no such cluster."""

    arn: str


@dataclass(frozen=True, slots=True)
class SourceNotActive:
    """The cluster has no brokers to connect to just now."""

    arn: str
    state: str


@dataclass(frozen=True, slots=True)
class NoListener:
    """The cluster has no listener for the credentials the mapping has; no other one is tried."""

    arn: str
    needed: str


@dataclass(frozen=True, slots=True)
class NetworkUnusable:
    """A subnet or group is gone, or has no room: `operation` was refused with `code`."""

    operation: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class PortClosed:
    """No rule lets the trigger's interfaces reach the brokers' port."""

    port: int
    reason: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The endpoint does not answer, or not now: nothing is known, and nothing was denied."""

    message: str


Outcome = (
    Connection
    | NotAssumed
    | Denied
    | SecretUnreadable
    | SecretMalformed
    | SourceGone
    | SourceNotActive
    | NoListener
    | NetworkUnusable
    | PortClosed
    | Unreachable
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one call of the plan went: on which resource, whether it was allowed, and if not why."""

    step: Step
    operation: str
    resource: str
    is_allowed: bool
    message: str = ""


@dataclass(frozen=True, slots=True)
class Surveyed:
    """A walk: what became of each call, in order, and of the whole.

    `interface_ids` are those the mapping has now, also where the outcome is another.
    """

    verdicts: tuple[Verdict, ...]
    outcome: Outcome
    interface_ids: tuple[str, ...] = ()
