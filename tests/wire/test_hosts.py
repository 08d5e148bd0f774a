"""Who may reach a server on loopback: its own names, and no page of the web."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.wire.hosts import check_host
from sluicegate.wire.message import Request

ALLOWED = frozenset({"sluicegate.internal", "10.0.0.5", "[fd00::1]"})


def arriving(*headers: tuple[str, str], path: str = "/") -> Request:
    return Request("POST", path, "", headers, b"")


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:4566",
        "LocalHost:1",
        "127.0.0.1",
        "127.0.0.1:4566",
        "127.255.0.9:65535",
        "[::1]",
        "[::1]:4566",
        "sluicegate.internal",
        "Sluicegate.Internal:4566",
        "10.0.0.5:80",
        "[fd00::1]:80",
    ],
)
def test_a_request_to_one_of_our_names_passes(host: str) -> None:
    assert check_host(arriving(("host", host)), ALLOWED) is None


@pytest.mark.parametrize(
    "host",
    [
        "",
        " ",
        ":4566",
        "evil.tld",
        "localhost.evil.tld",
        "evil-localhost",
        "sqs.localhost",
        "localhost.",
        "127.0.0.1.nip.io",
        "127.0.0.1.",
        "0.0.0.0",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "127.0.0.01",
        "127.0.0.256",
        "127.0.0.1.1",
        "10.0.0.6",
        "[::]",
        "::1",
        "[::1",
        "[::ffff:127.0.0.1]",
        "[::1%25lo]",
        "[fd00::2]",
        "localhost:",
        "localhost:x",
        "localhost:65536",
        "localhost:1:2",
        "localhost:4566@evil.tld",
        "user@localhost",
        "localhost,evil.tld",
        "localhost evil.tld",
        "localhost/",
        "localhost\x00",
        "localhoſt",
        "١٢٧.0.0.1",
        "x.sluicegate.internal",
        "sluicegate_internal",
    ],
)
def test_a_request_to_any_other_name_is_refused(host: str) -> None:
    refused = check_host(arriving(("host", host)), ALLOWED)
    assert refused is not None
    assert refused.startswith("host `")
    assert refused.endswith(
        "` is not allowed here; to allow it, add its name to the setting `allow_hosts` "
        "(SLUICEGATE_ALLOW_HOSTS)"
    )


@pytest.mark.parametrize("hosts", [[], ["localhost", "localhost"], ["localhost", "evil.tld"]])
def test_a_request_without_exactly_one_host_is_refused(hosts: list[str]) -> None:
    refused = check_host(arriving(*(("host", host) for host in hosts)), ALLOWED)
    assert refused == f"a request needs one Host header, this one has {len(hosts)}"


@pytest.mark.parametrize(
    "origin",
    ["http://localhost:3000", "https://127.0.0.1", "http://[::1]:80", "HTTP://Sluicegate.Internal"],
)
def test_a_page_of_one_of_our_names_passes(origin: str) -> None:
    assert check_host(arriving(("host", "localhost"), ("origin", origin)), ALLOWED) is None


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "*",
        "localhost",
        "http://",
        "http://evil.tld",
        "https://localhost.evil.tld",
        "http://localhost@evil.tld",
        "http://evil.tld/http://localhost",
        "http://localhost/",
        "ftp://localhost",
        "file://",
        "chrome-extension://localhost",
        "http://localhost, http://evil.tld",
        "http://localhost\nhttp://evil.tld",
    ],
)
def test_a_page_from_elsewhere_is_refused(origin: str) -> None:
    refused = check_host(arriving(("host", "localhost"), ("origin", origin)), ALLOWED)
    assert refused is not None
    assert refused.startswith("origin `")


def test_every_origin_of_several_must_be_ours() -> None:
    ours, other = ("origin", "http://localhost"), ("origin", "http://evil.tld")
    assert check_host(arriving(("host", "localhost"), ours, other), ALLOWED) is not None


def test_a_request_line_that_names_another_host_is_refused() -> None:
    host = ("host", "localhost:4566")
    assert check_host(arriving(host, path="http://localhost:4566/x"), ALLOWED) is None
    for path in ("http://evil.tld/", "http://localhost/", "HTTP://evil.tld", "ftp://x@evil.tld/"):
        refused = check_host(arriving(host, path=path), ALLOWED)
        assert refused == "the request line names another host than the Host header"


def test_a_path_that_holds_a_url_is_a_path() -> None:
    for path in ("/http://evil.tld/", "//evil.tld/"):
        assert check_host(arriving(("host", "localhost"), path=path), ALLOWED) is None


@given(st.text(), st.text())
def test_whatever_the_headers_hold_is_answered(host: str, origin: str) -> None:
    check_host(arriving(("host", host), ("origin", origin), path=host), ALLOWED)
