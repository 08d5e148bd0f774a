"""How each protocol spells a denial, a caller it does not know, and its own errors."""

import json

import pytest
from botocore.awsrequest import HeadersDict
from botocore.parsers import create_parser
from tests.wire.exchange import received

from sluicegate.errors import (
    AccessDenied,
    AwsError,
    Fault,
    IdentityFault,
    InvalidInput,
    Unavailable,
)
from sluicegate.wire.faults import render_error
from sluicegate.wire.message import Request, Response
from sluicegate.wire.model import operation_model, target

_STRANGER = Request("POST", "/", "", (), b"")
_OPERATIONS = {
    "sts": "GetCallerIdentity",
    "iam": "GetRole",
    "lambda": "GetFunction",
    "kafka": "DescribeCluster",
    "kms": "Decrypt",
    "logs": "CreateLogGroup",
    "ec2": "DescribeVpcs",
}


def _answer(service: str, error: AwsError) -> Response:
    where = target(service, _OPERATIONS[service])
    return render_error(error, target=where, request=_STRANGER, request_id="11-22")


def _read(service: str, error: AwsError) -> tuple[int, str, str]:
    answer = _answer(service, error)
    read = received(operation_model(service, _OPERATIONS[service]), answer)
    assert read["ResponseMetadata"]["RequestId"] == "11-22"
    assert answer.headers["x-amzn-RequestId"] == "11-22"
    return answer.status, read["Error"]["Code"], read["Error"]["Message"]


_WHY = (
    "User: u is not authorized to perform: a because no identity-based policy allows the a action"
)


@pytest.mark.parametrize(
    ("service", "status", "code"),
    [
        ("sts", 403, "AccessDenied"),
        ("iam", 403, "AccessDenied"),
        ("lambda", 403, "AccessDeniedException"),
        ("kafka", 403, "AccessDeniedException"),
        ("kms", 400, "AccessDeniedException"),
        ("logs", 400, "AccessDeniedException"),
    ],
)
def test_a_denial_has_the_protocols_code_and_status(service: str, status: int, code: str) -> None:
    assert _read(service, AccessDenied(_WHY)) == (status, code, _WHY)
    assert _read(service, AwsError("AccessDenied", _WHY)) == (status, code, _WHY)


def test_a_denial_of_ec2_is_unauthorized_with_the_sentence_and_the_decision() -> None:
    status, code, message = _read("ec2", AccessDenied(_WHY, decision_id="blob"))
    assert (status, code) == (403, "UnauthorizedOperation")
    assert message == (
        f"You are not authorized to perform this operation. {_WHY}"
        ". Encoded authorization failure message: blob"
    )


_UNKNOWN = "AWS was not able to validate the provided access credentials"


@pytest.mark.parametrize(
    ("fault", "query", "json_code", "ec2"),
    [
        (Fault.MISSING_TOKEN, "MissingAuthenticationToken", None, (401, "AuthFailure", _UNKNOWN)),
        (Fault.UNKNOWN_KEY, "InvalidClientTokenId", "UnrecognizedClientException", None),
        (Fault.BAD_SIGNATURE, "SignatureDoesNotMatch", "InvalidSignatureException", None),
        (Fault.CLOCK, "SignatureDoesNotMatch", "InvalidSignatureException", "RequestExpired"),
        (Fault.EXPIRED_TOKEN, "ExpiredToken", None, "RequestExpired"),
        (Fault.INCOMPLETE_SIGNATURE, "IncompleteSignature", None, None),
    ],
)
def test_a_caller_nobody_knows_is_told_so_in_the_protocols_words(
    fault: Fault, query: str, json_code: str | None, ec2: object
) -> None:
    json_code = json_code or f"{query}Exception"
    error = IdentityFault(fault, "why")
    assert _read("iam", error) == (403, query, "why")
    assert _read("lambda", error) == (403, json_code, "why")
    assert _read("kms", error) == (400, json_code, "why")
    if ec2 == "RequestExpired":
        assert _read("ec2", error) == (400, "RequestExpired", "why")
    else:
        assert _read("ec2", error) == (401, "AuthFailure", _UNKNOWN)


@pytest.mark.parametrize(
    ("service", "code"),
    [
        ("iam", "ValidationError"),
        ("sts", "ValidationError"),
        ("logs", "InvalidParameterException"),
        ("kms", "ValidationException"),
        ("lambda", "ValidationException"),
    ],
)
def test_a_broken_constraint_has_its_services_code(service: str, code: str) -> None:
    assert _read(service, InvalidInput("1 validation error")) == (400, code, "1 validation error")


@pytest.mark.parametrize(
    ("service", "code", "status", "members"),
    [
        ("lambda", "ResourceNotFoundException", 404, {"Message": "m", "Type": "User"}),
        ("lambda", "InvalidParameterValueException", 400, {"message": "m", "Type": "User"}),
        ("kafka", "NotFoundException", 404, {"message": "m"}),
        ("kms", "NotFoundException", 400, {"__type": "NotFoundException", "message": "m"}),
        ("logs", "Unheard", 400, {"__type": "Unheard", "message": "m"}),
    ],
)
def test_a_json_error_carries_its_text_under_the_models_name_for_it(
    service: str, code: str, status: int, members: dict[str, str]
) -> None:
    answer = _answer(service, AwsError(code, "m"))
    assert answer.status == status
    assert json.loads(answer.body) == members
    assert answer.headers["x-amzn-ErrorType"] == code


def test_a_denial_says_message_as_the_service_writes_it() -> None:
    assert json.loads(_answer("lambda", AccessDenied("m")).body) == {"Message": "m"}
    assert json.loads(_answer("kafka", AccessDenied("m")).body) == {"message": "m"}
    assert json.loads(_answer("kms", AccessDenied("m")).body)["Message"] == "m"


def test_further_members_of_an_error_are_sent_along() -> None:
    error = AwsError("BadRequestException", "m", members={"invalidParameter": "name"})
    assert json.loads(_answer("kafka", error).body)["invalidParameter"] == "name"


def test_what_xml_cannot_carry_does_not_break_an_error() -> None:
    status, _, message = _read("iam", AwsError("ValidationError", "a\x00b\x1b<&>\ud800"))
    assert (status, message) == (400, "a\ufffdb\ufffd<&>\ufffd")


def test_a_state_out_of_reach_is_a_503_a_client_may_repeat() -> None:
    assert _answer("iam", Unavailable("later")).status == 503
    assert b"<Type>Receiver</Type>" in _answer("iam", Unavailable("later")).body


def test_an_error_without_a_target_is_in_the_protocol_of_the_request() -> None:
    form = Request("GET", "/", "Action=Nope", (), b"")
    answer = render_error(
        AwsError("InvalidAction", "m"), target=None, request=form, request_id="11-22"
    )
    assert answer.status == 400
    assert answer.body.startswith(b"<ErrorResponse><Error><Type>Sender</Type>")


def test_a_client_of_s3_is_refused_in_the_only_words_it_reads() -> None:
    credential = "AKIA/20260101/us-east-1/s3/aws4_request"
    headers = (("authorization", f"AWS4-HMAC-SHA256 Credential={credential}"),)
    for error, code, status in [
        (AwsError("InvalidAction", "a & b"), "InvalidAction", 400),
        (AccessDenied("a & b"), "AccessDenied", 403),
        (IdentityFault(Fault.UNKNOWN_KEY, "a & b"), "InvalidClientTokenId", 403),
    ]:
        request = Request("PUT", "/bucket", "", headers, b"")
        answer = render_error(error, target=None, request=request, request_id="11-22")
        read = create_parser("rest-xml").parse(
            {
                "body": answer.body,
                "headers": HeadersDict(answer.headers),
                "status_code": answer.status,
            },
            None,
        )
        assert answer.status == status
        assert read["Error"] == {"Code": code, "Message": "a & b"}
        assert read["ResponseMetadata"]["RequestId"] == "11-22"
