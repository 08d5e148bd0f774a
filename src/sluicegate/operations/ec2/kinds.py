"""The kinds of things in a network: how their ids look, what they are called, where they are."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from ...errors import AwsError
from ...network import Rule
from ...store.database import Tx
from ...store.ec2 import groups, interfaces, regions, rules, subnets, surroundings, vpcs
from ...store.ec2.groups import SecurityGroup
from ...store.ec2.interfaces import Interface
from ...store.ec2.regions import DhcpOptions
from ...store.ec2.subnets import Subnet
from ...store.ec2.surroundings import InternetGateway, NetworkAcl, RouteTable
from ...store.ec2.things import Ids, Place
from ...store.ec2.vpcs import Vpc
from .limits import keep_named


class Thing(Protocol):
    """What all kinds have."""

    @property
    def id(self) -> str: ...

    @property
    def tags(self) -> Mapping[str, str]: ...


T = TypeVar("T", bound=Thing)


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """`type` is its word in ARNs and tag specifications, `prefix` begins its ids.

    `noun` is its word in "The … 'x' does not exist"; `not_found` and `malformed` are error codes;
    `id_key` the condition key that holds its id, if it has one.
    """

    type: str
    prefix: str
    noun: str
    not_found: str
    malformed: str
    id_key: str
    load: Callable[[Tx, Place, Ids], Sequence[T]]

    def check(self, id: str) -> str:
        """`id` itself, when it looks like one of this kind."""
        if not re.fullmatch(rf"{self.prefix}-([0-9a-f]{{8}}|[0-9a-f]{{17}})", id):
            raise AwsError(self.malformed, f'Invalid id: "{id}" (expecting "{self.prefix}-...")')
        return id

    def missing(self, id: str) -> AwsError:
        """The error that says there is none."""
        return AwsError(self.not_found, f"The {self.noun} '{id}' does not exist")

    def find(self, tx: Tx, place: Place, id: str) -> T | None:
        """The thing with this id, or None: for questions, which come before any check."""
        return next(iter(self.load(tx, place, [id])), None)

    def require(self, tx: Tx, place: Place, id: str) -> T:
        """The thing with this id; malformed and unknown ones are refused."""
        thing = self.find(tx, place, self.check(id))
        if thing is None:
            raise self.missing(id)
        return thing

    def require_all(self, tx: Tx, place: Place, ids: Iterable[str], member: str) -> list[T]:
        """The things with these ids, in order; the first malformed or unknown one is refused."""
        wanted = list(dict.fromkeys(ids))
        keep_named(wanted, member)
        for wrong in wanted:
            self.check(wrong)
        found = {thing.id: thing for thing in self.load(tx, place, wanted)}
        for unknown in wanted:
            if unknown not in found:
                raise self.missing(unknown)
        return [found[known] for known in wanted]


VPC: Kind[Vpc] = Kind(
    "vpc",
    "vpc",
    "vpc ID",
    "InvalidVpcID.NotFound",
    "InvalidVpcID.Malformed",
    "ec2:VpcID",
    vpcs.listed,
)
SUBNET: Kind[Subnet] = Kind(
    "subnet",
    "subnet",
    "subnet ID",
    "InvalidSubnetID.NotFound",
    "InvalidSubnetID.Malformed",
    "ec2:SubnetID",
    subnets.listed,
)
GROUP: Kind[SecurityGroup] = Kind(
    "security-group",
    "sg",
    "security group",
    "InvalidGroup.NotFound",
    "InvalidGroupId.Malformed",
    "ec2:SecurityGroupID",
    groups.listed,
)
RULE: Kind[Rule] = Kind(
    "security-group-rule",
    "sgr",
    "security group rule ID",
    "InvalidSecurityGroupRuleId.NotFound",
    "InvalidSecurityGroupRuleId.Malformed",
    "",
    rules.listed,
)
INTERFACE: Kind[Interface] = Kind(
    "network-interface",
    "eni",
    "networkInterface ID",
    "InvalidNetworkInterfaceID.NotFound",
    "InvalidNetworkInterfaceId.Malformed",
    "ec2:NetworkInterfaceID",
    interfaces.listed,
)
ROUTE_TABLE: Kind[RouteTable] = Kind(
    "route-table",
    "rtb",
    "routeTable ID",
    "InvalidRouteTableID.NotFound",
    "InvalidRouteTableId.Malformed",
    "ec2:RouteTableID",
    surroundings.tables,
)
ACL: Kind[NetworkAcl] = Kind(
    "network-acl",
    "acl",
    "networkAcl ID",
    "InvalidNetworkAclID.NotFound",
    "InvalidNetworkAclId.Malformed",
    "ec2:NetworkAclID",
    surroundings.acls,
)
GATEWAY: Kind[InternetGateway] = Kind(
    "internet-gateway",
    "igw",
    "internetGateway ID",
    "InvalidInternetGatewayID.NotFound",
    "InvalidInternetGatewayId.Malformed",
    "ec2:InternetGatewayID",
    surroundings.gateways,
)
DHCP_OPTIONS: Kind[DhcpOptions] = Kind(
    "dhcp-options",
    "dopt",
    "dhcpOption ID",
    "InvalidDhcpOptionID.NotFound",
    "InvalidDhcpOptionsId.Malformed",
    "ec2:DhcpOptionsID",
    regions.dhcp,
)

ALL: tuple[Kind[Any], ...] = (
    VPC,
    SUBNET,
    GROUP,
    RULE,
    INTERFACE,
    ROUTE_TABLE,
    ACL,
    GATEWAY,
    DHCP_OPTIONS,
)

_BY_PREFIX = {kind.prefix: kind for kind in ALL}


def of_id(id: str) -> Kind[Any] | None:
    """The kind whose ids begin like this one."""
    return _BY_PREFIX.get(id.partition("-")[0])
