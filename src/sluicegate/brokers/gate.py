"""The Unix socket where the nodes of one cluster ask: a line there, a line back.

It lies in the cluster's folder, which nobody else may enter: so both ends know each other, without
a port, and without a secret in a node's configuration.
"""

import contextlib
import logging
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

_log = logging.getLogger("sluicegate.brokers")

_MOST_BYTES = 256 * 1024
_BACKLOG = 64


class Door:
    """Answers each line that comes at `path` with `answer`, in a thread for each connection.

    Lines are without their ends. A line that is too long, or that cannot be answered, ends its
    connection, which denies the nodes whatever they asked.
    """

    def __init__(self, path: Path, answer: Callable[[str], str]) -> None:
        self._answer = answer
        self._listener = _listener(path)
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._is_closed = False
        threading.Thread(target=self._accept, name="gate", daemon=True).start()

    def close(self) -> None:
        """Answer no more."""
        with self._lock:
            self._is_closed = True
            # Whoever waits in there comes out.
            for each in (self._listener, *self._connections):
                _shut(each)

    def _accept(self) -> None:
        with self._listener:
            while True:
                try:
                    connection, _ = self._listener.accept()
                except OSError:
                    return
                with self._lock:
                    if self._is_closed:
                        connection.close()
                        return
                    self._connections.add(connection)
                # As many as a node has threads that may ask.
                threading.Thread(
                    target=self._serve, args=(connection,), name="gate", daemon=True
                ).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rb") as lines:
                while (line := lines.readline(_MOST_BYTES)).endswith(b"\n"):
                    answer = self._answer(line[:-1].decode("ascii"))
                    connection.sendall(f"{answer}\n".encode("ascii"))
        except OSError:
            pass  # the node has ended
        except Exception:  # noqa: BLE001 - the top of a thread
            _log.exception("a broker's question is not answered")
        finally:
            with self._lock:
                self._connections.discard(connection)


def _listener(path: Path) -> socket.socket:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # What an earlier `serve` left; nobody else can have put anything there.
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # A socket's path has 107 bytes, and a user's state folder may need more.
        listener.bind(f"/proc/self/fd/{folder}/{path.name}")
        path.chmod(0o600)
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    finally:
        os.close(folder)
    return listener


def _shut(connection: socket.socket) -> None:
    # Its other end may have been faster.
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
