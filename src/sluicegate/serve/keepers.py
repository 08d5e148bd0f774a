"""The keepers in the supervisor: they make what the state says come true, beside the `api` child.

They begin once the endpoint answers, in a thread: `Ready.` does not wait for what they load.
"""

import contextlib
import logging
import socket
import sys
import threading
from collections.abc import Callable
from typing import Protocol

from ..errors import SluicegateError
from ..settings import Settings
from .nudges import answer_nudges
from .state import StateFolder

_log = logging.getLogger("sluicegate.serve")


class Keeps(Protocol):
    """Whoever keeps one kind of thing."""

    def look(self) -> None:
        """Look at the state now."""
        ...

    def close(self) -> None:
        """End what is kept."""
        ...


class Leased(Protocol):
    """What is ours for a time."""

    def close(self) -> None:
        """Give it back."""
        ...


class Keepers:
    """The clusters' keeper, loaded and started in a thread, and the threads that nudge it."""

    def __init__(
        self, settings: Settings, folder: StateFolder, nudge_workers: Callable[[], None]
    ) -> None:
        self._nudge_workers = nudge_workers
        self._settings = settings
        self._folder = folder
        self._has_begun = threading.Event()
        self._clusters: Keeps | None = None
        self._lease: Leased | None = None
        self._doors = contextlib.ExitStack()
        self._thread = threading.Thread(target=self._begin, name="keepers", daemon=True)

    def start(self) -> None:
        """Begin; clusters that were there before start again."""
        self._thread.start()

    def attend(self, nudges: socket.socket) -> None:
        """Answer an `api` child's nudges, for as long as it lives."""
        answer = threading.Thread(
            target=answer_nudges, args=(nudges, self._look), name="nudges", daemon=True
        )
        answer.start()

    def close(self) -> None:
        """End every broker; returns when they have ended."""
        if self._thread.ident is None:
            return
        self._has_begun.wait()
        if self._clusters is not None:
            self._clusters.close()
        if self._lease is not None:
            # Without the database it ends by itself.
            with contextlib.suppress(SluicegateError):
                self._lease.close()
        self._doors.close()

    def _look(self) -> None:
        self._nudge_workers()
        self._has_begun.wait()
        if self._clusters is not None:
            self._clusters.look()

    def _begin(self) -> None:
        try:
            self._clusters = self._loaded()
        except Exception:  # noqa: BLE001 - the top of a thread
            _log.exception("clusters are not kept")
        finally:
            self._has_begun.set()

    def _loaded(self) -> Keeps:
        # Imported here: all of it would make users wait for `Ready.`.
        from ..clock import SystemClock
        from ..clusters.fleet import Fleet
        from ..clusters.keeper import Keeper
        from ..clusters.secrets import ServiceSecrets
        from ..store.database import Database, sqlite_url
        from .gates import open_doors
        from .homes import Lease, home_of
        from .keys import open_vault

        settings, clock = self._settings, SystemClock()
        vault = open_vault(self._folder)
        database = Database(settings.database or sqlite_url(self._folder.database))
        self._doors.callback(database.close)
        fleet = Fleet(
            self._folder.clusters,
            settings.cache_folder,
            settings.jars_folder,
            database,
            vault,
            clock,
            _tell,
            open_doors(settings, self._folder, database, vault, clock, self._doors),
        )
        home, secrets = home_of(self._folder), ServiceSecrets(settings.endpoint, vault, clock)
        keeper = Keeper(database, fleet, secrets, clock, home.id)
        keeper.start()
        lease = Lease(database, home, keeper.close)
        lease.start()
        self._lease = lease
        return keeper


def _tell(progress: str) -> None:
    print(f"sluicegate: {progress}", file=sys.stderr, flush=True)
