"""The listening socket: opened by the supervisor, served by whichever `api` child lives."""

import errno
import socket
import time

from ..errors import StartRefused
from ..settings import Settings
from .state import WAIT_SECONDS

_POLL_SECONDS = 0.05
_BACKLOG = 2048


def listen(settings: Settings) -> socket.socket:
    """A socket bound to the settings' address; an address in use is waited for, 5 s at most.

    An `api` child whose supervisor was killed holds the port until it has seen its lifeline close.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            listener.bind((settings.host, settings.port))
            listener.listen(_BACKLOG)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS)
                continue
            listener.close()
            raise StartRefused(
                f"cannot listen on {settings.host}:{settings.port}: {error.strerror}; "
                "name another address with --host or --port"
            ) from None
        return listener
