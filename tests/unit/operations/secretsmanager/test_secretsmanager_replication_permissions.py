"""Who may replicate: keys of the other region, condition keys, policies that went along."""

import json
from typing import Any

import pytest
from tests.unit.operations.asserting import ALICE, allow, no_policy, refused
from tests.unit.operations.secretsmanager.replicating import (
    FAR,
    HERE,
    THERE,
    regions,
    replicated,
    value_of,
)

from sluicegate.testing import Endpoint


@pytest.fixture
def here(endpoint: Endpoint) -> Any:
    return endpoint.client("secretsmanager", region=HERE)


def test_keys_there_are_used_as_the_caller(here: Any, endpoint: Endpoint) -> None:
    kms = endpoint.client("kms", region=THERE)
    key = kms.create_key()["KeyMetadata"]["Arn"]
    arn = here.create_secret(Name="s", SecretString="one")["ARN"].replace(HERE, THERE)
    condition = {
        "StringEquals": {
            "kms:ViaService": f"secretsmanager.{THERE}.amazonaws.com",
            "kms:EncryptionContext:SecretARN": arn,
            "aws:RequestedRegion": THERE,
        }
    }
    actions = ["kms:GenerateDataKey", "kms:Encrypt"]
    for index, granted in enumerate(([], actions[:1], actions[1:], actions)):
        policy = allow("secretsmanager:ReplicateSecretToRegions")
        if granted:
            policy["Statement"] += allow(*granted, resource=key, Condition=condition)["Statement"]
        alice = endpoint.user(f"user{index}", policy=policy).client("secretsmanager")
        answer = alice.replicate_secret_to_regions(
            SecretId="s", AddReplicaRegions=regions(THERE, KmsKeyId=key)
        )
        (status,) = answer["ReplicationStatus"]
        if granted == actions:
            assert status["Status"] == "InSync"
        else:
            assert status["StatusMessage"] == "Replication failed: Access to KMS is not allowed"


def test_the_primarys_own_key_must_let_the_caller_decrypt(here: Any, endpoint: Endpoint) -> None:
    key = endpoint.client("kms").create_key()["KeyMetadata"]["Arn"]
    here.create_secret(Name="s", SecretString="one", KmsKeyId=key)
    alice = endpoint.user("alice", policy=allow("secretsmanager:*")).client("secretsmanager")
    answer = alice.replicate_secret_to_regions(SecretId="s", AddReplicaRegions=regions(THERE))
    assert answer["ReplicationStatus"][0]["StatusMessage"] == (
        "Replication failed: Access to KMS is not allowed"
    )


def test_replicating_at_creation_is_asked_for_too(endpoint: Endpoint) -> None:
    params: dict[str, Any] = {"Name": "s", "AddReplicaRegions": regions(THERE)}
    alice = endpoint.user("alice", policy=allow("secretsmanager:CreateSecret"))
    _, message = refused(alice.client("secretsmanager").create_secret, **params)
    assert message.startswith(no_policy("secretsmanager:ReplicateSecretToRegions", "s"))
    both = allow("secretsmanager:CreateSecret", "secretsmanager:ReplicateSecretToRegions")
    endpoint.user("bob", policy=both).client("secretsmanager").create_secret(**params)


def _only(*names: str) -> dict[str, Any]:
    return {"ForAllValues:StringLike": {"secretsmanager:AddReplicaRegions": list(names)}}


CONDITIONS: tuple[tuple[dict[str, Any], dict[str, Any], bool], ...] = (
    ({"Null": {"secretsmanager:AddReplicaRegions": "true"}}, {}, True),
    (
        {"Null": {"secretsmanager:AddReplicaRegions": "true"}},
        {"AddReplicaRegions": regions(THERE)},
        False,
    ),
    (_only("eu-*"), {"AddReplicaRegions": regions(THERE)}, True),
    (_only("eu-*"), {"AddReplicaRegions": regions(THERE, FAR)}, False),
    (
        {"Bool": {"secretsmanager:ForceOverwriteReplicaSecret": "false"}},
        {"AddReplicaRegions": regions(THERE), "ForceOverwriteReplicaSecret": True},
        False,
    ),
    (
        {"Bool": {"secretsmanager:ForceOverwriteReplicaSecret": "true"}},
        {"AddReplicaRegions": regions(THERE), "ForceOverwriteReplicaSecret": True},
        True,
    ),
)


def test_conditions_on_replicating(here: Any, endpoint: Endpoint) -> None:
    for index, (condition, params, is_allowed) in enumerate(CONDITIONS):
        policy = allow("secretsmanager:*", Condition=condition)
        client = endpoint.user(f"user{index}", policy=policy).client("secretsmanager")
        calls = [(client.create_secret, {"Name": f"new{index}", **params})]
        if params:
            name = here.create_secret(Name=f"old{index}")["Name"]
            calls.append((client.replicate_secret_to_regions, {"SecretId": name, **params}))
        for call, asked in calls:
            if is_allowed:
                call(**asked)
            else:
                assert refused(call, **asked)[0] == "AccessDeniedException"


def test_where_the_primary_is_can_be_a_condition(here: Any, endpoint: Endpoint) -> None:
    replicated(here, THERE)
    for region in (HERE, THERE):
        keys = {"secretsmanager:SecretPrimaryRegion": region}
        policy = allow("secretsmanager:*", Condition={"StringEquals": keys})
        user = endpoint.user(f"from-{region}", policy=policy)
        reader = user.client("secretsmanager", region=THERE)
        if region == HERE:
            assert value_of(reader) == "one"
        else:
            assert refused(reader.get_secret_value, SecretId="s")[0] == "AccessDeniedException"


def test_a_resource_policy_counts_in_the_replicas_region(here: Any, endpoint: Endpoint) -> None:
    alice = endpoint.user("alice").client("secretsmanager", region=THERE)
    replicated(here, THERE)
    policy = json.dumps(allow("secretsmanager:GetSecretValue", Principal={"AWS": ALICE}))
    here.put_resource_policy(SecretId="s", ResourcePolicy=policy)
    assert value_of(alice) == "one"
    here.delete_resource_policy(SecretId="s")
    assert refused(alice.get_secret_value, SecretId="s")[0] == "AccessDeniedException"
