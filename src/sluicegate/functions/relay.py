"""The one thing a sandbox reaches outside: our endpoint, through a socket in its own network.

A sandbox's network is an empty one. What connects to 127.0.0.1:4566 there is relayed, byte for
byte, to the endpoint; who calls is told by the signature, as with any client. Without one it may do
less than other programs of this machine may, and is told apart by the address it comes from. One
thread serves all sandboxes, and reads nothing it cannot pass on: a side that does not read stops
the other.
"""

import contextlib
import queue
import selectors
import socket
import threading
from collections.abc import Callable, Hashable

ADDRESS = "127.0.0.2"
"""Where function code comes from, as the endpoint sees it when it listens on 127.0.0.0/8."""

_PIECE_BYTES = 65_536
_MOST_CONNECTIONS = 64


class Relay:
    """Relays to `endpoint`; `close` ends every connection."""

    def __init__(self, endpoint: tuple[str, int]) -> None:
        self._endpoint = endpoint
        self._selector = selectors.DefaultSelector()
        self._told: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._woken, self._wake = socket.socketpair()
        self._woken.setblocking(False)
        self._served: dict[Hashable, tuple[socket.socket, set[_Pair]]] = {}
        self._is_open = True
        self._selector.register(self._woken, selectors.EVENT_READ, self._listen_to_us)
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)
        self._thread.start()

    def serve(self, sandbox: Hashable, listener: socket.socket) -> None:
        """Relay what connects to `listener`, which is ours from here on."""
        listener.setblocking(False)
        self._tell(lambda: self._begin(sandbox, listener))

    def drop(self, sandbox: Hashable) -> None:
        """Close the listener of a sandbox and its connections."""
        self._tell(lambda: self._end(sandbox))

    def close(self) -> None:
        """End everything."""

        def end() -> None:
            self._is_open = False

        self._tell(end)
        self._thread.join()

    def _tell(self, what: Callable[[], None]) -> None:
        self._told.put(what)
        with contextlib.suppress(OSError):
            self._wake.send(b"1")

    def _run(self) -> None:
        while self._is_open:
            for key, events in self._selector.select():
                key.data(events)
        for sandbox in list(self._served):
            self._end(sandbox)
        for each in (self._woken, self._wake, self._selector):
            each.close()

    def _listen_to_us(self, _events: int) -> None:
        self._woken.recv(4096)
        while not self._told.empty():
            self._told.get()()

    def _begin(self, sandbox: Hashable, listener: socket.socket) -> None:
        self._served[sandbox] = (listener, set())
        self._selector.register(
            listener, selectors.EVENT_READ, lambda _events: self._accept(sandbox)
        )

    def _end(self, sandbox: Hashable) -> None:
        if sandbox in self._served:
            listener, pairs = self._served.pop(sandbox)
            self._selector.unregister(listener)
            listener.close()
            for pair in list(pairs):
                pair.close()

    def _accept(self, sandbox: Hashable) -> None:
        if sandbox not in self._served:
            return  # dropped by what was handled just before
        listener, pairs = self._served[sandbox]
        try:
            inside, _ = listener.accept()
        except OSError:
            return
        family = socket.AF_INET6 if ":" in self._endpoint[0] else socket.AF_INET
        outside = socket.socket(family, socket.SOCK_STREAM)
        for each in (inside, outside):
            each.setblocking(False)
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self._connects(outside):
            inside.close()
            outside.close()
            return
        pair = _Pair(self._selector, inside, outside, pairs)
        if len(pairs) > _MOST_CONNECTIONS:
            pair.close()

    def _connects(self, outside: socket.socket) -> bool:
        """Begin to connect; False when that cannot be done as functions must."""
        try:
            # From loopback no other network can be reached.
            if self._endpoint[0].startswith("127.") or self._endpoint[0] == "localhost":
                outside.bind((ADDRESS, 0))
        except OSError:
            return False
        outside.connect_ex(self._endpoint)
        return True


class _Pair:
    """Two connected sockets, and what was read from one and not yet taken by the other."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        inside: socket.socket,
        outside: socket.socket,
        among: "set[_Pair]",
    ) -> None:
        self._selector = selector
        self._among = among
        self._waiting = {inside: b"", outside: b""}
        self._other = {inside: outside, outside: inside}
        self._ended: set[socket.socket] = set()
        self._registered: dict[socket.socket, int] = {}
        among.add(self)
        # Nothing is read before the endpoint has taken the connection.
        self._waits_to_connect = True
        self._watch(outside)

    def close(self) -> None:
        """Close both."""
        self._among.discard(self)
        for each in self._other:
            if each in self._registered:
                self._selector.unregister(each)
            each.close()
        self._registered.clear()

    def _handle(self, side: socket.socket, events: int) -> None:
        if self not in self._among:
            return  # closed by what was handled just before
        try:
            if events & selectors.EVENT_WRITE:
                self._waits_to_connect = False
                sent = side.send(self._waiting[side]) if self._waiting[side] else 0
                self._waiting[side] = self._waiting[side][sent:]
            if events & selectors.EVENT_READ:
                self._read(side)
            self._pass_ends_on()
        except BlockingIOError:
            pass
        except OSError:
            self.close()
            return
        if len(self._ended) == 2 and not any(self._waiting.values()):
            self.close()
            return
        for each in self._other:
            self._watch(each)

    def _read(self, side: socket.socket) -> None:
        data = side.recv(_PIECE_BYTES)
        if not data:
            self._ended.add(side)
            return
        other = self._other[side]
        try:
            sent = other.send(data)
        except BlockingIOError:
            sent = 0
        self._waiting[other] = data[sent:]

    def _pass_ends_on(self) -> None:
        for side in self._ended:
            other = self._other[side]
            if not self._waiting[other]:
                with contextlib.suppress(OSError):
                    other.shutdown(socket.SHUT_WR)

    def _watch(self, side: socket.socket) -> None:
        """Ask for what may happen next on one side."""
        wanted = 0
        if self._waiting[side] or self._waits_to_connect:
            wanted |= selectors.EVENT_WRITE
        is_room = not self._waiting[self._other[side]]
        if is_room and side not in self._ended and not self._waits_to_connect:
            wanted |= selectors.EVENT_READ
        before = self._registered.pop(side, 0)
        if wanted and before:
            self._selector.modify(side, wanted, lambda events: self._handle(side, events))
        elif wanted:
            self._selector.register(side, wanted, lambda events: self._handle(side, events))
        elif before:
            self._selector.unregister(side)
        if wanted:
            self._registered[side] = wanted
