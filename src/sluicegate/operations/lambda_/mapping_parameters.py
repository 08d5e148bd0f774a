"""What a request may say of a Kafka mapping, in the order AWS was seen to object.

Parameters of other sources, and of provisioned mode, are refused by name: nobody is to believe
that they work.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ...arn import Arn
from ..operation import Params
from .refusals import invalid, not_served

SERVERS = "KAFKA_BOOTSTRAP_SERVERS"
MSK_CONFIG = "AmazonManagedKafkaEventSourceConfig"
SELF_MANAGED_CONFIG = "SelfManagedKafkaEventSourceConfig"

_NOT_KAFKA = (
    "ParallelizationFactor",
    "TumblingWindowInSeconds",
    "ScalingConfig",
    "Queues",
    "DocumentDBEventSourceConfig",
)
_PROVISIONED_ONLY = (
    "MaximumRetryAttempts",
    "MaximumRecordAgeInSeconds",
    "BisectBatchOnFunctionError",
    "FunctionResponseTypes",
    "LoggingConfig",
    "MetricsConfig",
)
_KAFKA_TOPIC = "kafka://"
_DESTINATIONS = ("sqs", "sns", "s3")


def unsupported(parameter: str) -> Exception:
    """AWS's refusal of a parameter the source does not have."""
    return invalid(
        f"Unsupported '{_camel(parameter)}' parameter for given event source mapping type."
    )


def check_source(params: Params) -> None:
    """Refuse what is no Kafka, and both kinds of Kafka at once."""
    arn, own = params.get("EventSourceArn"), params.get("SelfManagedEventSource")
    if not arn and not own:
        raise invalid("Unrecognized event source.")
    if arn and own:
        raise invalid("Specify either EventSourceArn or SelfManagedEventSource, not both.")
    if not arn:
        servers = ((own or {}).get("Endpoints") or {}).get(SERVERS)
        if not servers:
            raise invalid("Unrecognized event source.")
        return
    parsed = Arn.find(arn)
    if parsed is None or parsed.service != "kafka":
        raise invalid(f"Unrecognized event source. Unsupported source arn : {arn}")
    if parsed.resource.startswith("vpc-connection/"):
        raise not_served("A VPC connection as event source")
    if not parsed.resource.startswith("cluster/"):
        raise invalid(f"Unrecognized event source. Unsupported source arn : {arn}")


def check_supported(params: Params, *, is_msk: bool) -> None:
    """Refuse parameters that are not for Kafka, not for this kind of it, not for on-demand mode."""
    destinations = params.get("DestinationConfig") or {}
    if (destinations.get("OnSuccess") or {}).get("Destination"):
        raise invalid(
            "Unsupported DestinationConfig parameter for given event source mapping type."
        )
    for parameter in (*_NOT_KAFKA, *_PROVISIONED_ONLY):
        # An empty list or block says nothing; a number or a flag does, whatever it is.
        if not _says_nothing(params.get(parameter)):
            raise unsupported(parameter)
    if params.get("ProvisionedPollerConfig"):
        raise not_served("ProvisionedPollerConfig")
    other = SELF_MANAGED_CONFIG if is_msk else MSK_CONFIG
    if params.get(other):
        raise unsupported(other)
    config = params.get(MSK_CONFIG if is_msk else SELF_MANAGED_CONFIG) or {}
    if config.get("SchemaRegistryConfig"):
        raise not_served("SchemaRegistryConfig")
    if config.get("ConsumptionMode") == "Queue":
        raise not_served("ConsumptionMode Queue")


def _says_nothing(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(map(_says_nothing, value.values()))
    return value is None or value == []


def check_unchanged(params: Params, *, is_msk: bool) -> None:
    """Refuse a consumer group in an update, be it the one the mapping has."""
    block = MSK_CONFIG if is_msk else SELF_MANAGED_CONFIG
    for name in ("ConsumerGroupId", "ConsumptionMode"):
        if (params.get(block) or {}).get(name) is not None:
            raise invalid(f"Unsupported '{_camel(block)}.{_camel(name)}' parameter")


def topic(params: Params) -> str:
    """The one topic."""
    topics: Sequence[str] = params.get("Topics") or ()
    if not topics:
        raise invalid("Required 'topics' parameter is missing.")
    return topics[0]


def starting_position(params: Params, now_ms: int) -> tuple[str, int | None]:
    """Where a group without offsets begins: the position, and the time with AT_TIMESTAMP."""
    position: str = params.get("StartingPosition") or "TRIM_HORIZON"
    at = params.get("StartingPositionTimestamp")
    if position != "AT_TIMESTAMP":
        if at is not None:
            raise invalid(
                "StartingPositionTimestamp is only valid if StartingPosition is AT_TIMESTAMP."
            )
        return position, None
    if at is None:
        raise invalid("StartingPositionTimestamp is required if StartingPosition is AT_TIMESTAMP.")
    at_ms = int(at.timestamp() * 1000)
    if at_ms > now_ms:
        raise invalid("StartingPositionTimestamp must not be in the future.")
    return position, at_ms


def destination(params: Params) -> str | None:
    """Where failed batches go: "" for nowhere, None where the request does not say."""
    given: Mapping[str, Any] = params.get("DestinationConfig") or {}
    on_failure = given.get("OnFailure")
    if on_failure is None:
        return None
    target: str = on_failure.get("Destination") or ""
    if target.startswith(_KAFKA_TOPIC):
        raise invalid("A Kafka topic as on-failure destination requires ProvisionedPollerConfig.")
    arn = Arn.find(target)
    if target and (arn is None or arn.service not in _DESTINATIONS):
        raise invalid("The on-failure destination must be an Amazon SQS, SNS or S3 resource.")
    if target:
        # Accepted, it would cap the retries, and what is given up would be told nobody.
        raise invalid("Sluicegate does not deliver to on-failure destinations: leave it out.")
    return target


def _camel(name: str) -> str:
    # As AWS prints them: `queues`, `documentDBEventSourceConfig`.
    return name[0].lower() + name[1:]
