"""Which operation a request means, whoever signed it and however it is spelled."""

import subprocess
import sys

import pytest

from sluicegate.errors import AwsError
from sluicegate.wire.message import Request
from sluicegate.wire.model import SERVICES, Protocol, service_model
from sluicegate.wire.route import envelope, route

_FORM = (("content-type", "application/x-www-form-urlencoded"),)


def _signed_for(service: str) -> tuple[tuple[str, str], ...]:
    credential = f"AKIA/20260101/us-east-1/{service}/aws4_request"
    return (("authorization", f"AWS4-HMAC-SHA256 Credential={credential}"),)


def _request(
    path: str = "/",
    *,
    method: str = "POST",
    query: str = "",
    body: bytes = b"",
    headers: tuple[tuple[str, str], ...] = (),
) -> Request:
    return Request(method, path, query, headers, body)


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_known_of_a_service_without_its_model_is_what_its_model_says(service: str) -> None:
    known, model = SERVICES[service], service_model(service)
    protocol = model.resolved_protocol
    if protocol == "json":
        protocol = f"json-{model.metadata['jsonVersion']}"
    assert known.protocol == protocol
    assert known.version == model.api_version
    assert known.signing_name == model.signing_name
    assert known.target_prefix == (
        model.metadata.get("targetPrefix", "") if "json-" in protocol else ""
    )


def test_no_model_is_loaded_before_a_request_needs_it() -> None:
    script = (
        "from sluicegate.wire import client, faults, model, parse, render, route, validate;"
        "print(model.service_model.cache_info().currsize)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "0\n", done.stderr


def test_no_known_service_has_a_label_of_several_segments() -> None:
    for service in SERVICES:
        for name in service_model(service).operation_names:
            assert "+}" not in service_model(service).operation_model(name).http["requestUri"]


@pytest.mark.parametrize(
    ("signing_name", "request_", "service", "operation"),
    [
        (
            "iam",
            _request(body=b"Action=ListRoles&Version=2010-05-08", headers=_FORM),
            "iam",
            "ListRoles",
        ),
        (
            "sts",
            _request(method="GET", query="Action=GetCallerIdentity&Version=2011-06-15"),
            "sts",
            "GetCallerIdentity",
        ),
        (
            "sts",
            _request(query="Action=GetCallerIdentity", body=b"Version=2011-06-15"),
            "sts",
            "GetCallerIdentity",
        ),
        (
            None,
            _request(body=b"Action=GetCallerIdentity&Version=2011-06-15"),
            "sts",
            "GetCallerIdentity",
        ),
        (
            "ec2",
            _request(body=b"Action=DescribeVpcs&Version=2015-10-01"),
            "ec2",
            "DescribeVpcs",
        ),
        (
            "kms",
            _request(headers=(("x-amz-target", "TrentService.ListKeys"),)),
            "kms",
            "ListKeys",
        ),
        (
            None,
            _request(headers=(("x-amz-target", "secretsmanager.ListSecrets"),)),
            "secretsmanager",
            "ListSecrets",
        ),
        (
            "monitoring",
            _request(headers=(("x-amz-target", "GraniteServiceVersion20100801.ListMetrics"),)),
            "cloudwatch",
            "ListMetrics",
        ),
        (
            "iam",
            _request("/authorization-details/abc", method="GET"),
            "iam-toolbox",
            "GetRequestAuthorizationDetails",
        ),
        (
            "lambda",
            _request("/2015-03-31/event-source-mappings", method="GET"),
            "lambda",
            "ListEventSourceMappings",
        ),
        (
            "lambda",
            _request("/2015-03-31/event-source-mappings/", method="POST"),
            "lambda",
            "CreateEventSourceMapping",
        ),
        (
            "lambda",
            _request("/2015-03-31/functions/", method="GET"),
            "lambda",
            "ListFunctions",
        ),
        (
            "lambda",
            _request("/2018-10-31/layers", method="GET", query="find=LayerVersion&Arn=x"),
            "lambda",
            "GetLayerVersionByArn",
        ),
        ("lambda", _request("/2018-10-31/layers", method="GET"), "lambda", "ListLayers"),
        (
            None,
            _request("/v1/clusters/arn%3Aaws%3Akafka%3A%2Fx%2Fy", method="GET"),
            "kafka",
            "DescribeCluster",
        ),
    ],
)
def test_a_request_finds_its_operation(
    signing_name: str | None, request_: Request, service: str, operation: str
) -> None:
    target = route(request_, signing_name)
    assert (target.service, target.operation) == (service, operation)


def test_an_arn_in_a_path_stays_one_label() -> None:
    target = route(_request("/v1/clusters/arn%3Aaws%3Ac%2Fx%2Fy/topics", method="GET"), "kafka")
    assert target.operation == "ListTopics"
    assert target.parts == {"clusterArn": "arn%3Aaws%3Ac%2Fx%2Fy"}


def test_the_fields_of_a_form_do_not_show_in_logs() -> None:
    body = b"Action=CreateLoginProfile&Version=2010-05-08&Password=hunter2"
    assert "hunter2" not in repr(route(_request(body=body), "iam"))


_BAD_FORM = ("MalformedQueryString", "The query string contains a syntax error.", 404)


@pytest.mark.parametrize(
    ("signing_name", "request_", "code", "message", "status"),
    [
        (
            "sts",
            _request(body=b"Action=Nope&Version=2011-06-15"),
            "InvalidAction",
            "Could not find operation Nope for version 2011-06-15",
            None,
        ),
        (
            "sts",
            _request(body=b"Action=GetCallerIdentity"),
            "InvalidAction",
            "Could not find operation GetCallerIdentity for version NO_VERSION_SPECIFIED",
            None,
        ),
        (
            "ec2",
            _request(body=b"Action=Nope&Version=2016-11-15"),
            "InvalidAction",
            "The action Nope is not valid for this web service.",
            None,
        ),
        (
            "iam",
            _request(),
            "MissingAction",
            "The request is missing an action or a required parameter.",
            None,
        ),
        (
            "ec2",
            _request(),
            "MissingParameter",
            "The request must contain the parameter Action",
            None,
        ),
        ("iam", _request(query="Action=%zz"), *_BAD_FORM),
        ("iam", _request(body=b"Action=%ff"), *_BAD_FORM),
        ("iam", _request(body=b"a=b&" * 30_000), *_BAD_FORM),
        (
            "iam",
            _request(body=b"Action=GetUser&Action=GetRole"),
            "MalformedInput",
            "The parameter Action was given twice.",
            None,
        ),
        (
            "kms",
            _request(headers=(("x-amz-target", "TrentService.Nope"),)),
            "UnknownOperationException",
            "Sluicegate knows no operation `TrentService.Nope`.",
            400,
        ),
        (
            "kms",
            _request(headers=(("x-amz-target", "secretsmanager.ListSecrets"),)),
            "UnknownOperationException",
            "Sluicegate knows no operation `secretsmanager.ListSecrets`.",
            400,
        ),
        (
            "kms",
            _request(headers=(("x-amz-target", ""),)),
            "UnknownOperationException",
            "Sluicegate knows no operation ``.",
            400,
        ),
        (
            "lambda",
            _request("/nope", method="GET"),
            "UnknownOperationException",
            "Sluicegate knows no operation at `GET /nope`.",
            404,
        ),
        (
            "lambda",
            _request("/2015-03-31/functions/f/g/h"),
            "UnknownOperationException",
            "Sluicegate knows no operation at `POST /2015-03-31/functions/f/g/h`.",
            404,
        ),
        (
            "kafka",
            _request("/v1/nope", method="GET"),
            "MissingAuthenticationTokenException",
            "Missing Authentication Token",
            403,
        ),
        (
            "dynamodb",
            _request(headers=(("x-amz-target", "DynamoDB_20120810.ListTables"),)),
            "UnknownOperationException",
            "Sluicegate serves no service called dynamodb.",
            400,
        ),
        (None, _request("", method="PUT"), "MissingAction", None, None),
        (
            None,
            _request("*", method="OPTIONS"),
            "UnknownOperationException",
            "Sluicegate knows no operation at `OPTIONS *`.",
            404,
        ),
    ],
)
def test_a_request_that_means_nothing_is_refused_in_its_services_words(
    signing_name: str | None, request_: Request, code: str, message: str | None, status: int | None
) -> None:
    with pytest.raises(AwsError) as refused:
        route(request_, signing_name)
    assert refused.value.code == code
    assert message in (None, refused.value.message)
    assert refused.value.status == status


@pytest.mark.parametrize(
    ("request_", "protocol"),
    [
        (_request(headers=(("content-type", "application/x-amz-json-1.0"),)), Protocol.JSON_1_0),
        (_request(headers=(("x-amz-target", "A.B"),)), Protocol.JSON_1_1),
        (_request(headers=_FORM, body=b"Action=A&Version=2010-05-08"), Protocol.QUERY),
        (_request(headers=_FORM, body=b"Action=A&Version=2016-11-15"), Protocol.EC2),
        (_request(method="GET", query="Action=A&Version=2011-06-15"), Protocol.QUERY),
        (_request("/v1/clusters", method="GET"), Protocol.REST_JSON),
        (_request("/bucket", method="PUT", headers=_signed_for("s3")), Protocol.REST_XML),
        (_request("/2013-04-01/hostedzone", headers=_signed_for("route53")), Protocol.QUERY),
        (_request(headers=(*_FORM, *_signed_for("ec2"))), Protocol.EC2),
    ],
)
def test_an_answer_to_a_stranger_is_in_the_protocol_he_seems_to_speak(
    request_: Request, protocol: Protocol
) -> None:
    assert envelope(request_) is protocol
