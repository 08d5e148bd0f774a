"""What calls cost over HTTP: calls per second and latencies of four clients at once.

    python -m benchmarks.over_http

A real `sluicegate serve` on a throw-away state. Each client is a process with one connection that
sends the same request, signed beforehand by a real SDK client as a user whose policy allows it,
again and again. The peer is GET /health/live in the same run: HTTP and the thread pool alone.
"""

import json
import multiprocessing
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from sluicegate.wire.client import Credentials, client, in_process_client
from sluicegate.wire.message import Request

CLIENTS = 4
WARM_SECONDS, SECONDS = 0.5, 3.0
REGION = "us-east-1"
POLICY = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
LIVE = "GET /health/live"


def main() -> None:
    """Print a table; a call that is not answered with 200 ends it."""
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as endpoint:
        requests = {LIVE: b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n"}
        requests |= signed(endpoint, root(Path(folder)))
        print(f"{'call':<34}{'calls/s':>9}{'of live':>9}{'p50 ms':>9}{'p99 ms':>9}")
        live, address = 0.0, urlsplit(endpoint)
        with multiprocessing.get_context("spawn").Pool(CLIENTS) as clients:
            for name, request in requests.items():
                arguments = [(address.hostname, address.port, request)] * CLIENTS
                parts = clients.starmap(ask, arguments, chunksize=1)
                times = [each for part in parts for each in part]
                rate = len(times) / SECONDS
                live = live or rate
                p50, p99 = (statistics.quantiles(times, n=100)[at] * 1000 for at in (49, 98))
                print(f"{name:<34}{rate:>9,.0f}{rate / live:>9.2f}{p50:>9.2f}{p99:>9.2f}")


@contextmanager
def served(state: Path) -> Iterator[str]:
    """The endpoint of a `serve` that ends with the block."""
    command = [sys.executable, "-m", "sluicegate.cli", "serve"]
    process = subprocess.Popen(
        [*command, "--state", str(state), "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        lines = iter(process.stdout.readline, "Ready.\n")
        facts = dict(line.split(None, 1) for line in lines)
        yield facts["endpoint"].strip()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
        process.stdout.close()


def root(state: Path) -> Credentials:
    """The root user's key of that state."""
    kept = json.loads((state / "root-credentials.json").read_text())
    return Credentials(kept["AccessKeyId"], kept["SecretAccessKey"])


def signed(endpoint: str, signer: Credentials) -> Mapping[str, bytes]:
    """The requests as bytes, by name: calls of a user on a key and a secret made for them."""
    services = {
        name: client(name, endpoint_url=endpoint, region=REGION, credentials=signer)
        for name in ("iam", "kms", "secretsmanager")
    }
    iam, kms, secrets = services["iam"], services["kms"], services["secretsmanager"]
    iam.create_user(UserName="alice")
    iam.put_user_policy(UserName="alice", PolicyName="all", PolicyDocument=json.dumps(POLICY))
    made = iam.create_access_key(UserName="alice")["AccessKey"]
    alice = Credentials(made["AccessKeyId"], made["SecretAccessKey"])
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"clear")["CiphertextBlob"]
    secrets.create_secret(Name="s", SecretString="value", KmsKeyId=key)
    calls: list[tuple[str, str, Mapping[str, Any]]] = [
        ("sts", "get_caller_identity", {}),
        ("iam", "get_user", {"UserName": "alice"}),
        ("kms", "decrypt", {"CiphertextBlob": blob}),
        ("secretsmanager", "get_secret_value", {"SecretId": "s"}),
    ]
    return {
        f"{service} {method}": as_bytes(capture(endpoint, alice, service, method, parameters))
        for service, method, parameters in calls
    }


class Captured(Exception):
    """A signed request on its way."""

    def __init__(self, request: Request) -> None:
        super().__init__()
        self.request = request


def capture(
    endpoint: str, signer: Credentials, service: str, method: str, parameters: Mapping[str, Any]
) -> Request:
    """The request an SDK client would send."""

    def keep(request: Request) -> NoReturn:
        raise Captured(request)

    caught = in_process_client(
        service,
        keep,
        region=REGION,
        access_key=signer.access_key,
        secret_key=signer.secret_key,
        endpoint_url=endpoint,
    )
    try:
        getattr(caught, method)(**parameters)
    except Captured as captured:
        return captured.request
    raise AssertionError("the client sent nothing")


def as_bytes(request: Request) -> bytes:
    """A request as it stands on the wire."""
    target = f"{request.path}?{request.query}" if request.query else request.path
    lines = [f"{request.method} {target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + request.body


def ask(host: str, port: int, request: bytes) -> list[float]:
    """Seconds that each answer took, for a while after a while."""
    times: list[float] = []
    with socket.create_connection((host, port), timeout=10) as connection:
        begin = time.perf_counter() + WARM_SECONDS
        since = time.perf_counter()
        while since < begin + SECONDS:
            connection.sendall(request)
            received = answer(connection)
            assert received.startswith(b"HTTP/1.1 200 "), received
            now = time.perf_counter()
            if since >= begin:
                times.append(now - since)
            since = now
    return times


def answer(connection: socket.socket) -> bytes:
    """One whole answer."""
    received = connection.recv(65536)
    while (end := received.find(b"\r\n\r\n")) < 0:
        received += connection.recv(65536)
    (length,) = (
        int(line.split(b":")[1])
        for line in received[:end].lower().split(b"\r\n")
        if line.startswith(b"content-length:")
    )
    while len(received) < end + 4 + length:
        received += connection.recv(65536)
    return received


if __name__ == "__main__":
    main()
