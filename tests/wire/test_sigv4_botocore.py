"""Whatever botocore signs is accepted; whatever was changed on the way is not."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.signers import ACCESS_KEY, SECRETS, identify, sign, signing_ms, with_header

from sluicegate.clock import to_ms
from sluicegate.errors import Fault, IdentityFault
from sluicegate.wire.client import in_process_client
from sluicegate.wire.message import Request, Response
from sluicegate.wire.sigv4 import scope_of

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SEGMENTS = st.one_of(
    TEXT.filter(lambda text: text != "..").map(lambda text: quote(text, safe="")),
    st.sampled_from(["", ".", "a:b", "x/.."]),
)
PATHS = st.lists(SEGMENTS, max_size=5).map(lambda segments: "/" + "/".join(segments))
# Names of presigned URLs in a query of one's own make it a presigned one, wrongly made.
NAMES = TEXT.filter(lambda name: not name.startswith("X-Amz-"))
QUERIES = st.lists(st.tuples(NAMES, TEXT), max_size=4).map(
    lambda pairs: "&".join(
        f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs
    )
)
METHODS = st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"])
HEADER_NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,15}", fullmatch=True).map("x-".__add__)
HEADER_VALUES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=20)
HEADERS = st.dictionaries(HEADER_NAMES, HEADER_VALUES, max_size=4)
TOKENS = st.none() | st.from_regex(r"[A-Za-z0-9+/=]{1,200}", fullmatch=True)


@settings(deadline=None)
@given(METHODS, PATHS, QUERIES, HEADERS, st.binary(max_size=64), TOKENS)
def test_any_request_botocore_signs_in_its_headers_is_accepted(
    method: str, path: str, query: str, headers: dict[str, str], body: bytes, token: str | None
) -> None:
    url = f"http://127.0.0.1:4566{path}?{query}"
    request = sign(method, url, headers=headers, body=body, token=token)
    signed = identify(request, signing_ms(request))
    assert (signed.access_key, signed.token, signed.is_presigned) == (ACCESS_KEY, token, False)
    assert signed.scope == scope_of(request)


@settings(deadline=None)
@given(METHODS, PATHS, QUERIES, TOKENS, st.integers(1, 604_800))
def test_any_url_botocore_presigns_is_accepted_for_as_long_as_it_says(
    method: str, path: str, query: str, token: str | None, seconds: int
) -> None:
    url = f"http://127.0.0.1:4566{path}?{query}"
    request = sign(method, url, token=token, expires_seconds=seconds)
    end_ms = signing_ms(request) + seconds * 1000
    assert identify(request, end_ms).expires_seconds == seconds
    with pytest.raises(IdentityFault, match="Signature expired") as refused:
        identify(request, end_ms + 1)
    assert refused.value.fault is Fault.CLOCK


def test_a_date_header_counts_where_there_is_no_x_amz_date() -> None:
    request = sign(headers={"Date": "botocore replaces it"})
    assert request.header("x-amz-date") is None
    moment = parsedate_to_datetime(request.header("date") or "").replace(tzinfo=UTC)
    assert identify(request, to_ms(moment)).signed_ms == to_ms(moment)


def test_boto_clients_of_every_protocol_are_accepted() -> None:
    seen: list[Request] = []

    def handle(request: Request) -> Response:
        identify(request, signing_ms(request))
        seen.append(request)
        return Response(200, {}, b"{}")

    arn = "arn:aws:kafka:us-east-1:000000000000:cluster/a b/1-1"
    for service, method, params in (
        ("kafka", "describe_cluster", {"ClusterArn": arn}),
        ("lambda", "get_function", {"FunctionName": "arn:aws:lambda:us-east-1:1:function:f"}),
        ("kms", "describe_key", {"KeyId": "alias/ü"}),
    ):
        made = in_process_client(
            service,
            handle,
            region="us-east-1",
            access_key=ACCESS_KEY,
            secret_key=SECRETS[ACCESS_KEY],
        )
        getattr(made, method)(**params)
    assert "%3A" in seen[0].path


def edit_authorization(pattern: str, replacement: str) -> Callable[[Request], Request]:
    def mutate(request: Request) -> Request:
        header = request.header("authorization") or ""
        changed = re.sub(pattern, replacement, header)
        assert changed != header
        return with_header(request, "authorization", changed)

    return mutate


def flip(text: str, at: int) -> str:
    return text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :]


def edit_signature(at: int) -> Callable[[Request], Request]:
    def mutate(request: Request) -> Request:
        header = request.header("authorization") or ""
        place = header.index("Signature=") + len("Signature=") + at
        return with_header(request, "authorization", flip(header, place))

    return mutate


MUTATIONS: dict[str, tuple[Fault, Callable[[Request], Request]]] = {
    "method": (Fault.BAD_SIGNATURE, lambda r: replace(r, method="PUT")),
    "method's case": (Fault.BAD_SIGNATURE, lambda r: replace(r, method=r.method.lower())),
    "path": (Fault.BAD_SIGNATURE, lambda r: replace(r, path=r.path + "x")),
    "path's start": (Fault.BAD_SIGNATURE, lambda r: replace(r, path="/x" + r.path)),
    "path's escapes": (Fault.BAD_SIGNATURE, lambda r: replace(r, path=r.path + "%41")),
    "query added": (Fault.BAD_SIGNATURE, lambda r: replace(r, query=r.query + "&x=1")),
    "query dropped": (Fault.BAD_SIGNATURE, lambda r: replace(r, query="")),
    "query's value": (Fault.BAD_SIGNATURE, lambda r: replace(r, query=r.query + "x")),
    "host": (Fault.BAD_SIGNATURE, lambda r: with_header(r, "host", "localhost")),
    "header's value": (Fault.BAD_SIGNATURE, lambda r: with_header(r, "x-mine", "2")),
    "header's case": (Fault.BAD_SIGNATURE, lambda r: with_header(r, "x-mine", "A")),
    "header repeated": (
        Fault.BAD_SIGNATURE,
        lambda r: replace(r, headers=(*r.headers, ("x-mine", "a"))),
    ),
    "signed token": (Fault.BAD_SIGNATURE, lambda r: with_header(r, "x-amz-security-token", "u")),
    "body": (Fault.BAD_SIGNATURE, lambda r: replace(r, body=r.body + b"x")),
    "body's first byte": (Fault.BAD_SIGNATURE, lambda r: replace(r, body=b"x" + r.body[1:])),
    "no body": (Fault.BAD_SIGNATURE, lambda r: replace(r, body=b"")),
    "date": (Fault.BAD_SIGNATURE, lambda r: later(r)),
    "scope's day": (Fault.BAD_SIGNATURE, edit_authorization(r"/\d{8}/", "/20150830/")),
    "scope's region": (Fault.BAD_SIGNATURE, edit_authorization("/us-east-1/", "/eu-west-1/")),
    "scope's service": (Fault.BAD_SIGNATURE, edit_authorization("/kms/", "/iam/")),
    "terminator": (Fault.BAD_SIGNATURE, edit_authorization("/aws4_request", "/aws5_request")),
    "another's key": (Fault.BAD_SIGNATURE, edit_authorization(ACCESS_KEY, "AKIAI44QH8DHBEXAMPLE")),
    "nobody's key": (Fault.UNKNOWN_KEY, edit_authorization(ACCESS_KEY, "AKIAQQQQQQQQQQQQQQQQ")),
    "signed headers fewer": (Fault.BAD_SIGNATURE, edit_authorization(";x-mine", "")),
    "signed headers more": (Fault.BAD_SIGNATURE, edit_authorization(";x-mine", ";x-mine;x-n")),
    "signature in capitals": (
        Fault.BAD_SIGNATURE,
        edit_authorization("Signature=.*", "Signature=" + "ABCDEF01" * 8),
    ),
    "no signature": (Fault.BAD_SIGNATURE, edit_authorization("Signature=.*", "Signature=")),
    "long signature": (Fault.BAD_SIGNATURE, edit_authorization("$", "0")),
}


def later(request: Request) -> Request:
    date = request.header("x-amz-date") or ""
    return with_header(request, "x-amz-date", flip(date, len(date) - 2))


def a_signed_request() -> Request:
    return sign(
        url="http://127.0.0.1:4566/a%3Ab/c?q=1",
        headers={"X-Mine": "a"},
        body=b"{}",
        token="t",
    )


@pytest.mark.parametrize("what", MUTATIONS)
def test_a_request_changed_after_signing_is_refused(what: str) -> None:
    fault, mutate = MUTATIONS[what]
    request = a_signed_request()
    identify(request, signing_ms(request))
    with pytest.raises(IdentityFault) as refused:
        identify(mutate(request), signing_ms(request))
    assert refused.value.fault is fault


@settings(deadline=None)
@given(st.integers(0, 63))
def test_a_changed_digit_of_the_signature_is_refused(at: int) -> None:
    request = a_signed_request()
    with pytest.raises(IdentityFault, match="does not match the signature you provided"):
        identify(edit_signature(at)(request), signing_ms(request))


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=64), st.data())
def test_a_changed_byte_of_the_body_is_refused(body: bytes, data: st.DataObject) -> None:
    request = sign(body=body)
    at = data.draw(st.integers(0, len(body) - 1))
    flipped = bytes([body[at] ^ data.draw(st.integers(1, 255))])
    changed = replace(request, body=body[:at] + flipped + body[at + 1 :])
    with pytest.raises(IdentityFault, match="does not match the signature you provided"):
        identify(changed, signing_ms(request))


@settings(deadline=None)
@given(PATHS.filter(lambda path: ".." not in path), st.data())
def test_a_changed_byte_of_the_path_is_refused(path: str, data: st.DataObject) -> None:
    request = sign(url=f"http://127.0.0.1:4566{path}")
    slashes = [at for at, letter in enumerate(request.path) if letter == "/"]
    at = data.draw(st.sampled_from(slashes)) + 1
    changed = replace(request, path=f"{request.path[:at]}x{request.path[at:]}")
    with pytest.raises(IdentityFault, match="does not match the signature you provided"):
        identify(changed, signing_ms(request))


@settings(deadline=None)
@given(QUERIES.filter(bool), st.data())
def test_a_changed_parameter_of_a_presigned_url_is_refused(query: str, data: st.DataObject) -> None:
    request = sign("GET", f"http://127.0.0.1:4566/?{query}", token="t", expires_seconds=60)
    parts = request.query.split("&")
    at = data.draw(st.integers(0, len(parts) - 1))
    if parts[at].startswith("X-Amz-Security-Token="):
        return  # a token may be added unsigned; it is sealed for its access key
    parts[at] += "x"
    with pytest.raises(IdentityFault):
        identify(replace(request, query="&".join(parts)), signing_ms(request))


def test_a_token_changed_in_a_presigned_url_is_refused_unless_it_was_never_signed() -> None:
    request = sign("GET", token="t", expires_seconds=60)
    changed = replace(request, query=request.query.replace("Token=t", "Token=u"))
    with pytest.raises(IdentityFault, match="does not match the signature you provided"):
        identify(changed, signing_ms(request))
    unsigned = sign("GET", expires_seconds=60)
    added = replace(unsigned, query=unsigned.query + "&X-Amz-Security-Token=u")
    assert identify(added, signing_ms(added)).token == "u"
