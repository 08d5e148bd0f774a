"""What no mapping can be: AWS's sentences, and their order."""

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.operations.asserting import refused
from tests.unit.operations.kafka.asserting import NOWHERE
from tests.unit.operations.kafka.asserting import created as created_cluster
from tests.unit.operations.lambda_.asserting import made
from tests.unit.operations.lambda_.mapping_asserting import (
    FUNCTION,
    SCRAM,
    cluster,
    created,
    function,
    on_msk,
    on_own,
    secret,
    settled,
)

from sluicegate.testing import Endpoint

INVALID = "InvalidParameterValueException"
ON_SUCCESS = {"OnSuccess": {"Destination": "arn:aws:sqs:us-east-1:000000000000:done"}}


@pytest.fixture
def endpoint(endpoint: Endpoint) -> Endpoint:
    """An account with the function `orders`, whose role may do everything."""
    function(endpoint, "*")
    return endpoint


def refusal(endpoint: Endpoint, request: dict[str, Any]) -> str:
    """The message of Lambda's refusal; nothing is left of the request."""
    operation = endpoint.client("lambda").create_event_source_mapping
    code, message = refused(operation, **request)
    assert code == INVALID, message
    assert endpoint.client("lambda").list_event_source_mappings()["EventSourceMappings"] == []
    assert endpoint.client("ec2").describe_network_interfaces()["NetworkInterfaces"] == []
    return message


def unsupported(parameter: str) -> str:
    return f"Unsupported '{parameter}' parameter for given event source mapping type."


def test_what_is_no_source_is_told_before_the_function_is_looked_up(endpoint: Endpoint) -> None:
    nobody = {"FunctionName": "nobody"}
    assert refusal(endpoint, nobody) == "Unrecognized event source."
    queue = "arn:aws:sqs:us-east-1:000000000000:queue"
    expected = f"Unrecognized event source. Unsupported source arn : {queue}"
    assert refusal(endpoint, {**nobody, "EventSourceArn": queue}) == expected
    both = on_own(FunctionName="nobody", EventSourceArn=NOWHERE)
    assert "not both" in refusal(endpoint, both)
    on_success = on_own(FunctionName="nobody", DestinationConfig=ON_SUCCESS)
    expected = "Unsupported DestinationConfig parameter for given event source mapping type."
    assert refusal(endpoint, on_success) == expected


def test_a_function_that_is_not_there(endpoint: Endpoint) -> None:
    for name in ("nobody", "orders:live", "orders:7", FUNCTION.replace("us-east", "eu-west")):
        request = on_own(FunctionName=name)
        del request["SourceAccessConfigurations"]
        assert refusal(endpoint, request) == "Function does not exist", name


def test_ones_own_kafka_says_how_it_is_reached(endpoint: Endpoint) -> None:
    request = on_own()
    del request["SourceAccessConfigurations"]
    expected = "Required 'sourceAccessConfigurations' parameter is missing."
    assert refusal(endpoint, request) == expected


def test_a_topic_is_named(endpoint: Endpoint) -> None:
    request = on_own()
    del request["Topics"]
    assert refusal(endpoint, request) == "Required 'topics' parameter is missing."


@pytest.mark.parametrize(
    ("member", "value", "shown"),
    [
        ("ParallelizationFactor", 2, "parallelizationFactor"),
        ("TumblingWindowInSeconds", 1, "tumblingWindowInSeconds"),
        ("ScalingConfig", {"MaximumConcurrency": 2}, "scalingConfig"),
        ("DocumentDBEventSourceConfig", {"DatabaseName": "d"}, "documentDBEventSourceConfig"),
        ("MaximumRetryAttempts", -1, "maximumRetryAttempts"),
        ("MaximumRecordAgeInSeconds", 60, "maximumRecordAgeInSeconds"),
        ("BisectBatchOnFunctionError", False, "bisectBatchOnFunctionError"),
        ("FunctionResponseTypes", ["ReportBatchItemFailures"], "functionResponseTypes"),
        ("LoggingConfig", {"SystemLogLevel": "INFO"}, "loggingConfig"),
        ("MetricsConfig", {"Metrics": ["EventCount"]}, "metricsConfig"),
        (
            "AmazonManagedKafkaEventSourceConfig",
            {"ConsumerGroupId": "g"},
            "amazonManagedKafkaEventSourceConfig",
        ),
    ],
)
def test_parameters_of_other_sources_and_modes(
    endpoint: Endpoint, member: str, value: Any, shown: str
) -> None:
    assert refusal(endpoint, on_own(**{member: value})) == unsupported(shown)
    mapping_id = created(endpoint, on_own())["UUID"]
    settled(endpoint)
    update = endpoint.client("lambda").update_event_source_mapping
    expected = (INVALID, unsupported(shown))
    assert refused(update, UUID=mapping_id, **{member: value}) == expected


def test_queues_are_of_brokers_that_are_not_kafka(endpoint: Endpoint) -> None:
    assert refusal(endpoint, on_own(Queues=["queue"])) == unsupported("queues")


def test_empty_lists_and_blocks_say_nothing(endpoint: Endpoint) -> None:
    created(
        endpoint,
        on_own(FunctionResponseTypes=[], MetricsConfig={"Metrics": []}, ProvisionedPollerConfig={}),
    )


@pytest.mark.parametrize(
    ("member", "value", "named"),
    [
        ("ProvisionedPollerConfig", {"MinimumPollers": 1}, "ProvisionedPollerConfig"),
        (
            "SelfManagedKafkaEventSourceConfig",
            {"ConsumptionMode": "Queue"},
            "ConsumptionMode Queue",
        ),
        (
            "SelfManagedKafkaEventSourceConfig",
            {"SchemaRegistryConfig": {"EventRecordFormat": "JSON"}},
            "SchemaRegistryConfig",
        ),
    ],
)
def test_what_is_not_served_yet_is_refused_by_name(
    endpoint: Endpoint, member: str, value: Any, named: str
) -> None:
    expected = f"{named} is not served by Sluicegate."
    assert refusal(endpoint, on_own(**{member: value})) == expected


@pytest.mark.parametrize(
    "pattern", ["", "null", '"text"', "[]", "{}", '{"value":"order"}', "{", "[" * 4000]
)
def test_what_is_no_pattern(endpoint: Endpoint, pattern: str) -> None:
    criteria = {"Filters": [{"Pattern": pattern}]}
    expected = "Invalid filter pattern definition."
    assert refusal(endpoint, on_own(FilterCriteria=criteria)) == expected


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        (
            {"StartingPosition": "AT_TIMESTAMP"},
            "StartingPositionTimestamp is required if StartingPosition is AT_TIMESTAMP.",
        ),
        (
            {"StartingPositionTimestamp": datetime(2026, 1, 1, tzinfo=UTC)},
            "StartingPositionTimestamp is only valid if StartingPosition is AT_TIMESTAMP.",
        ),
        (
            {
                "StartingPosition": "AT_TIMESTAMP",
                "StartingPositionTimestamp": datetime(2999, 1, 1, tzinfo=UTC),
            },
            "StartingPositionTimestamp must not be in the future.",
        ),
        (
            {"DestinationConfig": {"OnFailure": {"Destination": "kafka://dead"}}},
            "A Kafka topic as on-failure destination requires ProvisionedPollerConfig.",
        ),
    ],
)
def test_what_does_not_go_together(
    endpoint: Endpoint, params: dict[str, Any], expected: str
) -> None:
    assert refusal(endpoint, on_own(**params)) == expected


def test_a_starting_position_the_model_does_not_know(endpoint: Endpoint) -> None:
    operation = endpoint.client("lambda").create_event_source_mapping
    assert refused(operation, **on_own(StartingPosition="invalid")) == (
        "ValidationException",
        "1 validation error detected: Value 'invalid' at 'startingPosition' failed to satisfy "
        "constraint: Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]",
    )


def test_a_function_that_runs_longer_than_fourteen_minutes(endpoint: Endpoint) -> None:
    made(endpoint, "slow", Timeout=841)
    expected = "The timeout of a function with a Kafka event source must not exceed 840 seconds."
    assert refusal(endpoint, on_own(FunctionName="slow")) == expected


@pytest.mark.parametrize(
    ("kind", "uri"),
    [
        ("VPC_SUBNET", "subnet-1"),
        ("VPC_SECURITY_GROUP", "sg-1"),
        ("BASIC_AUTH", "arn:aws:s3:::bucket"),
        ("SERVER_ROOT_CA_CERTIFICATE", "secret"),
    ],
)
def test_access_that_names_nothing(endpoint: Endpoint, kind: str, uri: str) -> None:
    access = [{"Type": kind, "URI": uri}]
    expected = f"Invalid URI '{uri}' for source access configuration {kind}."
    assert refusal(endpoint, on_own(SourceAccessConfigurations=access)) == expected


def test_access_that_does_not_go_together(endpoint: Endpoint) -> None:
    arn = secret(endpoint)
    two = [{"Type": kind, "URI": arn} for kind in ("BASIC_AUTH", "SASL_SCRAM_512_AUTH")]
    assert "Only one authentication method" in refusal(
        endpoint, on_own(SourceAccessConfigurations=two)
    )
    half = [{"Type": "VPC_SUBNET", "URI": "subnet:subnet-1"}]
    assert "must be specified together" in refusal(
        endpoint, on_own(SourceAccessConfigurations=half)
    )
    authorities = [{"Type": "SERVER_ROOT_CA_CERTIFICATE", "URI": arn}] * 2
    assert "Only one SERVER_ROOT_CA_CERTIFICATE" in refusal(
        endpoint, on_own(SourceAccessConfigurations=authorities)
    )


@pytest.mark.parametrize("kind", ["BASIC_AUTH", "SASL_SCRAM_256_AUTH", "VIRTUAL_HOST"])
def test_clusters_know_fewer_ways_in(endpoint: Endpoint, kind: str) -> None:
    access = [{"Type": kind, "URI": secret(endpoint)}]
    expected = (
        f"Unsupported source access configuration type '{kind}' for given event source mapping "
        "type."
    )
    request = on_msk(cluster(endpoint), SourceAccessConfigurations=access)
    assert refusal(endpoint, request) == expected


@pytest.mark.parametrize("kind", ["CLIENT_CERTIFICATE_TLS_AUTH", "OAUTHBEARER_AUTH", "IAM_AUTH"])
def test_ways_in_that_are_not_served(endpoint: Endpoint, kind: str) -> None:
    access = [{"Type": kind, "URI": secret(endpoint)}]
    expected = f"Source access configuration type {kind} is not served by Sluicegate."
    assert refusal(endpoint, on_own(SourceAccessConfigurations=access)) == expected


def test_a_cluster_that_is_not_there_or_not_ready(endpoint: Endpoint) -> None:
    assert refusal(endpoint, on_msk(NOWHERE)) == f"Cluster not found: {NOWHERE}"
    arn = created_cluster(endpoint, "young")
    assert refusal(endpoint, on_msk(arn)) == f"Cluster not active: {arn}"


def test_a_cluster_without_the_way_in_that_is_asked_for(endpoint: Endpoint) -> None:
    arn = cluster(endpoint)
    user = [{"Type": "SASL_SCRAM_512_AUTH", "URI": secret(endpoint)}]
    expected = f"Cluster {arn} has no SASL/SCRAM access."
    assert refusal(endpoint, on_msk(arn, SourceAccessConfigurations=user)) == expected
    arn = cluster(endpoint, name="closed", **SCRAM)
    expected = f"Cluster {arn} has no unauthenticated or IAM access."
    assert refusal(endpoint, on_msk(arn)) == expected


def test_the_same_again_is_a_conflict(endpoint: Endpoint) -> None:
    operation = endpoint.client("lambda").create_event_source_mapping
    first = created(endpoint, on_own("kafka:1000", "kafka:3000"))["UUID"]
    again = on_own(
        "kafka:1000", "kafka:2000", SelfManagedKafkaEventSourceConfig={"ConsumerGroupId": "mine"}
    )
    sentence = (
        'An event source mapping with event source ("{}"), function ("{}"), topics ("orders") '
        "already exists. Please update or delete the existing mapping with UUID {}"
    )
    expected = sentence.format("kafka:1000,kafka:2000", FUNCTION, first)
    assert refused(operation, status=409, **again) == ("ResourceConflictException", expected)
    created(endpoint, again | {"Topics": ["other"]})
    created(endpoint, again | {"FunctionName": "orders:$LATEST"})
    created(endpoint, on_own("kafka:4000"))

    arn = cluster(endpoint)
    first = created(endpoint, on_msk(arn))["UUID"]
    expected = sentence.format(arn, FUNCTION, first)
    assert refused(operation, status=409, **on_msk(arn)) == ("ResourceConflictException", expected)


def test_an_update_cannot_make_two_the_same(endpoint: Endpoint) -> None:
    client = endpoint.client("lambda")
    created(endpoint, on_own())
    other = created(endpoint, on_own(FunctionName="orders:$LATEST"))["UUID"]
    settled(endpoint)
    update = client.update_event_source_mapping
    code, message = refused(update, status=409, UUID=other, FunctionName="orders")
    assert code == "ResourceConflictException" and "already exists" in message
    assert refused(update, UUID=other, FunctionName="nobody") == (
        INVALID,
        "Function does not exist",
    )


def test_the_group_is_for_life(endpoint: Endpoint) -> None:
    update = endpoint.client("lambda").update_event_source_mapping
    config: dict[str, Any] = {"SelfManagedKafkaEventSourceConfig": {"ConsumerGroupId": "mine"}}
    mapping_id = created(endpoint, on_own(**config))["UUID"]
    settled(endpoint)
    expected = "Unsupported 'selfManagedKafkaEventSourceConfig.consumerGroupId' parameter"
    assert refused(update, UUID=mapping_id, **config) == (INVALID, expected)


def test_a_secret_that_holds_something_else(endpoint: Endpoint) -> None:
    for kind, value in (
        ("BASIC_AUTH", {"user": "alice"}),
        ("SERVER_ROOT_CA_CERTIFICATE", {"certificate": "none"}),
    ):
        arn = secret(endpoint, value, name=kind)
        access = [{"Type": kind, "URI": arn}]
        expected = f"The secret {arn} does not hold what {kind} needs."
        assert refusal(endpoint, on_own(SourceAccessConfigurations=access)) == expected
