"""Signature Version 4: whether the holder of a secret key sent exactly this request.

`read` checks all that needs no key, in the order AWS does it; whoever knows the secret then calls
`SigningKeys.verify`. Between the two, access looks the key up and finds it unknown or expired.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

from ..clock import to_datetime, to_ms
from ..errors import Fault, IdentityFault
from .echo import shown
from .message import Request
from .signing import canonical
from .signing.canonical import Pair
from .signing.claims import ALGORITHM, Claims, Headers, claims, credential

_WINDOW_SECONDS = 15 * 60
_TERMINATOR = "aws4_request"
_ISO_BASIC = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_HTTP_DATE = re.compile(
    r"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} (GMT|[+-]0000)"
)
_REGION = re.compile(r"(?=.{1,32}\Z)[a-z]{2,}(-[a-z]+)+-[0-9]{1,2}")
_SERVICE = re.compile(r"[a-z0-9-]{1,64}")
_ACCESS_KEY = re.compile(r"[A-Za-z0-9_]{1,128}")
_TOKEN = re.compile(r"[!-~]+")

# What may stay unsigned: the token is sealed for its key, the body is hashed whatever its sender
# says, and nobody decides by the user agent. Content-Type is not asked for, as on AWS: its SDKs
# for JavaScript (2) and PHP do not sign it.
_MAY_BE_UNSIGNED = frozenset({"x-amz-security-token", "x-amz-content-sha256", "x-amz-user-agent"})


@dataclass(frozen=True, slots=True)
class Scope:
    """What a signature is good for: one day (`YYYYMMDD`), one region, one service."""

    date: str
    region: str
    service: str


@dataclass(frozen=True, slots=True)
class Signed:
    """A well-formed signed request, not yet verified.

    `strings_to_sign` are all texts the client may have signed for this request: more than one
    where clients differ (a token added to a presigned URL afterwards, a header beyond ASCII).
    """

    access_key: str
    scope: Scope
    token: str | None = field(repr=False)
    signed_ms: int
    expires_seconds: int | None
    is_presigned: bool
    signature: str
    strings_to_sign: tuple[str, ...]


def read(request: Request, now_ms: int) -> Signed:
    """Check all of a signature that needs no key; `IdentityFault` names the first fault.

    A path that is none is an `InvalidURI` `AwsError`. Content type and method, AWS's steps 3 and
    4, are the router's.
    """
    path = canonical.path(request.path)  # step 1
    pairs = canonical.parameters(request.query)  # step 2
    headers = _by_name(request)
    claimed = claims(headers, pairs)  # steps 5 to 7
    _check_signed_headers(headers, claimed.signed_headers)  # step 8
    moment = _moment(claimed.date)  # step 9
    signed_ms = to_ms(moment)
    _check_clock(signed_ms, now_ms, claimed.expires_seconds)  # steps 10 and 11
    access_key, scope = _scope(claimed.credential, moment)  # steps 12 and 13
    body_hash = hashlib.sha256(request.body).hexdigest()
    _check_declared_hash(headers, body_hash)
    _check_spelling(access_key, claimed.token)
    return Signed(
        access_key=access_key,
        scope=scope,
        token=claimed.token or None,
        signed_ms=signed_ms,
        expires_seconds=claimed.expires_seconds,
        is_presigned=claimed.is_presigned,
        signature=claimed.signature,
        strings_to_sign=tuple(
            f"{ALGORITHM}\n{_basic(moment)}\n{scope.date}/{scope.region}/{scope.service}/"
            f"{_TERMINATOR}\n{hashlib.sha256(text).hexdigest()}"
            for text in canonical_requests(request.method, path, pairs, headers, claimed, body_hash)
        ),
    )


def canonical_requests(
    method: str,
    path: str,
    pairs: Sequence[Pair],
    headers: Headers,
    claimed: Claims,
    body_hash: str,
) -> Iterator[bytes]:
    """The canonical forms a request may have been signed in, the likeliest first."""
    names = claimed.signed_headers
    rest = f"{canonical.headers(headers, names)}\n{';'.join(names)}\n{body_hash}"
    for query in _canonical_queries(pairs, claimed):
        yield from canonical.encodings(f"{method}\n{path}\n{query}\n{rest}")


def scope_of(request: Request) -> Scope | None:
    """The scope a request claims, however broken its signature; None when it claims none.

    For routing and for the shape of an error: nothing in it is checked.
    """
    headers = _by_name(request)
    pairs: list[Pair] = []
    if "authorization" not in headers:
        with suppress(IdentityFault):
            pairs = canonical.parameters(request.query)
    parts = credential(headers, pairs).split("/")
    return Scope(*parts[1:4]) if len(parts) == 5 else None


class SigningKeys:
    """Verifies signatures; remembers the keys derived for a day, region and service."""

    def __init__(self, capacity: int = 4096) -> None:
        # Deriving takes four HMACs, as much as all the rest of a verification.
        self._derive = lru_cache(maxsize=capacity)(_signing_key)

    def verify(self, signed: Signed, secret: str) -> None:
        """Return when `secret` made the signature; `IdentityFault` otherwise."""
        scope = signed.scope
        key = self._derive(secret, scope.date, scope.region, scope.service)
        given = signed.signature.encode("utf-8", "surrogatepass")
        for text in signed.strings_to_sign:
            made = hmac.digest(key, text.encode(), "sha256").hex().encode()
            if hmac.compare_digest(made, given):
                return
        raise IdentityFault(
            Fault.BAD_SIGNATURE,
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method. "
            "Consult the service documentation for details.",
        )


def unknown_key() -> IdentityFault:
    """Nobody has this access key, or the session token is not the one that belongs to it."""
    return IdentityFault(
        Fault.UNKNOWN_KEY, "The security token included in the request is invalid."
    )


def expired_token() -> IdentityFault:
    """The session is over."""
    return IdentityFault(
        Fault.EXPIRED_TOKEN, "The security token included in the request is expired"
    )


def _by_name(request: Request) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for name, value in request.headers:
        values.setdefault(name, []).append(value)
    return values


def _check_signed_headers(headers: Headers, signed: Sequence[str]) -> None:
    if "host" not in signed:
        raise IdentityFault(
            Fault.BAD_SIGNATURE,
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
        )
    covered = _MAY_BE_UNSIGNED.union(signed)
    for name in headers:
        if name.startswith("x-amz-") and name not in covered:
            raise IdentityFault(
                Fault.BAD_SIGNATURE,
                f"'{shown(name)}' must be a 'SignedHeader' in the AWS Authorization.",
            )


def _moment(text: str) -> datetime:
    try:
        if _ISO_BASIC.fullmatch(text):
            return datetime.fromisoformat(text)
        if _HTTP_DATE.fullmatch(text):
            return parsedate_to_datetime(text).replace(tzinfo=UTC)
    except ValueError:
        pass  # of the right form, but no day of any calendar
    raise IdentityFault(
        Fault.INCOMPLETE_SIGNATURE,
        f"Date must be in ISO-8601 'basic format'. Got '{shown(text)}'. "
        "See http://en.wikipedia.org/wiki/ISO_8601",
    )


def _check_clock(signed_ms: int, now_ms: int, expires_seconds: int | None) -> None:
    life = expires_seconds or _WINDOW_SECONDS
    earliest, latest = now_ms - life * 1000, now_ms + _WINDOW_SECONDS * 1000
    if signed_ms < earliest:
        raise IdentityFault(
            Fault.CLOCK,
            f"Signature expired: {_basic_ms(signed_ms)} is now earlier than "
            f"{_basic_ms(earliest)} ({_basic_ms(now_ms)} - {_length(life)}.)",
        )
    if signed_ms > latest:
        raise IdentityFault(
            Fault.CLOCK,
            f"Signature not yet current: {_basic_ms(signed_ms)} is still later than "
            f"{_basic_ms(latest)} ({_basic_ms(now_ms)} + {_length(_WINDOW_SECONDS)}.)",
        )


def _scope(text: str, moment: datetime) -> tuple[str, Scope]:
    parts = text.split("/")
    if len(parts) != 5:
        raise IdentityFault(
            Fault.INCOMPLETE_SIGNATURE,
            "Credential must have exactly 5 slash-delimited elements, "
            f"e.g. keyid/date/region/service/term, got '{shown(text)}'",
        )
    access_key, date, region, service, terminator = parts
    signed_at = _basic(moment)
    faults = []
    if date != signed_at[:8]:
        faults.append(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "
            f"from HTTP: '{shown(date)}' != '{signed_at[:8]}', from '{signed_at}'."
        )
    if not _REGION.fullmatch(region):
        faults.append(f"Credential should be scoped to a valid region, not '{shown(region)}'.")
    if not _SERVICE.fullmatch(service):
        faults.append("Credential should be scoped to correct service.")
    if terminator != _TERMINATOR:
        faults.append(
            f"Credential should be scoped with a valid terminator: '{_TERMINATOR}', "
            f"not '{shown(terminator)}'."
        )
    if faults:
        raise IdentityFault(Fault.BAD_SIGNATURE, " ".join(faults))
    return access_key, Scope(date, region, service)


def _check_declared_hash(headers: Headers, body_hash: str) -> None:
    for declared in headers.get("x-amz-content-sha256", ()):
        if declared.startswith(("UNSIGNED-", "STREAMING-")):
            raise IdentityFault(
                Fault.BAD_SIGNATURE,
                f"`x-amz-content-sha256: {shown(declared)}` is for Amazon S3; "
                "elsewhere the body must be signed",
            )
        if declared.strip() != body_hash:
            raise IdentityFault(
                Fault.BAD_SIGNATURE,
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
            )


def _check_spelling(access_key: str, token: str | None) -> None:
    # What no key or token looks like is unknown, and never reaches a database or a cipher.
    if not _ACCESS_KEY.fullmatch(access_key) or (token and not _TOKEN.fullmatch(token)):
        raise unknown_key()


def _canonical_queries(pairs: Sequence[Pair], claimed: Claims) -> Iterator[str]:
    if not claimed.is_presigned:
        yield canonical.query(pairs)
        return
    signed = [pair for pair in pairs if pair[0] != "X-Amz-Signature"]
    yield canonical.query(signed)
    if claimed.token:
        # Some clients sign first and add the token then.
        yield canonical.query(pair for pair in signed if pair[0] != "X-Amz-Security-Token")


def _signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, _TERMINATOR):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _basic(moment: datetime) -> str:
    # Not strftime: it writes years before 1000 in fewer than four digits.
    return moment.isoformat()[:19].replace("-", "").replace(":", "") + "Z"


def _basic_ms(ms: int) -> str:
    return _basic(to_datetime(ms))


def _length(seconds: int) -> str:
    return f"{seconds // 60} min" if seconds % 60 == 0 else f"{seconds} sec"
