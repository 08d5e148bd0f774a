"""A function's own AWS calls reach the endpoint, as its role, and nothing else."""

import http.server
import socket
import threading
from collections.abc import Iterator

import pytest
from tests.contract.function_code import CREDENTIALS, Rig, eventually, make_rig

ANSWER = b"""<GetCallerIdentityResponse><GetCallerIdentityResult>
<Arn>arn:aws:sts::000000000000:assumed-role/worker/f</Arn><UserId>A:f</UserId>
<Account>000000000000</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"""


class Endpoint(http.server.ThreadingHTTPServer):
    """Answers every call alike and keeps what it was sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.signed: list[str] = []
        self.bodies: list[bytes] = []


class Handler(http.server.BaseHTTPRequestHandler):
    """For the endpoint above."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer."""
        assert isinstance(self.server, Endpoint)
        self.server.signed.append(self.headers["Authorization"])
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        body = self.server.bodies[-1] if self.path == "/echo" else ANSWER
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    """Listens for the whole module."""
    with Endpoint() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def rig(endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A pool whose functions call that endpoint."""
    host, port = endpoint.server_address[:2]
    made = make_rig(tmp_path_factory.mktemp("calls"), endpoint=(str(host), port))
    yield made
    made.pool.close()


def test_boto3_is_there_and_signs_as_the_role(rig: Rig, endpoint: Endpoint) -> None:
    version = rig.function(
        """
        import boto3
        def handler(event, context):
            return boto3.client('sts').get_caller_identity()['Arn']
        """
    )
    assert rig.answer(version) == "arn:aws:sts::000000000000:assumed-role/worker/f"
    assert f"Credential={CREDENTIALS.access_key}/" in endpoint.signed[-1]


def test_bodies_are_relayed_whole_both_ways(rig: Rig) -> None:
    version = rig.function(
        """
        import hashlib, http.client, os
        def handler(event, context):
            sent = os.urandom(event)
            connection = http.client.HTTPConnection('127.0.0.1', 4566)
            connection.request('POST', '/echo', sent, {'Authorization': 'none'})
            got = connection.getresponse().read()
            return [len(got), got == sent]
        """,
        memory_mb=512,
    )
    for size in (1, 65_536, 20_000_000):
        assert rig.answer(version, size) == [size, True]


def test_an_endpoint_that_is_away_is_refused_at_once(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        rig = make_rig(tmp_path_factory.mktemp("away"), endpoint=unused.getsockname())
        version = rig.function(
            """
            import http.client
            def handler(event, context):
                connection = http.client.HTTPConnection('127.0.0.1', 4566, timeout=15)
                connection.request('GET', '/')
                return connection.getresponse().status
            """
        )
        try:
            assert rig.fails(version)["errorType"] in ("ConnectionResetError", "RemoteDisconnected")
        finally:
            rig.pool.close()


def test_connections_end_with_the_environment(rig: Rig, endpoint: Endpoint) -> None:
    version = rig.function(
        """
        import socket
        kept = []
        def handler(event, context):
            kept.append(socket.create_connection(('127.0.0.1', 4566)))
            return len(kept)
        """
    )
    before = connections(endpoint)
    assert [rig.answer(version) for _ in range(3)] == [1, 2, 3]
    assert eventually(lambda: connections(endpoint) >= before + 3)
    rig.pool.retire(version.arn)
    assert eventually(lambda: connections(endpoint) <= before)


def connections(endpoint: Endpoint) -> int:
    """Connections the endpoint has, by the kernel's table."""
    port = f":{endpoint.server_address[1]:04X}"
    with open("/proc/net/tcp") as table:
        rows = [line.split() for line in table]
    return sum(1 for row in rows if row[1].endswith(port) and row[3] == "01")
