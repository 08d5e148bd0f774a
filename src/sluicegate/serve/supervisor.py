"""`serve`: locks the state, opens the port, migrates, and keeps the `api` child alive.

    open and lock the state folder → listen → start the child (it imports meanwhile) →
    keys, migrate → give the child its orders → `Ready.` → wait for signals

A child that dies is started again; the socket stays open in between, so that clients wait instead
of being refused. When the supervisor goes, however it goes, the child's lifeline closes.
"""

import contextlib
import dataclasses
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import IO

from .. import __version__
from ..errors import StartRefused
from ..settings import PREFIX, Settings
from .keepers import Keepers
from .listener import listen
from .orders import READY, Orders
from .state import StateFolder, open_folder, take_lock

_SIGNALS = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGCHLD})
_GRACE_SECONDS = 15.0
_SOON_SECONDS = 1.0
_CLOSING_SECONDS = 0.05
_MOST_PAUSE_SECONDS = 5.0


class ApiChild:
    """One `api` process and its lifeline: its standard input, which closes when we end."""

    def __init__(self, settings: Settings, listener: socket.socket) -> None:
        # Who dies with a nudge under way must not leave half of it to the next: one pair each.
        self.nudges, theirs = socket.socketpair()
        self._orders = Orders(settings, listener.fileno(), theirs.fileno())
        self._process = subprocess.Popen(
            [sys.executable, "-m", "sluicegate.serve.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=(listener.fileno(), theirs.fileno()),
            # Its settings come through the pipe; a secret among them is in no environment but ours.
            env={k: v for k, v in os.environ.items() if not k.startswith(PREFIX)},
            # A Ctrl-C at the terminal is the supervisor's to handle.
            start_new_session=True,
        )
        theirs.close()
        self.started = time.monotonic()

    def begin(self) -> None:
        """Tell it what to serve, and wait until it answers; `StartRefused` when it cannot."""
        try:
            _pipe(self._process.stdin).write(self._orders.line())
            _pipe(self._process.stdin).flush()
            answer = _pipe(self._process.stdout).readline()
        except BrokenPipeError:
            answer = b""
        if answer.decode().strip() != READY:
            raise StartRefused("the api process ended while starting; its reason stands above")

    @property
    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self._process.poll() is not None

    def stop(self) -> None:
        """Close the lifeline; the child finishes its requests and ends."""
        with contextlib.suppress(BrokenPipeError):
            _pipe(self._process.stdin).close()

    def kill(self) -> None:
        """End it now."""
        self._process.kill()
        self._process.wait()


def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM; a second one ends it at once."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    folder = open_folder(settings)
    with take_lock(folder), listen(settings) as listener:
        settings = dataclasses.replace(settings, port=listener.getsockname()[1])
        keepers = Keepers(settings, folder)
        child = ApiChild(settings, listener)
        try:
            _prepare(settings, folder)
            child.begin()
            keepers.attend(child.nudges)
            _announce(settings, folder)
            keepers.start()
            child = _keep(child, settings, listener, keepers)
        finally:
            _end(child, keepers)


def _prepare(settings: Settings, folder: StateFolder) -> None:
    # Imported here, while the child imports too: before it is started, users would wait for it.
    from ..store.migrate import migrate_state
    from .keys import open_root_key, open_vault

    open_vault(folder)
    open_root_key(folder, settings)
    migrate_state(settings.database, folder.database, folder.decisions, folder.log_events)


def _keep(
    child: ApiChild, settings: Settings, listener: socket.socket, keepers: Keepers
) -> ApiChild:
    """Until a signal asks to stop: start the child again whenever it has ended."""
    pause = 0.0
    while signal.sigwait(_SIGNALS) == signal.SIGCHLD:
        if not child.has_ended:
            continue
        lived = time.monotonic() - child.started
        pause = 0.0 if lived > _SOON_SECONDS else min(_MOST_PAUSE_SECONDS, 2 * pause + 0.1)
        print(f"the api process ended after {lived:.0f} s; starting it again", file=sys.stderr)
        if pause and signal.sigtimedwait(_SIGNALS - {signal.SIGCHLD}, pause):
            break
        child = ApiChild(settings, listener)
        try:
            child.begin()
            keepers.attend(child.nudges)
        except StartRefused as refusal:
            print(f"sluicegate: {refusal}", file=sys.stderr)
    return child


def _end(child: ApiChild, keepers: Keepers) -> None:
    child.stop()
    # Side by side: brokers take a second to end, requests under way up to ten.
    closing = threading.Thread(target=keepers.close, name="close", daemon=True)
    closing.start()
    deadline = time.monotonic() + _GRACE_SECONDS
    while not child.has_ended or closing.is_alive():
        left = deadline - time.monotonic()
        if left <= 0:
            break
        # A broker that has ended says so with SIGCHLD, the thread that waits for it does not.
        received = signal.sigtimedwait(_SIGNALS, min(left, _CLOSING_SECONDS))
        if received and received.si_signo != signal.SIGCHLD:
            break  # who is asked twice leaves brokers to their lifelines
    if not child.has_ended:
        child.kill()


def _announce(settings: Settings, folder: StateFolder) -> None:
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
        "brokers": "none",
    }
    for name, fact in facts.items():
        print(f"{name:<12} {fact}")
    print("Ready.", flush=True)


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # both ends were asked for
    return stream
