"""The relay from sandboxes to the endpoint: where its connections come from."""

import socket
from collections.abc import Iterator

import pytest

from sluicegate.functions.relay import ADDRESS, Relay


@pytest.fixture
def endpoint() -> Iterator[socket.socket]:
    """A socket that listens where the endpoint would."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        yield listener


def test_function_code_is_told_apart_from_other_programs_by_its_address(
    endpoint: socket.socket,
) -> None:
    relay = Relay(endpoint.getsockname())
    inside = socket.create_server(("127.0.0.1", 0))
    address = inside.getsockname()
    try:
        relay.serve("sandbox", inside)
        with socket.create_connection(address, timeout=10) as code:
            arrived, peer = endpoint.accept()
            with arrived:
                assert peer[0] == ADDRESS != "127.0.0.1"
                code.sendall(b"GET /metrics")
                assert arrived.recv(100) == b"GET /metrics"
                arrived.sendall(b"403")
                assert code.recv(100) == b"403"
    finally:
        relay.close()
