"""Secrets with replicas, in a word."""

from typing import Any

HERE, THERE, FAR = "us-east-1", "eu-west-1", "ap-south-1"


def regions(*names: str, **more: str) -> list[dict[str, str]]:
    return [{"Region": name, **more} for name in names]


def replicated(client: Any, *names: str, value: str = "one", **more: Any) -> str:
    """A secret `s` with replicas in these regions; its ARN."""
    made = client.create_secret(
        Name="s", SecretString=value, AddReplicaRegions=regions(*names), **more
    )
    assert {status["Status"] for status in made["ReplicationStatus"]} == {"InSync"}
    arn: str = made["ARN"]
    return arn


def value_of(client: Any, **params: Any) -> str:
    value: str = client.get_secret_value(SecretId="s", **params)["SecretString"]
    return value
