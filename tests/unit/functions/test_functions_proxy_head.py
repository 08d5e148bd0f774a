"""Heads of requests to the proxy: what is asked for, what is passed on, what is refused."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.functions.proxy_head import Refused, read


def test_a_tunnel_is_asked_for_by_host_and_port() -> None:
    wanted = read(b"CONNECT Example.com:443 HTTP/1.1\r\nHost: other.test\r\nContent-Length: 9")
    assert (wanted.host, wanted.port, wanted.head, wanted.length) == ("example.com", 443, b"", None)
    assert read(b"CONNECT [2a00::1]:8443 HTTP/1.1").place == "[2a00::1]:8443"


def test_a_request_is_passed_on_as_servers_know_it_for_one_answer() -> None:
    wanted = read(
        b"POST http://Example.com/a?b=http://x HTTP/1.1\r\nHost: other.test\r\n"
        b"Proxy-Connection: keep-alive\r\nConnection: X-Mine, content-length\r\nX-Mine: 1\r\n"
        b"Proxy-Authorization: Basic eA==\r\nUpgrade: h2c\r\nTE: trailers\r\nKeep-Alive: 9\r\n"
        b"Content-Length: 3\r\nExpect: 100-continue\r\nX-Empty:"
    )
    assert (wanted.host, wanted.port, wanted.length) == ("example.com", 80, 3)
    assert wanted.head == (
        b"POST /a?b=http://x HTTP/1.1\r\nHost: example.com\r\nContent-Length: 3\r\n"
        b"Expect: 100-continue\r\nX-Empty: \r\nConnection: close\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("url", "line", "host"),
    [
        (b"http://a.test", b"GET / HTTP/1.0", b"a.test"),
        (b"HTTP://a.test:8080?q", b"GET /?q HTTP/1.0", b"a.test:8080"),
        (b"http://[2A00::1]:81/x", b"GET /x HTTP/1.0", b"[2a00::1]:81"),
    ],
)
def test_urls_are_taken_apart(url: bytes, line: bytes, host: bytes) -> None:
    head = read(b"GET " + url + b" HTTP/1.0").head
    assert head.startswith(line + b"\r\nHost: " + host + b"\r\nConnection: close\r\n")


@pytest.mark.parametrize(
    ("head", "status", "sentence"),
    [
        (b"", 400, "the request line is none of HTTP/1.1"),
        (b"GET http://a.test/", 400, "request line"),
        (b"GET http://a.test/ HTTP/2.0", 400, "request line"),
        (b"GET  http://a.test/ HTTP/1.1", 400, "request line"),
        (b"GET http://a.test/\xff HTTP/1.1", 400, "request line"),
        (b"GET http://a.test/\nX: 1 HTTP/1.1", 400, "request line"),
        (b"G\x00T http://a.test/ HTTP/1.1", 400, "request line"),
        (b"GET / HTTP/1.1\r\nHost: a.test", 400, "ask it for a whole http:// URL, or CONNECT"),
        (b"GET https://a.test/ HTTP/1.1", 400, "ask it for a whole http:// URL, or CONNECT"),
        (b"GET http://a.test/#x HTTP/1.1", 400, "ask it for a whole http:// URL"),
        (b"GET http://b.test@a.test/ HTTP/1.1", 400, "names no host"),
        (b"GET http:///x HTTP/1.1", 400, "names no host"),
        (b"GET http://127.1/ HTTP/1.1", 400, "names no host"),
        (b"GET http://0x7f000001/ HTTP/1.1", 400, "names no host"),
        (b"GET http://a.test:0/ HTTP/1.1", 400, "names no port"),
        (b"CONNECT a.test HTTP/1.1", 400, "names no port"),
        (b"CONNECT a.test:99999 HTTP/1.1", 400, "names no port"),
        (b"CONNECT http://a.test:80 HTTP/1.1", 400, "names no host"),
        (b"CONNECT [::ffff:1.2.3.4%1]:80 HTTP/1.1", 400, "names no host"),
        (b"GET http://a.test/ HTTP/1.1\r\nno field", 400, "no field"),
        (b"GET http://a.test/ HTTP/1.1\r\nA: 1\r\n folded", 400, "no field"),
        (b"GET http://a.test/ HTTP/1.1\r\nA : 1", 400, "no field"),
        (b"GET http://a.test/ HTTP/1.1\r\nA: 1\nB: 2", 400, "no field"),
        (b"GET http://a.test/ HTTP/1.1\r\nA: 1\rB: 2", 400, "no field"),
        (b"GET http://a.test/ HTTP/1.1" + b"\r\nA: 1" * 101, 431, "more than 100 fields"),
        (b"POST http://a.test/ HTTP/1.1\r\nTransfer-Encoding: chunked", 411, "use CONNECT"),
        (
            b"POST http://a.test/ HTTP/1.1\r\ntransfer-encoding: x\r\nContent-Length: 1",
            411,
            "use CONNECT",
        ),
        (b"POST http://a.test/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1", 400, "clear"),
        (b"POST http://a.test/ HTTP/1.1\r\nContent-Length: +1", 400, "no clear Content-Length"),
        (b"POST http://a.test/ HTTP/1.1\r\nContent-Length: 1,1", 400, "no clear Content-Length"),
    ],
)
def test_what_is_not_clear_is_refused(head: bytes, status: int, sentence: str) -> None:
    with pytest.raises(Refused, match=re.escape(sentence)) as refused:
        read(head)
    assert refused.value.status == status


@pytest.mark.parametrize("line", [b"x:%b\0", b"x:%bx%b\0", b"x%b:", b"%b"])
def test_a_line_is_read_in_one_go_however_long(line: bytes) -> None:
    # Sixty heads' worth of spaces: what grows with more than their number does not end.
    long = line.replace(b"%b", b" " * 1_000_000)
    with pytest.raises(Refused, match="no field"):
        read(b"GET http://a.test/ HTTP/1.1\r\n" + long)


_PIECES = st.sampled_from(
    [
        *(b"GET ", b"CONNECT ", b"http://", b"a.test", b":80", b"/", b" HTTP/1.1", b"\r\n", b"\n"),
        *(b"\r", b": ", b"Host: b.test", b"Content-Length: 1", b"Transfer-Encoding", b"\x00"),
        *(
            b"Connection: ",
            b"close",
            b"@",
            b"[::1]",
            b" ",
            b"\t",
            b"\xff",
            b"GET http://c/ HTTP/1.1",
        ),
    ]
)


@given(st.lists(_PIECES, max_size=20))
def test_whatever_comes_one_request_at_most_is_passed_on(pieces: list[bytes]) -> None:
    try:
        wanted = read(b"GET http://a.test/ HTTP/1.1\r\n" + b"".join(pieces))
    except Refused:
        return
    head, end, rest = wanted.head.partition(b"\r\n\r\n")
    assert (end, rest) == (b"\r\n\r\n", b"")
    _, host, *fields, close = head.split(b"\r\n")
    assert (host, close) == (b"Host: a.test", b"Connection: close")
    assert not re.search(rb"[\r\n\0]", b"".join(fields))
    names = [field.partition(b":")[0].lower() for field in fields]
    assert not {b"host", b"connection", b"transfer-encoding"} & set(names)
    assert names.count(b"content-length") == (1 if wanted.length else 0)


def test_a_refusal_says_why_where_clients_look() -> None:
    answer = Refused(403, "`a.test:443` is not in reach").answer()
    assert answer.startswith(b"HTTP/1.1 403 Forbidden: `a.test:443` is not in reach\r\n")
    assert answer.endswith(b"Content-Length: 29\r\n\r\n`a.test:443` is not in reach\n")
    assert b"Connection: close\r\n" in answer
