"""From an `AwsError` to an HTTP answer: each protocol's envelope, code and status."""

from collections.abc import Mapping
from typing import Any

import msgspec
from botocore.model import Shape

from ..errors import AccessDenied, AwsError, Fault, IdentityFault, InvalidInput
from . import xml
from .message import Request, Response
from .model import SERVICES, Protocol, Target, service_model
from .render import CONTENT_TYPES
from .rest import header_members
from .route import envelope

DECISION_HEADER = "x-sluicegate-authorization-id"
"""Names the recorded decision of a denial, for `sluicegate explain`."""

_JSON = (Protocol.JSON_1_0, Protocol.JSON_1_1)
_EC2_UNIDENTIFIED = "AWS was not able to validate the provided access credentials"

# Fault → code and status for query, for the JSON family (400 without REST, 403 with), for ec2.
_FAULTS: Mapping[Fault, tuple[tuple[str, int], str, tuple[str, int]]] = {
    Fault.MALFORMED_QUERY: (
        ("MalformedQueryString", 404),
        "MalformedQueryStringException",
        ("MalformedQueryString", 404),
    ),
    Fault.MISSING_TOKEN: (
        ("MissingAuthenticationToken", 403),
        "MissingAuthenticationTokenException",
        ("AuthFailure", 401),
    ),
    Fault.INCOMPLETE_SIGNATURE: (
        ("IncompleteSignature", 403),
        "IncompleteSignatureException",
        ("AuthFailure", 401),
    ),
    Fault.BAD_SIGNATURE: (
        ("SignatureDoesNotMatch", 403),
        "InvalidSignatureException",
        ("AuthFailure", 401),
    ),
    Fault.CLOCK: (
        ("SignatureDoesNotMatch", 403),
        "InvalidSignatureException",
        ("RequestExpired", 400),
    ),
    Fault.UNKNOWN_KEY: (
        ("InvalidClientTokenId", 403),
        "UnrecognizedClientException",
        ("AuthFailure", 401),
    ),
    Fault.EXPIRED_TOKEN: (
        ("ExpiredToken", 403),
        "ExpiredTokenException",
        ("RequestExpired", 400),
    ),
}

_INVALID_INPUT = {
    "iam": "ValidationError",
    "sts": "ValidationError",
    "sns": "InvalidParameter",
    "logs": "InvalidParameterException",
    "organizations": "InvalidInputException",
    "kafka": "BadRequestException",
    "ec2": "InvalidParameterValue",
}
"""What a service calls a broken constraint; the others say ValidationException."""

_DENIED = ("AccessDenied", "AccessDeniedException")

# The shared layer that authorizes the JSON services writes `Message`; MSK has its own.
_DENIAL_MEMBERS = {"kafka": "message", "iam-toolbox": "message"}


def render_error(
    error: AwsError, *, target: Target | None, request: Request, request_id: str
) -> Response:
    """The answer to a refused call; `target` is None when the request could not be routed."""
    protocol = target.protocol if target else envelope(request)
    service = target.service if target else ""
    code, status, message = _spelled(error, protocol, service)
    shape = service_model(service).shape_for_error_code(code) if service else None
    status = error.status or status or _modelled_status(shape) or 400
    headers = {"x-amzn-RequestId": request_id, "Content-Type": CONTENT_TYPES[protocol]}
    if isinstance(error, AccessDenied) and error.decision_id:
        headers[DECISION_HEADER] = error.decision_id
    match protocol:
        case Protocol.QUERY:
            body = _query(code, message, status, error.members, service, request_id)
        case Protocol.EC2:
            body = _ec2(code, message, error.members, request_id)
        case Protocol.REST_XML:
            body = _rest_xml(code, message, request_id)
        case _:
            headers["x-amzn-ErrorType"] = code
            if shape is not None:
                headers |= header_members(shape, error.members)
            document = _members(error, code, message, service, shape, status)
            if protocol in _JSON:
                document = {"__type": code} | document
            body = msgspec.json.encode(document)
    return Response(status, headers, body)


def _spelled(error: AwsError, protocol: Protocol, service: str) -> tuple[str, int | None, str]:
    """Code, status where the protocol rules it, and message."""
    if isinstance(error, IdentityFault):
        return _identity_fault(error, protocol)
    if isinstance(error, AccessDenied) or error.code in _DENIED:
        return _denial(error, protocol)
    if isinstance(error, InvalidInput):
        return _INVALID_INPUT.get(service, error.code), None, error.message
    return error.code, None, error.message


def _identity_fault(error: IdentityFault, protocol: Protocol) -> tuple[str, int, str]:
    query, json_code, ec2 = _FAULTS[error.fault]
    match protocol:
        case Protocol.QUERY | Protocol.REST_XML:
            return *query, error.message
        case Protocol.EC2:
            is_silent = ec2[0] == "AuthFailure"
            return *ec2, _EC2_UNIDENTIFIED if is_silent else error.message
    return json_code, 400 if protocol in _JSON else 403, error.message


def _denial(error: AwsError, protocol: Protocol) -> tuple[str, int, str]:
    match protocol:
        case Protocol.QUERY | Protocol.REST_XML:
            return "AccessDenied", 403, error.message
        case Protocol.EC2:
            message = f"You are not authorized to perform this operation. {error.message}"
            decision_id = getattr(error, "decision_id", "")
            if decision_id:
                message += f". Encoded authorization failure message: {decision_id}"
            return "UnauthorizedOperation", 403, message
    return "AccessDeniedException", 400 if protocol in _JSON else 403, error.message


def _modelled_status(shape: Shape | None) -> int | None:
    if shape is None:
        return None
    status: int | None = shape.metadata.get("error", {}).get("httpStatusCode")
    return status


def _query(
    code: str,
    message: str,
    status: int,
    members: Mapping[str, object],
    service: str,
    request_id: str,
) -> bytes:
    known = SERVICES.get(service)
    namespace = service_model(known.name).metadata.get("xmlNamespace", "") if known else ""
    inner = xml.element(
        "Error",
        xml.element("Type", "Sender" if status < 500 else "Receiver"),
        xml.element("Code", xml.text(code)),
        xml.element("Message", xml.text(message)),
        *_extra(members),
    )
    identity = xml.element("RequestId", xml.text(request_id))
    return xml.element("ErrorResponse", inner, identity, namespace=namespace).encode()


def _ec2(code: str, message: str, members: Mapping[str, object], request_id: str) -> bytes:
    inner = xml.element(
        "Error",
        xml.element("Code", xml.text(code)),
        xml.element("Message", xml.text(message)),
        *_extra(members),
    )
    identity = xml.element("RequestID", xml.text(request_id))
    return xml.element("Response", xml.element("Errors", inner), identity).encode()


def _rest_xml(code: str, message: str, request_id: str) -> bytes:
    return xml.element(
        "Error",
        xml.element("Code", xml.text(code)),
        xml.element("Message", xml.text(message)),
        xml.element("RequestId", xml.text(request_id)),
    ).encode()


def _extra(members: Mapping[str, object]) -> list[str]:
    return [xml.element(name, xml.text(str(value))) for name, value in members.items()]


def _members(
    error: AwsError, code: str, message: str, service: str, shape: Shape | None, status: int
) -> dict[str, Any]:
    """The members of a JSON error: the text under the model's name for it, then the others."""
    names = {name.lower(): name for name in shape.members} if shape is not None else {}
    if "message" in names:
        member = shape.members[names["message"]]  # type: ignore[union-attr]  # it has a name: it is there
        name = member.serialization.get("name", names["message"])
    elif code in _DENIED:
        name = _DENIAL_MEMBERS.get(service, "Message")
    else:
        name = "message"
    found = {name: message} | _in_body(shape, error.members)
    if "type" in names:
        found.setdefault(names["type"], "User" if status < 500 else "Service")
    return found


def _in_body(shape: Shape | None, members: Mapping[str, object]) -> dict[str, object]:
    if shape is None:
        return dict(members)
    modelled = shape.members
    return {
        name: value
        for name, value in members.items()
        if name not in modelled or "location" not in modelled[name].serialization
    }
