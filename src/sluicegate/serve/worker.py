"""A worker: keeps event source mappings, runs their functions, until its lifeline closes.

It is started by exec, like the `api` child. Its first line of standard input says what to work on;
each further one, that there is something new; the end of it is the end of the supervisor. SIGTERM
ends one worker in the same order; the supervisor starts another.
"""

import gc
import logging
import os
import signal
import socket
import sys
from functools import partial
from types import FrameType

from ..clock import SystemClock
from ..execution import ExecutionRoles, FunctionLogs
from ..execution.interfaces import StoreAttachments
from ..execution.packages import stored_packages
from ..execution.versions import Versions
from ..functions.pool import Pool
from ..functions.serving import DESCRIPTORS
from ..settings import Settings
from ..store.database import Database, sqlite_url
from ..triggers.keeper import Keeper
from ..triggers.kept import Kept
from ..triggers.sources import Sources
from .clients import network_clients
from .homes import home_of
from .keys import open_vault
from .limits import allow_descriptors
from .orders import WorkerOrders
from .pulse import end_if_frozen
from .state import StateFolder

# Longer than anything of ours keeps the interpreter, and than a session of a group.
_FROZEN_SECONDS = 60.0


def main() -> None:
    """Work until standard input ends."""
    signal.signal(signal.SIGTERM, _let_go_of_lifeline)
    # Blocked in the supervisor, which waits for them; inherited through exec.
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    # The default of 5 ms lets one thread hold the interpreter while an answer waits.
    sys.setswitchinterval(0.0005)
    # A thousand messages are polled at once, and are no cycles: the collector, by default called by
    # seven hundred of anything, took a tenth of the polling thread's time.
    gc.freeze()
    gc.set_threshold(10_000)
    logging.basicConfig(format="%(levelname)s %(name)s %(message)s", level=logging.WARNING)
    end_if_frozen(_FROZEN_SECONDS)
    line = sys.stdin.buffer.readline()
    if line:
        _work(WorkerOrders.read(line))


def _let_go_of_lifeline(_signal: int, _frame: FrameType | None) -> None:
    """Have the lifeline end for us, so that there is one way to end, and no other to interrupt.

    The supervisor sees at once that nobody answers its nudges any more.
    """
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (sys.stdin, sys.stdout):
        os.dup2(nothing, stream.fileno())
    os.close(nothing)


def _work(orders: WorkerOrders) -> None:
    settings, clock = orders.settings, SystemClock()
    folder = StateFolder(settings.state_folder)
    vault = open_vault(folder)
    database = Database(settings.database or sqlite_url(folder.database))
    clients = network_clients(settings)
    roles = ExecutionRoles(clients, vault, clock)
    logs = FunctionLogs(clients, roles)
    pool = _pool(settings, roles, logs)
    packages = stored_packages(folder.packages, database)
    versions = Versions(database, vault, packages, roles, clients)
    name = f"{socket.gethostname()}/{os.getpid()}"
    sources = Sources(database, vault, clients, roles, pool, versions, clock, name)
    attachments = StoreAttachments(database, clock)
    keeper = Keeper(
        database,
        partial(
            Kept,
            holder=name,
            database=database,
            versions=versions,
            machinery=sources,
            attachments=attachments,
            clock=clock,
        ),
        home_of(folder).id,
    )
    keeper.start()
    for _ in sys.stdin.buffer:
        keeper.look()
        if keeper.is_idle:
            # Nothing is left that could be invoked here, least of all after a reset.
            pool.forget()
        # One byte for each nudge.
        os.write(sys.stdout.fileno(), b".")
    keeper.close()
    pool.close()
    logs.close()
    database.close()


def _pool(settings: Settings, roles: ExecutionRoles, logs: FunctionLogs) -> Pool:
    allow_descriptors(DESCRIPTORS)
    return Pool(
        settings,
        cache=settings.cache_folder / "functions",
        endpoint=(settings.reachable_host, settings.port),
        credentials=roles.credentials,
        logs=logs,
        clock=SystemClock(),
    )


if __name__ == "__main__":
    main()
