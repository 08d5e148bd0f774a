"""What clients send to log in at the IAM listener, as the signed request that it is.

    OAUTHBEARER   a presigned URL in base64, the library's name appended after signing
    AWS_MSK_IAM   the same parameters as JSON, signed for the broker's name

Both are presigned requests for `kafka-cluster:Connect`; they name no cluster.
"""

import base64
import binascii
import json
from collections.abc import Iterable
from urllib.parse import parse_qsl, quote, urlsplit

from ...errors import Fault, IdentityFault
from ...wire.connecting import ACTION, SECONDS, SERVICE
from ...wire.connecting import host as host_of
from ...wire.message import Request
from ...wire.sigv4 import Signed

_UNSIGNED = "User-Agent"
_PARAMETERS = {
    "action": "Action",
    "x-amz-algorithm": "X-Amz-Algorithm",
    "x-amz-credential": "X-Amz-Credential",
    "x-amz-date": "X-Amz-Date",
    "x-amz-expires": "X-Amz-Expires",
    "x-amz-security-token": "X-Amz-Security-Token",
    "x-amz-signature": "X-Amz-Signature",
    "x-amz-signedheaders": "X-Amz-SignedHeaders",
}


def request(mechanism: str, message: str, address: str) -> Request:
    """The request that a client has signed; `IdentityFault` says why it is none."""
    match mechanism:
        case "OAUTHBEARER":
            host, query = _of_url(message)
        case "AWS_MSK_IAM":
            host, query = _of_json(message)
        case _:
            raise _fault(f"the mechanism {mechanism} is none of IAM's")
    if [value for name, value in parse_qsl(query) if name == "Action"] != [ACTION]:
        raise _fault(f"the token is for another action than {ACTION}")
    return Request("GET", "/", query, (("host", host),), b"", address, is_secure=True)


def check(asked: Request, mechanism: str, signed: Signed, region: str) -> None:
    """`IdentityFault` where it is signed for another service, region, host or time than ours."""
    scope = signed.scope
    if not 0 < (signed.expires_seconds or 0) <= SECONDS:
        raise _fault(f"a token is good for {SECONDS} s at most, and says for how long")
    if scope.service != SERVICE:
        raise _fault(f"the token is signed for the service {scope.service}, not for {SERVICE}")
    if scope.region != region:
        raise _fault(f"the token is signed for {scope.region}; this cluster is in {region}")
    hosts = [host_of(region) + ending for ending in ("", ".cn")]
    # A client that says AWS_MSK_IAM signs for the broker, under whatever name it knows that.
    if mechanism == "OAUTHBEARER" and asked.header("host") not in hosts:
        raise _fault(f"the token is signed for another host than {hosts[0]}")


def _of_url(token: str) -> tuple[str, str]:
    try:
        url = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        parts = urlsplit(url.decode("ascii"))
    except (binascii.Error, ValueError):
        raise _fault("the token is no URL in base64") from None
    if parts.scheme != "https" or parts.path not in ("", "/"):
        raise _fault("the token is no URL that a signer makes")
    signed = [pair for pair in parts.query.split("&") if pair.partition("=")[0] != _UNSIGNED]
    return parts.netloc, "&".join(signed)


def _of_json(message: str) -> tuple[str, str]:
    try:
        told = json.loads(message)
        given = {key: value for key, value in told.items() if isinstance(value, str)}
    except (ValueError, AttributeError, RecursionError):
        raise _fault("the first message is no JSON object") from None
    if given.get("version") != "2020_10_22":
        raise _fault("the first message is of another version than 2020_10_22")
    return given.get("host", ""), _query(
        (name, given[key]) for key, name in _PARAMETERS.items() if key in given
    )


def _query(pairs: Iterable[tuple[str, str]]) -> str:
    return "&".join(f"{name}={quote(value, safe='-_.~')}" for name, value in pairs)


def _fault(why: str) -> IdentityFault:
    return IdentityFault(Fault.BAD_SIGNATURE, why)
