"""A trigger's network interfaces: made, found again and removed as the execution role (R8-R11)."""

import pytest
from tests.unit.execution.surveying import ASKED, DELETING, ID, Bench, cluster

from sluicegate.execution import findings, interfaces
from sluicegate.execution.findings import Connection
from sluicegate.execution.interfaces import Left, Removed
from sluicegate.execution.plan import When
from sluicegate.store.mappings import Access
from sluicegate.testing import Endpoint


@pytest.fixture
def bench(endpoint: Endpoint) -> Bench:
    """A role that may do nothing yet."""
    return Bench(endpoint)


def test_a_look_makes_no_interface_and_a_start_makes_one_per_subnet(bench: Bench) -> None:
    bench.permit(*ASKED)
    arn = cluster(bench)
    bench.on(arn)
    bench.look(When.CHECK)
    assert bench.interfaces == []
    connection = bench.connection(When.START)
    (made,) = bench.interfaces
    assert connection.interface_ids == (made["NetworkInterfaceId"],)
    assert made["Description"] == f"AWS Lambda VPC ENI-orders-{ID}"
    assert (made["InterfaceType"], made["Status"]) == ("lambda", "in-use")
    assert made["RequesterManaged"] and made["Attachment"]["InstanceOwnerId"] == "amazon-aws"
    assert made["SubnetId"] in connection.subnet_ids
    assert [each["GroupId"] for each in made["Groups"]] == list(connection.security_group_ids)
    with pytest.raises(Exception, match="is currently in use"):
        bench.endpoint.client("ec2").delete_network_interface(
            NetworkInterfaceId=made["NetworkInterfaceId"]
        )
    # The next start finds it again.
    assert bench.connection(When.START).interface_ids == (made["NetworkInterfaceId"],)
    assert len(bench.interfaces) == 1


def test_interfaces_follow_the_network(bench: Bench) -> None:
    bench.permit(*ASKED, DELETING)
    ec2 = bench.endpoint.client("ec2")
    subnets = [each["SubnetId"] for each in ec2.describe_subnets()["Subnets"][:3]]
    group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]

    def network(*ids: str) -> None:
        bench.own(
            *(Access("VPC_SUBNET", f"subnet:{subnet}") for subnet in ids),
            Access("VPC_SECURITY_GROUP", f"security_group:{group}"),
        )

    network(*subnets[:2])
    first = bench.connection(When.START).interface_ids
    network(*subnets[1:])
    second = bench.connection(When.START).interface_ids
    assert len(first) == len(second) == 2 and len({*first, *second}) == 3
    assert {each["SubnetId"] for each in bench.interfaces} == set(subnets[1:])
    bench.permit(*ASKED)
    network(subnets[2])
    found = bench.look(When.START)
    assert isinstance(found.outcome, Connection)
    assert not found.verdicts[-1].is_allowed and found.verdicts[-1].step.action == DELETING
    states = {each["SubnetId"]: each["Status"] for each in bench.interfaces}
    assert states == {subnets[1]: "available", subnets[2]: "in-use"}


def test_a_subnet_that_is_gone(bench: Bench) -> None:
    bench.permit(*ASKED)
    bench.own(
        Access("VPC_SUBNET", "subnet:subnet-00000000000000000"),
        Access("VPC_SECURITY_GROUP", "security_group:sg-00000000000000000"),
    )
    outcome = bench.outcome()
    assert isinstance(outcome, findings.NetworkUnusable)
    assert (outcome.operation, outcome.code) == ("DescribeSubnets", "InvalidSubnetID.NotFound")


def test_interfaces_are_removed_as_the_role(bench: Bench) -> None:
    bench.permit(*ASKED, DELETING)
    bench.on(cluster(bench))
    ids = bench.connection(When.START).interface_ids
    assert interfaces.remove(bench.mapping, bench.calls, bench.attachments) == Removed(ids)
    assert bench.interfaces == []
    assert interfaces.remove(bench.mapping, bench.calls, bench.attachments) == Removed(())


@pytest.mark.parametrize("missing", ["ec2:DescribeNetworkInterfaces", DELETING])
def test_what_the_role_may_not_remove_is_left_out_of_use(bench: Bench, missing: str) -> None:
    bench.permit(*ASKED, DELETING)
    bench.on(cluster(bench))
    ids = bench.connection(When.START).interface_ids
    bench.permit(*(action for action in (*ASKED, DELETING) if action != missing))
    removal = interfaces.remove(bench.mapping, bench.calls, bench.attachments)
    assert isinstance(removal, Left) and removal.interface_ids == ids
    assert removal.denied is not None and removal.denied.action == missing
    (left,) = bench.interfaces
    assert (left["Status"], left["Description"]) == (
        "available",
        f"AWS Lambda VPC ENI-orders-{ID}",
    )
    ec2 = bench.endpoint.client("ec2")
    ec2.delete_network_interface(NetworkInterfaceId=left["NetworkInterfaceId"])


def test_nothing_is_left_to_a_role_that_is_gone(bench: Bench) -> None:
    bench.permit(*ASKED)
    bench.on(cluster(bench))
    ids = bench.connection(When.START).interface_ids
    iam = bench.endpoint.client("iam")
    iam.delete_role_policy(RoleName="orders", PolicyName="given")
    iam.delete_role(RoleName="orders")
    removal = interfaces.remove(bench.mapping, bench.calls, bench.attachments)
    assert isinstance(removal, Left) and removal.denied is None
    assert removal.interface_ids == ids and bench.interfaces[0]["Status"] == "available"
    bench.is_there = False
    gone = interfaces.remove(bench.mapping, bench.calls, bench.attachments)
    assert gone == findings.Unreachable("nobody answers")


def test_a_source_without_a_network_has_none_to_remove(bench: Bench) -> None:
    bench.own()
    assert interfaces.remove(bench.mapping, bench.calls, bench.attachments) == Removed(())
