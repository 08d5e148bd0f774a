from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.operations.asserting import ACCOUNT, refused
from tests.unit.operations.secretsmanager.asserting import DELETED, TOKENS

from sluicegate.operations.secretsmanager import versions
from sluicegate.store import secrets
from sluicegate.testing import Endpoint

FIRST, SECOND, THIRD = TOKENS[:3]
DAY_SECONDS = 86_400


@pytest.fixture
def client(endpoint: Endpoint) -> Any:
    return endpoint.client("secretsmanager")


def labels(client: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = client.describe_secret(SecretId="s")["VersionIdsToStages"]
    return found


@given(
    st.lists(
        st.tuples(
            st.sampled_from(TOKENS[:4]),
            st.sets(st.sampled_from(["AWSCURRENT", "AWSPENDING", "mine"]), min_size=1),
        )
    )
)
def test_previous_is_always_what_was_current_before(moves: list[tuple[str, set[str]]]) -> None:
    placed: dict[str, str] = {}
    for version_id, wanted in moves:
        before = placed.get(versions.CURRENT)
        placed = versions.move(placed, version_id, sorted(wanted))
        assert all(placed[label] == version_id for label in wanted)
        if versions.CURRENT in wanted and before not in (None, version_id):
            assert placed[versions.PREVIOUS] == before


def test_a_value_comes_back_as_it_was_given(client: Any) -> None:
    made = client.create_secret(Name="s", SecretString="grüße", ClientRequestToken=FIRST)
    assert made["VersionId"] == FIRST
    answer = client.get_secret_value(SecretId="s")
    assert answer.pop("CreatedDate").tzinfo is not None
    del answer["ResponseMetadata"]
    assert answer == {
        "ARN": made["ARN"],
        "Name": "s",
        "SecretString": "grüße",
        "VersionId": FIRST,
        "VersionStages": ["AWSCURRENT"],
    }
    client.put_secret_value(SecretId="s", SecretBinary=b"\x00\xff")
    answer = client.get_secret_value(SecretId=made["ARN"])
    assert answer["SecretBinary"] == b"\x00\xff" and "SecretString" not in answer


def test_putting_moves_current_and_previous(client: Any) -> None:
    client.create_secret(Name="s", SecretString="1", ClientRequestToken=FIRST)
    put = client.put_secret_value(SecretId="s", SecretString="2", ClientRequestToken=SECOND)
    assert (put["VersionId"], put["VersionStages"]) == (SECOND, ["AWSCURRENT"])
    assert labels(client) == {FIRST: ["AWSPREVIOUS"], SECOND: ["AWSCURRENT"]}
    client.put_secret_value(SecretId="s", SecretString="3", ClientRequestToken=THIRD)
    assert labels(client) == {SECOND: ["AWSPREVIOUS"], THIRD: ["AWSCURRENT"]}
    previous = client.get_secret_value(SecretId="s", VersionStage="AWSPREVIOUS")
    assert previous["SecretString"] == "2"
    assert client.get_secret_value(SecretId="s", VersionId=FIRST)["SecretString"] == "1"


def test_putting_with_labels_of_ones_own_leaves_current(client: Any) -> None:
    client.create_secret(Name="s", SecretString="1", ClientRequestToken=FIRST)
    client.put_secret_value(
        SecretId="s", SecretString="2", ClientRequestToken=SECOND, VersionStages=["AWSPENDING"]
    )
    assert labels(client) == {FIRST: ["AWSCURRENT"], SECOND: ["AWSPENDING"]}
    many = [f"label{index}" for index in range(20)]
    client.put_secret_value(
        SecretId="s", SecretString="3", ClientRequestToken=THIRD, VersionStages=many
    )
    move = {"SecretId": "s", "VersionStage": "one more", "MoveToVersionId": THIRD}
    assert refused(client.update_secret_version_stage, **move)[0] == "LimitExceededException"


def test_the_first_version_is_current(client: Any) -> None:
    client.create_secret(Name="s")
    assert "VersionIdsToStages" not in client.describe_secret(SecretId="s")
    assert refused(client.get_secret_value, SecretId="s") == (
        "ResourceNotFoundException",
        "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
    )
    client.put_secret_value(SecretId="s", SecretString="1", VersionStages=["mine"])
    assert sorted(*labels(client).values()) == ["AWSCURRENT", "mine"]


def test_a_retry_with_the_same_token_changes_nothing(client: Any) -> None:
    create = {"Name": "s", "ClientRequestToken": FIRST}
    made = client.create_secret(**create, SecretString="1")
    assert client.create_secret(**create, SecretString="1")["ARN"] == made["ARN"]
    in_use = (
        "ResourceExistsException",
        f"You can't use ClientRequestToken {FIRST} because that value is already in use "
        f"for a version of secret {made['ARN']}.",
    )
    assert refused(client.create_secret, **create, SecretString="2") == in_use
    put = {"SecretId": "s", "ClientRequestToken": SECOND}
    client.put_secret_value(**put, SecretString="2")
    client.put_secret_value(SecretId="s", SecretString="3", ClientRequestToken=THIRD)
    assert client.put_secret_value(**put, SecretString="2")["VersionStages"] == ["AWSPREVIOUS"]
    assert labels(client)[THIRD] == ["AWSCURRENT"]
    for other in ({"SecretString": "x"}, {"SecretBinary": b"2"}):
        assert refused(client.put_secret_value, **put, **other)[0] == "ResourceExistsException"
    assert client.update_secret(**put, SecretString="2")["VersionId"] == SECOND


def test_versions_that_are_not_there(client: Any) -> None:
    client.create_secret(Name="s", SecretString="1", ClientRequestToken=FIRST)
    for params, message in (
        ({"VersionId": SECOND}, f"for VersionId: {SECOND}"),
        ({"VersionStage": "AWSPREVIOUS"}, "for staging label: AWSPREVIOUS"),
    ):
        assert refused(client.get_secret_value, SecretId="s", **params) == (
            "ResourceNotFoundException",
            f"Secrets Manager can't find the specified secret value {message}",
        )
    both = {"SecretId": "s", "VersionId": FIRST, "VersionStage": "AWSPENDING"}
    assert refused(client.get_secret_value, **both) == (
        "InvalidRequestException",
        "You provided a VersionStage that is not associated to the provided VersionId.",
    )


def test_requests_without_one_value(client: Any) -> None:
    client.create_secret(Name="s")
    assert refused(client.put_secret_value, SecretId="s")[0] == "InvalidRequestException"
    both = {"SecretId": "s", "SecretString": "secret!", "SecretBinary": b"secret!"}
    code, message = refused(client.put_secret_value, **both)
    assert code == "InvalidParameterException" and "secret!" not in message
    for value in ("x" * 65_537, "ü" * 40_000):
        _, message = refused(client.put_secret_value, SecretId="s", SecretString=value)
        assert value[:10] not in message
    client.put_secret_value(SecretId="s", SecretString="x" * 65_536)


def test_labels_move_by_hand(client: Any) -> None:
    client.create_secret(Name="s", SecretString="1", ClientRequestToken=FIRST)
    client.put_secret_value(SecretId="s", SecretString="2", ClientRequestToken=SECOND)
    move = {"SecretId": "s", "VersionStage": "AWSCURRENT"}
    assert refused(client.update_secret_version_stage, **move, MoveToVersionId=FIRST) == (
        "InvalidParameterException",
        "The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently "
        f"attached to version {SECOND}, so you must explicitly reference that version in "
        "RemoveFromVersionId.",
    )
    assert refused(client.update_secret_version_stage, **move, RemoveFromVersionId=SECOND) == (
        "InvalidParameterException",
        "You can only move staging label AWSCURRENT to a different secret version. "
        "It can't be completely removed.",
    )
    unattached = {"RemoveFromVersionId": FIRST, "MoveToVersionId": FIRST}
    assert refused(client.update_secret_version_stage, **move, **unattached)[0] == (
        "InvalidParameterException"
    )
    client.update_secret_version_stage(**move, RemoveFromVersionId=SECOND, MoveToVersionId=FIRST)
    assert labels(client) == {FIRST: ["AWSCURRENT"], SECOND: ["AWSPREVIOUS"]}
    client.update_secret_version_stage(
        SecretId="s", VersionStage="AWSPREVIOUS", RemoveFromVersionId=SECOND
    )
    assert labels(client) == {FIRST: ["AWSCURRENT"]}
    unknown = {"SecretId": "s", "VersionStage": "x", "MoveToVersionId": THIRD}
    assert refused(client.update_secret_version_stage, **unknown)[0] == (
        "ResourceNotFoundException"
    )


def test_versions_are_listed(client: Any) -> None:
    client.create_secret(Name="s", SecretString="0", ClientRequestToken=TOKENS[0])
    for token in TOKENS[1:4]:
        client.put_secret_value(SecretId="s", SecretString="x", ClientRequestToken=token)
    listed = client.list_secret_version_ids(SecretId="s")["Versions"]
    assert [entry["VersionId"] for entry in listed] == list(TOKENS[2:4])
    assert listed[0]["KmsKeyIds"] == ["DefaultEncryptionKey"]
    assert "LastAccessedDate" not in listed[0]
    client.get_secret_value(SecretId="s")
    listed = client.list_secret_version_ids(SecretId="s")["Versions"]
    assert listed[1]["LastAccessedDate"].timestamp() % DAY_SECONDS == 0
    everything = {"SecretId": "s", "IncludeDeprecated": True, "MaxResults": 3}
    page = client.list_secret_version_ids(**everything)
    rest = client.list_secret_version_ids(**everything, NextToken=page["NextToken"])
    seen = [entry["VersionId"] for entry in page["Versions"] + rest["Versions"]]
    assert seen == list(TOKENS[:4]) and "NextToken" not in rest


def test_about_a_hundred_versions_are_kept(client: Any, endpoint: Endpoint) -> None:
    client.create_secret(Name="s", SecretString="first")
    for index in range(102):
        client.put_secret_value(SecretId="s", SecretString=str(index))
    everything = {"SecretId": "s", "IncludeDeprecated": True, "MaxResults": 100}
    assert "NextToken" in client.list_secret_version_ids(**everything)
    endpoint.clock.advance(seconds=DAY_SECONDS + 1)
    client.put_secret_value(SecretId="s", SecretString="last")
    page = client.list_secret_version_ids(**everything)
    assert len(page["Versions"]) == 100 and "NextToken" not in page
    assert client.get_secret_value(SecretId="s")["SecretString"] == "last"


def test_versions_of_one_day_are_bounded(client: Any, endpoint: Endpoint) -> None:
    client.create_secret(Name="s", SecretString="first", ClientRequestToken=FIRST)
    with endpoint.databases.state.write() as tx:
        secret = secrets.by_name(tx, ACCOUNT, "us-east-1", "s", endpoint.clock.now_ms())
        assert secret is not None
        version = secrets.version(tx, secret.id, FIRST)
        assert version is not None
        for position in range(1, 999):
            secrets.add_version(tx, replace(version, id=f"{position:064}", position=position))
    client.put_secret_value(SecretId="s", SecretString="the thousandth")
    put = {"SecretId": "s", "SecretString": "one more"}
    assert refused(client.put_secret_value, **put) == (
        "LimitExceededException",
        "A secret can have at most 1000 versions. Those without staging labels are removed when "
        "they are a day old.",
    )
    assert client.get_secret_value(SecretId="s")["SecretString"] == "the thousandth"
    endpoint.clock.advance(seconds=DAY_SECONDS + 1)
    client.put_secret_value(**put)


def test_a_changed_key_goes_on_reading_what_is_labelled(client: Any, endpoint: Endpoint) -> None:
    kms = endpoint.client("kms")
    first, second = (kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
    client.create_secret(Name="s", SecretString="1", KmsKeyId=first, ClientRequestToken=FIRST)
    client.put_secret_value(SecretId="s", SecretString="2", ClientRequestToken=SECOND)
    client.update_secret(SecretId="s", KmsKeyId=second)
    kms.disable_key(KeyId=first)
    assert client.get_secret_value(SecretId="s")["SecretString"] == "2"
    previous = client.get_secret_value(SecretId="s", VersionStage="AWSPREVIOUS")
    assert previous["SecretString"] == "1"
    client.update_secret(SecretId="s", KmsKeyId="", SecretString="3")
    kms.disable_key(KeyId=second)
    assert client.get_secret_value(SecretId="s")["SecretString"] == "3"
    assert "KmsKeyId" not in client.describe_secret(SecretId="s")


def test_a_key_that_cannot_be_used(client: Any, endpoint: Endpoint) -> None:
    kms = endpoint.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    client.create_secret(Name="s", SecretString="1", KmsKeyId=key)
    kms.disable_key(KeyId=key)
    assert refused(client.get_secret_value, SecretId="s") == (
        "DecryptionFailure",
        "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
    )
    assert refused(client.put_secret_value, SecretId="s", SecretString="2")[0] == (
        "EncryptionFailure"
    )
    unknown = {"Name": "t", "SecretString": "1", "KmsKeyId": "alias/unknown"}
    assert refused(client.create_secret, **unknown)[0] == "EncryptionFailure"


def test_first_uses_at_once_share_one_key(endpoint: Endpoint) -> None:
    def create(index: int) -> None:
        client = endpoint.client("secretsmanager")
        client.create_secret(Name=f"s{index}", SecretString=str(index))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(create, range(8)))
    client = endpoint.client("secretsmanager")
    for index in range(8):
        assert client.get_secret_value(SecretId=f"s{index}")["SecretString"] == str(index)


def test_one_token_at_once_makes_one_version(client: Any, endpoint: Endpoint) -> None:
    client.create_secret(Name="s")

    def put(index: int) -> str:
        try:
            endpoint.client("secretsmanager").put_secret_value(
                SecretId="s", SecretString=str(index % 2), ClientRequestToken=FIRST
            )
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "put"

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(put, range(8)))
    assert sorted(set(answers)) == ["ResourceExistsException", "put"]
    assert labels(client) == {FIRST: ["AWSCURRENT"]}


def test_batches_by_filter_come_in_pages(client: Any) -> None:
    for index in range(3):
        client.create_secret(Name=f"app{index}", SecretString=str(index))
    client.create_secret(Name="other", SecretString="x")
    filters = [{"Key": "name", "Values": ["app"]}]
    page = client.batch_get_secret_value(Filters=filters, MaxResults=2)
    rest = client.batch_get_secret_value(Filters=filters, MaxResults=2, NextToken=page["NextToken"])
    values = [entry["SecretString"] for entry in page["SecretValues"] + rest["SecretValues"]]
    assert sorted(values) == ["0", "1", "2"] and "NextToken" not in rest
    for params in ({}, {"Filters": filters, "SecretIdList": ["app0"]}):
        assert refused(client.batch_get_secret_value, **params)[0] == "InvalidParameterException"


def test_a_deleted_secret_is_not_read_or_written(client: Any) -> None:
    client.create_secret(Name="s", SecretString="1")
    client.delete_secret(SecretId="s")
    assert refused(client.get_secret_value, SecretId="s") == DELETED
    assert refused(client.put_secret_value, SecretId="s", SecretString="2") == DELETED
    assert refused(client.update_secret, SecretId="s", Description="d") == DELETED
