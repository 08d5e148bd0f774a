"""The ASGI app between a server and a function: what it answers when that function never can."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from sluicegate.api.app import App
from sluicegate.errors import AwsError
from sluicegate.wire.message import Request, Response


def refuse(request: Request, error: AwsError) -> Response:
    return Response(error.status or 400, {"of": request.path}, error.code.encode())


def answered(answer: Callable[[Request], Response], *messages: dict[str, Any]) -> Any:
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

    app = App(answer, refuse)
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
