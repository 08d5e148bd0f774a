"""The `api` child: serves the control path on the supervisor's socket until its lifeline closes.

It is started by exec. Its first line of standard input says what to serve; the end of its standard
input is the end of the supervisor, however that came about. It says `ready` on standard output.
"""

import logging
import signal
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import uvicorn

from ..api.app import App
from ..api.front import Front, is_invocation, is_with_code
from ..api.http import Http
from ..clock import SystemClock
from ..errors import StartRefused
from ..functions.isolation import Isolation
from ..functions.serving import DESCRIPTORS
from ..wire.message import Request, Response
from .build import build, open_databases
from .homes import home_of
from .keys import open_root_key, open_vault
from .limits import allow_descriptors
from .nudges import Nudges
from .orders import READY, Orders
from .running import RunningFunctions
from .state import StateFolder

_GRACE_SECONDS = 10


def main() -> None:
    """Serve until standard input ends."""
    # Blocked in the supervisor, which waits for them; inherited through exec.
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    _log_warnings()
    line = sys.stdin.buffer.readline()
    if not line:
        return
    orders = Orders.read(line)
    settings = orders.settings
    # Four for each connection there may be, so that databases can still be opened beside them.
    allow_descriptors(4 * Http.most_connections + DESCRIPTORS)
    folder = StateFolder(settings.state_folder)
    vault = open_vault(folder)
    databases = open_databases(settings, folder)
    clock, endpoint = SystemClock(), _Late()
    functions = RunningFunctions(settings, vault, clock, endpoint.answer)
    # Found out by starting a sandbox, which mostly waits: meanwhile the rest is built.
    isolation = ThreadPoolExecutor(1, "isolation").submit(functions.isolation)
    built = build(
        settings,
        databases,
        vault,
        open_root_key(folder, settings),
        clock,
        functions=functions,
        keepers=Nudges(socket.socket(fileno=orders.keepers), home_of(folder).id),
        log_events_lost=lambda: functions.log_events_lost,
    )
    endpoint.front = built.front
    app = App(built.front.answer, built.front.refuse, is_long=is_invocation, is_large=is_with_code)
    built.start()
    try:
        _serve(app, socket.socket(fileno=orders.listener), _told(isolation.result()))
    except StartRefused as refusal:
        # The supervisor says the rest.
        print(f"sluicegate: {refusal}", file=sys.stderr)
    finally:
        app.close()
        built.close()


class _Late:
    """The endpoint as those see it who are built before it is."""

    def __init__(self) -> None:
        self.front: Front | None = None

    def answer(self, request: Request) -> Response:
        """The answer to a request, once there is somebody to give it."""
        assert self.front is not None
        return self.front.answer(request)


def _log_warnings() -> None:
    logging.basicConfig(format="%(levelname)s %(name)s %(message)s", level=logging.WARNING)
    # What clients send wrong is theirs to know; it must not fill our log.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)


def _told(isolation: Isolation) -> str:
    """What holds; what keeps a stronger level from holding goes to standard error."""
    for reason in isolation.missing:
        print(f"sluicegate: functions are not kept apart as well as could be: {reason}",
              file=sys.stderr)  # fmt: skip
    if isolation.without_groups:
        return f"{isolation.level}, no control groups: {isolation.without_groups}"
    return isolation.level


def _serve(app: App, listener: socket.socket, about: str) -> None:
    config = uvicorn.Config(
        app,
        http=Http,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    server = _Server(config, about)

    def follow_lifeline() -> None:
        while sys.stdin.buffer.read(4096):
            pass
        server.should_exit = True

    threading.Thread(target=follow_lifeline, name="lifeline", daemon=True).start()
    server.run(sockets=[listener])


class _Server(uvicorn.Server):
    """Says `ready`, and `about` what, when it answers."""

    def __init__(self, config: uvicorn.Config, about: str) -> None:
        super().__init__(config)
        self._about = about

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print(READY, self._about, flush=True)


if __name__ == "__main__":
    main()
