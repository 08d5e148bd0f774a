"""What the keeper needs of the brokers' room: nodes it can place, start, watch and end.

`serve` supplies it with `brokers`; tests of the keeper with nodes that only pretend.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from ..errors import SluicegateError
from ..store.cluster_nodes import Node
from ..store.clusters import Cluster


class NotNow(SluicegateError):
    """A broker cannot be started at the moment; the sentence says why. It is tried again."""


class Running(Protocol):
    """The process of one node."""

    @property
    def has_ended(self) -> bool:
        """Whether it is gone."""
        ...

    def answers(self) -> bool:
        """Whether it takes connections."""
        ...

    def reason(self) -> str:
        """Why it ended, as far as it said."""
        ...

    def ask_to_stop(self) -> None:
        """Let it end in good order."""
        ...

    def has_ended_within(self, seconds: float) -> bool:
        """Wait for its end, but no longer."""
        ...

    def kill(self) -> None:
        """End it now."""
        ...


class Brokers(Protocol):
    """The nodes of one cluster as the keeper starts them: the same super users for all, as long as
    it keeps them."""

    def start(self, node: Node) -> Running:
        """Start a node; `NotNow` says why it cannot be."""
        ...

    def changed(self, cluster: Cluster) -> "Brokers":
        """The same nodes, to be started as the cluster should be by now; some may still run."""
        ...

    def users(self) -> "Users":
        """Kafka's own administration, once its nodes answer."""
        ...


class Users(Protocol):
    """Administration of a running cluster (`kafka.admin.Admin`)."""

    def nodes(self, *, timeout_seconds: float) -> frozenset[int]:
        """The nodes that are in the cluster's metadata."""
        ...

    def are_in_sync(self, *, timeout_seconds: float) -> bool:
        """Whether no replica of any partition is behind."""
        ...

    def put_scram_user(self, name: str, password: str) -> None:
        """Make a user, or change its password."""
        ...

    def drop_scram_user(self, name: str) -> None:
        """End new logins of a user."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


class Machinery(Protocol):
    """Where brokers come from."""

    def ready(self) -> str:
        """The Kafka version that runs, once it is installed on this machine.

        `NotNow` says that it is on its way, or why it cannot be; asking begins the installation.
        """
        ...

    def placed(self, cluster: Cluster, taken: Collection[Node], now_ms: int) -> list[Node]:
        """Addresses and ports for the nodes of a new cluster; `taken` are others' nodes."""
        ...

    def brokers(self, cluster: Cluster, placed: list[Node]) -> Brokers:
        """The nodes of a cluster, none of which runs yet."""
        ...

    def demolish(self, cluster_id: str) -> None:
        """Remove what a cluster left on disk; its nodes have ended."""
        ...


@dataclass(frozen=True, slots=True)
class ScramUser:
    """What a secret says, of which version. `repr` shows no password."""

    version_id: str
    name: str
    password: str

    def __repr__(self) -> str:
        return f"ScramUser({self.name}, {self.version_id})"


class Unreadable(SluicegateError):
    """A secret's value could not be had, or is none of a user; the sentence says why."""


class Secrets(Protocol):
    """Reads SCRAM secrets as `kafka.amazonaws.com`, as the secret's policy and grants allow."""

    def read(self, cluster: Cluster, secret_arn: str) -> ScramUser:
        """The user the secret is now; `Unreadable` says why it is none."""
        ...
