"""Bodies that were right once: cut, doubled, bent and stuffed, as JSON and as forms."""

import json
from typing import Any

from hypothesis import strategies as st
from tests.wire.fuzz.values import LITERALS

_MARK = "\u2603 a value stood here"

# The names of fields no list, map or structure has, and of many that are one.
_ODD_STEPS = (
    "",
    ".",
    "..",
    ".member",
    ".member.1",
    ".1",
    ".0",
    ".01",
    ".-1",
    ".99999999",
    ".999999",
    ".٣",
    ".1.1.1.1",
    ".entry.1.key",
    ".1.Value.1",
    ".99999999.Value.1",
    ".member." + "9" * 5_000,
    ".member.1" * 5_000,
    "\0",
    "\ud800",
)
_ODD_BYTES = (
    b"",
    b"%",
    b"%0",
    b"%zz",
    b"%00",
    b"%ff",
    b"%C0%80",
    b"%ED%A0%80",
    b"%u0041",
    b"+",
    b"&&&&",
    b"=",
    b"=&=",
    b";",
    b"\xff\xfe",
    b"\x00",
    b"\r\n\r\n",
    b"&Action=CreateUser",
    b"&Version=2010-05-08",
    b"&" * 100_000,
    b"&a=b" * 50_000,
    b"".join(b"&Tags.member.%d.Key=x" % number for number in range(1, 15_000)),
    b"%41" * 300_000,
    b"x" * 1_000_000,
)
_ODD_JSON = (
    b"",
    b"\xef\xbb\xbf",
    b"\x00",
    b"\xff",
    b"{",
    b"}",
    b",",
    b"//",
    b'"x":1,',
    b" " * 100_000,
    b"[" * 50_000,
    b'{"a":' * 50_000,
    b"x" * 1_000_000,
)
_WHOLE_JSON = (
    b"",
    b" ",
    b"null",
    b"true",
    b'"x"',
    b"[]",
    b"[{}]",
    b"{}{}",
    b"\xef\xbb\xbf{}",
    b"{\xff}",
    "{}".encode("utf-16"),
    b"Action=CreateUser&Version=2010-05-08",
    b"<xml/>",
    b"x" * (10 * 1024 * 1024),
    b" " * (10 * 1024 * 1024 + 1),
    b"[" * (10 * 1024 * 1024),
    b'{"a":"' + b"x" * (10 * 1024 * 1024 - 20) + b'"}',
    b"[" + b"{}," * (3 * 1024 * 1024) + b"{}]",
    b"{" + b",".join(b'"%d":0' % number for number in range(500_000)) + b"}",
    *LITERALS,
)
_WHOLE_FORMS = (
    b"",
    b"&",
    b"=",
    b"Action",
    b"Action=",
    b"Version=2010-05-08",
    b"{}",
    b"\xff\x00",
    b"x" * (10 * 1024 * 1024),
    b"%" * (1024 * 1024),
    b"a=b&" * 500_000,
    b"a.b." * 500_000 + b"=x",
)


@st.composite
def _cut(draw: st.DrawFn, body: bytes, pieces: tuple[bytes, ...]) -> bytes:
    """`body` with something put into it, and perhaps without its end."""
    at, rest = draw(st.integers(0, len(body))), draw(st.integers(0, len(body)))
    return body[:at] + draw(st.sampled_from(pieces)) + body[max(at, rest) if rest % 3 else at :]


@st.composite
def json_bodies(draw: st.DrawFn, body: bytes) -> bytes:
    """JSON bodies near `body`, and some far from it."""
    match draw(st.integers(0, 5)):
        case 0:
            return draw(st.sampled_from(_WHOLE_JSON))
        case 1:
            return draw(_cut(body, _ODD_JSON))
        case 2:
            return _doubled(draw, json.loads(body))
    found = json.loads(body)
    places = list(_places(found))
    if not places:
        return draw(st.sampled_from(_WHOLE_JSON))
    inside, key = draw(st.sampled_from(places))
    inside[key] = _MARK
    return (
        json.dumps(found, ensure_ascii=False)
        .encode("utf-8", "surrogatepass")
        .replace(f'"{_MARK}"'.encode(), draw(st.sampled_from(LITERALS)))
    )


def _doubled(draw: st.DrawFn, found: dict[str, Any]) -> bytes:
    """Each member twice, the second time as something else."""
    pairs = [
        (json.dumps(name).encode(), json.dumps(value).encode()) for name, value in found.items()
    ]
    other = draw(st.sampled_from(LITERALS[:10]))
    return b"{" + b",".join(b"%s:%s,%s:%s" % (n, v, n, other) for n, v in pairs) + b"}"


def _places(value: Any) -> Any:
    """Every place in a JSON value where another could stand: a container and a key of it."""
    keys = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    for key in keys:
        yield value, key
        yield from _places(value[key])


@st.composite
def forms(draw: st.DrawFn, body: bytes) -> bytes:
    """Forms near `body`, and some far from it."""
    match draw(st.integers(0, 4)):
        case 0:
            return draw(st.sampled_from(_WHOLE_FORMS))
        case 1:
            return draw(_cut(body, _ODD_BYTES))
    pairs = body.split(b"&")
    at = draw(st.integers(0, len(pairs) - 1))
    name, _, value = pairs[at].partition(b"=")
    match draw(st.integers(0, 3)):
        case 0:
            pairs.insert(at, pairs[at])
        case 1:
            pairs.append(b"%s=%s" % (draw(st.sampled_from(_ODD_BYTES)), value))
        case 2:
            pairs[at] = b"%s=%s" % (name, draw(st.sampled_from(_ODD_BYTES)))
        case _:
            step = draw(st.sampled_from(_ODD_STEPS)).encode("utf-8", "surrogatepass")
            stem = name.split(b".")[0] if draw(st.booleans()) else name
            pairs.append(b"%s%s=%s" % (stem, step, value))
    return b"&".join(pairs)
