"""The public signing vectors of the AWS C library, in the header form and the query form."""

import hashlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from sluicegate.clock import to_ms
from sluicegate.errors import Fault, IdentityFault
from sluicegate.wire.message import Request
from sluicegate.wire.signing import canonical
from sluicegate.wire.signing.claims import claims
from sluicegate.wire.sigv4 import SigningKeys, canonical_requests, read

CHECKOUT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("SLUICEGATE_SIGV4_SUITE", CHECKOUT.parent / "shared" / "sigv4_suite"))
SUITE = FOLDER / "aws-c-auth-v4.json"
CASES: dict[str, dict[str, str]] = json.loads(SUITE.read_text())["cases"] if SUITE.exists() else {}

pytestmark = pytest.mark.skipif(
    not CASES, reason=f"no signing vectors in {FOLDER}; SLUICEGATE_SIGV4_SUITE names their folder"
)


@dataclass(frozen=True)
class Case:
    """One vector in one form, as a server meets it."""

    request: Request
    secret: str
    token: str | None
    now_ms: int
    canonical_request: str
    string_to_sign: str
    signature: str
    is_normalized: bool


def case_of(name: str, form: str) -> Case:
    files = CASES[name]
    context: dict[str, Any] = json.loads(files["context.json"])
    moment = datetime.strptime(context["timestamp"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return Case(
        request=parse_http(files[f"{form}-signed-request.txt"]),
        secret=context["credentials"]["secret_access_key"],
        token=context["credentials"].get("token"),
        now_ms=to_ms(moment),
        canonical_request=files[f"{form}-canonical-request.txt"],
        string_to_sign=files[f"{form}-string-to-sign.txt"],
        signature=files[f"{form}-signature.txt"].strip(),
        is_normalized=context["normalize"],
    )


def parse_http(text: str) -> Request:
    """A request as its vector writes it: folded headers, and blanks inside the path."""
    head, _, body = text.partition("\n\n")
    request_line, *lines = head.split("\n")
    method, _, rest = request_line.partition(" ")
    target = rest.removesuffix(" HTTP/1.1")
    path, _, query = target.partition("?")
    headers: list[tuple[str, str]] = []
    for line in lines:
        if line.startswith(" "):
            name, value = headers.pop()
            headers.append((name, value + line))
        else:
            name, _, value = line.partition(":")
            headers.append((name.lower(), value))
    return Request(method, path, query, tuple(headers), body.removesuffix("\n").encode())


def canonical_request_of(case: Case) -> str:
    request = case.request
    headers: dict[str, list[str]] = {}
    for name, value in request.headers:
        headers.setdefault(name, []).append(value)
    # Without normalising, which only S3 leaves out, the raw path is encoded as it stands.
    path = canonical.path(request.path) if case.is_normalized else quote(request.path)
    pairs = canonical.parameters(request.query)
    body_hash = hashlib.sha256(request.body).hexdigest()
    claimed = claims(headers, pairs)
    forms = canonical_requests(request.method, path, pairs, headers, claimed, body_hash)
    texts = [form.decode() for form in forms]
    return next((text for text in texts if text == case.canonical_request), texts[0])


# Signed as for S3, whose paths are not normalised; S3 is not served.
AS_FOR_S3 = [
    name
    for name in CASES
    if name.endswith("-unnormalized") and name != "get-space-unnormalized"  # normal as it stands
]

forms = pytest.mark.parametrize("form", ["header", "query"])


@forms
@pytest.mark.parametrize("name", CASES)
def test_canonical_request_is_the_vectors(name: str, form: str) -> None:
    case = case_of(name, form)
    assert canonical_request_of(case) == case.canonical_request


@forms
@pytest.mark.parametrize("name", [name for name in CASES if name not in AS_FOR_S3])
def test_signature_of_a_vector_is_accepted(name: str, form: str) -> None:
    case = case_of(name, form)
    signed = read(case.request, case.now_ms)
    assert case.string_to_sign in signed.strings_to_sign
    assert signed.signature == case.signature
    assert signed.token == case.token
    SigningKeys().verify(signed, case.secret)


@forms
@pytest.mark.parametrize("name", CASES)
def test_signature_of_a_vector_made_with_another_secret_is_refused(name: str, form: str) -> None:
    case = case_of(name, form)
    signed = read(case.request, case.now_ms)
    with pytest.raises(IdentityFault, match="does not match the signature you provided"):
        SigningKeys().verify(signed, case.secret + "x")


@forms
@pytest.mark.parametrize("name", AS_FOR_S3)
def test_signature_over_a_path_as_for_s3_is_refused(name: str, form: str) -> None:
    case = case_of(name, form)
    signed = read(case.request, case.now_ms)
    with pytest.raises(IdentityFault) as refused:
        SigningKeys().verify(signed, case.secret)
    assert refused.value.fault is Fault.BAD_SIGNATURE
