"""Every operation, for somebody whose one policy allows just it, and for somebody without any."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore import xform_name
from tests.unit.operations.asserting import ALICE, allow, no_policy, refused
from tests.unit.operations.kms.asserting import ARN

from sluicegate.operations.kms import OPERATIONS
from sluicegate.testing import Endpoint


@dataclass(frozen=True)
class Given:
    """What the calls below are about."""

    key: str
    arn: str
    other: str
    blob: bytes
    grant: str


Case = tuple[Callable[[Given], dict[str, Any]], Callable[[Given], str]]


def _key(given: Given) -> dict[str, Any]:
    return {"KeyId": given.key}


def _nothing(_given: Given) -> dict[str, Any]:
    return {}


def _arn(given: Given) -> str:
    return given.arn


def _all(_given: Given) -> str:
    return "*"


CASES: dict[str, Case] = {
    "CancelKeyDeletion": (_key, _arn),
    "CreateAlias": (
        lambda given: {"AliasName": "alias/new", "TargetKeyId": given.key},
        lambda _: f"{ARN}:alias/new",
    ),
    "CreateGrant": (
        lambda given: {
            "KeyId": given.key,
            "GranteePrincipal": ALICE,
            "Operations": ["Decrypt"],
        },
        _arn,
    ),
    "CreateKey": (_nothing, _all),
    "Decrypt": (lambda given: {"CiphertextBlob": given.blob}, _arn),
    "DeleteAlias": (lambda _: {"AliasName": "alias/old"}, lambda _: f"{ARN}:alias/old"),
    "DescribeKey": (_key, _arn),
    "DisableKey": (_key, _arn),
    "DisableKeyRotation": (_key, _arn),
    "EnableKey": (_key, _arn),
    "EnableKeyRotation": (_key, _arn),
    "Encrypt": (lambda given: {"KeyId": given.key, "Plaintext": b"x"}, _arn),
    "GenerateDataKey": (lambda given: {"KeyId": given.key, "KeySpec": "AES_256"}, _arn),
    "GenerateDataKeyWithoutPlaintext": (
        lambda given: {"KeyId": given.key, "NumberOfBytes": 16},
        _arn,
    ),
    "GenerateRandom": (lambda _: {"NumberOfBytes": 8}, _all),
    "GetKeyPolicy": (_key, _arn),
    "GetKeyRotationStatus": (_key, _arn),
    "ListAliases": (_nothing, _all),
    "ListGrants": (_key, _arn),
    "ListKeyPolicies": (_key, _arn),
    "ListKeyRotations": (_key, _arn),
    "ListKeys": (_nothing, _all),
    "ListResourceTags": (_key, _arn),
    "ListRetirableGrants": (lambda _: {"RetiringPrincipal": ALICE}, _all),
    "PutKeyPolicy": (
        lambda given: {
            "KeyId": given.key,
            "Policy": '{"Version":"2012-10-17","Statement":[{"Effect":"Allow",'
            '"Principal":{"AWS":"arn:aws:iam::000000000000:root"},'
            '"Action":"kms:*","Resource":"*"}]}',
        },
        _arn,
    ),
    "ReEncrypt": (
        lambda given: {"CiphertextBlob": given.blob, "DestinationKeyId": given.other},
        _arn,
    ),
    "RetireGrant": (lambda given: {"KeyId": given.arn, "GrantId": given.grant}, _arn),
    "RevokeGrant": (lambda given: {"KeyId": given.key, "GrantId": given.grant}, _arn),
    "RotateKeyOnDemand": (_key, _arn),
    "ScheduleKeyDeletion": (_key, _arn),
    "TagResource": (
        lambda given: {"KeyId": given.key, "Tags": [{"TagKey": "a", "TagValue": "b"}]},
        _arn,
    ),
    "UntagResource": (lambda given: {"KeyId": given.key, "TagKeys": ["a"]}, _arn),
    "UpdateAlias": (
        lambda given: {"AliasName": "alias/old", "TargetKeyId": given.other},
        lambda _: f"{ARN}:alias/old",
    ),
    "UpdateKeyDescription": (lambda given: {"KeyId": given.key, "Description": "d"}, _arn),
}

GRANTEE = ALICE.replace("alice", "grantee")

ACTIONS = {"ReEncrypt": ("kms:ReEncryptFrom", "kms:ReEncryptTo")}


@pytest.fixture
def given(endpoint: Endpoint) -> Given:
    endpoint.user("grantee")
    return prepared(endpoint)


def prepared(endpoint: Endpoint) -> Given:
    """Two keys, and of the first one an alias, a grant to somebody, and a ciphertext."""
    kms = endpoint.client("kms")
    metadata = kms.create_key()["KeyMetadata"]
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/old", TargetKeyId=metadata["KeyId"])
    grant = kms.create_grant(
        KeyId=metadata["KeyId"],
        GranteePrincipal=GRANTEE,
        Operations=["Encrypt"],
    )
    return Given(
        metadata["KeyId"],
        metadata["Arn"],
        other,
        kms.encrypt(KeyId=metadata["KeyId"], Plaintext=b"x")["CiphertextBlob"],
        grant["GrantId"],
    )


def test_every_operation_is_tried_here() -> None:
    assert set(CASES) == {operation.name for operation in OPERATIONS}


def test_who_has_no_policy_is_refused_each(endpoint: Endpoint, given: Given) -> None:
    alice = endpoint.user("alice").client("kms")
    for name, (params, resource) in CASES.items():
        action = ACTIONS.get(name, (f"kms:{name}",))[0]
        code, message = refused(getattr(alice, xform_name(name)), **params(given))
        assert code == "AccessDeniedException"
        assert message.startswith(no_policy(action, resource(given)))


# What leaves a key, its alias or its grant other than the next operation needs them.
CONSUMING = {
    "CancelKeyDeletion",
    "DeleteAlias",
    "DisableKey",
    "RetireGrant",
    "RevokeGrant",
    "ScheduleKeyDeletion",
}


def test_who_may_do_just_one_can(endpoint: Endpoint, given: Given) -> None:
    endpoint.user("alice")
    kms = endpoint.client("kms")
    for name, (params, _) in CASES.items():
        used = given
        if name in CONSUMING:
            kms.delete_alias(AliasName="alias/old")
            used = prepared(endpoint)
        if name == "CancelKeyDeletion":
            kms.schedule_key_deletion(KeyId=used.key)
        policy = allow(*ACTIONS.get(name, (f"kms:{name}",)))
        client = endpoint.user(name, policy=policy).client("kms")
        getattr(client, xform_name(name))(**params(used))
        if name == "DeleteAlias":
            kms.create_alias(AliasName="alias/old", TargetKeyId=given.key)


def test_a_key_that_names_nobody_is_closed_to_everybody(endpoint: Endpoint, given: Given) -> None:
    policy = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"'
        f'{GRANTEE}"}},"Action":"kms:*","Resource":"*"}}]}}'
    )
    kms = endpoint.client("kms")
    kms.put_key_policy(KeyId=given.key, Policy=policy, BypassPolicyLockoutSafetyCheck=True)
    alice = endpoint.user("alice", policy=allow("kms:*")).client("kms")
    code, message = refused(alice.describe_key, KeyId=given.key)
    assert code == "AccessDeniedException"
    assert message.startswith(
        f"User: {ALICE} is not authorized to perform: kms:DescribeKey on resource: {given.arn} "
        "because no resource-based policy allows the kms:DescribeKey action"
    )


def test_a_key_that_is_not_there_is_refused_before_it_is_missed(endpoint: Endpoint) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    nobody = endpoint.user("alice").client("kms")
    _, message = refused(nobody.describe_key, KeyId=unknown)
    assert message.startswith(no_policy("kms:DescribeKey", f"{ARN}:key/{unknown}"))
    somebody = endpoint.user("bob", policy=allow("kms:*")).client("kms")
    assert refused(somebody.describe_key, KeyId=unknown) == (
        "NotFoundException",
        f"Key '{ARN}:key/{unknown}' does not exist",
    )


def test_an_alias_is_authorised_on_its_key(endpoint: Endpoint, given: Given) -> None:
    policy = allow("kms:Encrypt", resource=given.arn)
    condition = {"StringEquals": {"kms:RequestAlias": "alias/old"}}
    by_alias = endpoint.user("alice", policy=policy).client("kms")
    assert by_alias.encrypt(KeyId="alias/old", Plaintext=b"x")["KeyId"] == given.arn
    policy = allow("kms:Encrypt", Condition=condition)
    only_alias = endpoint.user("bob", policy=policy).client("kms")
    only_alias.encrypt(KeyId="alias/old", Plaintext=b"x")
    assert refused(only_alias.encrypt, KeyId=given.key, Plaintext=b"x")[0] == (
        "AccessDeniedException"
    )


def test_an_alias_needs_the_alias_and_the_key(endpoint: Endpoint, given: Given) -> None:
    params = {"AliasName": "alias/new", "TargetKeyId": given.key}
    policy = allow("kms:CreateAlias", resource=f"{ARN}:alias/*")
    alice = endpoint.user("alice", policy=policy).client("kms")
    _, message = refused(alice.create_alias, **params)
    assert message.startswith(no_policy("kms:CreateAlias", given.arn))


ON_ENCRYPTION: tuple[tuple[dict[str, Any], dict[str, str], bool], ...] = (
    ({"StringEquals": {"kms:EncryptionContext:app": "web"}}, {"app": "web"}, True),
    ({"StringEquals": {"kms:EncryptionContext:app": "web"}}, {"app": "job"}, False),
    ({"StringEquals": {"kms:EncryptionContext:app": "web"}}, {}, False),
    ({"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "app"}}, {"app": "x"}, True),
    ({"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "app"}}, {"b": "x"}, False),
    ({"StringEquals": {"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}}, {}, True),
    ({"StringEquals": {"kms:CallerAccount": "000000000000"}}, {}, True),
    ({"StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}}, {}, False),
    ({"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/old"}}, {}, True),
    ({"StringEquals": {"aws:ResourceTag/team": "a"}}, {}, False),
)


def test_conditions_on_encryption(endpoint: Endpoint, given: Given) -> None:
    for index, (condition, context, is_allowed) in enumerate(ON_ENCRYPTION):
        policy = allow("kms:Encrypt", Condition=condition)
        client = endpoint.user(f"user{index}", policy=policy).client("kms")
        params = {"KeyId": given.key, "Plaintext": b"x", "EncryptionContext": context}
        if is_allowed:
            client.encrypt(**params)
        else:
            assert refused(client.encrypt, **params)[0] == "AccessDeniedException"


ON_REQUESTS: tuple[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]], ...] = (
    (
        "schedule_key_deletion",
        {"NumericGreaterThanEquals": {"kms:ScheduleKeyDeletionPendingWindowInDays": "14"}},
        {"PendingWindowInDays": 14},
        {"PendingWindowInDays": 7},
    ),
    (
        "enable_key_rotation",
        {"NumericLessThanEquals": {"kms:RotationPeriodInDays": "180"}},
        {"RotationPeriodInDays": 180},
        {},
    ),
    (
        "tag_resource",
        {"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}},
        {"Tags": [{"TagKey": "team", "TagValue": "a"}]},
        {"Tags": [{"TagKey": "cost", "TagValue": "a"}]},
    ),
    (
        "untag_resource",
        {"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}},
        {"TagKeys": ["team"]},
        {"TagKeys": ["cost"]},
    ),
    (
        "create_grant",
        {"ForAllValues:StringEquals": {"kms:GrantOperations": ["Decrypt", "DescribeKey"]}},
        {"GranteePrincipal": GRANTEE, "Operations": ["Decrypt"]},
        {"GranteePrincipal": GRANTEE, "Operations": ["Decrypt", "Encrypt"]},
    ),
    (
        "create_grant",
        {"StringEquals": {"kms:GrantConstraintType": "EncryptionContextSubset"}},
        {
            "GranteePrincipal": GRANTEE,
            "Operations": ["Decrypt"],
            "Constraints": {"EncryptionContextSubset": {"a": "b"}},
        },
        {"GranteePrincipal": GRANTEE, "Operations": ["Decrypt"]},
    ),
)


def test_conditions_on_what_a_request_says(endpoint: Endpoint) -> None:
    endpoint.user("grantee")
    for index, (operation, condition, fits, fails) in enumerate(ON_REQUESTS):
        key = endpoint.client("kms").create_key()["KeyMetadata"]["KeyId"]
        policy = allow("kms:*", Condition=condition)
        client = endpoint.user(f"user{index}", policy=policy).client("kms")
        call = getattr(client, operation)
        assert refused(call, KeyId=key, **fails)[0] == "AccessDeniedException"
        call(KeyId=key, **fits)


def test_a_deleted_user_made_again_is_not_who_the_key_policy_means(
    endpoint: Endpoint, given: Given
) -> None:
    kms, iam = endpoint.client("kms"), endpoint.client("iam")
    eve = ALICE.replace("alice", "eve")
    first = endpoint.user("eve")
    policy = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["'
        f'{eve}","arn:aws:iam::000000000000:root"]}},"Action":"kms:*","Resource":"*"}}]}}'
    )
    kms.put_key_policy(KeyId=given.key, Policy=policy)
    first.client("kms").describe_key(KeyId=given.key)
    assert eve in kms.get_key_policy(KeyId=given.key)["Policy"]
    iam.delete_access_key(UserName="eve", AccessKeyId=first.credentials.access_key)
    iam.delete_user(UserName="eve")
    shown = kms.get_key_policy(KeyId=given.key)["Policy"]
    assert eve not in shown and "AIDA" in shown
    second = endpoint.user("eve").client("kms")
    assert refused(second.describe_key, KeyId=given.key)[0] == "AccessDeniedException"
