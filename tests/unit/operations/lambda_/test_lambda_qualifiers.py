"""Which resource each operation asks about, however its function is named; and no more is done."""

from typing import Any

import pytest
from botocore import xform_name
from tests.unit.operations.asserting import allow, no_policy, refused
from tests.unit.operations.lambda_.asserting import ARN, made, zipped
from tests.unit.operations.lambda_.test_lambda_permissions import ACTIONS, CASES, Given, prepared

from sluicegate.operations.lambda_ import OPERATIONS
from sluicegate.testing import Endpoint
from sluicegate.wire.model import service_model

FUNCTIONS_ONLY = (
    "InvalidParameterValueException",
    "This operation is permitted on Lambda functions only. Aliases and versions do not support "
    "this operation. Please specify either a function name or an unqualified function ARN.",
)

PLAIN, NAMED, BESIDE = f"{ARN}:orders", f"{ARN}:orders:live", f"{ARN}:orders:live"
WHOLE = (PLAIN, PLAIN, None)
QUALIFIED = (PLAIN, NAMED, BESIDE)
NO_FUNCTION = ("*", "*", None)
MAPPING = f"{ARN.removesuffix('function')}event-source-mapping:a1b2c3d4-5678-4abc-8def-112233445566"

# What is asked about for FunctionName `orders`, for `orders:live`, and for Qualifier `live` (None
# where there is no such parameter).
ASKED: dict[str, tuple[str, str, str | None]] = {
    "AddPermission": QUALIFIED,
    "CreateAlias": WHOLE,
    "CreateEventSourceMapping": NO_FUNCTION,
    "CreateFunction": WHOLE,
    "DeleteAlias": WHOLE,
    "DeleteFunction": QUALIFIED,
    "DeleteFunctionConcurrency": WHOLE,
    "DeleteFunctionEventInvokeConfig": QUALIFIED,
    "GetAlias": WHOLE,
    "GetFunction": QUALIFIED,
    "GetFunctionCodeSigningConfig": WHOLE,
    "GetFunctionConcurrency": WHOLE,
    "GetFunctionConfiguration": QUALIFIED,
    "GetFunctionEventInvokeConfig": QUALIFIED,
    "GetFunctionRecursionConfig": WHOLE,
    "GetPolicy": QUALIFIED,
    "GetRuntimeManagementConfig": QUALIFIED,
    "Invoke": QUALIFIED,
    "ListAliases": WHOLE,
    "ListEventSourceMappings": NO_FUNCTION,
    "ListFunctionEventInvokeConfigs": WHOLE,
    "ListFunctionUrlConfigs": WHOLE,
    "ListVersionsByFunction": WHOLE,
    "PublishVersion": WHOLE,
    "PutFunctionConcurrency": WHOLE,
    "PutFunctionEventInvokeConfig": QUALIFIED,
    "PutFunctionRecursionConfig": WHOLE,
    "RemovePermission": QUALIFIED,
    "UpdateAlias": WHOLE,
    # About the mapping; the function is a condition key.
    "UpdateEventSourceMapping": (MAPPING, MAPPING, None),
    "UpdateFunctionCode": WHOLE,
    "UpdateFunctionConfiguration": WHOLE,
    "UpdateFunctionEventInvokeConfig": QUALIFIED,
}
MAPPINGS: dict[str, dict[str, Any]] = {
    "CreateEventSourceMapping": {},
    "ListEventSourceMappings": {},
    "UpdateEventSourceMapping": {"UUID": MAPPING[-36:]},
}


def _members(operation: str) -> set[str]:
    shape = service_model("lambda").operation_model(operation).input_shape
    return set(shape.members) if shape is not None else set()


def _params(operation: str, name: str) -> dict[str, Any]:
    if operation in MAPPINGS:
        return {**MAPPINGS[operation], "FunctionName": name}
    return {**CASES[operation][0](Given("orders")), "Qualifier": None, "FunctionName": name}


def test_every_operation_that_names_a_function_is_here() -> None:
    names = {each.name for each in OPERATIONS if "FunctionName" in _members(each.name)}
    assert set(ASKED) == names
    with_qualifier = {name for name in names if "Qualifier" in _members(name)}
    assert {name for name, asked in ASKED.items() if asked[2]} == with_qualifier


@pytest.mark.parametrize("operation", ASKED)
def test_what_is_asked_about(endpoint: Endpoint, operation: str) -> None:
    made(endpoint, "orders", Publish=True)
    client = endpoint.client("lambda")
    client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    alice = getattr(endpoint.user("alice").client("lambda"), xform_name(operation))
    plain, named, beside = ASKED[operation]
    action = f"lambda:{ACTIONS.get(operation, operation)}"
    calls = [(plain, "orders", None), (named, "orders:live", None), (beside, "orders", "live")]
    for resource, name, qualifier in calls:
        params = {**_params(operation, name), "Qualifier": qualifier}
        given = {member: value for member, value in params.items() if value is not None}
        if resource is not None:
            answer = refused(alice, status=403, **given)
            assert answer == ("AccessDeniedException", no_policy(action, resource))


def test_who_may_do_all_with_an_alias_may_do_nothing_with_another(endpoint: Endpoint) -> None:
    prepared(endpoint, "orders")
    root = endpoint.client("lambda")
    root.create_alias(FunctionName="orders", Name="dev", FunctionVersion="$LATEST")
    own = endpoint.user("alice", policy=allow("lambda:*", resource=f"{ARN}:orders:dev"))
    client = own.client("lambda")
    live = {"FunctionName": "orders:dev", "Name": "live"}
    for operation, params in (
        (client.update_alias, {**live, "FunctionVersion": "$LATEST"}),
        (client.delete_alias, live),
        (client.create_alias, {**live, "Name": "new", "FunctionVersion": "1"}),
        (client.put_function_concurrency, {"ReservedConcurrentExecutions": 0}),
        (client.delete_function_concurrency, {}),
        (client.publish_version, {}),
        (client.list_aliases, {}),
        (client.list_versions_by_function, {}),
        (client.update_function_code, {"ZipFile": zipped(new="x")}),
        (client.update_function_configuration, {"Timeout": 9}),
    ):
        given = {"FunctionName": "orders:dev", **params}
        assert refused(operation, status=403, **given)[0] == "AccessDeniedException"
    assert root.get_alias(FunctionName="orders", Name="live")["FunctionVersion"] == "1"
    assert "ReservedConcurrentExecutions" not in root.get_function_concurrency(
        FunctionName="orders"
    )
    assert client.invoke(FunctionName="orders:dev")["StatusCode"] == 200


def test_a_policy_of_an_alias_says_nothing_of_the_function(endpoint: Endpoint) -> None:
    prepared(endpoint, "orders")
    alice = endpoint.user("alice")
    endpoint.client("lambda").add_permission(
        FunctionName="orders",
        Qualifier="live",
        StatementId="alias",
        Action="lambda:*",
        Principal=alice.client("sts").get_caller_identity()["Arn"],
    )
    client = alice.client("lambda")
    assert client.get_function_configuration(FunctionName="orders:live")["Version"] == "1"
    change = {"FunctionName": "orders:live", "Name": "live", "FunctionVersion": "$LATEST"}
    assert refused(client.update_alias, status=403, **change)[0] == "AccessDeniedException"


def test_a_deny_of_the_function_holds_however_it_is_named(endpoint: Endpoint) -> None:
    made(endpoint)
    policy = allow("lambda:*", "iam:PassRole")
    policy["Statement"].append(
        {"Effect": "Deny", "Action": "lambda:UpdateFunction*", "Resource": f"{ARN}:orders"}
    )
    client = endpoint.user("alice", policy=policy).client("lambda")
    for name in ("orders", "orders:$LATEST", f"{ARN}:orders:$LATEST"):
        for operation, params in (
            (client.update_function_code, {"ZipFile": zipped(new="x")}),
            (client.update_function_configuration, {"Timeout": 9}),
        ):
            code, _ = refused(operation, status=403, FunctionName=name, **params)
            assert code == "AccessDeniedException"


def test_what_concerns_the_whole_function_is_changed_by_its_own_name(endpoint: Endpoint) -> None:
    prepared(endpoint, "orders")
    client = endpoint.client("lambda")
    for operation, params in (
        (client.update_function_code, {"ZipFile": zipped()}),
        (client.update_function_configuration, {"Timeout": 9}),
        (client.publish_version, {}),
        (client.create_alias, {"Name": "new", "FunctionVersion": "1"}),
        (client.update_alias, {"Name": "live", "Description": "x"}),
        (client.delete_alias, {"Name": "live"}),
        (client.put_function_concurrency, {"ReservedConcurrentExecutions": 1}),
        (client.delete_function_concurrency, {}),
    ):
        for name in ("orders:live", "orders:1"):
            assert refused(operation, FunctionName=name, **params) == FUNCTIONS_ONLY
    latest = client.update_function_configuration(FunctionName="orders:$LATEST", Timeout=9)
    assert latest["Timeout"] == 9
    # Where nothing is changed, the rest of the name says nothing.
    assert client.get_alias(FunctionName="orders:1", Name="live")["FunctionVersion"] == "1"
    assert client.list_versions_by_function(FunctionName="orders:live")["Versions"]
