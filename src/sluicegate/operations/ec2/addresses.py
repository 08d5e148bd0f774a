"""Which private addresses an interface gets: those asked for, the rest from what is free."""

from collections.abc import Collection, Iterable, Sequence
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from itertools import islice

from ...errors import AwsError
from ..operation import Params
from .limits import ADDRESSES_PER_INTERFACE, keep
from .refusals import invalid, missing

_RESERVED_FIRST = 4


def wanted(params: Params) -> tuple[str | None, list[str]]:
    """The primary address a Create request asks for, if any, and the secondary ones."""
    listed = params.get("PrivateIpAddresses") or []
    for item in listed:
        if not item.get("PrivateIpAddress"):
            raise missing("PrivateIpAddress")
    primary = [item["PrivateIpAddress"] for item in listed if item.get("Primary")]
    if params.get("PrivateIpAddress"):
        primary.append(params["PrivateIpAddress"])
    if len(primary) > 1:
        message = "Only one primary private IP address can be specified."
        raise AwsError("InvalidParameterCombination", message)
    if listed and params.get("SecondaryPrivateIpAddressCount"):
        message = "privateIpAddresses and secondaryPrivateIpAddressCount cannot both be specified."
        raise AwsError("InvalidParameterCombination", message)
    secondary = [item["PrivateIpAddress"] for item in listed if not item.get("Primary")]
    return (primary[0] if primary else None), secondary


def count_of(params: Params) -> int:
    """How many secondary addresses of whichever value a request asks for."""
    count: int = params.get("SecondaryPrivateIpAddressCount") or 0
    if count < 0:
        raise invalid(count, "secondaryPrivateIpAddressCount", "It must not be negative.")
    return count


def check(asked: Sequence[str], cidr: str) -> None:
    """Addresses that may be given out in this subnet, each once; else an error."""
    network = IPv4Network(cidr)
    for text in asked:
        address = _parsed(text)
        if address not in network:
            message = f"Address {text} does not fall within the subnet's address range"
            raise AwsError("InvalidParameterValue", message)
        first = address - int(network.network_address)
        if int(first) < _RESERVED_FIRST or address == network.broadcast_address:
            message = f"Address {text} is in subnet's reserved address range"
            raise AwsError("InvalidParameterValue", message)
    if len(set(asked)) < len(asked):
        message = "The same private IP address must not appear multiple times"
        raise AwsError("InvalidParameterValue", message)


def in_use(address: str) -> AwsError:
    """The error for an address somebody has."""
    return AwsError("InvalidIPAddress.InUse", f"Address {address} is in use.")


def keep_limit(count: int) -> None:
    """Refuse more addresses than one interface may have."""
    keep(count, ADDRESSES_PER_INTERFACE, "PrivateIpAddressLimitExceeded")


def allocate(cidr: str, taken: Collection[str], count: int) -> list[str]:
    """The first `count` addresses of the subnet nobody has."""
    found = list(islice(_free(cidr, taken), count))
    if len(found) < count:
        message = "The specified subnet does not have enough free addresses to satisfy the request."
        raise AwsError("InsufficientFreeAddressesInSubnet", message)
    return found


def _free(cidr: str, taken: Collection[str]) -> Iterable[str]:
    network = IPv4Network(cidr)
    first = int(network.network_address) + _RESERVED_FIRST
    for number in range(first, int(network.broadcast_address)):
        address = str(IPv4Address(number))
        if address not in taken:
            yield address


def _parsed(text: str) -> IPv4Address:
    try:
        return IPv4Address(text)
    except AddressValueError:
        raise invalid(text, "privateIpAddress", "Invalid IPv4 address.") from None
