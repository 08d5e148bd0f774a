"""The processes of a cluster's nodes: started, watched, and started again, ever less often."""

import logging
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from ..store.cluster_nodes import Node
from .machinery import Brokers, NotNow, Running

_log = logging.getLogger("sluicegate.clusters")

# A node that keeps ending is started again after 0, 1, 2, 4 … 30 s; one that has lived longer than
# the last of them begins anew.
_MOST_PAUSE_SECONDS = 30.0
_STOP_SECONDS = 10.0


@dataclass(slots=True)
class _Watched:
    """A node's process, the revision it was started with, and what was in its way of late."""

    revision: int
    running: Running | None = None
    started: float = 0.0
    endings: int = 0
    not_before: float = 0.0
    refusal: str = ""
    ending: str = ""


class Processes:
    """The nodes of one cluster, by their ids. None is in the way of another."""

    def __init__(self, cluster_id: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._cluster_id = cluster_id
        self._monotonic = monotonic
        self._watched: dict[int, _Watched] = {}

    def start(self, brokers: Brokers, nodes: Iterable[Node], revision: int) -> bool:
        """Start every node that does not run and may be started, as `revision` of the cluster says.

        Whether all have been running since it was asked last.
        """
        have_run = True
        for node in nodes:
            watched = self._watched.setdefault(node.node_id, _Watched(revision))
            if watched.running is not None and watched.running.has_ended:
                self._note_end(node, watched, watched.running)
            if watched.running is None:
                have_run = False
                self._start_one(brokers, node, watched, revision)
        return have_run

    def older_than(self, revision: int) -> frozenset[int]:
        """The nodes that run as an earlier revision said."""
        return frozenset(
            number
            for number, watched in self._watched.items()
            if watched.running is not None and watched.revision < revision
        )

    def answering(self) -> frozenset[int]:
        """The nodes that take connections."""
        return frozenset(
            number
            for number, watched in self._watched.items()
            if watched.running is not None and watched.running.answers()
        )

    def trouble(self) -> str:
        """Why nodes do not run, or have ended, since all was well; "" where none has."""
        reasons = (watched.refusal or watched.ending for watched in self._watched.values())
        return "; ".join(dict.fromkeys(filter(None, reasons)))

    def all_is_well(self) -> None:
        """Forget what was in the way."""
        for watched in self._watched.values():
            watched.refusal = watched.ending = ""

    def stop(self, which: Collection[int] | None = None) -> None:
        """End some nodes, or all, in good order and side by side.

        Who is left after ten seconds, having no quorum to hand over to, is killed.
        """
        stopping = self._taken(which)
        for running in stopping:
            running.ask_to_stop()
        deadline = self._monotonic() + _STOP_SECONDS
        for running in stopping:
            running.has_ended_within(max(0.0, deadline - self._monotonic()))
            running.kill()

    def kill(self) -> None:
        """End all nodes now."""
        for running in self._taken(None):
            running.kill()

    def _taken(self, which: Collection[int] | None) -> list[Running]:
        """The processes of nodes that are watched no more."""
        numbers = list(self._watched) if which is None else which
        taken = [self._watched.pop(number).running for number in numbers]
        return [running for running in taken if running is not None]

    def _start_one(self, brokers: Brokers, node: Node, watched: _Watched, revision: int) -> None:
        now = self._monotonic()
        # Another revision may be what it needs.
        if now < watched.not_before and watched.revision == revision:
            return
        watched.revision = revision
        try:
            watched.running = brokers.start(node)
        except NotNow as wait:
            watched.refusal = str(wait)
        else:
            watched.refusal = ""
            watched.started = now

    def _note_end(self, node: Node, watched: _Watched, running: Running) -> None:
        now = self._monotonic()
        if now - watched.started > _MOST_PAUSE_SECONDS:
            watched.endings = 0
        pause = 0.0 if watched.endings == 0 else 2.0 ** (watched.endings - 1)
        watched.endings += 1
        watched.not_before = now + min(pause, _MOST_PAUSE_SECONDS)
        watched.running = None
        watched.ending = f"broker {node.node_id} ended: {running.reason()}"
        _log.warning("%s cluster=%s pause=%.0f", watched.ending, self._cluster_id, pause)
