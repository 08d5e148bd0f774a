"""How network interfaces are described."""

from collections.abc import Mapping

from ...clock import to_datetime
from ...errors import AwsError
from ...store.database import Tx
from ...store.ec2.interfaces import Interface
from ..operation import Call, Params, Result
from . import zones
from .filters import absent
from .kinds import INTERFACE
from .listing import Listing, made, rendered_tags
from .questions import anything
from .served import reading
from .surroundings import domain_name

_LAMBDA = "lambda.amazonaws.com"


def rendered(_call: Call, interface: Interface) -> Mapping[str, object]:
    """One interface, as Create and Describe answer it."""
    return {
        "NetworkInterfaceId": interface.id,
        "VpcId": interface.vpc_id,
        "SubnetId": interface.subnet_id,
        "AvailabilityZone": interface.zone,
        "AvailabilityZoneId": zones.id_of(interface.region, interface.zone),
        "OwnerId": interface.account,
        "RequesterId": interface.requester_id,
        "RequesterManaged": _is_managed(interface),
        "Operator": _operator(interface),
        "InterfaceType": _type(interface),
        "Status": _status(interface),
        "Attachment": _attachment(interface),
        "Description": interface.description,
        "MacAddress": interface.mac,
        "SourceDestCheck": interface.source_dest_check,
        "Groups": [{"GroupId": group_id, "GroupName": name} for group_id, name in interface.groups],
        "PrivateIpAddress": interface.addresses[0],
        "PrivateDnsName": _host(interface, interface.addresses[0]),
        "PrivateIpAddresses": [
            {
                "Primary": position == 0,
                "PrivateIpAddress": address,
                "PrivateDnsName": _host(interface, address),
            }
            for position, address in enumerate(interface.addresses)
        ],
        "Ipv6Addresses": [],
        "TagSet": rendered_tags(interface.tags),
    }


def _is_managed(interface: Interface) -> bool:
    return interface.attachment_id is not None


def _operator(interface: Interface) -> Mapping[str, object]:
    if _is_managed(interface):
        return {"Managed": True, "Principal": _LAMBDA}
    return {"Managed": False}


def _type(interface: Interface) -> str:
    return "lambda" if _is_managed(interface) else "interface"


def _status(interface: Interface) -> str:
    return "in-use" if _is_managed(interface) else "available"


def _attachment(interface: Interface) -> Mapping[str, object] | None:
    if interface.attachment_id is None or interface.attached_ms is None:
        return None
    return {
        "AttachmentId": interface.attachment_id,
        "AttachTime": to_datetime(interface.attached_ms),
        "DeleteOnTermination": False,
        "DeviceIndex": 1,
        "InstanceOwnerId": "amazon-aws",
        "Status": "attached",
    }


def _host(interface: Interface, address: str) -> str:
    return f"ip-{address.replace('.', '-')}.{domain_name(interface.region)}"


def _of_attachment(interface: Interface, member: str) -> list[object]:
    attachment = _attachment(interface)
    return [attachment[member]] if attachment else []


LISTING: Listing[Interface] = Listing(
    INTERFACE,
    "NetworkInterfaceIds",
    "NetworkInterfaces",
    {
        "addresses.primary": lambda interface: [True, False][: len(interface.addresses)],
        "addresses.private-ip-address": lambda interface: interface.addresses,
        "attachment.attach-time": (
            lambda interface: [
                f"{to_datetime(ms):%Y-%m-%dT%H:%M:%S}.{ms % 1000:03}Z"
                for ms in [interface.attached_ms]
                if ms is not None
            ]
        ),
        "attachment.attachment-id": lambda interface: _of_attachment(interface, "AttachmentId"),
        "attachment.delete-on-termination": (
            lambda interface: _of_attachment(interface, "DeleteOnTermination")
        ),
        "attachment.device-index": lambda interface: _of_attachment(interface, "DeviceIndex"),
        "attachment.instance-owner-id": (
            lambda interface: _of_attachment(interface, "InstanceOwnerId")
        ),
        "attachment.status": lambda interface: _of_attachment(interface, "Status"),
        "availability-zone": lambda interface: [interface.zone],
        "availability-zone-id": lambda interface: [zones.id_of(interface.region, interface.zone)],
        "description": lambda interface: [interface.description],
        "group-id": lambda interface: [group_id for group_id, _ in interface.groups],
        "group-name": lambda interface: [name for _, name in interface.groups],
        "interface-type": lambda interface: [_type(interface)],
        "mac-address": lambda interface: [interface.mac],
        "network-interface-id": lambda interface: [interface.id],
        "operator.managed": lambda interface: [_is_managed(interface)],
        "operator.principal": lambda interface: [_LAMBDA] if _is_managed(interface) else [],
        "owner-id": lambda interface: [interface.account],
        "private-dns-name": lambda interface: [
            _host(interface, address) for address in interface.addresses
        ],
        "private-ip-address": lambda interface: interface.addresses,
        "requester-id": lambda interface: [interface.requester_id],
        "requester-managed": lambda interface: [_is_managed(interface)],
        "source-dest-check": lambda interface: [interface.source_dest_check],
        "status": lambda interface: [_status(interface)],
        "subnet-id": lambda interface: [interface.subnet_id],
        "vpc-id": lambda interface: [interface.vpc_id],
        **absent(
            "addresses.association.owner-id",
            "addresses.association.public-ip",
            "association.allocation-id",
            "association.association-id",
            "association.ip-owner-id",
            "association.public-dns-name",
            "association.public-ip",
            "attachment.instance-id",
            "ipv6-addresses.ipv6-address",
        ),
    },
    rendered,
    made,
)


def _describe(call: Call, tx: Tx, params: Params) -> Result:
    if params.get("NetworkInterfaceIds") and params.get("MaxResults") is not None:
        message = "The parameter networkInterfaceIds cannot be used with the parameter maxResults"
        raise AwsError("InvalidParameterCombination", message)
    return LISTING.run(call, tx, params)


DESCRIBE = reading("DescribeNetworkInterfaces", anything, _describe)
