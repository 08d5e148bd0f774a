"""The ASGI app between a server and a function: what it answers when that function never can."""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from sluicegate.api.app import THREADS, App
from sluicegate.api.front import is_invocation, is_with_code
from sluicegate.errors import AwsError
from sluicegate.wire.message import Request, Response


def refuse(request: Request, error: AwsError) -> Response:
    return Response(error.status or 400, {"of": request.path}, error.code.encode())


def answered(answer: Callable[[Request], Response], *messages: dict[str, Any], **how: Any) -> Any:
    """Status, headers and body `answer` is given the chance to make of a request."""
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/p",
        "query_string": b"",
        "headers": [(b"content-type", b"application/x-amz-json-1.1")],
    }
    arriving = list(messages)
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return arriving.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    app = App(answer, refuse, **how)
    asyncio.run(app(scope, receive, send))
    app.close()
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


def broken(_request: Request) -> Response:
    raise RuntimeError("a secret")


def test_a_fault_of_ours_is_logged_and_told_in_the_clients_protocol(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR, "sluicegate.api"):
        status, headers, body = answered(broken, {"type": "http.request", "body": b"{}"})
    assert (status, headers[b"of"], body) == (500, b"/p", b"InternalFailure")
    assert "request failed method=POST path=/p" in caplog.text


def test_a_body_that_grows_too_large_without_saying_so_is_cut_off() -> None:
    part = {"type": "http.request", "body": b"x" * 4_000_000, "more_body": True}
    status, _, body = answered(broken, part, part, part)
    assert (status, body) == (413, b"RequestEntityTooLargeException")


def test_a_body_with_code_may_be_larger_than_any_other() -> None:
    part = {"type": "http.request", "body": b"x" * 35_000_000, "more_body": True}
    end = {"type": "http.request", "body": b"x", "more_body": False}

    def answer(request: Request) -> Response:
        return Response(200, {}, b"%d" % len(request.body))

    assert answered(answer, part, part, end, is_large=is_large)[::2] == (200, b"70000001")
    assert answered(answer, part, part, part, is_large=is_large)[0] == 413
    assert answered(answer, part, part, end)[0] == 413


def is_large(request: Request) -> bool:
    return request.path == "/p"


@pytest.mark.parametrize(
    ("method", "path", "is_one"),
    [
        ("POST", "/2015-03-31/functions", True),
        ("POST", "/2015-03-31/functions/", True),
        ("PUT", "/2015-03-31/functions/orders/code", True),
        ("PUT", "/2015-03-31/functions/orders/configuration", False),
        ("POST", "/2015-03-31/functions/orders/invocations", False),
        ("POST", "/", False),
    ],
)
def test_calls_that_bring_code_are_known_before_it_is_read(
    method: str, path: str, is_one: bool
) -> None:
    assert is_with_code(Request(method, path, "", (), b"")) is is_one


def test_what_takes_long_leaves_room_for_what_it_waits_for() -> None:
    """Functions call back: more of them than there are control threads must not stop that."""
    called_back = threading.Event()

    def answer(request: Request) -> Response:
        if request.path == "/long":
            return Response(200 if called_back.wait(30) else 504)
        called_back.set()
        return Response(200)

    async def status(path: str) -> int:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b""}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": path, "query_string": b""}
        await app({**scope, "headers": []}, receive, send)
        return int(sent[0]["status"])

    async def crowd() -> list[int]:
        long = [asyncio.create_task(status("/long")) for _ in range(2 * THREADS)]
        while len([thread for thread in threading.enumerate() if _is_long(thread)]) < 2 * THREADS:
            await asyncio.sleep(0)
        return [await status("/short"), *await asyncio.gather(*long)]

    app = App(answer, refuse, is_long=lambda request: request.path == "/long")
    assert asyncio.run(crowd()) == [200] * (2 * THREADS + 1)
    app.close()


def _is_long(thread: threading.Thread) -> bool:
    return thread.name.startswith("invocation")


@pytest.mark.parametrize(
    ("method", "path", "is_one"),
    [
        ("POST", "/2015-03-31/functions/orders/invocations", True),
        ("POST", "/2015-03-31/functions/arn%3Aaws%3Alambda/invocations/", True),
        ("GET", "/2015-03-31/functions/orders/invocations", False),
        ("POST", "/2015-03-31/functions", False),
    ],
)
def test_invocations_are_known_before_anything_is_read(
    method: str, path: str, is_one: bool
) -> None:
    assert is_invocation(Request(method, path, "", (), b"")) is is_one


def test_every_answer_forbids_browsers_to_guess_what_it_is() -> None:
    ok = {"type": "http.request", "body": b""}
    _, headers, _ = answered(lambda _: Response(200, {"content-type": "text/xml"}, b"<a/>"), ok)
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert headers[b"content-length"] == b"4"


def test_large_bodies_together_have_an_end_and_small_ones_have_not() -> None:
    """Anybody may send: what arrives is not signed yet."""
    app = App(lambda request: Response(200, {}, b"%d" % len(request.body)), refuse)
    megabytes = {"type": "http.request", "body": b"x" * 8_000_000, "more_body": True}
    end = {"type": "http.request", "body": b"x", "more_body": False}

    async def one(first: dict[str, Any], rest: Awaitable[Any]) -> tuple[int, bytes]:
        sent: list[dict[str, Any]] = []
        arriving = [first]

        async def receive() -> dict[str, Any]:
            if arriving:
                return arriving.pop()
            await rest
            return end

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        headers = [(b"host", b"localhost")]
        scope = {"type": "http", "method": "POST", "path": "/", "query_string": b""}
        await app({**scope, "headers": headers}, receive, send)
        return sent[0]["status"], sent[1]["body"]

    async def crowd() -> None:
        rest = asyncio.get_running_loop().create_future()
        slow = [asyncio.create_task(one(megabytes, rest)) for _ in range(20)]
        refused, _ = await asyncio.wait(slow, return_when=asyncio.FIRST_COMPLETED)
        assert {task.result() for task in refused} == {(503, b"ServiceUnavailable")}
        assert await one(end, rest) == (200, b"1")
        rest.set_result(None)
        answers = await asyncio.gather(*slow)
        assert answers.count((200, b"8000001")) == 8
        # What was held is given back.
        assert await one(megabytes, rest) == (200, b"8000001")

    asyncio.run(crowd())
    app.close()
