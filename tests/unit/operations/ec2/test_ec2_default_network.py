"""What an account finds in a region it was never in."""

from tests.unit.operations.ec2.asserting import denied, ids, refused

from sluicegate.testing import Endpoint


def test_the_default_network_is_there_at_the_first_call(endpoint: Endpoint) -> None:
    ec2 = endpoint.client("ec2")
    [group] = ec2.describe_security_groups()["SecurityGroups"]
    [vpc] = ec2.describe_vpcs()["Vpcs"]
    assert (vpc["CidrBlock"], vpc["IsDefault"], vpc["State"]) == (
        "172.31.0.0/16",
        True,
        "available",
    )
    assert group["VpcId"] == vpc["VpcId"]
    assert (group["GroupName"], group["Description"]) == ("default", "default VPC security group")
    [inward], [outward] = group["IpPermissions"], group["IpPermissionsEgress"]
    assert inward["UserIdGroupPairs"] == [{"UserId": "000000000000", "GroupId": group["GroupId"]}]
    assert outward["IpRanges"] == [{"CidrIp": "0.0.0.0/0"}]
    assert inward["IpProtocol"] == "-1" and "FromPort" not in inward


def test_a_default_subnet_lies_in_each_zone(endpoint: Endpoint) -> None:
    subnets = endpoint.client("ec2").describe_subnets()["Subnets"]
    assert [
        (subnet["AvailabilityZone"], subnet["AvailabilityZoneId"], subnet["CidrBlock"])
        for subnet in subnets
    ] == [
        ("us-east-1a", "use1-az1", "172.31.0.0/20"),
        ("us-east-1b", "use1-az2", "172.31.16.0/20"),
        ("us-east-1c", "use1-az3", "172.31.32.0/20"),
    ]
    for subnet in subnets:
        assert subnet["DefaultForAz"] and subnet["MapPublicIpOnLaunch"]
        assert subnet["AvailableIpAddressCount"] == 4091


def test_the_way_out_leads_through_the_gateway(endpoint: Endpoint) -> None:
    ec2 = endpoint.client("ec2")
    [gateway] = ec2.describe_internet_gateways()["InternetGateways"]
    [table] = ec2.describe_route_tables()["RouteTables"]
    assert gateway["Attachments"] == [{"State": "available", "VpcId": table["VpcId"]}]
    assert [
        (route["DestinationCidrBlock"], route["GatewayId"], route["State"])
        for route in table["Routes"]
    ] == [
        ("172.31.0.0/16", "local", "active"),
        ("0.0.0.0/0", gateway["InternetGatewayId"], "active"),
    ]
    assert table["Associations"][0]["Main"]


def test_the_acl_lets_all_through_and_holds_every_subnet(endpoint: Endpoint) -> None:
    ec2 = endpoint.client("ec2")
    [acl] = ec2.describe_network_acls()["NetworkAcls"]
    assert acl["IsDefault"]
    assert [
        (entry["Egress"], entry["RuleNumber"], entry["RuleAction"]) for entry in acl["Entries"]
    ] == [
        (True, 100, "allow"),
        (True, 32767, "deny"),
        (False, 100, "allow"),
        (False, 32767, "deny"),
    ]
    subnets = ids(ec2.describe_subnets()["Subnets"], "SubnetId")
    assert set(ids(acl["Associations"], "SubnetId")) == set(subnets)


def test_dhcp_options_name_the_region(endpoint: Endpoint) -> None:
    for region, domain in (
        ("us-east-1", "ec2.internal"),
        ("eu-west-1", "eu-west-1.compute.internal"),
    ):
        ec2 = endpoint.client("ec2", region=region)
        [options] = ec2.describe_dhcp_options()["DhcpOptions"]
        assert options["DhcpConfigurations"][0]["Values"] == [{"Value": domain}]
        assert ec2.describe_vpcs()["Vpcs"][0]["DhcpOptionsId"] == options["DhcpOptionsId"]


def test_regions_share_nothing(endpoint: Endpoint) -> None:
    here, there = endpoint.client("ec2"), endpoint.client("ec2", region="eu-west-1")
    [vpc] = here.describe_vpcs()["Vpcs"]
    code, _ = refused(there.describe_vpcs, VpcIds=[vpc["VpcId"]])
    assert code == "InvalidVpcID.NotFound"


def test_somebody_without_permission_does_not_change_what_is_found(endpoint: Endpoint) -> None:
    alice = endpoint.user("alice").client("ec2")
    assert "ec2:CreateSecurityGroup" in denied(
        alice.create_security_group, GroupName="x", Description="x"
    )
    assert len(endpoint.client("ec2").describe_vpcs()["Vpcs"]) == 1


def test_the_default_vpc_stays_deleted_until_it_is_wanted_again(endpoint: Endpoint) -> None:
    ec2 = endpoint.client("ec2")
    assert refused(ec2.create_default_vpc) == (
        "DefaultVpcAlreadyExists",
        "A Default VPC already exists for this account in this region.",
    )
    [vpc] = ids(ec2.describe_vpcs()["Vpcs"], "VpcId")
    [gateway] = ids(ec2.describe_internet_gateways()["InternetGateways"], "InternetGatewayId")
    assert refused(ec2.delete_vpc, VpcId=vpc)[0] == "DependencyViolation"
    for subnet in ids(ec2.describe_subnets()["Subnets"], "SubnetId"):
        ec2.delete_subnet(SubnetId=subnet)
    assert refused(ec2.delete_internet_gateway, InternetGatewayId=gateway)[0] == (
        "DependencyViolation"
    )
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    assert ec2.describe_route_tables()["RouteTables"][0]["Routes"][1]["State"] == "blackhole"
    ec2.delete_vpc(VpcId=vpc)
    ec2.delete_internet_gateway(InternetGatewayId=gateway)
    assert ec2.describe_vpcs()["Vpcs"] == []
    assert ec2.describe_security_groups()["SecurityGroups"] == []
    assert ec2.describe_route_tables()["RouteTables"] == []
    assert refused(ec2.create_security_group, GroupName="x", Description="x") == (
        "VPCIdNotSpecified",
        "No default VPC for this user",
    )
    again = ec2.create_default_vpc()["Vpc"]
    assert again["IsDefault"] and again["VpcId"] != vpc
    assert len(ec2.describe_subnets()["Subnets"]) == 3


def test_zones_and_regions(endpoint: Endpoint) -> None:
    ec2 = endpoint.client("ec2", region="ap-southeast-2")
    zones = ec2.describe_availability_zones()["AvailabilityZones"]
    assert ids(zones, "ZoneName") == ["ap-southeast-2a", "ap-southeast-2b", "ap-southeast-2c"]
    assert ids(zones, "ZoneId") == ["apse2-az1", "apse2-az2", "apse2-az3"]
    [one] = ec2.describe_availability_zones(ZoneIds=["apse2-az2"])["AvailabilityZones"]
    assert one["ZoneName"] == "ap-southeast-2b"
    assert refused(ec2.describe_availability_zones, ZoneNames=["us-east-1a"]) == (
        "InvalidParameterValue",
        "Invalid availability zone: [us-east-1a]",
    )
    regions = ids(ec2.describe_regions()["Regions"], "RegionName")
    assert "us-east-1" in regions and "me-south-1" not in regions
    [asked] = ec2.describe_regions(RegionNames=["me-south-1"])["Regions"]
    assert asked["OptInStatus"] == "not-opted-in"
    names = ids(
        endpoint.client("ec2", region="me-south-1").describe_regions()["Regions"], "RegionName"
    )
    assert "me-south-1" in names
    assert len(ec2.describe_regions(AllRegions=True)["Regions"]) > len(regions)


def test_account_attributes_name_the_default_vpc(endpoint: Endpoint) -> None:
    ec2 = endpoint.client("ec2")
    [vpc] = ec2.describe_vpcs()["Vpcs"]
    [attribute] = ec2.describe_account_attributes(AttributeNames=["default-vpc"])[
        "AccountAttributes"
    ]
    assert attribute["AttributeValues"] == [{"AttributeValue": vpc["VpcId"]}]


def test_there_are_no_vpc_endpoints(endpoint: Endpoint) -> None:
    ec2 = endpoint.client("ec2")
    assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []
    code, message = refused(ec2.describe_vpc_endpoints, VpcEndpointIds=["vpce-12345678"])
    assert code == "InvalidVpcEndpointId.NotFound"
    assert message == "The Vpc Endpoint Id 'vpce-12345678' does not exist"
