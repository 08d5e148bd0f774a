"""HTTP as uvicorn reads it, with the limits a hostile client meets before any of our code.

uvicorn bounds neither the time nor the size of a request's head, nor how many requests one client
sends ahead of their answers, nor gives up the idlest of too many connections. It drops the host of
an absolute-form request target, which could then differ from the Host header that is checked, and
loses the body of a request that offers to upgrade.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HEAD_SECONDS = 10.0
_HEAD_BYTES = 64 * 1024
_MOST_AHEAD = 16
_BODY = (b"content-length", b"transfer-encoding")
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class Http(HttpToolsProtocol):
    """One connection.

    When there are too many, the one that has kept us waiting longest goes: whoever opens them all
    and says nothing shuts out nobody.
    """

    most_connections = 1000

    _since = 0.0
    _head_bytes = 0
    _is_in_head = True
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client connected: its first request's head must come soon."""
        super().connection_made(transport)
        self._start_timer()
        if len(self.connections) > self.most_connections:
            self._give_up_one()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes arrived; those of a head are counted."""
        if self._is_in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._is_in_head and self._head_bytes > _HEAD_BYTES and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._is_in_head, self._head_bytes = True, 0
        self._start_timer()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is complete."""
        self._is_in_head = False
        self._stop_timer()
        # Whatever a parser callback raises, uvicorn answers 400 and closes.
        if not self.url.startswith(b"/"):
            raise ValueError("the request target is not a path")
        if self.parser.should_upgrade() and any(name in _BODY for name, _ in self.headers):
            # The parser takes what follows an upgrade for another protocol: the body would be lost,
            # or read as the next request.
            raise ValueError("a request to upgrade has a body")
        if len(self.pipeline) >= _MOST_AHEAD:
            # Each costs a hundred times its bytes, and a thousand fit into one packet.
            raise ValueError("too many requests ahead of their answers")
        super().on_headers_complete()

    @property
    def is_waiting(self) -> bool:
        """Whether it is the client's turn: to begin a request, or to end the one it sends."""
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body

    def _give_up_one(self) -> None:
        waiting = [
            each
            for each in self.connections
            if isinstance(each, Http) and each.is_waiting and not each.transport.is_closing()
        ]
        min(waiting, key=lambda each: each._since, default=self).transport.close()

    def _start_timer(self) -> None:
        self._stop_timer()
        self._since = self.loop.time()
        self._head_timer = self.loop.call_later(_HEAD_SECONDS, self._give_up)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        if self._is_in_head and not self.transport.is_closing():
            self.transport.close()
