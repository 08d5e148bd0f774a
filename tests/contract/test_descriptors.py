"""When descriptors run out: who listens to sandboxes lets others have some, and waits for more."""

import errno
import os
import resource
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.contract.function_code import eventually

from sluicegate.functions.descriptors import PAUSE_SECONDS
from sluicegate.functions.relay import Relay
from sluicegate.functions.runtime_api import Asks, RuntimeApi, TimedOut
from sluicegate.functions.serving import most_lines

NEXT = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n"


class Listener(socket.socket):
    """Listens on loopback; accepts nothing while there is no descriptor left."""

    def __init__(self) -> None:
        super().__init__()
        self.is_room = False
        self.tried: list[float] = []
        self.bind(("127.0.0.1", 0))
        self.listen()

    def accept(self) -> tuple[socket.socket, Any]:
        """A connection; when it is asked for is kept."""
        self.tried.append(time.monotonic())
        if not self.is_room:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return super().accept()


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Closed when the test is over, whoever else has done so."""
    with Listener() as made:
        yield made


def test_a_relay_leaves_a_listener_alone_for_a_moment(listener: Listener) -> None:
    with socket.create_server(("127.0.0.1", 0)) as endpoint:
        endpoint.settimeout(10)
        relay = Relay(endpoint.getsockname())
        try:
            relay.serve("sandbox", listener)
            with socket.create_connection(listener.getsockname(), timeout=10):
                assert eventually(lambda: len(listener.tried) > 2)
                first, _, third, *_ = listener.tried
                assert third - first >= 2 * PAUSE_SECONDS
                listener.is_room = True
                endpoint.accept()[0].close()
        finally:
            relay.close()


def test_half_of_the_descriptors_are_two_for_each_connection() -> None:
    assert most_lines(one_in=2) == resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 4


def test_a_relay_has_so_many_connections_of_all_sandboxes_and_no_more() -> None:
    opened = []
    with socket.create_server(("127.0.0.1", 0)) as endpoint:
        endpoint.settimeout(10)
        relay = Relay(endpoint.getsockname(), most=2)
        try:
            for sandbox in range(3):
                inside = socket.create_server(("127.0.0.1", 0))
                relay.serve(sandbox, inside)
                opened.append(socket.create_connection(inside.getsockname(), timeout=10))
                if sandbox < 2:
                    endpoint.accept()[0].close()
            assert opened[-1].recv(1) == b""
            endpoint.setblocking(False)
            with pytest.raises(BlockingIOError):
                endpoint.accept()
        finally:
            relay.close()
            for each in opened:
                each.close()


def test_the_runtime_api_leaves_its_listener_alone_for_a_moment(listener: Listener) -> None:
    process, process_end = os.pipe()
    output, output_end = os.pipe()
    api = RuntimeApi(listener, process, output, lambda: True, 100)
    try:
        with socket.create_connection(listener.getsockname(), timeout=10) as runtime:
            runtime.sendall(NEXT)
            assert api.listen(time.monotonic() + 3.5 * PAUSE_SECONDS) == TimedOut()
            assert len(listener.tried) <= 4
            listener.is_room = True
            assert api.listen(time.monotonic() + 10) == Asks()
    finally:
        api.close()
        for each in (process, process_end, output, output_end):
            os.close(each)
