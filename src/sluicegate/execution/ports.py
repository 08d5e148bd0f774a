"""Whether a trigger's interfaces may reach the brokers' port, from what EC2 tells of groups."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .. import network
from ..network import Peer, PeerKind, Rule, Side, Traffic
from .findings import PortClosed

# Where an answer keeps each kind of peer, and what it calls the peer there.
_PEERS = (
    ("IpRanges", "CidrIp", PeerKind.CIDR),
    ("Ipv6Ranges", "CidrIpv6", PeerKind.CIDR6),
    ("PrefixListIds", "PrefixListId", PeerKind.PREFIX_LIST),
    ("UserIdGroupPairs", "GroupId", PeerKind.GROUP),
)


def closed(
    groups: Sequence[Mapping[str, Any]], blocks: tuple[str, ...], port: int
) -> PortClosed | None:
    """Why interfaces in these groups and blocks cannot reach a port of others like them.

    A trigger's interfaces are in its cluster's groups and subnets: the groups must let it in from
    themselves.
    """
    side = Side(frozenset(group["GroupId"] for group in groups), blocks)
    rules = [rule for group in groups for rule in _rules(group)]
    verdict = network.judge(side, side, port, rules)
    return None if verdict.allowed else PortClosed(port, verdict.reason)


def _rules(group: Mapping[str, Any]) -> Iterator[Rule]:
    for member, is_egress in (("IpPermissions", False), ("IpPermissionsEgress", True)):
        for permission in group.get(member) or ():
            for peer in _peers(permission):
                traffic = Traffic(
                    is_egress,
                    permission["IpProtocol"],
                    _port(permission.get("FromPort")),
                    _port(permission.get("ToPort")),
                    peer,
                )
                # DescribeSecurityGroups tells no rule's own id.
                yield Rule(group["GroupId"], group["GroupId"], traffic)


def _peers(permission: Mapping[str, Any]) -> Iterator[Peer]:
    for member, name, kind in _PEERS:
        for each in permission.get(member) or ():
            yield Peer(kind, each[name])


def _port(given: int | None) -> int:
    return network.ANY_PORT if given is None else given
