"""Any bytes whatever are answered with an error of AWS, and soon."""

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.signers import ACCESS_KEY, CREDENTIAL, NOW_MS, by_header, identify, with_header

from sluicegate.errors import AwsError
from sluicegate.wire.message import Request
from sluicegate.wire.sigv4 import scope_of

ANY_TEXT = st.text(st.characters(), max_size=60)
PIECES = st.sampled_from(
    [
        "AWS4-HMAC-SHA256",
        " ",
        ",",
        "=",
        "&",
        "%",
        "/",
        ";",
        "Credential=",
        CREDENTIAL,
        "Signature=",
        "SignedHeaders=host",
        "X-Amz-Algorithm=AWS4-HMAC-SHA256",
        "X-Amz-Credential=",
        "X-Amz-Signature=",
        "X-Amz-SignedHeaders=host",
        "X-Amz-Date=20150830T123600Z",
        "X-Amz-Expires=",
        "20150830T123600Z",
        "Mon, 31 Feb 2015 25:61:61 GMT",
        "..",
        "\x00",
        "\ud800",
        "é",
    ]
)
HOSTILE = st.lists(PIECES | ANY_TEXT, max_size=12).map("".join)
NAMES = st.sampled_from(
    ["authorization", "host", "date", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"]
)


@settings(deadline=None, max_examples=300)
@given(
    HOSTILE,
    HOSTILE.map("/".__add__) | HOSTILE,
    HOSTILE,
    st.lists(st.tuples(NAMES | HOSTILE, HOSTILE), max_size=6),
    st.binary(max_size=10),
)
def test_whatever_arrives_is_answered_with_an_aws_error(
    method: str, path: str, query: str, headers: list[tuple[str, str]], body: bytes
) -> None:
    request = Request(method, path, query, tuple(headers), body)
    scope_of(request)
    with pytest.raises(AwsError):
        identify(request, NOW_MS)


MEGABYTE = 1 << 20
HUGE: dict[str, Request] = {
    "authorization": by_header("AWS4-HMAC-SHA256 " + "a=b," * (MEGABYTE // 4)),
    "equal signs": by_header("AWS4-HMAC-SHA256 " + "=" * MEGABYTE),
    "signed headers": by_header(signed=";".join(f"h{n}" for n in range(100_000)) + ";host"),
    "credential": by_header(credential="/" * MEGABYTE),
    "region": by_header(credential=f"{ACCESS_KEY}/20150830/{'a-' * MEGABYTE}1/kms/aws4_request"),
    "token": with_header(by_header(), "x-amz-security-token", "x" * MEGABYTE),
    "query": replace(by_header(), query="%41=%42&" * (MEGABYTE // 8)),
    "broken query": replace(by_header(), query="%4" * (MEGABYTE // 2)),
    "path": replace(by_header(), path="/a/../" * (MEGABYTE // 6)),
    "escaped path": replace(by_header(), path="/" + "%41" * (MEGABYTE // 3)),
    "headers": replace(
        by_header(), headers=by_header().headers + (("x-amz-a", "a"),) * (MEGABYTE // 8)
    ),
    "blanks": with_header(by_header(signed="host;x-amz-date;x-b"), "x-b", " " * MEGABYTE + "x"),
    "body": replace(by_header(), body=b"x" * (64 * MEGABYTE)),
}


@pytest.mark.parametrize("what", HUGE)
def test_a_huge_request_is_refused_within_a_second(what: str) -> None:
    began = time.process_time()
    scope_of(HUGE[what])
    with pytest.raises(AwsError):
        identify(HUGE[what], NOW_MS)
    assert time.process_time() - began < 1
