"""What belongs to another account: nobody learns whether it is there, whatever his own policies."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.unit.operations.kms.foreign import stranger

from sluicegate.testing import Endpoint

ACCOUNT = "000000000000"
ANYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
NOTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*", "Principal": "*"}],
}

CALLS = [
    ("kms", "describe_key", "KeyId", "kms:us-east-1:{}:key/{key}"),
    ("kms", "describe_key", "KeyId", "kms:us-east-1:{}:alias/{name}"),
    ("kms", "encrypt", "KeyId", "kms:us-east-1:{}:alias/{name}"),
    ("secretsmanager", "describe_secret", "SecretId", "secretsmanager:us-east-1:{}:secret:{name}"),
    ("logs", "describe_log_streams", "logGroupIdentifier", "logs:us-east-1:{}:log-group:{name}"),
    ("logs", "list_tags_for_resource", "resourceArn", "logs:us-east-1:{}:log-group:{name}"),
    ("iam", "get_policy", "PolicyArn", "iam::{}:policy/{name}"),
]


@pytest.mark.parametrize(("service", "call", "member", "arn"), CALLS)
def test_what_is_there_and_what_is_not_are_denied_alike(
    endpoint: Endpoint, service: str, call: str, member: str, arn: str
) -> None:
    kms = endpoint.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/there", TargetKeyId=key)
    endpoint.client("secretsmanager").create_secret(Name="there", SecretString="x")
    endpoint.client("logs").create_log_group(logGroupName="there")
    document = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}'
    endpoint.client("iam").create_policy(PolicyName="there", PolicyDocument=document)
    eve = stranger(endpoint, ANYTHING).client(service)
    more: dict[str, Any] = {"Plaintext": b"x"} if call == "encrypt" else {}
    reasons = set()
    for key_id, name in ((key, "there"), ("0" * 8 + key[8:], "elsewhere")):
        named = "arn:aws:" + arn.format(ACCOUNT, key=key_id, name=name)
        with pytest.raises(ClientError) as caught:
            getattr(eve, call)(**{member: named}, **more)
        error = caught.value.response["Error"]
        reasons.add((error["Code"], error["Message"].partition(" because ")[2]))
    ((code, reason),) = reasons
    assert code in ("AccessDenied", "AccessDeniedException")
    assert reason.startswith("no resource-based policy allows the ")


def test_neither_a_deny_nor_what_else_a_secret_has_is_told(endpoint: Endpoint) -> None:
    secrets = endpoint.client("secretsmanager")
    tags = [{"Key": "team", "Value": "red"}]
    arn = secrets.create_secret(Name="there", SecretString="x", Tags=tags)["ARN"]
    secrets.put_resource_policy(SecretId="there", ResourcePolicy=json.dumps(NOTHING))
    eve = stranger(endpoint, ANYTHING)
    with pytest.raises(ClientError) as caught:
        eve.client("secretsmanager").get_secret_value(SecretId=arn)
    assert "because no resource-based policy allows" in caught.value.response["Error"]["Message"]
    headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
    found = eve.client("iam-toolbox").get_request_authorization_details(
        authorizationId=headers["x-sluicegate-authorization-id"]
    )
    assert {each["type"] for each in found["policies"]} == {"IDENTITY_BASED_POLICY"}
    assert not [key for key in found["requestContext"] if "ResourceTag" in key]
