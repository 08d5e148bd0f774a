"""The state folder as the home of clusters: its id, and the lease by which a `serve` keeps it."""

import logging
import socket
import time
import uuid
from collections.abc import Callable

from ..errors import StartRefused
from ..rounds import Round
from ..store import cluster_nodes, clusters, homes
from ..store.database import Database, Tx
from ..store.homes import Home
from .state import StateFolder, write_whole

_log = logging.getLogger("sluicegate.serve")

_LEASE_MS = 10_000
_RENEW_SECONDS = 2.0
# A machine whose name changed (a container that was made again) waits for its own lease's end.
_WAIT_SECONDS = 12.0
_POLL_SECONDS = 0.1


def home_of(folder: StateFolder) -> Home:
    """The folder as a home; its id is made once, beside the data that it stands for."""
    if not folder.home.exists():
        folder.clusters.mkdir(mode=0o700, exist_ok=True)
        write_whole(folder.home, f"{uuid.uuid4()}\n")
    try:
        kept = str(uuid.UUID(folder.home.read_text().strip()))
    except ValueError:
        raise StartRefused(
            f"`{folder.home}` does not hold the id of this state folder; restore it from its copy"
        ) from None
    return Home(kept, socket.gethostname(), str(folder.path))


def come_home(
    folder: StateFolder, database: Database, *, patience_seconds: float = _WAIT_SECONDS
) -> None:
    """Take the lease, and say of the clusters of this home that none of them runs yet.

    `StartRefused` when a copy of the folder keeps them.
    """
    home = home_of(folder)
    deadline = time.monotonic() + patience_seconds
    while True:
        with database.write() as tx:
            copy = homes.take(tx, home, _lease_ms(database))
            if copy is None:
                _bring_home(tx, folder, home)
                clusters.none_runs(tx, home.id)
                return
        if time.monotonic() > deadline:
            raise StartRefused(
                f"`{folder.path}` is a copy of the state folder `{copy.folder}` of "
                f"`{copy.machine}`, whose `sluicegate serve` keeps its clusters; start here "
                f"with a new state folder, and copy `{folder.master_key.name}` into it, no more"
            )
        time.sleep(_POLL_SECONDS)


def _bring_home(tx: Tx, folder: StateFolder, home: Home) -> None:
    """What an older release has made is at home where its data is, if it has any."""
    for cluster in clusters.all_of(tx):
        has_data = (folder.clusters / cluster.id).exists()
        if cluster.home is None and (has_data or not cluster_nodes.nodes_of(tx, cluster.id)):
            clusters.bring_home(tx, cluster.id, home.id)


class Lease:
    """The lease of `home`, renewed until `close`; `lost` is called when a copy has taken it."""

    def __init__(self, database: Database, home: Home, lost: Callable[[], None]) -> None:
        self._database = database
        self._home = home
        self._lost = lost
        self._round = Round("home", self._renew)

    def start(self) -> None:
        """Begin; an SQLite file is shared with nobody who would ask."""
        if not self._database.is_sqlite:
            self._round.start()

    def close(self) -> None:
        """Others may say at once that nobody keeps it."""
        if not self._database.is_sqlite:
            self._round.end()
            with self._database.write() as tx:
                homes.leave(tx, self._home)

    def _renew(self) -> float | None:
        with self._database.write() as tx:
            if homes.renew(tx, self._home, _LEASE_MS):
                return _RENEW_SECONDS
        _log.error("a copy of `%s` keeps its clusters; they end here", self._home.folder)
        self._lost()
        return None


def _lease_ms(database: Database) -> int:
    return 0 if database.is_sqlite else _LEASE_MS
