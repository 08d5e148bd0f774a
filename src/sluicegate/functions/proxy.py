"""What functions reach beyond our endpoint: an HTTP proxy that keeps to setting `functions_reach`.

A connection begins in a thread of its own, where waiting is no harm to others: for the request's
head, for its name to be looked up, for the outside to answer. Then it is a pair like the relay's,
in one thread for all. The address that is judged is the one that is connected to.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Hashable, Sequence

from ..reach import Address, Reach, address_of
from .pair import Line, Pair
from .proxy_head import HEAD_BYTES, Refused, Wanted, read
from .serving import Serving, most_lines

# So long a refused client may go on sending before its connection is reset.
_LEAVE_SECONDS = 2.0
_MOST_CONNECTIONS = 32
_MOST_BEGINNING = 8
# Of all sandboxes. Lookups cannot be called off: those of sandboxes that are gone count on.
_MOST_THREADS = 640
_MOST_ADDRESSES = 4

_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_NOWHERE = "setting `functions_reach` does not list it"

Lookup = Callable[[str, int], Sequence[Address]]
"""The addresses of a name; `OSError` when there are none."""


class Proxy(Serving):
    """Passes on what `reach` allows, never to `endpoint`; `close` ends every connection.

    `patience_seconds` is how long a head may take, and once more, how long the outside.
    """

    def __init__(
        self,
        reach: Reach,
        endpoint: tuple[str, int],
        lookup: Lookup | None = None,
        *,
        patience_seconds: float = 10.0,
    ) -> None:
        self._reach = reach
        self._patience_seconds = patience_seconds
        self._endpoint_port = endpoint[1]
        self._lookup = lookup or look_up
        self._most_lines = most_lines(one_in=4)
        self._threads = 0
        super().__init__("proxy")

    def _begin(self, sandbox: Hashable, inside: socket.socket, lines: set[Line]) -> None:
        if self._threads >= _MOST_THREADS:
            inside.close()
            return
        is_full = len(lines) >= _MOST_CONNECTIONS or self.lines() >= self._most_lines
        beginning = _Beginning(inside)
        lines.add(beginning)
        self._threads += 1
        if sum(isinstance(each, _Beginning) for each in lines) >= _MOST_BEGINNING:
            self.hold(sandbox, held=True)

        def run() -> None:
            made: _Made | None = None
            try:
                made = self._made(beginning, is_full=is_full)
            finally:
                self.tell(lambda: self._go_on(sandbox, lines, beginning, made))

        try:
            threading.Thread(target=run, name="proxy connection", daemon=True).start()
        except RuntimeError:
            # No more threads for this process: no reason to end the one we are in.
            self._go_on(sandbox, lines, beginning, None)

    def _go_on(
        self,
        sandbox: Hashable,
        lines: set[Line],
        beginning: "_Beginning",
        made: "_Made | None",
    ) -> None:
        """A connection has begun, or failed; or its sandbox has ended meanwhile."""
        self._threads -= 1
        is_wanted = beginning in lines
        lines.discard(beginning)
        self.hold(sandbox, held=False)
        if made is None or not is_wanted:
            beginning.inside.close()
            if made is not None:
                made.outside.close()
            return
        Pair(
            self.selector,
            beginning.inside,
            made.outside,
            lines,
            ahead=made.ahead,
            answer=made.answer,
            most=made.most,
        )

    # From here on in the connection's own thread.

    def _made(self, beginning: "_Beginning", *, is_full: bool) -> "_Made | None":
        try:
            try:
                head, more = beginning.head(self._patience_seconds)
                if is_full:
                    # Not before its head is read: who still writes it would not read an answer.
                    raise Refused(503, "too many connections are open; close some")
                wanted = read(head)
                outside = self._connected(beginning, wanted)
                for each in (beginning.inside, outside):
                    each.setblocking(False)
                    each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return _Made(outside, wanted, more)
            except Refused as refused:
                beginning.refuse(refused)
        except OSError:
            pass  # the function has gone
        return None

    def _connected(self, beginning: "_Beginning", wanted: Wanted) -> socket.socket:
        if not self._reach.allows(wanted.host, wanted.port):
            raise Refused(403, f"`{wanted.place}` is not in reach of functions: {_NOWHERE}")
        literal = address_of(wanted.host)
        try:
            addresses = [literal] if literal else self._lookup(wanted.host, wanted.port)
        except (OSError, UnicodeError) as error:
            raise Refused(502, f"`{wanted.place}` is not found: {_why(error)}") from None
        if beginning.is_over:
            raise ConnectionError("the sandbox has ended")
        deadline = time.monotonic() + self._patience_seconds
        trouble: Refused | None = None
        for address in addresses[:_MOST_ADDRESSES]:
            try:
                self._check(wanted, address, by_name=literal is None)
                return _connect(address, wanted.port, deadline)
            except Refused as refused:
                trouble = trouble or refused
            except OSError as error:
                trouble = Refused(502, f"`{wanted.place}` does not answer: {_why(error)}")
        raise trouble or Refused(502, f"`{wanted.place}` is not found: it has no address")

    def _check(self, wanted: Wanted, address: Address, *, by_name: bool) -> None:
        is_ours = _is_ours(address, wanted.port)
        place = f"`{wanted.place}` is at {address}, " if by_name else f"`{wanted.place}` is "
        if is_ours and wanted.port == self._endpoint_port:
            raise Refused(403, f"{place}our endpoint, which functions reach without a proxy")
        if not self._reach.opens(address, wanted.port, by_name=by_name, is_ours=is_ours):
            raise Refused(
                403,
                f"{place}no public address, and not in reach of functions: setting "
                "`functions_reach` does not list the address",
            )


class _Beginning:
    """A connection from inside whose request is not passed on yet."""

    def __init__(self, inside: socket.socket) -> None:
        self.inside = inside
        self.is_over = False

    def close(self) -> None:
        """Its sandbox ends: whoever waits for it here is woken, and closes it."""
        self.is_over = True
        with contextlib.suppress(OSError):
            self.inside.shutdown(socket.SHUT_RDWR)

    def head(self, seconds: float) -> tuple[bytes, bytes]:
        """The head of its request, and what came behind; `OSError` when it ends before."""
        deadline = time.monotonic() + seconds
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            if len(data) >= HEAD_BYTES:
                raise Refused(431, f"the head is longer than {HEAD_BYTES} bytes")
            try:
                read = self._receive(deadline, HEAD_BYTES - len(data))
            except TimeoutError:
                raise Refused(408, f"no request came within {seconds:.0f} seconds") from None
            if not read:
                raise ConnectionError("ended")
            data += read
        return data[:end], data[end + 4 :]

    def refuse(self, refused: Refused) -> None:
        """Answer so. What is still sent is read: a reset would take the answer with it."""
        self.inside.settimeout(_LEAVE_SECONDS)
        self.inside.sendall(refused.answer())
        self.inside.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + _LEAVE_SECONDS
        while self._receive(deadline, HEAD_BYTES):
            pass

    def _receive(self, deadline: float, most: int) -> bytes:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.inside.settimeout(left)
        return self.inside.recv(most)


class _Made:
    """A connection to the outside, and what is passed on first."""

    def __init__(self, outside: socket.socket, wanted: Wanted, more: bytes) -> None:
        self.outside = outside
        if wanted.length is None:
            self.ahead, self.answer, self.most = more, _ESTABLISHED, None
        else:
            body = more[: wanted.length]
            self.ahead, self.answer = wanted.head + body, b""
            self.most = wanted.length - len(body)


def look_up(name: str, port: int) -> Sequence[Address]:
    """As the host's resolver tells them; it may take its time."""
    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    addresses = (address_of(str(place[0])) for *_, place in found)
    return [each for each in addresses if each is not None]


def _connect(address: Address, port: int, deadline: float) -> socket.socket:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return socket.create_connection((str(address), port), timeout=left)


def _is_ours(address: Address, port: int) -> bool:
    """Whether this host itself is there: what it sends itself, it sends from there."""
    if address.is_loopback or address.is_unspecified:
        return True
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as nothing_sent:
        try:
            nothing_sent.connect((str(address), port))
        except OSError:
            return False
        return address_of(nothing_sent.getsockname()[0]) == address


def _why(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)
