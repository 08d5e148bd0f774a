"""The proxy out of sandboxes, between a client and servers on loopback, its lookups told by us."""

import contextlib
import socket
import threading
from collections.abc import Iterator, Sequence

import pytest
from tests.contract.function_code import eventually

from sluicegate.functions.proxy import Proxy
from sluicegate.reach import Address, Reach, address_of

_SECONDS = 20


class Names:
    """Looks names up among those it is told, and counts how often."""

    def __init__(self, **addresses: str) -> None:
        self.asked: list[str] = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        self._addresses = {name.replace("_", "."): each for name, each in addresses.items()}

    def __call__(self, name: str, _port: int) -> Sequence[Address]:
        """The addresses, when we may."""
        self.asked.append(name)
        assert self.may_answer.wait(_SECONDS)
        if name not in self._addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [found for each in self._addresses[name].split() if (found := address_of(each))]


class Rig:
    """A proxy, and what clients of two sandboxes do with it."""

    def __init__(self, reach: str, names: Names, endpoint_port: int, seconds: float) -> None:
        self.names = names
        self.proxy = Proxy(
            Reach.read(reach), ("127.0.0.1", endpoint_port), names, patience_seconds=seconds
        )
        self._addresses = {}
        for sandbox in ("one", "other"):
            listener = socket.create_server(("127.0.0.1", 0))
            self._addresses[sandbox] = listener.getsockname()
            self.proxy.serve(sandbox, listener)

    def connect(self, sandbox: str = "one") -> socket.socket:
        """A connection of a sandbox's to the proxy."""
        return socket.create_connection(self._addresses[sandbox], timeout=_SECONDS)

    def asked(self, request: str, sandbox: str = "one") -> str:
        """All that is answered to a request."""
        with self.connect(sandbox) as client:
            client.sendall(request.encode())
            return everything(client).decode()

    def tunnel(self, place: str, early: bytes = b"") -> socket.socket:
        """A tunnel that stands; `early` is sent with its head."""
        client = self.connect()
        client.sendall(f"CONNECT {place} HTTP/1.1\r\n\r\n".encode() + early)
        assert head_of(client) == b"HTTP/1.1 200 Connection established\r\n\r\n"
        return client


@pytest.fixture
def server() -> Iterator[socket.socket]:
    """A socket that listens where a server would."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(_SECONDS)
        yield listener


@contextlib.contextmanager
def proxied(
    reach: str, names: Names | None = None, endpoint_port: int = 9, seconds: float = _SECONDS
) -> Iterator[Rig]:
    """A proxy for as long as it is wanted."""
    rig = Rig(reach, names or Names(), endpoint_port, seconds)
    try:
        yield rig
    finally:
        rig.names.may_answer.set()
        rig.proxy.close()


def place_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()
    return f"{host}:{port}"


def head_of(connection: socket.socket) -> bytes:
    """What arrives, up to the end of a head."""
    data = b""
    while not data.endswith(b"\r\n\r\n") and (read := connection.recv(1)):
        data += read
    return data


def everything(connection: socket.socket) -> bytes:
    """What arrives until the end."""
    data = b""
    while read := connection.recv(65_536):
        data += read
    return data


def test_a_request_is_passed_on_and_its_answer_ends_the_connection(server: socket.socket) -> None:
    place = place_of(server)
    with proxied(place) as rig, rig.connect() as client:
        body = b"x" * 200_000
        head = f"PUT http://{place}/a?b HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        client.sendall(head.encode() + body)
        arrived, _ = server.accept()
        with arrived:
            assert head_of(arrived).decode().split("\r\n") == [
                "PUT /a?b HTTP/1.1",
                f"Host: {place}",
                f"Content-Length: {len(body)}",
                "Connection: close",
                *("", ""),
            ]
            got = b""
            while len(got) < len(body):
                got += arrived.recv(65_536)
            assert got == body
            arrived.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        assert everything(client) == b"HTTP/1.1 204 No Content\r\n\r\n"


@pytest.mark.parametrize("is_early", [True, False])
def test_a_second_request_behind_the_first_goes_nowhere(
    server: socket.socket, is_early: bool
) -> None:
    place = place_of(server)
    first = f"POST http://{place}/first HTTP/1.1\r\nContent-Length: 2\r\n\r\nok".encode()
    second = b"GET http://other.test/second HTTP/1.1\r\n\r\n"
    with proxied(place) as rig, rig.connect() as client:
        client.sendall(first + (second if is_early else b""))
        arrived, _ = server.accept()
        with arrived:
            head_of(arrived)
            assert arrived.recv(2) == b"ok"
            if not is_early:
                client.sendall(second)
                # What is beyond the request is its end.
                assert arrived.recv(100) == b""
            arrived.sendall(b"HTTP/1.1 200 OK\r\n\r\nhere")
            arrived.shutdown(socket.SHUT_WR)
            assert everything(client) == b"HTTP/1.1 200 OK\r\n\r\nhere"
            assert everything(arrived) == b""


def test_a_tunnel_passes_everything_both_ways(server: socket.socket) -> None:
    with proxied(place_of(server)) as rig, rig.tunnel(place_of(server), b"early") as client:
        arrived, _ = server.accept()
        with arrived:
            assert arrived.recv(100) == b"early"
            arrived.sendall(b"answer")
            assert client.recv(100) == b"answer"
            client.shutdown(socket.SHUT_WR)
            assert everything(arrived) == b""
            arrived.sendall(b"late")
        assert everything(client) == b"late"


def test_what_is_not_listed_is_refused_without_a_lookup() -> None:
    with proxied("good.test:443", Names(evil_test="1.1.1.1")) as rig:
        for request in (
            "CONNECT evil.test:443 HTTP/1.1\r\n\r\n",
            "CONNECT good.test:80 HTTP/1.1\r\n\r\n",
            "CONNECT 127.0.0.1:443 HTTP/1.1\r\n\r\n",
            "POST http://good.test/ HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n" + "x" * 100_000,
        ):
            head, _, sentence = rig.asked(request).partition("\r\n\r\n")
            assert head.startswith("HTTP/1.1 403 Forbidden: ")
            assert sentence.endswith(
                " is not in reach of functions: setting `functions_reach` does not list it\n"
            )
        assert "`evil.test:443`" in rig.asked("CONNECT evil.test:443 HTTP/1.1\r\n\r\n")
        assert rig.names.asked == []


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.0.0.53",
        "::1",
        "::ffff:127.0.0.1",
        "0.0.0.0",
        "169.254.169.254",
        "10.0.0.1",
    ],
)
def test_a_name_that_is_listed_does_not_lead_inside(address: str) -> None:
    reach = "*.test:80, 169.254.169.254:80"
    with proxied(reach, Names(inside_test=address)) as rig:
        answer = rig.asked("GET http://inside.test/ HTTP/1.1\r\n\r\n")
        assert answer.startswith("HTTP/1.1 403 ")
        assert (
            f"`inside.test:80` is at {address.removeprefix('::ffff:')}, no public address" in answer
        )
        assert "setting `functions_reach`" in answer


def test_a_name_leads_to_an_address_that_is_listed_and_is_looked_up_once(
    server: socket.socket,
) -> None:
    port = server.getsockname()[1]
    # Of several addresses, those that may be, in order.
    names = Names(db_test="10.0.0.1 169.254.169.254 127.0.0.1")
    with proxied(f"db.test:{port}, 127.0.0.1:{port}", names) as rig:
        with rig.tunnel(f"DB.test.:{port}") as client:
            arrived, _ = server.accept()
            with arrived:
                arrived.sendall(b"here")
                assert client.recv(100) == b"here"
        assert names.asked == ["db.test"]


def test_our_endpoint_is_not_reached_whatever_is_listed(server: socket.socket) -> None:
    port = server.getsockname()[1]
    names = Names(us_test="127.0.0.1")
    with proxied(f"127.0.0.0/8:*, us.test:*, 0.0.0.0:{port}", names, port) as rig:
        for host in ("127.0.0.1", "127.0.0.2", "0.0.0.0", "us.test", "[::ffff:127.0.0.1]"):
            answer = rig.asked(f"GET http://{host}:{port}/metrics HTTP/1.1\r\n\r\n")
            assert answer.startswith("HTTP/1.1 403 ")
            assert "our endpoint, which functions reach without a proxy" in answer


def test_what_cannot_be_reached_is_told() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        place = place_of(unused)
        with proxied(f"nowhere.test:80, {place}") as rig:
            answer = rig.asked("GET http://nowhere.test/ HTTP/1.1\r\n\r\n")
            assert answer.startswith("HTTP/1.1 502 Bad Gateway: `nowhere.test:80` is not found: ")
            assert "Name or service not known" in answer
            answer = rig.asked(f"CONNECT {place} HTTP/1.1\r\n\r\n")
            assert f"`{place}` does not answer: Connection refused" in answer


def test_heads_are_bounded() -> None:
    with proxied("good.test:80") as rig:
        assert rig.asked("nonsense\r\n\r\n").startswith("HTTP/1.1 400 ")
        assert rig.asked("GET http://good.test/ HTTP/1.1\r\nA: " + "x" * 20_000).startswith(
            "HTTP/1.1 431 Request Header Fields Too Large: the head is longer than 16384 bytes"
        )
        with rig.connect() as client:
            client.sendall(b"GET http://good.t")
            client.shutdown(socket.SHUT_WR)
            assert everything(client) == b""


def test_who_says_nothing_is_not_waited_for_long() -> None:
    with proxied("good.test:80", seconds=0.1) as rig, rig.connect() as client:
        client.sendall(b"GET http://good.test")
        assert everything(client).startswith(b"HTTP/1.1 408 Request Timeout: no request came ")


def test_nor_is_a_server_that_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, contextlib.ExitStack() as held:
        # Its queue holds one: who comes later is not answered.
        for _ in range(4):
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        with proxied(place_of(full), seconds=0.2) as rig:
            answer = rig.asked(f"CONNECT {place_of(full)} HTTP/1.1\r\n\r\n")
            assert f"`{place_of(full)}` does not answer: timed out" in answer


@pytest.mark.parametrize("request_", [b"", b"CONNECT slow.test:80 HTTP/1.1\r\n\r\n"])
def test_one_that_is_slow_keeps_no_other_waiting(server: socket.socket, request_: bytes) -> None:
    """Neither by saying nothing, nor by a name nobody answers for."""
    place = place_of(server)
    names = Names(slow_test="127.0.0.1")
    names.may_answer.clear()
    with proxied(f"slow.test:80, {place}", names) as rig, contextlib.ExitStack() as opened:
        for _ in range(40):
            opened.enter_context(rig.connect()).sendall(request_)
        answer = rig.asked("CONNECT other.test:1 HTTP/1.1\r\n\r\n", "other")
        assert answer.startswith("HTTP/1.1 403 ")
        # No more are looked up at once than begin at once.
        assert len(names.asked) <= 8


def test_so_many_connections_and_no_more(server: socket.socket) -> None:
    place = place_of(server)
    with proxied(place) as rig, contextlib.ExitStack() as opened:
        for _ in range(32):
            opened.enter_context(rig.tunnel(place))
        answer = rig.asked(f"CONNECT {place} HTTP/1.1\r\n\r\n")
        assert answer.startswith("HTTP/1.1 503 Service Unavailable: too many connections are open")
        assert rig.asked("CONNECT x.test:1 HTTP/1.1\r\n\r\n", "other").startswith("HTTP/1.1 403 ")
        # Both sides end them.
        server.close()
        assert eventually(lambda: " 502 " in rig.asked(f"CONNECT {place} HTTP/1.1\r\n\r\n"))


def test_with_a_sandbox_what_it_has_open_ends(server: socket.socket) -> None:
    names = Names(slow_test="127.0.0.1")
    names.may_answer.clear()
    place, port = place_of(server), server.getsockname()[1]
    with (
        proxied(f"slow.test:{port}, {place}", names) as rig,
        rig.tunnel(place) as tunnel,
        rig.connect() as silent,
        rig.connect() as looked_up,
    ):
        looked_up.sendall(f"CONNECT slow.test:{port} HTTP/1.1\r\n\r\n".encode())
        assert eventually(lambda: names.asked == ["slow.test"])
        arrived, _ = server.accept()
        with arrived:
            rig.proxy.drop("one")
            assert everything(arrived) == everything(tunnel) == b""
            assert everything(silent) == everything(looked_up) == b""
        with pytest.raises(ConnectionError):
            rig.connect()
        # What was looked up for it meanwhile is not connected to any more.
        names.may_answer.set()
        assert eventually(lambda: not beginnings())
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


def beginnings() -> list[threading.Thread]:
    """The threads of connections that begin."""
    return [each for each in threading.enumerate() if each.name == "proxy connection"]
