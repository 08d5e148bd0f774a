"""What runs first inside a Python sandbox: AWS's runtime interface client, ready before its time.

It is copied into the runtime's folder, runs under the function's own interpreter (3.9 or newer) and
knows nothing of this package. Everything slow is imported first. Then it waits on descriptor 3 for
one line that says which function this is: a sandbox started ahead waits there until it is needed,
one started for a function reads its line at once.

Events come and answers go over one socket of its own, and a trigger's events are decoded by
msgspec, in a quarter of the time. The function sees none of it.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time

from awslambdaric import bootstrap
from awslambdaric.lambda_runtime_client import InvocationRequest, LambdaRuntimeClient
from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller

# `typing` is slow to import, and nothing here needs it to run.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_GO = 3
_OURS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sluicegate")
_TRIGGER_EVENT, _JSON = "application/vnd.sluicegate.trigger+json", "application/json"
_NEXT = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: runtime\r\n\r\n"
_RESPONSE = (
    "POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\nHost: runtime\r\n"
    "Content-Type: %s\r\nContent-Length: %d\r\n\r\n"
)


class Client(LambdaRuntimeClient):  # type: ignore[misc]
    """The stock client, but for the two requests that every invocation makes.

    They share a connection, and the next event is asked for before it is known that the answer was
    taken. What is rare (errors, initialisation) goes the stock client's way.
    """

    def __init__(self, address: str) -> None:
        # Not polling in a thread, as the newer runtimes do: it triples a small invocation's time.
        super().__init__(address, False)
        self._socket: Any = None  # until it is needed
        self._reader: Any = None
        self._has_answered = False
        self._decode: Callable[[Any], Any] | None = None

    def wait_next_invocation(self) -> Any:
        """The next event, with what the Runtime API says of it."""
        self._send(_NEXT)
        if self._has_answered:
            self._has_answered = False
            self._read(b"202")
        headers, body = self._read(b"200")
        request = InvocationRequest(
            invoke_id=headers.get("lambda-runtime-aws-request-id"),
            x_amzn_trace_id=headers.get("lambda-runtime-trace-id"),
            invoked_function_arn=headers.get("lambda-runtime-invoked-function-arn"),
            deadline_time_in_ms=int(headers.get("lambda-runtime-deadline-ms", 0)),
            client_context=headers.get("lambda-runtime-client-context"),
            cognito_identity=headers.get("lambda-runtime-cognito-identity"),
            tenant_id=headers.get("lambda-runtime-aws-tenant-id"),
            content_type=headers.get("content-type"),
            event_body=body,
            invocation_id=headers.get("lambda-runtime-invocation-id"),
        )
        if request.content_type == _TRIGGER_EVENT:
            self._decode_event(request)
        return request

    def post_invocation_result(
        self,
        invoke_id: str,
        result_data: Any,
        content_type: str = _JSON,
        _invocation_id: Any = None,
    ) -> None:
        """Hand over the function's answer; whether it was taken is seen with the next event."""
        body = result_data if isinstance(result_data, bytes) else result_data.encode("utf-8")
        head = _RESPONSE % (invoke_id, content_type, len(body))
        self._send(head.encode("latin-1") + body)
        self._has_answered = True

    def _decode_event(self, request: Any) -> None:
        """Only a trigger's: msgspec refuses what a caller's may hold (NaN) and the stock parser
        takes."""
        # A function may have put a marshaller of its own in its place: that one gets JSON.
        if type(self.marshaller) is not LambdaMarshaller:
            request.content_type = _JSON
            return
        if self._decode is None:
            self._decode = _decoder()
        # Whose type is not JSON the stock marshaller leaves as it is.
        request.event_body = self._decode(request.event_body)

    def _send(self, request: bytes) -> None:
        """Send it; anew where function code has closed what it found open."""
        if self._socket is not None:
            try:
                self._socket.sendall(request)
                return
            except OSError:
                pass
            # Its number may be another's by now: it is not ours to close.
            self._socket.detach()
        self._connect()
        self._socket.sendall(request)

    def _connect(self) -> None:
        self._has_answered = False
        host, _, port = self.lambda_runtime_address.rpartition(":")
        # Not `create_connection`: it would have the address looked up, and load what that takes.
        self._socket = socket.socket()
        self._socket.connect((host, int(port)))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = self._socket.makefile("rb", 65_536)

    def _read(self, wanted: bytes) -> tuple[dict[str, str], bytes]:
        """The headers and the body of a response, which always says how long it is."""
        status = self._reader.readline()
        headers = {}
        while len(line := self._reader.readline()) > len(b"\r\n"):
            name, _, value = line.decode("utf-8", "replace").partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", 0))
        body = self._reader.read(length)
        if status[9:12] != wanted or len(body) < length:
            raise RuntimeError("the Runtime API said: %r" % (status + body[:1000]))
        return headers, body


def _decoder() -> Callable[[Any], Any]:
    """msgspec's, or the standard library's where there is none for this version of Python.

    Imported when it is needed, and forgotten: a function's own msgspec is not ours.
    """
    decode: Callable[[Any], Any] = json.loads
    sys.path.insert(0, _OURS)
    before = set(sys.modules)
    try:
        from msgspec.json import decode
    except ImportError:
        pass
    finally:
        sys.path.remove(_OURS)
    for name in set(sys.modules) - before:
        if name.partition(".")[0] == "msgspec":
            del sys.modules[name]
    return decode


def main() -> None:
    """Become the function that is named, and serve it."""
    with os.fdopen(_GO, "rb") as go:
        line = go.readline()
    if not line:
        return
    told = json.loads(line)
    os.environ.clear()
    os.environ.update(told["environment"])
    time.tzset()
    # Anew: what is shown there now was not there when this process began.
    os.chdir(told["folder"])
    sys.path.insert(0, told["folder"])
    sys.argv[1:] = [told["handler"]]
    bootstrap.run(told["handler"], Client(os.environ["AWS_LAMBDA_RUNTIME_API"]))


if __name__ == "__main__":
    main()
