"""What a request says about its own signature, in the header form or the query form.

Nothing here is verified. The order of the checks is AWS's own, as observed by the author of
scratchstack-aws-signature; the step numbers are his.
"""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import unquote

from ...errors import Fault, IdentityFault
from ..echo import shown
from .canonical import Pair

ALGORITHM = "AWS4-HMAC-SHA256"
LONGEST_SECONDS = 604_800
"""How long a presigned URL may live: seven days."""

Headers: TypeAlias = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Claims:
    """The parts of one signature. `date` is the text of X-Amz-Date or Date, not yet read.

    `signed_headers` are lower case, sorted, each once. `expires_seconds` is None in the header
    form, and where a presigned URL names no life of its own.
    """

    credential: str
    signature: str
    signed_headers: tuple[str, ...]
    date: str
    token: str | None = field(repr=False)
    expires_seconds: int | None = None
    is_presigned: bool = False


def claims(headers: Headers, pairs: Sequence[Pair]) -> Claims:
    """Steps 5 to 7: the claims of a request, or the `IdentityFault` that says what is missing."""
    authorizations = headers.get("authorization", ())
    signing = first(pairs)
    if authorizations and "X-Amz-Algorithm" in signing:
        raise IdentityFault(Fault.BAD_SIGNATURE, "")  # AWS gives no sentence
    if authorizations:
        return _from_header(authorizations, headers)
    if signing.get("X-Amz-Algorithm") == ALGORITHM:
        return _from_query(signing)
    raise IdentityFault(Fault.MISSING_TOKEN, "Request is missing Authentication Token")


def credential(headers: Headers, pairs: Sequence[Pair]) -> str:
    """The credential a request names, however broken the rest of it is; "" when there is none."""
    authorizations = headers.get("authorization", ())
    if authorizations:
        return _named(authorizations[0].partition(" ")[2]).get("Credential", "")
    return first(pairs).get("X-Amz-Credential", "")


def first(pairs: Sequence[Pair]) -> dict[str, str]:
    """The signing parameters among `pairs`, decoded; the first of a repeated one counts."""
    found: dict[str, str] = {}
    for name, value in pairs:
        if name.startswith("X-Amz-"):
            found.setdefault(name, unquote(value))
    return found


def _from_header(authorizations: Sequence[str], headers: Headers) -> Claims:
    header = authorizations[0].strip()
    algorithm, _, rest = header.partition(" ")
    if algorithm != ALGORITHM:
        # A lone word is no scheme but perhaps a secret: it is not echoed.
        scheme = shown(algorithm) if rest else ""
        raise _incomplete(f"Unsupported AWS 'algorithm': '{scheme}'.")
    if any("=" not in part for part in rest.split(",") if part.strip()):
        raise _incomplete(
            "Invalid key=value pair (missing equal-sign) in Authorization header "
            f"(hashed with SHA-256 and encoded with Base64): '{_hashed(header)}'."
        )
    parts = _named(rest)
    dates = headers.get("x-amz-date") or headers.get("date") or ()
    missing = [
        f"Authorization header requires '{name}' parameter."
        for name in ("Credential", "Signature", "SignedHeaders")
        if name not in parts
    ]
    if not dates:
        missing.append(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        )
    if missing:
        raise _incomplete(f"{' '.join(missing)} Authorization={algorithm}")
    if len(authorizations) > 1:
        raise IdentityFault(
            Fault.BAD_SIGNATURE, "the request has several `Authorization` headers; send one"
        )
    return Claims(
        credential=parts["Credential"],
        signature=parts["Signature"],
        signed_headers=_header_names(parts["SignedHeaders"]),
        date=dates[0].strip(),
        token=next(iter(headers.get("x-amz-security-token", ())), None),
    )


def _from_query(signing: Mapping[str, str]) -> Claims:
    names = ("X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date")
    missing = [
        f"AWS query-string parameters must include '{name}'."
        for name in names
        if name not in signing
    ]
    if missing:
        raise _incomplete(f"{' '.join(missing)} Re-examine the query-string parameters.")
    return Claims(
        credential=signing["X-Amz-Credential"],
        signature=signing["X-Amz-Signature"],
        signed_headers=_header_names(signing["X-Amz-SignedHeaders"]),
        date=signing["X-Amz-Date"],
        token=signing.get("X-Amz-Security-Token"),
        expires_seconds=_expires(signing.get("X-Amz-Expires")),
        is_presigned=True,
    )


def _expires(text: str | None) -> int | None:
    if text is None:
        return None
    seconds = int(text) if re.fullmatch(r"[0-9]{1,6}", text) else 0
    if not 1 <= seconds <= LONGEST_SECONDS:
        raise _incomplete(f"X-Amz-Expires must be a number of seconds from 1 to {LONGEST_SECONDS}")
    return seconds


def _named(parts: str) -> dict[str, str]:
    """`key=value` pairs behind the algorithm; the last of a repeated key counts."""
    found = {}
    for part in parts.split(","):
        name, equals, value = part.strip().partition("=")
        if equals:
            found[name] = value
    return found


def _header_names(text: str) -> tuple[str, ...]:
    return tuple(sorted(set(text.lower().split(";"))))


def _hashed(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return base64.b64encode(digest).decode()


def _incomplete(message: str) -> IdentityFault:
    return IdentityFault(Fault.INCOMPLETE_SIGNATURE, message)
