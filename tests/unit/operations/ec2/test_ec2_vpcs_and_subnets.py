"""VPCs, subnets and internet gateways, as a user makes and removes them."""

import pytest
from tests.unit.operations.ec2.asserting import World, ids, refused, specified, tags, where, world

from sluicegate.testing import Endpoint


def test_a_new_vpc_has_a_local_route_an_acl_and_a_default_group(endpoint: Endpoint) -> None:
    ec2 = endpoint.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.7.9/16", TagSpecifications=specified("vpc", Name="kafka"))[
        "Vpc"
    ]
    assert (vpc["CidrBlock"], vpc["IsDefault"]) == ("10.0.0.0/16", False)
    assert vpc["Tags"] == tags(Name="kafka")
    here = where(vpc_id=vpc["VpcId"])
    [table] = ec2.describe_route_tables(
        Filters=[*here, {"Name": "association.main", "Values": ["true"]}]
    )["RouteTables"]
    assert ids(table["Routes"], "GatewayId") == ["local"]
    [acl] = ec2.describe_network_acls(Filters=[*here, *where(default="true")])["NetworkAcls"]
    assert acl["Associations"] == []
    [group] = ec2.describe_security_groups(Filters=[*here, *where(group_name="default")])[
        "SecurityGroups"
    ]
    assert group["IpPermissions"][0]["UserIdGroupPairs"][0]["GroupId"] == group["GroupId"]
    assert (
        ec2.describe_internet_gateways(
            Filters=[{"Name": "attachment.vpc-id", "Values": [vpc["VpcId"]]}]
        )["InternetGateways"]
        == []
    )


@pytest.mark.parametrize(
    ("cidr", "code", "message"),
    [
        ("10.0.0.0/8", "InvalidVpc.Range", "The CIDR '10.0.0.0/8' is invalid."),
        ("10.0.0.0/29", "InvalidVpc.Range", "The CIDR '10.0.0.0/29' is invalid."),
        *(
            (
                wrong,
                "InvalidParameterValue",
                f"Value ({wrong}) for parameter cidrBlock is invalid. "
                "This is not a valid CIDR block.",
            )
            for wrong in ("10.0.0.0", "10.0.0/16", "10.0.0.0/255.255.0.0", "::/64", "10.0.0.0/33")
        ),
    ],
)
def test_a_vpc_needs_a_block_from_16_to_28(
    standing: World, cidr: str, code: str, message: str
) -> None:
    assert refused(standing.ec2.create_vpc, CidrBlock=cidr) == (code, message)


def test_five_vpcs_are_the_limit(endpoint: Endpoint) -> None:
    ec2 = endpoint.client("ec2")
    for number in range(4):
        ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")
    assert refused(ec2.create_vpc, CidrBlock="10.9.0.0/16") == (
        "VpcLimitExceeded",
        "The maximum number of VPCs has been reached.",
    )


def test_vpc_attributes_are_kept_one_at_a_time(endpoint: Endpoint) -> None:
    ec2 = endpoint.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]

    def attribute(name: str) -> bool:
        answer = ec2.describe_vpc_attribute(VpcId=vpc, Attribute=name)
        value: bool = answer[name[0].upper() + name[1:]]["Value"]
        return value

    assert attribute("enableDnsSupport") and not attribute("enableDnsHostnames")
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    ec2.modify_vpc_attribute(VpcId=vpc, EnableNetworkAddressUsageMetrics={"Value": True})
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": False})
    assert not attribute("enableDnsSupport") and attribute("enableDnsHostnames")
    assert attribute("enableNetworkAddressUsageMetrics")
    both = {"EnableDnsSupport": {"Value": True}, "EnableDnsHostnames": {"Value": True}}
    assert refused(ec2.modify_vpc_attribute, VpcId=vpc, **both) == (
        "InvalidParameterCombination",
        "Fields for multiple attribute types specified: EnableDnsSupport, EnableDnsHostnames",
    )
    assert refused(ec2.modify_vpc_attribute, VpcId=vpc) == (
        "InvalidParameterCombination",
        "No attributes specified.",
    )


def test_what_is_in_a_vpc_keeps_it(endpoint: Endpoint) -> None:
    w = world(endpoint)
    sentence = f"The vpc '{w.vpc}' has dependencies and cannot be deleted."
    in_use = (w.ec2.delete_vpc, {"VpcId": w.vpc})
    assert refused(in_use[0], **in_use[1]) == ("DependencyViolation", sentence)
    assert refused(w.ec2.delete_subnet, SubnetId=w.subnet) == (
        "DependencyViolation",
        f"The subnet '{w.subnet}' has dependencies and cannot be deleted.",
    )
    w.ec2.delete_network_interface(NetworkInterfaceId=w.interface)
    w.ec2.delete_subnet(SubnetId=w.subnet)
    w.ec2.delete_security_group(GroupId=w.group)
    w.ec2.attach_internet_gateway(InternetGatewayId=w.gateway, VpcId=w.vpc)
    assert refused(in_use[0], **in_use[1])[1] == sentence
    w.ec2.detach_internet_gateway(InternetGatewayId=w.gateway, VpcId=w.vpc)
    w.ec2.delete_vpc(VpcId=w.vpc)
    assert refused(w.ec2.describe_vpcs, VpcIds=[w.vpc]) == (
        "InvalidVpcID.NotFound",
        f"The vpc ID '{w.vpc}' does not exist",
    )
    assert refused(w.ec2.describe_subnets, SubnetIds=[w.subnet]) == (
        "InvalidSubnetID.NotFound",
        f"The subnet ID '{w.subnet}' does not exist",
    )


def test_a_dry_run_does_everything_but_keep_it(endpoint: Endpoint) -> None:
    ec2 = endpoint.client("ec2")
    before = len(ec2.describe_vpcs()["Vpcs"])
    with pytest.raises(ec2.exceptions.ClientError) as caught:
        ec2.create_vpc(CidrBlock="10.0.0.0/16", DryRun=True)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    assert caught.value.response["Error"] == {
        "Code": "DryRunOperation",
        "Message": "Request would have succeeded, but DryRun flag is set.",
    }
    assert len(ec2.describe_vpcs()["Vpcs"]) == before
    assert refused(ec2.create_vpc, CidrBlock="10.0.0.0/8", DryRun=True)[0] == "InvalidVpc.Range"


def test_what_has_no_effect_here_is_refused(endpoint: Endpoint) -> None:
    w = world(endpoint)
    assert refused(w.ec2.create_vpc, CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True) == (
        "UnsupportedOperation",
        "The parameter AmazonProvidedIpv6CidrBlock is not supported by Sluicegate.",
    )
    w.ec2.create_vpc(CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=False)
    off, on = {"Value": False}, {"Value": True}
    w.ec2.modify_subnet_attribute(SubnetId=w.subnet, EnableDns64=off)
    code, _ = refused(w.ec2.modify_subnet_attribute, SubnetId=w.subnet, EnableDns64=on)
    assert code == "UnsupportedOperation"


@pytest.mark.parametrize(
    ("cidr", "code", "message"),
    [
        ("10.1.0.0/24", "InvalidSubnet.Range", "The CIDR '10.1.0.0/24' is invalid."),
        ("10.0.0.0/29", "InvalidSubnet.Range", "The CIDR '10.0.0.0/29' is invalid."),
        (
            "10.0.1.128/25",
            "InvalidSubnet.Conflict",
            "The CIDR '10.0.1.128/25' conflicts with another subnet",
        ),
    ],
)
def test_a_subnet_lies_in_its_vpc_and_beside_the_others(
    standing: World, cidr: str, code: str, message: str
) -> None:
    assert refused(standing.ec2.create_subnet, VpcId=standing.vpc, CidrBlock=cidr) == (
        code,
        message,
    )


def test_a_subnet_goes_where_it_is_told(endpoint: Endpoint) -> None:
    w = world(endpoint)
    in_zone = {"VpcId": w.vpc, "CidrBlock": "10.0.2.0/28", "AvailabilityZoneId": "use1-az3"}
    subnet = w.ec2.create_subnet(**in_zone, TagSpecifications=specified("subnet", a="b"))["Subnet"]
    assert (subnet["AvailabilityZone"], subnet["AvailableIpAddressCount"]) == ("us-east-1c", 11)
    assert not subnet["MapPublicIpOnLaunch"] and subnet["Tags"] == tags(a="b")
    assert refused(
        w.ec2.create_subnet, VpcId=w.vpc, CidrBlock="10.0.3.0/24", AvailabilityZone="us-east-1z"
    ) == (
        "InvalidParameterValue",
        "Value (us-east-1z) for parameter availabilityZone is invalid. Subnets can currently only "
        "be created in the following availability zones: us-east-1a, us-east-1b, us-east-1c.",
    )


def test_subnet_attributes_are_kept(endpoint: Endpoint) -> None:
    w = world(endpoint)
    on = {"Value": True}
    w.ec2.modify_subnet_attribute(SubnetId=w.subnet, MapPublicIpOnLaunch=on)
    w.ec2.modify_subnet_attribute(SubnetId=w.subnet, EnableResourceNameDnsARecordOnLaunch=on)
    w.ec2.modify_subnet_attribute(SubnetId=w.subnet, PrivateDnsHostnameTypeOnLaunch="resource-name")
    [subnet] = w.ec2.describe_subnets(SubnetIds=[w.subnet])["Subnets"]
    assert subnet["MapPublicIpOnLaunch"]
    assert subnet["PrivateDnsNameOptionsOnLaunch"] == {
        "HostnameType": "resource-name",
        "EnableResourceNameDnsARecord": True,
        "EnableResourceNameDnsAAAARecord": False,
    }


def test_a_gateway_serves_one_vpc(endpoint: Endpoint) -> None:
    w = world(endpoint)
    w.ec2.attach_internet_gateway(InternetGatewayId=w.gateway, VpcId=w.vpc)
    code, message = refused(w.ec2.attach_internet_gateway, InternetGatewayId=w.gateway, VpcId=w.vpc)
    assert code == "Resource.AlreadyAssociated"
    assert message == f"resource {w.gateway} is already attached to network {w.vpc}"
    second = w.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    code, message = refused(w.ec2.attach_internet_gateway, InternetGatewayId=second, VpcId=w.vpc)
    assert message == f"Network {w.vpc} already has an internet gateway attached"
    assert refused(w.ec2.detach_internet_gateway, InternetGatewayId=second, VpcId=w.vpc) == (
        "Gateway.NotAttached",
        f"resource {second} is not attached to network {w.vpc}",
    )
