"""VPCs: CreateVpc, CreateDefaultVpc, DeleteVpc, their attributes and DescribeVpcs."""

from collections.abc import Mapping

from ...access import Ask
from ...errors import AwsError
from ...store import tags
from ...store.database import Tx
from ...store.ec2 import vpcs
from ...store.ec2.vpcs import Vpc
from ..operation import Call, Params, Result
from . import defaults, limits, questions, tagging
from .filters import absent
from .kinds import VPC
from .listing import Listing, made, rendered_tags
from .refusals import block, flag, invalid, one_of, unserved
from .served import place_of, reading, writing

# What AWS calls an attribute, in Describe and in Modify, and where it is kept.
_ATTRIBUTES = {
    "enableDnsSupport": ("EnableDnsSupport", "dns_support"),
    "enableDnsHostnames": ("EnableDnsHostnames", "dns_hostnames"),
    "enableNetworkAddressUsageMetrics": ("EnableNetworkAddressUsageMetrics", "usage_metrics"),
}
_COLUMNS = dict(_ATTRIBUTES.values())

_UNSERVED = (
    "Ipv6Pool",
    "Ipv6CidrBlock",
    "Ipv4IpamPoolId",
    "Ipv4NetmaskLength",
    "Ipv6IpamPoolId",
    "Ipv6NetmaskLength",
    "Ipv6CidrBlockNetworkBorderGroup",
    "VpcEncryptionControl",
    "AmazonProvidedIpv6CidrBlock",
)

_PREFIXES = range(16, 29)


def _rendered(_call: Call, vpc: Vpc) -> Mapping[str, object]:
    return {
        "VpcId": vpc.id,
        "OwnerId": vpc.account,
        "State": "available",
        "CidrBlock": vpc.cidr,
        "CidrBlockAssociationSet": [
            {
                "AssociationId": vpc.cidr_association_id,
                "CidrBlock": vpc.cidr,
                "CidrBlockState": {"State": "associated"},
            }
        ],
        "DhcpOptionsId": vpc.dhcp_options_id,
        "InstanceTenancy": vpc.tenancy,
        "IsDefault": vpc.is_default,
        "BlockPublicAccessStates": {"InternetGatewayBlockMode": "off"},
        # Here, for subnets and for groups AWS leaves the member out where there are no tags.
        "Tags": rendered_tags(vpc.tags) or None,
    }


LISTING: Listing[Vpc] = Listing(
    VPC,
    "VpcIds",
    "Vpcs",
    {
        **dict.fromkeys(("cidr", "cidr-block", "cidrBlock"), lambda vpc: [vpc.cidr]),
        "cidr-block-association.cidr-block": lambda vpc: [vpc.cidr],
        "cidr-block-association.association-id": lambda vpc: [vpc.cidr_association_id],
        "cidr-block-association.state": lambda _: ["associated"],
        **dict.fromkeys(("dhcp-options-id", "dhcpOptionsId"), lambda vpc: [vpc.dhcp_options_id]),
        **absent(
            "ipv6-cidr-block-association.ipv6-cidr-block",
            "ipv6-cidr-block-association.ipv6-pool",
            "ipv6-cidr-block-association.association-id",
            "ipv6-cidr-block-association.state",
        ),
        **dict.fromkeys(("is-default", "isDefault"), lambda vpc: [vpc.is_default]),
        "owner-id": lambda vpc: [vpc.account],
        "state": lambda _: ["available"],
        "vpc-id": lambda vpc: [vpc.id],
    },
    _rendered,
    made,
)


def _asks_create(call: Call, _tx: Tx, params: Params) -> list[Ask]:
    return questions.created(call, params, VPC)


def _create(call: Call, tx: Tx, params: Params) -> Result:
    unserved(params, _UNSERVED)
    text = params.get("CidrBlock")
    if not text:
        message = "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided."
        raise AwsError("MissingParameter", message)
    cidr = block(text, "cidrBlock")
    if cidr.prefixlen not in _PREFIXES:
        raise AwsError("InvalidVpc.Range", f"The CIDR '{text}' is invalid.")
    tenancy = params.get("InstanceTenancy") or "default"
    if tenancy == "host":
        raise invalid(tenancy, "instanceTenancy", "A VPC's tenancy is default or dedicated.")
    sent = tagging.sent(params, VPC)
    place = place_of(call)
    limits.keep(len(vpcs.listed(tx, place)) + 1, limits.VPCS, "VpcLimitExceeded")
    vpc_id = vpcs.create(tx, place, str(cidr), call.now_ms, tenancy=tenancy)
    tags.put(tx, vpc_id, sent)
    return {"Vpc": _rendered(call, VPC.require(tx, place, vpc_id))}


def _create_default(call: Call, tx: Tx, _params: Params) -> Result:
    place = place_of(call)
    if vpcs.default(tx, place):
        message = "A Default VPC already exists for this account in this region."
        raise AwsError("DefaultVpcAlreadyExists", message)
    limits.keep(len(vpcs.listed(tx, place)) + 1, limits.VPCS, "VpcLimitExceeded")
    vpc_id = defaults.create(tx, place, call.now_ms)
    return {"Vpc": _rendered(call, VPC.require(tx, place, vpc_id))}


def _asks_one(call: Call, tx: Tx, params: Params) -> list[Ask]:
    context = questions.attribute(params, _COLUMNS)
    return [questions.existing(call, tx, VPC, params.get("VpcId"), context=context)]


def _delete(call: Call, tx: Tx, params: Params) -> Result:
    vpc = VPC.require(tx, place_of(call), params["VpcId"])
    if vpcs.is_used(tx, vpc.id):
        message = f"The vpc '{vpc.id}' has dependencies and cannot be deleted."
        raise AwsError("DependencyViolation", message)
    vpcs.delete(tx, place_of(call), vpc.id)
    return {}


def _modify(call: Call, tx: Tx, params: Params) -> Result:
    vpc = VPC.require(tx, place_of(call), params["VpcId"])
    name, value = one_of(params, _COLUMNS)
    vpcs.set_attributes(tx, vpc.id, **{_COLUMNS[name]: flag(name, value)})
    return {}


def _describe_attribute(call: Call, tx: Tx, params: Params) -> Result:
    vpc = VPC.require(tx, place_of(call), params["VpcId"])
    member, column = _ATTRIBUTES[params["Attribute"]]
    return {"VpcId": vpc.id, member: {"Value": getattr(vpc, column)}}


OPERATIONS = (
    LISTING.operation("DescribeVpcs"),
    reading("DescribeVpcAttribute", _asks_one, _describe_attribute),
    writing("CreateVpc", _asks_create, _create),
    writing("CreateDefaultVpc", questions.anything, _create_default),
    writing("ModifyVpcAttribute", _asks_one, _modify),
    writing("DeleteVpc", _asks_one, _delete),
)
