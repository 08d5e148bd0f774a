"""Terraform's AWS provider, unchanged: apply, plan without difference, change, destroy."""

import pytest

from .server import Server
from .terraforming import Configured


def test_apply_plan_change_and_destroy(configured: Configured, server: Server) -> None:
    terraform = configured("account")
    terraform.apply()
    terraform.change(description="orders of ours")
    assert terraform.outputs()["account"] == "000000000000"
    terraform.destroy()
    assert server.client("iam").list_roles()["Roles"] == []
    vpcs = server.client("ec2").describe_vpcs()["Vpcs"]
    assert [vpc["IsDefault"] for vpc in vpcs] == [True]


def test_an_organization_is_made_changed_and_destroyed(
    configured: Configured, server: Server
) -> None:
    terraform = configured("organization")
    terraform.apply()
    made = terraform.outputs()
    organizations = server.client("organizations")
    (found,) = organizations.list_parents(ChildId=made["account"])["Parents"]
    attached = {"TargetId": found["Id"], "Filter": "SERVICE_CONTROL_POLICY"}
    policies = organizations.list_policies_for_target(**attached)["Policies"]
    assert {each["Name"] for each in policies} == {"FullAWSAccess", "limits"}
    terraform.apply(denied="kafka:*")
    assert terraform.outputs() == made
    content = organizations.describe_policy(PolicyId=made["policy"].rpartition("/")[2])
    assert "kafka:*" in content["Policy"]["Content"]
    terraform.destroy()
    with pytest.raises(organizations.exceptions.AWSOrganizationsNotInUseException):
        organizations.describe_organization()
