"""What lies around subnets: route tables, network ACLs, DHCP options.

VPC endpoints are listed too: there are none, traffic to services never leaves Sluicegate.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ...store.database import Tx
from ...store.ec2.regions import DhcpOptions
from ...store.ec2.surroundings import NetworkAcl, RouteTable
from ...store.ec2.things import Ids, Place
from ..operation import Call
from .filters import absent
from .kinds import ACL, DHCP_OPTIONS, ROUTE_TABLE, Kind
from .listing import Listing, made, rendered_tags

_EVERYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a network ACL: all protocols, all addresses."""

    number: int
    action: str
    is_egress: bool


_ENTRIES = tuple(
    Entry(number, action, is_egress)
    for is_egress in (True, False)
    for number, action in ((100, "allow"), (32767, "deny"))
)


def _routes(table: RouteTable) -> list[dict[str, str]]:
    routes = [
        {
            "DestinationCidrBlock": table.vpc_cidr,
            "GatewayId": "local",
            "Origin": "CreateRouteTable",
            "State": "active",
        }
    ]
    if table.gateway_id:
        routes.append(
            {
                "DestinationCidrBlock": _EVERYWHERE,
                "GatewayId": table.gateway_id,
                "Origin": "CreateRoute",
                "State": "active" if table.is_open else "blackhole",
            }
        )
    return routes


def _rendered_table(_call: Call, table: RouteTable) -> Mapping[str, object]:
    return {
        "RouteTableId": table.id,
        "VpcId": table.vpc_id,
        "OwnerId": table.account,
        "Associations": [
            {
                "Main": True,
                "RouteTableAssociationId": table.association_id,
                "RouteTableId": table.id,
                "AssociationState": {"State": "associated"},
            }
        ],
        "PropagatingVgws": [],
        "Routes": _routes(table),
        "Tags": rendered_tags(table.tags),
    }


def _rendered_acl(_call: Call, acl: NetworkAcl) -> Mapping[str, object]:
    return {
        "NetworkAclId": acl.id,
        "VpcId": acl.vpc_id,
        "OwnerId": acl.account,
        "IsDefault": True,
        "Associations": [
            {"NetworkAclAssociationId": own_id, "NetworkAclId": acl.id, "SubnetId": subnet_id}
            for own_id, subnet_id in acl.associations
        ],
        "Entries": [
            {
                "CidrBlock": _EVERYWHERE,
                "Egress": entry.is_egress,
                "Protocol": "-1",
                "RuleAction": entry.action,
                "RuleNumber": entry.number,
            }
            for entry in _ENTRIES
        ],
        "Tags": rendered_tags(acl.tags),
    }


def _dhcp(options: DhcpOptions) -> dict[str, str]:
    return {
        "domain-name": domain_name(options.region),
        "domain-name-servers": "AmazonProvidedDNS",
    }


def domain_name(region: str) -> str:
    """What private host names of a region end in."""
    return "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"


def _rendered_dhcp(_call: Call, options: DhcpOptions) -> Mapping[str, object]:
    return {
        "DhcpOptionsId": options.id,
        "OwnerId": options.account,
        "DhcpConfigurations": [
            {"Key": key, "Values": [{"Value": value}]} for key, value in _dhcp(options).items()
        ],
        "Tags": rendered_tags(options.tags),
    }


_TABLES: Listing[RouteTable] = Listing(
    ROUTE_TABLE,
    "RouteTableIds",
    "RouteTables",
    {
        "association.main": lambda _: [True],
        "association.route-table-association-id": lambda table: [table.association_id],
        "association.route-table-id": lambda table: [table.id],
        "owner-id": lambda table: [table.account],
        "route-table-id": lambda table: [table.id],
        "route.destination-cidr-block": (
            lambda table: [route["DestinationCidrBlock"] for route in _routes(table)]
        ),
        "route.gateway-id": lambda table: [route["GatewayId"] for route in _routes(table)],
        "route.origin": lambda table: [route["Origin"] for route in _routes(table)],
        "route.state": lambda table: [route["State"] for route in _routes(table)],
        "vpc-id": lambda table: [table.vpc_id],
        **absent(
            "association.gateway-id",
            "association.subnet-id",
            "route.destination-ipv6-cidr-block",
            "route.destination-prefix-list-id",
            "route.egress-only-internet-gateway-id",
            "route.instance-id",
            "route.nat-gateway-id",
            "route.transit-gateway-id",
            "route.vpc-peering-connection-id",
        ),
    },
    _rendered_table,
    made,
)

_ACLS: Listing[NetworkAcl] = Listing(
    ACL,
    "NetworkAclIds",
    "NetworkAcls",
    {
        "association.association-id": lambda acl: [own_id for own_id, _ in acl.associations],
        "association.network-acl-id": lambda acl: [acl.id] if acl.associations else [],
        "association.subnet-id": lambda acl: [subnet_id for _, subnet_id in acl.associations],
        "default": lambda _: [True],
        "entry.cidr": lambda _: [_EVERYWHERE],
        "entry.egress": lambda _: [entry.is_egress for entry in _ENTRIES],
        "entry.protocol": lambda _: ["-1"],
        "entry.rule-action": lambda _: [entry.action for entry in _ENTRIES],
        "entry.rule-number": lambda _: [entry.number for entry in _ENTRIES],
        "network-acl-id": lambda acl: [acl.id],
        "owner-id": lambda acl: [acl.account],
        "vpc-id": lambda acl: [acl.vpc_id],
        **absent(
            "entry.icmp.code",
            "entry.icmp.type",
            "entry.ipv6-cidr",
            "entry.port-range.from",
            "entry.port-range.to",
        ),
    },
    _rendered_acl,
    made,
)

_DHCP_OPTIONS: Listing[DhcpOptions] = Listing(
    DHCP_OPTIONS,
    "DhcpOptionsIds",
    "DhcpOptions",
    {
        "dhcp-options-id": lambda options: [options.id],
        "key": lambda options: _dhcp(options),
        "owner-id": lambda options: [options.account],
        "value": lambda options: _dhcp(options).values(),
    },
    _rendered_dhcp,
    made,
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A VPC endpoint, of which there are none."""

    id: str
    tags: Mapping[str, str]


def _no_endpoints(_tx: Tx, _place: Place, _ids: Ids) -> list[Endpoint]:
    return []


_ENDPOINTS: Listing[Endpoint] = Listing(
    Kind(
        "vpc-endpoint",
        "vpce",
        "Vpc Endpoint Id",
        "InvalidVpcEndpointId.NotFound",
        "InvalidVpcEndpointId.Malformed",
        "",
        _no_endpoints,
    ),
    "VpcEndpointIds",
    "VpcEndpoints",
    absent(
        "ip-address-type",
        "service-name",
        "service-region",
        "vpc-id",
        "vpc-endpoint-id",
        "vpc-endpoint-state",
        "vpc-endpoint-type",
    ),
    lambda _call, endpoint: {"VpcEndpointId": endpoint.id},
    lambda endpoint: endpoint.id,
)


OPERATIONS = (
    _TABLES.operation("DescribeRouteTables"),
    _ACLS.operation("DescribeNetworkAcls"),
    _DHCP_OPTIONS.operation("DescribeDhcpOptions"),
    _ENDPOINTS.operation("DescribeVpcEndpoints"),
)
