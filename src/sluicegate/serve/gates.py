"""Where brokers ask about IAM: built here, in the supervisor, from the doors the endpoint has."""

import contextlib

from ..access.authorize import Authority
from ..access.identify import Identity, Touch, record_touches
from ..access.memory import EpochMemory
from ..clock import Clock
from ..clusters.gate import Doors, Gatekeeper
from ..rounds import Round
from ..settings import Settings
from ..store import epoch
from ..store.batching import BatchingWriter
from ..store.changes import ChangesFile
from ..store.clusters import Cluster
from ..store.database import Database, sqlite_url
from ..store.decisions import DecisionLog
from ..vault import Vault
from .keys import open_root_key
from .state import StateFolder

_LOOK_SECONDS = 0.5


def open_doors(
    settings: Settings,
    folder: StateFolder,
    database: Database,
    vault: Vault,
    clock: Clock,
    closing: contextlib.ExitStack,
) -> Doors:
    """The sockets of this machine's clusters; whatever stands behind them ends with `closing`."""
    journal = Database(settings.database or sqlite_url(folder.decisions), durable=False)
    closing.callback(journal.close)
    decisions = DecisionLog(journal)
    closing.callback(decisions.close)
    touches = BatchingWriter[Touch]("last used", database, record_touches)
    closing.callback(touches.close)
    memory = EpochMemory()
    root = open_root_key(folder, settings)
    identity = Identity(database, vault, clock, root, memory, touches)
    authority = Authority(database, memory, decisions)

    def keep(cluster: Cluster) -> Gatekeeper:
        return Gatekeeper(cluster, database, memory, identity, authority, decisions, clock)

    watch = _Watch(database, ChangesFile(folder.changes))
    closing.callback(watch.close)
    doors = Doors(folder.clusters, folder.changes, keep)
    closing.callback(doors.close)
    return doors


class _Watch:
    """Moves the file of changes for those that no `api` process of this machine has made.

    Another machine's, on a database that is shared; and one of a process that was killed between
    its commit and telling of it.
    """

    def __init__(self, database: Database, changes: ChangesFile) -> None:
        self._database = database
        self._changes = changes
        self._seen: int | None = None
        self._round = Round("changes", self._look)
        self._round.start()

    def close(self) -> None:
        """Watch no more."""
        self._round.end()
        self._changes.close()

    def _look(self) -> float:
        with self._database.read() as tx:
            current = epoch.current(tx)
        if current != self._seen:
            self._changes.move()
            self._seen = current
        return _LOOK_SECONDS
