"""What starts function code where there are no namespaces: restricted by Landlock, or by nothing.

There is no file system of the sandbox's own: a function finds itself at its real paths, and has a
folder to write to that goes with it. What its user cannot read is copied to where it can.
"""

import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .isolation import Level
from .landlock import SYSTEM
from .places import Places, Told
from .runtime_folders import LAUNCHER
from .runtimes import Interpreter
from .sandbox import Sandbox, pipes
from .spawner_host import Means, SpawnerHost
from .spawning import SpawnFailed, Started

DEVICES = ("/dev/null",)
LISTED = ("/proc",)
# What function code does without, of an interpreter's folder: it is most of its size.
_NOT_COPIED = shutil.ignore_patterns(
    *("test", "idlelib", "lib2to3", "ensurepip", "tkinter", "config-*", "site-packages", "share")
)

_Ignore = Callable[[str, list[str]], set[str]]


class PlainHost(SpawnerHost):
    """Starts commands; keeps the spawner and what was copied."""

    def __init__(self, means: Means) -> None:
        super().__init__(means)
        self._copies = Path(tempfile.mkdtemp(prefix="sluicegate-plain-"))
        self._copies.chmod(0o711)
        self._copied: dict[str, str] = {}

    def start(self, code: Path, _ephemeral_mb: int, told: Told, python: Interpreter) -> Sandbox:
        """A Python process for that code, its launcher waiting to be told."""
        prefix = self._reachable(Path(python.prefix), _NOT_COPIED)
        runtime = self._reachable(self._folders.folder(python))
        command = [f"{prefix}/bin/{python.name}", f"{runtime}/{LAUNCHER}.py"]
        libraries = {"LD_LIBRARY_PATH": f"{prefix}/lib"}
        return self._start(code, runtime, told, command, libraries, (prefix, runtime))

    def start_executable(self, code: Path, _ephemeral_mb: int, told: Told) -> Sandbox:
        """A process of the code's own `bootstrap`."""
        return self._start(code, "", told, [], {}, ())

    def start_ahead(self, _python: Interpreter) -> Sandbox:
        """None: what may be read is settled when a process starts."""
        raise SpawnFailed("nothing is started ahead without namespaces")

    def settle(self, sandbox: Sandbox, code: Path) -> None:
        """Nothing was started ahead."""
        raise SpawnFailed(f"{sandbox} was not started ahead for {code}")

    def close(self) -> None:
        """End the spawner and whatever still runs; what was copied goes with them."""
        super().close()
        shutil.rmtree(self._copies, ignore_errors=True)

    def _start(
        self,
        code: Path,
        runtime: str,
        told: Told,
        command: list[str],
        environment: dict[str, str],
        readable: tuple[str, ...],
    ) -> Sandbox:
        task = self._reachable(code)
        uid, scratch = self._users.take(), tempfile.mkdtemp(prefix="sluicegate-scratch-")

        def clean_up() -> None:
            shutil.rmtree(scratch, ignore_errors=True)
            self._users.give(uid)

        try:
            if uid >= 0:
                os.chown(scratch, uid, uid)
            with (
                pipes() as (output, printed, ear, go),
                _listeners(3 if self._with_proxy else 2) as listeners,
            ):
                places = _places(task, runtime, listeners, scratch)
                order = {
                    **self._limits(uid, places, readable, listeners),
                    "command": command or [f"{task}/bootstrap"],
                    "environment": {**told(places), **environment},
                }
                started, held = self._keep(order, (printed, ear), listeners)
        except BaseException:
            clean_up()
            raise
        sandbox = Sandbox(started, output, go, places, held)
        sandbox.at_end(clean_up)
        return sandbox

    def _limits(
        self,
        uid: int,
        places: Places,
        readable: tuple[str, ...],
        listeners: list[socket.socket],
    ) -> dict[str, object]:
        return {
            "uid": uid,
            "folder": places.task,
            "confined": self.level is Level.LANDLOCK,
            "readable": [*SYSTEM, places.task, *readable],
            "writable": [places.temporary, *DEVICES],
            "listed": LISTED,
            "ports": [each.getsockname()[1] for each in listeners],
        }

    def _keep(
        self,
        order: dict[str, object],
        sent: tuple[int, int],
        listeners: list[socket.socket],
    ) -> tuple[Started, int]:
        """The command started, and our end of its keeper's lifeline."""
        lifeline, held = os.pipe()
        try:
            pid, process, ended = self._alive().start_plain(order, (*sent, lifeline))
        except BaseException:
            os.close(held)
            raise
        finally:
            os.close(lifeline)
        api, endpoint, *proxy = listeners
        return Started(pid, api, endpoint, process, ended, proxy[0] if proxy else None), held

    def _reachable(self, path: Path, ignore: _Ignore | None = None) -> str:
        """The path, or where it was copied to when another user cannot walk there."""
        if os.geteuid() != 0 or all(each.stat().st_mode & 0o001 for each in (path, *path.parents)):
            return str(path)
        with self._lock:
            if str(path) not in self._copied:
                target = self._copies / str(len(self._copied))
                shutil.copytree(path, target, symlinks=True, ignore=ignore)
                self._copied[str(path)] = str(target)
            return self._copied[str(path)]


def _places(task: str, runtime: str, listeners: list[socket.socket], scratch: str) -> Places:
    api, *others = map(_address, listeners)
    endpoint, proxy = [*(f"http://{each}" for each in others), ""][:2]
    return Places(task, runtime, api, endpoint, proxy, scratch)


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()
    return f"{host}:{port}"


@contextmanager
def _listeners(count: int) -> Iterator[list[socket.socket]]:
    """Listening sockets on loopback, of ports that were free; closed if this fails."""
    made = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        yield made
    except BaseException:
        for each in made:
            each.close()
        raise
