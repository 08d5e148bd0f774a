"""One HTTP connection among others: what is given up, and what is not read ahead."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from sluicegate.api.http import Http

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n"


class Wire(asyncio.Transport):
    """A transport without a network: what was written, and whether it was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.is_closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def is_closing(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        self.is_closed = True

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Few(Http):
    """Three are enough to see the fourth."""

    most_connections = 3


async def never(_scope: Any, _receive: Any, _send: Any) -> None:
    await asyncio.Event().wait()


def connected(test: Callable[[Callable[[bytes], Wire]], Awaitable[None]]) -> None:
    """Run `test`, which is given what connects a client that begins by sending something."""

    async def run() -> None:
        config, state = uvicorn.Config(never, lifespan="off", log_config=None), ServerState()

        def connect(data: bytes) -> Wire:
            wire, connection = Wire(), Few(config, state, {})
            connection.connection_made(wire)
            if data:
                connection.data_received(data)
            return wire

        await test(connect)
        for task in state.tasks:
            task.cancel()

    asyncio.run(run())


def test_the_connection_that_says_nothing_longest_makes_room() -> None:
    async def test(connect: Callable[[bytes], Wire]) -> None:
        asked, half, silent = connect(GET), connect(POST + b"x"), connect(b"")
        assert not connect(GET).is_closed
        assert [asked.is_closed, half.is_closed, silent.is_closed] == [False, True, False]
        assert not connect(GET).is_closed
        assert [asked.is_closed, silent.is_closed] == [False, True]

    connected(test)


def test_who_waits_for_an_answer_is_never_given_up_for_a_newcomer() -> None:
    async def test(connect: Callable[[bytes], Wire]) -> None:
        asked = [connect(GET) for _ in range(3)]
        assert connect(b"").is_closed
        assert not any(wire.is_closed for wire in asked)

    connected(test)


def test_few_requests_are_read_ahead_of_their_answers() -> None:
    async def test(connect: Callable[[bytes], Wire]) -> None:
        assert not connect(GET * 16).is_closed
        greedy = connect(GET * 1000)
        assert greedy.is_closed and greedy.written.startswith(b"HTTP/1.1 400 ")

    connected(test)
