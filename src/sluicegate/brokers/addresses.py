"""Loopback addresses of managed nodes: chosen once, kept for a cluster's life, checked at starts.

On Linux all of 127.0.0.0/8 is this machine, so each node gets an address of its own with MSK's
ports. Elsewhere, or where none is free, it gets a row of ports on 127.0.0.1.
"""

import hashlib
import socket
import sys
from collections.abc import Callable, Collection, Iterator, Sequence

from ..errors import BrokerRefused
from .listeners import Endpoint, Listener

_LOCALHOST = "127.0.0.1"
_TRIES = 64
# Below the ports systems give to outgoing connections, above the ones people know by heart.
_RANGE_START, _RANGE_STEP, _RANGES = 20_001, 10, 1_000

IsFree = Callable[[str, int], bool]


def is_free(address: str, port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As Java's server sockets do: connections that are only fading away are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def choose(
    kafka_id: str,
    nodes: Sequence[int],
    taken: Collection[Endpoint] = (),
    *,
    whole_network: bool = sys.platform == "linux",
    is_free: IsFree = is_free,
) -> tuple[Endpoint, ...]:
    """Free endpoints for these nodes of a cluster, none of them in `taken`.

    The same cluster prefers the same ones, and two clusters rarely prefer the same. The nodes'
    addresses share three parts, and the last is the node's number. `BrokerRefused` when nothing is
    free.
    """
    candidates = [_on_localhost] if not whole_network else [_on_the_network, _on_localhost]
    for candidate in candidates:
        for attempt in _attempts(kafka_id):
            endpoints = tuple(candidate(attempt, node) for node in nodes)
            if all(_is_usable(endpoint, taken, is_free) for endpoint in endpoints):
                return endpoints
    raise BrokerRefused(
        f"no free loopback ports for the brokers: each needs 9091 to 9098 on an address in "
        f"127.0.0.0/8, or {len(Listener)} ports on {_LOCALHOST}"
    )


def taken_port(
    endpoint: Endpoint, listeners: Collection[Listener], *, is_free: IsFree = is_free
) -> int | None:
    """The first port that another program has, of those a node that does not run yet will need."""
    ports = (endpoint.port(listener) for listener in sorted(listeners, key=lambda it: it.value))
    return next((port for port in ports if not is_free(endpoint.address, port)), None)


def _is_usable(endpoint: Endpoint, taken: Collection[Endpoint], is_free: IsFree) -> bool:
    # All listeners, also those that are not enabled: they may be, later, and the address stays.
    return endpoint not in taken and taken_port(endpoint, list(Listener), is_free=is_free) is None


def _attempts(kafka_id: str) -> Iterator[bytes]:
    for attempt in range(_TRIES):
        yield hashlib.sha256(f"{kafka_id} {attempt}".encode()).digest()


def _on_the_network(draw: bytes, node: int) -> Endpoint:
    # 127.64 to 127.127: away from 127.0, where resolvers, desktops and people have theirs.
    return Endpoint(f"127.{64 + draw[0] % 64}.{draw[1]}.{node}")


def _on_localhost(draw: bytes, node: int) -> Endpoint:
    number = (int.from_bytes(draw[:4], "big") + node) % _RANGES
    return Endpoint(_LOCALHOST, _RANGE_START + number * _RANGE_STEP)
