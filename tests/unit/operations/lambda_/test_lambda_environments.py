"""Environment variables: encrypted as the caller, read as the role, shown to whom KMS allows."""

import json
import sqlite3
from typing import Any

import pytest
from tests.unit.operations.asserting import ACCOUNT, allow, refused
from tests.unit.operations.lambda_.asserting import ARN, ROLE, made, role, with_code

from sluicegate.testing import Endpoint

VARIABLES = {"Variables": {"PASSWORD": "correct horse"}}


def customer_key(endpoint: Endpoint) -> str:
    arn: str = endpoint.client("kms").create_key()["KeyMetadata"]["Arn"]
    return arn


def invoked(endpoint: Endpoint, **params: Any) -> dict[str, str]:
    """The variables the function's code saw."""
    endpoint.client("lambda").invoke(FunctionName="orders", **params)
    return dict(endpoint.functions.invoked[-1][0].environment)


def test_variables_are_shown_and_given_to_the_code(endpoint: Endpoint) -> None:
    assert made(endpoint, Environment=VARIABLES)["Environment"] == VARIABLES
    client = endpoint.client("lambda")
    read = client.get_function_configuration(FunctionName="orders")
    assert read["Environment"] == VARIABLES and "KMSKeyArn" not in read
    assert invoked(endpoint) == VARIABLES["Variables"]
    (listed,) = client.list_functions()["Functions"]
    assert listed["Environment"] == VARIABLES


def test_variables_are_nowhere_on_the_disk(endpoint: Endpoint) -> None:
    made(endpoint, Environment=VARIABLES)
    with sqlite3.connect(endpoint.state / "sluicegate.db") as state:
        dump = "\n".join(state.iterdump())
    assert "orders" in dump and "horse" not in dump and b"horse".hex() not in dump.lower()


def test_a_change_replaces_all_variables(endpoint: Endpoint) -> None:
    made(endpoint, Environment=VARIABLES)
    client = endpoint.client("lambda")
    kept = client.update_function_configuration(FunctionName="orders", Timeout=9)
    assert kept["Environment"] == VARIABLES
    other = {"Variables": {"OTHER": "1"}}
    answer = client.update_function_configuration(FunctionName="orders", Environment=other)
    assert answer["Environment"] == other and invoked(endpoint) == other["Variables"]
    none = client.update_function_configuration(FunctionName="orders", Environment={})
    assert "Environment" not in none and invoked(endpoint) == {}


def test_a_version_keeps_its_variables(endpoint: Endpoint) -> None:
    made(endpoint, Environment=VARIABLES, Publish=True)
    client = endpoint.client("lambda")
    client.update_function_configuration(FunctionName="orders", Environment={})
    assert invoked(endpoint) == {} and invoked(endpoint, Qualifier="1") == VARIABLES["Variables"]


def test_the_same_variables_again_are_no_change(endpoint: Endpoint) -> None:
    key = customer_key(endpoint)
    made(endpoint, Environment=VARIABLES, KMSKeyArn=key, Publish=True)
    able = allow("lambda:*", "kms:Encrypt", "kms:CreateGrant")
    blind = endpoint.user("blind", policy=able).client("lambda")
    client = endpoint.client("lambda")

    def published(by: Any, variables: dict[str, str], **more: str) -> str:
        changed = {"FunctionName": "orders", "Environment": {"Variables": variables}, **more}
        by.update_function_configuration(**changed)
        number: str = by.publish_version(FunctionName="orders")["Version"]
        assert invoked(endpoint, Qualifier=number) == variables
        return number

    was = VARIABLES["Variables"]
    assert published(client, was) == "1"
    assert published(client, was | {"MORE": "x"}) == "2"
    assert published(client, {"MORE": "x"} | was) == "2"
    # Who may not read them does not learn whether it had guessed right.
    assert published(blind, was | {"MORE": "x"}) == "3"
    # The key is asked all the same.
    reader = endpoint.user("reader", policy=allow("lambda:*", "kms:Decrypt"))
    code, _ = refused(
        reader.client("lambda").update_function_configuration,
        status=403,
        FunctionName="orders",
        Environment=VARIABLES,
    )
    assert code == "AccessDeniedException"
    assert published(client, was | {"MORE": "x"}, KMSKeyArn="") == "4"
    assert published(client, was) == "5"


def test_names_of_lambda_and_more_than_four_kilobytes(endpoint: Endpoint) -> None:
    role(endpoint)
    client = endpoint.client("lambda")
    reserved = {"Variables": {"AWS_REGION": "x", "AWS_LAMBDA_RUNTIME_API": "x", "FINE": "x"}}
    assert refused(client.create_function, **with_code(Environment=reserved))[1] == (
        "Lambda was unable to configure your environment variables because the environment "
        "variables you have provided contains reserved keys that are currently not supported for "
        "modification. Reserved keys used in this request: AWS_LAMBDA_RUNTIME_API, AWS_REGION"
    )
    # {"LONG":"…"} takes eleven bytes around the value.
    most = {"Variables": {"LONG": "x" * 4085}}
    assert client.create_function(**with_code(Environment=most))["Environment"] == most
    more = {"Variables": {"LONG": "x" * 4086}}
    code, message = refused(client.create_function, **with_code(Environment=more))
    assert code == "InvalidParameterValueException" and message.startswith(
        "Lambda was unable to configure your environment variables because the environment "
        'variables you have provided exceeded the 4KB limit. String measured: {"LONG":"xxx'
    )


def test_a_nul_is_in_no_variable_and_in_no_handler(endpoint: Endpoint) -> None:
    injected = {"Environment": {"Variables": {"FINE": "a\nb", "BAD": "x\0--bind\0/\0/host"}}}
    handler = {"Handler": "app.handler\0--chdir\0/"}
    made(endpoint)
    client = endpoint.client("lambda")
    for given in (injected, handler):
        updating = {"FunctionName": "orders", **given}
        created = with_code(**{**given, "FunctionName": "other"})
        for call, params in (
            (client.create_function, created),
            (client.update_function_configuration, updating),
        ):
            code, message = refused(call, **params)
            assert code == "InvalidParameterValueException" and "a NUL character" in message
            assert "--bind" not in message


def test_who_may_not_decrypt_sees_why(endpoint: Endpoint) -> None:
    key = customer_key(endpoint)
    made(endpoint, Environment=VARIABLES, KMSKeyArn=key)
    alice = endpoint.user("alice", policy=allow("lambda:GetFunctionConfiguration"))
    client = alice.client("lambda")
    answer = client.get_function_configuration(FunctionName="orders")
    assert answer["KMSKeyArn"] == key and answer["Environment"] == {
        "Error": {
            "ErrorCode": "AccessDeniedException",
            "Message": "Lambda was unable to decrypt the environment variables because KMS access "
            "was denied. Please check the function's KMS key settings. KMS Exception: "
            f"AccessDeniedExceptionKMS Message: User: {alice.arn} is not authorized to perform: "
            f"kms:Decrypt on resource: {key} because no identity-based policy allows the "
            "kms:Decrypt action",
        }
    }
    condition = {
        "StringEquals": {
            "kms:ViaService": "lambda.us-east-1.amazonaws.com",
            "kms:EncryptionContext:aws:lambda:FunctionArn": f"{ARN}:orders",
        }
    }
    endpoint.client("iam").put_user_policy(
        UserName="alice",
        PolicyName="keys",
        PolicyDocument=json.dumps(allow("kms:Decrypt", resource=key, Condition=condition)),
    )
    answer = client.get_function_configuration(FunctionName="orders")
    assert answer["Environment"] == VARIABLES


def test_who_may_not_use_the_key_makes_no_function_with_it(endpoint: Endpoint) -> None:
    key = customer_key(endpoint)
    role(endpoint)
    lambda_actions = ("lambda:CreateFunction", "iam:PassRole")
    for allowed, missing in (
        ((), "Encrypt"),
        (("kms:Encrypt",), "CreateGrant"),
    ):
        name = f"user{len(allowed)}"
        client = endpoint.user(name, policy=allow(*lambda_actions, *allowed)).client("lambda")
        params = with_code(Environment=VARIABLES, KMSKeyArn=key)
        code, message = refused(client.create_function, status=403, **params)
        assert code == "AccessDeniedException"
        assert f"because the KMS key is invalid for {missing}" in message
        assert f"is not authorized to perform: kms:{missing} on resource: {key}" in message
    assert list((endpoint.state / "packages").glob("*")) == []
    policy = allow(*lambda_actions, "kms:Encrypt", "kms:CreateGrant")
    assert endpoint.user("able", policy=policy).client("lambda").create_function(**params)


def test_a_role_made_again_cannot_read_what_the_former_could(endpoint: Endpoint) -> None:
    made(endpoint, Environment=VARIABLES)
    endpoint.client("iam").delete_role(RoleName="worker")
    role(endpoint)
    client = endpoint.client("lambda")
    code, message = refused(client.invoke, status=502, FunctionName="orders")
    assert code == "KMSAccessDeniedException"
    assert message.startswith(
        "Lambda was unable to decrypt the environment variables because KMS access was denied. "
        "Please check the function's KMS key settings. KMS Exception: AccessDeniedExceptionKMS "
        f"Message: User: arn:aws:sts::{ACCOUNT}:assumed-role/worker/orders is not authorized"
    )
    # Saving the role again makes a new grant: what AWS tells people to do.
    client.update_function_configuration(FunctionName="orders", Role=ROLE)
    assert invoked(endpoint) == VARIABLES["Variables"]


@pytest.mark.parametrize(
    ("break_it", "code"),
    [("disable_key", "KMSDisabledException"), ("schedule_key_deletion", "KMSInvalidStateExcepti")],
)
def test_a_key_that_is_out_of_order(endpoint: Endpoint, break_it: str, code: str) -> None:
    key = customer_key(endpoint)
    made(endpoint, Environment=VARIABLES, KMSKeyArn=key)
    getattr(endpoint.client("kms"), break_it)(KeyId=key)
    client = endpoint.client("lambda")
    assert refused(client.invoke, status=502, FunctionName="orders")[0].startswith(code)


def test_another_key_encrypts_them_anew(endpoint: Endpoint) -> None:
    first, second = customer_key(endpoint), customer_key(endpoint)
    made(endpoint, Environment=VARIABLES, KMSKeyArn=first)
    client, kms = endpoint.client("lambda"), endpoint.client("kms")
    changed = client.update_function_configuration(FunctionName="orders", KMSKeyArn=second)
    assert changed["Environment"] == VARIABLES and changed["KMSKeyArn"] == second
    kms.disable_key(KeyId=first)
    assert invoked(endpoint) == VARIABLES["Variables"]
    assert client.update_function_configuration(FunctionName="orders", KMSKeyArn="")
    assert "KMSKeyArn" not in client.get_function_configuration(FunctionName="orders")
    kms.disable_key(KeyId=second)
    assert invoked(endpoint) == VARIABLES["Variables"]


def test_grants_end_with_what_they_were_made_for(endpoint: Endpoint) -> None:
    key = customer_key(endpoint)
    made(endpoint, Environment=VARIABLES, KMSKeyArn=key)
    kms, client = endpoint.client("kms"), endpoint.client("lambda")
    (grant,) = kms.list_grants(KeyId=key)["Grants"]
    assert grant["GranteePrincipal"] == ROLE
    assert grant["Constraints"] == {
        "EncryptionContextEquals": {"aws:lambda:FunctionArn": f"{ARN}:orders"}
    }
    client.update_function_configuration(FunctionName="orders", Environment=VARIABLES)
    assert len(kms.list_grants(KeyId=key)["Grants"]) == 1
    other = role(endpoint, "other")
    client.publish_version(FunctionName="orders")
    client.update_function_configuration(FunctionName="orders", Role=other)
    assert len(kms.list_grants(KeyId=key)["Grants"]) == 2
    client.delete_function(FunctionName="orders", Qualifier="1")
    (grant,) = kms.list_grants(KeyId=key)["Grants"]
    assert grant["GranteePrincipal"] == other
    client.delete_function(FunctionName="orders")
    assert kms.list_grants(KeyId=key)["Grants"] == []
