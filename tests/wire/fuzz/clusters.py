"""A cluster that runs, with a user, a change and a configuration, and one that is being made."""

from collections.abc import Iterator
from typing import Any

from tests.unit.operations.kafka.asserting import created, key, running, secret, started, subnets

from sluicegate.testing import Endpoint


def clusters(endpoint: Endpoint) -> Iterator[dict[str, Any]]:
    """Furnish an endpoint; yields what was made and what lists say of it."""
    kafka = endpoint.client("kafka")
    made = kafka.create_configuration(Name="strict", ServerProperties=b"num.partitions=2")
    yield made
    yield kafka.create_configuration(Name="idle", ServerProperties=b"")
    both = {"Sasl": {"Scram": {"Enabled": True}, "Iam": {"Enabled": True}}}
    arn = running(
        endpoint,
        ClientAuthentication=both,
        ConfigurationInfo={"Arn": made["Arn"], "Revision": 1},
        Tags={"team": "one"},
    )
    version = kafka.describe_cluster(ClusterArn=arn)["ClusterInfo"]["CurrentVersion"]
    everybody = {"Unauthenticated": {"Enabled": True}}
    yield kafka.update_security(
        ClusterArn=arn, CurrentVersion=version, ClientAuthentication=everybody
    )
    started(endpoint, arn)
    protects = key(endpoint)
    users = [secret(endpoint, f"AmazonMSK_{name}", KmsKeyId=protects) for name in ("eve", "zoe")]
    yield kafka.batch_associate_scram_secret(ClusterArn=arn, SecretArnList=users[:1])
    yield {"SecretArnList": users, "ClusterArn": created(endpoint, "unborn"), "ResourceArn": arn}
    yield {"ClientSubnets": subnets(endpoint, 3), "DataVolumeKMSKeyId": protects}
    yield {"TagKeys": "team", "ClusterNameFilter": "ev", "KafkaVersion": "3.9.x"}
    yield kafka.describe_cluster(ClusterArn=arn)
    yield kafka.list_clusters(MaxResults=1)
    yield kafka.list_kafka_versions(MaxResults=1)
