"""Keeps every cluster of the state: a thread each, and one that looks for new ones."""

import threading
import time

from ..clock import Clock
from ..rounds import Round
from ..store import clusters
from ..store.database import Database
from .kept import Kept
from .machinery import Machinery, Secrets

_LOOK_SECONDS = 0.5
# How long a nudge waits for those it has woken.
_PATIENCE_SECONDS = 2.0


class Keeper:
    """Every cluster, kept until `close`."""

    def __init__(
        self, database: Database, machinery: Machinery, secrets: Secrets, clock: Clock
    ) -> None:
        self._database = database
        self._machinery = machinery
        self._secrets = secrets
        self._clock = clock
        self._kept: dict[str, tuple[Kept, Round]] = {}
        self._looking = Round("clusters", self._look)

    def start(self) -> None:
        """Begin; the clusters there are start at once."""
        self._looking.start()

    def look(self) -> None:
        """Look at all of them now; returns when that is done, or has begun to take long."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        self._looking.again(deadline)
        for _, each in list(self._kept.values()):
            each.again(deadline)

    def close(self) -> None:
        """End all nodes, and return when they have ended; what they keep stays."""
        self._looking.end()
        kept = list(self._kept.values())
        for _, each in kept:
            each.end(wait=False)
        stopping = [threading.Thread(target=self._stop, args=pair) for pair in kept]
        for thread in stopping:
            thread.start()
        for thread in stopping:
            thread.join()

    @staticmethod
    def _stop(kept: Kept, each: "Round") -> None:
        each.end()
        kept.stop()

    def _look(self) -> float:
        with self._database.read() as tx:
            ids = [cluster.id for cluster in clusters.all_of(tx)]
        for cluster_id, (_, each) in list(self._kept.items()):
            if each.has_ended:
                del self._kept[cluster_id]
        for cluster_id in ids:
            if cluster_id not in self._kept:
                kept = self._keep(cluster_id)
                each = Round(f"cluster {cluster_id}", kept.step)
                self._kept[cluster_id] = kept, each
                each.start()
        return _LOOK_SECONDS

    def _keep(self, cluster_id: str) -> Kept:
        return Kept(cluster_id, self._database, self._machinery, self._secrets, self._clock)
