"""What functions reach beyond the endpoint, out of real sandboxes: what is listed, by HTTP."""

import contextlib
import http.server
import socket
import socketserver
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from tests.contract.function_code import Rig, eventually, make_rig
from tests.contract.hostile_code import NOTHING
from tests.contract.hostile_run import attack
from tests.contract.missing import missing
from tests.contract.test_functions_calls import Endpoint

from sluicegate.errors import StartRefused
from sluicegate.functions.pool import Limits

FETCH = """
import http.client, os, socket, urllib.error, urllib.parse, urllib.request

def handler(event, context):
    return {name: globals()[name](value) for name, value in event.items()}

def fetch(url):
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return [answer.status, answer.read().decode()]
    except urllib.error.HTTPError as error:
        return [error.code, error.read().decode()]
    except OSError as error:
        return [0, str(error)]

def echo(place):
    proxy = urllib.parse.urlsplit(os.environ['HTTPS_PROXY'])
    tunnel = http.client.HTTPConnection(proxy.hostname, proxy.port, timeout=20)
    tunnel.set_tunnel(*place)
    try:
        tunnel.connect()
        tunnel.sock.sendall(b'through')
        return tunnel.sock.recv(100).decode()
    except OSError as error:
        return str(error)

def connects(places):
    found = []
    for place in places:
        try:
            socket.create_connection(tuple(place), timeout=5).close()
            found.append(place)
        except OSError:
            pass
    return found

def variables(_):
    return {name: value for name, value in os.environ.items() if name.lower().endswith('_proxy')}

kept = []
def keep(place):
    proxy = urllib.parse.urlsplit(os.environ['HTTPS_PROXY'])
    kept.append(socket.create_connection((proxy.hostname, proxy.port)))
    kept[-1].sendall(f'CONNECT {place[0]}:{place[1]} HTTP/1.1\\r\\n\\r\\n'.encode())
    return kept[-1].recv(100).decode().split('\\r\\n')[0]

def silence(count):
    proxy = urllib.parse.urlsplit(os.environ['HTTPS_PROXY'])
    for number in range(count):
        kept.append(socket.create_connection((proxy.hostname, proxy.port)))
        kept[-1].sendall(b'' if number % 2 else b'GET http://')
    return len(kept)
"""


class Pages(http.server.BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    def do_GET(self) -> None:
        """Answer."""
        body = f"{self.path} for {self.headers['Host']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal."""


class Echo(socketserver.BaseRequestHandler):
    """Sends back what comes."""

    def handle(self) -> None:
        """Until it ends."""
        assert isinstance(self.server, EchoServer)
        self.server.open_now.append(self.request)
        with contextlib.suppress(OSError):
            while data := self.request.recv(4096):
                self.request.sendall(data)
        self.server.open_now.remove(self.request)


class EchoServer(socketserver.ThreadingTCPServer):
    """Knows which of its connections are open."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Echo)
        self.open_now: list[socket.socket] = []


@pytest.fixture(scope="module")
def pages() -> Iterator[str]:
    """A web server on loopback: its address and port."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture(scope="module")
def echo() -> Iterator[EchoServer]:
    """A server that speaks no HTTP."""
    with EchoServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module", params=["strict", "namespaces", "landlock"])
def rig(
    request: pytest.FixtureRequest,
    pages: str,
    echo: EchoServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Rig]:
    """Functions that may reach those two, at each level that fences; and names that lead inside."""
    reach = f"{pages}, 127.0.0.1:{echo.server_address[1]}, localhost:*, 169.254.0.0/16:81"
    folder = tmp_path_factory.mktemp("reach")
    made = make_rig(folder, isolation=request.param, functions_reach=reach)
    try:
        made.pool.isolation()
    except StartRefused as refused:
        missing(str(refused))
    yield made
    made.pool.close()


def ask(rig: Rig, **event: object) -> Any:
    """What a function finds."""
    return rig.answer(rig.function(FETCH), event)


def test_what_is_listed_is_reached_by_programs_that_heed_the_variables(
    rig: Rig, pages: str, echo: EchoServer
) -> None:
    # The library's own rule leaves loopback out; so does ours, of the variables.
    version = rig.function(FETCH, environment={"no_proxy": ""})
    found = rig.answer(
        version, {"fetch": f"http://{pages}/a?b", "echo": ["127.0.0.1", echo.server_address[1]]}
    )
    assert found == {"fetch": [200, f"/a?b for {pages}"], "echo": "through"}


def test_what_is_not_listed_is_refused_with_the_reason(rig: Rig) -> None:
    found = ask(rig, fetch="http://example.test/", echo=["example.test", 443])
    reason = "is not in reach of functions: setting `functions_reach` does not list it"
    assert found["fetch"] == [403, f"`example.test:80` {reason}\n"]
    assert found["echo"] == f"Tunnel connection failed: 403 Forbidden: `example.test:443` {reason}"


def test_this_host_is_not_reached_by_name(rig: Rig) -> None:
    found = ask(rig, echo=["localhost", 1], fetch="http://169.254.169.254/latest/meta-data")
    assert "403 Forbidden: `localhost:1` is at " in found["echo"]
    assert "no public address, and not in reach of functions" in found["echo"]
    assert found["fetch"][0] == 403


def test_a_listed_place_is_reached_no_other_way(rig: Rig, pages: str, echo: EchoServer) -> None:
    places = [pages.split(":"), list(echo.server_address), ["1.1.1.1", 53], ["::1", 80]]
    assert ask(rig, connects=places)["connects"] == []


def test_a_function_s_own_variables_win(rig: Rig) -> None:
    theirs = ask(rig, variables=0)["variables"]
    assert set(theirs) == {
        *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
    }
    assert {theirs["NO_PROXY"], theirs["no_proxy"]} == {"127.0.0.1,localhost"}
    version = rig.function(FETCH, environment={"HTTP_PROXY": "http://mine:1", "https_proxy": ""})
    mine = rig.answer(version, {"variables": 0})["variables"]
    assert {name: value for name, value in mine.items() if name.lower() != "no_proxy"} == {
        "HTTP_PROXY": "http://mine:1",
        "https_proxy": "",
    }


def test_slow_heads_keep_no_other_sandbox_waiting(rig: Rig, echo: EchoServer) -> None:
    slow = rig.function(FETCH)
    assert rig.answer(slow, {"silence": 60}) == {"silence": 60}
    found = ask(rig, echo=["127.0.0.1", echo.server_address[1]])
    assert found == {"echo": "through"}
    rig.pool.retire(slow.arn)


def test_tunnels_end_with_the_environment(rig: Rig, echo: EchoServer) -> None:
    version = rig.function(FETCH)
    place = ["127.0.0.1", echo.server_address[1]]
    for _ in range(3):
        assert "200" in rig.answer(version, {"keep": place})["keep"]
    assert eventually(lambda: len(echo.open_now) >= 3)
    rig.pool.retire(version.arn)
    assert eventually(lambda: not echo.open_now)


def test_a_sandbox_started_ahead_reaches_it_too(
    pages: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("ahead")
    rig = make_rig(folder, limits=Limits(ahead=1), functions_reach=pages)
    try:
        version = rig.function(FETCH, environment={"no_proxy": ""})
        for _ in range(3):
            assert rig.answer(version, {"fetch": f"http://{pages}/"})["fetch"][0] == 200
            rig.pool.retire(version.arn)
    finally:
        rig.pool.close()


def test_a_hostile_function_gets_nothing_more(
    pages: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rig = make_rig(tmp_path_factory.mktemp("hostile"), functions_reach=pages)
    try:
        if rig.pool.isolation().level != "strict":
            missing("this host allows no strict sandboxes")
        assert attack(rig) == NOTHING
    finally:
        rig.pool.close()


def test_without_the_setting_there_is_no_gate(functions: Rig, pages: str) -> None:
    places = [pages.split(":"), ["127.0.0.1", 3128], ["1.1.1.1", 80]]
    found = ask(functions, variables=0, connects=places, fetch=f"http://{pages}/")
    assert (found["variables"], found["connects"], found["fetch"][0]) == ({}, [], 0)


def test_calls_of_the_role_take_no_proxy(tmp_path_factory: pytest.TempPathFactory) -> None:
    with Endpoint() as endpoint:
        threading.Thread(target=endpoint.serve_forever, daemon=True).start()
        address = ("127.0.0.1", endpoint.server_address[1])
        folder = tmp_path_factory.mktemp("role")
        rig = make_rig(folder, endpoint=address, functions_reach="example.org:443")
        try:
            version = rig.function(
                """
                import boto3
                def handler(event, context):
                    return boto3.client('sts').get_caller_identity()['Account']
                """
            )
            assert rig.answer(version) == "000000000000"
        finally:
            rig.pool.close()
            endpoint.shutdown()


def test_where_nothing_is_fenced_there_is_none_either(
    pages: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("none")
    rig = make_rig(folder, isolation="none", functions_reach="example.org:443")
    try:
        found = ask(rig, variables=0, fetch=f"http://{pages}/")
        assert found == {"variables": {}, "fetch": [200, f"/ for {pages}"]}
    finally:
        rig.pool.close()
