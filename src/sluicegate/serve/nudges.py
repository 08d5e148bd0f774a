"""Nudges: how the `api` child tells the keepers in the supervisor that desired state has changed.

A numbered line there, the same line back when they have looked; each side of the connection is one
thread's at a time.
"""

import socket
import threading
from collections.abc import Callable

_PATIENCE_SECONDS = 5.0


class Nudges:
    """The `api` child's end, shared by many threads; `home` is where those keep clusters."""

    def __init__(self, connection: socket.socket, home: str) -> None:
        self.home = home
        connection.settimeout(_PATIENCE_SECONDS)
        self._connection = connection
        self._answers = connection.makefile("rb")
        self._lock = threading.Lock()
        self._count = 0

    def nudge(self) -> None:
        """`Keepers.nudge`. What goes wrong here is not the caller's: they look by themselves."""
        with self._lock:
            self._count += 1
            line = b"%d\n" % self._count
            try:
                self._connection.sendall(line)
                # An answer that came too late for the last one is not this one's.
                while (answer := self._answers.readline()) and answer != line:
                    pass
            except OSError:
                # A reader that has timed out reads no more; a new one does.
                self._answers = self._connection.makefile("rb")


def answer_nudges(connection: socket.socket, look: Callable[[], None]) -> None:
    """The keepers' end: `look` for each nudge, until the other end is closed."""
    with connection, connection.makefile("rb") as nudges:
        for line in nudges:
            look()
            connection.sendall(line)
