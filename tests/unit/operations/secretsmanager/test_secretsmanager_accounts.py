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


def test_a_writer_of_another_account_encrypts_under_the_secrets_key(endpoint: Endpoint) -> None:
    """Not under the key of his own that has the same alias: the owner would depend on it."""
    eve = stranger(endpoint, allow("secretsmanager:*", "kms:*"))
    kms, ours, hers = (
        endpoint.client("kms"),
        endpoint.client("secretsmanager"),
        eve.client("secretsmanager"),
    )
    for client in (kms, eve.client("kms")):
        key = client.create_key()["KeyMetadata"]["Arn"]
        client.create_alias(AliasName="alias/shared", TargetKeyId=key.rpartition("/")[2])
    own = kms.describe_key(KeyId="alias/shared")["KeyMetadata"]
    for name, named in (("alias", "alias/shared"), ("id", own["KeyId"])):
        arn = ours.create_secret(Name=name, SecretString="ours", KmsKeyId=named)["ARN"]
        shared = allow("secretsmanager:*", Principal={"AWS": eve.arn})
        ours.put_resource_policy(SecretId=name, ResourcePolicy=json.dumps(shared))
        put = {"SecretId": arn, "SecretString": "hers"}
        assert refused(hers.put_secret_value, **put) == (
            "AccessDeniedException",
            "Access to KMS is not allowed",
        )
    document = allow("kms:*", Principal={"AWS": [f"arn:aws:iam::{ACCOUNT}:root", eve.arn]})
    kms.put_key_policy(KeyId=own["KeyId"], Policy=json.dumps(document))
    for name in ("alias", "id"):
        arn = ours.describe_secret(SecretId=name)["ARN"]
        hers.put_secret_value(SecretId=arn, SecretString="hers")
        assert ours.get_secret_value(SecretId=name)["SecretString"] == "hers"
    kms.disable_key(KeyId=own["KeyId"])
    assert refused(hers.get_secret_value, SecretId=arn)[0] == "DecryptionFailure"


def test_the_key_a_foreigner_gives_a_secret_is_judged_as_the_owners(endpoint: Endpoint) -> None:
    ours, kms = endpoint.client("secretsmanager"), endpoint.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/k", TargetKeyId=key.rpartition("/")[2])
    arn = ours.create_secret(Name="s")["ARN"]
    only = {"ArnEquals": {"secretsmanager:KmsKeyArn": key}}
    eve = stranger(endpoint, allow("secretsmanager:*", "kms:*", Condition=only))
    shared = allow("secretsmanager:UpdateSecret", Principal={"AWS": eve.arn})
    ours.put_resource_policy(SecretId="s", ResourcePolicy=json.dumps(shared))
    hers = eve.client("secretsmanager")
    # Past the policies: what refuses is the key, which is not shared.
    assert refused(hers.update_secret, SecretId=arn, KmsKeyId="alias/k") == (
        "AccessDeniedException",
        "Access to KMS is not allowed",
    )
