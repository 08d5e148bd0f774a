"""One thread that serves what sandboxes connect to: their listeners, and whatever comes of them."""

import contextlib
import queue
import resource
import selectors
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from .descriptors import NONE_LEFT, PAUSE_SECONDS
from .pair import Line

_DESCRIPTORS_OF_A_LINE = 2
DESCRIPTORS = 2 * _DESCRIPTORS_OF_A_LINE * 80 * 64
"""What the process should be allowed, so that a pool full of sandboxes keeps none waiting: half is
for the relay, a quarter for the proxy, a quarter for all else."""


def most_lines(one_in: int) -> int:
    """How many lines there may be that take one in so many of the process's descriptors."""
    descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return descriptors // (one_in * _DESCRIPTORS_OF_A_LINE)


@dataclass(slots=True)
class _Served:
    listener: socket.socket
    lines: set[Line] = field(default_factory=set)
    is_held: bool = False


class Serving(ABC):
    """What sandboxes connect to; a kind of it says what a connection begins. `close` ends all."""

    def __init__(self, name: str) -> None:
        self.selector = selectors.DefaultSelector()
        self._told: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._woken, self._wake = socket.socketpair()
        for each in (self._woken, self._wake):
            each.setblocking(False)
        self._served: dict[Hashable, _Served] = {}
        # Listeners to be held until then, because no descriptor was left.
        self._left_alone: dict[Hashable, float] = {}
        self._is_open = True
        # Guards who runs what is told: the thread, and when it is gone, whoever tells.
        self._lock = threading.Lock()
        self._is_over = False
        self.selector.register(self._woken, selectors.EVENT_READ, self._listen_to_us)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @abstractmethod
    def _begin(self, sandbox: Hashable, inside: socket.socket, lines: set[Line]) -> None:
        """Take a connection, in the thread: whose it is, and what that one has open, to add to."""

    def serve(self, sandbox: Hashable, listener: socket.socket) -> None:
        """Serve what connects to `listener`, which is ours from here on."""
        listener.setblocking(False)
        self.tell(lambda: self._add(sandbox, listener))

    def drop(self, sandbox: Hashable) -> None:
        """Close the listener of a sandbox and what it has open."""
        self.tell(lambda: self._end(sandbox))

    def close(self) -> None:
        """End everything."""

        def end() -> None:
            self._is_open = False

        self.tell(end)
        self._thread.join()

    def tell(self, what: Callable[[], None]) -> None:
        """Have something done in the thread."""
        with self._lock:
            if not self._is_over:
                self._told.put(what)
                # A full one wakes as well.
                with contextlib.suppress(BlockingIOError):
                    self._wake.send(b"1")
                return
        what()

    def lines(self) -> int:
        """How much is open, of all sandboxes; asked in the thread."""
        return sum(len(each.lines) for each in self._served.values())

    def hold(self, sandbox: Hashable, *, held: bool) -> None:
        """Take no connection of that sandbox for now, or again; told in the thread."""
        served = self._served.get(sandbox)
        if served is None or served.is_held == held:
            return
        served.is_held = held
        if held:
            self.selector.unregister(served.listener)
        else:
            self._listen(sandbox, served.listener)

    def _run(self) -> None:
        while self._is_open:
            for key, events in self.selector.select(PAUSE_SECONDS if self._left_alone else None):
                key.data(events)
            self._take_up_again()
        for sandbox in list(self._served):
            self._end(sandbox)
        with self._lock:
            self._is_over = True
        self._do_what_is_told()
        for each in (self._woken, self._wake, self.selector):
            each.close()

    def _listen_to_us(self, _events: int) -> None:
        self._woken.recv(4096)
        self._do_what_is_told()

    def _do_what_is_told(self) -> None:
        while not self._told.empty():
            self._told.get()()

    def _add(self, sandbox: Hashable, listener: socket.socket) -> None:
        if not self._is_open:
            listener.close()
            return
        self._served[sandbox] = _Served(listener)
        self._listen(sandbox, listener)

    def _listen(self, sandbox: Hashable, listener: socket.socket) -> None:
        self.selector.register(
            listener, selectors.EVENT_READ, lambda _events: self._accept(sandbox)
        )

    def _end(self, sandbox: Hashable) -> None:
        served = self._served.pop(sandbox, None)
        self._left_alone.pop(sandbox, None)
        if served is None:
            return
        if not served.is_held:
            self.selector.unregister(served.listener)
        served.listener.close()
        for line in list(served.lines):
            line.close()
        served.lines.clear()

    def _accept(self, sandbox: Hashable) -> None:
        served = self._served.get(sandbox)
        if served is None or served.is_held:
            return  # dropped, or held, by what was handled just before
        try:
            inside = served.listener.accept()[0]
        except OSError as error:
            if error.errno in NONE_LEFT:
                self.hold(sandbox, held=True)
                self._left_alone[sandbox] = time.monotonic() + PAUSE_SECONDS
            return
        try:
            self._begin(sandbox, inside, served.lines)
        except OSError:
            inside.close()

    def _take_up_again(self) -> None:
        now = time.monotonic()
        for sandbox in [each for each, until in self._left_alone.items() if until <= now]:
            del self._left_alone[sandbox]
            self.hold(sandbox, held=False)
