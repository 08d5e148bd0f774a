"""Keeps every cluster of the state: a thread each, and one that looks for new ones."""

import logging
import threading
import time
from collections.abc import Callable

from ..clock import Clock
from ..errors import SluicegateError
from ..store import clusters
from ..store.database import Database
from .kept import Kept
from .machinery import Machinery, Secrets

_log = logging.getLogger("sluicegate.clusters")

_LOOK_SECONDS = 0.5
_AFTER_FAULT_SECONDS = 1.0
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
        self._kept: dict[str, tuple[Kept, _Round]] = {}
        self._looking = _Round("clusters", self._look)

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
    def _stop(kept: Kept, each: "_Round") -> None:
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
                each = _Round(f"cluster {cluster_id}", kept.step)
                self._kept[cluster_id] = kept, each
                each.start()
        return _LOOK_SECONDS

    def _keep(self, cluster_id: str) -> Kept:
        return Kept(cluster_id, self._database, self._machinery, self._secrets, self._clock)


class _Round:
    """A thread that does something again and again, and sooner when it is asked to."""

    def __init__(self, name: str, step: Callable[[], float | None]) -> None:
        self._step = step
        self._changed = threading.Condition()
        self._asked = self._done = 0
        self._is_ending = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    @property
    def has_ended(self) -> bool:
        """Whether there is nothing more to do."""
        return not self._thread.is_alive()

    def again(self, deadline: float) -> None:
        """Do it now, and return when it was done from begin to end, or at `deadline`."""
        with self._changed:
            self._asked += 1
            asked = self._asked
            self._changed.notify_all()
            self._changed.wait_for(
                lambda: self._done >= asked or self._is_ending,
                max(0.0, deadline - time.monotonic()),
            )

    def end(self, *, wait: bool = True) -> None:
        """Do it no more."""
        with self._changed:
            self._is_ending = True
            self._changed.notify_all()
        if wait:
            self._thread.join()

    def _run(self) -> None:
        pause: float | None = 0.0
        while pause is not None and not self._is_ending:
            with self._changed:
                asked = self._asked
            pause = self._stepped()
            with self._changed:
                self._done = asked
                if pause is None:
                    self._is_ending = True
                self._changed.notify_all()
                self._changed.wait_for(
                    lambda: self._asked > self._done or self._is_ending, pause or 0.0
                )

    def _stepped(self) -> float | None:
        try:
            return self._step()
        except SluicegateError as fault:
            # The state cannot be written, or a broker did not answer: it is tried again.
            _log.warning("%s: %s", self._thread.name, fault)
        except Exception:  # noqa: BLE001 - the top of a thread
            _log.exception("%s failed", self._thread.name)
        return _AFTER_FAULT_SECONDS
