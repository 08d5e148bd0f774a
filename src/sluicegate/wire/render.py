"""From an operation's result to an HTTP answer, as the service's protocol writes it."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from botocore.model import OperationModel

from . import xml
from .document import members_written, refuse_unknown
from .message import Response
from .model import Protocol, Target, operation_model
from .rest import write_rest

CONTENT_TYPES = {
    Protocol.QUERY: "text/xml",
    Protocol.EC2: "text/xml;charset=UTF-8",
    Protocol.JSON_1_0: "application/x-amz-json-1.0",
    Protocol.JSON_1_1: "application/x-amz-json-1.1",
    Protocol.REST_JSON: "application/json",
    Protocol.REST_XML: "application/xml",
}

# Where the wire was seen to differ from the model.
_STATUSES = {("lambda", "DeleteFunction"): 204}


def render(target: Target, result: Mapping[str, Any], request_id: str) -> Response:
    """The answer of an operation that ran. None-valued members are left out.

    `ValueError` when the result has a member the model does not know: the operation is wrong.
    """
    model = operation_model(target.service, target.operation)
    if model.output_shape is None:
        refuse_unknown({}, result)
    status, headers, body = _WRITERS[target.protocol](model, result, request_id)
    if status is None:
        status = _STATUSES.get((target.service, target.operation), model.http.get("responseCode"))
    headers = {"x-amzn-RequestId": request_id} | headers
    if body:
        headers.setdefault("Content-Type", CONTENT_TYPES[target.protocol])
    return Response(status or 200, headers, b"" if status == 204 else body)


_Written = tuple[int | None, dict[str, str], bytes]


def _query(model: OperationModel, result: Mapping[str, Any], request_id: str) -> _Written:
    parts = []
    if model.output_shape is not None:
        inner = xml.members(model.output_shape, result, item="member")
        wrapper = model.output_shape.serialization.get("resultWrapper")
        parts.append(xml.element(wrapper, inner) if wrapper else inner)
    parts.append(xml.element("ResponseMetadata", xml.element("RequestId", xml.text(request_id))))
    return None, {}, _root(model, parts)


def _ec2(model: OperationModel, result: Mapping[str, Any], request_id: str) -> _Written:
    parts = [xml.element("requestId", xml.text(request_id))]
    if model.output_shape is not None:
        parts.append(xml.members(model.output_shape, result, item="item"))
    return None, {}, _root(model, parts)


def _root(model: OperationModel, parts: list[str]) -> bytes:
    namespace = model.metadata.get("xmlNamespace", "")
    return xml.element(f"{model.name}Response", *parts, namespace=namespace).encode()


def _json(model: OperationModel, result: Mapping[str, Any], _request_id: str) -> _Written:
    if model.output_shape is None:
        return None, {}, b""
    return None, {}, msgspec.json.encode(members_written(model.output_shape.members, result))


def _rest(model: OperationModel, result: Mapping[str, Any], _request_id: str) -> _Written:
    if model.output_shape is None:
        return None, {}, b""
    return write_rest(model.output_shape, result)


_WRITERS: dict[Protocol, Callable[[OperationModel, Mapping[str, Any], str], _Written]] = {
    Protocol.QUERY: _query,
    Protocol.EC2: _ec2,
    Protocol.JSON_1_0: _json,
    Protocol.JSON_1_1: _json,
    Protocol.REST_JSON: _rest,
}
