"""May this security group reach that port: from rules to a verdict with its reason."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv4Network, IPv6Network, ip_network

ANY_PROTOCOL = "-1"
ANY_PORT = -1
"""The first and last port of a rule whose protocol has none, or lets all through."""


class PeerKind(Enum):
    """What the other side of a rule is named by."""

    CIDR = "cidr"
    CIDR6 = "cidr6"
    PREFIX_LIST = "prefix list"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Peer:
    """The other side of a rule: a CIDR block, or the id of a prefix list or group."""

    kind: PeerKind
    name: str


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a rule is about; two rules of one group with equal traffic are the same rule.

    Ports are ICMP type and code for ICMP, `ANY_PORT` where the protocol has none.
    """

    is_egress: bool
    protocol: str
    from_port: int
    to_port: int
    peer: Peer


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a security group: it lets its traffic through, no rule forbids."""

    id: str
    group_id: str
    traffic: Traffic
    description: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Side:
    """One end of a connection: its security groups, and the CIDR blocks its addresses are in."""

    groups: frozenset[str]
    blocks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the connection is let through, and by which rules or why not.

    `rules` are the ids of those that let it out and in, in that order; `reason` is a sentence.
    """

    allowed: bool
    rules: tuple[str, ...] = ()
    reason: str = ""


def judge(source: Side, target: Side, port: int, rules: Iterable[Rule]) -> Verdict:
    """May `source` open a TCP connection to `port` of `target`, whichever addresses they have?

    `rules` are those of the groups of both sides; others are ignored. Rules are stateful, so the
    way back is not asked. A prefix list matches nothing: its entries are not known here.
    """
    known = list(rules)
    used: list[str] = []
    for is_egress, own, other in ((True, source, target), (False, target, source)):
        candidates = [
            rule
            for rule in known
            if rule.group_id in own.groups and _is_about(rule.traffic, is_egress, port)
        ]
        chosen = _covering(candidates, other)
        if chosen is None:
            return Verdict(False, reason=_refusal(is_egress, own, other, port))
        used += chosen
    return Verdict(True, tuple(dict.fromkeys(used)))


def _is_about(traffic: Traffic, is_egress: bool, port: int) -> bool:
    if traffic.is_egress != is_egress:
        return False
    if traffic.protocol == ANY_PROTOCOL:
        return True
    return traffic.protocol == "tcp" and traffic.from_port <= port <= traffic.to_port


def _covering(rules: list[Rule], other: Side) -> list[str] | None:
    """The rules that together let all of `other` through: one naming its group, or its blocks."""
    for rule in rules:
        if rule.traffic.peer.kind is PeerKind.GROUP and rule.traffic.peer.name in other.groups:
            return [rule.id]
    chosen = [_block_rule(rules, ip_network(block)) for block in other.blocks]
    if not chosen or None in chosen:
        return None
    return [rule for rule in chosen if rule is not None]


def _block_rule(rules: list[Rule], block: IPv4Network | IPv6Network) -> str | None:
    return next((rule.id for rule, allowed in _blocks(rules) if _holds(allowed, block)), None)


def _blocks(rules: list[Rule]) -> Iterator[tuple[Rule, IPv4Network | IPv6Network]]:
    for rule in rules:
        if rule.traffic.peer.kind in (PeerKind.CIDR, PeerKind.CIDR6):
            yield rule, ip_network(rule.traffic.peer.name)


def _holds(outer: IPv4Network | IPv6Network, inner: IPv4Network | IPv6Network) -> bool:
    if isinstance(outer, IPv4Network) and isinstance(inner, IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(outer, IPv6Network) and isinstance(inner, IPv6Network):
        return inner.subnet_of(outer)
    return False


def _refusal(is_egress: bool, own: Side, other: Side, port: int) -> str:
    groups, peers = (_quoted(sorted(side.groups)) for side in (own, other))
    blocks = _quoted(other.blocks)
    direction, way = ("outbound", "out to") if is_egress else ("inbound", "in from")
    return f"no {direction} rule of {groups} lets TCP port {port} {way} {peers}" + (
        f" or all of {blocks}" if blocks else ""
    )


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
