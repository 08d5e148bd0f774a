"""Every operation, for somebody whose one policy allows just it, and for somebody without any."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore import xform_name
from tests.unit.operations.asserting import ACCOUNT, allow, no_policy, refused
from tests.unit.operations.lambda_.asserting import (
    ARN,
    ROLE,
    made,
    role,
    trusting,
    with_code,
    zipped,
)

from sluicegate.operations.lambda_ import OPERATIONS
from sluicegate.testing import Endpoint


@dataclass(frozen=True)
class Given:
    """A function with a version, an alias, a policy and an event invoke config."""

    name: str

    @property
    def arn(self) -> str:
        return f"{ARN}:{self.name}"


Params = Callable[[Given], dict[str, Any]]


def _function(given: Given) -> dict[str, Any]:
    return {"FunctionName": given.name}


def _alias(given: Given) -> dict[str, Any]:
    return {"FunctionName": given.name, "Name": "live"}


def _nothing(_given: Given) -> dict[str, Any]:
    return {}


def _with(**params: Any) -> Params:
    return lambda given: {"FunctionName": given.name, **params}


# The request, and what a denial prints for the resource ('' = the function's ARN).
CASES: dict[str, tuple[Params, str]] = {
    "AddPermission": (
        _with(StatementId="mine", Action="lambda:InvokeFunction", Principal="events.amazonaws.com"),
        "",
    ),
    "CreateAlias": (_with(Name="new", FunctionVersion="1"), ""),
    "CreateFunction": (
        lambda given: with_code(FunctionName=f"new-{given.name}"),
        f"{ARN}:new-{{name}}",
    ),
    "DeleteAlias": (_alias, ""),
    "DeleteFunction": (_function, ""),
    "DeleteFunctionConcurrency": (_function, ""),
    "DeleteFunctionEventInvokeConfig": (_function, ""),
    "GetAccountSettings": (_nothing, "*"),
    "GetAlias": (_alias, ""),
    "GetFunction": (_function, ""),
    "GetFunctionCodeSigningConfig": (_function, ""),
    "GetFunctionConcurrency": (_function, ""),
    "GetFunctionConfiguration": (_with(Qualifier="live"), f"{ARN}:{{name}}:live"),
    "GetFunctionEventInvokeConfig": (_function, ""),
    "GetFunctionRecursionConfig": (_function, ""),
    "GetPolicy": (_function, ""),
    "GetRuntimeManagementConfig": (_function, ""),
    "Invoke": (_function, ""),
    "ListAliases": (_function, ""),
    "ListFunctionEventInvokeConfigs": (_function, ""),
    "ListFunctionUrlConfigs": (_function, ""),
    "ListFunctions": (_nothing, "*"),
    "ListTags": (lambda given: {"Resource": given.arn}, ""),
    "ListVersionsByFunction": (_function, ""),
    "PublishVersion": (_function, ""),
    "PutFunctionConcurrency": (_with(ReservedConcurrentExecutions=1), ""),
    "PutFunctionEventInvokeConfig": (_with(MaximumRetryAttempts=0), ""),
    "PutFunctionRecursionConfig": (_with(RecursiveLoop="Allow"), ""),
    "RemovePermission": (_with(StatementId="given"), ""),
    "TagResource": (lambda given: {"Resource": given.arn, "Tags": {"a": "b"}}, ""),
    "UntagResource": (lambda given: {"Resource": given.arn, "TagKeys": ["a"]}, ""),
    "UpdateAlias": (lambda given: {**_alias(given), "Description": "x"}, ""),
    "UpdateFunctionCode": (_with(ZipFile=zipped(new="x")), ""),
    "UpdateFunctionConfiguration": (_with(Timeout=9), ""),
    "UpdateFunctionEventInvokeConfig": (_with(MaximumRetryAttempts=0), ""),
}

ACTIONS = {"Invoke": "InvokeFunction"}


def prepared(endpoint: Endpoint, name: str) -> Given:
    made(endpoint, name, Publish=True)
    client = endpoint.client("lambda")
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    client.add_permission(
        FunctionName=name, StatementId="given", Action="lambda:InvokeFunction", Principal="*"
    )
    client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=1)
    return Given(name)


def test_every_operation_is_tried_here() -> None:
    names = {operation.name for operation in OPERATIONS}
    # Mappings have a file of their own.
    assert set(CASES) == {name for name in names if "EventSourceMapping" not in name}


def test_who_has_no_policy_is_refused_each(endpoint: Endpoint) -> None:
    given = prepared(endpoint, "orders")
    endpoint.client("lambda").remove_permission(FunctionName="orders", StatementId="given")
    alice = endpoint.user("alice").client("lambda")
    for name, (params, shown) in CASES.items():
        code, message = refused(getattr(alice, xform_name(name)), status=403, **params(given))
        resource = shown.format(name=given.name) or given.arn
        assert code == "AccessDeniedException"
        assert message == no_policy(f"lambda:{ACTIONS.get(name, name)}", resource)


def test_who_may_do_just_one_can(endpoint: Endpoint) -> None:
    for name, (params, _) in CASES.items():
        given = prepared(endpoint, name)
        actions = [f"lambda:{ACTIONS.get(name, name)}"]
        if name == "CreateFunction":
            actions.append("iam:PassRole")
        client = endpoint.user(name, policy=allow(*actions)).client("lambda")
        answer = getattr(client, xform_name(name))(**params(given))
        assert answer["ResponseMetadata"]["HTTPStatusCode"] < 300


def test_whom_nobody_allowed_learns_not_what_is_there(endpoint: Endpoint) -> None:
    made(endpoint)
    alice = endpoint.user("alice").client("lambda")
    for name in ("orders", "missing"):
        assert refused(alice.get_function, status=403, FunctionName=name)[1] == no_policy(
            "lambda:GetFunction", f"{ARN}:{name}"
        )
    other = "arn:aws:lambda:us-east-1:111111111111:function:orders"
    assert refused(alice.get_function, status=403, FunctionName=other)[0] == "AccessDeniedException"


def test_the_role_must_be_passed(endpoint: Endpoint) -> None:
    role(endpoint)
    policy = allow("lambda:CreateFunction", "lambda:UpdateFunctionConfiguration")
    alice = endpoint.user("alice", policy=policy).client("lambda")
    denied = no_policy("iam:PassRole", ROLE)
    assert refused(alice.create_function, status=403, **with_code())[1] == denied
    made(endpoint)
    changed = {"FunctionName": "orders", "Role": ROLE}
    assert refused(alice.update_function_configuration, status=403, **changed)[1] == denied
    assert alice.update_function_configuration(FunctionName="orders", Timeout=4)["Timeout"] == 4


@pytest.mark.parametrize(("service", "works"), [("lambda", True), ("ec2", False)])
def test_the_role_may_be_passed_to_lambda_alone(
    endpoint: Endpoint, service: str, works: bool
) -> None:
    role(endpoint)
    passing = allow(
        "iam:PassRole",
        Condition={"StringEquals": {"iam:PassedToService": f"{service}.amazonaws.com"}},
    )["Statement"]
    policy = allow("lambda:CreateFunction")
    policy["Statement"] += passing
    alice = endpoint.user("alice", policy=policy).client("lambda")
    if works:
        assert alice.create_function(**with_code())["State"] == "Pending"
    else:
        assert refused(alice.create_function, status=403, **with_code())[1].startswith(
            no_policy("iam:PassRole", ROLE)
        )


@pytest.mark.parametrize("resource", ["Resource", "NotResource"])
def test_a_role_goes_by_one_arn_when_it_is_passed(endpoint: Endpoint, resource: str) -> None:
    """Whatever else a policy that keeps a role back lets pass is no name of the role."""
    made(endpoint)
    policy = allow("lambda:*", "iam:PassRole")
    kept_back = {"Effect": "Deny", "Action": "iam:PassRole", "Resource": ROLE}
    if resource == "NotResource":
        policy = allow("lambda:*")
        kept_back = {"Effect": "Allow", "Action": "iam:PassRole", "NotResource": ROLE}
    policy["Statement"].append(kept_back)
    alice = endpoint.user("alice", policy=policy).client("lambda")
    new = with_code(FunctionName="new")
    assert refused(alice.create_function, status=403, **new)[0] == "AccessDeniedException"
    for variant in (ROLE.replace("aws", "aws-cn"), ROLE.replace("worker", "Worker")):
        changes: tuple[tuple[Any, dict[str, Any]], ...] = (
            (alice.create_function, {**new, "Role": variant}),
            (alice.update_function_configuration, {"FunctionName": "orders", "Role": variant}),
        )
        for change, params in changes:
            assert refused(change, **params) == (
                "InvalidParameterValueException",
                "The role defined for the function cannot be assumed by Lambda.",
            )


def test_a_role_of_another_account(endpoint: Endpoint) -> None:
    other = "arn:aws:iam::111111111111:role/worker"
    client = endpoint.client("lambda")
    assert refused(client.create_function, status=403, **with_code(Role=other)) == (
        "AccessDeniedException",
        "Cross-account pass role is not allowed.",
    )


def test_the_trust_policy_is_asked_about_the_function(endpoint: Endpoint) -> None:
    trust = trusting()
    trust["Statement"][0]["Condition"] = {"ArnEquals": {"aws:SourceArn": f"{ARN}:orders"}}
    endpoint.role("worker", trust=trust)
    client = endpoint.client("lambda")
    assert client.create_function(**with_code())["FunctionName"] == "orders"
    assert refused(client.create_function, **with_code(FunctionName="other")) == (
        "InvalidParameterValueException",
        "The role defined for the function cannot be assumed by Lambda.",
    )


def test_conditions_on_tags_and_on_what_is_added(endpoint: Endpoint) -> None:
    made(endpoint, "red", Tags={"colour": "red"})
    made(endpoint, "blue", Tags={"colour": "blue"})
    of_red = {"StringEquals": {"aws:ResourceTag/colour": "red"}}
    alice = endpoint.user("alice", policy=allow("lambda:GetFunction*", Condition=of_red))
    client = alice.client("lambda")
    assert client.get_function_configuration(FunctionName="red")
    refused(client.get_function_configuration, status=403, FunctionName="blue")
    to_events = {"StringEquals": {"lambda:Principal": "events.amazonaws.com"}}
    policy = allow("lambda:AddPermission", "lambda:RemovePermission", Condition=to_events)
    bob = endpoint.user("bob", policy=policy).client("lambda")
    statement = {"FunctionName": "red", "StatementId": "s", "Action": "lambda:InvokeFunction"}
    bob.add_permission(**statement, Principal="events.amazonaws.com")
    bob.remove_permission(FunctionName="red", StatementId="s")
    refused(bob.add_permission, status=403, **statement, Principal="*")
    endpoint.client("lambda").add_permission(**statement, Principal=ACCOUNT)
    refused(bob.remove_permission, status=403, FunctionName="red", StatementId="s")


def test_tags_of_get_function_are_for_who_may_list_them(endpoint: Endpoint) -> None:
    made(endpoint, Tags={"team": "one"})
    alice = endpoint.user("alice", policy=allow("lambda:GetFunction")).client("lambda")
    answer = alice.get_function(FunctionName="orders")
    assert "Tags" not in answer and answer["TagsError"] == {
        "ErrorCode": "AccessDeniedException",
        "Message": no_policy("lambda:ListTags", f"{ARN}:orders"),
    }
