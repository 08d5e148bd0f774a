"""Versions and aliases: what they keep, what they mean, where invocations go."""

from typing import Any

from tests.unit.operations.asserting import refused
from tests.unit.operations.lambda_.asserting import ARN, made, zipped

from sluicegate.testing import Endpoint

INVALID = "InvalidParameterValueException"
STALE = (
    "PreconditionFailedException",
    "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias "
    "API to retrieve the latest Revision Id",
)


def test_a_version_is_made_only_where_something_changed(endpoint: Endpoint) -> None:
    made(endpoint)
    client = endpoint.client("lambda")
    first = client.publish_version(FunctionName="orders", Description="one")
    assert (first["Version"], first["FunctionArn"]) == ("1", f"{ARN}:orders:1")
    assert first["Description"] == "one" and first["State"] == "Active"
    assert client.publish_version(FunctionName="orders")["Version"] == "1"
    client.update_function_configuration(FunctionName="orders", Timeout=7)
    assert client.publish_version(FunctionName="orders")["Version"] == "2"
    code = zipped(new="x")
    answer = client.update_function_code(FunctionName="orders", ZipFile=code, Publish=True)
    assert (answer["Version"], answer["CodeSize"]) == ("3", len(code))
    old = client.get_function_configuration(FunctionName="orders", Qualifier="1")
    assert (old["Timeout"], old["CodeSize"]) == (3, len(zipped()))
    listed = client.list_versions_by_function(FunctionName="orders")["Versions"]
    assert [each["Version"] for each in listed] == ["$LATEST", "1", "2", "3"]
    assert listed[0]["FunctionArn"] == f"{ARN}:orders:$LATEST"
    everything = client.list_functions(FunctionVersion="ALL")["Functions"]
    assert [each["Version"] for each in everything] == ["$LATEST", "1", "2", "3"]


def test_numbers_are_never_used_twice(endpoint: Endpoint) -> None:
    made(endpoint, Publish=True)
    client = endpoint.client("lambda")
    client.delete_function(FunctionName="orders", Qualifier="1")
    assert client.publish_version(FunctionName="orders")["Version"] == "2"


def test_code_is_kept_as_long_as_a_version_has_it(endpoint: Endpoint) -> None:
    made(endpoint, Publish=True)
    client = endpoint.client("lambda")
    client.update_function_code(FunctionName="orders", ZipFile=zipped(new="x"))
    packages = endpoint.state / "packages"
    assert len(list(packages.iterdir())) == 2
    client.delete_function(FunctionName="orders", Qualifier="1")
    (left,) = packages.iterdir()
    assert (left / "code" / "new").read_text() == "x"


def test_a_dry_run_changes_nothing(endpoint: Endpoint) -> None:
    was = made(endpoint)
    client = endpoint.client("lambda")
    answer = client.update_function_code(
        FunctionName="orders", ZipFile=zipped(new="x"), DryRun=True
    )
    assert answer["CodeSha256"] != was["CodeSha256"]
    now = client.get_function_configuration(FunctionName="orders")
    assert (now["CodeSha256"], now["RevisionId"]) == (was["CodeSha256"], was["RevisionId"])
    assert len(list((endpoint.state / "packages").iterdir())) == 1


def test_a_change_on_top_of_another_revision(endpoint: Endpoint) -> None:
    revision = made(endpoint)["RevisionId"]
    client = endpoint.client("lambda")
    change = {"FunctionName": "orders", "RevisionId": revision}
    answer = client.update_function_configuration(**change, Timeout=5)
    assert answer["LastUpdateStatus"] == "InProgress" and answer["RevisionId"] != revision
    assert answer["LastUpdateStatusReason"] == "The function is being created."
    for operation, params in (
        (client.update_function_configuration, {"Timeout": 6}),
        (client.update_function_code, {"ZipFile": zipped()}),
        (client.publish_version, {}),
    ):
        assert refused(operation, status=412, **change, **params) == STALE


def test_a_version_is_of_the_code_that_was_meant(endpoint: Endpoint) -> None:
    digest = made(endpoint)["CodeSha256"]
    client = endpoint.client("lambda")
    assert refused(client.publish_version, FunctionName="orders", CodeSha256="x") == (
        INVALID,
        f"CodeSHA256 (x) is different from current CodeSHA256 in $LATEST ({digest}). Please try "
        "again with the CodeSHA256 in $LATEST.",
    )
    assert client.publish_version(FunctionName="orders", CodeSha256=digest)["Version"] == "1"


def test_qualifiers_that_mean_nothing(endpoint: Endpoint) -> None:
    made(endpoint)
    client = endpoint.client("lambda")
    for qualifier in ("7", "missing"):
        params = {"FunctionName": "orders", "Qualifier": qualifier}
        for operation in (client.get_function, client.invoke, client.get_runtime_management_config):
            assert refused(operation, status=404, **params) == (
                "ResourceNotFoundException",
                f"Function not found: {ARN}:orders:{qualifier}",
            )
    assert refused(client.get_function, FunctionName="orders:1", Qualifier="2") == (
        INVALID,
        "The derived qualifier from the function name does not match the specified qualifier.",
    )
    assert refused(client.delete_function, FunctionName="orders", Qualifier="$LATEST") == (
        INVALID,
        "$LATEST version cannot be deleted without deleting the function.",
    )


def test_an_alias_is_made_moved_and_removed(endpoint: Endpoint) -> None:
    made(endpoint, Publish=True)
    client = endpoint.client("lambda")
    alias = {"FunctionName": "orders", "Name": "live"}
    answer = client.create_alias(**alias, FunctionVersion="1")
    assert answer["AliasArn"] == f"{ARN}:orders:live" and answer["FunctionVersion"] == "1"
    assert refused(client.create_alias, status=409, **alias, FunctionVersion="1") == (
        "ResourceConflictException",
        f"Alias already exists: {ARN}:orders:live",
    )
    stale = {**alias, "RevisionId": "x", "Description": "d"}
    assert refused(client.update_alias, status=412, **stale) == STALE
    moved = client.update_alias(**alias, FunctionVersion="$LATEST", Description="d")
    assert client.get_alias(**alias) | {"ResponseMetadata": 0} == moved | {"ResponseMetadata": 0}
    assert client.list_aliases(FunctionName="orders", FunctionVersion="1")["Aliases"] == []
    shown = client.get_function_configuration(FunctionName="orders:live")
    assert (shown["FunctionArn"], shown["Version"]) == (f"{ARN}:orders:live", "$LATEST")
    client.delete_alias(**alias)
    client.delete_alias(**alias)
    assert refused(client.get_alias, status=404, **alias) == (
        "ResourceNotFoundException",
        f"Cannot find alias arn: {ARN}:orders:live",
    )
    assert refused(client.update_alias, status=404, **alias) == (
        "ResourceNotFoundException",
        f"Alias not found: {ARN}:orders:live",
    )


def test_a_version_an_alias_needs_stays(endpoint: Endpoint) -> None:
    made(endpoint, Publish=True)
    client = endpoint.client("lambda")
    client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    answer = refused(client.delete_function, status=409, FunctionName="orders", Qualifier="1")
    assert answer[0] == "ResourceConflictException" and "alias live" in answer[1]


def test_an_alias_divides_invocations(endpoint: Endpoint) -> None:
    made(endpoint, Publish=True)
    client = endpoint.client("lambda")
    client.update_function_configuration(FunctionName="orders", Timeout=7)
    client.publish_version(FunctionName="orders")
    alias = {"FunctionName": "orders", "Name": "live"}

    def executed() -> set[str]:
        calls = (client.invoke(FunctionName="orders", Qualifier="live") for _ in range(60))
        return {call["ExecutedVersion"] for call in calls}

    client.create_alias(**alias, FunctionVersion="1")
    assert executed() == {"1"}
    for weight, versions in ((0.5, {"1", "2"}), (0.0, {"1"}), (1.0, {"2"})):
        routing = {"AdditionalVersionWeights": {"2": weight}}
        assert client.update_alias(**alias, RoutingConfig=routing)["RoutingConfig"] == routing
        assert executed() == versions
    assert endpoint.functions.invoked[-1][1].invoked_arn == f"{ARN}:orders:live"
    assert "RoutingConfig" not in client.update_alias(**alias, RoutingConfig={})
    assert executed() == {"1"}


def test_routing_that_leads_nowhere(endpoint: Endpoint) -> None:
    made(endpoint, Publish=True)
    client = endpoint.client("lambda")
    for version, weights, code in (
        ("1", {"1": 0.5}, INVALID),
        ("1", {"1": 0.1, "2": 0.1}, INVALID),
        ("$LATEST", {"1": 0.5}, INVALID),
    ):
        params: dict[str, Any] = {
            "FunctionName": "orders",
            "Name": "live",
            "FunctionVersion": version,
            "RoutingConfig": {"AdditionalVersionWeights": weights},
        }
        assert refused(client.create_alias, **params)[0] == code
    params |= {"FunctionVersion": "1"}
    params["RoutingConfig"] = {"AdditionalVersionWeights": {"9": 0.5}}
    assert refused(client.create_alias, status=404, **params)[1] == (
        f"Function not found: {ARN}:orders:9"
    )
