"""Two connections made one: bytes are passed on both ways, for as long as both sides are there.

Nothing is read that cannot be passed on: a side that does not read stops the other.
"""

import contextlib
import selectors
import socket
from typing import Protocol

_PIECE_BYTES = 65_536


class Line(Protocol):
    """Something a sandbox has open."""

    def close(self) -> None:
        """End it."""
        ...


class Pair:
    """Two connected sockets, and what was read from one and not yet taken by the other.

    `ahead` is for the outside, `answer` for the inside, before anything that is read. With `most`,
    that many bytes from inside are passed on, no more; and what the outside ends has ended.
    """

    def __init__(
        self,
        selector: selectors.BaseSelector,
        inside: socket.socket,
        outside: socket.socket,
        among: set[Line],
        *,
        ahead: bytes = b"",
        answer: bytes = b"",
        most: int | None = None,
    ) -> None:
        self._selector = selector
        self._among = among
        self._inside = inside
        self._left = most
        self._waiting = {inside: answer, outside: ahead}
        self._other = {inside: outside, outside: inside}
        self._ended: set[socket.socket] = set()
        self._registered: dict[socket.socket, int] = {}
        among.add(self)
        # Nothing is read before the outside has taken the connection.
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
        if self._is_over():
            self.close()
            return
        for each in self._other:
            self._watch(each)

    def _is_over(self) -> bool:
        is_one_answer = self._left is not None and bool(self._ended - {self._inside})
        return (len(self._ended) == 2 or is_one_answer) and not any(self._waiting.values())

    def _read(self, side: socket.socket) -> None:
        data = side.recv(_PIECE_BYTES)
        if side is self._inside and self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
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
