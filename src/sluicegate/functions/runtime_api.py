"""The Runtime API of one sandbox, served by the thread that invokes.

No thread waits here: who invokes serves the sandbox's connections until the runtime has said what
it waits for, and nobody serves them in between. What a runtime asks meanwhile (its next invocation)
lies in the socket until then. So an invocation costs two round trips and no change of threads.
"""

import base64
import binascii
import select
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .descriptors import NONE_LEFT, PAUSE_SECONDS
from .runtime_http import Connection, Hangup, Request, answer, head

_INVOCATION = "/2018-06-01/runtime/invocation/"
_NEXT = _INVOCATION + "next"
_INIT_ERROR = "/2018-06-01/runtime/init/error"
_ERROR_TYPE = "lambda-runtime-function-error-type"
_ERROR_BODY = "lambda-runtime-function-error-body"
_ACCEPTED = answer(202, b'{"status":"OK"}\n')
_MOST_CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Asks:
    """The runtime asks for the next invocation: it is initialised, or done with the last one."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The function's answer; `is_cut` when it is longer than an answer may be."""

    body: bytes = field(repr=False)
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """The error a runtime reports, of an invocation or of its initialisation."""

    body: bytes = field(repr=False)
    error_type: str
    while_initialising: bool


@dataclass(frozen=True, slots=True)
class Gone:
    """Nothing of the sandbox is left."""


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The deadline passed first."""


Said = Asks | Answered | Failed | Gone | TimedOut


class RuntimeApi:
    """Serves one sandbox. `process` is readable when the sandbox has ended; `output` is its output,
    which `read_output` is called to take as it comes."""

    def __init__(
        self,
        listener: socket.socket,
        process: int,
        output: int,
        read_output: Callable[[], bool],
        most_kept: int,
    ) -> None:
        listener.setblocking(False)
        self._listener = listener
        self._process = process
        self._output = output
        self._read_output = read_output
        self._most_kept = most_kept
        self._connections: dict[int, Connection] = {}
        self._asking: Connection | None = None
        self._request_id = ""
        # Until then nobody listens, because no descriptor was left; 0 when somebody does.
        self._left_alone_until = 0.0
        self._poll = select.poll()
        for descriptor in (listener.fileno(), process, output):
            self._poll.register(descriptor, select.POLLIN)

    @property
    def is_asking(self) -> bool:
        """Whether the runtime waits for an invocation, as far as we have heard."""
        return self._asking is not None

    def look(self) -> bool:
        """Whether the sandbox lives, as of now; a runtime that has hung up is not asking any more.

        What dies lets go of its sockets first, and is gone only when the last process of it is.
        """
        poll = select.poll()
        poll.register(self._process, select.POLLIN)
        asking = self._asking
        if asking is not None:
            poll.register(asking.socket, select.POLLIN)
        ready = [descriptor for descriptor, _ in poll.poll(0)]
        if asking is not None and asking.socket.fileno() in ready:
            self._requests(asking, asking.read)
        return self._process not in ready

    def give(
        self, request_id: str, headers: Mapping[str, str], payload: bytes, deadline: float
    ) -> Said | None:
        """Hand the invocation to the runtime that asks; what came instead, if it was not taken."""
        asking = self._asking
        assert asking is not None
        self._asking = None
        self._request_id = request_id
        begin = asking.held() + head(200, len(payload), headers)
        parts = [memoryview(begin), memoryview(payload)]
        while parts:
            try:
                sent = asking.socket.sendmsg(parts)
            except BlockingIOError:
                if (said := self._until_writable(asking, deadline)) is not None:
                    return said
                continue
            except OSError:
                self._drop(asking)
                return None
            while parts and sent >= len(parts[0]):
                sent -= len(parts.pop(0))
            if parts:
                parts[0] = parts[0][sent:]
        return None

    def listen(self, deadline: float) -> Said:
        """Serve until the runtime says something, or `deadline` (monotonic seconds) passes."""
        # Requests that came in the same bytes as an earlier one.
        for connection in list(self._connections.values()):
            if (said := self._requests(connection, connection.parsed)) is not None:
                return said
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return TimedOut()
            if self._left_alone_until:
                left = min(left, PAUSE_SECONDS)
                self._take_up_again()
            ready = [descriptor for descriptor, _ in self._poll.poll(left * 1000)]
            if self._output in ready and not self._read_output():
                self._poll.unregister(self._output)
            if self._listener.fileno() in ready:
                self._accept()
            for descriptor in ready:
                asked = self._connections.get(descriptor)
                if asked and (said := self._requests(asked, asked.read)) is not None:
                    return said
            # Last: what was said before the end counts.
            if self._process in ready:
                return Gone()

    def close(self) -> None:
        """Close every connection and the listener."""
        for connection in self._connections.values():
            connection.socket.close()
        self._connections.clear()
        self._listener.close()

    def _until_writable(self, connection: Connection, deadline: float) -> Said | None:
        wait = select.poll()
        wait.register(connection.socket, select.POLLOUT)
        wait.register(self._process, select.POLLIN)
        left = deadline - time.monotonic()
        ready = [descriptor for descriptor, _ in wait.poll(max(0.0, left) * 1000)]
        if self._process in ready:
            return Gone()
        return None if ready else TimedOut()

    def _accept(self) -> None:
        try:
            accepted, _ = self._listener.accept()
        except OSError as error:
            if error.errno in NONE_LEFT:
                self._poll.unregister(self._listener)
                self._left_alone_until = time.monotonic() + PAUSE_SECONDS
            return
        if len(self._connections) >= _MOST_CONNECTIONS:
            accepted.close()
            return
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connections[accepted.fileno()] = Connection(accepted, self._most_kept)
        self._poll.register(accepted, select.POLLIN)

    def _take_up_again(self) -> None:
        if self._left_alone_until <= time.monotonic():
            self._left_alone_until = 0.0
            self._poll.register(self._listener, select.POLLIN)

    def _requests(self, connection: Connection, take: Callable[[], Request | None]) -> Said | None:
        try:
            while (request := take()) is not None:
                if (said := self._handle(connection, request)) is not None:
                    return said
                take = connection.parsed
        except (Hangup, OSError):
            self._drop(connection)
        return None

    def _drop(self, connection: Connection) -> None:
        if self._asking is connection:
            self._asking = None
        self._connections.pop(connection.socket.fileno(), None)
        self._poll.unregister(connection.socket)
        connection.socket.close()

    def _handle(self, connection: Connection, request: Request) -> Said | None:
        if (request.method, request.path) == ("GET", _NEXT):
            self._asking = connection
            return Asks()
        if request.method == "POST" and request.path == _INIT_ERROR:
            return self._failed(connection, request, while_initialising=True)
        named, _, what = request.path.removeprefix(_INVOCATION).partition("/")
        if request.method != "POST" or what not in ("response", "error"):
            connection.send(answer(404, b'{"errorType":"NotFound"}\n'))
            return None
        if not self._request_id or named != self._request_id:
            told = b'{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}\n'
            connection.send(answer(400, told))
            return None
        self._request_id = ""
        # A streamed answer tells of its failure behind its last chunk.
        if what == "error" or _ERROR_TYPE in request.headers:
            return self._failed(connection, request, while_initialising=False)
        # Accepted also when too long: refused (413), awslambdaric would end, and the sandbox with
        # it, for an error that is the function's alone.
        connection.hold(_ACCEPTED)
        return Answered(bytes(request.body), request.is_cut)

    def _failed(
        self, connection: Connection, request: Request, *, while_initialising: bool
    ) -> Failed:
        connection.send(_ACCEPTED)
        body = bytes(request.body)
        if told := request.headers.get(_ERROR_BODY):
            try:
                body = base64.b64decode(told)
            except binascii.Error:
                body = b""
        return Failed(body, request.headers.get(_ERROR_TYPE, ""), while_initialising)
