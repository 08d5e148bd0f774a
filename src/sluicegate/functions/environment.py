"""One execution environment: a sandbox, its Runtime API, its log; one invocation after another."""

import time
from collections.abc import Callable
from enum import Enum

from ..clock import Clock
from . import failures, memory
from .failures import Failure
from .logs import Log
from .model import FunctionVersion, Invocation, Outcome
from .platform_lines import Report, moment
from .runtime_api import Answered, Asks, Failed, Gone, RuntimeApi, Said, TimedOut
from .runtimes import EXECUTABLES
from .sandbox import Sandbox

# As on AWS; an initialisation that takes longer goes on in the invocation's own time.
_INIT_SECONDS = 10.0
_MEBIBYTE = 1 << 20
# As `launcher` knows it.
_TRIGGER_EVENT = "application/vnd.sluicegate.trigger+json"


class State(Enum):
    """Where an environment is in its life."""

    INIT = "init"
    IDLE = "idle"
    BUSY = "busy"
    DEAD = "dead"


class Lost(Exception):
    """The environment had ended before it was given the event: another one can be."""


class Environment:
    """`watch` is called with True when it begins to work and False when it stops."""

    def __init__(
        self,
        version: FunctionVersion,
        sandbox: Sandbox,
        log: Log,
        clock: Clock,
        *,
        expires_ms: int,
        watch: Callable[[bool], None] = lambda _: None,
    ) -> None:
        self.version = version
        self.state = State.INIT
        self.expires_ms = expires_ms
        self.idle_since = 0.0
        self._sandbox = sandbox
        self._log = log
        self._clock = clock
        self._watch = watch
        self._began = time.monotonic()
        self._api = RuntimeApi(
            sandbox.runtime_api, sandbox.process, log.output, log.read, failures.RESPONSE_BYTES
        )
        sandbox.memory_bytes = version.memory_mb * _MEBIBYTE

    def invoke(self, invocation: Invocation) -> Outcome:
        """Run the function on one event. The environment is idle afterwards, or dead."""
        is_new = self.state is State.INIT
        if not is_new and not self._api.look():
            self.close()
            raise Lost
        self.state = State.BUSY
        self._watch(True)
        try:
            return self._invoke(invocation, is_new=is_new)
        finally:
            self._watch(False)
            if self.state is State.BUSY:
                self.close()

    def kill(self) -> None:
        """End it under whoever uses it."""
        self._sandbox.kill()

    def close(self) -> None:
        """End it; returns when nothing of it is left."""
        if self.state is not State.DEAD:
            self.state = State.DEAD
            self._sandbox.close()
            self._api.close()
            self._log.close()

    def _invoke(self, invocation: Invocation, *, is_new: bool) -> Outcome:
        init_ms = None
        said: Said = Asks()
        begun = time.monotonic()
        if is_new:
            said = self._api.listen(self._began + _INIT_SECONDS)
            begun = time.monotonic()
            init_ms = (begun - self._began) * 1000
            # An invocation may be over before anybody looks again.
            memory.look(self._sandbox)
        elif not self._api.is_asking:
            said = self._api.listen(begun + self.version.timeout_seconds)
            if isinstance(said, Gone):
                raise Lost
        self._log.drain()
        self._log.begin(invocation.request_id)
        deadline = begun + self.version.timeout_seconds
        if isinstance(said, TimedOut) and is_new:
            said = self._api.listen(deadline)
        if isinstance(said, Asks):
            said = self._deliver(invocation, deadline)
        duration_ms = (time.monotonic() - begun) * 1000
        return self._conclude(invocation, said, duration_ms, init_ms)

    def _deliver(self, invocation: Invocation, deadline: float) -> Said:
        left_ms = round((deadline - time.monotonic()) * 1000)
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(self._clock.now_ms() + left_ms),
            "Lambda-Runtime-Invoked-Function-Arn": invocation.invoked_arn,
            "Lambda-Runtime-Trace-Id": _trace(self._clock.now_ms(), invocation.request_id),
            "Content-Type": self._content_type(invocation),
        }
        if invocation.client_context:
            headers["Lambda-Runtime-Client-Context"] = invocation.client_context
        while self._api.is_asking:
            said = self._api.give(invocation.request_id, headers, invocation.payload, deadline)
            said = said or self._api.listen(deadline)
            # A runtime that asks again has lost the connection it had asked on.
            if not isinstance(said, Asks):
                return said
        return self._api.listen(deadline)

    def _content_type(self, invocation: Invocation) -> str:
        # Told to our own launcher only: runtimes that functions bring get what AWS's get.
        if invocation.is_trigger_event and self.version.runtime not in EXECUTABLES:
            return _TRIGGER_EVENT
        return "application/json"

    def _conclude(
        self, invocation: Invocation, said: Said, duration_ms: float, init_ms: float | None
    ) -> Outcome:
        is_alive = False
        failure: Failure | None = None
        match said:
            case Answered(is_cut=False):
                is_alive = True
            case Answered():
                is_alive, failure = True, failures.answer_too_long()
            case Failed():
                is_alive = not said.while_initialising
                failure = failures.told(said.body, said.error_type)
            case TimedOut() | Asks():
                failure = failures.timed_out(
                    invocation.request_id,
                    self.version.timeout_seconds,
                    moment(self._clock.now_ms()),
                )
            case Gone():
                failure = self._end(invocation.request_id)
        if not is_alive:
            # Before its last lines are written: nothing is printed after the end.
            self._sandbox.close()
        self._log.drain()
        report = Report(duration_ms, init_ms, self._sandbox.peak_bytes, failure, is_alive)
        self._log.end(invocation.request_id, report)
        tail = self._log.tail
        if is_alive:
            self.state = State.IDLE
            self.idle_since = time.monotonic()
        if failure is not None:
            return Outcome(failure.payload, failures.UNHANDLED, tail)
        assert isinstance(said, Answered)
        return Outcome(said.body, "", tail)

    def _end(self, request_id: str) -> Failure:
        if self._sandbox.ran_out_of_memory:
            return failures.out_of_memory(request_id)
        return failures.exited(request_id, self._sandbox.exit_code())


def not_begun(log: Log, invocation: Invocation, fault: str) -> Outcome:
    """An executable runtime without anything to execute: nothing is started for it."""
    log.begin(invocation.request_id)
    failure = failures.no_entrypoint(invocation.request_id, fault)
    log.end(invocation.request_id, Report(0, None, 0, failure, False))
    log.close()
    return Outcome(failure.payload, failures.UNHANDLED, log.tail)


def _trace(now_ms: int, request_id: str) -> str:
    # Nothing samples here; functions that read it find its form.
    digits = request_id.replace("-", "").ljust(32, "0")
    return f"Root=1-{now_ms // 1000:08x}-{digits[:24]};Parent={digits[-16:]};Sampled=0"
