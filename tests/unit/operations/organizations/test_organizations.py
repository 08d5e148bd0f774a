"""The organization as a whole, its units, and the accounts in it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.operations.asserting import ACCOUNT, ALICE, allow, no_policy, refused
from tests.unit.operations.organizations.organized import (
    FULL,
    FULL_RCP,
    RCP,
    ROLE,
    SCP,
    account,
    entered,
    organized,
    within,
)

from sluicegate.store.organizations import tables
from sluicegate.testing import Endpoint

NOT_IN_USE = (
    "AWSOrganizationsNotInUseException",
    "Your account is not a member of an organization.",
)
NOT_YOURS = ("AccessDeniedException", "You don't have permissions to access this resource.")
NOWHERE = "r-none", "ou-none-12345678"


def unit(client: Any, parent: str, name: str = "unit", **more: Any) -> dict[str, Any]:
    made = client.create_organizational_unit(ParentId=parent, Name=name, **more)
    found: dict[str, Any] = made["OrganizationalUnit"]
    return found


def test_an_organization_is_made_shown_and_deleted(endpoint: Endpoint) -> None:
    client = endpoint.client("organizations")
    assert refused(client.describe_organization) == NOT_IN_USE
    assert refused(client.list_accounts) == NOT_IN_USE
    made = client.create_organization()["Organization"]
    arn = f"arn:aws:organizations::{ACCOUNT}"
    types = [{"Type": kind, "Status": "ENABLED"} for kind in (SCP, RCP)]
    assert made == {
        "Id": made["Id"],
        "Arn": f"{arn}:organization/{made['Id']}",
        "FeatureSet": "ALL",
        "MasterAccountArn": f"{arn}:account/{made['Id']}/{ACCOUNT}",
        "MasterAccountId": ACCOUNT,
        "MasterAccountEmail": f"root-{ACCOUNT}@sluicegate.invalid",
        "AvailablePolicyTypes": types,
    }
    assert client.describe_organization()["Organization"] == made
    assert endpoint.client("iam").list_roles()["Roles"] == []
    (root,) = client.list_roots()["Roots"]
    assert root == {
        "Id": root["Id"],
        "Arn": f"{arn}:root/{made['Id']}/{root['Id']}",
        "Name": "Root",
        "PolicyTypes": [],
    }
    (own,) = client.list_accounts()["Accounts"]
    assert (own["Id"], own["JoinedMethod"], own["Status"]) == (ACCOUNT, "INVITED", "ACTIVE")
    assert client.list_aws_service_access_for_organization()["EnabledServicePrincipals"] == []
    assert refused(client.create_organization)[0] == "AlreadyInOrganizationException"
    number = account(endpoint)
    assert refused(client.delete_organization)[0] == "OrganizationNotEmptyException"
    client.remove_account_from_organization(AccountId=number)
    client.delete_organization()
    assert refused(client.describe_organization) == NOT_IN_USE
    assert client.create_organization()["Organization"]["Id"] != made["Id"]


def test_an_organization_for_billing_alone_has_no_policies(endpoint: Endpoint) -> None:
    client = endpoint.client("organizations")
    made = client.create_organization(FeatureSet="CONSOLIDATED_BILLING")["Organization"]
    assert made["AvailablePolicyTypes"] == []
    root = client.list_roots()["Roots"][0]["Id"]
    code = "PolicyTypeNotAvailableForOrganizationException"
    assert refused(client.enable_policy_type, RootId=root, PolicyType=SCP)[0] == code


def test_a_type_is_enabled_with_aws_s_policy_everywhere_and_disabled_with_all(
    endpoint: Endpoint,
) -> None:
    root = organized(endpoint)
    client = endpoint.client("organizations")
    below = unit(client, root)["Id"]
    enable, disable = client.enable_policy_type, client.disable_policy_type
    for kind, full in ((SCP, FULL), (RCP, FULL_RCP)):
        params = {"RootId": root, "PolicyType": kind}
        assert refused(disable, **params)[0] == "PolicyTypeNotEnabledException"
        enabled = enable(**params)["Root"]["PolicyTypes"]
        assert {"Type": kind, "Status": "ENABLED"} in enabled
        assert refused(enable, **params)[0] == "PolicyTypeAlreadyEnabledException"
        targets = client.list_targets_for_policy(PolicyId=full)["Targets"]
        assert {target["TargetId"] for target in targets} == {root, below, ACCOUNT}
    later = account(endpoint, "later")
    found = client.list_policies_for_target(TargetId=later, Filter=SCP)["Policies"]
    assert [policy["Id"] for policy in found] == [FULL]
    assert [
        each["Type"] for each in disable(RootId=root, PolicyType=SCP)["Root"]["PolicyTypes"]
    ] == [RCP]
    assert client.list_targets_for_policy(PolicyId=FULL)["Targets"] == []
    refusal = refused(enable, RootId=root, PolicyType="TAG_POLICY")
    assert refusal[0] == "PolicyTypeNotAvailableForOrganizationException"
    assert refused(enable, RootId="r-none", PolicyType=SCP)[0] == "RootNotFoundException"


def test_units_are_made_renamed_listed_and_deleted(endpoint: Endpoint) -> None:
    root = organized(endpoint)
    client = endpoint.client("organizations")
    organization = client.describe_organization()["Organization"]["Id"]
    made = unit(client, root, "first")
    assert made == {
        "Id": made["Id"],
        "Arn": f"arn:aws:organizations::{ACCOUNT}:ou/{organization}/{made['Id']}",
        "Name": "first",
        "Path": f"{organization}/{root}/{made['Id']}/",
    }
    asked = {"OrganizationalUnitId": made["Id"]}
    assert client.describe_organizational_unit(**asked)["OrganizationalUnit"] == made
    duplicate = refused(client.create_organizational_unit, ParentId=root, Name="first")
    assert duplicate[0] == "DuplicateOrganizationalUnitException"
    second = unit(client, root, "second")["Id"]
    rename = client.update_organizational_unit
    assert refused(rename, OrganizationalUnitId=second, Name="first") == duplicate
    renamed = rename(**asked, Name="1st")["OrganizationalUnit"]
    assert renamed == {**made, "Name": "1st"}
    listed = client.list_organizational_units_for_parent(ParentId=root)["OrganizationalUnits"]
    assert {each["Name"] for each in listed} == {"1st", "second"}
    below = unit(client, made["Id"])["Id"]
    children = client.list_children(ParentId=made["Id"], ChildType="ORGANIZATIONAL_UNIT")
    assert children["Children"] == [{"Id": below, "Type": "ORGANIZATIONAL_UNIT"}]
    delete = client.delete_organizational_unit
    assert refused(delete, **asked)[0] == "OrganizationalUnitNotEmptyException"
    delete(OrganizationalUnitId=below)
    delete(**asked)
    for call in (client.describe_organizational_unit, delete):
        assert refused(call, **asked)[0] == "OrganizationalUnitNotFoundException"
    assert refused(unit, client=client, parent=made["Id"])[0] == "ParentNotFoundException"


def test_units_are_five_deep_at_most(endpoint: Endpoint) -> None:
    parent = organized(endpoint)
    client = endpoint.client("organizations")
    for _ in range(5):
        parent = unit(client, parent)["Id"]
    refusal = refused(unit, client=client, parent=parent)
    assert refusal[0] == "ConstraintViolationException"


def test_lists_come_in_pages(endpoint: Endpoint) -> None:
    root = organized(endpoint)
    client = endpoint.client("organizations")
    names = {unit(client, root, f"unit-{number}")["Name"] for number in range(5)}
    pages = client.get_paginator("list_organizational_units_for_parent")
    found = [
        each["Name"]
        for page in pages.paginate(ParentId=root, PaginationConfig={"PageSize": 2})
        for each in page["OrganizationalUnits"]
    ]
    assert len(found) == 5 and set(found) == names
    assert refused(client.list_accounts, NextToken="x")[0] == "InvalidInputException"


def test_an_account_is_made_with_a_role_that_lets_its_maker_in(endpoint: Endpoint) -> None:
    organized(endpoint)
    client = endpoint.client("organizations")
    made = client.create_account(AccountName="team", Email="team@example.com")
    status = made["CreateAccountStatus"]
    number = status["AccountId"]
    assert (status["State"], status["AccountName"]) == ("SUCCEEDED", "team")
    asked = client.describe_create_account_status(CreateAccountRequestId=status["Id"])
    assert asked["CreateAccountStatus"] == status
    shown = client.describe_account(AccountId=number)["Account"]
    assert (shown["Name"], shown["Email"]) == ("team", "team@example.com")
    assert (shown["JoinedMethod"], shown["State"]) == ("CREATED", "ACTIVE")

    administrator = entered(endpoint, number)
    assert administrator.arn == f"arn:aws:sts::{number}:assumed-role/{ROLE}/session"
    assert administrator.client("sts").get_caller_identity()["Account"] == number
    role = administrator.client("iam").get_role(RoleName=ROLE)["Role"]
    trusted = role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]
    assert trusted == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    attached = administrator.client("iam").list_attached_role_policies(RoleName=ROLE)
    assert [each["PolicyName"] for each in attached["AttachedPolicies"]] == ["AdministratorAccess"]
    assert administrator.client("ec2").describe_vpcs()["Vpcs"][0]["OwnerId"] == number
    summary = administrator.client("iam").get_account_summary()["SummaryMap"]
    assert (summary["AccountAccessKeysPresent"], summary["Roles"]) == (0, 1)
    # Whom the management account does not let, and root, which assumes no roles, stay out.
    arn = f"arn:aws:iam::{number}:role/{ROLE}"
    for outside in (endpoint, endpoint.user("alice")):
        assume = outside.client("sts").assume_role
        refusal = refused(assume, status=403, RoleArn=arn, RoleSessionName="session")
        assert refusal[0] == "AccessDenied"


def test_a_role_may_have_another_name(endpoint: Endpoint) -> None:
    organized(endpoint)
    number = account(endpoint, RoleName="Admin")
    assert entered(endpoint, number, "Admin").arn.endswith(":assumed-role/Admin/session")
    client = endpoint.client("organizations")
    params = {"AccountName": "x", "Email": "x@example.com", "RoleName": "ä"}
    assert refused(client.create_account, **params)[0] == "InvalidInputException"


def test_an_address_belongs_to_one_account(endpoint: Endpoint) -> None:
    organized(endpoint)
    account(endpoint)
    client = endpoint.client("organizations")
    failed = client.create_account(AccountName="again", Email="Team@example.com")
    status = failed["CreateAccountStatus"]
    assert (status["State"], status["FailureReason"]) == ("FAILED", "EMAIL_ALREADY_EXISTS")
    assert "AccountId" not in status
    listed = client.list_create_account_status(States=["FAILED"])["CreateAccountStatuses"]
    assert listed == [status]
    unknown = {"CreateAccountRequestId": "car-12345678"}
    refusal = refused(client.describe_create_account_status, **unknown)
    assert refusal[0] == "CreateAccountStatusNotFoundException"


def test_there_are_ten_thousand_accounts_at_most(endpoint: Endpoint) -> None:
    root = organized(endpoint)
    client = endpoint.client("organizations")
    organization = client.describe_organization()["Organization"]["Id"]
    row = {"organization_id": organization, "parent_id": root, "name": "x", "joined_ms": 0}
    numbers = [f"{number:012}" for number in range(1, 10_000)]
    with endpoint.databases.state.write() as tx:
        rows = [{"id": number, "email": f"{number}@example.com", **row} for number in numbers]
        tx.execute(tables.nodes.insert(), rows)
    failed = client.create_account(AccountName="more", Email="more@example.com")
    assert failed["CreateAccountStatus"]["FailureReason"] == "ACCOUNT_LIMIT_EXCEEDED"
    client.remove_account_from_organization(AccountId=numbers[0])
    assert account(endpoint, "more") not in numbers


def test_accounts_move_between_units(endpoint: Endpoint) -> None:
    root = organized(endpoint)
    client = endpoint.client("organizations")
    number, below = account(endpoint), unit(client, root)["Id"]
    move = {"AccountId": number, "SourceParentId": root, "DestinationParentId": below}
    client.move_account(**move)
    above = client.list_parents(ChildId=number)["Parents"]
    assert above == [{"Id": below, "Type": "ORGANIZATIONAL_UNIT"}]
    assert client.list_parents(ChildId=below)["Parents"] == [{"Id": root, "Type": "ROOT"}]
    listed = client.list_accounts_for_parent(ParentId=below)["Accounts"]
    assert [each["Id"] for each in listed] == [number]
    assert listed[0]["Paths"][0].endswith(f"/{root}/{below}/{number}/")
    children = client.list_children(ParentId=root, ChildType="ACCOUNT")["Children"]
    assert children == [{"Id": ACCOUNT, "Type": "ACCOUNT"}]
    for change, code in (
        ({}, "DuplicateAccountException"),
        ({"DestinationParentId": root}, "SourceParentNotFoundException"),
        ({"SourceParentId": "r-none"}, "SourceParentNotFoundException"),
        ({"DestinationParentId": "r-none"}, "DestinationParentNotFoundException"),
        ({"AccountId": "123123123123"}, "AccountNotFoundException"),
    ):
        assert refused(client.move_account, **(move | change))[0] == code
    assert refused(client.list_parents, ChildId="ou-none-12345678")[0] == ("ChildNotFoundException")


def test_an_account_is_let_go_and_the_management_account_is_not(endpoint: Endpoint) -> None:
    organized(endpoint)
    client = endpoint.client("organizations")
    seen = within(endpoint, account(endpoint))
    remove = client.remove_account_from_organization
    refusal = refused(remove, AccountId=ACCOUNT)
    assert refusal[0] == "MasterCannotLeaveOrganizationException"
    remove(AccountId=seen.root.account)
    assert refused(remove, AccountId=seen.root.account)[0] == "AccountNotFoundException"
    assert refused(seen.client("organizations").describe_organization) == NOT_IN_USE
    # On its own, it may have an organization of its own.
    made = seen.client("organizations").create_organization()["Organization"]
    assert made["MasterAccountId"] == seen.root.account


def test_members_see_the_organization_and_nothing_else(endpoint: Endpoint) -> None:
    root = organized(endpoint, SCP)
    seen = within(endpoint, account(endpoint)).client("organizations")
    own = endpoint.client("organizations").describe_organization()["Organization"]
    assert seen.describe_organization()["Organization"] == own
    assert refused(seen.create_organization)[0] == "AlreadyInOrganizationException"
    for call, params in (
        (seen.list_accounts, {}),
        (seen.list_roots, {}),
        (seen.delete_organization, {}),
        (seen.create_account, {"AccountName": "x", "Email": "x@example.com"}),
        (seen.create_organizational_unit, {"ParentId": root, "Name": "x"}),
        (seen.detach_policy, {"PolicyId": FULL, "TargetId": root}),
        (seen.disable_policy_type, {"RootId": root, "PolicyType": SCP}),
    ):
        assert refused(call, **params) == NOT_YOURS


def test_each_call_asks_for_what_it_names(endpoint: Endpoint) -> None:
    root = organized(endpoint, SCP)
    client = endpoint.client("organizations")
    organization = client.describe_organization()["Organization"]["Id"]
    number, below = account(endpoint), unit(client, root, Tags=[{"Key": "a", "Value": "b"}])["Id"]
    arn = f"arn:aws:organizations::{ACCOUNT}"
    managed = "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess"
    document = allow("organizations:AttachPolicy", resource=managed)
    document["Statement"] += allow(
        "organizations:DescribeOrganizationalUnit",
        Condition={"StringEquals": {"aws:ResourceTag/a": "b"}},
    )["Statement"]
    alice = endpoint.user("alice", policy=document).client("organizations")
    alice.describe_organizational_unit(OrganizationalUnitId=below)
    to = {"PolicyId": FULL, "TargetId": below}
    for call, params, action, resource in (
        (
            alice.describe_account,
            {"AccountId": number},
            "DescribeAccount",
            f"account/{organization}/{number}",
        ),
        (alice.attach_policy, to, "AttachPolicy", f"ou/{organization}/{below}"),
        (
            alice.describe_policy,
            {"PolicyId": "p-12345678"},
            "DescribePolicy",
            f"policy/{organization}/service_control_policy/p-12345678",
        ),
        (
            alice.list_children,
            {"ParentId": root, "ChildType": "ACCOUNT"},
            "ListChildren",
            f"root/{organization}/{root}",
        ),
        (
            alice.create_policy,
            {"Name": "x", "Description": "", "Type": SCP, "Content": "{}"},
            "CreatePolicy",
            f"policy/{organization}/service_control_policy/*",
        ),
    ):
        expected = (
            "AccessDeniedException",
            no_policy(f"organizations:{action}", f"{arn}:{resource}"),
        )
        assert refused(call, **params) == expected
    expected = ("AccessDeniedException", no_policy("organizations:ListAccounts", "*", ALICE))
    assert refused(alice.list_accounts) == expected


def test_a_policy_may_limit_types_and_names_of_tags(endpoint: Endpoint) -> None:
    root = organized(endpoint, SCP)
    types = {"StringEquals": {"organizations:PolicyType": RCP}}
    document = allow("organizations:*Policies", "organizations:*PolicyType", Condition=types)
    names = {"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}}
    document["Statement"] += allow("organizations:*agResource", Condition=names)["Statement"]
    alice = endpoint.user("alice", policy=document).client("organizations")
    alice.enable_policy_type(RootId=root, PolicyType=RCP)
    alice.list_policies(Filter=RCP)
    of = {"ResourceId": root}
    alice.tag_resource(**of, Tags=[{"Key": "a", "Value": ""}])
    alice.untag_resource(**of, TagKeys=["a"])
    for call, params in (
        (alice.list_policies, {"Filter": SCP}),
        (alice.disable_policy_type, {"RootId": root, "PolicyType": SCP}),
        (alice.tag_resource, {**of, "Tags": [{"Key": "b", "Value": ""}]}),
        (alice.untag_resource, {**of, "TagKeys": ["b"]}),
    ):
        assert "no identity-based policy" in refused(call, **params)[1]


@pytest.mark.parametrize("member", ["account", "unit", "policy", "root"])
def test_tags_are_put_taken_away_and_listed(endpoint: Endpoint, member: str) -> None:
    root = organized(endpoint)
    client = endpoint.client("organizations")
    tags = [{"Key": "a", "Value": "1"}]
    content = json.dumps(allow("kms:*"))
    ids: dict[str, Callable[[], str]] = {
        "account": lambda: account(endpoint, Tags=tags),
        "unit": lambda: unit(client, root, Tags=tags)["Id"],
        "policy": lambda: client.create_policy(
            Name="x", Description="", Type=SCP, Content=content, Tags=tags
        )["Policy"]["PolicySummary"]["Id"],
        "root": lambda: root,
    }
    of = {"ResourceId": ids[member]()}
    if member != "root":
        assert client.list_tags_for_resource(**of)["Tags"] == tags
    client.tag_resource(**of, Tags=[{"Key": "b", "Value": "2"}])
    client.untag_resource(**of, TagKeys=["a"])
    assert client.list_tags_for_resource(**of)["Tags"] == [{"Key": "b", "Value": "2"}]
    for wrong in ([*tags, *tags], [{"Key": "aws:x", "Value": ""}]):
        assert refused(client.tag_resource, **of, Tags=wrong)[0] == "InvalidInputException"
    many = [{"Key": f"k{number}", "Value": ""} for number in range(50)]
    assert refused(client.tag_resource, **of, Tags=many)[0] == "ConstraintViolationException"
    for unknown in (FULL, "p-12345678", "123123123123", *NOWHERE):
        assert refused(client.list_tags_for_resource, ResourceId=unknown)[0] == (
            "TargetNotFoundException"
        )
