"""VpcConfig: looked up as the caller, judged for the role, kept and shown."""

from dataclasses import dataclass
from typing import Any

import pytest
from tests.unit.operations.asserting import allow, refused
from tests.unit.operations.lambda_.asserting import made, role, with_code

from sluicegate.testing import Endpoint

INVALID = "InvalidParameterValueException"
INTERFACES = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DeleteNetworkInterface",
)
LOOKS = ("ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs")


@dataclass(frozen=True)
class Network:
    vpc: str
    subnet: str
    group: str

    @property
    def config(self) -> dict[str, Any]:
        return {"SubnetIds": [self.subnet], "SecurityGroupIds": [self.group]}


@pytest.fixture
def network(endpoint: Endpoint) -> Network:
    ec2 = endpoint.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
    return Network(vpc, subnet, group)


def test_networks_are_shown_and_left(endpoint: Endpoint, network: Network) -> None:
    role(endpoint, "worker", *INTERFACES)
    answer = made(endpoint, VpcConfig=network.config)
    assert answer["VpcConfig"] == {
        **network.config,
        "VpcId": network.vpc,
        "Ipv6AllowedForDualStack": False,
    }
    client = endpoint.client("lambda")
    kept = client.update_function_configuration(FunctionName="orders", Timeout=9)
    assert kept["VpcConfig"] == answer["VpcConfig"]
    nothing: dict[str, Any] = {"SubnetIds": [], "SecurityGroupIds": []}
    left = client.update_function_configuration(FunctionName="orders", VpcConfig=nothing)
    assert "VpcConfig" not in left
    assert endpoint.client("ec2").describe_network_interfaces()["NetworkInterfaces"] == []


@pytest.mark.parametrize("missing", INTERFACES)
def test_the_role_must_be_able_to_keep_interfaces(
    endpoint: Endpoint, network: Network, missing: str
) -> None:
    role(endpoint, "worker", *(action for action in INTERFACES if action != missing))
    client = endpoint.client("lambda")
    assert refused(client.create_function, **with_code(VpcConfig=network.config)) == (
        INVALID,
        "The provided execution role does not have permissions to call "
        f"{missing.removeprefix('ec2:')} on EC2",
    )


@pytest.mark.parametrize("missing", LOOKS)
def test_the_caller_must_be_able_to_look(
    endpoint: Endpoint, network: Network, missing: str
) -> None:
    role(endpoint, "worker", *INTERFACES)
    may = [look for look in LOOKS if look != missing]
    policy = allow("lambda:CreateFunction", "iam:PassRole", *may)
    client = endpoint.user("alice", policy=policy).client("lambda")
    params = with_code(VpcConfig=network.config)
    code, message = refused(client.create_function, status=403, **params)
    assert code == "AccessDeniedException" and message.startswith(
        "Your access has been denied by EC2, please make sure your request credentials have "
        f"permission to {missing.removeprefix('ec2:')} for "
    )


def test_what_is_not_there(endpoint: Endpoint, network: Network) -> None:
    role(endpoint, "worker", *INTERFACES)
    client = endpoint.client("lambda")
    subnet = {**network.config, "SubnetIds": ["subnet-00000000000000000"]}
    assert refused(client.create_function, **with_code(VpcConfig=subnet)) == (
        INVALID,
        "Error occurred while DescribeSubnets. EC2 Error Code: InvalidSubnetID.NotFound. EC2 Error "
        "Message: The subnet ID 'subnet-00000000000000000' does not exist",
    )
    group = {**network.config, "SecurityGroupIds": ["sg-00000000000000000"]}
    assert refused(client.create_function, **with_code(VpcConfig=group)) == (
        INVALID,
        "Error occurred while DescribeSecurityGroups. EC2 Error Code: InvalidGroup.NotFound. EC2 "
        "Error Message: The security group 'sg-00000000000000000' does not exist",
    )
    half = {**network.config, "SecurityGroupIds": []}
    assert refused(client.create_function, **with_code(VpcConfig=half))[0] == INVALID


@pytest.mark.parametrize("key", ["VpcIds", "SubnetIds", "SecurityGroupIds"])
def test_a_policy_may_want_a_certain_network(
    endpoint: Endpoint, network: Network, key: str
) -> None:
    role(endpoint, "worker", *INTERFACES)
    wanted = {"VpcIds": network.vpc, "SubnetIds": network.subnet, "SecurityGroupIds": network.group}
    inside = {"ForAnyValue:StringEquals": {f"lambda:{key}": wanted[key]}}
    policy = allow("lambda:CreateFunction", Condition=inside)
    policy["Statement"] += allow("iam:PassRole", *LOOKS)["Statement"]
    client = endpoint.user("alice", policy=policy).client("lambda")
    refused(client.create_function, status=403, **with_code())
    assert client.create_function(**with_code(VpcConfig=network.config))["VpcConfig"]
