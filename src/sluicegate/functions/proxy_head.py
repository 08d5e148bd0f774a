"""The heads of requests to the proxy: `CONNECT host:port`, and whole URLs in plain HTTP.

The other side is function code, so what is not clear is refused: whoever answers outside must see
one request, the one that was judged here.
"""

import re
from dataclasses import dataclass

from ..reach import host_of

HEAD_BYTES = 16_384
_MOST_FIELDS = 100
_REASONS = {
    400: "Bad Request",
    403: "Forbidden",
    408: "Request Timeout",
    411: "Length Required",
    431: "Request Header Fields Too Large",
    502: "Bad Gateway",
    503: "Service Unavailable",
}
_REQUEST = re.compile(rb"([A-Za-z]{1,32}) ([!-~]+) (HTTP/1\.[01])")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(rb"[^\x00\r\n]*")
_URL = re.compile(r"(?i:http)://([^/?#]*)([/?][^#]*)?")
_AUTHORITY = re.compile(r"(\[[^]]*\]|[^:\[\]]*)(?::([0-9]{1,5}))?")
_LENGTH = re.compile(rb"[0-9]{1,15}")
# Between the function and us alone.
_OURS = frozenset(
    {
        *(b"connection", b"proxy-connection", b"keep-alive", b"te", b"trailer", b"upgrade"),
        *(b"proxy-authorization", b"proxy-authenticate", b"transfer-encoding", b"host"),
    }
)

_Fields = list[tuple[bytes, bytes, bytes]]


class Refused(Exception):
    """The request is answered with a status and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status

    def answer(self) -> bytes:
        """The response. The sentence is its reason too: of a tunnel, clients show nothing else."""
        reason = f"{_REASONS[self.status]}: {self}"
        body = f"{self}\n".encode("ascii", "replace")
        head = (
            f"HTTP/1.1 {self.status} {' '.join(reason.split())}\r\nConnection: close\r\n"
            f"Content-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode("ascii", "replace") + body


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where to connect to, and what is passed on: `head`, then `length` bytes; or, of a tunnel,
    everything (None)."""

    host: str
    port: int
    head: bytes = b""
    length: int | None = None

    @property
    def place(self) -> str:
        """Host and port as people write them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read(head: bytes) -> Wanted:
    """What a head (without the empty line) asks for; `Refused` says why it is not done."""
    first, *lines = head.split(b"\r\n")
    request = _REQUEST.fullmatch(first)
    if request is None:
        raise Refused(400, "the request line is none of HTTP/1.1")
    if len(lines) > _MOST_FIELDS:
        raise Refused(431, f"the head has more than {_MOST_FIELDS} fields")
    fields = [_field(line) for line in lines]
    method, target, version = request[1], request[2].decode("ascii"), request[3]
    if method == b"CONNECT":
        return Wanted(*_authority(target, None))
    url = _URL.fullmatch(target)
    if url is None:
        raise Refused(400, "this is a proxy: ask it for a whole http:// URL, or CONNECT for others")
    host, port = _authority(url[1], 80)
    length = _length(fields)
    path = url[2] or "/"
    path = path if path.startswith("/") else f"/{path}"
    wanted = Wanted(host, port, b"", length)
    authority = wanted.place.removesuffix(":80")
    kept = [
        b"%b %b %b" % (method, path.encode("ascii"), version),
        b"Host: " + authority.encode("ascii"),
        *(b"%b: %b" % (name, value) for name, _, value in _passed_on(fields)),
        b"Connection: close",
    ]
    return Wanted(host, port, b"\r\n".join(kept) + b"\r\n\r\n", length)


def _field(line: bytes) -> tuple[bytes, bytes, bytes]:
    # One pattern for all of it, with spaces around a value, would take their number cubed.
    name, colon, value = line.partition(b":")
    value = value.strip(b" \t")
    if not colon or not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
        raise Refused(400, "a line of the head is no field")
    return name, name.lower(), value


def _authority(text: str, default: int | None) -> tuple[str, int]:
    found = _AUTHORITY.fullmatch(text)
    host = host_of(found[1]) if found else None
    if found is None or host is None:
        raise Refused(400, "the request names no host")
    port = int(found[2]) if found[2] else default
    if port is None or not 0 < port < 65536:
        raise Refused(400, "the request names no port")
    return host, port


def _length(fields: _Fields) -> int:
    if any(name == b"transfer-encoding" for _, name, _ in fields):
        raise Refused(411, "a body of unknown length is passed on in tunnels alone: use CONNECT")
    lengths = [value for _, name, value in fields if name == b"content-length"]
    if not lengths:
        return 0
    if len(lengths) > 1 or not _LENGTH.fullmatch(lengths[0]):
        raise Refused(400, "the request has no clear Content-Length")
    return int(lengths[0])


def _passed_on(fields: _Fields) -> _Fields:
    named = {
        option.strip().lower()
        for _, name, value in fields
        if name in (b"connection", b"proxy-connection")
        for option in value.split(b",")
    }
    # Of a body that is passed on, the length must be, whatever is said of it.
    dropped = _OURS | (named - {b"content-length"})
    return [each for each in fields if each[1] not in dropped]
