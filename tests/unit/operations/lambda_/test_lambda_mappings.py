"""Event source mappings made, read, listed, changed, tagged and deleted, in AWS's shapes."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.unit.operations.asserting import refused
from tests.unit.operations.lambda_.asserting import made
from tests.unit.operations.lambda_.mapping_asserting import (
    FUNCTION,
    MAPPING,
    UNKNOWN,
    cluster,
    created,
    function,
    on_msk,
    on_own,
    secret,
    settled,
)

from sluicegate.store import mappings
from sluicegate.testing import Endpoint

IN_USE = "Cannot {} the event source mapping because it is in use."
GONE = ("ResourceNotFoundException", "The resource you requested does not exist.")
PATTERN = '{"value":{"kind":["order"]}}'


@pytest.fixture
def endpoint(endpoint: Endpoint) -> Endpoint:
    """An account with the function `orders`, whose role may do everything."""
    function(endpoint, "*")
    return endpoint


def test_a_mapping_of_ones_own_kafka_is_answered_as_recorded(endpoint: Endpoint) -> None:
    user = {"Type": "BASIC_AUTH", "URI": secret(endpoint)}
    answer = created(endpoint, on_own("b:1000", "a:1000", SourceAccessConfigurations=[user]))
    mapping_id = answer["UUID"]
    assert answer.pop("LastModified").timestamp() * 1000 == endpoint.clock.now_ms()
    assert answer == {
        "BatchSize": 100,
        "EventSourceMappingArn": f"{MAPPING}:{mapping_id}",
        "FunctionArn": FUNCTION,
        "LastProcessingResult": "No records processed",
        "SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["b:1000", "a:1000"]}},
        "SelfManagedKafkaEventSourceConfig": {"ConsumerGroupId": mapping_id},
        "SourceAccessConfigurations": [user],
        "StartingPosition": "TRIM_HORIZON",
        "State": "Creating",
        "StateTransitionReason": "USER_INITIATED",
        "Topics": ["orders"],
        "UUID": mapping_id,
    }
    assert endpoint.keepers.nudged == 1


def test_a_mapping_of_a_cluster_names_it_and_its_group(endpoint: Endpoint) -> None:
    arn = cluster(endpoint)
    config = {"ConsumerGroupId": "mine"}
    answer = created(endpoint, on_msk(arn, AmazonManagedKafkaEventSourceConfig=config))
    assert answer["EventSourceArn"] == arn
    assert answer["AmazonManagedKafkaEventSourceConfig"] == config
    assert {"SelfManagedEventSource", "SourceAccessConfigurations"}.isdisjoint(answer)


def test_all_that_is_asked_for_is_shown(endpoint: Endpoint) -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    asked = {
        "BatchSize": 10_000,
        "MaximumBatchingWindowInSeconds": 0,
        "StartingPosition": "AT_TIMESTAMP",
        "StartingPositionTimestamp": at,
        "FilterCriteria": {"Filters": [{"Pattern": PATTERN}]},
        "SelfManagedKafkaEventSourceConfig": {"ConsumerGroupId": "mine"},
    }
    answer = created(endpoint, on_own(**asked))
    found = endpoint.client("lambda").get_event_source_mapping(UUID=answer["UUID"])
    for member, value in asked.items():
        assert answer[member] == found[member] == value


def test_a_destination_that_nothing_delivers_to_is_refused(endpoint: Endpoint) -> None:
    dead = {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:000000000000:dead"}}
    with pytest.raises(ClientError, match="does not deliver to on-failure destinations"):
        created(endpoint, on_own(DestinationConfig=dead))


def test_an_empty_filter_is_accepted_and_not_shown(endpoint: Endpoint) -> None:
    assert "FilterCriteria" not in created(endpoint, on_own(FilterCriteria={"Filters": []}))


@pytest.mark.parametrize(
    ("name", "arn"),
    [
        ("orders", FUNCTION),
        (FUNCTION, FUNCTION),
        ("orders:$LATEST", f"{FUNCTION}:$LATEST"),
        ("000000000000:function:orders", FUNCTION),
    ],
)
def test_the_function_is_shown_as_it_was_named(endpoint: Endpoint, name: str, arn: str) -> None:
    assert created(endpoint, on_own(FunctionName=name))["FunctionArn"] == arn


def test_a_disabled_mapping_is_created_to_rest(endpoint: Endpoint) -> None:
    answer = created(endpoint, on_own(Enabled=False))
    assert answer["State"] == "Creating" and "Enabled" not in answer
    settled(endpoint)
    found = endpoint.client("lambda").get_event_source_mapping(UUID=answer["UUID"])
    assert found["State"] == "Disabled"


def test_a_change_shows_at_once_and_holds(endpoint: Endpoint) -> None:
    client = endpoint.client("lambda")
    mapping_id = created(endpoint, on_own(FilterCriteria={"Filters": [{"Pattern": PATTERN}]}))[
        "UUID"
    ]
    settled(endpoint)
    changes: list[tuple[dict[str, Any], str, str]] = [
        ({"BatchSize": 7}, "Updating", "Enabled"),
        ({"Enabled": False}, "Disabling", "Disabled"),
        ({"MaximumBatchingWindowInSeconds": 3}, "Updating", "Disabled"),
        ({"Enabled": True, "FilterCriteria": {}}, "Enabling", "Enabled"),
    ]
    for change, under_way, then in changes:
        answer = client.update_event_source_mapping(UUID=mapping_id, **change)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
        assert answer["State"] == under_way, change
        assert client.get_event_source_mapping(UUID=mapping_id)["State"] == under_way
        settled(endpoint)
        assert client.get_event_source_mapping(UUID=mapping_id)["State"] == then
    found = client.get_event_source_mapping(UUID=mapping_id)
    assert (found["BatchSize"], found["MaximumBatchingWindowInSeconds"]) == (7, 3)
    assert "FilterCriteria" not in found


def test_an_update_replaces_function_and_access(endpoint: Endpoint) -> None:
    client = endpoint.client("lambda")
    made(endpoint, "bills")
    mapping_id = created(endpoint, on_own())["UUID"]
    settled(endpoint)
    user = {"Type": "SASL_SCRAM_256_AUTH", "URI": secret(endpoint)}
    answer = client.update_event_source_mapping(
        UUID=mapping_id,
        FunctionName="bills",
        SourceAccessConfigurations=[user],
        DestinationConfig={"OnFailure": {"Destination": ""}},
    )
    assert answer["FunctionArn"] == FUNCTION.replace("orders", "bills")
    assert answer["SourceAccessConfigurations"] == [user]
    assert "DestinationConfig" not in answer


def test_what_is_under_way_is_neither_changed_nor_deleted(endpoint: Endpoint) -> None:
    client = endpoint.client("lambda")
    mapping_id = created(endpoint, on_own())["UUID"]
    for operation, verb in (
        (client.update_event_source_mapping, "update"),
        (client.delete_event_source_mapping, "delete"),
    ):
        in_use = ("ResourceInUseException", IN_USE.format(verb))
        assert refused(operation, UUID=mapping_id) == in_use


def test_delete_answers_the_mapping_and_then_it_is_gone(endpoint: Endpoint) -> None:
    client = endpoint.client("lambda")
    before = created(endpoint, on_own(Tags={"team": "a"}))
    settled(endpoint)
    answer = client.delete_event_source_mapping(UUID=before["UUID"])
    assert answer.pop("ResponseMetadata")["HTTPStatusCode"] == 202
    assert answer == before | {"State": "Deleting"}
    assert client.get_event_source_mapping(UUID=before["UUID"])["State"] == "Deleting"
    refusal = refused(client.delete_event_source_mapping, UUID=before["UUID"])
    assert refusal == ("ResourceInUseException", IN_USE.format("delete"))
    settled(endpoint)
    assert refused(client.get_event_source_mapping, status=404, UUID=before["UUID"]) == GONE
    arn = before["EventSourceMappingArn"]
    not_found = ("ResourceNotFoundException", f"Event source mapping not found: {arn}")
    assert refused(client.list_tags, status=404, Resource=arn) == not_found


@pytest.mark.parametrize("verb", ["get", "update", "delete"])
def test_a_mapping_nobody_made(endpoint: Endpoint, verb: str) -> None:
    operation = getattr(endpoint.client("lambda"), f"{verb}_event_source_mapping")
    assert refused(operation, status=404, UUID=UNKNOWN) == GONE


def test_a_mapping_of_another_region_is_not_seen(endpoint: Endpoint) -> None:
    mapping_id = created(endpoint, on_own())["UUID"]
    there = endpoint.client("lambda", region="eu-west-1")
    assert refused(there.get_event_source_mapping, status=404, UUID=mapping_id) == GONE
    assert there.list_event_source_mappings()["EventSourceMappings"] == []


def test_the_mapping_outlives_its_function(endpoint: Endpoint) -> None:
    client = endpoint.client("lambda")
    mapping_id = created(endpoint, on_own())["UUID"]
    settled(endpoint)
    client.delete_function(FunctionName="orders")
    assert client.get_event_source_mapping(UUID=mapping_id)["State"] == "Enabled"
    client.update_event_source_mapping(UUID=mapping_id, BatchSize=3)


def test_lists_by_function_and_source_in_pages(endpoint: Endpoint) -> None:
    client = endpoint.client("lambda")
    arn = cluster(endpoint)
    msk = created(endpoint, on_msk(arn))["UUID"]
    latest = created(endpoint, on_own(FunctionName="orders:$LATEST"))["UUID"]
    own = created(endpoint, on_own())["UUID"]

    def listed(**params: Any) -> list[str]:
        pages = client.get_paginator("list_event_source_mappings").paginate(**params)
        return [each["UUID"] for page in pages for each in page["EventSourceMappings"]]

    assert listed() == listed(PaginationConfig={"PageSize": 1}) == sorted([msk, latest, own])
    assert listed(FunctionName="orders") == sorted([msk, own])
    assert listed(FunctionName=f"{FUNCTION}:$LATEST") == [latest]
    assert listed(EventSourceArn=arn) == [msk]
    assert listed(FunctionName="nobody") == listed(EventSourceArn=f"{arn}-gone") == []


def test_tags_are_given_at_creation_and_later(endpoint: Endpoint) -> None:
    client = endpoint.client("lambda")
    arn = created(endpoint, on_own(Tags={"team": "a"}))["EventSourceMappingArn"]
    client.tag_resource(Resource=arn, Tags={"stage": "test"})
    assert client.list_tags(Resource=arn)["Tags"] == {"team": "a", "stage": "test"}
    client.untag_resource(Resource=arn, TagKeys=["team"])
    assert client.list_tags(Resource=arn)["Tags"] == {"stage": "test"}
    unknown = f"{MAPPING}:{UNKNOWN}"
    not_found = ("ResourceNotFoundException", f"Event source mapping not found: {unknown}")
    assert refused(client.tag_resource, status=404, Resource=unknown, Tags={"a": "b"}) == not_found


def test_what_the_keeper_says_is_shown(endpoint: Endpoint) -> None:
    mapping_id = created(endpoint, on_own())["UUID"]
    settled(endpoint)
    with endpoint.databases.state.write() as tx:
        problem = "PROBLEM: SASL authentication failed."
        mappings.set_result(tx, mapping_id, problem, "EVENT_SOURCE_AUTHN_ERROR")
    client = endpoint.client("lambda")
    found = client.get_event_source_mapping(UUID=mapping_id)
    assert found["LastProcessingResult"] == problem
    assert found["StateTransitionReason"] == "EVENT_SOURCE_AUTHN_ERROR"
    answer = client.update_event_source_mapping(UUID=mapping_id, BatchSize=5)
    assert answer["StateTransitionReason"] == "USER_INITIATED"


def test_filters_under_a_key_are_shown_to_who_may_decrypt(endpoint: Endpoint) -> None:
    client = endpoint.client("lambda")
    key = endpoint.client("kms").create_key()["KeyMetadata"]
    criteria = {"Filters": [{"Pattern": PATTERN}]}
    answer = created(endpoint, on_own(FilterCriteria=criteria, KMSKeyArn=key["Arn"]))
    mapping_id = answer["UUID"]
    assert answer["FilterCriteria"] == criteria and answer["KMSKeyArn"] == key["Arn"]
    with endpoint.databases.state.read() as tx:
        mapping = mappings.find(tx, mapping_id)
    assert mapping is not None and mapping.filters == ()
    assert b"order" not in (mapping.sealed_filters or b"")
    assert client.get_event_source_mapping(UUID=mapping_id)["FilterCriteria"] == criteria
    assert "FilterCriteria" not in client.list_event_source_mappings()["EventSourceMappings"][0]

    endpoint.client("kms").disable_key(KeyId=key["KeyId"])
    found = client.get_event_source_mapping(UUID=mapping_id)
    assert "FilterCriteria" not in found
    assert found["FilterCriteriaError"]["ErrorCode"] == "DisabledException"
    settled(endpoint)
    code, message = refused(client.update_event_source_mapping, UUID=mapping_id, KMSKeyArn="")
    assert code == "InvalidParameterValueException"
    assert "unable to decrypt the filter criteria" in message and "DisabledException" in message
    endpoint.client("kms").enable_key(KeyId=key["KeyId"])
    answer = client.update_event_source_mapping(UUID=mapping_id, KMSKeyArn="")
    assert answer["FilterCriteria"] == criteria and "KMSKeyArn" not in answer


def test_who_may_not_use_the_key_makes_no_mapping(endpoint: Endpoint) -> None:
    key = endpoint.client("kms").create_key()["KeyMetadata"]["Arn"]
    allowed = {"Effect": "Allow", "Action": ["lambda:*", "kms:DescribeKey"], "Resource": "*"}
    alice = endpoint.user("alice", policy={"Version": "2012-10-17", "Statement": [allowed]})
    operation = alice.client("lambda").create_event_source_mapping
    request = on_own(FilterCriteria={"Filters": [{"Pattern": PATTERN}]}, KMSKeyArn=key)
    code, message = refused(operation, status=403, **request)
    assert code == "AccessDeniedException" and "kms:GenerateDataKey" in message
    assert endpoint.client("lambda").list_event_source_mappings()["EventSourceMappings"] == []


def test_a_path_with_a_slash_at_its_end_is_the_same(endpoint: Endpoint) -> None:
    client = endpoint.client("lambda")

    def slashed(request: Any, **_: Any) -> None:
        request.url = request.url.replace("event-source-mappings", "event-source-mappings/")

    client.meta.events.register("before-sign.lambda.ListEventSourceMappings", slashed)
    try:
        assert client.list_event_source_mappings()["EventSourceMappings"] == []
    finally:
        client.meta.events.unregister("before-sign.lambda.ListEventSourceMappings", slashed)


def test_nothing_of_a_secret_is_in_the_answer(endpoint: Endpoint) -> None:
    user = {"Type": "BASIC_AUTH", "URI": secret(endpoint)}
    answer = created(endpoint, on_own(SourceAccessConfigurations=[user]))
    assert "alice-secret" not in json.dumps(answer, default=str)
