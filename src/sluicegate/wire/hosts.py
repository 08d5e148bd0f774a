"""Which names this server answers to: the defence against DNS rebinding.

A page in the user's browser can make any name it owns resolve to 127.0.0.1, so a listener on
loopback is reachable from the web. Only the Host header tells such a request apart.
"""

import re
from collections.abc import Iterator

from .echo import shown
from .message import Request

_OCTET = r"(?:0|[1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5])"
# Dotted decimal only: `127.1`, `0177.0.0.1`, `0x7f000001` and `2130706433` are other spellings of
# loopback that no client sends on its own.
_LOOPBACK = re.compile(rf"localhost|\[::1\]|127(?:\.{_OCTET}){{3}}")
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?")
LOOPBACK = "127.0.0.1"
# What proxies and browsers send, and programs do not.
_OF_OTHERS = ("forwarded", "x-forwarded-", "x-real-ip", "via", "origin", "sec-fetch-", "cookie")
_WEB = re.compile(r"https?://(.*)", re.IGNORECASE | re.DOTALL)
_ABSOLUTE_FORM = re.compile(r"[a-z][a-z0-9+.-]*://([^/?#]*)", re.IGNORECASE)


def check_host(request: Request, allowed: frozenset[str]) -> str | None:
    """None when the request is meant for this server; else the sentence that says what to set.

    `allowed` are names beyond loopback's, in lower case, IPv6 addresses in brackets, none with a
    port: each is good with any port. Asked before anything else of a request is looked at.
    """
    hosts = [value for name, value in request.headers if name == "host"]
    if len(hosts) != 1:
        return f"a request needs one Host header, this one has {len(hosts)}"
    for kind, text, authority in _authorities(request):
        if not _is_ours(authority, allowed):
            return (
                f"{kind} `{shown(text)}` is not allowed here; to allow it, add its name to the "
                "setting `allow_hosts` (SLUICEGATE_ALLOW_HOSTS)"
            )
    target = _ABSOLUTE_FORM.match(request.path)
    if target and target[1].lower() != hosts[0].strip(" \t").lower():
        return "the request line names another host than the Host header"
    return None


def is_own_machine(request: Request) -> bool:
    """Whether a program of this machine asks us itself: nobody on behalf of another.

    Asked after `check_host`. It came from 127.0.0.1 by loopback's own name: a name that is merely
    allowed is one that a proxy listens to, which must pass it on as it is, or no signature would
    hold. Nothing says that it was forwarded, or that a browser sent it for a page. From
    `functions.relay.ADDRESS` come functions, and from ::1 might: it is the only one of its kind.
    """
    if request.remote != LOOPBACK:
        return False
    if any(name.startswith(_OF_OTHERS) for name, _ in request.headers):
        return False
    host = _AUTHORITY.fullmatch((request.header("host") or "").strip(" \t").lower())
    return host is not None and bool(_LOOPBACK.fullmatch(host[1]))


def _authorities(request: Request) -> Iterator[tuple[str, str, str]]:
    """Kind, text and `name[:port]` of each header that says where a request goes or comes from."""
    for name, value in request.headers:
        if name == "host":
            yield name, value, value
        elif name == "origin":
            web = _WEB.fullmatch(value)
            yield name, value, web[1] if web else ""


def _is_ours(authority: str, allowed: frozenset[str]) -> bool:
    parts = _AUTHORITY.fullmatch(authority.strip(" \t").lower())
    if parts is None or int(parts[2] or 0) > 65535:
        return False
    return bool(_LOOPBACK.fullmatch(parts[1])) or parts[1] in allowed
