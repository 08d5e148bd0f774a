"""The canonical form of a request, as every AWS service but S3 has it.

The path is normalised and encoded once more than on the wire, so that an ARN that travels as
`arn%3Aaws` is signed as `arn%253Aaws`. The rules are those of the Signature Version 4 reference,
"Create a signed AWS API request"; where it is silent, botocore's signer is followed.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias
from urllib.parse import quote, unquote_to_bytes

from ...errors import AwsError, Fault, IdentityFault

Pair: TypeAlias = tuple[str, str]

_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def path(raw: str) -> str:
    """The canonical form of the raw path; `InvalidURI` when it is none or leaves the root."""
    if raw == "/":
        return raw
    if not raw.startswith("/") or _BROKEN_ESCAPE.search(raw):
        raise _invalid_uri()
    kept: list[str] = []
    for segment in raw.split("/"):
        if segment == "..":
            if not kept:
                raise _invalid_uri()
            kept.pop()
        elif segment not in ("", "."):
            kept.append(segment)
    # botocore's reading of RFC 3986 5.2.4: `/a/b/..` is `/a`, without the slash.
    tail = "/" if kept and raw.endswith("/") else ""
    return f"/{_encoded('/'.join(kept), safe='/')}{tail}"


def parameters(raw: str) -> list[Pair]:
    """The name-value pairs of the raw query, each canonically encoded, in arrival order."""
    if not raw:
        return []
    broken = _BROKEN_ESCAPE.search(raw)
    if broken:
        raise IdentityFault(Fault.MALFORMED_QUERY, _escape_fault(raw, broken.start()))
    pairs = (part.partition("=") for part in raw.split("&") if part)
    return [(_normal(name), _normal(value)) for name, _, value in pairs]


def query(pairs: Iterable[Pair]) -> str:
    """Canonically encoded pairs as one string, in byte order of name, then value."""
    # Pairs are sorted before they are joined: `a=` sorts behind `a-` as text, before it as a name.
    return "&".join([f"{name}={value}" for name, value in sorted(pairs)])


def headers(values: Mapping[str, Sequence[str]], names: Iterable[str]) -> str:
    """The signed headers, a line each: blanks trimmed and squeezed, repeated ones joined.

    A name that did not arrive stands with an empty value, which is not what its sender signed.
    """
    lines = []
    for name in names:
        joined = ",".join([" ".join(value.split()) for value in values.get(name, ())])
        lines.append(f"{name}:{joined}\n")
    return "".join(lines)


def encodings(text: str) -> tuple[bytes, ...]:
    """The bytes a client may have hashed for `text`; one unless a header is not ASCII.

    A header's bytes arrive as Latin-1 text. Python clients hash UTF-8 and send Latin-1, others
    hash and send UTF-8: either is accepted.
    """
    utf8 = text.encode("utf-8", "surrogatepass")
    if text.isascii():
        return (utf8,)
    try:
        return utf8, text.encode("latin-1")
    except UnicodeEncodeError:
        return (utf8,)


def _normal(text: str) -> str:
    if "%" in text:
        return quote(unquote_to_bytes(text.encode("utf-8", "surrogatepass")), safe="")
    return _encoded(text, safe="")


def _encoded(text: str, *, safe: str) -> str:
    return quote(text, safe=safe, errors="surrogatepass")


def _escape_fault(raw: str, at: int) -> str:
    escape = raw[at : at + 3].partition("&")[0]
    if len(escape) < 3:
        return "Incomplete trailing escape % sequence"
    shown = escape.encode("ascii", "replace").decode()
    return f"Illegal hex character in escape % pattern: {shown}"


def _invalid_uri() -> AwsError:
    return AwsError("InvalidURI", "Couldn't parse the specified URI.", status=400)
