"""The control path and its doors, built from a state folder."""

from collections.abc import Callable
from dataclasses import dataclass

from .. import operations
from ..access.authorize import Authority
from ..access.identify import Identity, Touch, record_touches
from ..access.keys import RootKey
from ..access.memory import EpochMemory
from ..api.control import ControlPath
from ..api.front import Facilities, Front
from ..brokers import authority
from ..clock import Clock
from ..functions import Functions
from ..operations.operation import Keepers
from ..settings import Settings
from ..store import health, reset
from ..store.batching import BatchingWriter
from ..store.database import Database, sqlite_url
from ..store.decisions import DecisionLog
from ..store.log_events import LogEvents
from ..vault import Vault
from .state import StateFolder


@dataclass(frozen=True, slots=True)
class Databases:
    """The state, and the two journals beside it (the same database on PostgreSQL)."""

    state: Database
    decisions: Database
    log_events: Database

    def close(self) -> None:
        """Close all of them."""
        for database in (self.decisions, self.log_events, self.state):
            database.close()


@dataclass(frozen=True, slots=True)
class Built:
    """An endpoint: what answers, how to empty its state, how to close what stands behind it."""

    front: Front
    reset: Callable[[], None]
    close: Callable[[], None]


def open_databases(
    settings: Settings, folder: StateFolder, *, throwaway: bool = False
) -> Databases:
    """Open what `migrate` has made ready; a `throwaway` state need not survive a power loss."""
    if settings.database:
        journal = Database(settings.database, durable=False)
        return Databases(Database(settings.database, throwaway=throwaway), journal, journal)
    return Databases(
        Database(sqlite_url(folder.database), throwaway=throwaway),
        Database(sqlite_url(folder.decisions), durable=False, throwaway=throwaway),
        Database(sqlite_url(folder.log_events), durable=False, throwaway=throwaway),
    )


def build(
    settings: Settings,
    databases: Databases,
    vault: Vault,
    root: RootKey,
    clock: Clock,
    *,
    functions: Functions,
    keepers: Keepers,
    signing_clock: Clock | None = None,
) -> Built:
    """The endpoint."""
    memory = EpochMemory()
    decisions = DecisionLog(databases.decisions)
    log_events = LogEvents(databases.log_events)
    touches = BatchingWriter[Touch]("last used", databases.state, record_touches)
    control = ControlPath(
        database=databases.state,
        log_events=log_events,
        decisions=decisions,
        vault=vault,
        clock=clock,
        identity=Identity(databases.state, vault, clock, root, memory, touches, signing_clock),
        authority=Authority(databases.state, memory, decisions),
        operations=operations.served(),
        keepers=keepers,
        functions=functions,
    )

    def wipe() -> None:
        # What is on its way would be written after all else is gone.
        decisions.flush()
        reset.empty(databases.state, databases.decisions, databases.log_events)
        functions.forget()
        keepers.nudge()

    def close() -> None:
        for each in (touches, decisions, log_events, databases):
            each.close()

    facilities = Facilities(
        probe=lambda: health.probe(databases.state, clock.now_ms()),
        certificate=lambda: authority.certificate(databases.state, vault, clock),
        reset=wipe if settings.allow_reset else None,
        services=sorted({each.service for each in operations.served()}),
    )
    return Built(Front(control, facilities, settings.host_names), wipe, close)
