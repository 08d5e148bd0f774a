"""What functions may reach beyond our endpoint: the rule of setting `functions_reach`. Pure.

A connection is judged twice: by what was asked for (a name or an address, and a port), before any
name is looked up, and by the address it would go to. The second is what keeps a name that is listed
from leading to this host or into its networks: only who lists an address opens those.
"""

import re
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,62})"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_NAME_LENGTH = 253
# What ends so is an address to the C library, in one of its old notations: 127.1, 0x7f000001.
_ENDS_IN_A_NUMBER = re.compile(r"(?:.*\.)?(?:\d+|0x[0-9a-f]*)")

# Addresses that are not everybody's: this host, its networks, groups, and what is set aside.
_SPECIAL: tuple[Network, ...] = tuple(
    ip_network(each)
    for each in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        # A cloud's agent for its machines, among addresses that look like any other.
        "168.63.129.16/32",
        # All but 2000::/3, and in it the tunnels to IPv4 and what is for protocols and examples.
        *("::/3", "4000::/2", "8000::/1"),
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)
# Where clouds give machines their credentials: a name must not lead there, whatever is listed.
_NEVER_BY_NAME: tuple[Network, ...] = tuple(
    ip_network(each) for each in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32")
)
_TRANSLATED = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry: a name (`*` for any, `*.suffix`) or a range of addresses; port 0 is any."""

    name: str
    network: Network | None
    port: int

    def lists_name(self, name: str, port: int) -> bool:
        if self.network is not None or self.port not in (0, port):
            return False
        return self.name in ("*", name) or (
            self.name.startswith("*.") and name.endswith(self.name[1:])
        )

    def lists_address(self, address: Address, port: int) -> bool:
        """A range that is wider than what is set aside does not open that part of it."""
        if self.network is None or self.port not in (0, port) or not _in(address, self.network):
            return False
        around = [each for each in _SPECIAL if _in(address, each)]
        return not around or any(_within(self.network, each) for each in around)


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be reached; nothing when it is empty."""

    entries: tuple[_Entry, ...] = ()

    @classmethod
    def read(cls, text: str) -> "Reach":
        """From `HOST:PORT,…`; `ValueError` says what is wrong with the first wrong entry."""
        entries = (each.strip().lower() for each in text.split(","))
        return cls(tuple(_entry(each) for each in entries if each))

    def __bool__(self) -> bool:
        """Whether there is anything to reach."""
        return bool(self.entries)

    def allows(self, host: str, port: int) -> bool:
        """Whether that may be asked for: `host` as `host_of` gives it."""
        address = address_of(host)
        if address is None:
            return any(each.lists_name(host, port) for each in self.entries)
        return self._lists(address, port) or (
            any(each.lists_name("*", port) for each in self.entries)
        )

    def opens(self, address: Address, port: int, *, by_name: bool, is_ours: bool) -> bool:
        """Whether what was allowed may lead to that address. `is_ours`: one of this host's own."""
        judged = _judged(address)
        if by_name and any(_in(judged, each) for each in _NEVER_BY_NAME):
            return False
        is_special = is_ours or any(_in(judged, each) for each in _SPECIAL)
        return not is_special or self._lists(judged, port)

    def _lists(self, address: Address, port: int) -> bool:
        return any(each.lists_address(_judged(address), port) for each in self.entries)


def host_of(text: str) -> str | None:
    """The name or address in `text`, in the one form that is judged; None when it is neither."""
    text = text.lower()
    if text.startswith("[") and text.endswith("]"):
        address = address_of(text[1:-1])
        return str(address) if address and ":" in text else None
    text = text.removesuffix(".")
    if isinstance(address_of(text), IPv4Address):
        return text
    is_name = len(text) <= _NAME_LENGTH and _NAME.fullmatch(text)
    return text if is_name and not _ENDS_IN_A_NUMBER.fullmatch(text) else None


def address_of(text: str) -> Address | None:
    """The address that `text` is, of IPv4 where it is one of that in IPv6's writing; None for a
    name, or with a zone."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if "%" in text:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _entry(text: str) -> _Entry:
    if "://" in text:
        raise ValueError(f"`{text}` is a URL; say the host and the port alone")
    host, colon, port = text.rpartition(":")
    if not colon or not host:
        raise ValueError(f"`{text}` has no port; say `{text.strip(':')}:443`, or `:*` for any")
    if port != "*" and not (re.fullmatch(r"[0-9]{1,5}", port) and 0 < int(port) < 65536):
        raise ValueError(f"`{text}` ends in no port: a number from 1 to 65535, or `*`")
    name, network = _host(text, host)
    return _Entry(name, network, 0 if port == "*" else int(port))


def _host(text: str, host: str) -> tuple[str, Network | None]:
    if "/" in host or ":" in host:
        return "", _network(text, host)
    suffix = host.removeprefix("*.")
    if host == "*" or (suffix != host and host_of(suffix) and not address_of(suffix)):
        return host, None
    known = host_of(host)
    if known is None:
        raise ValueError(f"`{text}` names no host: a name, `*.` and a name, an address or a range")
    address = address_of(known)
    return ("", ip_network(address)) if address else (known, None)


def _network(text: str, host: str) -> Network:
    if ":" in host and not (host.startswith("[") and host.endswith("]")):
        raise ValueError(f"`{text}`: write an IPv6 address in brackets, `[fd00::1]:443`")
    if "%" in host:
        raise ValueError(f"`{text}` names a zone; addresses are listed without")
    text_of_it = host.removeprefix("[").removesuffix("]")
    try:
        network = ip_network(address_of(text_of_it) or text_of_it)
    except ValueError as error:
        raise ValueError(f"`{text}` names no range of addresses: {error}") from None
    if network.prefixlen == 0:
        # Who writes it means the internet, and not this host and its networks.
        raise ValueError(f"`{text}` is every address; `*` is every name and every public address")
    return network


def _judged(address: Address) -> Address:
    """The IPv4 address that a gateway makes of an IPv6 one."""
    if isinstance(address, IPv6Address) and address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _in(address: Address, network: Network) -> bool:
    return address.version == network.version and address in network


def _within(inner: Network, outer: Network) -> bool:
    if isinstance(inner, IPv4Network) and isinstance(outer, IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(inner, IPv6Network) and isinstance(outer, IPv6Network):
        return inner.subnet_of(outer)
    return False
