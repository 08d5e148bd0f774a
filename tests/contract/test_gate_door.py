"""The socket where brokers ask: lines and answers, many at once, and its end."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.system.waiting import until

from sluicegate.brokers.gate import Door


def connected(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(20)
    try:
        connection.connect(str(path))
    except OSError:
        connection.close()
        raise
    return connection


def ask(connection: socket.socket, line: str) -> str:
    connection.sendall(line.encode() + b"\n")
    with connection.makefile("rb") as answers:
        return answers.readline().decode().rstrip("\n")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cluster" / "gate.sock"


@pytest.fixture(name="upper")
def _upper(path: Path) -> Iterator[Door]:
    made = Door(path, str.upper)
    yield made
    made.close()


@pytest.mark.usefixtures("upper")
def test_each_line_is_answered_on_as_many_connections_as_there_are(path: Path) -> None:
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(connected(path)) for _ in range(20)]
        for number in range(3):
            for at, each in enumerate(connections):
                assert ask(each, f"line {number} {at}") == f"LINE {number} {at}"


def test_a_slow_answer_holds_up_nobody_else(path: Path) -> None:
    may_go_on = threading.Event()
    door = Door(path, lambda line: line if line != "slow" else str(may_go_on.wait(20)))
    with connected(path) as slow, connected(path) as other:
        slow.sendall(b"slow\n")
        assert ask(other, "quick") == "quick"
        may_go_on.set()
        assert slow.recv(100) == b"True\n"
    door.close()


def test_what_cannot_be_answered_ends_its_connection_alone(path: Path) -> None:
    def answer(line: str) -> str:
        raise ValueError(line)

    door = Door(path, answer)
    for line in (b"what\n", b"\xff\n", b"x" * 300_000 + b"\n"):
        gone = contextlib.suppress(BrokenPipeError, ConnectionResetError)
        with connected(path) as connection, gone:
            connection.sendall(line)
            assert connection.recv(100) == b""
    door.close()


@pytest.mark.usefixtures("upper")
def test_nobody_else_may_ask(path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_its_end_ends_its_connections_and_a_new_one_takes_its_place(
    upper: Door, path: Path
) -> None:
    with connected(path) as connection:
        assert ask(connection, "x") == "X"
        upper.close()
        assert connection.recv(100) == b""
    until(lambda: not _answers(path), "the door to be shut")
    again = Door(path, str.lower)
    with connected(path) as connection:
        assert ask(connection, "Y") == "y"
    again.close()


def test_a_path_may_be_longer_than_a_socket_s(tmp_path: Path) -> None:
    path = tmp_path / ("d" * 120) / "gate.sock"
    door = Door(path, str.upper)
    try:
        assert path.is_socket()
    finally:
        door.close()


def _answers(path: Path) -> bool:
    try:
        connected(path).close()
    except OSError:
        return False
    return True
