"""The control path and its doors, built from a state folder."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from .. import operations
from ..access.authorize import Authority
from ..access.identify import Identity, Touch, record_touches
from ..access.keys import RootKey
from ..access.memory import EpochMemory
from ..api.control import ControlPath
from ..api.front import Facilities, Front
from ..api.metrics import Counters
from ..api.status import StatusReader
from ..brokers import authority
from ..clock import Clock
from ..errors import Unavailable
from ..execution.packages import stored_packages
from ..functions import Functions
from ..functions.packages import Packages
from ..operations.doctor import Doctor, Probe, probe
from ..operations.lambda_ import code
from ..operations.lambda_.invocations import Invocations
from ..operations.operation import Keepers
from ..settings import Settings
from ..store import health, reset
from ..store.batching import BatchingWriter
from ..store.changes import ChangesFile
from ..store.database import Database, sqlite_url
from ..store.decisions import DecisionLog
from ..store.log_events import LogEvents
from ..store.log_sweep import LogSweep
from ..vault import Vault
from .state import StateFolder


@dataclass(frozen=True, slots=True)
class Databases:
    """The state, and the two journals beside it (the same database on PostgreSQL); and the file
    that tells brokers of its changes."""

    state: Database
    decisions: Database
    log_events: Database
    changes: ChangesFile

    def close(self) -> None:
        """Close all of them."""
        for each in (self.decisions, self.log_events, self.state, self.changes):
            each.close()


class Closed(Protocol):
    """Whatever is closed in the end."""

    def close(self) -> None:
        """Let go."""
        ...


@dataclass(frozen=True, slots=True)
class Built:
    """An endpoint: what answers, how to empty its state, how to close what stands behind it.

    `start` makes it run accepted events by itself; `run_events` runs those due now instead.
    """

    front: Front
    start: Callable[[], None]
    run_events: Callable[[], int]
    reset: Callable[[], None]
    close: Callable[[], None]


def open_databases(
    settings: Settings, folder: StateFolder, *, throwaway: bool = False
) -> Databases:
    """Open what `migrate` has made ready; a `throwaway` state need not survive a power loss."""
    changes = ChangesFile(folder.changes)

    def opened(path: Path, *, durable: bool) -> Database:
        return Database(
            settings.database or sqlite_url(path),
            durable=durable,
            throwaway=throwaway,
            permissions_moved=changes.move,
        )

    state, decisions = (
        opened(folder.database, durable=True),
        opened(folder.decisions, durable=False),
    )
    is_one = bool(settings.database)
    log_events = decisions if is_one else opened(folder.log_events, durable=False)
    return Databases(state, decisions, log_events, changes)


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
    throwaway: bool = False,
    log_events_lost: Callable[[], int] = lambda: 0,
    probe: Probe = probe,
) -> Built:
    """The endpoint; a `throwaway` one need not survive a power loss.

    `log_events_lost` counts what functions have printed and nobody could write; `probe` asks
    brokers what a login may do.
    """
    memory = EpochMemory()
    decisions, log_events = DecisionLog(databases.decisions), LogEvents(databases.log_events)
    touches = BatchingWriter[Touch]("last used", databases.state, record_touches)
    folder = StateFolder(settings.state_folder).packages
    packages = stored_packages(folder, databases.state, durable=not throwaway)
    invocations = Invocations(databases.state, clock)
    sweep = LogSweep(databases.state, log_events, clock)
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
        packages=packages,
        invocations=invocations,
    )
    invocations.calls_by(control.call_by)

    wipe = _wiping(databases, decisions, functions, packages, keepers)
    close = _closing(invocations, functions, (sweep, touches, decisions, log_events, databases))
    facilities = _facilities(
        databases.state,
        vault,
        clock,
        packages,
        wipe if settings.allow_reset else None,
        lambda: Counters(decisions.dropped, touches.dropped, log_events_lost()),
        probe,
    )
    front = Front(control, facilities, settings.host_names)
    start = _starting(packages, invocations, sweep)
    return Built(front, start, invocations.run_due, wipe, close)


def _starting(
    packages: Packages, invocations: Invocations, log_sweep: LogSweep
) -> Callable[[], None]:
    def start() -> None:
        # What a kill left must not keep anybody from serving.
        with suppress(Unavailable):
            packages.sweep()
        log_sweep.start()
        invocations.start()

    return start


def _closing(
    invocations: Invocations, functions: Functions, rest: Iterable[Closed]
) -> Callable[[], None]:
    def close() -> None:
        invocations.close(functions.forget)
        functions.close()
        for each in rest:
            each.close()

    return close


def _wiping(
    databases: Databases,
    decisions: DecisionLog,
    functions: Functions,
    packages: Packages,
    keepers: Keepers,
) -> Callable[[], None]:
    def wipe() -> None:
        # What is on its way would be written after all else is gone.
        decisions.flush()
        reset.empty(databases.state, databases.decisions, databases.log_events)
        functions.forget()
        packages.sweep()
        keepers.nudge()

    return wipe


def _facilities(
    state: Database,
    vault: Vault,
    clock: Clock,
    packages: Packages,
    wipe: Callable[[], None] | None,
    counters: Callable[[], Counters],
    probe: Probe,
) -> Facilities:
    """What the paths that are not AWS's need."""

    def zipped(token: str) -> bytes | None:
        package_id = code.opened(vault, token, clock.now_ms())
        return packages.zipped(package_id) if package_id else None

    def certificate() -> str:
        return authority.certificate(state, vault, clock)

    return Facilities(
        probe=lambda: health.probe(state, clock.now_ms()),
        certificate=certificate,
        reset=wipe,
        services=sorted({each.service for each in operations.served()}),
        code=zipped,
        status=StatusReader(state, clock),
        doctor=Doctor(certificate, probe),
        counters=counters,
    )
