"""Requests as botocore signs them, and the part of `access` that verifying needs."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sluicegate.clock import to_ms
from sluicegate.wire.client import to_request
from sluicegate.wire.message import Request
from sluicegate.wire.sigv4 import Signed, SigningKeys, read, unknown_key

ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE"
SECRETS = {
    ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AKIAI44QH8DHBEXAMPLE": "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
}
NOW_MS = 1_440_938_160_000  # 2015-08-30T12:36:00Z
CREDENTIAL = f"{ACCESS_KEY}/20150830/us-east-1/kms/aws4_request"
SIGNATURE = "0" * 64


def sign(
    method: str = "POST",
    url: str = "http://127.0.0.1:4566/",
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    token: str | None = None,
    service: str = "kms",
    region: str = "us-east-1",
    expires_seconds: int | None = None,
) -> Request:
    """What arrives when botocore signs; presigned when `expires_seconds` is given."""
    credentials = Credentials(ACCESS_KEY, SECRETS[ACCESS_KEY], token)
    request = AWSRequest(method=method, url=url, headers=dict(headers or {}), data=body)
    signer = (
        SigV4Auth(credentials, service, region)
        if expires_seconds is None
        else SigV4QueryAuth(credentials, service, region, expires=expires_seconds)
    )
    signer.add_auth(request)
    return to_request(request.prepare())


def signing_ms(request: Request) -> int:
    """When `request` was signed, read from its own date."""
    text = request.header("x-amz-date") or request.query.split("X-Amz-Date=")[1][:16]
    return to_ms(datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC))


def identify(request: Request, now_ms: int) -> Signed:
    """Read, look the key up, verify: as `access` does."""
    signed = read(request, now_ms)
    if signed.access_key not in SECRETS:
        raise unknown_key()
    SigningKeys().verify(signed, SECRETS[signed.access_key])
    return signed


def with_header(request: Request, name: str, value: str) -> Request:
    """The request with the first header of that name set to `value`, or added."""
    rest = tuple(pair for pair in request.headers if pair[0] != name)
    return replace(request, headers=(*rest, (name, value)))


def without_header(request: Request, name: str) -> Request:
    """The request without any header of that name."""
    return replace(request, headers=tuple(pair for pair in request.headers if pair[0] != name))


def by_header(
    authorization: str | None = None,
    *,
    credential: str = CREDENTIAL,
    signed: str = "host;x-amz-date",
    date: str = "20150830T123600Z",
) -> Request:
    """A request whose signature is well formed, but for what the test breaks."""
    header = authorization or (
        f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={signed}, Signature={SIGNATURE}"
    )
    headers = (("host", "localhost"), ("x-amz-date", date), ("authorization", header))
    return Request("POST", "/", "", headers, b"")


def by_query(**changes: str | None) -> Request:
    parameters: dict[str, str | None] = {
        "Algorithm": "AWS4-HMAC-SHA256",
        "Credential": CREDENTIAL.replace("/", "%2F"),
        "Date": "20150830T123600Z",
        "Expires": "60",
        "SignedHeaders": "host",
        "Signature": SIGNATURE,
    }
    parameters.update(changes)
    query = "&".join(
        f"X-Amz-{name}={value}" for name, value in parameters.items() if value is not None
    )
    return Request("GET", "/", query, (("host", "localhost"),), b"")
