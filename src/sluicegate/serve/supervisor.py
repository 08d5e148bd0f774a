"""`serve`: locks the state, opens the port, migrates, and keeps the `api` child alive.

    open and lock the state folder → listen → start the child (it imports meanwhile) →
    keys, migrate → give the child its orders → `Ready.` → wait for signals

A child that dies is started again; the socket stays open in between, so that clients wait instead
of being refused. When the supervisor goes, however it goes, the child's lifeline closes.
"""

import contextlib
import dataclasses
import math
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from functools import partial

from .. import __version__
from ..errors import StartRefused
from ..settings import Settings
from . import children
from .children import SIGNALS, Child, Place, end
from .keepers import Keepers
from .listener import listen
from .state import StateFolder, open_folder, take_lock

_GRACE_SECONDS = 15.0
# Functions that run are waited for, which is a quarter of an hour at most; then their offsets are
# committed. After so long in silence whoever asked us to stop is told what we wait for.
_WORKERS_GRACE_SECONDS = 15 * 60 + 15.0
_SILENT_SECONDS = 3.0
_CLOSING_SECONDS = 0.05
_NUDGE_SECONDS = 2.0
# Nothing is looked for by the clock; it only bounds what a lost signal could cost.
_LOOK_SECONDS = 5.0


def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM; a second one ends it at once."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    folder = open_folder(settings)
    with take_lock(folder), listen(settings) as listener:
        settings = dataclasses.replace(settings, port=listener.getsockname()[1])
        workers: list[Place] = []
        keepers = Keepers(settings, folder, partial(_nudge, workers, threading.Lock()))
        first, nudges = children.api(settings, listener)
        api = Place("api", partial(_next_api, settings, listener, keepers), first)
        try:
            _prepare(settings, folder)
            _begin(first, nudges, keepers)
            _announce(settings, folder, first.about)
            keepers.start()
            for number in range(settings.workers):
                workers.append(Place("worker", partial(children.worker, settings, number)))
            _keep(api, workers)
        finally:
            _end(api, workers, keepers)


def _next_api(settings: Settings, listener: socket.socket, keepers: Keepers) -> Child:
    child, nudges = children.api(settings, listener)
    _begin(child, nudges, keepers)
    return child


def _begin(child: Child, nudges: socket.socket, keepers: Keepers) -> None:
    """Have an `api` child serve; `StartRefused` when it cannot."""
    child.tell()
    if not child.is_ready():
        raise StartRefused("the api process ended while starting; its reason stands above")
    keepers.attend(nudges)


def _nudge(workers: list[Place], one_by_one: threading.Lock) -> None:
    with one_by_one:
        _nudge_all(workers)


def _nudge_all(workers: list[Place]) -> None:
    children = [place.child for place in list(workers) if place.child is not None]
    for child in children:
        child.nudge()
    for child in children:
        child.has_looked(_NUDGE_SECONDS)


def _prepare(settings: Settings, folder: StateFolder) -> None:
    # Imported here, while the child imports too: before it is started, users would wait for it.
    from ..store.database import Database, sqlite_url
    from ..store.migrate import migrate_state
    from .homes import come_home
    from .keys import open_root_key, open_vault
    from .seal import check_vault

    vault = open_vault(folder)
    open_root_key(folder, settings)
    migrate_state(settings.database, folder.database, folder.decisions, folder.log_events)
    database = Database(settings.database or sqlite_url(folder.database))
    with contextlib.closing(database):
        check_vault(vault, folder, database)
        # Before anybody can ask: what ran under an earlier `serve` is not up.
        come_home(folder, database)


def _keep(api: Place, workers: list[Place]) -> None:
    """Until a signal asks to stop: start children again whenever they have ended."""
    while True:
        due = [seconds for place in (api, *workers) if (seconds := place.fill()) is not None]
        received = signal.sigtimedwait(SIGNALS, min(due, default=_LOOK_SECONDS))
        if received is not None and received.si_signo != signal.SIGCHLD:
            return


def _end(api: Place, workers: list[Place], keepers: Keepers) -> None:
    """Workers first: what they deliver just now still needs the endpoint and the brokers."""
    end([each.child for each in workers if each.child], _waiting(), _WORKERS_GRACE_SECONDS)
    # Side by side: brokers take a second to end, requests under way up to ten.
    closing = threading.Thread(target=keepers.close, name="close", daemon=True)
    closing.start()
    end([api.child] if api.child else [], _wait, _GRACE_SECONDS)
    deadline = time.monotonic() + _GRACE_SECONDS
    while closing.is_alive() and time.monotonic() < deadline and _wait(_CLOSING_SECONDS):
        pass


def _waiting() -> Callable[[float], bool]:
    """`_wait`, and after a while a line that says what for."""
    tell_at = time.monotonic() + _SILENT_SECONDS

    def wait(seconds: float) -> bool:
        nonlocal tell_at
        if time.monotonic() >= tell_at:
            tell_at = math.inf
            print(
                "sluicegate: functions of triggers are running; they are waited for and committed. "
                "Ctrl-C again ends them at once.",
                file=sys.stderr,
                flush=True,
            )
        return _wait(seconds)

    return wait


def _wait(seconds: float) -> bool:
    """Until a child ends, or so long at most; False when somebody asks again to stop.

    Who is asked twice leaves what he started to its lifelines.
    """
    received = signal.sigtimedwait(SIGNALS, min(seconds, _CLOSING_SECONDS))
    return received is None or received.si_signo == signal.SIGCHLD


def _reach(settings: Settings, isolation: str) -> str:
    """What functions reach beyond the endpoint."""
    if isolation.partition(",")[0] == "none":
        return "functions reach everything at isolation none, whatever `functions_reach` lists"
    entries = [each.strip() for each in settings.functions_reach.split(",")]
    return f"functions reach {', '.join(filter(None, entries))} by HTTP proxy"


def _announce(settings: Settings, folder: StateFolder, isolation: str) -> None:
    if not settings.is_loopback:
        print(
            f"sluicegate: listening on {settings.host}: reachable from other machines without TLS",
            file=sys.stderr,
        )
    facts = {
        "sluicegate": __version__,
        "account": settings.account,
        "region": settings.region,
        "state": str(folder.path),
        "endpoint": settings.endpoint,
        "permissions": "enforced, always",
        "brokers": "Apache Kafka, started when a cluster asks for it",
        "functions": f"isolation {isolation}",
    }
    if settings.functions_reach:
        facts["reach"] = _reach(settings, isolation)
    for name, fact in facts.items():
        print(f"{name:<12} {fact}")
    print("Ready.", flush=True)
