"""Simulations that make no sense, refused in AWS's words."""

import json
from typing import Any

import pytest
from tests.unit.operations.iam.asserting import ARN, refused
from tests.unit.operations.iam.test_simulation import ALICE, GET, A, entry, resource_policy

from sluicegate.testing import Endpoint


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"PolicyInputList": ["{"]}, "Policy input list item 1 has invalid content"),
        ({"PolicyInputList": [GET, '{"Statement":[]}']}, "Policy input list item 2 has invalid"),
        (
            {"PermissionsBoundaryPolicyInputList": [GET, GET]},
            "The list of Permissions Boundary policies cannot exceed 1 items.",
        ),
        ({"ActionNames": ["GetObject"]}, "The action is invalid since it is missing names"),
        ({"ResourceArns": ["a"]}, "ResourceNames are not in a valid ARN format: a."),
        ({"ResourceArns": [A, "*"]}, "ResourceNames are not in a valid ARN format: *."),
        (
            {"ResourcePolicy": GET, "ResourceArns": [A]},
            "Invalid caller - Caller cannot be null or empty.",
        ),
        (
            {"CallerArn": f"{ARN}:root"},
            "Invalid caller - Caller must be an IAM user, role or group in this context.",
        ),
        (
            {"ResourcePolicy": resource_policy(ALICE), "CallerArn": ALICE},
            "Invalid Entity Arn: * does not clearly define entity type and name.",
        ),
        (
            {"ResourcePolicy": GET, "CallerArn": ALICE, "ResourceArns": [A]},
            "Resource policy has invalid content",
        ),
        ({"ResourceOwner": "bob"}, "Invalid Resource Owner."),
        (
            {"ContextEntries": [entry("a:test", "a"), entry("A:test", "b")]},
            "Duplicate context key: A:test.",
        ),
        (
            {"ContextEntries": [entry("a:test", "a", "b")]},
            "Context key string expected a single value, but received 2.",
        ),
        (
            {"ContextEntries": [entry("a:test", "x", kind="numeric")]},
            "Invalid context value for key a:test: expected numeric format.",
        ),
        (
            {"ContextEntries": [entry("a:test", "tomorrow", kind="dateList")]},
            "Invalid context value for key a:test: expected DateTime format.",
        ),
        (
            {"OrderedOrganizationPolicyInputList": [{"ServiceControlPolicyInputList": []}]},
            "Organization policy at index 1 must contain at least one service control policy",
        ),
        (
            {"ResourceHandlingOption": "EC2-VPC-EBS"},
            "Invalid input resource handling options. Action does not support resource handling "
            "options: s3:GetObject.",
        ),
        ({"Marker": "nowhere"}, "Invalid marker for pagination."),
    ],
)
def test_what_makes_no_sense_is_refused_in_aws_s_words(
    endpoint: Endpoint, params: dict[str, Any], message: str
) -> None:
    asked = {"PolicyInputList": [GET], "ActionNames": ["s3:GetObject"], **params}
    status, code, said = refused(endpoint.client("iam").simulate_custom_policy, **asked)
    assert (status, code) == (400, "InvalidInput") and said.startswith(message)


def test_whose_policies_must_be_somebody_s(endpoint: Endpoint) -> None:
    simulate = endpoint.client("iam").simulate_principal_policy
    keys = endpoint.client("iam").get_context_keys_for_principal_policy
    session = "arn:aws:sts::000000000000:assumed-role/reader/session"
    assert refused(simulate, PolicySourceArn=session, ActionNames=["s3:GetObject"]) == (
        400,
        "InvalidInput",
        f"Invalid Entity Arn: {session} does not clearly define entity type and name.",
    )
    assert refused(keys, PolicySourceArn=f"{ARN}:role/reader") == (
        404,
        "NoSuchEntity",
        "The role with name reader cannot be found.",
    )


def test_context_without_end_is_refused(endpoint: Endpoint) -> None:
    sent = [entry("a:test", "a" * 20_000)]
    status, code, message = refused(
        endpoint.client("iam").simulate_custom_policy,
        PolicyInputList=[GET],
        ActionNames=["s3:GetObject"],
        ContextEntries=sent,
    )
    assert (status, code) == (400, "ValidationError")
    assert message.startswith("what policies are asked about may have 16384 characters a value")


def test_work_without_end_comes_in_pages_or_is_refused(endpoint: Endpoint) -> None:
    simulate = endpoint.client("iam").simulate_custom_policy
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{A}{'a' * 100_000}"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    asked = {"PolicyInputList": [policy], "ActionNames": ["s3:GetObject"] * 3}
    answer = simulate(**asked, ResourceArns=[A] * 200)
    assert (len(answer["EvaluationResults"]), answer["IsTruncated"]) == (2, True)
    assert refused(simulate, **asked, ResourceArns=[A] * 500) == (
        400,
        "ValidationError",
        "that many resources and policies are too much; simulate fewer at once",
    )
