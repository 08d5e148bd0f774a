"""Network interfaces: addresses, groups, idempotency, and those a service uses."""

from typing import Any

import pytest
from tests.unit.operations.ec2.asserting import World, ids, refused, specified, tags, where, world

from sluicegate.store.ec2 import interfaces
from sluicegate.testing import Endpoint


def described(ec2: Any, interface_id: str) -> dict[str, Any]:
    [found] = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface_id])[
        "NetworkInterfaces"
    ]
    interface: dict[str, Any] = found
    return interface


def test_an_interface_gets_the_first_free_address_and_the_default_group(
    endpoint: Endpoint,
) -> None:
    w = world(endpoint)
    made = w.ec2.create_network_interface(
        SubnetId=w.subnet,
        Description="AWS Lambda VPC ENI-x",
        TagSpecifications=specified("network-interface", a="b"),
    )["NetworkInterface"]
    assert made == described(w.ec2, made["NetworkInterfaceId"])
    # 10.0.1.4 has the interface of the world.
    assert made["PrivateIpAddress"] == "10.0.1.5"
    assert made["PrivateDnsName"] == "ip-10-0-1-5.ec2.internal"
    assert made["Groups"][0]["GroupName"] == "default"
    assert (made["AvailabilityZone"], made["Status"]) == ("us-east-1a", "available")
    assert (made["InterfaceType"], made["RequesterManaged"]) == ("interface", False)
    assert made["TagSet"] == tags(a="b")
    [subnet] = w.ec2.describe_subnets(SubnetIds=[w.subnet])["Subnets"]
    assert subnet["AvailableIpAddressCount"] == 249
    w.ec2.delete_network_interface(NetworkInterfaceId=made["NetworkInterfaceId"])
    again = w.ec2.create_network_interface(SubnetId=w.subnet)["NetworkInterface"]
    assert again["PrivateIpAddress"] == "10.0.1.5"


def test_the_same_token_gives_the_same_interface(endpoint: Endpoint) -> None:
    w = world(endpoint)
    create = w.ec2.create_network_interface
    first = create(SubnetId=w.subnet, Groups=[w.group], ClientToken="once")
    second = create(SubnetId=w.subnet, Groups=[w.group], ClientToken="once")
    assert first["NetworkInterface"] == second["NetworkInterface"]
    assert first["ClientToken"] == "once"
    assert refused(create, SubnetId=w.subnet, ClientToken="once") == (
        "IdempotentParameterMismatch",
        "The client token 'once' was used before, with different parameters.",
    )


def test_a_dry_run_checks_everything_and_takes_no_address(endpoint: Endpoint) -> None:
    w = world(endpoint)
    with pytest.raises(w.ec2.exceptions.ClientError) as caught:
        w.ec2.create_network_interface(SubnetId=w.subnet, Groups=[w.group], DryRun=True)
    assert caught.value.response["Error"]["Code"] == "DryRunOperation"
    assert len(w.ec2.describe_network_interfaces()["NetworkInterfaces"]) == 1
    code, message = refused(w.ec2.create_network_interface, SubnetId="subnet-00000000", DryRun=True)
    assert (code, message) == (
        "InvalidSubnetID.NotFound",
        "The subnet ID 'subnet-00000000' does not exist",
    )


def test_groups_must_be_of_the_subnets_network(standing: World) -> None:
    [default] = standing.ec2.describe_security_groups(GroupNames=["default"])["SecurityGroups"]
    other = default["GroupId"]
    assert refused(
        standing.ec2.create_network_interface, SubnetId=standing.subnet, Groups=[other]
    ) == (
        "InvalidParameter",
        f"Security group {other} and subnet {standing.subnet} belong to different networks.",
    )


def test_addresses_may_be_chosen(endpoint: Endpoint) -> None:
    w = world(endpoint)
    create = w.ec2.create_network_interface
    chosen = create(
        SubnetId=w.subnet,
        PrivateIpAddresses=[
            {"PrivateIpAddress": "10.0.1.50"},
            {"PrivateIpAddress": "10.0.1.40", "Primary": True},
        ],
    )["NetworkInterface"]
    assert chosen["PrivateIpAddress"] == "10.0.1.40"
    assert ids(chosen["PrivateIpAddresses"], "PrivateIpAddress") == ["10.0.1.40", "10.0.1.50"]
    counted = create(
        SubnetId=w.subnet, PrivateIpAddress="10.0.1.60", SecondaryPrivateIpAddressCount=2
    )["NetworkInterface"]
    assert ids(counted["PrivateIpAddresses"], "PrivateIpAddress") == [
        "10.0.1.60",
        "10.0.1.5",
        "10.0.1.6",
    ]
    for address, code, message in (
        ("10.0.1.40", "InvalidIPAddress.InUse", "Address 10.0.1.40 is in use."),
        (
            "10.0.2.4",
            "InvalidParameterValue",
            "Address 10.0.2.4 does not fall within the subnet's address range",
        ),
        (
            "10.0.1.255",
            "InvalidParameterValue",
            "Address 10.0.1.255 is in subnet's reserved address range",
        ),
        (
            "10.0.1.3",
            "InvalidParameterValue",
            "Address 10.0.1.3 is in subnet's reserved address range",
        ),
        (
            "x",
            "InvalidParameterValue",
            "Value (x) for parameter privateIpAddress is invalid. Invalid IPv4 address.",
        ),
    ):
        assert refused(create, SubnetId=w.subnet, PrivateIpAddress=address) == (code, message)


def test_a_full_subnet_says_so(endpoint: Endpoint) -> None:
    w = world(endpoint)
    small = w.ec2.create_subnet(VpcId=w.vpc, CidrBlock="10.0.2.0/28")["Subnet"]["SubnetId"]
    w.ec2.create_network_interface(SubnetId=small, SecondaryPrivateIpAddressCount=10)
    assert refused(w.ec2.create_network_interface, SubnetId=small) == (
        "InsufficientFreeAddressesInSubnet",
        "The specified subnet does not have enough free addresses to satisfy the request.",
    )


def test_secondary_addresses_come_and_go(endpoint: Endpoint) -> None:
    w = world(endpoint)
    assign, unassign = w.ec2.assign_private_ip_addresses, w.ec2.unassign_private_ip_addresses
    answer = assign(NetworkInterfaceId=w.interface, SecondaryPrivateIpAddressCount=2)
    given = ids(answer["AssignedPrivateIpAddresses"], "PrivateIpAddress")
    assert given == ["10.0.1.5", "10.0.1.6"]
    other = w.ec2.create_network_interface(SubnetId=w.subnet)["NetworkInterface"]
    taken = {"NetworkInterfaceId": other["NetworkInterfaceId"], "PrivateIpAddresses": ["10.0.1.6"]}
    assert refused(assign, **taken) == (
        "InvalidIPAddress.InUse",
        "Address 10.0.1.6 is in use.",
    )
    assign(**taken, AllowReassignment=True)
    assert refused(
        assign,
        NetworkInterfaceId=other["NetworkInterfaceId"],
        PrivateIpAddresses=["10.0.1.4"],
        AllowReassignment=True,
    )[0] == ("InvalidIPAddress.InUse")
    unassign(NetworkInterfaceId=w.interface, PrivateIpAddresses=["10.0.1.5"])
    assert len(described(w.ec2, w.interface)["PrivateIpAddresses"]) == 1
    assert refused(unassign, NetworkInterfaceId=w.interface, PrivateIpAddresses=["10.0.1.4"]) == (
        "InvalidParameterValue",
        f"Address 10.0.1.4 is not a secondary address of network interface {w.interface}",
    )
    assert refused(assign, NetworkInterfaceId=w.interface, SecondaryPrivateIpAddressCount=50) == (
        "PrivateIpAddressLimitExceeded",
        "Number of private addresses will exceed limit.",
    )


def test_attributes_change_one_at_a_time(endpoint: Endpoint) -> None:
    w = world(endpoint)
    modify = w.ec2.modify_network_interface_attribute
    modify(NetworkInterfaceId=w.interface, Description={"Value": "new"})
    modify(NetworkInterfaceId=w.interface, SourceDestCheck={"Value": False})
    default = w.ec2.describe_security_groups(Filters=where(vpc_id=w.vpc, group_name="default"))[
        "SecurityGroups"
    ][0]["GroupId"]
    modify(NetworkInterfaceId=w.interface, Groups=[default, w.group])
    interface = described(w.ec2, w.interface)
    assert (interface["Description"], interface["SourceDestCheck"]) == ("new", False)
    assert ids(interface["Groups"], "GroupId") == [default, w.group]
    assert refused(
        modify,
        NetworkInterfaceId=w.interface,
        Attachment={"AttachmentId": "eni-attach-1", "DeleteOnTermination": True},
    ) == ("InvalidAttachmentID.NotFound", "The attachment ID 'eni-attach-1' does not exist")


def test_an_interface_a_service_uses_shows_it_and_stays(endpoint: Endpoint) -> None:
    w = world(endpoint)
    with endpoint.databases.state.write() as tx:
        interfaces.attach(tx, w.interface, endpoint.clock.now_ms())
    [interface] = w.ec2.describe_network_interfaces(
        Filters=where(interface_type="lambda", status="in-use", requester_managed="true")
    )["NetworkInterfaces"]
    assert interface["NetworkInterfaceId"] == w.interface
    assert interface["Attachment"]["AttachmentId"].startswith("ela-attach-")
    assert refused(w.ec2.delete_network_interface, NetworkInterfaceId=w.interface) == (
        "InvalidParameterValue",
        f"Network interface '{w.interface}' is currently in use.",
    )
    attachment = {
        "AttachmentId": interface["Attachment"]["AttachmentId"],
        "DeleteOnTermination": True,
    }
    assert refused(
        w.ec2.modify_network_interface_attribute,
        NetworkInterfaceId=w.interface,
        Attachment=attachment,
    ) == ("OperationNotPermitted", "You are not allowed to manage 'ela-attach' attachments.")
    with endpoint.databases.state.write() as tx:
        interfaces.release(tx, w.interface)
    w.ec2.delete_network_interface(NetworkInterfaceId=w.interface)
    assert refused(w.ec2.describe_network_interfaces, NetworkInterfaceIds=[w.interface]) == (
        "InvalidNetworkInterfaceID.NotFound",
        f"The networkInterface ID '{w.interface}' does not exist",
    )


def test_an_interface_says_who_asked_for_it(endpoint: Endpoint) -> None:
    w = world(endpoint)
    everything = {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}
    alice = endpoint.user("alice", policy={"Version": "2012-10-17", "Statement": [everything]})
    made = alice.client("ec2").create_network_interface(SubnetId=w.subnet)["NetworkInterface"]
    assert made["RequesterId"].startswith("AIDA")


def test_ids_and_a_page_size_do_not_go_together(standing: World) -> None:
    assert refused(
        standing.ec2.describe_network_interfaces,
        NetworkInterfaceIds=[standing.interface],
        MaxResults=5,
    ) == (
        "InvalidParameterCombination",
        "The parameter networkInterfaceIds cannot be used with the parameter maxResults",
    )
