"""Values of condition operators that are not plain text. Each raises `ValueError` on other text."""

import binascii
import re
from base64 import b64decode
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from types import MappingProxyType

_NUMBER = re.compile(
    r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,3})?"
)
_YEAR = re.compile(r"[0-9]{4}")
_EPOCH = re.compile(r"-?[0-9]{1,18}")
_DATE = re.compile(
    r"([0-9]{4})-([0-9]{2})(?:-([0-9]{2})"
    r"(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?)?"
)
_PREFIX_LENGTH = re.compile(r"[0-9]{1,3}")
_MAPPED_BITS = 96
_TRUTHS = MappingProxyType({"true": True, "false": False})


def number(text: str) -> Decimal:
    """An integer or decimal fraction; exact, so 0.1 equals 0.10 and nothing else."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"`{text}` is not a number")
    return Decimal(text)


def moment(text: str) -> Decimal:
    """Seconds since the epoch of an ISO 8601 date (four digits are a year) or of epoch seconds.

    A time without a zone is UTC. Fractions of epoch seconds are not understood.
    """
    if _YEAR.fullmatch(text):
        return Decimal(int(datetime(int(text), 1, 1, tzinfo=UTC).timestamp()))
    if _EPOCH.fullmatch(text):
        return Decimal(text)
    found = _DATE.fullmatch(text)
    if not found:
        raise ValueError(f"`{text}` is not a date")
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    whole = datetime(
        int(year), int(month), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0),
        tzinfo=UTC,
    )  # fmt: skip
    return Decimal(int(whole.timestamp()) - _offset_seconds(zone)) + Decimal(f"0.{fraction or 0}")


def _offset_seconds(zone: str | None) -> int:
    if zone in (None, "Z"):
        return 0
    assert zone is not None
    digits = zone[1:].replace(":", "")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 23 or minutes > 59:
        raise ValueError(f"`{zone}` is not a time zone")
    seconds = hours * 3600 + minutes * 60
    return -seconds if zone[0] == "-" else seconds


def truth(text: str) -> bool:
    """`true` or `false`, in any letter case."""
    known = _TRUTHS.get(text.lower())
    if known is None:
        raise ValueError(f"`{text}` is neither true nor false")
    return known


def octets(text: str) -> bytes:
    """The bytes a base64 text stands for."""
    try:
        return b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError(f"`{text}` is not base64") from error


Address = tuple[int, int]
"""An IP address: its version, and its bits as a number."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """A range of IP addresses: those of `version` that equal `network` under `mask`."""

    version: int
    network: int
    mask: int


@lru_cache(maxsize=1024)  # reading one costs more than the rest of a decision's condition
def address(text: str) -> Address:
    """One address; an IPv4 address written as IPv6 (`::ffff:10.0.0.1`) is the IPv4 address."""
    if "%" in text:
        raise ValueError(f"`{text}` has a zone")
    found = ip_address(text)
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    found = mapped or found
    return found.version, int(found)


def addresses(text: str) -> Addresses:
    """An address or a network in CIDR notation; bits beyond the prefix are ignored."""
    host, slash, length = text.partition("/")
    if "%" in host or (slash and not _PREFIX_LENGTH.fullmatch(length)):
        raise ValueError(f"`{text}` is not an address range")
    network = ip_network(text, strict=False)
    start, bits = network.network_address, network.prefixlen
    if isinstance(start, IPv6Address) and start.ipv4_mapped and bits >= _MAPPED_BITS:
        network = ip_network((int(start.ipv4_mapped), bits - _MAPPED_BITS))
    return Addresses(network.version, int(network.network_address), int(network.netmask))
