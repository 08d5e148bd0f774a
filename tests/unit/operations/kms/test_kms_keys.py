import datetime
import json
from functools import partial
from typing import Any

from tests.unit.operations.asserting import ACCOUNT, ALICE, allow, refused
from tests.unit.operations.kms.asserting import ARN

from sluicegate.testing import Endpoint

DAY_SECONDS = 86_400
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def make(kms: Any, **params: Any) -> str:
    key_id: str = kms.create_key(**params)["KeyMetadata"]["KeyId"]
    return key_id


def test_a_new_key_shows_what_aws_shows(endpoint: Endpoint) -> None:
    kms = endpoint.client("kms")
    metadata = kms.create_key(Description="d")["KeyMetadata"]
    assert metadata.pop("CreationDate").tzinfo is not None
    material_id, key_id = metadata.pop("CurrentKeyMaterialId"), metadata.pop("KeyId")
    assert len(material_id) == 64
    assert metadata == {
        "AWSAccountId": ACCOUNT,
        "Arn": f"{ARN}:key/{key_id}",
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "Description": "d",
        "Enabled": True,
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "KeyManager": "CUSTOMER",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "KeyState": "Enabled",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "MultiRegion": False,
        "Origin": "AWS_KMS",
    }
    for name in (key_id, metadata["Arn"]):
        assert kms.describe_key(KeyId=name)["KeyMetadata"]["KeyId"] == key_id


def test_kinds_of_keys_that_are_not_made_are_refused_by_name(endpoint: Endpoint) -> None:
    kms = endpoint.client("kms")
    for params, what in (
        ({"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}, "KeySpec RSA_2048"),
        ({"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}, "KeySpec HMAC_256"),
        ({"CustomerMasterKeySpec": "ECC_NIST_P256"}, "KeySpec ECC_NIST_P256"),
        ({"Origin": "EXTERNAL"}, "Origin EXTERNAL"),
        ({"MultiRegion": True}, "MultiRegion"),
    ):
        code, message = refused(kms.create_key, **params)
        assert code == "UnsupportedOperationException"
        assert message.startswith(f"{what} is not supported")
    assert refused(kms.create_key, KeyUsage="SIGN_VERIFY") == (
        "ValidationException",
        "KeyUsage SIGN_VERIFY is not compatible with KeySpec SYMMETRIC_DEFAULT",
    )


def test_names_of_keys_that_are_not_there(endpoint: Endpoint) -> None:
    kms = endpoint.client("kms")
    key_id = make(kms)
    elsewhere = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/{key_id}"
    for name, message in (
        (UNKNOWN, f"Key '{ARN}:key/{UNKNOWN}' does not exist"),
        ("foo", "Invalid keyId 'foo'"),
        (elsewhere, "Invalid arn eu-west-1"),
        ("alias/foo", f"Alias {ARN}:alias/foo is not found."),
        (f"{ARN}:alias/foo", f"Alias {ARN}:alias/foo is not found."),
    ):
        assert refused(kms.describe_key, KeyId=name) == ("NotFoundException", message)
    assert refused(kms.describe_key, KeyId="arn:aws:iam::1:x")[0] == "InvalidArnException"
    kms.create_alias(AliasName="alias/a", TargetKeyId=key_id)
    assert refused(kms.enable_key, KeyId="alias/a") == (
        "NotFoundException",
        "Invalid keyId 'alias/a'",
    )


def test_a_key_of_another_region_is_not_here(endpoint: Endpoint) -> None:
    key_id = make(endpoint.client("kms"))
    elsewhere = endpoint.client("kms", region="eu-west-1")
    assert refused(elsewhere.describe_key, KeyId=key_id)[0] == "NotFoundException"
    assert elsewhere.list_keys()["Keys"] == []


def test_lists_come_in_pages(endpoint: Endpoint) -> None:
    kms = endpoint.client("kms")
    made = sorted(make(kms) for _ in range(5))
    first = kms.list_keys(Limit=2)
    assert first["Truncated"] and len(first["Keys"]) == 2
    pages = kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 2})
    assert [entry["KeyId"] for page in pages for entry in page["Keys"]] == made
    assert refused(kms.list_keys, Marker="no marker")[0] == "InvalidMarkerException"
    for other in (kms.list_aliases, partial(kms.list_grants, KeyId=made[0])):
        assert refused(other, Marker=first["NextMarker"])[0] == "InvalidMarkerException"
    for index in range(3):
        kms.create_alias(AliasName=f"alias/{index}", TargetKeyId=made[0])
    pages = kms.get_paginator("list_aliases").paginate(PaginationConfig={"PageSize": 1})
    names = [entry["AliasName"] for page in pages for entry in page["Aliases"]]
    predefined = ["alias/aws/kafka", "alias/aws/lambda", "alias/aws/secretsmanager"]
    assert names == ["alias/0", "alias/1", "alias/2", *predefined]


def test_a_disabled_key_is_not_used(endpoint: Endpoint) -> None:
    kms = endpoint.client("kms")
    key_id = make(kms)
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    kms.disable_key(KeyId=key_id)
    assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "Disabled"
    disabled = ("DisabledException", f"{ARN}:key/{key_id} is disabled.")
    assert refused(kms.encrypt, KeyId=key_id, Plaintext=b"x") == disabled
    assert refused(kms.decrypt, CiphertextBlob=blob) == disabled
    assert refused(kms.enable_key_rotation, KeyId=key_id) == disabled
    kms.enable_key(KeyId=key_id)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_a_key_waits_and_is_gone(endpoint: Endpoint) -> None:
    kms = endpoint.client("kms")
    key_id, arn = make(kms), ""
    arn = f"{ARN}:key/{key_id}"
    kms.create_alias(AliasName="alias/a", TargetKeyId=key_id)
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    answer = kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
    assert (answer["KeyId"], answer["KeyState"]) == (arn, "PendingDeletion")
    metadata = kms.describe_key(KeyId=key_id)["KeyMetadata"]
    assert metadata["DeletionDate"] == answer["DeletionDate"]
    assert not metadata["Enabled"]
    pending = ("KMSInvalidStateException", f"{arn} is pending deletion.")
    assert refused(kms.encrypt, KeyId=key_id, Plaintext=b"x") == pending
    assert refused(kms.decrypt, CiphertextBlob=blob) == pending
    assert refused(kms.schedule_key_deletion, KeyId=key_id) == pending
    assert refused(kms.tag_resource, KeyId=key_id, Tags=[]) == pending
    endpoint.clock.advance(seconds=7 * DAY_SECONDS)
    assert refused(kms.describe_key, KeyId=key_id)[0] == "NotFoundException"
    assert refused(kms.describe_key, KeyId="alias/a")[0] == "NotFoundException"
    assert kms.list_keys()["Keys"] == []
    assert refused(kms.decrypt, CiphertextBlob=blob) == (
        "AccessDeniedException",
        "The ciphertext refers to a customer master key that does not exist, "
        "does not exist in this region, or you are not allowed to access.",
    )
    kms.create_alias(AliasName="alias/a", TargetKeyId=make(kms))


def test_deletion_can_be_called_off(endpoint: Endpoint) -> None:
    kms = endpoint.client("kms")
    key_id = make(kms)
    arn = f"{ARN}:key/{key_id}"
    assert refused(kms.cancel_key_deletion, KeyId=key_id) == (
        "KMSInvalidStateException",
        f"{arn} is not pending deletion.",
    )
    kms.schedule_key_deletion(KeyId=key_id)
    assert kms.cancel_key_deletion(KeyId=key_id)["KeyId"] == arn
    assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "Disabled"
    for days in (6, 31):
        assert refused(kms.schedule_key_deletion, KeyId=key_id, PendingWindowInDays=days)[0] == (
            "ValidationException"
        )


def test_the_default_policy_lets_identity_policies_count(endpoint: Endpoint) -> None:
    kms = endpoint.client("kms")
    key_id = make(kms)
    answer = kms.get_key_policy(KeyId=key_id, PolicyName="default")
    assert answer["PolicyName"] == "default"
    assert json.loads(answer["Policy"]) == {
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [
            {
                "Sid": "Enable IAM User Permissions",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }
    assert kms.list_key_policies(KeyId=key_id)["PolicyNames"] == ["default"]
    other = refused(kms.get_key_policy, KeyId=key_id, PolicyName="other")
    assert other == ("NotFoundException", "No such policy exists")


def test_policies_that_kms_refuses(endpoint: Endpoint) -> None:
    endpoint.user("alice")
    admin = endpoint.user("admin", policy=allow("kms:*")).client("kms")
    key_id = make(admin)
    document = allow("kms:Encrypt", Principal={"AWS": ALICE})
    code, message = refused(admin.put_key_policy, KeyId=key_id, Policy=json.dumps(document))
    assert (code, message) == (
        "MalformedPolicyDocumentException",
        "The new key policy will not allow you to update the key policy in the future.",
    )
    text = json.dumps(document)
    admin.put_key_policy(KeyId=key_id, Policy=text, BypassPolicyLockoutSafetyCheck=True)
    nobody = allow("kms:*", Principal={"AWS": ALICE.replace("alice", "nobody")})
    for params in ({"Policy": json.dumps(nobody)}, {"Policy": "{"}):
        assert refused(admin.create_key, **params)[0] == "MalformedPolicyDocumentException"
    code, message = refused(admin.create_key, Policy=json.dumps(nobody))
    assert message == "Policy contains a statement with one or more invalid principals."


def test_tags_are_kept_and_checked(endpoint: Endpoint) -> None:
    kms = endpoint.client("kms")
    key_id = make(kms, Tags=[{"TagKey": "a", "TagValue": "1"}])
    kms.tag_resource(KeyId=key_id, Tags=[{"TagKey": "b", "TagValue": "2"}])
    kms.untag_resource(KeyId=key_id, TagKeys=["a"])
    answer = kms.list_resource_tags(KeyId=key_id)
    assert (answer["Tags"], answer["Truncated"]) == ([{"TagKey": "b", "TagValue": "2"}], False)
    twice = [{"TagKey": "a", "TagValue": "1"}, {"TagKey": "a", "TagValue": "2"}]
    many = [{"TagKey": str(index), "TagValue": ""} for index in range(50)]
    for tags, message in (
        (twice, "Duplicate tag keys"),
        (many, "Too many tags"),
        ([{"TagKey": "aws:x", "TagValue": ""}], "Tags beginning with aws: are reserved"),
    ):
        assert refused(kms.tag_resource, KeyId=key_id, Tags=tags) == ("TagException", message)


def test_aliases_move_between_keys(endpoint: Endpoint) -> None:
    kms = endpoint.client("kms")
    first, second = make(kms), make(kms)
    kms.create_alias(AliasName="alias/a", TargetKeyId=first)
    assert refused(kms.create_alias, AliasName="alias/a", TargetKeyId=second) == (
        "AlreadyExistsException",
        f"An alias with the name {ARN}:alias/a already exists",
    )
    blob = kms.encrypt(KeyId="alias/a", Plaintext=b"x")["CiphertextBlob"]
    kms.update_alias(AliasName="alias/a", TargetKeyId=second)
    assert kms.describe_key(KeyId="alias/a")["KeyMetadata"]["KeyId"] == second
    assert kms.decrypt(CiphertextBlob=blob)["KeyId"] == f"{ARN}:key/{first}"
    assert kms.list_aliases(KeyId=first)["Aliases"] == []
    (entry,) = kms.list_aliases(KeyId=second)["Aliases"]
    assert (entry["AliasArn"], entry["TargetKeyId"]) == (f"{ARN}:alias/a", second)
    kms.delete_alias(AliasName="alias/a")
    assert refused(kms.delete_alias, AliasName="alias/a") == (
        "NotFoundException",
        f"Alias {ARN}:alias/a is not found.",
    )


def test_names_an_alias_cannot_have(endpoint: Endpoint) -> None:
    kms = endpoint.client("kms")
    key_id = make(kms)
    assert refused(kms.create_alias, AliasName="a", TargetKeyId=key_id) == (
        "ValidationException",
        'Alias must start with the prefix "alias/". Please see '
        "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html",
    )
    for name in ("alias/", "alias/a:b"):
        assert refused(kms.create_alias, AliasName=name, TargetKeyId=key_id)[0] == (
            "ValidationException"
        )
    assert refused(kms.create_alias, AliasName="alias/aws/x", TargetKeyId=key_id)[0] == (
        "NotAuthorizedException"
    )


def test_rotation_keeps_old_ciphertexts_readable(endpoint: Endpoint) -> None:
    kms = endpoint.client("kms")
    key_id = make(kms)
    assert kms.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"] is False
    kms.enable_key_rotation(KeyId=key_id, RotationPeriodInDays=90)
    status = kms.get_key_rotation_status(KeyId=key_id)
    assert status["KeyRotationEnabled"] and status["RotationPeriodInDays"] == 90
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    before = kms.describe_key(KeyId=key_id)["KeyMetadata"]["CurrentKeyMaterialId"]
    endpoint.clock.advance(seconds=100 * DAY_SECONDS)
    made = kms.generate_data_key(KeyId=key_id, KeySpec="AES_256")
    assert made["KeyMaterialId"] != before
    answer = kms.decrypt(CiphertextBlob=blob)
    assert (answer["Plaintext"], answer["KeyMaterialId"]) == (b"x", before)
    (rotation,) = kms.list_key_rotations(KeyId=key_id)["Rotations"]
    assert rotation["RotationType"] == "AUTOMATIC"
    assert rotation["RotationDate"] == status["NextRotationDate"]
    assert kms.get_key_rotation_status(KeyId=key_id)["NextRotationDate"] == (
        status["NextRotationDate"] + datetime.timedelta(days=90)
    )
    kms.disable_key_rotation(KeyId=key_id)
    endpoint.clock.advance(seconds=100 * DAY_SECONDS)
    assert kms.encrypt(KeyId=key_id, Plaintext=b"x")
    assert len(kms.list_key_rotations(KeyId=key_id)["Rotations"]) == 1


def test_rotation_on_demand_happens_at_once_and_25_times(endpoint: Endpoint) -> None:
    kms = endpoint.client("kms")
    key_id = make(kms)
    for _ in range(25):
        kms.rotate_key_on_demand(KeyId=key_id)
    assert refused(kms.rotate_key_on_demand, KeyId=key_id)[0] == "LimitExceededException"
    listed = kms.list_key_rotations(KeyId=key_id, IncludeKeyMaterial="ALL_KEY_MATERIAL")
    states = [entry["KeyMaterialState"] for entry in listed["Rotations"]]
    assert states == ["NON_CURRENT"] * 25 + ["CURRENT"]
    assert "RotationType" not in listed["Rotations"][0]


def test_an_aws_managed_key_is_made_when_it_is_first_looked_at(endpoint: Endpoint) -> None:
    kms = endpoint.client("kms")
    names = {entry["AliasName"]: entry for entry in kms.list_aliases()["Aliases"]}
    assert "TargetKeyId" not in names["alias/aws/lambda"]
    metadata = kms.describe_key(KeyId="alias/aws/lambda")["KeyMetadata"]
    assert metadata["KeyManager"] == "AWS"
    assert kms.describe_key(KeyId="alias/aws/lambda")["KeyMetadata"] == metadata
    names = {entry["AliasName"]: entry for entry in kms.list_aliases()["Aliases"]}
    assert names["alias/aws/lambda"]["TargetKeyId"] == metadata["KeyId"]
    status = kms.get_key_rotation_status(KeyId=metadata["KeyId"])
    assert status["KeyRotationEnabled"] and status["RotationPeriodInDays"] == 365


def test_an_aws_managed_key_serves_its_service_alone(endpoint: Endpoint) -> None:
    kms = endpoint.user("admin", policy=allow("kms:*")).client("kms")
    key_id = kms.describe_key(KeyId="alias/aws/secretsmanager")["KeyMetadata"]["KeyId"]
    for operation, params in (
        (kms.encrypt, {"KeyId": "alias/aws/secretsmanager", "Plaintext": b"x"}),
        (kms.schedule_key_deletion, {"KeyId": key_id}),
        (kms.disable_key, {"KeyId": key_id}),
        (kms.disable_key_rotation, {"KeyId": key_id}),
    ):
        code, message = refused(operation, **params)
        assert code == "AccessDeniedException"
        assert "because no resource-based policy allows the kms:" in message
    root = endpoint.client("kms")
    assert refused(root.disable_key, KeyId=key_id)[0] in (
        "AccessDeniedException",
        "UnsupportedOperationException",
    )
