"""What a simulation answers: shapes, places and refusals as AWS has them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from tests.unit.operations.iam.asserting import ARN, AWS_POLICY, document, trusting

from sluicegate.testing import Endpoint

A, B = "arn:aws:s3:::orders/a", "arn:aws:s3:::orders/b"
GET = document(Action="s3:GetObject")
ALICE = f"{ARN}:user/alice"
THEIRS = "arn:aws:iam::111122223333:user/bob"


def custom(endpoint: Endpoint, *policies: str, **params: Any) -> dict[str, Any]:
    """The one result of a simulation of policies."""
    asked = {"ActionNames": ["s3:GetObject"], **params}
    answer = endpoint.client("iam").simulate_custom_policy(PolicyInputList=policies, **asked)
    assert answer["IsTruncated"] is False
    (result,) = answer["EvaluationResults"]
    found: dict[str, Any] = result
    return found


def of(endpoint: Endpoint, arn: str, *actions: str, **params: Any) -> list[dict[str, Any]]:
    """The results of a simulation of a user, group or role."""
    answer = endpoint.client("iam").simulate_principal_policy(
        PolicySourceArn=arn, ActionNames=actions, **params
    )
    found: list[dict[str, Any]] = answer["EvaluationResults"]
    return found


def entry(name: str, *values: str, kind: str = "string") -> dict[str, Any]:
    return {"ContextKeyName": name, "ContextKeyValues": list(values), "ContextKeyType": kind}


def sources(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(one["SourcePolicyId"], one["SourcePolicyType"]) for one in result["MatchedStatements"]]


def decisions(results: Sequence[Mapping[str, Any]]) -> list[str]:
    return [one["EvalDecision"] for one in results]


def test_without_a_resource_the_answer_is_about_everything(endpoint: Endpoint) -> None:
    text = json.dumps(json.loads(GET), separators=(",", ":"))
    assert custom(endpoint, text) == {
        "EvalActionName": "s3:GetObject",
        "EvalResourceName": "*",
        "EvalDecision": "allowed",
        "MatchedStatements": [
            {
                "SourcePolicyId": "PolicyInputList.1",
                "SourcePolicyType": "IAM Policy",
                "StartPosition": {"Line": 1, "Column": 38},
                "EndPosition": {"Line": 1, "Column": 95},
            }
        ],
        "MissingContextValues": [],
    }


def test_with_several_resources_the_strictest_answer_stands_above_each_one_s(
    endpoint: Endpoint,
) -> None:
    policy = document(Action="s3:GetObject", Resource=A)
    result = custom(endpoint, policy, ResourceArns=[A, B])
    whole = {"StartPosition": {"Line": 1, "Column": 41}, "EndPosition": {"Line": 1, "Column": 123}}
    matched = [{"SourcePolicyId": "PolicyInputList.1", "SourcePolicyType": "IAM Policy", **whole}]
    assert result == {
        "EvalActionName": "s3:GetObject",
        "EvalDecision": "implicitDeny",
        "MatchedStatements": matched,
        "MissingContextValues": [],
        "EvalDecisionDetails": {},
        "ResourceSpecificResults": [
            {
                "EvalResourceName": A,
                "EvalResourceDecision": "allowed",
                "MatchedStatements": matched,
            },
            {"EvalResourceName": B, "EvalResourceDecision": "implicitDeny"},
        ],
    }


def test_a_deny_is_named_alone(endpoint: Endpoint) -> None:
    deny = document(Effect="Deny", Action="s3:*", Resource=B)
    result = custom(endpoint, GET, deny, ResourceArns=[B])
    assert result["EvalDecision"] == "explicitDeny" and result["EvalResourceName"] == B
    assert sources(result) == [("PolicyInputList.2", "IAM Policy")]


@pytest.mark.parametrize(
    ("boundary", "decision", "is_allowed", "named"),
    [
        (GET, "allowed", True, [("PolicyInputList.1", "IAM Policy")]),
        (document(Action="s3:PutObject"), "implicitDeny", False, []),
        (
            document(Effect="Deny", Action="s3:GetObject"),
            "explicitDeny",
            False,
            [("PermissionsBoundaryPolicyInputList.1", "Permissions Boundary Policy")],
        ),
    ],
)
def test_a_boundary_limits(
    endpoint: Endpoint, boundary: str, decision: str, is_allowed: bool, named: Any
) -> None:
    result = custom(endpoint, GET, PermissionsBoundaryPolicyInputList=[boundary], ResourceArns=[A])
    assert result["EvalDecision"] == decision and sources(result) == named
    detail = {"AllowedByPermissionsBoundary": is_allowed}
    assert result["PermissionsBoundaryDecisionDetail"] == detail
    assert result["ResourceSpecificResults"][0]["PermissionsBoundaryDecisionDetail"] == detail


def resource_policy(arn: str, **more: Any) -> str:
    return document(Action="s3:GetObject", Principal={"AWS": arn}, Resource=A, **more)


def test_a_resource_s_policy_allows_the_caller_it_names(endpoint: Endpoint) -> None:
    asked = {"ResourcePolicy": resource_policy(ALICE), "ResourceArns": [A]}
    result = custom(endpoint, document(), CallerArn=ALICE, **asked)
    assert result["EvalDecision"] == "allowed"
    assert sources(result) == [("ResourcePolicy", "Resource Policy")]
    assert result["EvalDecisionDetails"] == {}
    result = custom(endpoint, document(), CallerArn=f"{ARN}:user/bob", **asked)
    assert result["EvalDecision"] == "implicitDeny"
    denying = resource_policy(ALICE, Effect="Deny")
    result = custom(endpoint, GET, CallerArn=ALICE, ResourcePolicy=denying, ResourceArns=[A])
    assert result["EvalDecision"] == "explicitDeny"


def test_across_accounts_both_sides_must_allow_and_are_told_apart(endpoint: Endpoint) -> None:
    asked = {"ResourcePolicy": resource_policy(THEIRS), "ResourceArns": [A], "CallerArn": THEIRS}
    result = custom(endpoint, document(), ResourceOwner=f"{ARN}:root", **asked)
    assert result["EvalDecision"] == "implicitDeny"
    details = {"Resource Policy": "allowed", "IAM Policy": "implicitDeny"}
    assert result["EvalDecisionDetails"] == details
    assert result["ResourceSpecificResults"][0]["EvalDecisionDetails"] == details
    assert custom(endpoint, GET, ResourceOwner=f"{ARN}:root", **asked)["EvalDecision"] == "allowed"


def test_a_key_s_policy_and_a_role_s_trust_must_allow(endpoint: Endpoint) -> None:
    key, role = "arn:aws:kms:us-east-1:000000000000:key/k", f"{ARN}:role/reader"
    for action, arn, text in (
        ("kms:Decrypt", key, document(Action="kms:Decrypt", Principal={"AWS": THEIRS})),
        ("sts:AssumeRole", role, trusting(THEIRS)),
    ):
        asked = {"ActionNames": [action], "ResourceArns": [arn], "CallerArn": ALICE}
        result = custom(endpoint, document(Action=action), ResourcePolicy=text, **asked)
        assert result["EvalDecision"] == "implicitDeny"


@pytest.mark.parametrize(
    ("levels", "decision"),
    [
        ([document(Action="*")], "allowed"),
        ([document(Action="s3:PutObject")], "implicitDeny"),
        ([document(Action="*"), document(Effect="Deny", Action="s3:*")], "explicitDeny"),
    ],
)
def test_an_organization_s_policies_come_first_and_silence_the_others(
    endpoint: Endpoint, levels: list[str], decision: str
) -> None:
    sent = [{"ServiceControlPolicyInputList": [text]} for text in levels]
    result = custom(endpoint, GET, OrderedOrganizationPolicyInputList=sent, ResourceArns=[A])
    is_allowed = decision == "allowed"
    assert result["EvalDecision"] == decision
    assert result["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": is_allowed}
    assert bool(result["MatchedStatements"]) is is_allowed
    assert ("EvalDecisionDetails" in result) is is_allowed


def test_keys_nobody_gave_are_missing_until_they_are_sent_along(endpoint: Endpoint) -> None:
    condition = {"StringEquals": {"s3:Prefix": "${aws:username}", "aws:PrincipalAccount": "1"}}
    policy = document(Action="s3:GetObject", Condition=condition)
    assert custom(endpoint, policy)["MissingContextValues"] == ["s3:Prefix", "aws:username"]
    result = custom(endpoint, policy, ResourceArns=[A])
    missing = result["ResourceSpecificResults"][0]["MissingContextValues"]
    assert missing == result["MissingContextValues"] == ["s3:Prefix", "aws:username"]
    sent = [entry("S3:prefix", "bob"), entry("aws:Username", "bob"),
            entry("aws:principalaccount", "1")]  # fmt: skip
    result = custom(endpoint, policy, ContextEntries=sent)
    assert (result["EvalDecision"], result["MissingContextValues"]) == ("allowed", [])


def test_a_list_of_values_is_asked_about_as_a_set(endpoint: Endpoint) -> None:
    condition = {"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}}
    policy = document(Action="s3:GetObject", Condition=condition)
    for keys, decision in ((("a", "b"), "allowed"), (("a", "c"), "implicitDeny")):
        sent = [entry("aws:TagKeys", *keys, kind="stringList")]
        assert custom(endpoint, policy, ContextEntries=sent)["EvalDecision"] == decision


def test_of_a_user_everything_it_has_counts_and_says_whence(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    iam.create_user(UserName="alice", Path="/team/")
    iam.put_user_policy(UserName="alice", PolicyName="own", PolicyDocument=GET)
    for group in ("ops", "dev"):
        iam.create_group(GroupName=group)
        iam.attach_group_policy(GroupName=group, PolicyArn=AWS_POLICY)
        iam.add_user_to_group(GroupName=group, UserName="alice")
    put = document(Action="s3:PutObject", Resource="arn:aws:s3:::${aws:username}/*")
    iam.put_group_policy(GroupName="ops", PolicyName="theirs", PolicyDocument=put)
    arn = f"{ARN}:user/team/alice"
    actions = ("s3:GetObject", "s3:PutObject", "ec2:DescribeVpcs", "s3:DeleteObject")
    results = of(endpoint, arn, *actions, ResourceArns=["arn:aws:s3:::alice/a"])
    assert decisions(results) == ["allowed"] * 3 + ["implicitDeny"]
    assert [sources(one) for one in results] == [
        [("user_alice_own", "IAM Policy")],
        [("group_ops_theirs", "IAM Policy")],
        [("AWSLambdaMSKExecutionRole", "IAM Policy")],
        [],
    ]
    assert results[0]["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": True}
    (extra,) = of(endpoint, arn, "s3:DeleteObject", PolicyInputList=[document(Action="s3:*")])
    assert sources(extra) == [("PolicyInputList.1", "IAM Policy")]
    (of_group,) = of(endpoint, f"{ARN}:group/ops", "s3:PutObject")
    assert of_group["MissingContextValues"] == ["aws:username"]


@pytest.mark.parametrize(
    ("left_out", "lost"),
    [
        ({"PolicyType": "inline"}, {"s3:GetObject"}),
        ({"PolicyType": "aws-managed"}, {"ec2:DescribeVpcs"}),
        ({"PolicyType": "user-managed"}, {"s3:PutObject"}),
        ({"PolicyArn": AWS_POLICY}, {"ec2:DescribeVpcs"}),
        ({"PolicyArn": f"{ARN}:policy/limit"}, set()),
        (
            {
                "InlinePolicyIdentifier": {
                    "PolicyName": "own",
                    "AttachmentType": "user",
                    "AttachmentName": "alice",
                }
            },
            {"s3:GetObject"},
        ),
        ({"PolicyType": "permission-boundary"}, {"kms:Decrypt"}),
    ],
)
def test_policies_can_be_left_out(endpoint: Endpoint, left_out: Any, lost: set[str]) -> None:
    iam = endpoint.client("iam")
    iam.create_user(UserName="alice")
    limit = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "*", "Resource": "*"},
                {"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"},
            ],
        }
    )
    names = {"put": document(Action="s3:PutObject"), "limit": limit}
    arns = {
        name: iam.create_policy(PolicyName=name, PolicyDocument=text)["Policy"]["Arn"]
        for name, text in names.items()
    }
    iam.put_user_policy(UserName="alice", PolicyName="own", PolicyDocument=GET)
    iam.attach_user_policy(UserName="alice", PolicyArn=AWS_POLICY)
    iam.attach_user_policy(UserName="alice", PolicyArn=arns["put"])
    iam.put_user_permissions_boundary(UserName="alice", PermissionsBoundary=arns["limit"])
    actions = ("s3:GetObject", "s3:PutObject", "ec2:DescribeVpcs", "kms:Decrypt")
    usual = dict(zip(actions, decisions(of(endpoint, ALICE, *actions)), strict=True))
    assert usual == dict.fromkeys(actions, "allowed") | {"kms:Decrypt": "explicitDeny"}
    without = decisions(of(endpoint, ALICE, *actions, PolicyExclusionList=[left_out]))
    changed = {action for action, now in zip(actions, without, strict=True) if now != usual[action]}
    assert changed == lost


def test_pages_are_of_actions(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    asked = {"PolicyInputList": [GET], "ActionNames": ["s3:PutObject", "s3:GetObject"]}
    first = iam.simulate_custom_policy(**asked, MaxItems=1)
    assert first["IsTruncated"] is True
    second = iam.simulate_custom_policy(**asked, MaxItems=1, Marker=first["Marker"])
    assert decisions(second["EvaluationResults"]) == ["allowed"]
    assert second["IsTruncated"] is False


def test_keys_to_ask_about(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    iam.create_role(RoleName="reader", AssumeRolePolicyDocument=trusting())
    own = document(Condition={"Bool": {"aws:SecureTransport": "true"}})
    iam.put_role_policy(RoleName="reader", PolicyName="own", PolicyDocument=own)
    more = document(Resource="arn:aws:s3:::${aws:username}/*")
    answer = iam.get_context_keys_for_principal_policy(
        PolicySourceArn=f"{ARN}:role/reader", PolicyInputList=[more, own]
    )
    assert answer["ContextKeyNames"] == ["aws:SecureTransport", "aws:username"]
    answer = iam.get_context_keys_for_custom_policy(PolicyInputList=[GET, more])
    assert answer["ContextKeyNames"] == ["aws:username"]


def test_who_may_simulate_nobody_learns_nothing_of_others_tags(endpoint: Endpoint) -> None:
    """A caller is no more than its ARN: its tags are told only to who may ask about it."""
    iam = endpoint.client("iam")
    iam.create_user(UserName="alice", Tags=[{"Key": "team", "Value": "a"}])
    condition = {"StringEquals": {"aws:PrincipalTag/team": "a"}}
    policy = document(Action="s3:GetObject", Condition=condition)
    result = custom(endpoint, policy, CallerArn=ALICE)
    assert result["MissingContextValues"] == ["aws:PrincipalTag/team"]
    (result,) = of(endpoint, ALICE, "s3:GetObject", PolicyInputList=[policy])
    assert result["EvalDecision"] == "allowed"
