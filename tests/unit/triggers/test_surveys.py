"""Surveys of a kept mapping on a real control path: whose interfaces are made, kept and let go."""

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.execution.surveying import ASKED, DELETING, Bench, cluster
from tests.unit.triggers.keeping import LATEST, ORDERS

from sluicegate.execution.calls import RoleCalls
from sluicegate.execution.versions import Choice
from sluicegate.store import mappings
from sluicegate.store.mappings import Access, EventSourceMapping
from sluicegate.testing import Endpoint
from sluicegate.triggers import problems
from sluicegate.triggers.surveys import Surveys


class Surveying:
    """Surveys of a mapping whose function may go."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.bench = Bench(endpoint)
        self.database = endpoint.databases.state
        self.now = 1000.0
        self.has_function = True
        versions: Any = self
        self.surveys = Surveys(
            self.database, versions, self, self.bench.attachments, lambda: self.now
        )
        ec2 = endpoint.client("ec2")
        self.ec2 = ec2
        self.subnets = [each["SubnetId"] for each in ec2.describe_subnets()["Subnets"][:3]]
        self.group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
        mapping = replace(self.bench.mapping, bootstrap_servers=("kafka:9092",))
        with self.database.write() as tx:
            mappings.create(tx, mapping)

    def choice(self, _function_id: str, _qualifier: str) -> Choice | None:
        return Choice(ORDERS, LATEST) if self.has_function else None

    def calls(self, _mapping: EventSourceMapping, _role_arn: str) -> RoleCalls:
        return self.bench.calls

    @property
    def mapping(self) -> EventSourceMapping:
        with self.database.read() as tx:
            found = mappings.find(tx, self.bench.mapping.id)
        assert found is not None
        return found

    def network(self, *subnets: str) -> None:
        """Change the mapping's network."""
        named = [Access("VPC_SUBNET", f"subnet:{subnet}") for subnet in subnets]
        if named:
            named.append(Access("VPC_SECURITY_GROUP", f"security_group:{self.group}"))
        with self.database.write() as tx:
            mappings.change(tx, replace(self.mapping, access=tuple(named)), 2)

    def forbid(self, resource: str) -> None:
        """Have the role make no interface there."""
        statement = {
            "Effect": "Deny",
            "Action": "ec2:CreateNetworkInterface",
            "Resource": resource,
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam = self.bench.endpoint.client("iam")
        iam.put_role_policy(RoleName="orders", PolicyName="forbidden", PolicyDocument=document)

    def look(self, *, is_holder: bool = True) -> None:
        self.now += 2
        self.surveys.look(self.mapping, 1, is_holder=is_holder, must_log_in_anew=lambda: False)

    @property
    def used(self) -> dict[str, str]:
        """The interfaces' subnets, and whether they are in use."""
        return {each["SubnetId"]: each["Status"] for each in self.bench.interfaces}


@pytest.fixture
def surveying(endpoint: Endpoint) -> Surveying:
    return Surveying(endpoint)


def test_interfaces_follow_a_mapping_that_is_changed(surveying: Surveying) -> None:
    surveying.bench.permit(*ASKED, DELETING)
    one, two, three = surveying.subnets
    surveying.network(one)
    surveying.look()
    assert surveying.used == {one: "in-use"}
    surveying.network(two, three)
    surveying.look()
    assert surveying.used == {two: "in-use", three: "in-use"}
    assert len(surveying.mapping.interface_ids) == 2
    surveying.network()
    surveying.look()
    assert surveying.used == {} and not surveying.mapping.interface_ids


def test_they_are_made_by_who_holds_the_lease_whenever_he_gets_it(surveying: Surveying) -> None:
    surveying.bench.permit(*ASKED)
    surveying.network(surveying.subnets[0])
    surveying.look(is_holder=False)
    assert surveying.surveys.knows(surveying.mapping) and surveying.used == {}
    surveying.look()
    assert surveying.used == {surveying.subnets[0]: "in-use"}


def test_what_is_made_half_is_found_when_the_mapping_goes(surveying: Surveying) -> None:
    one, two, _ = surveying.subnets
    surveying.bench.permit(*ASKED, DELETING)
    surveying.forbid(f"arn:aws:ec2:*:*:subnet/{two}")
    surveying.network(one, two)
    surveying.look()
    assert surveying.surveys.problem is not None
    assert set(surveying.used) == {one} and len(surveying.mapping.interface_ids) == 1
    assert surveying.surveys.let_go(surveying.mapping) and surveying.used == {}


def test_whose_function_is_gone_lets_them_go_for_somebody_else(surveying: Surveying) -> None:
    surveying.bench.permit(*ASKED)
    surveying.network(surveying.subnets[0])
    surveying.look()
    surveying.has_function = False
    surveying.look()
    assert surveying.surveys.let_go(surveying.mapping)
    assert surveying.used == {surveying.subnets[0]: "available"}
    (made,) = surveying.bench.interfaces
    surveying.ec2.delete_network_interface(NetworkInterfaceId=made["NetworkInterfaceId"])


def test_a_cluster_that_is_gone_is_told_whichever_description_is_allowed(
    surveying: Surveying,
) -> None:
    arn = cluster(surveying.bench)
    for allowed in ("kafka:DescribeCluster", "kafka:DescribeClusterV2"):
        surveying.bench.permit(allowed)
        gone = arn.replace("cluster/", "cluster/other-")
        found = replace(surveying.mapping, event_source_arn=gone, revision=int(surveying.now))
        surveying.now += 40
        surveying.surveys.look(found, 1, is_holder=True, must_log_in_anew=lambda: False)
        assert surveying.surveys.problem is not None
        assert surveying.surveys.problem.text == problems.NO_CONNECTION.text
        assert "cannot be used" in surveying.surveys.problem.detail
