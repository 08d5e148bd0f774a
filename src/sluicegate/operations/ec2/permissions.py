"""IpPermissions, the shape requests put rules in, to rules and back."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Network
from typing import Any

from ...errors import AwsError
from ...network import ANY_PORT, ANY_PROTOCOL, Peer, PeerKind, Rule, Traffic
from ...store.database import Tx
from ...store.ec2 import groups
from ...store.ec2.groups import SecurityGroup
from ...store.ec2.things import Place
from . import limits
from .kinds import GROUP
from .refusals import block, missing

_NAMES = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}
_PORTED = ("tcp", "udp")
_TYPED = ("icmp", "icmpv6")
_PORTS = range(65536)
_TYPES = range(-1, 256)

_SIX = re.compile(r"[0-9a-fA-F:.]+/\d{1,3}", re.ASCII)
_DESCRIPTION = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}")
_ALLOWED = "less than 256 characters from the following set: a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"


@dataclass(frozen=True, slots=True)
class Asked:
    """A rule as a request puts it."""

    traffic: Traffic
    description: str | None


class Reader:
    """Reads the permissions a request sends for a group; groups are looked up in its VPC."""

    def __init__(self, tx: Tx, place: Place, group: SecurityGroup, *, is_egress: bool) -> None:
        self._tx = tx
        self._place = place
        self._group = group
        self._is_egress = is_egress

    def read(self, permissions: Sequence[Mapping[str, Any]]) -> list[Asked]:
        """The rules, in order: one per peer of each permission.

        More than a group may have are refused before any peer is looked up.
        """
        limits.keep(
            sum(len(peers) for permission in permissions for peers in _peers_of(permission)),
            limits.RULES_PER_GROUP,
            "RulesPerSecurityGroupLimitExceeded",
        )
        return [
            Asked(self._traffic(permission, peer), described(description))
            for permission in permissions
            for peer, description in self._peers(permission)
        ]

    def one(self, rule: Mapping[str, Any]) -> Asked:
        """The one rule of a ModifySecurityGroupRules request, spelled with other members."""
        permission = {
            "IpProtocol": rule.get("IpProtocol"),
            "FromPort": rule.get("FromPort"),
            "ToPort": rule.get("ToPort"),
            **{
                member: [{key: rule[name], "Description": rule.get("Description")}]
                for name, member, key in _SINGLE
                if rule.get(name)
            },
        }
        asked = self.read([permission])
        if len(asked) != 1:
            message = "Exactly one of " + ", ".join(name for name, _, _ in _SINGLE)
            raise AwsError("InvalidParameterCombination", f"{message} must be specified.")
        return asked[0]

    def _traffic(self, permission: Mapping[str, Any], peer: Peer) -> Traffic:
        protocol = _protocol(permission.get("IpProtocol"))
        first, last = _ports(protocol, permission.get("FromPort"), permission.get("ToPort"))
        return Traffic(self._is_egress, protocol, first, last, peer)

    def _peers(self, permission: Mapping[str, Any]) -> Iterator[tuple[Peer, str | None]]:
        if not any(_peers_of(permission)):
            message = "Either 'cidrIp', 'cidrIpv6', 'prefixListId' or 'groupId' should be provided."
            raise AwsError("MissingParameter", message)
        for member, key, kind, canonical in _PEERS:
            for given in permission.get(member) or ():
                if not given.get(key):
                    raise missing(key)
                yield Peer(kind, canonical(given[key])), given.get("Description")
        for pair in permission.get("UserIdGroupPairs") or ():
            yield Peer(PeerKind.GROUP, self._peer_group(pair)), pair.get("Description")

    def _peer_group(self, pair: Mapping[str, Any]) -> str:
        foreign = pair.get("UserId") not in (None, "", self._place.account)
        if pair.get("GroupId"):
            group_id = GROUP.check(pair["GroupId"])
            found = None if foreign else GROUP.require(self._tx, self._place, group_id)
        elif pair.get("GroupName"):
            name = pair["GroupName"]
            found = groups.named(self._tx, self._place, self._group.vpc_id, name)
            if found is None and not foreign:
                raise GROUP.missing(name)
        else:
            raise missing("groupId")
        # Another account's groups are in other networks, and no networks are peered.
        if found is None or foreign or found.vpc_id != self._group.vpc_id:
            message = "You have specified two resources that belong to different networks."
            raise AwsError("InvalidGroup.NotFound", message)
        return found.id


def described(description: str | None) -> str | None:
    """A rule's description, checked; an empty one is none."""
    if description and not _DESCRIPTION.fullmatch(description):
        message = f"Invalid rule description. Valid descriptions are strings {_ALLOWED}"
        raise AwsError("InvalidParameterValue", message)
    return description or None


def check_description(description: str) -> str:
    """A group's description, checked."""
    if not _DESCRIPTION.fullmatch(description):
        message = f"Invalid security group description. Valid descriptions are strings {_ALLOWED}"
        raise AwsError("InvalidParameterValue", message)
    return description


def rendered(rules: Iterable[Rule], account: str) -> list[dict[str, object]]:
    """Rules as IpPermissions: those of equal protocol and ports together."""
    grouped: dict[tuple[str, int, int], dict[str, Any]] = {}
    for rule in rules:
        traffic = rule.traffic
        key = (traffic.protocol, traffic.from_port, traffic.to_port)
        permission = grouped.setdefault(key, _bare(traffic))
        member, name = _MEMBERS[traffic.peer.kind]
        peer: dict[str, object] = {name: traffic.peer.name, "Description": rule.description}
        if traffic.peer.kind is PeerKind.GROUP:
            peer["UserId"] = account
        permission[member].append(peer)
    return list(grouped.values())


def has_ports(traffic: Traffic) -> bool:
    """Whether a permission for this traffic shows ports (or ICMP type and code)."""
    return traffic.protocol in (*_PORTED, *_TYPED)


def sentence(traffic: Traffic) -> str:
    """The traffic as AWS puts it into the error for a rule that is there already."""
    protocol = "ALL" if traffic.protocol == ANY_PROTOCOL else traffic.protocol.upper()
    words = [f"peer: {traffic.peer.name}", protocol]
    if traffic.protocol in _PORTED:
        words += [f"from port: {traffic.from_port}", f"to port: {traffic.to_port}"]
    if traffic.protocol in _TYPED:
        words += [f"type: {traffic.from_port}", f"code: {traffic.to_port}"]
    return ", ".join([*words, "ALLOW"])


def _peers_of(permission: Mapping[str, Any]) -> list[Sequence[Any]]:
    return [permission.get(member) or () for member, _ in _MEMBERS.values()]


def _bare(traffic: Traffic) -> dict[str, Any]:
    ports = {"FromPort": traffic.from_port, "ToPort": traffic.to_port}
    return {
        "IpProtocol": traffic.protocol,
        **(ports if has_ports(traffic) else {}),
        **{member: [] for member, _ in _MEMBERS.values()},
    }


def _protocol(given: str | None) -> str:
    if not given:
        raise missing("ipProtocol")
    name = _NAMES.get(given, given.lower())
    if name == ANY_PROTOCOL or name in _NAMES.values():
        return name
    if re.fullmatch(r"\d{1,3}", given, re.ASCII) and int(given) < 256:
        return _NAMES.get(str(int(given)), str(int(given)))
    message = f"Invalid value '{given}' for IP protocol. Unknown protocol."
    raise AwsError("InvalidParameterValue", message)


def _ports(protocol: str, first: int | None, last: int | None) -> tuple[int, int]:
    if protocol in _PORTED:
        return _port_range(first, last)
    if protocol in _TYPED:
        kind, code = (ANY_PORT if value is None else value for value in (first, last))
        for word, value in (("type", kind), ("code", code)):
            if value not in _TYPES:
                message = f"ICMP {word} ({value}) out of range"
                raise AwsError("InvalidParameterValue", message)
        if kind == ANY_PORT and code != ANY_PORT:
            message = "ICMP code must be -1 where the type is -1"
            raise AwsError("InvalidParameterValue", message)
        return kind, code
    # Other protocols have no ports, whatever was sent.
    return ANY_PORT, ANY_PORT


def _port_range(first: int | None, last: int | None) -> tuple[int, int]:
    if first is None or last is None:
        message = "Invalid value for portRange. Must specify both from and to ports with TCP/UDP."
        raise AwsError("InvalidParameterValue", message)
    for word, port in (("from", first), ("to", last)):
        if port not in _PORTS:
            message = f"TCP/UDP ({word}) port ({port}) out of range"
            raise AwsError("InvalidParameterValue", message)
    if first > last:
        message = f"Invalid TCP/UDP port range ({first}:{last})"
        raise AwsError("InvalidParameterValue", message)
    return first, last


def _cidr(text: str) -> str:
    try:
        return str(block(text, "cidrIp"))
    except AwsError:
        raise _malformed(text) from None


def _cidr6(text: str) -> str:
    try:
        if _SIX.fullmatch(text):
            return str(IPv6Network(text, strict=False))
    except ValueError:
        pass
    raise _malformed(text)


def _malformed(text: str) -> AwsError:
    return AwsError("InvalidParameterValue", f"CIDR block {text} is malformed")


def _prefix_list(text: str) -> str:
    if not re.fullmatch(r"pl-([0-9a-f]{8}|[0-9a-f]{17})", text):
        message = f'Invalid id: "{text}" (expecting "pl-...")'
        raise AwsError("InvalidPrefixListId.Malformed", message)
    return text


# Members of a permission that hold peers, and the member of each peer that names it.
_PEERS: Sequence[tuple[str, str, PeerKind, Callable[[str], str]]] = (
    ("IpRanges", "CidrIp", PeerKind.CIDR, _cidr),
    ("Ipv6Ranges", "CidrIpv6", PeerKind.CIDR6, _cidr6),
    ("PrefixListIds", "PrefixListId", PeerKind.PREFIX_LIST, _prefix_list),
)
_MEMBERS = {
    PeerKind.GROUP: ("UserIdGroupPairs", "GroupId"),
    **{kind: (member, key) for member, key, kind, _ in _PEERS},
}

# How ModifySecurityGroupRules spells the same: its member, and where a permission has it.
_SINGLE = (
    ("CidrIpv4", "IpRanges", "CidrIp"),
    ("CidrIpv6", "Ipv6Ranges", "CidrIpv6"),
    ("PrefixListId", "PrefixListIds", "PrefixListId"),
    ("ReferencedGroupId", "UserIdGroupPairs", "GroupId"),
)
