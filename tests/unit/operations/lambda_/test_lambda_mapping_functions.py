"""The functions of event source mappings: made again, and divided between two versions."""

from tests.unit.operations.asserting import refused
from tests.unit.operations.lambda_.asserting import made
from tests.unit.operations.lambda_.mapping_asserting import (
    FUNCTION,
    created,
    function,
    on_own,
    settled,
)

from sluicegate.execution import ExecutionRoles
from sluicegate.execution.packages import stored_packages
from sluicegate.execution.versions import Choice, Versions
from sluicegate.store import mappings
from sluicegate.testing import Endpoint

TOO_LONG = "The timeout of a function with a Kafka event source must not exceed 840 seconds."


def keepers_choice(endpoint: Endpoint, mapping_id: str) -> Choice | None:
    """What whoever keeps a mapping finds to run."""
    database = endpoint.databases.state
    packages = stored_packages(endpoint.state / "packages", database, durable=False)
    roles = ExecutionRoles(lambda *_: None, endpoint.vault, endpoint.clock)
    versions = Versions(database, endpoint.vault, packages, roles, lambda *_: None)
    with database.read() as tx:
        mapping = mappings.find(tx, mapping_id)
    assert mapping is not None
    return versions.choice(mapping.function_id, mapping.qualifier)


def test_a_function_made_again_has_its_mappings(endpoint: Endpoint) -> None:
    function(endpoint, "*")
    made(endpoint, "other")
    client = endpoint.client("lambda")
    named = {"orders": "orders", "latest": "orders:$LATEST", "other": "other"}
    ids = {key: created(endpoint, on_own(FunctionName=name))["UUID"] for key, name in named.items()}
    settled(endpoint)
    client.delete_function(FunctionName="orders")
    for name in ("orders", "latest"):
        assert keepers_choice(endpoint, ids[name]) is None
    made(endpoint, Timeout=9)
    for name in ("orders", "latest"):
        choice = keepers_choice(endpoint, ids[name])
        assert choice is not None and choice.version.timeout_seconds == 9
        # Until a keeper has looked again.
        assert client.get_event_source_mapping(UUID=ids[name])["State"] == "Updating"
    assert client.get_event_source_mapping(UUID=ids["other"])["State"] == "Enabled"
    settled(endpoint)
    found = client.get_event_source_mapping(UUID=ids["orders"])
    assert (found["State"], found["FunctionArn"]) == ("Enabled", FUNCTION)
    (listed,) = client.list_event_source_mappings(FunctionName="orders")["EventSourceMappings"]
    assert listed["UUID"] == ids["orders"]
    assert client.update_event_source_mapping(UUID=ids["orders"], BatchSize=3)["BatchSize"] == 3


def test_each_version_of_an_alias_must_end_in_time(endpoint: Endpoint) -> None:
    function(endpoint, "*", Publish=True)
    client = endpoint.client("lambda")
    client.update_function_configuration(FunctionName="orders", Timeout=841)
    client.publish_version(FunctionName="orders")
    routing = {"AdditionalVersionWeights": {"2": 0.1}}
    alias = {"FunctionName": "orders", "Name": "live"}
    client.create_alias(**alias, FunctionVersion="1", RoutingConfig=routing)
    request = on_own(FunctionName="orders:live")
    assert refused(client.create_event_source_mapping, **request)[1] == TOO_LONG
    mapping_id = created(endpoint, on_own(FunctionName="orders:1"))["UUID"]
    settled(endpoint)
    change = {"UUID": mapping_id, "FunctionName": "orders:live"}
    assert refused(client.update_event_source_mapping, **change)[1] == TOO_LONG
    client.update_alias(**alias, RoutingConfig={})
    changed = client.update_event_source_mapping(**change)
    assert changed["FunctionArn"] == f"{FUNCTION}:live"
