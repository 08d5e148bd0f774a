"""Environments kept and reused: `Pool` runs functions in sandboxes.

An environment serves one version of one revision, one invocation at a time, in the thread that
invokes. It is kept while it is warm. For the first invocation of a function there is, per Python
version in use, a sandbox that was started ahead and has never run anybody's code; like every other
it is used for one function only.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..clock import Clock
from ..errors import AwsError, Unavailable
from ..settings import Settings
from .entrypoint import NoEntrypoint
from .environment import Environment, Lost, State, not_begun
from .isolation import Isolation
from .making import Maker
from .model import Credentials, FunctionVersion, Invocation, LogSink, Outcome
from .runtimes import architecture

_TICK_SECONDS = 1.0
# Credentials must outlive the invocation by as much as clocks may differ.
_CREDENTIALS_SLACK_MS = 60_000


@dataclass(frozen=True, slots=True)
class Limits:
    """How many environments there may be, and work for one function (a slow one must not keep all
    others waiting), how long one is waited for, how long an idle one is kept, and how many
    sandboxes wait ahead."""

    most: int = 80
    most_of_one: int = 40
    wait_seconds: float = 10.0
    idle_seconds: float = 300.0
    ahead: int = 1


class Pool:
    """Implements `Functions`. Nothing is started before something is asked for.

    `cache` is a folder that may be lost. `endpoint` is where functions' AWS calls are relayed to;
    `credentials` gives the role's session for a new environment. Close it: what it started ends
    with it, or else with this process.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        cache: Path,
        endpoint: tuple[str, int],
        credentials: Callable[[FunctionVersion], Credentials],
        logs: LogSink,
        clock: Clock,
        limits: Limits | None = None,
    ) -> None:
        self._maker = Maker(settings, cache, endpoint, credentials, logs, clock)
        self._clock = clock
        self._limits = limits or Limits()
        # Guards what follows, and tells of an environment that became free or ended.
        self._changed = threading.Condition()
        self._idle: list[Environment] = []
        self._busy: set[Environment] = set()
        self._making: Counter[str] = Counter()
        self._generations: dict[str, int] = {}
        self._is_closed = False
        self._keeper: threading.Thread | None = None
        self._due = threading.Event()

    def runtimes(self) -> Sequence[str]:
        """The runtimes there are, as `Runtime` names them."""
        return self._maker.runtimes.names()

    def architecture(self) -> str:
        """The architecture of this host, as `Architectures` names it."""
        return architecture()

    def refusal(self, runtime: str) -> str | None:
        """Why a function of that runtime cannot be run on this host; None when it can."""
        return self._maker.runtimes.refusal(runtime)

    def isolation(self) -> Isolation:
        """The level in force; `StartRefused` where what was asked for does not work."""
        return self._maker.isolation

    def invoke(self, version: FunctionVersion, invocation: Invocation) -> Outcome:
        """Run the function on one event; returns when it has answered, failed or timed out.

        `AwsError` when it could not be begun: too many at once, or no such runtime; `Corrupted`
        when the version's code is gone.
        """
        while True:
            try:
                environment, generation = self._take(version)
            except NoEntrypoint as fault:
                return not_begun(self._maker.log(version), invocation, str(fault))
            try:
                return environment.invoke(invocation)
            except Lost:
                continue
            finally:
                self._put_back(environment, generation)

    def retire(self, function_arn: str) -> None:
        """End the idle environments of a function: its code or configuration has changed."""
        with self._changed:
            self._generations[function_arn] = self._generations.get(function_arn, 0) + 1
            ended = [each for each in self._idle if each.version.arn == function_arn]
            self._idle = [each for each in self._idle if each not in ended]
        _close(ended)

    def forget(self) -> None:
        """End every environment; returns when nothing of them is left."""
        self._maker.end_ahead()
        with self._changed:
            ended, self._idle = self._idle, []
            for environment in self._busy:
                environment.kill()
        _close(ended)
        with self._changed:
            # Those that were being made when we came are killed as well, once they are there.
            while self._busy or self._making.total():
                for environment in self._busy:
                    environment.kill()
                self._changed.wait(_TICK_SECONDS)

    def close(self) -> None:
        """End everything; nothing can be invoked afterwards."""
        with self._changed:
            self._is_closed = True
            keeper, self._keeper = self._keeper, None
        self._due.set()
        if keeper is not None:
            keeper.join()
        self.forget()
        self._maker.close()

    def _take(self, version: FunctionVersion) -> tuple[Environment, int]:
        """A warm environment for the version, or a new one where there is room."""
        evicted: list[Environment] = []
        end = time.monotonic() + self._limits.wait_seconds
        with self._changed:
            while True:
                if self._is_closed:
                    raise Unavailable("functions are not run any more")
                if (found := self._warm(version)) is not None:
                    self._busy.add(found)
                    return found, self._generations.get(version.arn, 0)
                if self._makes_room(version, evicted):
                    break
                if (left := end - time.monotonic()) <= 0:
                    raise _too_many()
                self._changed.wait(left)
            generation = self._generations.get(version.arn, 0)
            self._making[version.arn] += 1
            self._start_keeper()
        try:
            _close(evicted)
            made = self._maker.environment(version)
        except BaseException:
            self._made(version, None)
            raise
        self._made(version, made)
        self._due.set()
        return made, generation

    def _made(self, version: FunctionVersion, environment: Environment | None) -> None:
        with self._changed:
            self._making[version.arn] -= 1
            if not self._making[version.arn]:
                del self._making[version.arn]
            if environment is not None:
                self._busy.add(environment)
            self._changed.notify_all()

    def _warm(self, version: FunctionVersion) -> Environment | None:
        wanted = (version.arn, version.version, version.revision)
        needed_ms = self._clock.now_ms() + version.timeout_seconds * 1000 + _CREDENTIALS_SLACK_MS
        # The one used last: the others come of age and go.
        for environment in reversed(self._idle):
            theirs = environment.version
            is_same = (theirs.arn, theirs.version, theirs.revision) == wanted
            if is_same and environment.expires_ms > needed_ms:
                self._idle.remove(environment)
                return environment
        return None

    def _makes_room(self, version: FunctionVersion, evicted: list[Environment]) -> bool:
        """Whether one more may be made, in the place of the one idle for longest if need be."""
        arn = version.arn
        theirs = sum(each.version.arn == arn for each in self._busy) + self._making[arn]
        if theirs >= self._limits.most_of_one:
            return False
        if len(self._idle) + len(self._busy) + self._making.total() < self._limits.most:
            return True
        if self._idle:
            evicted.append(self._idle.pop(0))
            return True
        return False

    def _put_back(self, environment: Environment, generation: int) -> None:
        with self._changed:
            is_current = generation == self._generations.get(environment.version.arn, 0)
            is_kept = environment.state is State.IDLE and is_current and not self._is_closed
            if is_kept:
                self._busy.discard(environment)
                self._idle.append(environment)
        if not is_kept:
            environment.close()
        with self._changed:
            self._busy.discard(environment)
            self._changed.notify_all()

    def _start_keeper(self) -> None:
        if self._keeper is None and not self._is_closed:
            self._keeper = threading.Thread(target=self._keep, name="environments", daemon=True)
            self._keeper.start()

    def _keep(self) -> None:
        """End what has been idle for long; have sandboxes wait for functions to come."""
        while True:
            self._due.wait(_TICK_SECONDS)
            self._due.clear()
            with self._changed:
                if self._is_closed:
                    return
                oldest = time.monotonic() - self._limits.idle_seconds
                ended = [each for each in self._idle if each.idle_since < oldest]
                self._idle = [each for each in self._idle if each not in ended]
            _close(ended)
            self._maker.start_ahead(self._limits.ahead)


def _too_many() -> AwsError:
    reason = {"Reason": "ConcurrentInvocationLimitExceeded"}
    return AwsError("TooManyRequestsException", "Rate Exceeded.", status=429, members=reason)


def _close(environments: Sequence[Environment]) -> None:
    for environment in environments:
        environment.close()
