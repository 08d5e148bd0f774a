import json
import string
from typing import Any

import pytest
from tests.unit.operations.asserting import ACCOUNT, ALICE, allow, refused
from tests.unit.operations.secretsmanager.asserting import ARN, DELETED, NOT_FOUND

from sluicegate.operations.secretsmanager.policies import is_public
from sluicegate.testing import Endpoint

DAY_SECONDS = 86_400


@pytest.fixture
def client(endpoint: Endpoint) -> Any:
    return endpoint.client("secretsmanager")


def described(client: Any, name: str = "s") -> dict[str, Any]:
    answer: dict[str, Any] = client.describe_secret(SecretId=name)
    del answer["ResponseMetadata"]
    return answer


def test_what_a_secret_never_had_is_absent(client: Any) -> None:
    made = client.create_secret(Name="s")
    assert set(made) == {"ARN", "Name", "ResponseMetadata"}
    assert set(described(client)) == {"ARN", "Name", "CreatedDate", "LastChangedDate"}
    client.tag_resource(SecretId="s", Tags=[{"Key": "a", "Value": "b"}])
    assert described(client)["Tags"] == [{"Key": "a", "Value": "b"}]
    client.untag_resource(SecretId="s", TagKeys=["a"])
    assert described(client)["Tags"] == []
    client.put_secret_value(SecretId="s", SecretString="x")
    client.get_secret_value(SecretId="s")
    assert described(client)["LastAccessedDate"].timestamp() % DAY_SECONDS == 0


def test_a_secret_goes_by_name_and_by_whole_or_partial_arn(client: Any) -> None:
    arn = client.create_secret(Name="team/s")["ARN"]
    tricky = client.create_secret(Name="team/s-abcdef")["ARN"]
    for name in ("team/s", arn, arn[:-7]):
        assert client.describe_secret(SecretId=name)["ARN"] == arn
    assert client.describe_secret(SecretId=f"{ARN}:team/s-abcdef")["ARN"] == tricky
    for name in ("team", f"{arn[:-6]}zzzzzz", arn.replace("us-east-1", "eu-west-1")):
        assert refused(client.describe_secret, SecretId=name) == NOT_FOUND


def test_names_that_are_taken_or_wrong(client: Any) -> None:
    client.create_secret(Name="s")
    assert refused(client.create_secret, Name="s") == (
        "ResourceExistsException",
        "The operation failed because the secret s already exists.",
    )
    assert refused(client.create_secret, Name="a b") == (
        "ValidationException",
        "Invalid name. Must be a valid name containing alphanumeric characters, "
        "or any of the following: -/_+=.@!",
    )
    client.delete_secret(SecretId="s")
    assert refused(client.create_secret, Name="s") == (
        "InvalidRequestException",
        "You can't create this secret because a secret with this name is already scheduled "
        "for deletion.",
    )


def test_a_secret_waits_and_is_gone(client: Any, endpoint: Endpoint) -> None:
    first = client.create_secret(Name="s", SecretString="x")["ARN"]
    answer = client.delete_secret(SecretId="s", RecoveryWindowInDays=7)
    assert described(client)["DeletedDate"] == answer["DeletionDate"]
    assert refused(client.delete_secret, SecretId="s") == DELETED
    assert refused(client.tag_resource, SecretId="s", Tags=[]) == DELETED
    endpoint.clock.advance(seconds=7 * DAY_SECONDS)
    assert refused(client.describe_secret, SecretId="s") == NOT_FOUND
    assert client.create_secret(Name="s")["ARN"] != first
    assert refused(client.describe_secret, SecretId=first) == NOT_FOUND


def test_a_secret_is_restored_in_time(client: Any) -> None:
    client.create_secret(Name="s", SecretString="x")
    client.delete_secret(SecretId="s")
    client.restore_secret(SecretId="s")
    assert "DeletedDate" not in described(client)
    assert client.get_secret_value(SecretId="s")["SecretString"] == "x"


def test_deletion_without_recovery(client: Any) -> None:
    client.create_secret(Name="s", SecretString="x")
    client.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)
    assert refused(client.describe_secret, SecretId="s") == NOT_FOUND
    again = client.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)
    assert again["Name"] == "s"
    client.create_secret(Name="s")
    both = {"ForceDeleteWithoutRecovery": True, "RecoveryWindowInDays": 7}
    assert refused(client.delete_secret, SecretId="s", **both)[0] == "InvalidParameterException"
    for days in (6, 31):
        assert refused(client.delete_secret, SecretId="s", RecoveryWindowInDays=days) == (
            "InvalidParameterException",
            "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
        )


def test_an_update_changes_what_it_names(client: Any) -> None:
    client.create_secret(Name="s", Description="old", SecretString="x")
    answer = client.update_secret(SecretId="s", Description="new")
    assert "VersionId" not in answer
    assert described(client)["Description"] == "new"
    answer = client.update_secret(SecretId="s", SecretString="y")
    assert len(answer["VersionId"]) == 36
    assert described(client)["Description"] == "new"
    assert client.get_secret_value(SecretId="s")["SecretString"] == "y"


def listed(client: Any, **params: Any) -> list[str]:
    return [entry["Name"] for entry in client.list_secrets(**params)["SecretList"]]


def test_lists_are_filtered(client: Any, endpoint: Endpoint) -> None:
    tags = [{"Key": "Team", "Value": "Blue"}]
    client.create_secret(Name="App/db", Description="Main Database", Tags=tags)
    endpoint.clock.advance(seconds=1)
    client.create_secret(Name="app/key", Description="the key")
    client.create_secret(Name="gone")
    client.delete_secret(SecretId="gone")
    for key, values, names in (
        ("name", ["App"], ["App/db"]),
        ("name", ["app"], ["app/key"]),
        ("name", ["App", "app"], ["App/db", "app/key"]),
        ("name", ["!App"], ["app/key"]),
        ("description", ["main"], ["App/db"]),
        ("tag-key", ["Te"], ["App/db"]),
        ("tag-key", ["te"], []),
        ("tag-value", ["Blue"], ["App/db"]),
        ("primary-region", ["us-"], []),
        ("owning-service", ["x"], []),
        ("all", ["database MAIN"], ["App/db"]),
        ("all", ["key"], ["app/key"]),
    ):
        assert listed(client, Filters=[{"Key": key, "Values": values}]) == names
    both = [{"Key": "name", "Values": ["app"]}, {"Key": "description", "Values": ["main"]}]
    assert listed(client, Filters=both) == []
    assert "gone" in listed(client, IncludePlannedDeletion=True)


def test_lists_are_sorted_and_come_in_pages(client: Any, endpoint: Endpoint) -> None:
    for name in ("b", "c", "a"):
        client.create_secret(Name=name)
        endpoint.clock.advance(seconds=1)
    client.update_secret(SecretId="b", Description="changed last")
    assert listed(client) == ["b", "c", "a"]
    assert listed(client, SortOrder="desc") == ["a", "c", "b"]
    assert listed(client, SortBy="name") == ["a", "b", "c"]
    assert listed(client, SortBy="last-changed-date") == ["c", "a", "b"]
    for order in ("asc", "desc"):
        pages = client.get_paginator("list_secrets").paginate(
            SortBy="name", SortOrder=order, PaginationConfig={"PageSize": 1}
        )
        names = [entry["Name"] for page in pages for entry in page["SecretList"]]
        assert names == sorted(names, reverse=order == "desc") and len(names) == 3
    token = client.list_secrets(MaxResults=1)["NextToken"]
    for params in (
        {"NextToken": "no token"},
        {"NextToken": "WyJhIiwiYiJd"},
        {"NextToken": token, "SortBy": "name"},
        {"NextToken": token, "SortBy": "last-changed-date"},
        {"NextToken": token, "SortOrder": "desc"},
    ):
        assert refused(client.list_secrets, **params)[0] == "InvalidNextTokenException"
    batch = {"Filters": [{"Key": "name", "Values": ["a"]}], "NextToken": token}
    assert refused(client.batch_get_secret_value, **batch)[0] == "InvalidNextTokenException"
    assert len(client.list_secrets(NextToken=token)["SecretList"]) == 2


def test_list_entries_show_versions_under_their_own_name(client: Any) -> None:
    made = client.create_secret(Name="s", SecretString="x", Tags=[{"Key": "a", "Value": "b"}])
    (entry,) = client.list_secrets()["SecretList"]
    assert entry["SecretVersionsToStages"] == {made["VersionId"]: ["AWSCURRENT"]}
    assert entry["Tags"] == [{"Key": "a", "Value": "b"}]


def test_resource_policies_are_checked(client: Any, endpoint: Endpoint) -> None:
    endpoint.user("alice")
    client.create_secret(Name="s")
    assert "ResourcePolicy" not in client.get_resource_policy(SecretId="s")
    policy = json.dumps(allow("secretsmanager:GetSecretValue", Principal={"AWS": ALICE}))
    client.put_resource_policy(SecretId="s", ResourcePolicy=policy, BlockPublicPolicy=True)
    shown = client.get_resource_policy(SecretId="s")["ResourcePolicy"]
    assert json.loads(shown) == json.loads(policy)
    nobody = policy.replace("alice", "nobody")
    for text, message in (
        ("{", "This resource policy contains invalid Json."),
        (nobody, "This resource policy contains an unsupported principal."),
        ("{}", "Syntax errors in policy."),
    ):
        assert refused(client.put_resource_policy, SecretId="s", ResourcePolicy=text) == (
            "MalformedPolicyDocumentException",
            message,
        )
    public = json.dumps(allow("secretsmanager:GetSecretValue", Principal="*"))
    params = {"SecretId": "s", "ResourcePolicy": public, "BlockPublicPolicy": True}
    assert refused(client.put_resource_policy, **params)[0] == "PublicPolicyException"
    answer = client.validate_resource_policy(ResourcePolicy=public)
    assert not answer["PolicyValidationPassed"]
    assert [error["CheckName"] for error in answer["ValidationErrors"]] == ["PUBLIC_POLICY"]
    assert client.validate_resource_policy(ResourcePolicy=policy)["PolicyValidationPassed"]


@pytest.mark.parametrize(
    ("statement", "is_open"),
    [
        ({"Principal": "*"}, True),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Principal": {"AWS": [ALICE, "*"]}}, True),
        ({"Principal": {"AWS": ALICE}}, False),
        ({"Principal": {"Service": "kafka.amazonaws.com"}}, False),
        ({"NotPrincipal": {"AWS": ALICE}}, True),
        ({"Principal": "*", "Effect": "Deny"}, False),
        (
            {"Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}},
            False,
        ),
        ({"Principal": "*", "Condition": {"StringLike": {"aws:PrincipalArn": "*"}}}, True),
        ({"Principal": "*", "Condition": {"StringNotEquals": {"aws:PrincipalArn": ALICE}}}, True),
        ({"Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}}, True),
        ({"Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}, False),
        (
            {
                "Principal": "*",
                "Condition": {"ForAllValues:StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
            },
            True,
        ),
    ],
)
def test_what_makes_a_policy_public(statement: dict[str, Any], is_open: bool) -> None:
    assert is_public({"Statement": {"Effect": "Allow", **statement}}) is is_open


def test_tags_that_a_secret_does_not_take(client: Any) -> None:
    client.create_secret(Name="s")
    twice = [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]
    many = [{"Key": str(index), "Value": ""} for index in range(51)]
    for tags in (twice, many, [{"Key": "aws:x", "Value": ""}]):
        assert refused(client.tag_resource, SecretId="s", Tags=tags)[0] == (
            "InvalidParameterException"
        )


def test_random_passwords_have_every_kind_that_is_wanted(client: Any) -> None:
    password = client.get_random_password()["RandomPassword"]
    assert len(password) == 32
    for characters in (string.ascii_lowercase, string.ascii_uppercase, string.digits):
        assert set(password) & set(characters)
    assert set(password) & set(string.punctuation)
    digits = client.get_random_password(
        PasswordLength=100,
        ExcludeLowercase=True,
        ExcludeUppercase=True,
        ExcludePunctuation=True,
        ExcludeCharacters="01234",
    )["RandomPassword"]
    assert set(digits) <= set("56789") and len(digits) == 100
    assert refused(client.get_random_password, PasswordLength=3)[0] == "InvalidParameterException"
    nothing = {"ExcludeCharacters": string.printable}
    assert refused(client.get_random_password, **nothing)[0] == "InvalidRequestException"
    one = {"PasswordLength": 1, "RequireEachIncludedType": False, "IncludeSpace": True}
    assert len(client.get_random_password(**one)["RandomPassword"]) == 1
