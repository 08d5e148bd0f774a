"""Calls that reach into another account."""

import json

from tests.unit.operations.asserting import ACCOUNT, allow, refused
from tests.unit.operations.kms.asserting import ARN
from tests.unit.operations.kms.foreign import FOREIGN, stranger

from sluicegate.testing import Endpoint


def test_a_foreign_key_is_used_when_both_sides_allow(endpoint: Endpoint) -> None:
    eve = stranger(endpoint, allow("kms:*"))
    hers, ours = eve.client("kms"), endpoint.client("kms")
    metadata = ours.create_key()["KeyMetadata"]
    arn = metadata["Arn"]
    blob = ours.encrypt(KeyId=arn, Plaintext=b"x")["CiphertextBlob"]
    code, message = refused(hers.encrypt, KeyId=arn, Plaintext=b"x")
    assert code == "AccessDeniedException"
    assert "because no resource-based policy allows the kms:Encrypt action" in message
    document = allow("kms:*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    document["Statement"] += allow(
        "kms:Encrypt",
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:DisableKey",
        Principal={"AWS": eve.arn},
    )["Statement"]
    ours.put_key_policy(KeyId=metadata["KeyId"], Policy=json.dumps(document))
    assert hers.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    assert hers.describe_key(KeyId=arn)["KeyMetadata"]["AWSAccountId"] == ACCOUNT
    assert refused(hers.encrypt, KeyId=metadata["KeyId"], Plaintext=b"x") == (
        "NotFoundException",
        f"Key '{ARN.replace(ACCOUNT, FOREIGN)}:key/{metadata['KeyId']}' does not exist",
    )
    # What AWS does within an account only is not done across, whatever a policy says.
    assert refused(hers.disable_key, KeyId=arn)[0] == "NotFoundException"
    assert hers.list_keys()["Keys"] == []


def test_a_grant_to_a_foreigner(endpoint: Endpoint) -> None:
    eve = stranger(endpoint, allow("kms:*"))
    arn = endpoint.client("kms").create_key()["KeyMetadata"]["Arn"]
    params = {"KeyId": arn, "GranteePrincipal": eve.arn, "RetiringPrincipal": eve.arn}
    endpoint.client("kms").create_grant(**params, Operations=["Encrypt"])
    hers = eve.client("kms")
    hers.encrypt(KeyId=arn, Plaintext=b"x")
    (shown,) = hers.list_retirable_grants(RetiringPrincipal=eve.arn)["Grants"]
    assert shown["KeyId"] == arn
    hers.retire_grant(KeyId=arn, GrantId=shown["GrantId"])
    assert refused(hers.encrypt, KeyId=arn, Plaintext=b"x")[0] == "AccessDeniedException"


def test_a_foreign_ciphertext_tells_nothing(endpoint: Endpoint) -> None:
    eve = stranger(endpoint, allow("kms:*"))
    ours = endpoint.client("kms")
    key = ours.create_key()["KeyMetadata"]["KeyId"]
    blob = ours.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    code, message = refused(eve.client("kms").decrypt, CiphertextBlob=blob)
    assert code == "AccessDeniedException"
    assert "because no resource-based policy allows the kms:Decrypt action" in message
