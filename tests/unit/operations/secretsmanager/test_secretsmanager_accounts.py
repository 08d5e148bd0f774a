"""Secrets read from another account."""

import json

from tests.unit.operations.asserting import ACCOUNT, allow, refused
from tests.unit.operations.kms.foreign import stranger

from sluicegate.testing import Endpoint


def test_a_foreign_secret_needs_both_policies_and_a_key_that_is_shared(endpoint: Endpoint) -> None:
    eve = stranger(endpoint, allow("secretsmanager:*", "kms:*"))
    kms, ours = endpoint.client("kms"), endpoint.client("secretsmanager")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    document = allow("kms:*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    document["Statement"] += allow("kms:Decrypt", Principal={"AWS": eve.arn})["Statement"]
    kms.put_key_policy(KeyId=key, Policy=json.dumps(document))
    reading = json.dumps(allow("secretsmanager:GetSecretValue", Principal={"AWS": eve.arn}))
    hers = eve.client("secretsmanager")
    for name, params in (("shared", {"KmsKeyId": key}), ("default", {})):
        arn = ours.create_secret(Name=name, SecretString=name, **params)["ARN"]
        assert refused(hers.get_secret_value, SecretId=arn)[0] == "AccessDeniedException"
        ours.put_resource_policy(SecretId=name, ResourcePolicy=reading)
    arn = ours.describe_secret(SecretId="shared")["ARN"]
    assert hers.get_secret_value(SecretId=arn)["SecretString"] == "shared"
    arn = ours.describe_secret(SecretId="default")["ARN"]
    assert refused(hers.get_secret_value, SecretId=arn) == (
        "InvalidRequestException",
        "You can't access a secret from a different AWS account if you encrypt the secret "
        "with the default KMS service key.",
    )
    assert hers.list_secrets()["SecretList"] == []


def test_a_foreigner_cannot_move_a_secret_under_his_own_default_key(endpoint: Endpoint) -> None:
    """Its owner could not read it any more."""
    eve = stranger(endpoint, allow("secretsmanager:*", "kms:*"))
    kms, ours = endpoint.client("kms"), endpoint.client("secretsmanager")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    document = allow("kms:*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    document["Statement"] += allow("kms:*", Principal={"AWS": eve.arn})["Statement"]
    kms.put_key_policy(KeyId=key, Policy=json.dumps(document))
    arn = ours.create_secret(Name="shared", SecretString="text", KmsKeyId=key)["ARN"]
    shared = allow("secretsmanager:*", Principal={"AWS": eve.arn})
    ours.put_resource_policy(SecretId="shared", ResourcePolicy=json.dumps(shared))
    hers = eve.client("secretsmanager")
    code, _ = refused(hers.update_secret, SecretId=arn, KmsKeyId="alias/aws/secretsmanager")
    assert code == "InvalidRequestException"
    assert ours.get_secret_value(SecretId="shared")["SecretString"] == "text"
