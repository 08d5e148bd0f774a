"""Events: accepted for later, tried as often and as long as AWS does, at least once.

An event is a row until it is settled. A function that fails is tried again after one minute and
after two; one that cannot be run (no concurrency left, KMS in the way) after 1, 2, 4 … 300
seconds; until its event is too old.
"""

import logging
from dataclasses import replace

import msgspec

from ...errors import AwsError
from ...functions import Invocation, Outcome
from ...store import async_invocations, event_invoke_configs
from ...store.async_invocations import AsyncInvocation
from ...store.functions import Function
from ...vault import Vault
from ..operation import Call
from . import running
from .running import Target

DEFAULT_RETRIES = 2
DEFAULT_AGE_SECONDS = 21_600

_RETRY_MS = 60_000
_LONGEST_PAUSE_SECONDS = 300
_GONE = "ResourceNotFoundException"

_log = logging.getLogger(__name__)


class _Content(msgspec.Struct, frozen=True, array_like=True):
    """What of an event is sealed."""

    payload: bytes
    client_context: str


def accept(call: Call, reached: Target, payload: bytes, client_context: str) -> None:
    """Keep an event for a function; it is durable when this returns."""
    content = msgspec.msgpack.encode(_Content(payload, client_context))
    event = AsyncInvocation(
        id=call.request_id,
        function_id=reached.function.id,
        qualifier=reached.qualifier,
        sealed=call.vault.seal("event", _row(call.request_id), content),
        accepted_ms=call.now_ms,
        due_ms=call.now_ms,
    )
    with call.database.write() as tx:
        async_invocations.add(tx, event)
    call.invocations.nudge()


def attempt(call: Call, function: Function, event: AsyncInvocation) -> AsyncInvocation | None:
    """Run an event's function once: None when the event is settled, else when it is due again.

    `call` is Lambda's own.
    """
    retries, last_ms = _limits(call, event)
    if call.now_ms > last_ms:
        return _given_up(event, function, "too old")
    try:
        outcome = _run(call, function, event)
    except AwsError as error:
        if error.code == _GONE:
            return _given_up(event, function, "its version or alias is gone")
        again = _throttled(call, event)
    else:
        if not outcome.error:
            return None
        again = _failed(call, event)
        if again.failures > retries:
            return _given_up(event, function, "failed")
    return again if again.due_ms <= last_ms else _given_up(event, function, "too old")


def _limits(call: Call, event: AsyncInvocation) -> tuple[int, int]:
    """How often an event is retried, and until when."""
    with call.database.read() as tx:
        config = event_invoke_configs.find(tx, event.function_id, event.qualifier)
    retries, seconds = (config.most_retries, config.most_age_seconds) if config else (None, None)
    last_ms = event.accepted_ms + (seconds or DEFAULT_AGE_SECONDS) * 1000
    return DEFAULT_RETRIES if retries is None else retries, last_ms


def _run(call: Call, function: Function, event: AsyncInvocation) -> Outcome:
    with call.database.read() as tx:
        reached = running.target(tx, function, event.qualifier, event.id)
    content = _opened(call.vault, event)
    invocation = Invocation(event.id, content.payload, reached.invoked_arn, content.client_context)
    return running.run(call, reached, invocation)


def _failed(call: Call, event: AsyncInvocation) -> AsyncInvocation:
    failures = event.failures + 1
    return replace(event, failures=failures, due_ms=call.now_ms + failures * _RETRY_MS)


def _throttled(call: Call, event: AsyncInvocation) -> AsyncInvocation:
    pause = min(2 ** min(event.throttles, 10), _LONGEST_PAUSE_SECONDS)
    return replace(event, throttles=event.throttles + 1, due_ms=call.now_ms + pause * 1000)


def _given_up(event: AsyncInvocation, function: Function, why: str) -> AsyncInvocation | None:
    _log.warning("event given up function=%s request=%s: %s", function.arn, event.id, why)
    return None


def _opened(vault: Vault, event: AsyncInvocation) -> _Content:
    content = vault.open("event", _row(event.id), event.sealed)
    return msgspec.msgpack.decode(content, type=_Content)


def _row(event_id: str) -> tuple[str, ...]:
    return ("async_invocations", event_id)
