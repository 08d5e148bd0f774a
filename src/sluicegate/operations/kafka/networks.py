"""Where a cluster's brokers are: its subnets and security groups, looked up as the caller.

MSK describes subnets, VPC and security groups with the permissions of whoever creates the cluster.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import AccessDenied, AwsError, Unavailable
from ..operation import Call, Params, Result
from .refusals import invalid

_MOST_SUBNETS = 3


@dataclass(frozen=True, slots=True)
class Network:
    """What a cluster's place is, all of it there."""

    subnet_ids: tuple[str, ...]
    zone_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]


def found(call: Call, group_info: Mapping[str, Any], node_count: int) -> Network:
    """The network that BrokerNodeGroupInfo names, if a cluster of so many nodes may be in it."""
    subnet_ids = tuple(group_info["ClientSubnets"])
    _check_count(subnet_ids, node_count)
    subnets = _described(call, "Subnets", {"SubnetIds": list(subnet_ids)}, "clientSubnets")
    by_id = {subnet["SubnetId"]: subnet for subnet in subnets}
    ordered = [by_id[subnet_id] for subnet_id in subnet_ids]
    vpcs = {subnet["VpcId"] for subnet in ordered}
    if len(vpcs) > 1:
        raise invalid("The client subnets must belong to the same VPC.", "clientSubnets")
    zone_ids = tuple(subnet["AvailabilityZoneId"] for subnet in ordered)
    if len(set(zone_ids)) < len(zone_ids):
        raise invalid(
            "The number of Availability Zones in the BrokerAZDistribution parameter must be equal "
            "to the number of client subnets.",
            "clientSubnets",
        )
    vpc_id = vpcs.pop()
    _described(call, "Vpcs", {"VpcIds": [vpc_id]}, "clientSubnets")
    return Network(subnet_ids, zone_ids, _groups(call, vpc_id, group_info.get("SecurityGroups")))


def _check_count(subnet_ids: Sequence[str], node_count: int) -> None:
    if not subnet_ids or len(subnet_ids) > _MOST_SUBNETS:
        raise invalid(f"Specify one to {_MOST_SUBNETS} client subnets.", "clientSubnets")
    if len(set(subnet_ids)) < len(subnet_ids):
        raise invalid("The client subnets must be different.", "clientSubnets")
    if node_count % len(subnet_ids):
        raise invalid(
            "The number of broker nodes must be a multiple of Availability Zones in the Client "
            "Subnets parameter.",
            "numberOfBrokerNodes",
        )


def _groups(call: Call, vpc_id: str, given: Sequence[str] | None) -> tuple[str, ...]:
    """The security groups given, or the VPC's default one."""
    if not given:
        filters = [
            {"Name": "vpc-id", "Values": [vpc_id]},
            {"Name": "group-name", "Values": ["default"]},
        ]
        default = _described(call, "SecurityGroups", {"Filters": filters}, "securityGroups")
        return tuple(group["GroupId"] for group in default)
    wanted = tuple(dict.fromkeys(given))
    groups = _described(call, "SecurityGroups", {"GroupIds": list(wanted)}, "securityGroups")
    if any(group["VpcId"] != vpc_id for group in groups):
        raise invalid(
            "The security groups must belong to the VPC of the client subnets.", "securityGroups"
        )
    return wanted


def _described(call: Call, noun: str, params: Params, parameter: str) -> list[Mapping[str, Any]]:
    """EC2's answer to the caller; what it does not find is the cluster's parameter's fault."""
    try:
        answer: Result = call.calls.forward(call, "ec2", f"Describe{noun}", params)
    except (AccessDenied, Unavailable):
        raise
    except AwsError as error:
        raise invalid(error.message, parameter) from None
    return list(answer[noun])
