"""Requests for one secret at once."""

from typing import Any

import pytest
from tests.unit.operations.secretsmanager.asserting import TOKENS
from tests.unit.operations.secretsmanager.interrupted import run

from sluicegate.errors import AwsError
from sluicegate.testing import Endpoint

FIRST, SECOND = TOKENS[:2]


@pytest.fixture
def client(endpoint: Endpoint) -> Any:
    return endpoint.client("secretsmanager")


@pytest.fixture
def key(endpoint: Endpoint) -> str:
    return new_key(endpoint)


def new_key(endpoint: Endpoint) -> str:
    arn: str = endpoint.client("kms").create_key()["KeyMetadata"]["Arn"]
    return arn


def value(client: Any) -> str:
    text: str = client.get_secret_value(SecretId="s")["SecretString"]
    return text


def made_again(client: Any, key: str) -> None:
    client.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)
    client.create_secret(Name="s", SecretString="another", KmsKeyId=key, ClientRequestToken=SECOND)


@pytest.mark.parametrize("operation", ["PutSecretValue", "UpdateSecret"])
def test_no_value_is_stored_under_a_key_the_secret_no_longer_has(
    endpoint: Endpoint, client: Any, key: str, operation: str
) -> None:
    client.create_secret(Name="s", SecretString="old", KmsKeyId=key)
    other = new_key(endpoint)
    with pytest.raises(AwsError, match="Try again"):
        run(
            endpoint,
            operation,
            lambda: client.update_secret(SecretId="s", KmsKeyId=other),
            SecretId="s",
            SecretString="new",
        )
    endpoint.client("kms").disable_key(KeyId=key)
    assert value(client) == "old"


@pytest.mark.parametrize("operation", ["PutSecretValue", "UpdateSecret"])
@pytest.mark.parametrize("token", [FIRST, SECOND])
def test_a_value_is_for_the_secret_it_was_encrypted_for(
    endpoint: Endpoint, client: Any, key: str, operation: str, token: str
) -> None:
    client.create_secret(Name="s", SecretString="old", KmsKeyId=key)
    with pytest.raises(AwsError, match="Try again"):
        run(
            endpoint,
            operation,
            lambda: made_again(client, key),
            SecretId="s",
            SecretString="new",
            ClientRequestToken=token,
        )
    assert value(client) == "another"


def test_an_update_changes_only_what_it_says(endpoint: Endpoint, client: Any, key: str) -> None:
    client.create_secret(Name="s", SecretString="old", KmsKeyId=key, Description="old")
    run(
        endpoint,
        "UpdateSecret",
        lambda: client.update_secret(SecretId="s", Description="new"),
        SecretId="s",
        SecretString="new",
    )
    assert client.describe_secret(SecretId="s")["Description"] == "new"
    assert value(client) == "new"


@pytest.mark.parametrize(
    ("operation", "member"),
    [("CreateSecret", "Name"), ("PutSecretValue", "SecretId"), ("UpdateSecret", "SecretId")],
)
def test_a_retry_that_overtakes_its_first_try_is_the_same_request(
    endpoint: Endpoint, client: Any, key: str, operation: str, member: str
) -> None:
    if operation != "CreateSecret":
        client.create_secret(Name="s", SecretString="old", KmsKeyId=key)
    how = {"KmsKeyId": key} if operation == "CreateSecret" else {}
    asked = {member: "s", "SecretString": "new", "ClientRequestToken": FIRST, **how}
    name = {"CreateSecret": "create_secret", "UpdateSecret": "update_secret"}
    faster = getattr(client, name.get(operation, "put_secret_value"))
    answer = run(endpoint, operation, lambda: faster(**asked), **asked)
    assert answer["VersionId"] == FIRST
    assert answer["ARN"] == client.describe_secret(SecretId="s")["ARN"]
    assert value(client) == "new"


@pytest.mark.parametrize(
    ("operation", "member"),
    [("CreateSecret", "Name"), ("PutSecretValue", "SecretId"), ("UpdateSecret", "SecretId")],
)
def test_another_value_with_the_same_token_is_refused(
    endpoint: Endpoint, client: Any, key: str, operation: str, member: str
) -> None:
    if operation == "CreateSecret":

        def faster() -> object:
            return client.create_secret(
                Name="s", SecretString="x", KmsKeyId=key, ClientRequestToken=FIRST
            )
    else:
        client.create_secret(Name="s", SecretString="old", KmsKeyId=key)

        def faster() -> object:
            return client.put_secret_value(SecretId="s", SecretString="x", ClientRequestToken=FIRST)

    how = {"KmsKeyId": key} if operation == "CreateSecret" else {}
    asked = {member: "s", "SecretString": "new", "ClientRequestToken": FIRST, **how}
    with pytest.raises(AwsError) as caught:
        run(endpoint, operation, faster, **asked)
    assert caught.value.code == "ResourceExistsException"
    assert value(client) == "x"
