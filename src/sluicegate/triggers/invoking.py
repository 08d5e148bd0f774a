"""The function of a trigger, invoked: synchronously, by Lambda itself, a batch as its event."""

import logging
import random
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..delivery.answer import Answer, Failed, Response, Throttled, read_answer
from ..delivery.records import Batch
from ..errors import AwsError, Corrupted
from ..execution.versions import Versions
from ..functions import Functions, Invocation
from ..store.function_versions import Version
from ..store.functions import Function
from ..store.mappings import EventSourceMapping

_log = logging.getLogger("sluicegate.triggers")

_THROTTLED = "TooManyRequestsException"


class FunctionGone(Exception):
    """There is no such function, version or alias any more."""


class Running:
    """How many invocations of each function are under way in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    @contextmanager
    def one_more(self, function: Function) -> Iterator[bool]:
        """Whether there may be one more while this lasts: not beyond what is reserved."""
        most = function.reserved_concurrency
        with self._lock:
            has_room = most is None or self._counts[function.id] < most
            self._counts[function.id] += has_room
        try:
            yield has_room
        finally:
            with self._lock:
                self._counts[function.id] -= has_room


class Invoker:
    """Invokes one mapping's function; any thread may. `draw` decides where an alias has two."""

    def __init__(
        self,
        mapping: EventSourceMapping,
        functions: Functions,
        versions: Versions,
        running: Running,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._mapping = mapping
        self._functions = functions
        self._versions = versions
        self._running = running
        self._draw = draw

    def invoke(self, batch: Batch, event: bytes) -> Answer:
        """What the function makes of a batch; `FunctionGone` when there is none to ask."""
        mapping = self._mapping
        while True:
            choice = self._versions.choice(mapping.function_id, mapping.qualifier)
            if choice is None:
                raise FunctionGone
            function, version = choice.function, choice.drawn(self._draw())
            with self._running.one_more(function) as has_room:
                if not has_room:
                    return Throttled()
                try:
                    return self._invoked(function, version, batch, event)
                except Corrupted as fault:
                    # Its code may have been changed since the choice was read.
                    if self._versions.is_current(function, version):
                        _log.error("not invoked mapping=%s: %s", mapping.id, fault)
                        return _not_run(_request_id(), version)

    def _invoked(self, function: Function, version: Version, batch: Batch, event: bytes) -> Answer:
        request_id, arn = _request_id(), self._mapping.function_arn
        invocation = Invocation(request_id, event, arn, is_trigger_event=True)
        try:
            ready = self._versions.ready(function, version)
            outcome = self._functions.invoke(ready, invocation)
        except AwsError as refusal:
            # Nothing of the function has run, whatever was in the way.
            if refusal.code != _THROTTLED:
                _log.warning("not invoked mapping=%s: %s", self._mapping.id, refusal)
            return Throttled() if refusal.code == _THROTTLED else _not_run(request_id, version)
        response = Response(request_id, version.version, outcome.error)
        return read_answer(outcome.payload, response, batch, is_partial=False)


def _request_id() -> str:
    # It is no secret: each sandbox is told its own. `uuid4` would ask the system for each one,
    # and wait for the interpreter behind all the other threads.
    return str(uuid.UUID(int=random.getrandbits(128), version=4))


def _not_run(request_id: str, version: Version) -> Answer:
    return Failed(Response(request_id, version.version, "Unhandled", 500))
