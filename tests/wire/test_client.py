"""The client side: real botocore clients, with a function or a socket behind them."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from botocore.exceptions import ClientError
from tests.wire.exchange import checked

from sluicegate.errors import AwsError
from sluicegate.wire.client import Credentials, client, in_process_client
from sluicegate.wire.faults import render_error
from sluicegate.wire.message import Request, Response
from sluicegate.wire.model import target
from sluicegate.wire.render import render
from sluicegate.wire.route import route

_IDENTITY = {"Account": "000000000000", "Arn": "arn:aws:iam::000000000000:root", "UserId": "0"}


def _caller_identity(_: Request) -> Response:
    return render(target("sts", "GetCallerIdentity"), _IDENTITY, "11-22")


def test_a_function_answers_a_real_client() -> None:
    sts = in_process_client(
        "sts", _caller_identity, region="us-east-1", access_key="AKIA", secret_key="s"
    )
    answer = sts.get_caller_identity()
    assert answer["Arn"] == "arn:aws:iam::000000000000:root"
    assert answer["ResponseMetadata"]["RequestId"] == "11-22"
    assert answer["ResponseMetadata"]["RetryAttempts"] == 0


def test_the_function_sees_the_request_as_it_would_stand_on_the_wire() -> None:
    seen: list[Request] = []

    def handle(request: Request) -> Response:
        seen.append(request)
        return render(route(request, "lambda"), {"StatusCode": 200, "Payload": b"[1]"}, "1")

    functions = in_process_client(
        "lambda", handle, region="eu-west-1", access_key="ASIA", secret_key="s", token="t"
    )
    arn = "arn:aws:lambda:eu-west-1:000000000000:function:f"
    answer = functions.invoke(FunctionName=arn, Payload=b"{}", LogType="Tail")
    assert answer["Payload"].read() == b"[1]"
    (request,) = seen
    assert request.path.startswith("/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1")
    assert request.header("host") == "127.0.0.1:4566"
    assert request.header("x-amz-security-token") == "t"
    assert request.header("x-amz-log-type") == "Tail"
    assert "ASIA/" in (request.header("authorization") or "")
    assert request.body == b"{}"


def test_a_refusal_is_a_client_error_and_is_not_repeated() -> None:
    calls = []

    def handle(request: Request) -> Response:
        calls.append(request)
        where = route(request, "kms")
        error = AwsError("KMSInternalException", "later", status=500)
        return render_error(error, target=where, request=request, request_id="1")

    kms = in_process_client("kms", handle, region="us-east-1", access_key="A", secret_key="s")
    with pytest.raises(ClientError) as refused:
        kms.list_keys()
    assert refused.value.response["Error"] == {"Message": "later", "Code": "KMSInternalException"}
    assert len(calls) == 1


def test_what_the_function_raises_comes_out_of_the_call() -> None:
    def handle(_: Request) -> Response:
        raise LookupError("a slip")

    sts = in_process_client("sts", handle, region="us-east-1", access_key="A", secret_key="s")
    with pytest.raises(LookupError, match="a slip"):
        sts.get_caller_identity()


def test_a_member_the_model_does_not_know_is_a_mistake_of_the_operation() -> None:
    with pytest.raises(ValueError, match=r"does not know: \['Acount'\]"):
        render(target("sts", "GetCallerIdentity"), {"Acount": "0"}, "1")
    with pytest.raises(ValueError, match="does not know"):
        render(target("kms", "DisableKey"), {"KeyId": "k"}, "1")


def test_a_member_that_is_none_is_left_out() -> None:
    answer = render(target("kms", "GetKeyRotationStatus"), {"KeyId": None}, "1")
    assert answer.body == b"{}"
    assert answer.headers["Content-Type"] == "application/x-amz-json-1.1"


@pytest.mark.parametrize(
    ("service", "operation", "status"),
    [
        ("lambda", "CreateFunction", 201),
        ("lambda", "CreateEventSourceMapping", 202),
        ("lambda", "TagResource", 204),
        ("lambda", "DeleteFunction", 204),
        ("lambda", "GetFunction", 200),
        ("iam", "CreateRole", 200),
        ("kms", "DisableKey", 200),
    ],
)
def test_an_answer_has_the_status_aws_gives_it(service: str, operation: str, status: int) -> None:
    answer = render(target(service, operation), {}, "1")
    assert answer.status == status
    assert answer.headers["x-amzn-RequestId"] == "1"
    if status == 204:
        assert answer.body == b""


class _Server(BaseHTTPRequestHandler):
    """The wire behind a socket."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = tuple((name.lower(), value) for name, value in self.headers.items())
        response = checked(Request("POST", self.path, "", headers, body))
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(response.body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_a_client_of_ours_ignores_the_users_own_aws_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with HTTPServer(("127.0.0.1", 0), _Server) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        sts = client(
            "sts",
            endpoint_url=f"http://127.0.0.1:{server.server_port}",
            region="us-east-1",
            credentials=Credentials("AKIA", "secret"),
        )
        try:
            answer = sts.get_caller_identity()
        finally:
            server.shutdown()
            thread.join()
            sts.close()
    assert answer["ResponseMetadata"]["RequestId"] == "11-22"


def test_credentials_do_not_show() -> None:
    assert "hush" not in repr(Credentials("AKIA", "hush", "hush"))
