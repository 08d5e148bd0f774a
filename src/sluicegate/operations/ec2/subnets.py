"""Subnets: CreateSubnet, DeleteSubnet, ModifySubnetAttribute, DescribeSubnets."""

from collections.abc import Mapping
from ipaddress import IPv4Network

from ...access import Ask
from ...arn import partition_of
from ...errors import AwsError
from ...store import tags
from ...store.database import Tx
from ...store.ec2 import subnets
from ...store.ec2.subnets import Subnet
from ..operation import Call, Params, Result
from . import limits, questions, tagging, zones
from .filters import absent
from .kinds import SUBNET, VPC
from .listing import Listing, rendered_tags
from .refusals import block, flag, invalid, missing, one_of, unserved
from .served import place_of, writing

RESERVED = 5
"""Addresses of each subnet that nobody gets: the first four and the last."""

# Where an attribute is kept; those that are not here have no effect and are refused unless off.
_FLAGS = {
    "MapPublicIpOnLaunch": "map_public_ip",
    "EnableResourceNameDnsARecordOnLaunch": "dns_a_record",
}
_HOSTNAME_TYPE = "PrivateDnsHostnameTypeOnLaunch"
_OFF = (
    "AssignIpv6AddressOnCreation",
    "MapCustomerOwnedIpOnLaunch",
    "CustomerOwnedIpv4Pool",
    "EnableDns64",
    "EnableResourceNameDnsAAAARecordOnLaunch",
    "EnableLniAtDeviceIndex",
    "DisableLniAtDeviceIndex",
)
_ATTRIBUTES = (*_FLAGS, _HOSTNAME_TYPE, *_OFF)

_UNSERVED = (
    "Ipv6CidrBlock",
    "OutpostArn",
    "Ipv6Native",
    "Ipv4IpamPoolId",
    "Ipv4NetmaskLength",
    "Ipv6IpamPoolId",
    "Ipv6NetmaskLength",
)

_PREFIXES = range(16, 29)


def free(subnet: Subnet) -> int:
    """How many addresses are left."""
    return IPv4Network(subnet.cidr).num_addresses - RESERVED - subnet.used


def _arn(subnet: Subnet) -> str:
    partition = partition_of(subnet.region)
    return f"arn:{partition}:ec2:{subnet.region}:{subnet.account}:subnet/{subnet.id}"


def _rendered(_call: Call, subnet: Subnet) -> Mapping[str, object]:
    return {
        "SubnetId": subnet.id,
        "SubnetArn": _arn(subnet),
        "VpcId": subnet.vpc_id,
        "OwnerId": subnet.account,
        "State": "available",
        "CidrBlock": subnet.cidr,
        "AvailableIpAddressCount": free(subnet),
        "AvailabilityZone": subnet.zone,
        "AvailabilityZoneId": zones.id_of(subnet.region, subnet.zone),
        "DefaultForAz": subnet.is_default,
        "MapPublicIpOnLaunch": subnet.map_public_ip,
        "MapCustomerOwnedIpOnLaunch": False,
        "AssignIpv6AddressOnCreation": False,
        "EnableDns64": False,
        "Ipv6Native": False,
        "Ipv6CidrBlockAssociationSet": [],
        "PrivateDnsNameOptionsOnLaunch": {
            "HostnameType": subnet.hostname_type,
            "EnableResourceNameDnsARecord": subnet.dns_a_record,
            "EnableResourceNameDnsAAAARecord": False,
        },
        "BlockPublicAccessStates": {"InternetGatewayBlockMode": "off"},
        "Tags": rendered_tags(subnet.tags) or None,
    }


def _zone_id(subnet: Subnet) -> list[str]:
    return [zones.id_of(subnet.region, subnet.zone)]


LISTING: Listing[Subnet] = Listing(
    SUBNET,
    "SubnetIds",
    "Subnets",
    {
        **dict.fromkeys(("availability-zone", "availabilityZone"), lambda subnet: [subnet.zone]),
        **dict.fromkeys(("availability-zone-id", "availabilityZoneId"), _zone_id),
        "available-ip-address-count": lambda subnet: [free(subnet)],
        **dict.fromkeys(("cidr-block", "cidr", "cidrBlock"), lambda subnet: [subnet.cidr]),
        **dict.fromkeys(("default-for-az", "defaultForAz"), lambda subnet: [subnet.is_default]),
        "enable-dns64": lambda _: [False],
        "ipv6-native": lambda _: [False],
        "map-customer-owned-ip-on-launch": lambda _: [False],
        "map-public-ip-on-launch": lambda subnet: [subnet.map_public_ip],
        "owner-id": lambda subnet: [subnet.account],
        "private-dns-name-options-on-launch.hostname-type": lambda subnet: [subnet.hostname_type],
        "private-dns-name-options-on-launch.enable-resource-name-dns-a-record": (
            lambda subnet: [subnet.dns_a_record]
        ),
        "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record": (
            lambda _: [False]
        ),
        "state": lambda _: ["available"],
        "subnet-arn": lambda subnet: [_arn(subnet)],
        "subnet-id": lambda subnet: [subnet.id],
        "vpc-id": lambda subnet: [subnet.vpc_id],
        **absent(
            "customer-owned-ipv4-pool",
            "enable-lni-at-device-index",
            "ipv6-cidr-block-association.ipv6-cidr-block",
            "ipv6-cidr-block-association.association-id",
            "ipv6-cidr-block-association.state",
            "outpost-arn",
        ),
    },
    _rendered,
    lambda subnet: f"{subnet.created_ms:015} {subnet.zone} {subnet.id}",
)


def _asks_create(call: Call, tx: Tx, params: Params) -> list[Ask]:
    vpc = questions.existing(call, tx, VPC, params.get("VpcId"))
    return questions.created(call, params, SUBNET, vpc)


def _create(call: Call, tx: Tx, params: Params) -> Result:
    unserved(params, _UNSERVED)
    if not params.get("CidrBlock"):
        raise missing("cidrBlock")
    cidr = block(params["CidrBlock"], "cidrBlock")
    zone = _zone(call, params)
    sent = tagging.sent(params, SUBNET)
    place = place_of(call)
    vpc = VPC.require(tx, place, params["VpcId"])
    if cidr.prefixlen not in _PREFIXES or not cidr.subnet_of(IPv4Network(vpc.cidr)):
        raise AwsError("InvalidSubnet.Range", f"The CIDR '{params['CidrBlock']}' is invalid.")
    others = subnets.of_vpc(tx, place, vpc.id)
    if any(cidr.overlaps(IPv4Network(other.cidr)) for other in others):
        message = f"The CIDR '{params['CidrBlock']}' conflicts with another subnet"
        raise AwsError("InvalidSubnet.Conflict", message)
    limits.keep(len(others) + 1, limits.SUBNETS_PER_VPC, "SubnetLimitExceeded")
    subnet_id = subnets.create(tx, place, vpc.id, str(cidr), zone, call.now_ms)
    tags.put(tx, subnet_id, sent)
    return {"Subnet": _rendered(call, SUBNET.require(tx, place, subnet_id))}


def _zone(call: Call, params: Params) -> str:
    known = zones.of_region(call.region)
    name, zone_id = params.get("AvailabilityZone"), params.get("AvailabilityZoneId")
    if name and zone_id:
        message = "Only one of availabilityZone and availabilityZoneId may be specified."
        raise AwsError("InvalidParameterCombination", message)
    for zone in known:
        if name in (zone.name, None, "") and zone_id in (zone.id, None, ""):
            return zone.name
    names = ", ".join(zone.id if zone_id else zone.name for zone in known)
    reason = f"Subnets can currently only be created in the following availability zones: {names}."
    raise invalid(name or zone_id, f"availabilityZone{'Id' if zone_id else ''}", reason)


def _asks_one(call: Call, tx: Tx, params: Params) -> list[Ask]:
    context = questions.attribute(params, _ATTRIBUTES)
    return [questions.existing(call, tx, SUBNET, params.get("SubnetId"), context=context)]


def _modify(call: Call, tx: Tx, params: Params) -> Result:
    subnet = SUBNET.require(tx, place_of(call), params["SubnetId"])
    name, value = one_of(params, _ATTRIBUTES)
    if name == _HOSTNAME_TYPE:
        subnets.set_attributes(tx, subnet.id, hostname_type=value)
    elif name in _FLAGS:
        subnets.set_attributes(tx, subnet.id, **{_FLAGS[name]: flag(name, value)})
    else:
        unserved(params, _OFF)
    return {}


def _delete(call: Call, tx: Tx, params: Params) -> Result:
    subnet = SUBNET.require(tx, place_of(call), params["SubnetId"])
    if subnets.is_used(tx, subnet.id):
        message = f"The subnet '{subnet.id}' has dependencies and cannot be deleted."
        raise AwsError("DependencyViolation", message)
    subnets.delete(tx, subnet.id)
    return {}


OPERATIONS = (
    LISTING.operation("DescribeSubnets"),
    writing("CreateSubnet", _asks_create, _create),
    writing("ModifySubnetAttribute", _asks_one, _modify),
    writing("DeleteSubnet", _asks_one, _delete),
)
