"""The services the endpoint knows, and their models: botocore's data, loaded when first needed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, lru_cache

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel


class Protocol(StrEnum):
    """How a service writes calls and answers down."""

    QUERY = "query"
    EC2 = "ec2"
    JSON_1_0 = "json-1.0"
    JSON_1_1 = "json-1.1"
    REST_JSON = "rest-json"
    REST_XML = "rest-xml"
    """S3's. Nothing known speaks it: only what refuses a stranger is ever written in it."""


@dataclass(frozen=True, slots=True)
class Service:
    """What tells a service apart from the others, known without loading its model.

    `signing_name` is the service of the credential scope, `target_prefix` the first half of
    X-Amz-Target, `version` the API version forms carry, `action_prefix` the first half of an IAM
    action. INVARIANT: equal to the model's metadata (tests/wire/test_model.py).
    """

    name: str
    protocol: Protocol
    version: str
    signing_name: str
    action_prefix: str
    target_prefix: str = ""


SERVICES = {
    service.name: service
    for service in (
        Service("iam", Protocol.QUERY, "2010-05-08", "iam", "iam"),
        Service("sts", Protocol.QUERY, "2011-06-15", "sts", "sts"),
        Service("sns", Protocol.QUERY, "2010-03-31", "sns", "sns"),
        Service("ec2", Protocol.EC2, "2016-11-15", "ec2", "ec2"),
        Service(
            "secretsmanager",
            Protocol.JSON_1_1,
            "2017-10-17",
            "secretsmanager",
            "secretsmanager",
            "secretsmanager",
        ),
        Service("kms", Protocol.JSON_1_1, "2014-11-01", "kms", "kms", "TrentService"),
        Service("logs", Protocol.JSON_1_1, "2014-03-28", "logs", "logs", "Logs_20140328"),
        Service(
            "organizations",
            Protocol.JSON_1_1,
            "2016-11-28",
            "organizations",
            "organizations",
            "AWSOrganizationsV20161128",
        ),
        Service("sqs", Protocol.JSON_1_0, "2012-11-05", "sqs", "sqs", "AmazonSQS"),
        Service(
            "cloudwatch",
            Protocol.JSON_1_0,
            "2010-08-01",
            "monitoring",
            "cloudwatch",
            "GraniteServiceVersion20100801",
        ),
        Service("lambda", Protocol.REST_JSON, "2015-03-31", "lambda", "lambda"),
        Service("kafka", Protocol.REST_JSON, "2018-11-14", "kafka", "kafka"),
        Service("iam-toolbox", Protocol.REST_JSON, "2018-05-10", "iam", "iam"),
    )
}
"""Every service the endpoint can route to, by botocore's name for it."""


@cache
def loader() -> Loader:
    """The one reader of botocore's data files; models are immutable once parsed."""
    return Loader()


@cache
def regions(partition: str) -> frozenset[str]:
    """The names of a partition's regions."""
    known = loader().load_data("partitions")["partitions"]
    (named,) = (each["regions"] for each in known if each["id"] == partition)
    return frozenset(name for name in named if not name.endswith("-global"))


@lru_cache(maxsize=len(SERVICES))
def service_model(name: str) -> ServiceModel:
    """The model of a known service, parsed at its first use (ec2's takes some 40 ms)."""
    return ServiceModel(loader().load_service_model(name, "service-2"), name)


@lru_cache(maxsize=4096)
def operation_model(service: str, operation: str) -> OperationModel:
    """The model of an operation that `route` has found."""
    return service_model(service).operation_model(operation)


def action_prefix(service: str) -> str:
    """The first half of the IAM actions of a known service."""
    return SERVICES[service].action_prefix


def fixed_path(service: str, operation: str) -> str:
    """The path of an operation that names no resource in it; empty where it does, or has none."""
    path: str = operation_model(service, operation).http.get("requestUri", "")
    return "" if "{" in path else path


@dataclass(frozen=True, slots=True)
class Target:
    """The operation a request is meant for.

    `parts` is what routing took apart already: the fields of a form, or a path's labels as they
    stood on the wire. Not shown: a form may carry secrets.
    """

    service: str
    operation: str
    protocol: Protocol
    parts: Mapping[str, str] = field(default_factory=dict, repr=False)


def target(service: str, operation: str) -> Target:
    """The target of a call that came without a request (one service calling another)."""
    return Target(service, operation, SERVICES[service].protocol)
