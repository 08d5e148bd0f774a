"""What the tests of networks say over and over."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sluicegate.testing import Endpoint

ARN = "arn:aws:ec2:us-east-1:000000000000"


def refused(call: Callable[..., Any], **params: Any) -> tuple[str, str]:
    """Code and message of a call that must fail for what it asks: always a 400."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    answer = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    return answer["Error"]["Code"], answer["Error"]["Message"]


def outcome(call: Callable[..., Any], **params: Any) -> str:
    """The code of the error a call is answered with, or nothing."""
    try:
        call(**params)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def denied(call: Callable[..., Any], **params: Any) -> str:
    """The sentence of a call that no policy allows."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    answer = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert answer["Error"]["Code"] == "UnauthorizedOperation"
    return str(answer["Error"]["Message"])


def policy(*statements: tuple[str, str] | tuple[str, str, Any]) -> dict[str, Any]:
    """An identity policy that allows each (action, resource[, condition])."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": statement[0],
                "Resource": statement[1],
                **({"Condition": statement[2]} if len(statement) == 3 else {}),
            }
            for statement in statements
        ],
    }


def tags(**pairs: str) -> list[dict[str, str]]:
    """Tags as requests have them."""
    return [{"Key": key, "Value": value} for key, value in pairs.items()]


def specified(type: str, **pairs: str) -> list[dict[str, Any]]:
    """TagSpecifications for one type."""
    return [{"ResourceType": type, "Tags": tags(**pairs)}]


def where(**filters: str | list[str]) -> list[dict[str, Any]]:
    """Filters; `_` in a name is `-`."""
    return [
        {"Name": name.replace("_", "-"), "Values": [value] if isinstance(value, str) else value}
        for name, value in filters.items()
    ]


def tcp(port: int, **peers: Any) -> dict[str, Any]:
    """A permission for one TCP port."""
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **peers}


def cidrs(*blocks: str, description: str = "") -> dict[str, Any]:
    """The peers of a permission: these blocks."""
    more = {"Description": description} if description else {}
    return {"IpRanges": [{"CidrIp": block, **more} for block in blocks]}


def pairs(*group_ids: str) -> dict[str, Any]:
    """The peers of a permission: these groups."""
    return {"UserIdGroupPairs": [{"GroupId": group_id} for group_id in group_ids]}


def ids(things: Iterable[dict[str, Any]], member: str) -> list[str]:
    """That member of each thing."""
    return [thing[member] for thing in things]


@dataclass(frozen=True, slots=True)
class World:
    """A VPC with a subnet, a group with a rule, and an interface in all of them."""

    ec2: Any
    vpc: str
    subnet: str
    group: str
    rule: str
    interface: str
    gateway: str


def world(endpoint: Endpoint) -> World:
    """One of everything, in us-east-1a, beside the default network."""
    ec2 = endpoint.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone="us-east-1a")[
        "Subnet"
    ]["SubnetId"]
    group = ec2.create_security_group(VpcId=vpc, GroupName="brokers", Description="brokers")
    rule = ec2.authorize_security_group_ingress(
        GroupId=group["GroupId"], IpPermissions=[tcp(9092, **cidrs("10.0.0.0/16"))]
    )["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    interface = ec2.create_network_interface(SubnetId=subnet, Groups=[group["GroupId"]])
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    return World(
        ec2,
        vpc,
        subnet,
        group["GroupId"],
        rule,
        interface["NetworkInterface"]["NetworkInterfaceId"],
        gateway,
    )
