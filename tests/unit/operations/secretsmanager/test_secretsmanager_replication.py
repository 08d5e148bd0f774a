"""Replicas: they follow their primary, are changed nowhere else, and part from it."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.unit.operations.asserting import ACCOUNT, ALICE, allow, refused
from tests.unit.operations.secretsmanager.asserting import NOT_FOUND, TOKENS
from tests.unit.operations.secretsmanager.replicating import (
    FAR,
    HERE,
    THERE,
    regions,
    replicated,
    value_of,
)

from sluicegate.testing import Endpoint

DEFAULT_KEY = "alias/aws/secretsmanager"
ON_REPLICA = (
    "InvalidParameterException",
    "Operation not permitted on a replica secret. Call must be made in primary secret's region.",
)
INVALID_REGION = ("InvalidParameterException", "Invalid replica region.")


@pytest.fixture
def here(endpoint: Endpoint) -> Any:
    return endpoint.client("secretsmanager", region=HERE)


@pytest.fixture
def there(endpoint: Endpoint) -> Any:
    return endpoint.client("secretsmanager", region=THERE)


def status_of(client: Any) -> list[tuple[str, str]]:
    shown = client.describe_secret(SecretId="s").get("ReplicationStatus", [])
    return [(status["Region"], status["Status"]) for status in shown]


def test_a_replica_is_there_under_the_same_name_and_suffix(here: Any, there: Any) -> None:
    tags = [{"Key": "team", "Value": "a"}]
    arn = replicated(here, THERE, Description="text", Tags=tags, ClientRequestToken=TOKENS[0])
    found = there.describe_secret(SecretId="s")
    assert found["ARN"] == arn.replace(HERE, THERE)
    assert found["PrimaryRegion"] == HERE
    assert "ReplicationStatus" not in found and "KmsKeyId" not in found
    assert found["Description"] == "text" and found["Tags"] == tags
    assert found["VersionIdsToStages"] == {TOKENS[0]: ["AWSCURRENT"]}
    assert value_of(there) == "one"


def test_the_primary_shows_where_it_is_replicated_to(here: Any, there: Any) -> None:
    replicated(here, THERE)
    (status,) = here.describe_secret(SecretId="s")["ReplicationStatus"]
    assert status == {
        "Region": THERE,
        "KmsKeyId": DEFAULT_KEY,
        "Status": "InSync",
        "StatusMessage": "Replication succeeded",
    }
    value_of(there)
    (status,) = here.describe_secret(SecretId="s")["ReplicationStatus"]
    assert status["LastAccessedDate"] == there.describe_secret(SecretId="s")["LastAccessedDate"]
    assert "LastAccessedDate" not in here.describe_secret(SecretId="s")


def test_a_secret_is_replicated_later_with_its_labelled_versions(here: Any, there: Any) -> None:
    arn = here.create_secret(Name="s", SecretString="one", ClientRequestToken=TOKENS[0])["ARN"]
    for index, text in ((1, "two"), (2, "three")):
        token = TOKENS[index]
        here.put_secret_value(SecretId="s", SecretString=text, ClientRequestToken=token)
    answer = here.replicate_secret_to_regions(SecretId="s", AddReplicaRegions=regions(THERE, FAR))
    assert answer["ARN"] == arn
    assert [status["Region"] for status in answer["ReplicationStatus"]] == [FAR, THERE]
    assert value_of(there) == "three"
    assert value_of(there, VersionStage="AWSPREVIOUS") == "two"
    assert refused(there.get_secret_value, SecretId="s", VersionId=TOKENS[0])[0] == NOT_FOUND[0]


def test_a_replica_follows_every_change(here: Any, there: Any, endpoint: Endpoint) -> None:
    endpoint.user("alice")
    replicated(here, THERE, ClientRequestToken=TOKENS[0])
    here.put_secret_value(SecretId="s", SecretString="two", ClientRequestToken=TOKENS[1])
    assert value_of(there) == "two" and value_of(there, VersionStage="AWSPREVIOUS") == "one"
    here.update_secret(SecretId="s", SecretString="three", Description="new")
    assert value_of(there) == "three"
    here.update_secret_version_stage(SecretId="s", VersionStage="mine", MoveToVersionId=TOKENS[0])
    assert value_of(there, VersionStage="mine") == "one"
    here.tag_resource(SecretId="s", Tags=[{"Key": "a", "Value": "b"}, {"Key": "c", "Value": "d"}])
    here.untag_resource(SecretId="s", TagKeys=["a"])
    policy = json.dumps(allow("secretsmanager:GetSecretValue", Principal={"AWS": ALICE}))
    here.put_resource_policy(SecretId="s", ResourcePolicy=policy)
    found = there.describe_secret(SecretId="s")
    assert found["Description"] == "new" and found["Tags"] == [{"Key": "c", "Value": "d"}]
    shown = there.get_resource_policy(SecretId="s")["ResourcePolicy"]
    assert json.loads(shown) == json.loads(policy)
    here.delete_resource_policy(SecretId="s")
    assert "ResourcePolicy" not in there.get_resource_policy(SecretId="s")
    assert here.describe_secret(SecretId="s")["VersionIdsToStages"] == found["VersionIdsToStages"]


def test_a_label_may_go_to_a_version_that_no_replica_has(here: Any, there: Any) -> None:
    here.create_secret(Name="s", SecretString="one", ClientRequestToken=TOKENS[0])
    here.put_secret_value(SecretId="s", SecretString="two")
    here.put_secret_value(SecretId="s", SecretString="three")
    here.replicate_secret_to_regions(SecretId="s", AddReplicaRegions=regions(THERE))
    here.update_secret_version_stage(SecretId="s", VersionStage="mine", MoveToVersionId=TOKENS[0])
    assert value_of(there, VersionStage="mine") == "one"


def test_a_secret_without_a_value_is_replicated_too(here: Any, there: Any) -> None:
    """As Terraform does: the secret first, its value in a call of its own."""
    made = here.create_secret(Name="s", AddReplicaRegions=regions(THERE))
    assert [status["Status"] for status in made["ReplicationStatus"]] == ["InSync"]
    here.put_secret_value(SecretId="s", SecretBinary=b"\x00\xff")
    assert there.get_secret_value(SecretId="s")["SecretBinary"] == b"\x00\xff"


def test_a_retry_gets_the_same_answer(here: Any) -> None:
    params = {
        "Name": "s",
        "SecretString": "one",
        "ClientRequestToken": TOKENS[0],
        "AddReplicaRegions": regions(THERE),
    }
    first, again = here.create_secret(**params), here.create_secret(**params)
    del first["ResponseMetadata"], again["ResponseMetadata"]
    assert first == again
    answer = here.replicate_secret_to_regions(SecretId="s", AddReplicaRegions=regions(THERE))
    assert answer["ReplicationStatus"] == first["ReplicationStatus"]


CHANGES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("put_secret_value", {"SecretString": "x"}),
    ("update_secret", {"SecretString": "x"}),
    ("update_secret", {"Description": "x", "KmsKeyId": DEFAULT_KEY}),
    ("update_secret", {}),
    ("update_secret_version_stage", {"VersionStage": "x", "MoveToVersionId": TOKENS[0]}),
    ("delete_secret", {}),
    ("delete_secret", {"ForceDeleteWithoutRecovery": True}),
    ("restore_secret", {}),
    ("tag_resource", {"Tags": [{"Key": "a", "Value": "b"}]}),
    ("untag_resource", {"TagKeys": ["a"]}),
    ("put_resource_policy", {"ResourcePolicy": "{}"}),
    ("delete_resource_policy", {}),
    ("replicate_secret_to_regions", {"AddReplicaRegions": [{"Region": FAR}]}),
    ("remove_regions_from_replication", {"RemoveReplicaRegions": [FAR]}),
)


def test_nothing_of_a_replica_is_changed_in_its_region(here: Any, there: Any) -> None:
    replicated(here, THERE, ClientRequestToken=TOKENS[0])
    for operation, params in CHANGES:
        assert refused(getattr(there, operation), SecretId="s", **params) == ON_REPLICA
    assert value_of(there) == "one"


def test_a_replica_has_a_key_of_its_own(here: Any, there: Any, endpoint: Endpoint) -> None:
    kms = endpoint.client("kms", region=THERE)
    first, second = (kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
    made = here.create_secret(
        Name="s", SecretString="one", AddReplicaRegions=regions(THERE, KmsKeyId=first)
    )
    assert made["ReplicationStatus"][0]["KmsKeyId"] == first
    assert there.describe_secret(SecretId="s")["KmsKeyId"] == first
    there.update_secret(SecretId="s", KmsKeyId=second)
    kms.disable_key(KeyId=first)
    assert value_of(there) == "one"
    (status,) = here.describe_secret(SecretId="s")["ReplicationStatus"]
    assert status["KmsKeyId"] == second
    here.put_secret_value(SecretId="s", SecretString="two")
    assert value_of(there) == "two"
    assert (
        refused(
            here.replicate_secret_to_regions,
            SecretId="s",
            AddReplicaRegions=regions(THERE, KmsKeyId=first),
        )[0]
        == "InvalidParameterException"
    )


def test_a_name_that_is_taken_there_is_kept_unless_forced(here: Any, there: Any) -> None:
    old = there.create_secret(Name="s", SecretString="theirs")["ARN"]
    made = here.create_secret(Name="s", SecretString="ours", AddReplicaRegions=regions(THERE))
    assert made["ReplicationStatus"] == [
        {
            "Region": THERE,
            "KmsKeyId": DEFAULT_KEY,
            "Status": "Failed",
            "StatusMessage": "Replication failed: Secret name s already exists "
            "in region eu-west-1.",
        }
    ]
    here.put_secret_value(SecretId="s", SecretString="ours")
    assert status_of(here) == [(THERE, "Failed")] and value_of(there) == "theirs"
    answer = here.replicate_secret_to_regions(
        SecretId="s", AddReplicaRegions=regions(THERE), ForceOverwriteReplicaSecret=True
    )
    assert answer["ReplicationStatus"][0]["Status"] == "InSync"
    assert value_of(there) == "ours"
    assert refused(there.get_secret_value, SecretId=old) == NOT_FOUND


def test_no_force_takes_another_replication_apart(
    here: Any, there: Any, endpoint: Endpoint
) -> None:
    far = endpoint.client("secretsmanager", region=FAR)
    replicated(there, FAR, value="theirs")
    for region in (THERE, FAR):
        made = here.create_secret(
            Name="s",
            SecretString="ours",
            AddReplicaRegions=regions(region),
            ForceOverwriteReplicaSecret=True,
        )
        (status,) = made["ReplicationStatus"]
        assert status["StatusMessage"] == (
            f"Replication failed: Secret name s is currently replicated to {region} "
            "with a different arn."
        )
        here.remove_regions_from_replication(SecretId="s", RemoveReplicaRegions=[region])
        here.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)
    assert value_of(there) == value_of(far) == "theirs"


@pytest.mark.parametrize(
    "asked",
    [regions(HERE), regions("eu-nowhere-1"), regions(THERE, THERE), [{}], regions("cn-north-1")],
)
def test_regions_that_are_none_to_replicate_to(here: Any, asked: list[dict[str, str]]) -> None:
    assert refused(here.create_secret, Name="s", AddReplicaRegions=asked) == INVALID_REGION
    here.create_secret(Name="s")
    replicate = here.replicate_secret_to_regions
    assert refused(replicate, SecretId="s", AddReplicaRegions=asked) == INVALID_REGION
    assert status_of(here) == []


def test_a_primary_is_deleted_after_its_replicas(here: Any, there: Any) -> None:
    arn = replicated(here, THERE, FAR)
    for params in ({}, {"ForceDeleteWithoutRecovery": True}):
        assert refused(here.delete_secret, SecretId="s", **params) == (
            "InvalidParameterException",
            f"You can't delete secret {arn} that still has replica regions "
            "[ap-south-1, eu-west-1].",
        )
    remove = here.remove_regions_from_replication
    answer = remove(SecretId="s", RemoveReplicaRegions=[THERE, "us-west-2"])
    assert [status["Region"] for status in answer["ReplicationStatus"]] == [FAR]
    assert refused(there.describe_secret, SecretId="s") == NOT_FOUND
    assert remove(SecretId="s", RemoveReplicaRegions=[FAR])["ReplicationStatus"] == []
    found = here.describe_secret(SecretId="s")
    assert "PrimaryRegion" not in found and "ReplicationStatus" not in found
    here.delete_secret(SecretId="s")
    assert (
        refused(here.replicate_secret_to_regions, SecretId="s", AddReplicaRegions=regions(THERE))[0]
        == "InvalidRequestException"
    )


def test_a_replica_is_promoted_and_goes_its_own_way(here: Any, there: Any) -> None:
    arn = replicated(here, THERE, FAR)
    promoted = arn.replace(HERE, THERE)
    assert there.stop_replication_to_replica(SecretId=promoted)["ARN"] == promoted
    assert status_of(here) == [(FAR, "InSync")]
    assert "PrimaryRegion" not in there.describe_secret(SecretId="s")
    there.put_secret_value(SecretId="s", SecretString="theirs")
    here.put_secret_value(SecretId="s", SecretString="ours")
    assert (value_of(here), value_of(there)) == ("ours", "theirs")
    for client in (here, there):
        assert refused(client.stop_replication_to_replica, SecretId="s")[0] == (
            "InvalidParameterException"
        )
    there.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)


def test_lists_show_and_find_the_primary_region(here: Any, there: Any) -> None:
    replicated(here, THERE)
    here.create_secret(Name="alone")
    (entry,) = there.list_secrets()["SecretList"]
    assert entry["PrimaryRegion"] == HERE and "ReplicationStatus" not in entry
    for client, region, names in (
        (here, HERE, ["s"]),
        (here, THERE, []),
        (there, HERE, ["s"]),
        (there, THERE, []),
    ):
        found = client.list_secrets(Filters=[{"Key": "primary-region", "Values": [region]}])
        assert [entry["Name"] for entry in found["SecretList"]] == names


def test_a_key_that_refuses_fails_the_replica_and_not_the_call(
    here: Any, there: Any, endpoint: Endpoint
) -> None:
    kms = endpoint.client("kms", region=THERE)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.disable_key(KeyId=key)
    asked = regions(THERE, KmsKeyId=key)
    made = here.create_secret(Name="s", SecretString="one", AddReplicaRegions=asked)
    (status,) = made["ReplicationStatus"]
    assert (status["Status"], status["KmsKeyId"]) == ("Failed", key)
    assert status["StatusMessage"].startswith(
        "Replication failed: Secrets Manager can't encrypt the protected secret text"
    )
    assert refused(there.describe_secret, SecretId="s") == NOT_FOUND
    kms.enable_key(KeyId=key)
    here.replicate_secret_to_regions(SecretId="s", AddReplicaRegions=asked)
    assert status_of(here) == [(THERE, "InSync")]
    kms.disable_key(KeyId=key)
    here.put_secret_value(SecretId="s", SecretString="two")
    assert status_of(here) == [(THERE, "Failed")]
    kms.enable_key(KeyId=key)
    assert (value_of(here), value_of(there)) == ("two", "one")
    here.tag_resource(SecretId="s", Tags=[{"Key": "a", "Value": "b"}])
    assert there.describe_secret(SecretId="s")["Tags"] == [{"Key": "a", "Value": "b"}]
    assert status_of(here) == [(THERE, "Failed")]
    here.put_secret_value(SecretId="s", SecretString="three")
    assert status_of(here) == [(THERE, "InSync")]
    assert value_of(there, VersionStage="AWSPREVIOUS") == "two"


def test_a_replica_that_never_had_a_value_goes_when_it_cannot_get_one(
    here: Any, there: Any, endpoint: Endpoint
) -> None:
    kms = endpoint.client("kms", region=THERE)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    here.create_secret(Name="s", AddReplicaRegions=regions(THERE, KmsKeyId=key))
    kms.disable_key(KeyId=key)
    here.put_secret_value(SecretId="s", SecretString="one")
    assert status_of(here) == [(THERE, "Failed")]
    assert refused(there.describe_secret, SecretId="s") == NOT_FOUND


def test_replication_to_other_accounts_is_refused_by_name(here: Any) -> None:
    primary = f"arn:aws:secretsmanager:{HERE}:{ACCOUNT}:secret:s-AbCdEf"
    with pytest.raises(ClientError, match="Replication to other accounts is not served"):
        here.create_secret(Name="s", CrossAccountPrimaryARN=primary)
