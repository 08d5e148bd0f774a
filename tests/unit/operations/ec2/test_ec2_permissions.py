"""What each operation asks: allowed with exactly that, denied without any part of it."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from botocore import xform_name
from tests.unit.operations.ec2.asserting import (
    ARN,
    World,
    cidrs,
    denied,
    outcome,
    policy,
    specified,
    tags,
    tcp,
    world,
)

from sluicegate.operations.ec2 import OPERATIONS
from sluicegate.store.ec2 import regions
from sluicegate.store.ec2.things import Place
from sluicegate.testing import Endpoint

Needs = list[tuple[str, str]]
Asked = Callable[[World], tuple[dict[str, Any], Needs]]

EVERYTHING = "*"

# One world serves all cases because they are dry runs; these operations of the model have none.
WITHOUT_DRY_RUN = (
    "ModifyVpcAttribute",
    "ModifySubnetAttribute",
    "AssignPrivateIpAddresses",
    "UnassignPrivateIpAddresses",
)

ANSWERS = (
    "",
    "DryRunOperation",
    "DependencyViolation",
    "DefaultVpcAlreadyExists",
    "Gateway.NotAttached",
    "InvalidParameterValue",
)


def on_any(w: World) -> tuple[dict[str, Any], Needs]:
    del w
    return {}, [("", EVERYTHING)]


def on_vpc(**params: Any) -> Asked:
    return lambda w: ({"VpcId": w.vpc, **params}, [("", f"vpc/{w.vpc}")])


def on_subnet(**params: Any) -> Asked:
    return lambda w: ({"SubnetId": w.subnet, **params}, [("", f"subnet/{w.subnet}")])


def on_group(**params: Any) -> Asked:
    return lambda w: ({"GroupId": w.group, **params}, [("", f"security-group/{w.group}")])


def on_rule(w: World) -> tuple[dict[str, Any], Needs]:
    return {"GroupId": w.group, "SecurityGroupRuleIds": [w.rule]}, [
        ("", f"security-group/{w.group}")
    ]


def on_egress_rule(w: World) -> tuple[dict[str, Any], Needs]:
    everything = [{"IpProtocol": "-1", **cidrs("0.0.0.0/0")}]
    return on_group(IpPermissions=everything)(w)


def on_interface(**params: Any) -> Asked:
    return lambda w: (
        {"NetworkInterfaceId": w.interface, **params},
        [("", f"network-interface/{w.interface}")],
    )


def tagged_rule(w: World) -> tuple[dict[str, Any], Needs]:
    params = {
        "GroupId": w.group,
        "IpPermissions": [tcp(1, **cidrs("10.0.0.0/8"))],
        "TagSpecifications": specified("security-group-rule", a="b"),
    }
    return params, [
        ("", f"security-group/{w.group}"),
        ("", "security-group-rule/*"),
        ("ec2:CreateTags", "security-group-rule/*"),
    ]


def modified_rule(w: World) -> tuple[dict[str, Any], Needs]:
    new = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "CidrIpv4": "10.0.0.0/8"}
    change = {"SecurityGroupRuleId": w.rule, "SecurityGroupRule": new}
    return {"GroupId": w.group, "SecurityGroupRules": [change]}, [
        ("", f"security-group/{w.group}"),
        ("", f"security-group-rule/{w.rule}"),
    ]


def described_rule(w: World) -> tuple[dict[str, Any], Needs]:
    change = {"SecurityGroupRuleId": w.rule, "Description": "x"}
    return on_group(SecurityGroupRuleDescriptions=[change])(w)


def created(type: str, params: Mapping[str, Any], *others: str) -> Asked:
    """Made with a tag; `others` are resources it is made in, with the world's ids."""
    return lambda w: (
        {
            **{key: _named(value, w) for key, value in params.items()},
            "TagSpecifications": specified(type, a="b"),
        },
        [
            ("", f"{type}/*"),
            *(("", other.format(w=w)) for other in others),
            ("ec2:CreateTags", f"{type}/*"),
        ],
    )


def _named(value: Any, w: World) -> Any:
    if isinstance(value, list):
        return [_named(item, w) for item in value]
    return value.format(w=w) if isinstance(value, str) else value


def on_tagged(w: World) -> tuple[dict[str, Any], Needs]:
    return {"Resources": [w.vpc, w.subnet], "Tags": tags(a="b")}, [
        ("", f"vpc/{w.vpc}"),
        ("", f"subnet/{w.subnet}"),
    ]


def on_gateway(w: World) -> tuple[dict[str, Any], Needs]:
    return {"InternetGatewayId": w.gateway}, [("", f"internet-gateway/{w.gateway}")]


def on_gateway_and_vpc(w: World) -> tuple[dict[str, Any], Needs]:
    params, needs = on_gateway(w)
    return {**params, "VpcId": w.vpc}, [*needs, ("", f"vpc/{w.vpc}")]


ONE_PORT = [tcp(1, **cidrs("10.0.0.0/8"))]

CASES: dict[str, Asked] = {
    **dict.fromkeys(
        (
            "DescribeVpcs",
            "DescribeSubnets",
            "DescribeSecurityGroups",
            "DescribeSecurityGroupRules",
            "DescribeNetworkInterfaces",
            "DescribeRouteTables",
            "DescribeNetworkAcls",
            "DescribeInternetGateways",
            "DescribeDhcpOptions",
            "DescribeVpcEndpoints",
            "DescribeTags",
            "DescribeRegions",
            "DescribeAvailabilityZones",
            "DescribeAccountAttributes",
            "CreateDefaultVpc",
        ),
        on_any,
    ),
    "DescribeVpcAttribute": on_vpc(Attribute="enableDnsSupport"),
    "ModifyVpcAttribute": on_vpc(EnableDnsSupport={"Value": True}),
    "DeleteVpc": on_vpc(),
    "GetSecurityGroupsForVpc": on_vpc(),
    "CreateVpc": created("vpc", {"CidrBlock": "10.9.0.0/16"}),
    "CreateSubnet": created(
        "subnet", {"VpcId": "{w.vpc}", "CidrBlock": "10.0.9.0/24"}, "vpc/{w.vpc}"
    ),
    "ModifySubnetAttribute": on_subnet(MapPublicIpOnLaunch={"Value": True}),
    "DeleteSubnet": on_subnet(),
    "CreateSecurityGroup": created(
        "security-group",
        {"VpcId": "{w.vpc}", "GroupName": "new", "Description": "new"},
        "vpc/{w.vpc}",
    ),
    "DeleteSecurityGroup": on_group(),
    "AuthorizeSecurityGroupIngress": tagged_rule,
    "AuthorizeSecurityGroupEgress": tagged_rule,
    "RevokeSecurityGroupIngress": on_rule,
    "RevokeSecurityGroupEgress": on_egress_rule,
    "UpdateSecurityGroupRuleDescriptionsIngress": described_rule,
    "UpdateSecurityGroupRuleDescriptionsEgress": on_egress_rule,
    "ModifySecurityGroupRules": modified_rule,
    "CreateNetworkInterface": created(
        "network-interface",
        {"SubnetId": "{w.subnet}", "Groups": ["{w.group}"]},
        "subnet/{w.subnet}",
        "security-group/{w.group}",
    ),
    "ModifyNetworkInterfaceAttribute": on_interface(Description={"Value": "x"}),
    "DeleteNetworkInterface": on_interface(),
    "AssignPrivateIpAddresses": on_interface(SecondaryPrivateIpAddressCount=1),
    "UnassignPrivateIpAddresses": on_interface(PrivateIpAddresses=["10.0.1.4"]),
    "CreateInternetGateway": created("internet-gateway", {}),
    "AttachInternetGateway": on_gateway_and_vpc,
    "DetachInternetGateway": on_gateway_and_vpc,
    "DeleteInternetGateway": on_gateway,
    "CreateTags": on_tagged,
    "DeleteTags": on_tagged,
}


@dataclass(frozen=True, slots=True)
class Case:
    """One world for all cases, and a user in it whose policy each case sets."""

    world: World
    iam: Any
    ec2: Any

    def grant(self, given: list[tuple[str, str]]) -> None:
        """Let the user do this and nothing else (a policy needs a statement)."""
        document = json.dumps(policy(*given, ("sqs:ListQueues", "*")))
        self.iam.put_user_policy(UserName="alice", PolicyName="given", PolicyDocument=document)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    with Endpoint(tmp_path_factory.mktemp("endpoint") / "state") as endpoint:
        made = world(endpoint)
        yield Case(made, endpoint.client("iam"), endpoint.user("alice").client("ec2"))


def test_every_operation_has_its_case() -> None:
    assert set(CASES) == {operation.name for operation in OPERATIONS}


@pytest.mark.parametrize("name", CASES)
def test_a_user_needs_exactly_what_the_operation_asks(case: Case, name: str) -> None:
    call = getattr(case.ec2, xform_name(name))
    params, needs = CASES[name](case.world)
    dry = {} if name in WITHOUT_DRY_RUN else {"DryRun": True}
    grants = [
        (action or f"ec2:{name}", resource if resource == EVERYTHING else f"{ARN}:{resource}")
        for action, resource in needs
    ]
    for at, (action, resource) in enumerate(grants):
        case.grant(grants[:at] + grants[at + 1 :])
        assert (
            f"user/alice is not authorized to perform: {action} on resource: {resource} "
            f"because no identity-based policy allows the {action} action"
        ) in denied(call, **params, **dry)
    case.grant(grants)
    # What was allowed is answered, be it by saying what does not fit.
    assert outcome(call, **params, **dry) in ANSWERS


def test_a_policy_for_tagged_groups_covers_only_those(endpoint: Endpoint) -> None:
    w = world(endpoint)
    condition = {"StringEquals": {"aws:ResourceTag/team": "kafka"}}
    alice = endpoint.user("alice", policy=policy(("ec2:*", f"{ARN}:security-group/*", condition)))
    rule = {"GroupId": w.group, "IpPermissions": ONE_PORT}
    call = alice.client("ec2").authorize_security_group_ingress
    assert "ec2:AuthorizeSecurityGroupIngress" in denied(call, **rule)
    w.ec2.create_tags(Resources=[w.group], Tags=tags(team="kafka"))
    call(**rule)


def test_ec2_condition_keys_name_the_network(endpoint: Endpoint) -> None:
    w = world(endpoint)
    conditions = {
        "network-interface": {"StringEquals": {"ec2:Region": "us-east-1"}},
        "subnet": {
            "ArnEquals": {"ec2:Vpc": f"{ARN}:vpc/{w.vpc}"},
            "StringEquals": {
                "ec2:AvailabilityZone": "us-east-1a",
                "ec2:AvailabilityZoneId": "use1-az1",
                "ec2:SubnetID": w.subnet,
            },
        },
        "security-group": {
            "ArnEquals": {"ec2:Vpc": f"{ARN}:vpc/{w.vpc}"},
            "StringEquals": {"ec2:SecurityGroupID": w.group},
        },
    }
    statements = [
        ("ec2:CreateNetworkInterface", f"{ARN}:{kind}/*", condition)
        for kind, condition in conditions.items()
    ]
    ec2 = endpoint.user("alice", policy=policy(*statements)).client("ec2")
    ec2.create_network_interface(SubnetId=w.subnet, Groups=[w.group])
    other = w.ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])[
        "Subnets"
    ][0]["SubnetId"]
    assert f"{ARN}:subnet/{other}" in denied(ec2.create_network_interface, SubnetId=other)


def test_an_interface_may_be_deleted_by_its_subnet(endpoint: Endpoint) -> None:
    w = world(endpoint)
    condition = {"ArnEquals": {"ec2:Subnet": f"{ARN}:subnet/{w.subnet}"}}
    ec2 = endpoint.user(
        "alice", policy=policy(("ec2:DeleteNetworkInterface", "*", condition))
    ).client("ec2")
    ec2.delete_network_interface(NetworkInterfaceId=w.interface)


def test_an_address_is_taken_from_an_interface_one_may_change_too(endpoint: Endpoint) -> None:
    w = world(endpoint)
    other = w.ec2.create_network_interface(
        SubnetId=w.subnet,
        SecondaryPrivateIpAddressCount=1,
        TagSpecifications=specified("network-interface", team="kafka"),
    )["NetworkInterface"]
    holder, address = other["NetworkInterfaceId"], other["PrivateIpAddresses"][1]
    action, mine = "ec2:AssignPrivateIpAddresses", f"{ARN}:network-interface/{w.interface}"
    asked = {
        "NetworkInterfaceId": w.interface,
        "PrivateIpAddresses": [address["PrivateIpAddress"]],
        "AllowReassignment": True,
    }
    alice = endpoint.user("alice", policy=policy((action, mine))).client("ec2")
    assert f"{action} on resource: {ARN}:network-interface/{holder}" in denied(
        alice.assign_private_ip_addresses, **asked
    )
    of_kafka = {"StringEquals": {"aws:ResourceTag/team": "kafka"}}
    both = policy((action, mine), (action, "*", of_kafka))
    bob = endpoint.user("bob", policy=both).client("ec2")
    assert bob.assign_private_ip_addresses(**asked)["AssignedPrivateIpAddresses"]
    # It is hers now: nobody else is asked about.
    assert alice.assign_private_ip_addresses(**asked)["AssignedPrivateIpAddresses"]


def test_tags_may_be_allowed_only_while_something_is_created(endpoint: Endpoint) -> None:
    condition = {
        "StringEquals": {"ec2:CreateAction": "CreateVpc", "aws:RequestTag/team": "kafka"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]},
    }
    ec2 = endpoint.user(
        "alice",
        policy=policy(("ec2:CreateVpc", "*"), ("ec2:CreateTags", f"{ARN}:vpc/*", condition)),
    ).client("ec2")
    good, bad = specified("vpc", team="kafka"), specified("vpc", team="kafka", more="x")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=good)["Vpc"]["VpcId"]
    for call, params in (
        (ec2.create_vpc, {"CidrBlock": "10.1.0.0/16", "TagSpecifications": bad}),
        (ec2.create_tags, {"Resources": [vpc], "Tags": tags(team="kafka")}),
    ):
        assert "ec2:CreateTags" in denied(call, **params)


def test_a_stranger_learns_nothing_of_what_exists(endpoint: Endpoint) -> None:
    ec2 = endpoint.user("alice").client("ec2")
    for wrong in ("vpc-00000000000000000", "nonsense", "vpc-" + "é" * 40):
        assert f"ec2:DeleteVpc on resource: {ARN}:vpc/{wrong}" in denied(
            ec2.delete_vpc, VpcId=wrong
        )


def test_who_is_denied_makes_no_network_in_a_region_nobody_uses(endpoint: Endpoint) -> None:
    ec2 = endpoint.user("alice").client("ec2", region="zz-nowhere-1")
    denied(ec2.describe_vpcs)
    denied(ec2.create_security_group, GroupName="g", Description="d")
    with endpoint.databases.state.read() as tx:
        assert not regions.is_known(tx, Place("000000000000", "zz-nowhere-1"))


def test_tagging_nothing_is_asked_like_anything_else(endpoint: Endpoint) -> None:
    ec2 = endpoint.user("alice").client("ec2")
    assert "ec2:CreateTags on resource: *" in denied(
        ec2.create_tags, Resources=[], Tags=tags(team="kafka")
    )
    assert "ec2:DeleteTags on resource: *" in denied(ec2.delete_tags, Resources=[])


def test_attributes_may_be_allowed_one_by_one(endpoint: Endpoint) -> None:
    w = world(endpoint)
    condition = {"StringEquals": {"ec2:Attribute": "EnableDnsSupport"}}
    ec2 = endpoint.user("alice", policy=policy(("ec2:ModifyVpcAttribute", "*", condition))).client(
        "ec2"
    )
    ec2.modify_vpc_attribute(VpcId=w.vpc, EnableDnsSupport={"Value": False})
    assert "ec2:ModifyVpcAttribute" in denied(
        ec2.modify_vpc_attribute, VpcId=w.vpc, EnableDnsHostnames={"Value": True}
    )
