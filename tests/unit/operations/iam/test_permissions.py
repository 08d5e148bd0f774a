"""Every IAM operation, denied without its permission and allowed with exactly that one."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from sluicegate.operations.iam import OPERATIONS
from sluicegate.testing import Endpoint

ACCOUNT = "000000000000"
ARN = f"arn:aws:iam::{ACCOUNT}"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
DOCUMENT = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "kafka:*", "Resource": "*"}],
    }
)
AWS_POLICY = "arn:aws:iam::aws:policy/service-role/AWSLambdaMSKExecutionRole"
BOB = f"{ARN}:user/team/bob"
OPS = f"{ARN}:group/team/ops"
WORKER = f"{ARN}:role/team/worker"
POLICY = f"{ARN}:policy/team/reader"
LINKED = f"{ARN}:role/aws-service-role/kafka.amazonaws.com/AWSServiceRoleForKafka"


@dataclass(frozen=True)
class Step:
    """One call: on what it is judged, what a denial prints for that, and what is sent."""

    operation: str
    resource: str
    shown: str
    params: dict[str, Any] = field(default_factory=dict)


def on_user(operation: str, **params: Any) -> Step:
    return Step(operation, BOB, "user bob", {"UserName": "bob", **params})


def on_group(operation: str, **params: Any) -> Step:
    return Step(operation, OPS, "group ops", {"GroupName": "ops", **params})


def on_role(operation: str, **params: Any) -> Step:
    return Step(operation, WORKER, "role worker", {"RoleName": "worker", **params})


def on_policy(operation: str, **params: Any) -> Step:
    return Step(operation, POLICY, f"policy {POLICY}", {"PolicyArn": POLICY, **params})


def on_all(operation: str, shown: str = "*", **params: Any) -> Step:
    return Step(operation, "*", shown, params)


def steps() -> Iterator[Step]:
    """The life of an account, each operation once at least; `KEY` and `TASK` are filled in."""
    path = {"Path": "/team/"}
    yield Step("CreateUser", BOB, BOB, {"UserName": "bob", **path})
    yield Step("CreateGroup", OPS, OPS, {"GroupName": "ops", **path})
    role = {"RoleName": "worker", "AssumeRolePolicyDocument": TRUST, **path}
    yield Step("CreateRole", WORKER, WORKER, role)
    policy = {"PolicyName": "reader", "PolicyDocument": DOCUMENT, **path}
    yield Step("CreatePolicy", POLICY, "policy reader", policy)
    yield on_user("GetUser")
    yield on_user("UpdateUser", NewUserName="bob")
    yield on_all("ListUsers", f"{ARN}:user/")
    yield on_group("GetGroup")
    yield on_group("UpdateGroup", NewGroupName="ops")
    yield on_all("ListGroups", f"{ARN}:group/")
    yield on_group("AddUserToGroup", UserName="bob")
    yield on_user("ListGroupsForUser")
    yield on_group("RemoveUserFromGroup", UserName="bob")
    yield on_role("GetRole")
    yield on_role("UpdateRole", MaxSessionDuration=7200)
    yield on_role("UpdateRoleDescription", Description="works")
    yield on_role("UpdateAssumeRolePolicy", PolicyDocument=TRUST)
    yield on_role("ListInstanceProfilesForRole")
    yield on_all("ListRoles", f"{ARN}:role/")
    for word, on in (("User", on_user), ("Group", on_group), ("Role", on_role)):
        yield on(f"Put{word}Policy", PolicyName="inline", PolicyDocument=DOCUMENT)
        yield on(f"Get{word}Policy", PolicyName="inline")
        yield on(f"List{word}Policies")
        yield on(f"Delete{word}Policy", PolicyName="inline")
        yield on(f"Attach{word}Policy", PolicyArn=AWS_POLICY)
        yield on(f"ListAttached{word}Policies")
        yield on(f"Detach{word}Policy", PolicyArn=AWS_POLICY)
        if word != "Group":
            yield on(f"Put{word}PermissionsBoundary", PermissionsBoundary=AWS_POLICY)
            yield on(f"Delete{word}PermissionsBoundary")
            yield on(f"Tag{word}", Tags=[{"Key": "team", "Value": "a"}])
            yield on(f"List{word}Tags")
            yield on(f"Untag{word}", TagKeys=["team"])
    yield on_policy("GetPolicy")
    yield on_all("ListPolicies", f"{ARN}:policy/", Scope="Local")
    yield on_policy("CreatePolicyVersion", PolicyDocument=DOCUMENT)
    yield on_policy("GetPolicyVersion", VersionId="v1")
    yield on_policy("ListPolicyVersions")
    yield on_policy("SetDefaultPolicyVersion", VersionId="v2")
    yield on_policy("DeletePolicyVersion", VersionId="v1")
    yield on_policy("ListEntitiesForPolicy")
    yield on_policy("TagPolicy", Tags=[{"Key": "team", "Value": "a"}])
    yield on_policy("ListPolicyTags")
    yield on_policy("UntagPolicy", TagKeys=["team"])
    yield on_user("CreateAccessKey")
    yield on_user("ListAccessKeys")
    yield Step("GetAccessKeyLastUsed", BOB, "access key KEY", {"AccessKeyId": "KEY"})
    yield on_user("UpdateAccessKey", AccessKeyId="KEY", Status="Inactive")
    yield on_user("DeleteAccessKey", AccessKeyId="KEY")
    yield on_user("CreateLoginProfile", Password="Correct-horse1")
    yield on_user("GetLoginProfile")
    yield on_user("UpdateLoginProfile", PasswordResetRequired=True)
    yield on_user("DeleteLoginProfile")
    yield on_user("ListMFADevices")
    yield on_user("ListSSHPublicKeys")
    yield on_user("ListServiceSpecificCredentials")
    yield on_user("ListSigningCertificates")
    yield on_all("ListVirtualMFADevices", f"{ARN}:mfa/")
    service = {"AWSServiceName": "kafka.amazonaws.com"}
    yield Step("CreateServiceLinkedRole", LINKED, LINKED, service)
    linked = {"RoleName": "AWSServiceRoleForKafka"}
    yield Step("DeleteServiceLinkedRole", LINKED, "role AWSServiceRoleForKafka", linked)
    task = {"DeletionTaskId": "TASK"}
    yield Step("GetServiceLinkedRoleDeletionStatus", LINKED, LINKED, task)
    yield on_all("CreateAccountAlias", AccountAlias="sluice")
    yield on_all("ListAccountAliases")
    yield on_all("DeleteAccountAlias", AccountAlias="sluice")
    yield on_all("GetAccountSummary")
    yield on_all("GetAccountAuthorizationDetails")
    simulation: dict[str, Any] = {"ActionNames": ["kafka:ListClusters"]}
    source = {"PolicySourceArn": BOB}
    yield Step("SimulatePrincipalPolicy", BOB, BOB, source | simulation)
    yield Step("GetContextKeysForPrincipalPolicy", BOB, BOB, source)
    yield on_all("SimulateCustomPolicy", PolicyInputList=[DOCUMENT], **simulation)
    yield on_all("GetContextKeysForCustomPolicy", PolicyInputList=[DOCUMENT])
    yield on_policy("DeletePolicy")
    yield on_role("DeleteRole")
    yield on_group("DeleteGroup")
    yield on_user("DeleteUser")


def test_each_operation_is_denied_without_and_allowed_with_exactly_its_permission(
    endpoint: Endpoint,
) -> None:
    root, alice = endpoint.client("iam"), endpoint.user("alice")
    iam = alice.client("iam")
    filled: dict[str, str] = {}
    for step in steps():
        params = {name: filled.get(str(value), value) for name, value in step.params.items()}
        shown = step.shown.replace("KEY", filled.get("KEY", ""))
        call = getattr(iam, xform_name(step.operation))
        with pytest.raises(ClientError) as caught:
            call(**params)
        error, action = caught.value.response["Error"], f"iam:{step.operation}"
        assert error["Code"] == "AccessDenied"
        assert error["Message"].startswith(
            f"User: {alice.arn} is not authorized to perform: {action} on resource: {shown} "
            f"because no identity-based policy allows the {action} action"
        )
        statement = {"Effect": "Allow", "Action": action, "Resource": step.resource}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        root.put_user_policy(UserName="alice", PolicyName="one", PolicyDocument=document)
        answer = call(**params)
        if step.operation == "CreateAccessKey":
            filled["KEY"] = answer["AccessKey"]["AccessKeyId"]
        if step.operation == "DeleteServiceLinkedRole":
            filled["TASK"] = answer["DeletionTaskId"]
        root.delete_user_policy(UserName="alice", PolicyName="one")


def test_no_operation_is_left_out_above() -> None:
    assert {step.operation for step in steps()} == {each.name for each in OPERATIONS}


def denial(call: Any, **params: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == "AccessDenied"
    return str(caught.value.response["Error"]["Message"])


def allowing(action: str, resource: str, **condition: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **condition}
    return {"Version": "2012-10-17", "Statement": [statement]}


def test_who_may_not_look_learns_nothing_of_what_exists(endpoint: Endpoint) -> None:
    iam = endpoint.user("alice").client("iam")
    assert "on resource: role nobody because" in denial(iam.get_role, RoleName="nobody")


def test_creating_with_tags_asks_for_tagging_too(endpoint: Endpoint) -> None:
    iam = endpoint.user("alice", policy=allowing("iam:CreateUser", "*")).client("iam")
    sentence = denial(iam.create_user, UserName="eve", Tags=[{"Key": "a", "Value": "b"}])
    assert f"perform: iam:TagUser on resource: {ARN}:user/eve" in sentence


def test_a_rename_asks_for_the_new_name_too(endpoint: Endpoint) -> None:
    policy = allowing("iam:UpdateUser", f"{ARN}:user/alice")
    iam = endpoint.user("alice", policy=policy).client("iam")
    sentence = denial(iam.update_user, UserName="alice", NewUserName="eve")
    assert f"perform: iam:UpdateUser on resource: {ARN}:user/eve" in sentence


def test_tags_of_a_role_decide_who_may_delete_it(endpoint: Endpoint) -> None:
    root = endpoint.client("iam")
    for name, team in (("mine", "a"), ("theirs", "b")):
        tags = [{"Key": "team", "Value": team}]
        root.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST, Tags=tags)
    condition = {"StringEquals": {"aws:ResourceTag/team": "a", "iam:ResourceTag/team": "a"}}
    policy = allowing("iam:DeleteRole", "*", Condition=condition)
    iam = endpoint.user("alice", policy=policy).client("iam")
    iam.delete_role(RoleName="mine")
    assert "iam:DeleteRole on resource: role theirs" in denial(iam.delete_role, RoleName="theirs")


def test_the_attached_policy_is_a_condition_key(endpoint: Endpoint) -> None:
    endpoint.client("iam").create_role(RoleName="worker", AssumeRolePolicyDocument=TRUST)
    condition = {"ArnEquals": {"iam:PolicyARN": AWS_POLICY}}
    policy = allowing("iam:AttachRolePolicy", "*", Condition=condition)
    iam = endpoint.user("alice", policy=policy).client("iam")
    iam.attach_role_policy(RoleName="worker", PolicyArn=AWS_POLICY)
    admin = "arn:aws:iam::aws:policy/AdministratorAccess"
    denial(iam.attach_role_policy, RoleName="worker", PolicyArn=admin)


def test_roles_can_be_required_to_have_a_boundary(endpoint: Endpoint) -> None:
    condition = {"StringEquals": {"iam:PermissionsBoundary": AWS_POLICY}}
    policy = allowing("iam:*Role", "*", Condition=condition)
    iam = endpoint.user("alice", policy=policy).client("iam")
    role = {"RoleName": "worker", "AssumeRolePolicyDocument": TRUST}
    denial(iam.create_role, **role)
    iam.create_role(**role, PermissionsBoundary=AWS_POLICY)
    iam.delete_role(RoleName="worker")


def test_policies_of_aws_may_be_read_and_not_changed(endpoint: Endpoint) -> None:
    iam = endpoint.user("alice", policy=allowing("iam:*", "*")).client("iam")
    assert iam.get_policy(PolicyArn=AWS_POLICY)["Policy"]["DefaultVersionId"] == "v2"
    sentence = denial(iam.delete_policy, PolicyArn=AWS_POLICY)
    assert f"iam:DeletePolicy on resource: policy {AWS_POLICY}" in sentence
    for client in (iam, endpoint.client("iam")):
        with pytest.raises(ClientError):
            client.create_policy_version(PolicyArn=AWS_POLICY, PolicyDocument=DOCUMENT)
