"""Brokers that only pretend: what a keeper asked of them can be seen, and what they do be set."""

from collections.abc import Collection
from dataclasses import dataclass, field

from sluicegate.clusters.machinery import NotNow, ScramUser, Unreadable
from sluicegate.kafka import BrokerFault, Trouble, Unreachable
from sluicegate.store.cluster_nodes import Node
from sluicegate.store.clusters import Cluster


@dataclass
class Process:
    """A node that answers as soon as it is started, until it is made to end."""

    node: Node
    calls: list[tuple[str, int]]
    has_ended: bool = False
    is_silent: bool = False
    how: str = ""

    def answers(self) -> bool:
        return not self.is_silent and not self.has_ended

    def reason(self) -> str:
        return "it was told to"

    def ask_to_stop(self) -> None:
        self.calls.append(("ask", self.node.node_id))
        self.has_ended, self.how = True, "stopped"

    def has_ended_within(self, seconds: float) -> bool:
        assert seconds > 0
        self.calls.append(("wait", self.node.node_id))
        return self.has_ended

    def kill(self) -> None:
        self.how = self.how if self.has_ended else "killed"
        self.has_ended = True


@dataclass
class Machine:
    """Everything a keeper needs: machinery, the brokers of its one cluster, users and secrets."""

    installed: str = "4.4.0"
    obstacle: str = ""
    obstacles: dict[int, str] = field(default_factory=dict)
    is_slow: bool = False
    is_mute: bool = False
    missing: set[int] = field(default_factory=set)
    is_behind: bool = False
    fault: Exception | None = None
    calls: list[tuple[str, int]] = field(default_factory=list)
    started: list[Process] = field(default_factory=list)
    built: list[Cluster] = field(default_factory=list)
    demolished: list[str] = field(default_factory=list)
    kafka_users: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, ScramUser | str] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)
    refused: dict[str, Trouble] = field(default_factory=dict)

    def ready(self) -> str:
        if self.fault is not None:
            raise self.fault
        if not self.installed:
            raise NotNow("fetching Apache Kafka")
        return self.installed

    def placed(self, cluster: Cluster, taken: Collection[Node], now_ms: int) -> list[Node]:
        free = (f"127.0.0.{n}" for n in range(2, 250))
        others = {node.address for node in taken}
        addresses = [each for each in free if each not in others][: cluster.node_count]
        ports = {"CLIENT_SASL_SCRAM": 9096}
        return [
            Node(cluster.id, n, address, ports, "subnet-1", "STARTING", now_ms)
            for n, address in enumerate(addresses, start=1)
        ]

    def brokers(self, cluster: Cluster, placed: list[Node]) -> "Machine":
        assert len(placed) == cluster.node_count
        self.built.append(cluster)
        return self

    def changed(self, cluster: Cluster) -> "Machine":
        self.built.append(cluster)
        return self

    def demolish(self, cluster_id: str) -> None:
        self.demolished.append(cluster_id)

    def start(self, node: Node) -> Process:
        if obstacle := self.obstacle or self.obstacles.get(node.node_id):
            raise NotNow(obstacle)
        self.started.append(Process(node, self.calls, is_silent=self.is_slow))
        return self.started[-1]

    def users(self) -> "Machine":
        return self

    def nodes(self, *, timeout_seconds: float) -> frozenset[int]:
        assert timeout_seconds > 0
        if self.is_mute:
            raise BrokerFault(Unreachable(-185, "the brokers do not answer"))
        return frozenset(process.node.node_id for process in self.running) - self.missing

    def are_in_sync(self, *, timeout_seconds: float) -> bool:
        assert timeout_seconds > 0
        return not self.is_behind

    def close(self) -> None:
        """Nothing is held."""

    def put_scram_user(self, name: str, password: str) -> None:
        self.refuse(name)
        self.kafka_users[name] = password

    def drop_scram_user(self, name: str) -> None:
        self.refuse(name)
        self.kafka_users.pop(name, None)

    def refuse(self, name: str) -> None:
        if name in self.refused:
            raise BrokerFault(self.refused[name])

    def read(self, cluster: Cluster, secret_arn: str) -> ScramUser:
        assert cluster.id == self.built[-1].id
        self.reads.append(secret_arn)
        found = self.secrets[secret_arn]
        if isinstance(found, str):
            raise Unreadable(found)
        return found

    @property
    def running(self) -> list[Process]:
        return [process for process in self.started if not process.has_ended]
