"""One cluster, kept: from what the state says it should be to nodes that answer, step by step.

    deleted?  → end its nodes, remove its data, then its row
    installed → placed → started → all of them in the metadata: ACTIVE → users as their secrets say

A step never waits for long: what is not there yet is looked at again in the next one. Whatever
stands in the way is a sentence in the cluster's state.
"""

import base64
import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from ..clock import Clock
from ..store import cluster_nodes, clusters
from ..store.cluster_nodes import Node
from ..store.clusters import DELETED, Cluster
from ..store.database import Database
from .machinery import Brokers, Machinery, NotNow, Running, Secrets, Users
from .users import ScramUsers

_log = logging.getLogger("sluicegate.clusters")

_SOON_SECONDS = 0.02
_CALM_SECONDS = 0.25
_WAIT_SECONDS = 0.1
_METADATA_SECONDS = 1.0
# A node that keeps ending is started again after 0, 1, 2, 4 … 30 s; one that has lived longer than
# the last of them begins anew.
_MOST_PAUSE_SECONDS = 30.0

_EVERY_STATE = ("CREATING", "ACTIVE", "HEALING", "UPDATING", "FAILED")
_UP_STATES = ("ACTIVE", "HEALING", "UPDATING")


@dataclass(slots=True)
class _Watched:
    """A node's process, how often it has ended of late, and when it may be started again."""

    running: Running | None = None
    started: float = 0.0
    endings: int = 0
    not_before: float = 0.0


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
        self._brokers: Brokers | None = None
        self._users: Users | None = None
        self._watched: dict[int, _Watched] = {}
        self._is_up = False
        self._said = ""

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
            self._say_waiting(cluster, str(wait))
            return _WAIT_SECONDS
        if not self._answers(nodes):
            self._say_waiting(cluster, clusters.STARTING)
            return _SOON_SECONDS
        self._say_up(cluster)
        assert self._users is not None
        self._scram.sync(cluster, self._users)
        return _CALM_SECONDS

    def stop(self) -> None:
        """End the nodes in good order; the cluster is as it was when they start again."""
        self._end(lambda running: running.stop())

    def _demolish(self) -> None:
        self._end(lambda running: running.kill())
        self._machinery.demolish(self._id)
        with self._database.write() as tx:
            clusters.remove(tx, self._id)

    def _end(self, how: Callable[[Running], None]) -> None:
        if self._users is not None:
            self._users.close()
        for watched in self._watched.values():
            if watched.running is not None:
                how(watched.running)
        self._watched.clear()
        self._users = self._brokers = None
        self._is_up = False

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
        """Start the nodes that do not run; `NotNow` while one may not be started yet."""
        if self._brokers is None or (self._is_up and cluster.applied_revision < cluster.revision):
            self._end(lambda running: running.stop())
            self._brokers = self._machinery.brokers(cluster, nodes)
        for node in nodes:
            watched = self._watched.setdefault(node.node_id, _Watched())
            if watched.running is not None and watched.running.has_ended:
                self._note_end(node, watched, watched.running)
            if watched.running is None:
                self._start_one(self._brokers, node, watched)

    def _start_one(self, brokers: Brokers, node: Node, watched: _Watched) -> None:
        now = self._monotonic()
        if now < watched.not_before:
            raise NotNow(self._said)
        watched.running = brokers.start(node)
        watched.started = now

    def _note_end(self, node: Node, watched: _Watched, running: Running) -> None:
        now = self._monotonic()
        if now - watched.started > _MOST_PAUSE_SECONDS:
            watched.endings = 0
        pause = 0.0 if watched.endings == 0 else 2.0 ** (watched.endings - 1)
        watched.endings += 1
        watched.not_before = now + min(pause, _MOST_PAUSE_SECONDS)
        watched.running = None
        self._is_up = False
        self._said = f"broker {node.node_id} ended: {running.reason()}"
        _log.warning("%s cluster=%s pause=%.0f", self._said, self._id, pause)

    def _answers(self, nodes: list[Node]) -> bool:
        if self._is_up:
            return True
        if not all(
            watched.running is not None and watched.running.answers()
            for watched in self._watched.values()
        ):
            return False
        assert self._brokers is not None
        if self._users is None:
            self._users = self._brokers.users()
        there = self._users.nodes(timeout_seconds=_METADATA_SECONDS)
        self._is_up = there == {node.node_id for node in nodes}
        return self._is_up

    def _say_waiting(self, cluster: Cluster, why: str) -> None:
        """What keeps a cluster from being up is for everybody to see; said once."""
        state = "HEALING" if cluster.state in _UP_STATES else cluster.state
        if self._said and why == clusters.STARTING:
            why = self._said  # why they start again says more
        if (cluster.state, cluster.state_message) == (state, why):
            return
        with self._database.write() as tx:
            clusters.set_state(tx, cluster.id, (cluster.state,), state, "WAITING", why)

    def _say_up(self, cluster: Cluster) -> None:
        self._said = ""
        if cluster.state == "ACTIVE" and cluster.applied_revision == cluster.revision:
            return
        with self._database.write() as tx:
            clusters.set_state(tx, cluster.id, _EVERY_STATE, "ACTIVE")
            clusters.set_applied(tx, cluster.id, cluster.revision)
