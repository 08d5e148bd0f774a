"""The brokers of this machine, as the keeper wants them: `Machinery` on the brokers' room."""

import logging
import shutil
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ..brokers import addresses, authority, installation, nodes
from ..brokers.listeners import Endpoint, Listener
from ..brokers.plan import Certificate, ClientCertificates, Gate, NodePlan, Secrets, Voter
from ..brokers.runtime import Installation
from ..clock import Clock
from ..errors import BrokerRefused
from ..kafka import Admin
from ..store import cluster_configurations
from ..store.cluster_nodes import Node
from ..store.clusters import Cluster, Security
from ..store.database import Database
from ..vault import Vault
from .gate import Doors
from .kept import kafka_id
from .machinery import NotNow, Running

_log = logging.getLogger("sluicegate.clusters")

_INSTALL_AGAIN_SECONDS = 30.0


class Fleet:
    """`Machinery`: installs Kafka once, places and starts nodes below `folder`.

    `tell` is given a line whenever the installation has got further; `doors` are where brokers ask
    about IAM.
    """

    def __init__(
        self,
        folder: Path,
        cache: Path,
        jars: Path | None,
        database: Database,
        vault: Vault,
        clock: Clock,
        tell: Callable[[str], None],
        doors: Doors,
    ) -> None:
        self._folder = folder
        self._doors = doors
        self._installing = _Installing(cache, jars, tell)
        self._database = database
        self._vault = vault
        self._clock = clock

    def ready(self) -> str:
        """`Machinery.ready`."""
        return self._installing.installation().kafka_version

    def placed(self, cluster: Cluster, taken: Collection[Node], now_ms: int) -> list[Node]:
        """`Machinery.placed`."""
        ids = range(1, cluster.node_count + 1)
        try:
            endpoints = addresses.choose(cluster.id, ids, [_endpoint(node) for node in taken])
        except BrokerRefused as refusal:
            raise NotNow(str(refusal)) from None
        subnets = cluster.subnet_ids
        return [
            Node(
                cluster.id,
                number,
                endpoint.address,
                {listener.name: endpoint.port(listener) for listener in Listener},
                subnets[(number - 1) % len(subnets)],
                "PLACED",
                now_ms,
            )
            for number, endpoint in zip(ids, endpoints, strict=True)
        ]

    def brokers(self, cluster: Cluster, placed: list[Node]) -> "ClusterBrokers":
        """`Machinery.brokers`."""
        return ClusterBrokers(
            self._installing.installation(),
            self._folder / cluster.id,
            cluster,
            placed,
            self._configured,
            partial(authority.issue, self._database, self._vault, self._clock),
            Secrets.new(),
            self._doors.open(cluster),
        )

    def demolish(self, cluster_id: str) -> None:
        """`Machinery.demolish`."""
        self._doors.shut(cluster_id)
        shutil.rmtree(self._folder / cluster_id, ignore_errors=True)

    def _configured(self, cluster: Cluster) -> tuple[tuple[str, str], ...]:
        """What the cluster's configuration says, if it has one."""
        arn, revision = cluster.configuration_arn, cluster.configuration_revision
        if arn is None or revision is None:
            return ()
        with self._database.read() as tx:
            return tuple(cluster_configurations.settings(tx, arn, revision).items())


@dataclass(frozen=True, slots=True)
class ClusterBrokers:
    """The nodes of one cluster, how it is configured, who signs its certificates, its secrets, and
    where its nodes ask about IAM."""

    kafka: Installation
    folder: Path
    cluster: Cluster
    placed: list[Node]
    configured: Callable[[Cluster], tuple[tuple[str, str], ...]]
    issue: Callable[[Endpoint, str], Certificate]
    secrets: Secrets
    gate: Gate

    def start(self, node: Node) -> Running:
        """`Brokers.start`."""
        plan = self._plan(node)
        certificate = self.issue(plan.endpoint, self.cluster.host(node.node_id))
        try:
            return nodes.start(self.kafka, plan, self.secrets, certificate)
        except BrokerRefused as refusal:
            raise NotNow(str(refusal)) from None
        except OSError as error:
            raise NotNow(f"node {node.node_id} cannot be started: {error.strerror}") from None

    def changed(self, cluster: Cluster) -> "ClusterBrokers":
        """`Brokers.changed`."""
        return replace(self, cluster=cluster)

    def users(self) -> Admin:
        """`Brokers.users`."""
        places = (_endpoint(node).at(Listener.REPLICATION) for node in self.placed)
        return Admin(",".join(places), self.secrets.admin, self.secrets.admin_password)

    def _plan(self, node: Node) -> NodePlan:
        # One controller below three nodes, else three: a majority of two is no more than one.
        voters = self.placed[:3] if len(self.placed) >= 3 else self.placed[:1]
        return NodePlan(
            kafka_id=kafka_id(self.cluster.id),
            node=node.node_id,
            brokers=len(self.placed),
            endpoint=_endpoint(node),
            voters=tuple(Voter(each.node_id, _endpoint(each)) for each in voters),
            listeners=frozenset(Listener[name] for name in self.cluster.security.listeners),
            folder=self.folder / f"broker-{node.node_id}",
            client_certificates=client_certificates(self.cluster.security),
            properties=self.configured(self.cluster),
            zones=len(self.cluster.subnet_ids),
            gate=self.gate,
        )


def client_certificates(security: Security) -> ClientCertificates:
    """Whom CLIENT_SECURE lets in: with a certificate only those we trust, without one only those
    who need not say who they are.
    """
    if not security.tls:
        return ClientCertificates.NONE
    return ClientCertificates.REQUESTED if security.unauthenticated else ClientCertificates.REQUIRED


class _Installing:
    """The one installation, made in a thread of its own; asking for it begins it.

    It is made again when it failed and somebody asks half a minute later.
    """

    def __init__(self, cache: Path, jars: Path | None, tell: Callable[[str], None]) -> None:
        self._cache = cache
        self._jars = jars
        self._tell = tell
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._made: Installation | None = None
        self._progress = "Apache Kafka is being installed"
        self._again_at = 0.0

    def installation(self) -> Installation:
        """What nodes are started with; `NotNow` says how far it is, or why it cannot be had."""
        if self._made is not None:
            return self._made
        with self._lock:
            is_free = self._thread is None or not self._thread.is_alive()
            if is_free and time.monotonic() >= self._again_at:
                self._thread = threading.Thread(target=self._install, name="install", daemon=True)
                self._thread.start()
        raise NotNow(self._progress)

    def _install(self) -> None:
        try:
            self._made = installation.install(self._cache, self._jars, self._note)
        except BrokerRefused as refusal:
            self._fail(str(refusal))
        except Exception as error:  # noqa: BLE001 - the top of a thread
            _log.exception("Apache Kafka is not installed")
            self._fail(f"Apache Kafka cannot be installed: {type(error).__name__}: {error}")

    def _fail(self, why: str) -> None:
        self._again_at = time.monotonic() + _INSTALL_AGAIN_SECONDS
        self._note(why)

    def _note(self, progress: str) -> None:
        self._progress = progress
        self._tell(progress)


def _endpoint(node: Node) -> Endpoint:
    return Endpoint(node.address, node.ports[Listener.REPLICATION.name])
