"""One cluster, kept: from what the state says it should be to nodes that answer, step by step.

    deleted?  → end its nodes, remove its data, then its row
    installed → placed → started → all of them in the metadata: ACTIVE
    changed?  → one node after the other anew, each once all serve and no replica is behind
    users as their secrets say, as soon as a node can be asked

A step never waits for long: what is not there yet is looked at again in the next one. Whatever
stands in the way is a sentence in the cluster's state.
"""

import base64
import time
import uuid
from collections.abc import Callable

from ..clock import Clock
from ..kafka import BrokerFault
from ..store import cluster_nodes, clusters
from ..store.cluster_nodes import Node
from ..store.clusters import DELETED, Cluster
from ..store.database import Database
from .machinery import Brokers, Machinery, NotNow, Secrets, Users
from .processes import Processes
from .users import ScramUsers

_SOON_SECONDS = 0.02
_CALM_SECONDS = 0.25
_WAIT_SECONDS = 0.1
_METADATA_SECONDS = 1.0
# How long a node that was started with a change may take to serve and to catch up.
_PATIENCE_SECONDS = 60.0

_EVERY_STATE = ("CREATING", "ACTIVE", "HEALING", "UPDATING", "FAILED")
_UP_STATES = ("ACTIVE", "HEALING", "UPDATING")


def kafka_id(cluster_id: str) -> str:
    """What Kafka calls a cluster: the UUID in `cluster_id` in base64, never an option by looks."""
    raw = uuid.UUID(cluster_id[:36]).bytes
    return base64.urlsafe_b64encode(raw).decode().rstrip("=").replace("-", "_")


class Kept:
    """Keeps one cluster. `step` is called again and again, by one thread."""

    def __init__(
        self,
        cluster_id: str,
        database: Database,
        machinery: Machinery,
        secrets: Secrets,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._id = cluster_id
        self._database = database
        self._machinery = machinery
        self._clock = clock
        self._monotonic = monotonic
        self._scram = ScramUsers(database, secrets, monotonic)
        self._processes = Processes(cluster_id, monotonic)
        self._brokers: Brokers | None = None
        self._users: Users | None = None
        self._revision = 0
        self._revised = 0.0
        self._is_up = False
        self._can_ask = False

    def step(self) -> float | None:
        """Bring the cluster a step nearer to what it should be.

        How many seconds until the next step; None when the cluster is gone.
        """
        with self._database.read() as tx:
            cluster = clusters.find(tx, self._id)
            nodes = cluster_nodes.nodes_of(tx, self._id)
        if cluster is None or cluster.wanted == DELETED:
            self._demolish()
            return None
        try:
            nodes = self._placed(cluster, nodes)
            self._start(cluster, nodes)
        except NotNow as wait:
            self._say(cluster, str(wait))
            return _WAIT_SECONDS
        serving = self._serving(nodes)
        if self._users is not None and self._can_ask:
            self._scram.sync(cluster, self._users)
        if older := self._processes.older_than(cluster.revision):
            self._renew(older, serving)
        if self._is_up:
            self._say_up(cluster, is_applied=not older)
            return _CALM_SECONDS
        self._say_waiting(cluster)
        return _WAIT_SECONDS if self._processes.trouble() else _SOON_SECONDS

    def stop(self) -> None:
        """End the nodes in good order; the cluster is as it was when they start again."""
        self._processes.stop()
        self._let_go()

    def _demolish(self) -> None:
        self._processes.kill()
        self._let_go()
        self._machinery.demolish(self._id)
        with self._database.write() as tx:
            clusters.remove(tx, self._id)

    def _let_go(self) -> None:
        if self._users is not None:
            self._users.close()
        self._users = self._brokers = None
        self._is_up = self._can_ask = False

    def _placed(self, cluster: Cluster, nodes: list[Node]) -> list[Node]:
        version = self._machinery.ready()
        if nodes:
            return nodes
        with self._database.read() as tx:
            taken = cluster_nodes.all_of(tx)
        nodes = self._machinery.placed(cluster, taken, self._clock.now_ms())
        with self._database.write() as tx:
            for node in nodes:
                cluster_nodes.place(tx, node)
            clusters.set_running(tx, cluster.id, version, kafka_id(cluster.id))
        return nodes

    def _start(self, cluster: Cluster, nodes: list[Node]) -> None:
        """Start the nodes that do not run, as the cluster should be by now."""
        if self._brokers is None:
            self._brokers = self._machinery.brokers(cluster, nodes)
        elif self._revision != cluster.revision:
            self._brokers = self._brokers.changed(cluster)
            self._revised = self._monotonic()
        self._revision = cluster.revision
        if not self._processes.start(self._brokers, nodes, cluster.revision):
            self._is_up = False

    def _serving(self, nodes: list[Node]) -> frozenset[int]:
        """The nodes that serve: that take connections, and are in the metadata if it can be had."""
        everybody = frozenset(node.node_id for node in nodes)
        if self._is_up:
            return everybody
        answering = self._processes.answering()
        there = self._there() if answering else None
        self._can_ask = there is not None
        serving = answering if there is None else answering & there
        self._is_up = self._can_ask and serving == everybody
        return serving

    def _there(self) -> frozenset[int] | None:
        assert self._brokers is not None
        if self._users is None:
            self._users = self._brokers.users()
        try:
            return self._users.nodes(timeout_seconds=_METADATA_SECONDS)
        except BrokerFault:
            return None

    def _renew(self, older: frozenset[int], serving: frozenset[int]) -> None:
        """End a node that runs as an earlier revision said, to be started anew: one that serves
        only while all do and no replica is behind, so that no partition is without a leader.
        """
        is_late, again = self._is_late(), frozenset[int]()
        if not self._is_up:
            # One that only the metadata lacks may be back in a moment.
            again = older - (serving if is_late else self._processes.answering())
        elif is_late or self._is_in_sync():
            again = frozenset({min(older)})
        if again:
            self._processes.stop(again)
            self._is_up = False
            self._revised = self._monotonic()

    def _is_in_sync(self) -> bool:
        assert self._users is not None
        try:
            return self._users.are_in_sync(timeout_seconds=_METADATA_SECONDS)
        except BrokerFault:
            return False

    def _is_late(self) -> bool:
        """Whether nothing has come of the last change, or the last node that got it, for long."""
        return self._monotonic() - self._revised > _PATIENCE_SECONDS

    def _say_waiting(self, cluster: Cluster) -> None:
        trouble = self._processes.trouble()
        is_updating = cluster.state == "ACTIVE" and cluster.applied_revision < cluster.revision
        if trouble or not is_updating:
            self._say(cluster, trouble or clusters.STARTING)
        elif self._is_late():
            self._say(cluster, clusters.LATE)

    def _say(self, cluster: Cluster, why: str) -> None:
        """What keeps a cluster from being up is for everybody to see; said once."""
        state = "HEALING" if cluster.state in _UP_STATES else cluster.state
        if (cluster.state, cluster.state_message) == (state, why):
            return
        with self._database.write() as tx:
            clusters.set_state(tx, cluster.id, (cluster.state,), state, "WAITING", why)

    def _say_up(self, cluster: Cluster, *, is_applied: bool) -> None:
        self._processes.all_is_well()
        is_news = is_applied and cluster.applied_revision != cluster.revision
        if cluster.state == "ACTIVE" and not is_news:
            return
        with self._database.write() as tx:
            clusters.set_state(tx, cluster.id, _EVERY_STATE, "ACTIVE")
            if is_applied:
                clusters.set_applied(tx, cluster.id, cluster.revision)
