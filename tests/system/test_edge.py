"""The HTTP edge as clients meet it: odd requests, refusals before any operation, presigned URLs."""

import socket
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials as Keys
from botocore.exceptions import ClientError

from sluicegate.wire.client import client

from .server import Server
from .test_serve import get

_BODY = b"Action=GetCallerIdentity&Version=2011-06-15"
_CLOSING = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
_ROOT = b"<Arn>arn:aws:iam::000000000000:root</Arn>"

_READS: dict[str, tuple[str, dict[str, Any]]] = {
    "sts": ("get_caller_identity", {}),
    "ec2": ("describe_vpcs", {}),
    "kms": ("list_keys", {}),
    "sqs": ("list_queues", {}),
    "lambda": ("list_layers", {}),
    "s3": ("list_buckets", {}),
    "route53": ("list_hosted_zones", {}),
    "dynamodb": ("list_tables", {}),
}
"""A call of each protocol botocore speaks, to services known and unknown."""


def exchange(server: Server, *parts: bytes, expect: bytes = b"") -> bytes:
    """Everything the server says to `parts`, sent once `expect` came after the first."""
    said = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        for part in parts:
            connection.sendall(part)
            while expect and expect not in said:
                said += connection.recv(65536)
        while some := connection.recv(65536):
            said += some
    return said


def signed(server: Server, **more: str) -> bytes:
    """The head of a signed GetCallerIdentity; its body is `_BODY`."""
    root = server.root()
    form = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    request = AWSRequest("POST", server.endpoint + "/", data=_BODY, headers=form)
    SigV4Auth(Keys(root.access_key, root.secret_key), "sts", "us-east-1").add_auth(request)
    headers = dict(request.prepare().headers) | {"Host": f"127.0.0.1:{server.port}"} | more
    lines = [f"{name}: {value}" for name, value in headers.items() if value]
    return "\r\n".join(["POST / HTTP/1.1", *lines, "", ""]).encode()


def chunked(body: bytes) -> bytes:
    return b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"


def refusal(server: Server, service: str, **headers: str) -> tuple[int, str, str, str]:
    """Status, code, message and request id a real client reads of a refusal."""
    made = server.impatient(service)

    def spoil(request: Any, **_: object) -> None:
        for name, value in headers.items():
            request.headers[name.replace("_", "-")] = value

    made.meta.events.register("before-send", spoil)
    name, parameters = _READS[service]
    with pytest.raises(ClientError) as caught:
        getattr(made, name)(**parameters)
    error, metadata = caught.value.response["Error"], caught.value.response["ResponseMetadata"]
    return metadata["HTTPStatusCode"], error["Code"], error["Message"], metadata["RequestId"]


@pytest.mark.parametrize("service", _READS)
def test_a_host_that_is_not_allowed_is_told_what_to_set(calm: Server, service: str) -> None:
    status, code, message, request_id = refusal(calm, service, Host="sluicegate:4566")
    assert (status, code) == (403, "HostNotAllowed")
    assert message == (
        "host `sluicegate:4566` is not allowed here; to allow it, add its name to the setting "
        "`allow_hosts` (SLUICEGATE_ALLOW_HOSTS)"
    )
    assert request_id


@pytest.mark.parametrize("service", _READS)
def test_too_large_headers_are_refused_in_the_clients_protocol(calm: Server, service: str) -> None:
    status, code, message, _ = refusal(calm, service, X_Large="y" * 20_000)
    assert (status, code) == (431, "RequestHeaderSectionTooLarge")
    assert message == "request headers are limited to 100 and 16384 bytes together"


@pytest.mark.parametrize("service", ["sts", "ec2", "kms", "lambda"])
def test_a_too_large_body_is_refused_in_the_clients_protocol(calm: Server, service: str) -> None:
    status, code, message, _ = refusal(calm, service, Content_Length="10485761")
    assert (status, code) == (413, "RequestEntityTooLargeException")
    assert message == "request bodies are limited to 10485760 bytes"


@pytest.mark.parametrize("service", ["s3", "route53", "dynamodb"])
def test_a_service_nobody_serves_is_named(calm: Server, service: str) -> None:
    status, _, message, request_id = refusal(calm, service)
    assert status == 400 and request_id
    assert message == f"Sluicegate serves no service called {service}."


@pytest.mark.parametrize("service", ["sqs", "lambda"])
def test_an_operation_nobody_serves_is_named(calm: Server, service: str) -> None:
    status, code, message, _ = refusal(calm, service)
    operation = _READS[service][0].title().replace("_", "")
    assert (status, code) == (400, "UnsupportedOperation")
    assert message == f"Sluicegate does not serve {service}:{operation}."


def test_a_body_of_unknown_length_is_read(calm: Server) -> None:
    more = {"Transfer-Encoding": "chunked", "Content-Length": "", "Connection": "close"}
    assert _ROOT in exchange(calm, signed(calm, **more), chunked(_BODY))


def test_a_client_that_waits_to_send_its_body_is_told_to(calm: Server) -> None:
    head = signed(calm, Expect="100-continue", Connection="close")
    said = exchange(calm, head, _BODY, expect=b"HTTP/1.1 100 Continue\r\n\r\n")
    assert _ROOT in said


def test_a_connection_lives_on_after_an_error_and_answers_in_order(calm: Server) -> None:
    wrong = signed(calm) + _BODY.replace(b"Get", b"Got")
    last = signed(calm, Connection="close") + _BODY
    said = exchange(calm, wrong + signed(calm) + _BODY + last)
    assert [answer[:3] for answer in said.split(b"HTTP/1.1 ")[1:]] == [b"400", b"200", b"200"]


def test_http_1_0_is_answered_and_closed(calm: Server) -> None:
    said = exchange(calm, signed(calm).replace(b"HTTP/1.1", b"HTTP/1.0") + _BODY)
    assert _ROOT in said and b"connection: close" in said


@pytest.mark.parametrize("protocol", ["websocket", "h2c"])
def test_an_upgrade_is_never_made(calm: Server, protocol: str) -> None:
    offer = {"Connection": "Upgrade, close", "Upgrade": protocol}
    # What follows would be lost, or taken for a request of its own.
    hidden = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for part in (_BODY, hidden):
        said = exchange(calm, signed(calm, **offer, **{"Content-Length": str(len(part))}), part)
        assert said.startswith(b"HTTP/1.1 400 ") and said.count(b"HTTP/1.1 ") == 1
    bare = _CLOSING.replace(b"close", b"Upgrade, close")[:-2]
    bare += b"Upgrade: %s\r\n" % protocol.encode()
    evil = bare + b"Origin: http://evil.tld\r\n\r\n"
    assert exchange(calm, evil).startswith(b"HTTP/1.1 403 ")
    assert exchange(calm, bare + b"\r\n").startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "PATCH", "TRACE"])
@pytest.mark.parametrize(
    "path", ["/", "/odd/path", "/2015-03-31/functions", "/..%2f", "/%00", "//"]
)
def test_any_method_on_any_path_gets_a_4xx(calm: Server, method: str, path: str) -> None:
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    said = exchange(calm, head.encode())
    assert said.startswith(b"HTTP/1.1 4")
    assert said.endswith(b"\r\n\r\n") == (method == "HEAD")


def test_a_page_of_another_origin_gets_no_leave_to_read_anything(calm: Server) -> None:
    preflight = (
        b"OPTIONS / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:3000\r\n"
        b"Access-Control-Request-Method: POST\r\nConnection: close\r\n\r\n"
    )
    assert b"access-control" not in exchange(calm, preflight).lower()
    for origin in ("null", "http://evil.tld"):
        status, body = get(calm, "/health/live", Origin=origin)
        assert status == 403 and b"allow_hosts" in body


def test_no_answer_can_be_taken_for_a_script(calm: Server) -> None:
    for path in (b"/health/live", b"/ca.pem", b"/?Action=<script>", b"/x"):
        said = exchange(calm, _CLOSING.replace(b"/health/live", path))
        assert b"x-content-type-options: nosniff\r\n" in said


def test_load_balancers_may_ask_for_the_head_alone(calm: Server) -> None:
    for path in (b"live", b"ready"):
        head = _CLOSING.replace(b"GET", b"HEAD").replace(b"live", path)
        assert exchange(calm, head).startswith(b"HTTP/1.1 200 ")


def test_presigned_urls_work_without_an_sdk(calm: Server) -> None:
    for service, read in (("sts", _ROOT), ("ec2", b"<cidrBlock>172.31.0.0/16</cidrBlock>")):
        name, _ = _READS[service]
        url = calm.client(service).generate_presigned_url(name, ExpiresIn=60, HttpMethod="GET")
        status, body = get(calm, url.removeprefix(calm.endpoint))
        assert status == 200 and read in body
        spoiled = url.replace("X-Amz-Expires=60", "X-Amz-Expires=61")
        assert get(calm, spoiled.removeprefix(calm.endpoint))[0] in (401, 403)


def test_a_body_the_sdk_compressed_gets_as_far_as_any_other(calm: Server) -> None:
    cloudwatch = client(
        "cloudwatch",
        endpoint_url=calm.endpoint,
        region="us-east-1",
        credentials=calm.root(),
        config=Config(request_min_compression_size_bytes=1),
    )
    with pytest.raises(ClientError, match="does not serve cloudwatch:PutMetricData"):
        cloudwatch.put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "Value": 1}])
