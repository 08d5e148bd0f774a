"""The service's side of the spawner: it is started, asked, and started again when it has died."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import control_groups, seccomp
from .descriptors import MOST_SENT
from .places import ENDPOINT_PORT, PROXY_PORT, RUNTIME_API_PORT

_ANSWER_SECONDS = 30.0
_ANSWER_BYTES = 65_536
# The interpreter may need these to start at all; nothing else of our environment is its business.
_PASSED = ("LD_LIBRARY_PATH", "PATH", "PYTHONPATH")


class SpawnFailed(Exception):
    """A sandbox did not start; the sentence is the spawner's."""


@dataclass(frozen=True, slots=True)
class Started:
    """A sandbox as it was started: its first process, and what it is watched and served by.

    `process` is readable when nothing of the sandbox is left; `ended` then tells the exit code.
    `proxy` is there when something beyond the endpoint may be reached. `ender` ends its control
    group; where it has none that is -1, and `leader` leads the process group all of it begins in.
    """

    pid: int
    runtime_api: socket.socket
    endpoint: socket.socket
    process: int
    ended: int
    proxy: socket.socket | None = None
    leader: int = -1
    ender: int = -1


class Spawner:
    """One process; many threads may ask, one at a time, and wait `patience_seconds` at most."""

    def __init__(
        self, *, staged: bool, uids: range, patience_seconds: float = _ANSWER_SECONDS
    ) -> None:
        self._lock = threading.Lock()
        self._is_given_up = False
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(patience_seconds)
        self._control = ours
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "sluicegate.functions.spawner"],
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            env={name: os.environ[name] for name in _PASSED if name in os.environ},
            # A Ctrl-C at the terminal is the service's to handle.
            start_new_session=True,
        )
        theirs.close()
        program = seccomp.program(is_fenced=staged)
        told = {"stage": staged, "uids": [uids.start, uids.stop], "filter": program.hex()}
        try:
            prepared: Any = self._ask("prepare", told)[0]
        except SpawnFailed:
            self.close()
            raise
        self.stage: str = prepared["stage"]
        # Why no sandbox has a control group; empty where each has one.
        self.without_groups: str = prepared["without_groups"]
        self.processes = control_groups.processes(has_group=not self.without_groups)

    @property
    def is_alive(self) -> bool:
        """Whether it can still be asked."""
        return not self._is_given_up and self._process.poll() is None

    def show(self, path: str, name: str = "") -> str:
        """Where sandboxes find the folder `path`."""
        return str(self._ask("show", {"path": path, "name": name})[0])

    def slot(self) -> str:
        """A place whose content is shown later, by `fill`."""
        return str(self._ask("slot", {})[0])

    def fill(self, slot: str, shown: str, path: str) -> str:
        """Show in a slot what is shown elsewhere, or is now: where, in one question."""
        return str(self._ask("fill", {"slot": slot, "shown": shown, "path": path})[0])

    def hide(self, path: str) -> None:
        """Take a place away; one that is gone, with the spawner or before, is no matter."""
        with contextlib.suppress(SpawnFailed):
            self._ask("hide", {"path": path})

    def start(
        self,
        command: Sequence[str],
        arguments: Sequence[str],
        uid: int,
        output: int,
        go: int,
        *,
        with_proxy: bool = False,
    ) -> Started:
        """Start bubblewrap, its options handed over where no process list shows them."""
        told = {
            "command": list(command),
            "arguments": list(arguments),
            "uid": uid,
            "ports": [RUNTIME_API_PORT, ENDPOINT_PORT, *([PROXY_PORT] if with_proxy else ())],
        }
        pid, back = self._ask("start", told, (output, go))
        return _started(pid, back, has_group=not self.without_groups)

    def start_plain(self, told: Mapping[str, object], sent: Sequence[int]) -> tuple[int, int, int]:
        """Start a command without namespaces, see `plain`: its keeper, and as in `Started`."""
        pid, (process, ended) = self._ask("start_plain", told, sent)
        return int(str(pid)), process, ended

    def close(self) -> None:
        """End it, and with it every sandbox."""
        self._control.close()
        try:
            self._process.wait(_ANSWER_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(
        self, what: str, told: Mapping[str, object], sent: Sequence[int] = ()
    ) -> tuple[object, list[int]]:
        message = json.dumps({"do": what, **told}).encode()
        with self._lock:
            try:
                socket.send_fds(self._control, [message], list(sent))
            except OSError as error:
                raise SpawnFailed(f"the spawner is not asked: {error}") from None
            try:
                answer, back, flags, _ = socket.recv_fds(self._control, _ANSWER_BYTES, MOST_SENT)
            except OSError as error:
                self._give_up()
                raise SpawnFailed(f"the spawner does not answer: {error}") from None
        for each in back:
            os.set_inheritable(each, False)
        if not answer:
            raise SpawnFailed("the spawner has ended")
        read = json.loads(answer)
        if "error" in read:
            raise SpawnFailed(read["error"])
        if flags & socket.MSG_CTRUNC:
            for each in back:
                os.close(each)
            if what == "start":
                # Nobody could watch it; a command without namespaces goes with its lifeline.
                _kill(read["answer"])
            raise SpawnFailed("this process may open no more files")
        return read["answer"], back

    def _give_up(self) -> None:
        """End it at once: its answer, when it came, would be taken for the next question's."""
        self._is_given_up = True
        self._control.close()
        self._process.kill()
        self._process.wait()


def _kill(pid: object) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(int(str(pid)), signal.SIGKILL)


def _started(pid: object, back: list[int], *, has_group: bool) -> Started:
    *listeners, process, ended, whole = back
    leader, ender = (-1, whole) if has_group else (whole, -1)
    runtime_api, endpoint, *proxy = (socket.socket(fileno=each) for each in listeners)
    return Started(
        int(str(pid)),
        runtime_api,
        endpoint,
        process,
        ended,
        proxy[0] if proxy else None,
        leader,
        ender,
    )
