"""Invoke: at once, as an event, or not at all (DryRun)."""

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NoReturn

from ...access import Ask
from ...errors import AwsError
from ...functions import Invocation
from ...store.database import Tx
from ...store.function_versions import LATEST
from ...store.functions import Function
from ..operation import Call, Operation, Params, Result
from . import events, naming, running
from .refusals import invalid

_MOST_BYTES = 6_291_456
_MOST_EVENT_BYTES = 1_048_576
_MOST_CONTEXT_BYTES = 3_583


def _asks(call: Call, params: Params) -> Iterable[Ask]:
    with call.database.read() as tx:
        return [naming.ask(tx, "InvokeFunction", naming.meant(tx, call, params))]


def _invoke(call: Call, params: Params) -> Result:
    for member in ("TenantId", "DurableExecutionName"):
        if params.get(member):
            raise invalid(f"The invoked function is not enabled for {member}.")
    kind = params.get("InvocationType") or "RequestResponse"
    payload = _payload(params.get("Payload") or b"{}", kind)
    client_context = _client_context(params.get("ClientContext") or "")
    with call.database.read() as tx:
        function, qualifier = _meant(tx, call, params)
        reached = running.target(tx, function, qualifier, call.request_id)
    if kind == "DryRun":
        return {"StatusCode": 204}
    if kind == "Event":
        events.accept(call, reached, payload, client_context)
        return {"StatusCode": 202}
    invocation = Invocation(call.request_id, payload, reached.invoked_arn, client_context)
    outcome = running.run(call, reached, invocation)
    tail = base64.b64encode(outcome.log_tail).decode() if params.get("LogType") == "Tail" else None
    return {
        "StatusCode": 200,
        "FunctionError": outcome.error or None,
        "LogResult": tail,
        "ExecutedVersion": reached.version.version,
        "Payload": outcome.payload,
    }


def _meant(tx: Tx, call: Call, params: Params) -> tuple[Function, str]:
    what = naming.meant(tx, call, params)
    if what.function is None and not what.qualifier:
        # Of a function that is not there, AWS names the version that would have run.
        what = replace(what, qualifier=LATEST)
    return naming.found(call, what), what.qualifier


def _payload(payload: bytes, kind: str) -> bytes:
    """The event, if it is JSON of a size that this kind of invocation takes."""
    if len(payload) > _MOST_BYTES:
        raise _too_large(
            f"Request must be smaller than {_MOST_BYTES} bytes for the InvokeFunction operation"
        )
    if kind == "Event" and len(payload) > _MOST_EVENT_BYTES:
        raise _too_large(
            f"{len(payload)} byte payload is too large for the Event invocation type "
            f"(limit {_MOST_EVENT_BYTES} bytes)"
        )
    try:
        _read_json(payload)
    except RecursionError:
        raise _no_json("nested too deeply") from None
    except ValueError as error:
        # A decoder's sentence may quote what it could not decode; only JSON's says where.
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "not UTF-8"
        raise _no_json(reason) from None
    return payload


def _read_json(text: bytes) -> Any:
    # Numbers stay text: how large they are is the function's affair.
    return json.loads(text.decode(), parse_int=str, parse_float=str, parse_constant=_refuse)


def _refuse(constant: str) -> NoReturn:
    raise json.JSONDecodeError(f"Unexpected {constant}", constant, 0)


def _client_context(encoded: str) -> str:
    """The client's context as JSON text, "" for none."""
    if not encoded:
        return ""
    try:
        context = base64.b64decode(encoded, validate=True)
        is_object = len(encoded) <= _MOST_CONTEXT_BYTES and isinstance(_read_json(context), dict)
    except (binascii.Error, ValueError, RecursionError):
        is_object = False
    if not is_object:
        raise AwsError(
            "InvalidRequestContentException",
            "Client context must be a valid Base64-encoded JSON object.",
        )
    return context.decode()


def _no_json(reason: str) -> AwsError:
    return AwsError(
        "InvalidRequestContentException",
        "Could not parse request body into json: Could not parse payload into json: " + reason,
    )


def _too_large(message: str) -> AwsError:
    return AwsError("RequestEntityTooLargeException", message, status=413)


OPERATIONS = (Operation("lambda", "Invoke", _asks, _invoke),)
