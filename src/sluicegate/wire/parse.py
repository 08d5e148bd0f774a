"""From a request to an operation's parameters: the model's members, typed, nothing else.

Whatever a client sends, the outcome is parameters or an `AwsError` with a 4xx status.
"""

import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from botocore.model import StructureShape

from ..errors import AwsError
from . import form
from .document import read_object, typed
from .message import Request
from .model import SERVICES, Protocol, Target, operation_model
from .rest import read_rest
from .scalars import Unreadable

MOST_BYTES = 10 * 1024 * 1024
"""The largest body of a call that has no limit of its own."""

LARGEST_BYTES = 70_167_211
"""The largest body of any call: one that brings a function's code."""

_BODY_BYTES = {
    ("lambda", "CreateFunction"): LARGEST_BYTES,
    ("lambda", "UpdateFunctionCode"): LARGEST_BYTES,
    ("lambda", "PublishLayerVersion"): LARGEST_BYTES,
}


def body_limit(service: str, operation: str) -> int:
    """How many bytes the body of this operation may have."""
    is_form = SERVICES[service].protocol in (Protocol.QUERY, Protocol.EC2)
    most = form.MOST_BYTES if is_form else MOST_BYTES
    return _BODY_BYTES.get((service, operation), most)


def parse(target: Target, request: Request) -> dict[str, Any]:
    """The parameters of a call that `route` has found; absent members are absent."""
    limit = body_limit(target.service, target.operation)
    model = operation_model(target.service, target.operation)
    if len(request.body) > limit:
        raise _too_large(target, limit)
    if model.input_shape is None:
        return {}
    try:
        if model.request_compression:
            request = replace(request, body=_expanded(target, request, limit))
        return _READERS[target.protocol](model.input_shape, target, request)
    except RecursionError:
        # Only recursive shapes get here; the JSON itself was not too deep for its parser.
        raise AwsError("SerializationException", "The request is nested too deeply") from None
    except Unreadable as error:
        raise _unreadable(target.protocol, error) from None


def _expanded(target: Target, request: Request, limit: int) -> bytes:
    """The body before its client compressed it, which the model lets it do, after all else."""
    if (request.header("content-encoding") or "").rpartition(",")[2].strip() != "gzip":
        return request.body
    gzip = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        body = gzip.decompress(request.body, limit + 1)
    except zlib.error:
        raise Unreadable("The body is not the gzip its Content-Encoding says") from None
    if len(body) > limit:
        raise _too_large(target, limit)
    if not gzip.eof:
        raise Unreadable("The gzip of the body has no end")
    return body


def _too_large(target: Target, limit: int) -> AwsError:
    return AwsError(
        "RequestEntityTooLargeException",
        f"Request must be smaller than {limit} bytes for the {target.operation} operation",
        status=413,
    )


def _unreadable(protocol: Protocol, error: Unreadable) -> AwsError:
    match protocol:
        case Protocol.QUERY:
            return AwsError("MalformedInput", error.message)
        case Protocol.EC2:
            return AwsError(
                "InvalidParameterValue",
                f"Invalid value for parameter {error.path}: {error.message}",
            )
    return AwsError("SerializationException", error.message)


def _read_json(shape: StructureShape, _target: Target, request: Request) -> dict[str, Any]:
    found: dict[str, Any] = typed(shape, read_object(request.body))
    return found


_READERS: dict[Protocol, Callable[[StructureShape, Target, Request], dict[str, Any]]] = {
    Protocol.QUERY: lambda shape, target, _: form.read_query(shape, target.parts),
    Protocol.EC2: lambda shape, target, _: form.read_ec2(shape, target.parts),
    Protocol.JSON_1_0: _read_json,
    Protocol.JSON_1_1: _read_json,
    Protocol.REST_JSON: lambda shape, target, request: read_rest(shape, target.parts, request),
}
