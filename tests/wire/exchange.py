"""botocore as the other side of the wire: its serialiser and its parser, without a client."""

from typing import Any

from botocore import parsers, serialize
from botocore.awsrequest import HeadersDict, create_request_object, prepare_request_dict
from botocore.model import OperationModel

from sluicegate.errors import AwsError
from sluicegate.wire.client import to_request
from sluicegate.wire.faults import render_error
from sluicegate.wire.message import Request, Response
from sluicegate.wire.model import Target
from sluicegate.wire.parse import parse
from sluicegate.wire.render import render
from sluicegate.wire.route import route
from sluicegate.wire.sigv4 import scope_of
from sluicegate.wire.validate import validate


def sent(operation: OperationModel, params: dict[str, Any]) -> Request:
    """The request botocore makes of `params` (unsigned)."""
    serializer = serialize.create_serializer(
        operation.service_model.resolved_protocol, include_validation=False
    )
    request = serializer.serialize_to_request(params, operation)
    request.pop("host_prefix", None)
    prepare_request_dict(request, endpoint_url="http://127.0.0.1:4566")
    return to_request(create_request_object(request).prepare())


def received(operation: OperationModel, response: Response) -> dict[str, Any]:
    """What botocore reads in `response`: the members of a result, or of an error."""
    parser = parsers.create_parser(operation.service_model.resolved_protocol)
    headers = HeadersDict(response.headers)
    raw = {"body": response.body, "headers": headers, "status_code": response.status}
    parsed: dict[str, Any] = parser.parse(raw, operation.output_shape)
    return parsed


def checked(request: Request) -> Response:
    """The wire alone as an endpoint: read, check against the model, answer nothing."""
    target: Target | None = None
    try:
        scope = scope_of(request)
        target = route(request, scope.service if scope else None)
        validate(target, parse(target, request))
        return render(target, {}, "11-22")
    except AwsError as error:
        return render_error(error, target=target, request=request, request_id="11-22")
