"""The ASGI app: a thin adapter from HTTP onto a bounded pool of threads.

What answers is a plain function from `Request` to `Response`; nothing here knows AWS's protocols.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from ..errors import AwsError, Unavailable
from ..wire.message import Request, Response
from ..wire.parse import LARGEST_BYTES, MOST_BYTES

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_log = logging.getLogger("sluicegate.api")

# Started as they are needed. More than there is work for: while the database is locked, writers
# wait up to 5 s each, and reads must not queue behind them.
THREADS = 64
# Each waits for a function, up to fifteen minutes, and costs little while it does.
LONG_THREADS = 1000
# From the end of the head to the end of the body: ten megabytes at 3 Mbit/s.
_BODY_SECONDS = 30.0
# A body up to the first is read whatever else arrives; of larger ones, all together hold at most
# the second, and the third those that may be larger than any other: a function's code. Nobody has
# been identified yet while a body arrives.
_SMALL_BYTES = 64 * 1024
_ROOM_BYTES = 64 * 1024 * 1024
_LARGE_ROOM_BYTES = 2 * LARGEST_BYTES
_HEADER_BYTES = 16 * 1024
_HEADERS = 100


class App:
    """Reads requests under limits and hands them to `answer` on a pool of threads.

    `refuse` writes the answer to those that never get there. What `is_long` says may take minutes
    has a pool of its own: a function's code calls back, and would wait for itself. `is_large` says
    whose body may be a package.
    """

    def __init__(
        self,
        answer: Callable[[Request], Response],
        refuse: Callable[[Request, AwsError], Response],
        *,
        is_long: Callable[[Request], bool] = lambda _request: False,
        is_large: Callable[[Request], bool] = lambda _request: False,
    ) -> None:
        self._answer = answer
        self._refuse = refuse
        self._is_large = is_large
        self._room = _Room(_ROOM_BYTES, MOST_BYTES)
        self._large_room = _Room(_LARGE_ROOM_BYTES, LARGEST_BYTES)
        self._is_long = is_long
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="control")
        self._long_pool = ThreadPoolExecutor(LONG_THREADS, thread_name_prefix="invocation")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        if scope["type"] == "http":
            await _send(send, await self._respond(scope, receive), scope["method"])
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})

    def close(self) -> None:
        """Wait for the requests under way, but not for what may take minutes."""
        self._long_pool.shutdown(wait=False, cancel_futures=True)
        self._pool.shutdown(wait=True)

    async def _respond(self, scope: Scope, receive: Receive) -> Response:
        if _too_many_headers(scope):
            return self._refuse(_request(scope, b""), _HEADERS_TOO_LARGE)
        head = _request(scope, b"")
        room = self._large_room if self._is_large(head) else self._room
        with room.guest() as guest:
            body = await _body(scope, receive, guest)
            if isinstance(body, AwsError):
                return self._refuse(head, body)
            return await self._answered(_request(scope, body))

    async def _answered(self, request: Request) -> Response:
        loop = asyncio.get_running_loop()
        try:
            pool = self._long_pool if self._is_long(request) else self._pool
            return await loop.run_in_executor(pool, self._answer, request)
        except Exception:  # noqa: BLE001 - the top of a request
            # A fault of ours; the caller learns no more than that.
            _log.exception("request failed method=%s path=%s", request.method, request.path)
            return self._refuse(request, _FAILED)


_HEADERS_TOO_LARGE = AwsError(
    "RequestHeaderSectionTooLarge",
    f"request headers are limited to {_HEADERS} and {_HEADER_BYTES} bytes together",
    status=431,
)
_BODY_TOO_LATE = AwsError("RequestTimeout", "the request body did not arrive in time", status=408)
_TOO_MANY = Unavailable("Too many large requests at once. Please try again.")
_FAILED = AwsError(
    "InternalFailure", "the request failed; the server's log has the reason", status=500
)


def _too_many_headers(scope: Scope) -> bool:
    headers = scope["headers"]
    return len(headers) > _HEADERS or sum(len(k) + len(v) for k, v in headers) > _HEADER_BYTES


class _Room:
    """Memory that large bodies share, each no larger than `largest_bytes`.

    Used in the event loop alone, so it needs no lock.
    """

    def __init__(self, most_bytes: int, largest_bytes: int) -> None:
        self.left_bytes = most_bytes
        self.largest_bytes = largest_bytes

    @contextmanager
    def guest(self) -> Iterator["_Guest"]:
        """A request that may take some, and gives it back when it is answered."""
        guest = _Guest(self)
        try:
            yield guest
        finally:
            self.left_bytes += guest.taken_bytes


class _Guest:
    """What one request has taken of the room."""

    def __init__(self, room: _Room) -> None:
        self._room = room
        self.taken_bytes = 0

    @property
    def largest_bytes(self) -> int:
        """What one body may have."""
        return self._room.largest_bytes

    def has_room(self, size: int) -> bool:
        """Whether a body of `size` bytes has room; what it takes of it is kept for it."""
        more = max(0, size - _SMALL_BYTES) - self.taken_bytes
        if more > self._room.left_bytes:
            return False
        self._room.left_bytes -= more
        self.taken_bytes += more
        return True


async def _body(scope: Scope, receive: Receive, guest: _Guest) -> bytes | AwsError:
    """The whole body, or why it is not read."""
    most = guest.largest_bytes
    declared = dict(scope["headers"]).get(b"content-length", b"0")
    if not declared.isdigit() or int(declared) > most:
        return _too_large(most)
    parts, size, more = [], 0, True
    try:
        async with asyncio.timeout(_BODY_SECONDS * most / MOST_BYTES):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    break
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > most:
                    return _too_large(most)
                if not guest.has_room(size):
                    return _TOO_MANY
                more = message.get("more_body", False)
    except TimeoutError:
        return _BODY_TOO_LATE
    return b"".join(parts)


def _too_large(most: int) -> AwsError:
    return AwsError(
        "RequestEntityTooLargeException",
        f"request bodies are limited to {most} bytes",
        status=413,
    )


def _request(scope: Scope, body: bytes) -> Request:
    """Latin-1 keeps every byte of the raw target and headers as one character."""
    raw_path = scope.get("raw_path") or scope["path"].encode()
    client = scope.get("client")
    return Request(
        method=scope["method"],
        path=raw_path.decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, value in scope["headers"]
        ),
        body=body,
        remote=client[0] if client else "",
        is_secure=scope.get("scheme") == "https",
    )


async def _send(send: Send, response: Response, method: str) -> None:
    headers = {
        **response.headers,
        "content-length": str(len(response.body)),
        # Answers repeat what was sent: no browser may take one for a page or a script.
        "x-content-type-options": "nosniff",
    }
    await send(
        {
            "type": "http.response.start",
            "status": response.status,
            "headers": [(k.encode("latin-1"), v.encode("latin-1")) for k, v in headers.items()],
        }
    )
    body = b"" if method == "HEAD" else response.body
    await send({"type": "http.response.body", "body": body})
