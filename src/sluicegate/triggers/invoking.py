"""The function of a trigger, invoked: synchronously, by Lambda itself, a batch as its event."""

import logging
import random
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..delivery.answer import Answer, Failed, Response, Throttled, read_answer
from ..delivery.records import Batch
from ..errors import AwsError
from ..execution.versions import Versions
from ..functions import Functions, Invocation
from ..store.function_versions import Version
from ..store.mappings import EventSourceMapping

_log = logging.getLogger("sluicegate.triggers")

_THROTTLED = "TooManyRequestsException"


class FunctionGone(Exception):
    """There is no such function, version or alias any more."""


class Invoker:
    """Invokes one mapping's function; any thread may. `draw` decides where an alias has two."""

    def __init__(
        self,
        mapping: EventSourceMapping,
        functions: Functions,
        versions: Versions,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._mapping = mapping
        self._functions = functions
        self._versions = versions
        self._draw = draw
        self._lock = threading.Lock()
        self._running = 0

    def invoke(self, batch: Batch, event: bytes) -> Answer:
        """What the function makes of a batch; `FunctionGone` when there is none to ask."""
        mapping, request_id = self._mapping, str(uuid.uuid4())
        choice = self._versions.choice(mapping.function_id, mapping.qualifier)
        if choice is None:
            raise FunctionGone
        version = choice.drawn(self._draw())
        invocation = Invocation(request_id, event, mapping.function_arn)
        try:
            with (
                self._admitted(choice.function.reserved_concurrency),
                self._versions.ready(choice.function, version) as ready,
            ):
                outcome = self._functions.invoke(ready, invocation)
        except AwsError as refusal:
            # Nothing of the function has run, whatever was in the way.
            if refusal.code != _THROTTLED:
                _log.warning("not invoked mapping=%s: %s", mapping.id, refusal)
            return Throttled() if refusal.code == _THROTTLED else _not_run(request_id, version)
        response = Response(request_id, version.version, outcome.error)
        return read_answer(outcome.payload, response, batch, is_partial=False)

    @contextmanager
    def _admitted(self, reserved: int | None) -> Iterator[None]:
        """One more invocation, within what is reserved for the function; 0 stops it altogether.

        Counted for this mapping in this worker: a function with several has as many shares.
        """
        with self._lock:
            if reserved is not None and self._running >= reserved:
                raise AwsError(_THROTTLED, "Rate Exceeded.")
            self._running += 1
        try:
            yield
        finally:
            with self._lock:
                self._running -= 1


def _not_run(request_id: str, version: Version) -> Answer:
    return Failed(Response(request_id, version.version, "Unhandled", 500))
