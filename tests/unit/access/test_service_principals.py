"""AWS services as themselves: they sign like anybody, and resource policies judge them."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sluicegate.access.sessions import Sessions
from sluicegate.testing import Endpoint, Member
from sluicegate.wire.client import Credentials

ACCOUNT = "000000000000"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:orders"
CLUSTER = f"arn:aws:kafka:us-east-1:{ACCOUNT}:cluster/orders/uuid"


def service(endpoint: Endpoint, name: str, source_arn: str) -> Member:
    minted = Sessions(endpoint.vault).for_service(
        ACCOUNT, name, source_arn, endpoint.clock.now_ms()
    )
    return Member(endpoint, name, Credentials(minted.access_key, minted.secret_key, minted.token))


def trusting_lambda(**condition: Any) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
        **condition,
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def denied(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    assert error["Code"].startswith("AccessDenied")
    message: str = error["Message"]
    return message


def test_lambda_assumes_a_role_that_trusts_it(endpoint: Endpoint) -> None:
    role = endpoint.role("orders", trust=trusting_lambda())
    session = endpoint.session(service(endpoint, "lambda.amazonaws.com", FUNCTION), role, "orders")
    identity = session.client("sts").get_caller_identity()
    assert identity["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/orders/orders"


def test_lambda_is_refused_by_a_role_that_does_not_trust_it(endpoint: Endpoint) -> None:
    trust = trusting_lambda()
    trust["Statement"][0]["Principal"] = {"Service": "ec2.amazonaws.com"}
    role = endpoint.role("orders", trust=trust)
    sts = service(endpoint, "lambda.amazonaws.com", FUNCTION).client("sts")
    message = denied(sts.assume_role, RoleArn=role, RoleSessionName="orders")
    assert "because no role trust policy allows the sts:AssumeRole action" in message


@pytest.mark.parametrize(("source", "is_trusted"), [(FUNCTION, True), (FUNCTION + "-2", False)])
def test_a_trust_policy_may_name_the_function(
    endpoint: Endpoint, source: str, is_trusted: bool
) -> None:
    condition = {
        "ArnEquals": {"aws:SourceArn": FUNCTION},
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
    }
    role = endpoint.role("orders", trust=trusting_lambda(Condition=condition))
    sts = service(endpoint, "lambda.amazonaws.com", source).client("sts")
    if is_trusted:
        assert sts.assume_role(RoleArn=role, RoleSessionName="orders")["Credentials"]
    else:
        denied(sts.assume_role, RoleArn=role, RoleSessionName="orders")


def test_lambda_may_do_nothing_else_whatever_a_resource_policy_says(endpoint: Endpoint) -> None:
    secret = endpoint.client("secretsmanager").create_secret(Name="s", SecretString="x")["ARN"]
    open_to_it(endpoint, secret, "lambda.amazonaws.com")
    reader = service(endpoint, "lambda.amazonaws.com", FUNCTION).client("secretsmanager")
    denied(reader.get_secret_value, SecretId=secret)
    denied(service(endpoint, "lambda.amazonaws.com", FUNCTION).client("iam").list_users)


def test_msk_reads_a_secret_whose_policy_and_key_let_it(endpoint: Endpoint) -> None:
    kms = endpoint.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    manager = endpoint.client("secretsmanager")
    secret = manager.create_secret(Name="AmazonMSK_s", KmsKeyId=key, SecretString="x")["ARN"]
    msk = service(endpoint, "kafka.amazonaws.com", CLUSTER).client("secretsmanager")
    message = denied(msk.get_secret_value, SecretId=secret)
    assert "because no resource-based policy allows the secretsmanager:GetSecretValue" in message
    open_to_it(endpoint, secret, "kafka.amazonaws.com")
    assert denied(msk.get_secret_value, SecretId=secret) == "Access to KMS is not allowed"
    kms.create_grant(
        KeyId=key,
        GranteeServicePrincipal="kafka.amazonaws.com",
        RetiringServicePrincipal="kafka.amazonaws.com",
        Constraints={"SourceArn": CLUSTER},
        Operations=["Decrypt"],
    )
    assert msk.get_secret_value(SecretId=secret)["SecretString"] == "x"


def test_msk_reads_no_secret_under_the_default_key(endpoint: Endpoint) -> None:
    # That key is for the principals of the account, and a service is none of them.
    manager = endpoint.client("secretsmanager")
    secret = manager.create_secret(Name="AmazonMSK_s", SecretString="x")["ARN"]
    open_to_it(endpoint, secret, "kafka.amazonaws.com")
    msk = service(endpoint, "kafka.amazonaws.com", CLUSTER).client("secretsmanager")
    assert denied(msk.get_secret_value, SecretId=secret) == "Access to KMS is not allowed"


def test_a_services_credentials_last_fifteen_minutes(endpoint: Endpoint) -> None:
    role = endpoint.role("orders", trust=trusting_lambda())
    sts = service(endpoint, "lambda.amazonaws.com", FUNCTION).client("sts")
    endpoint.clock.advance(seconds=901)
    with pytest.raises(ClientError, match="ExpiredToken"):
        sts.assume_role(RoleArn=role, RoleSessionName="orders")


def open_to_it(endpoint: Endpoint, secret: str, name: str) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": name},
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    endpoint.client("secretsmanager").put_resource_policy(SecretId=secret, ResourcePolicy=policy)
