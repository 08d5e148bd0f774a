"""Environments made: the parts of this room put together, opened when first needed."""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..clock import Clock
from ..errors import AwsError
from ..settings import Settings
from . import entrypoint
from .entrypoint import NoEntrypoint
from .environment import Environment
from .host import EPHEMERAL_MB, Host
from .isolation import Isolation, Level, establish
from .logs import Log, stream_name
from .memory import MemoryWatch
from .model import Credentials, FunctionVersion, LogSink
from .places import Places, Told
from .plain_host import PlainHost
from .proxy import Proxy
from .relay import Relay
from .runtime_folders import RuntimeFolders
from .runtimes import EXECUTABLES, Interpreter, Runtimes
from .sandbox import Sandbox, go_line
from .spawner_host import Means
from .spawning import Spawner, SpawnFailed
from .users import Users
from .variables import must_start, variables


@dataclass(frozen=True, slots=True)
class _Opened:
    isolation: Isolation
    host: Host | PlainHost
    relay: Relay
    proxy: Proxy | None
    memory: MemoryWatch


class Maker:
    """Makes environments, of sandboxes started ahead where there are some."""

    def __init__(
        self,
        settings: Settings,
        cache: Path,
        endpoint: tuple[str, int],
        credentials: Callable[[FunctionVersion], Credentials],
        logs: LogSink,
        clock: Clock,
    ) -> None:
        self.runtimes = Runtimes(settings.python_paths, settings.runtime_fallback)
        self._settings = settings
        self._cache = cache
        self._endpoint = endpoint
        self._credentials = credentials
        self._logs = logs
        self._clock = clock
        self._lock = threading.Lock()
        self._opened: _Opened | None = None
        self._ahead: dict[str, list[Sandbox]] = {}
        self._used: dict[str, Interpreter] = {}

    @property
    def isolation(self) -> Isolation:
        """The level in force."""
        return self._open().isolation

    def log(self, version: FunctionVersion, output: int = -1) -> Log:
        """A log of a new stream."""
        return Log(output, self._logs, self._clock, version, self._new_stream(version))

    def environment(self, version: FunctionVersion) -> Environment:
        """A new environment, its sandbox started; it holds its code as long as it lives.

        `AwsError` when there can be none, `NoEntrypoint`, `Corrupted` when its code is gone.
        """
        let_go = version.hold()
        try:
            return self._environment(version, let_go)
        except BaseException:
            let_go()
            raise

    def _environment(self, version: FunctionVersion, let_go: Callable[[], None]) -> Environment:
        if version.runtime in EXECUTABLES and (fault := entrypoint.fault(version.code)):
            raise NoEntrypoint(fault)
        opened = self._open()
        credentials = self._credentials(version)
        stream = self._new_stream(version)
        python = self._python(version)

        def told(places: Places) -> dict[str, str]:
            return variables(version, stream, credentials, places)

        try:
            sandbox = self._sandbox(opened.host, version, python, told)
        except (SpawnFailed, LookupError, ValueError) as error:
            raise AwsError(
                "ServiceException", f"a sandbox did not start: {error}", status=500
            ) from None
        sandbox.at_end(let_go)
        for serving, listener in (
            (opened.relay, sandbox.endpoint),
            (opened.proxy, sandbox.proxy),
        ):
            if serving is not None and listener is not None:
                serving.serve(sandbox, listener)
                sandbox.at_end(partial(serving.drop, sandbox))
        sandbox.at_end(partial(opened.memory.remove, sandbox))
        log = Log(sandbox.output, self._logs, self._clock, version, stream)
        if python is not None and python.name != version.runtime:
            log.say(f"{version.runtime} is not on this host: run by {python.name}.")
        return Environment(
            version,
            sandbox,
            log,
            self._clock,
            expires_ms=credentials.expires_ms,
            watch=lambda works: (opened.memory.work if works else opened.memory.rest)(sandbox),
        )

    def start_ahead(self, count: int) -> None:
        """Have that many sandboxes wait for each Python version that was used."""
        with self._lock:
            short = [
                each
                for name, each in self._used.items()
                if len(self._ahead.setdefault(name, [])) < count
            ]
        for python in short:
            try:
                sandbox = self._open().host.start_ahead(python)
            except (SpawnFailed, LookupError):
                continue  # the next start in earnest will say why
            with self._lock:
                self._ahead[python.name].append(sandbox)

    def end_ahead(self) -> None:
        """End the sandboxes that wait."""
        with self._lock:
            waiting = [each for those in self._ahead.values() for each in those]
            self._ahead.clear()
        for sandbox in waiting:
            _discard(sandbox)

    def close(self) -> None:
        """End everything; nothing can be made afterwards."""
        self.end_ahead()
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.host.close()
            opened.relay.close()
            if opened.proxy is not None:
                opened.proxy.close()
            opened.memory.close()

    def _open(self) -> _Opened:
        with self._lock:
            if self._opened is None:
                uids = self._settings.function_uid_range
                users = Users(uids, self._cache)
                try:
                    isolation, spawn = establish(self._settings.isolation, users, uids)
                except BaseException:
                    users.close()
                    raise
                self._opened = self._put_together(isolation, users, spawn)
            return self._opened

    def _put_together(
        self, isolation: Isolation, users: Users, spawn: Callable[[], Spawner]
    ) -> _Opened:
        level, reach = isolation.level, self._settings.reach
        # Where nothing is fenced nothing needs a gate.
        with_proxy = bool(reach) and level is not Level.NONE
        kind = PlainHost if level in (Level.LANDLOCK, Level.NONE) else Host
        means = Means(level, users, RuntimeFolders(self._cache), spawn, with_proxy)
        return _Opened(
            isolation,
            kind(means),
            Relay(self._endpoint),
            Proxy(reach, self._endpoint) if with_proxy else None,
            MemoryWatch(),
        )

    def _python(self, version: FunctionVersion) -> Interpreter | None:
        if version.runtime in EXECUTABLES:
            return None
        python = self.runtimes.interpreter(version.runtime)
        if python is None:
            refusal = self.runtimes.refusal(version.runtime) or ""
            raise AwsError("InvalidRuntimeException", refusal, status=502)
        return python

    def _sandbox(
        self,
        host: Host | PlainHost,
        version: FunctionVersion,
        python: Interpreter | None,
        told: Told,
    ) -> Sandbox:
        if python is None:
            return host.start_executable(version.code, version.ephemeral_mb, told)
        is_usual = version.ephemeral_mb == EPHEMERAL_MB and not must_start(version)
        sandbox = self._take_ahead(python) if is_usual else None
        if sandbox is not None:
            try:
                host.settle(sandbox, version.code)
            except SpawnFailed:
                _discard(sandbox)
                raise
        else:
            sandbox = host.start(version.code, version.ephemeral_mb, told, python)
        sandbox.go(go_line(told(sandbox.places), version.handler, sandbox.places.task))
        return sandbox

    def _take_ahead(self, python: Interpreter) -> Sandbox | None:
        with self._lock:
            self._used[python.name] = python
            waiting = self._ahead.get(python.name, [])
            sandbox = waiting.pop(0) if waiting else None
        if sandbox is not None and sandbox.is_gone:
            _discard(sandbox)
            return None
        return sandbox

    def _new_stream(self, version: FunctionVersion) -> str:
        return stream_name(version.version, self._clock.now_ms())


def _discard(sandbox: Sandbox) -> None:
    sandbox.close()
    sandbox.runtime_api.close()
    sandbox.endpoint.close()
    if sandbox.proxy is not None:
        sandbox.proxy.close()
    os.close(sandbox.output)
