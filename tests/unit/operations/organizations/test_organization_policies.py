"""Policies of an organization: written strictly, attached within limits."""

import json
from typing import Any

import pytest
from tests.unit.operations.asserting import ACCOUNT, allow, refused
from tests.unit.operations.organizations.organized import (
    FULL,
    FULL_RCP,
    RCP,
    SCP,
    organized,
    policy,
    policy_arn,
)

from sluicegate.testing import Endpoint

CONTENT = json.dumps(allow("kms:*"))


def create(client: Any, **more: Any) -> dict[str, Any]:
    params = {"Name": "keys", "Description": "Of keys", "Type": SCP, "Content": CONTENT}
    made: dict[str, Any] = client.create_policy(**(params | more))["Policy"]
    return made


def statement(**more: Any) -> str:
    whole = {"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*", **more}
    kept = {name: value for name, value in whole.items() if value is not None}
    return json.dumps({"Version": "2012-10-17", "Statement": kept})


def test_a_policy_is_made_shown_changed_and_deleted(endpoint: Endpoint) -> None:
    organized(endpoint)
    client = endpoint.client("organizations")
    made = create(client)
    summary = made["PolicySummary"]
    assert made == {
        "PolicySummary": {
            "Id": summary["Id"],
            "Arn": policy_arn(endpoint, summary["Id"]),
            "Name": "keys",
            "Description": "Of keys",
            "Type": SCP,
            "AwsManaged": False,
        },
        "Content": CONTENT,
    }
    of = {"PolicyId": summary["Id"]}
    assert client.describe_policy(**of)["Policy"] == made
    listed = client.list_policies(Filter=SCP)["Policies"]
    assert [each["Id"] for each in listed if not each["AwsManaged"]] == [summary["Id"]]
    assert [each["Id"] for each in client.list_policies(Filter=RCP)["Policies"]] == [FULL_RCP]
    assert client.list_policies(Filter="TAG_POLICY")["Policies"] == []
    duplicate = refused(create, client=client)
    assert duplicate[0] == "DuplicatePolicyException"
    other = create(client, Name="other")["PolicySummary"]["Id"]
    assert refused(client.update_policy, PolicyId=other, Name="keys") == duplicate
    changed = client.update_policy(**of, Description="", Content=json.dumps(allow("logs:*")))
    assert changed["Policy"]["PolicySummary"] == summary | {"Description": ""}
    assert json.loads(changed["Policy"]["Content"]) == allow("logs:*")
    client.delete_policy(**of)
    for call in (client.describe_policy, client.delete_policy, client.update_policy):
        assert refused(call, **of)[0] == "PolicyNotFoundException"


def test_aws_s_own_policies_are_there_and_stay_as_they_are(endpoint: Endpoint) -> None:
    organized(endpoint)
    client = endpoint.client("organizations")
    shown = client.describe_policy(PolicyId=FULL)["Policy"]
    assert shown["PolicySummary"]["Arn"] == (
        "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess"
    )
    assert shown["PolicySummary"]["AwsManaged"] is True
    assert json.loads(shown["Content"])["Statement"][0]["Effect"] == "Allow"
    for call in (client.update_policy, client.delete_policy):
        assert refused(call, PolicyId=FULL)[0] == "InvalidInputException"


@pytest.mark.parametrize(
    ("kind", "content", "why"),
    [
        (SCP, "{", "Syntax errors in policy."),
        (SCP, statement(), "Policy document should not specify a principal."),
        (SCP, statement(Principal=None, Condition={"Nonsense": {"aws:x": "b"}}), "Syntax errors"),
        (SCP, statement(Principal=None, Action="kms"), "must be prefaced by a vendor"),
        (RCP, statement(Principal=None), "Missing required field Principal"),
        (RCP, statement(Principal={"AWS": ACCOUNT}), "Principal must be"),
        (RCP, statement(Effect="Allow"), "Effect must be Deny"),
        (RCP, statement(Action=None, NotAction="kms:*"), "Has prohibited field NotAction"),
    ],
)
def test_what_is_no_policy_of_its_type_is_refused(
    endpoint: Endpoint, kind: str, content: str, why: str
) -> None:
    organized(endpoint)
    client = endpoint.client("organizations")
    code, message = refused(create, client=client, Type=kind, Content=content)
    assert code == "MalformedPolicyDocumentException" and why in message
    there = policy(endpoint, "Deny", "kms:*", kind=kind)
    assert refused(client.update_policy, PolicyId=there, Content=content) == (code, message)


def test_limits_and_other_types_are_refused_by_name(endpoint: Endpoint) -> None:
    organized(endpoint)
    client = endpoint.client("organizations")
    long = CONTENT + " " * (5121 - len(CONTENT))
    assert refused(create, client=client, Content=long)[0] == "ConstraintViolationException"
    create(client, Content=long[:5120])
    refusal = refused(create, client=client, Type="TAG_POLICY")
    assert refusal[0] == "PolicyTypeNotAvailableForOrganizationException"


def test_a_policy_is_attached_once_and_deleted_when_it_is_detached(endpoint: Endpoint) -> None:
    root = organized(endpoint)
    client = endpoint.client("organizations")
    made = policy(endpoint, "Deny", "kms:*")
    at = {"PolicyId": made, "TargetId": root}
    assert refused(client.attach_policy, **at)[0] == "PolicyTypeNotEnabledException"
    client.enable_policy_type(RootId=root, PolicyType=SCP)
    assert refused(client.detach_policy, **at)[0] == "PolicyNotAttachedException"
    client.attach_policy(**at)
    assert refused(client.attach_policy, **at)[0] == "DuplicatePolicyAttachmentException"
    assert refused(client.delete_policy, PolicyId=made)[0] == "PolicyInUseException"
    organization = client.describe_organization()["Organization"]["Id"]
    assert client.list_targets_for_policy(PolicyId=made)["Targets"] == [
        {
            "TargetId": root,
            "Arn": f"arn:aws:organizations::{ACCOUNT}:root/{organization}/{root}",
            "Name": "Root",
            "Type": "ROOT",
        }
    ]
    found = client.list_policies_for_target(TargetId=root, Filter=SCP)["Policies"]
    assert {each["Id"] for each in found} == {FULL, made}
    client.detach_policy(**at)
    client.delete_policy(PolicyId=made)
    assert refused(client.attach_policy, **at)[0] == "PolicyNotFoundException"
    nowhere = {"PolicyId": FULL, "TargetId": "ou-none-12345678"}
    for call in (client.attach_policy, client.detach_policy):
        assert refused(call, **nowhere)[0] == "TargetNotFoundException"


def test_a_target_has_from_one_to_five_policies_of_a_type(endpoint: Endpoint) -> None:
    root = organized(endpoint, SCP, RCP)
    client = endpoint.client("organizations")
    assert refused(client.detach_policy, PolicyId=FULL, TargetId=root) == (
        "ConstraintViolationException",
        "You cannot remove the last policy attached to the specified target. You must have at "
        "least one attached at all times.",
    )
    made = [policy(endpoint, "Allow", "*") for _ in range(5)]
    for each in made[:4]:
        client.attach_policy(PolicyId=each, TargetId=root)
    refusal = refused(client.attach_policy, PolicyId=made[4], TargetId=root)
    assert refusal[0] == "ConstraintViolationException"
    client.detach_policy(PolicyId=FULL, TargetId=root)
    client.attach_policy(PolicyId=made[4], TargetId=root)
    # AWS's resource control policy stays where it is.
    client.attach_policy(PolicyId=policy(endpoint, "Deny", "kms:*", kind=RCP), TargetId=root)
    refusal = refused(client.detach_policy, PolicyId=FULL_RCP, TargetId=root)
    assert refusal[0] == "InvalidInputException"
