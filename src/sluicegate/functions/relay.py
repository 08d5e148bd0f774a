"""What a sandbox always reaches outside: our endpoint, through a socket in its own network.

A sandbox's network is an empty one. What connects to 127.0.0.1:4566 there is relayed, byte for
byte, to the endpoint; who calls is told by the signature, as with any client. Without one it may do
less than other programs of this machine may, and is told apart by the address it comes from.
"""

import socket
from collections.abc import Hashable

from .pair import Line, Pair
from .serving import Serving, most_lines

ADDRESS = "127.0.0.2"
"""Where function code comes from, as the endpoint sees it when it listens on 127.0.0.0/8."""

_MOST_CONNECTIONS = 64


class Relay(Serving):
    """Relays to `endpoint`, in one thread for all sandboxes; `close` ends every connection.

    `most` connections at once, as many as half of the process's descriptors make when left out.
    """

    def __init__(self, endpoint: tuple[str, int], *, most: int = 0) -> None:
        self._endpoint = endpoint
        self._most_lines = most or most_lines(one_in=2)
        super().__init__("relay")

    def _begin(self, _sandbox: Hashable, inside: socket.socket, lines: set[Line]) -> None:
        if len(lines) >= _MOST_CONNECTIONS or self.lines() >= self._most_lines:
            inside.close()
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
        Pair(self.selector, inside, outside, lines)

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
