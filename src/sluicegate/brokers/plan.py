"""What the keeper wants of one node, as values; two plans that are equal are the same node."""

import secrets
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from .listeners import Endpoint, Listener


class ClientCertificates(Enum):
    """Whether clients of CLIENT_SECURE show a certificate."""

    NONE = "none"
    REQUESTED = "requested"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Voter:
    """A node that is a controller, and so decides for the cluster."""

    node: int
    endpoint: Endpoint

    def __str__(self) -> str:
        return f"{self.node}@{self.endpoint.at(Listener.CONTROLLER)}"


@dataclass(frozen=True, slots=True)
class Gate:
    """Where a node asks whether IAM allows something, and the file that moves when an earlier
    answer may be void.

    `socket` is a Unix socket's; `changes` has 8 bytes, which nodes have mapped for as long as they
    run: they are written in place, never by another file of the same name, and never cut short.
    """

    socket: Path
    changes: Path


@dataclass(frozen=True, slots=True)
class NodePlan:
    """One node of a cluster.

    `kafka_id` is the cluster's id in Kafka (22 characters, `new_kafka_id`); `node` counts from 1;
    `brokers` is how many nodes the cluster has, in `zones` Availability Zones; `listeners` are the
    client listeners that are enabled; `properties` are further server properties, pairs of name and
    value, of those `configuration.ADJUSTABLE` names; `folder` is the node's own, for data, keys and
    log; without a `gate` whoever comes with an IAM identity is denied everything.
    """

    kafka_id: str
    node: int
    brokers: int
    endpoint: Endpoint
    voters: tuple[Voter, ...]
    listeners: frozenset[Listener]
    folder: Path
    client_certificates: ClientCertificates = ClientCertificates.NONE
    properties: tuple[tuple[str, str], ...] = ()
    zones: int = 1
    gate: Gate | None = None

    @property
    def is_controller(self) -> bool:
        """Whether it is one of the voters."""
        return any(voter.node == self.node for voter in self.voters)

    @property
    def listening(self) -> tuple[Listener, ...]:
        """The listeners it opens, internal ones included, by their ports."""
        internal = {Listener.REPLICATION} | ({Listener.CONTROLLER} if self.is_controller else set())
        return tuple(sorted(internal | self.listeners, key=lambda listener: listener.value))


@dataclass(frozen=True, slots=True)
class Secrets:
    """The super users of a cluster: the nodes among themselves, and the keeper.

    Names are as secret as passwords: whoever has a super user's name, on any listener, is one. The
    keeper makes them anew whenever it starts a whole cluster and keeps them in memory: a node that
    is started again by itself must know its neighbours'.
    """

    broker: str = field(repr=False)
    broker_password: str = field(repr=False)
    admin: str = field(repr=False)
    admin_password: str = field(repr=False)

    @classmethod
    def new(cls) -> "Secrets":
        """Names and passwords nobody has seen."""
        return cls(
            f"broker-{secrets.token_hex(16)}",
            secrets.token_urlsafe(32),
            f"admin-{secrets.token_hex(16)}",
            secrets.token_urlsafe(32),
        )


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a node shows on its TLS listeners, and whose certificates it takes.

    `pem` is key, leaf and authority in one text; `trusted` are the authorities of clients.
    """

    pem: str = field(repr=False)
    trusted: str


def new_kafka_id() -> str:
    """The id of a new cluster, as Kafka spells them: 16 bytes in URL-safe base64."""
    # One that begins with a dash would be taken for an option.
    while (drawn := secrets.token_urlsafe(16)).startswith("-"):
        pass
    return drawn
