"""HTTP as runtimes speak it, in any pieces."""

import itertools
import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.functions.runtime_http import Connection, Hangup, Request, head

PLAIN = b"POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTold: later\r\n\r\n"
)
ENDLESS = b"POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
REPORT = b"POST /2018-06-01/runtime/invocation/1/error HTTP/1.1\r\nCause: "
GET = b"GET /c HTTP/1.1\r\nHost: x\r\n\r\n"


class Pair:
    """A connection, and its other side; closed with the block."""

    def __init__(self, most_kept: int = 100) -> None:
        served, self.other = socket.socketpair()
        self.connection = Connection(served, most_kept)

    def __enter__(self) -> "Pair":
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.socket.close()
        self.other.close()

    def requests(self, *pieces: bytes) -> Iterator[Request]:
        """What these pieces make, read one by one."""
        for piece in pieces:
            self.other.sendall(piece)
            request = self.connection.read()
            while request is not None:
                yield request
                request = self.connection.parsed()


@given(cuts=st.lists(st.integers(0, len(PLAIN + CHUNKED + GET)), max_size=12))
def test_requests_are_the_same_however_they_are_cut(cuts: list[int]) -> None:
    data = PLAIN + CHUNKED + GET
    places = sorted({0, *cuts, len(data)})
    pieces = [data[a:b] for a, b in itertools.pairwise(places)]
    with Pair() as pair:
        first, second, third = pair.requests(*pieces)
    assert (first.method, first.path, bytes(first.body)) == ("POST", "/a", b"hello")
    assert (second.path, bytes(second.body)) == ("/b", b"hello")
    assert second.headers["told"] == "later"
    assert (third.method, third.path, bytes(third.body)) == ("GET", "/c", b"")


@pytest.mark.parametrize("sent", [PLAIN, CHUNKED], ids=["plain", "chunked"])
def test_a_body_is_cut_and_its_rest_read(sent: bytes) -> None:
    with Pair(most_kept=4) as pair:
        cut, whole = pair.requests(sent + GET)
    assert (bytes(cut.body), cut.is_cut, whole.path) == (b"hell", True, "/c")


def test_who_waits_to_be_told_to_go_on_is_told() -> None:
    expecting = PLAIN.replace(b"\r\n\r\nhello", b"\r\nExpect: 100-continue\r\n\r\n")
    with Pair() as pair:
        assert list(pair.requests(expecting)) == []
        assert pair.other.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        (request,) = pair.requests(b"hello")
    assert bytes(request.body) == b"hello"


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nCause: %b\r\n\r\n" % (b"x" * 70_000),
        b"GET / HTTP/1.1" + b"\r\nx: 1" * 101 + b"\r\n\r\n",
        b"\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"POST /a HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /a HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_no_http_ends_the_connection(data: bytes) -> None:
    with Pair() as pair, pytest.raises(Hangup):
        list(pair.requests(data))


@pytest.mark.parametrize(
    ("begin", "piece", "most"),
    [
        (b"", b"x" * 10_000, 7),
        (b"GET / HTTP/1.1\r\n", b"x" * 10_000, 7),
        (b"GET /x HTTP/1.1\r\nx: /error HTTP/", b"x" * 10_000, 7),
        (REPORT, b"x" * 10_000, 210),
        (ENDLESS, b"x" * 10_000, 2),
        (ENDLESS, b"x: %b\r\n" % (b"x" * 10_000), 7),
        (ENDLESS, b"x: 1\r\n" * 1_000, 17),
        (ENDLESS, b"".join(b"%d:\r\n" % each for each in range(201)), 1),
    ],
)
def test_nothing_is_kept_without_end(begin: bytes, piece: bytes, most: int) -> None:
    with Pair() as pair:
        assert list(pair.requests(begin, *[piece] * (most - 1))) == []
        with pytest.raises(Hangup, match="too"):
            list(pair.requests(piece))


def test_causes_come_with_a_report_of_an_error() -> None:
    with Pair() as pair:
        head = REPORT + b"x" * 1_000_000 + b"\r\n\r\n"
        pieces = [head[at : at + 100_000] for at in range(0, len(head), 100_000)]
        (request,) = pair.requests(*pieces)
    assert len(request.headers["cause"]) == 1_000_000


def test_the_end_of_a_head_is_found_in_one_go() -> None:
    class Counted(bytearray):
        """Counts what it is searched for."""

        searched = 0

        def find(self, sub: object, start: object = 0, end: object = None) -> int:
            assert isinstance(sub, bytes) and isinstance(start, int) and end is None
            self.searched += len(self) - start
            return super().find(sub, start)

    with Pair() as pair:
        buffer = pair.connection._buffer = Counted()
        (request,) = pair.requests(*(bytes([each]) for each in GET))
        assert request.path == "/c"
        assert buffer.searched < 4 * len(GET)


def test_the_end_of_a_connection_is_told() -> None:
    with Pair() as pair:
        pair.other.close()
        with pytest.raises(Hangup):
            pair.connection.read()


def test_a_header_s_value_cannot_end_its_line() -> None:
    assert b"\r\nX: a b\r\n" in head(200, 0, {"X": "a\r\nb"})


def test_an_answer_goes_with_the_next_one_where_that_is_asked_for_already() -> None:
    with Pair() as pair:
        requests = pair.requests(PLAIN + GET)
        next(requests)
        pair.connection.hold(b"one ")
        next(requests)
        pair.connection.send(b"two")
        assert pair.other.recv(100) == b"one two"
        next(pair.requests(PLAIN))
        pair.connection.hold(b"alone")
        assert pair.other.recv(100) == b"alone"
