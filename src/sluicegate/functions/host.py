"""What starts sandboxes on this host, at the level of isolation it was found to allow."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from . import bubblewrap
from .bubblewrap import Inside, Language
from .isolation import Level
from .places import PROXY_PORT, Places, Told
from .runtime_folders import LAUNCHER
from .runtimes import Interpreter
from .sandbox import Sandbox, pipes
from .spawner_host import Means, SpawnerHost
from .variables import defaults

EPHEMERAL_MB = 512
# Events of megabytes, six at most, come and go: memory given back and asked for anew each time is a
# quarter of what an invocation with one costs. More is given back: a function's memory is counted.
_HEAP = {"MALLOC_MMAP_THRESHOLD_": "8388608", "MALLOC_TRIM_THRESHOLD_": "16777216"}


class Host(SpawnerHost):
    """Starts sandboxes; keeps the spawner, and what it shows on its stage."""

    def __init__(self, means: Means) -> None:
        super().__init__(means)
        proxy = f"http://127.0.0.1:{PROXY_PORT}" if means.with_proxy else ""
        self._places = Places(proxy=proxy)
        self._with_proc = means.level is Level.STRICT
        self._shown: dict[str, str] = {}
        self._uses: dict[str, int] = {}

    def start(self, code: Path, ephemeral_mb: int, told: Told, python: Interpreter) -> Sandbox:
        """A Python sandbox for that code, its launcher waiting to be told."""
        with self._used(code) as (shown, at_end):
            return self._start_python(shown, ephemeral_mb, told(self._places), python, at_end)

    def start_ahead(self, python: Interpreter) -> Sandbox:
        """A Python sandbox for a function to come; its code is shown by `settle`."""
        environment = defaults(self._places, python=True)
        environment["AWS_LAMBDA_RUNTIME_API"] = self._places.runtime_api
        spawner = self._alive()
        slot = spawner.slot()
        try:
            sandbox = self._start_python(
                slot, EPHEMERAL_MB, environment, python, lambda: spawner.hide(slot)
            )
        except BaseException:
            spawner.hide(slot)
            raise
        sandbox.slot = slot
        return sandbox

    def settle(self, sandbox: Sandbox, code: Path) -> None:
        """Show the code in a sandbox that was started ahead."""
        path = str(code)
        spawner = self._alive()
        sandbox.at_end(lambda: self._unuse(path))
        with self._lock:
            self._uses[path] = self._uses.get(path, 0) + 1
            shown = self._shown.get(path, "")
            self._shown[path] = spawner.fill(sandbox.slot, shown, path)

    def start_executable(self, code: Path, ephemeral_mb: int, told: Told) -> Sandbox:
        """A sandbox that runs the code's own `bootstrap`."""
        with self._used(code) as (shown, at_end):
            command = (f"{self._places.task}/bootstrap",)
            inside = Inside(
                shown, ephemeral_mb, told(self._places), command, with_proc=self._with_proc
            )
            return self._start(inside, at_end)

    def _start_python(
        self,
        shown: str,
        ephemeral_mb: int,
        environment: Mapping[str, str],
        python: Interpreter,
        at_end: Callable[[], None],
    ) -> Sandbox:
        language = Language(
            prefix=python.prefix,
            shown=self._kept(python.prefix),
            runtime=self._kept(str(self._folders.folder(python))),
            minor=python.minor,
        )
        command = (f"/var/lang/bin/{python.name}", f"{self._places.runtime}/{LAUNCHER}.py")
        # Read at the start; the launcher then puts the function's variables in place of all.
        started_with = {**_HEAP, **environment}
        inside = Inside(
            shown, ephemeral_mb, started_with, command, language, with_proc=self._with_proc
        )
        return self._start(inside, at_end)

    def _start(self, inside: Inside, at_end: Callable[[], None]) -> Sandbox:
        spawner = self._alive()
        uid = self._users.take()
        try:
            with pipes() as (output, printed, told, go):
                command = bubblewrap.command(inside, spawner.stage, spawner.processes)
                arguments = bubblewrap.arguments(inside, spawner.stage)
                started = spawner.start(
                    command, arguments, uid, printed, told, with_proxy=self._with_proxy
                )
        except BaseException:
            self._users.give(uid)
            raise
        sandbox = Sandbox(started, output, go, self._places)
        sandbox.at_end(lambda: self._users.give(uid))
        sandbox.at_end(at_end)
        return sandbox

    def _on_new_spawner(self) -> None:
        self._shown.clear()

    def _kept(self, path: str) -> str:
        """Where sandboxes find a folder that stays shown."""
        spawner = self._alive()
        with self._lock:
            if path not in self._shown:
                self._shown[path] = spawner.show(path)
            return self._shown[path]

    @contextmanager
    def _used(self, code: Path) -> Iterator[tuple[str, Callable[[], None]]]:
        """A place of the code, and what to do when it is no longer used; done if this fails."""
        path = str(code)
        try:
            yield self._use(path), lambda: self._unuse(path)
        except BaseException:
            self._unuse(path)
            raise

    def _use(self, path: str) -> str:
        """As `_kept`, until as many `_unuse` came: a mount must outlive who starts with it."""
        with self._lock:
            self._uses[path] = self._uses.get(path, 0) + 1
        return self._kept(path)

    def _unuse(self, path: str) -> None:
        with self._lock:
            self._uses[path] -= 1
            if self._uses[path]:
                return
            del self._uses[path]
            place = self._shown.pop(path, None)
            if place is not None and self._spawner is not None:
                self._spawner.hide(place)
