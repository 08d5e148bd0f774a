"""HTTP as runtimes speak it to the Runtime API: one connection, read as its bytes come.

The other side is function code, so everything is bounded: a head, how much of a body is kept (the
rest is read and let go, so that its sender gets an answer), a line of a chunked body, its trailers.
"""

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field

_HEAD_BYTES = 65_536
# Of a report of an error: awslambdaric tells causes for X-Ray, up to 1 MiB, in a header.
_REPORT_HEAD_BYTES = 2 << 20
_REPORT = re.compile(rb"POST [^ \r\n]{1,200}/error HTTP/")
_MOST_FIELDS = 100
_LINE_BYTES = 16_384
_READ_BYTES = 262_144
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_REASONS = {200: "OK", 202: "Accepted", 400: "Bad Request", 403: "Forbidden", 404: "Not Found"}


class Hangup(Exception):
    """The other side is gone, or speaks no HTTP: the connection is to be closed."""


@dataclass(slots=True)
class Request:
    """A request that has arrived whole; `is_cut` when its body was longer than is kept."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytearray = field(default_factory=bytearray, repr=False)
    is_cut: bool = False


class Connection:
    """A connection's bytes made into requests. The socket never blocks."""

    def __init__(self, accepted: socket.socket, most_kept: int) -> None:
        accepted.setblocking(False)
        self.socket = accepted
        self._most_kept = most_kept
        self._buffer = bytearray()
        # So far the buffer holds no end of a head.
        self._searched = 0
        self._request: Request | None = None
        self._left = 0
        self._is_chunked = False
        self._is_last_chunk_read = False
        self._trailer_bytes = 0
        # An answer that waits for the next one, which is to be sent soon.
        self._held = b""

    def send(self, data: bytes) -> None:
        """Send an answer, behind one that was held."""
        self.socket.send(self.held() + data)

    def hold(self, data: bytes) -> None:
        """Send an answer with the next one, where that has been asked for in the same bytes."""
        if self._buffer:
            self._held += data
        else:
            self.send(data)

    def held(self) -> bytes:
        """What was held; who takes it sends it."""
        held, self._held = self._held, b""
        return held

    def read(self) -> Request | None:
        """Take what has come; the request it completes, if it completes one."""
        try:
            data = self.socket.recv(_READ_BYTES)
        except BlockingIOError:
            return None
        except OSError as error:
            raise Hangup(str(error)) from None
        if not data:
            raise Hangup("closed")
        if self._request is not None and not self._is_chunked:
            self._keep(data)
        else:
            self._buffer += data
        return self.parsed()

    def parsed(self) -> Request | None:
        """The next request among the bytes that are here."""
        if self._request is None and not self._begin():
            return None
        request = self._request
        assert request is not None
        if not (self._chunks(request) if self._is_chunked else self._left == 0):
            return None
        self._request = None
        self._is_chunked = self._is_last_chunk_read = False
        self._trailer_bytes = 0
        return request

    def _begin(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n", self._searched)
        size = end if end >= 0 else len(self._buffer)
        if size > _HEAD_BYTES and (size > _REPORT_HEAD_BYTES or not _REPORT.match(self._buffer)):
            raise Hangup("a head too large")
        if end < 0:
            # The first bytes of its end may be there.
            self._searched = max(0, size - 3)
            return False
        self._searched = 0
        if self._buffer.count(b"\r\n", 0, end) > _MOST_FIELDS:
            raise Hangup("too many fields")
        lines = self._buffer[:end].decode("latin-1").split("\r\n")
        del self._buffer[: end + 4]
        words = lines[0].split(" ")
        if len(words) != 3:
            raise Hangup("no request line")
        headers = _fields(lines[1:])
        self._request = Request(words[0], words[1], headers)
        self._is_chunked = "chunked" in headers.get("transfer-encoding", "").lower()
        if not self._is_chunked:
            self._left = _length(headers.get("content-length", "0"))
            body = self._buffer[: self._left]
            del self._buffer[: self._left]
            self._keep(body)
        if "100-continue" in headers.get("expect", "").lower() and (self._left or self._is_chunked):
            self._send_continue()
        return True

    def _keep(self, data: bytes | bytearray) -> None:
        """Take a piece of a body of known length; what is beyond it is the next request."""
        assert self._request is not None
        if len(data) > self._left:
            self._buffer += data[self._left :]
            data = data[: self._left]
        self._left -= len(data)
        self._add(self._request, data)

    def _add(self, request: Request, data: bytes | bytearray) -> None:
        room = self._most_kept - len(request.body)
        if len(data) > room:
            request.is_cut = True
            data = data[:room]
        request.body += data

    def _chunks(self, request: Request) -> bool:
        """Take the chunks that are here; whether the body and its trailers are whole."""
        while not self._is_last_chunk_read:
            if self._left:
                # The chunk, and the line end behind it, which is not kept.
                data = self._buffer[: self._left]
                del self._buffer[: self._left]
                self._left -= len(data)
                self._add(request, data[: max(0, len(data) - max(0, 2 - self._left))])
                if self._left:
                    return False
            line = self._line()
            if line is None:
                return False
            size = _length(line.split(";")[0].strip(), 16)
            self._is_last_chunk_read = size == 0
            self._left = size + 2 if size else 0
        while (line := self._line()) is not None:
            if not line:
                return True
            self._trailer_bytes += len(line)
            request.headers.update(_fields([line]))
            if self._trailer_bytes > _HEAD_BYTES or len(request.headers) > 2 * _MOST_FIELDS:
                raise Hangup("trailers too large")
        return False

    def _line(self) -> str | None:
        end = self._buffer.find(b"\r\n", 0, _LINE_BYTES + 2)
        if end < 0:
            if len(self._buffer) > _LINE_BYTES + 1:
                raise Hangup("a line too long")
            return None
        line = self._buffer[:end].decode("latin-1")
        del self._buffer[: end + 2]
        return line

    def _send_continue(self) -> None:
        try:
            self.send(_CONTINUE)
        except OSError as error:
            raise Hangup(str(error)) from None


def answer(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> bytes:
    """A response's head and its small body."""
    return head(status, len(body), headers or {"Content-Type": "application/json"}) + body


def head(status: int, length: int, headers: Mapping[str, str]) -> bytes:
    """A response's head. A header's value has no line break, whatever it was made of."""
    lines = [f"HTTP/1.1 {status} {_REASONS[status]}", f"Content-Length: {length}"]
    lines += [f"{name}: {' '.join(value.split())}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "replace")


def _fields(lines: list[str]) -> dict[str, str]:
    pairs = (line.partition(":") for line in lines)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _length(text: str, base: int = 10) -> int:
    try:
        number = int(text, base)
    except ValueError:
        raise Hangup("no length") from None
    if not 0 <= number < 1 << 40:
        raise Hangup("an unlikely length")
    return number
