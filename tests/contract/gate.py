"""A gate for brokers to ask: its answers are a test's to say, and it knows what it was asked."""

import contextlib
import mmap
import os
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import quote_plus, unquote_plus

from sluicegate.brokers.plan import Gate

ROLE = "arn:aws:sts::123456789012:assumed-role/orders/a session"
REQUEST_ID = "6f1c8a52-9f5e-4b5c-8a63-0d4b9ad0f6c1"
NEVER_MS = 4_102_444_800_000

Asked = tuple[str, str, str]  # operation, resource type, name


class StubGate:
    """`login` and `may` answer; both may be replaced at any time. `login` is given mechanism and
    message and returns fields; `may` is given principal and action and returns a letter.

    While it `hangs` it takes questions and answers none of them. `garbage`, where there is any, is
    the answer to everything.
    """

    def __init__(self, folder: Path) -> None:
        self.login: Callable[[str, str], Iterable[str]] = let_in
        self.may: Callable[[str, Asked], str] = allow
        self.hangs = False
        self.garbage: bytes | None = None
        self.place = Gate(folder / "gate.sock", folder / "changes")
        self._lock = threading.Lock()
        self._lines: list[list[str]] = []
        self._open: set[socket.socket] = set()
        self._listening: socket.socket | None = None
        self.place.changes.write_bytes(bytes(8))
        with self.place.changes.open("r+b") as file:
            self._changes = mmap.mmap(file.fileno(), 8)
        self.come()

    def come(self) -> None:
        """Serve, from now on."""
        listening = socket.socket(socket.AF_UNIX)
        # By way of an open folder: the path may have more than the 107 bytes that one can bind.
        folder = os.open(self.place.socket.parent, os.O_PATH | os.O_DIRECTORY)
        listening.bind(f"/proc/self/fd/{folder}/{self.place.socket.name}")
        os.close(folder)
        listening.listen()
        self._listening = listening
        threading.Thread(target=self._accept, args=(listening,), daemon=True).start()

    def go(self) -> None:
        """Nobody is there any more, and who was connected is cut off."""
        assert self._listening is not None
        # Wakes the thread that accepts, which closing does not.
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.place.socket.unlink()
        self.hang_up()

    def hang_up(self) -> None:
        """Close what is connected; whoever comes again is served."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def move(self) -> None:
        """An earlier answer may be void."""
        (number,) = struct.unpack(">Q", self._changes[:])
        self._changes[:] = struct.pack(">Q", number + 1)

    def forget(self) -> None:
        """As if nothing had been asked so far, and nothing remembered."""
        self.move()
        with self._lock:
            self._lines.clear()

    def lines(self) -> list[list[str]]:
        """The questions so far, their fields decoded."""
        with self._lock:
            return list(self._lines)

    def asked(self) -> Counter[Asked]:
        """What somebody wanted to do, and how often that was asked."""
        return Counter(action for fields in self.lines() for action in actions(fields))

    def connections(self) -> int:
        """How many nodes' connections are open."""
        with self._lock:
            return len(self._open)

    def _accept(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with self._lock:
                    self._open.add(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as lines:
            for line in lines:
                fields = [unquote_plus(field) for field in line.decode().strip("\n").split(" ")]
                with self._lock:
                    self._lines.append(fields)
                if not self.hangs:
                    connection.sendall(self._answer(fields) + b"\n")
        with self._lock:
            self._open.discard(connection)

    def _answer(self, fields: list[str]) -> bytes:
        if self.garbage is not None:
            return self.garbage
        if fields[0] == "login":
            return " ".join(map(quote_plus, self.login(fields[1], fields[3]))).encode()
        return "".join(self.may(fields[1], action) for action in actions(fields)).encode()


def actions(fields: list[str]) -> list[Asked]:
    """The actions of one question; of a login, none."""
    if fields[0] == "login":
        return []
    return list(zip(fields[3::3], fields[4::3], fields[5::3], strict=True))


def let_in(_mechanism: str, _message: str) -> Iterable[str]:
    """Everybody, as one role, for good."""
    return "yes", ROLE, str(NEVER_MS), REQUEST_ID


def allow(_principal: str, action: Asked) -> str:
    """What MSK's policies can allow, and be remembered to."""
    # No policy can allow these; Kafka asks about the topic next.
    return "D" if action[:2] in {("CREATE", "CLUSTER"), ("DELETE", "CLUSTER")} else "A"


def but(*denied: Asked, answer: str = "D") -> Callable[[str, Asked], str]:
    """Allow all but these."""
    return lambda principal, action: answer if action in denied else allow(principal, action)
