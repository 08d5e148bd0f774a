"""A trigger to examine, and what an examination says of it."""

import json
from collections.abc import Mapping
from typing import Any

from tests.unit.api.watched import asked
from tests.unit.operations.kafka.asserting import key
from tests.unit.operations.lambda_.mapping_asserting import (
    ELEVEN,
    SCRAM,
    cluster,
    created,
    function,
    on_msk,
)

from sluicegate.testing import Endpoint

READING = ("secretsmanager:GetSecretValue", "kms:Decrypt")
V2 = "kafka:DescribeClusterV2"


class Trigger:
    """The mapping of `orders` on a cluster, whose role may do all it needs for now.

    With `has_login`, by a secret that is not associated yet.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        has_login: bool = False,
        security: Any = None,
        request: Mapping[str, Any] | None = None,
    ) -> None:
        self.endpoint = endpoint
        function(endpoint, *ELEVEN, V2, *READING)
        self.cluster = cluster(endpoint, **(security or (SCRAM if has_login else {})))
        self.secret = self.key = ""
        more: dict[str, Any] = {**(request or {})}
        if has_login:
            self.key = key(endpoint)
            value = json.dumps({"username": "alice", "password": "alice-secret"})
            made = endpoint.client("secretsmanager").create_secret(
                Name="AmazonMSK_alice", SecretString=value, KmsKeyId=self.key
            )
            self.secret = made["ARN"]
            more["SourceAccessConfigurations"] = [
                {"Type": "SASL_SCRAM_512_AUTH", "URI": self.secret}
            ]
        self.id = created(endpoint, on_msk(self.cluster, **more))["UUID"]

    def examined(self, **how: Any) -> "Diagnosis":
        """What the examination says now."""
        answer = asked(self.endpoint, f"/sluicegate/diagnosis?mapping={self.id}", **how)
        assert answer.status == 200, answer.body
        return Diagnosis(json.loads(answer.body))

    def associate(self) -> None:
        """Give the cluster the secret."""
        answer = self.endpoint.client("kafka").batch_associate_scram_secret(
            ClusterArn=self.cluster, SecretArnList=[self.secret]
        )
        assert answer["UnprocessedScramSecrets"] == []


class Diagnosis:
    """An examination's answer."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    @property
    def verdicts(self) -> dict[str, str]:
        """By check."""
        return {each["name"]: each["verdict"] for each in self.document["checks"]}

    @property
    def wrong(self) -> list[str]:
        """The checks that found something."""
        found = ("problem", "warning")
        return [each["name"] for each in self.document["checks"] if each["verdict"] in found]

    def check(self, name: str) -> dict[str, Any]:
        """The check of that name."""
        found: dict[str, Any] = next(
            each for each in self.document["checks"] if each["name"] == name
        )
        return found

    def what(self, name: str) -> str:
        """What a check found, in words."""
        return str(self.check(name)["what"])

    def denied(self, name: str) -> list[dict[str, Any]]:
        """The permissions a check found lacking."""
        return [each for each in self.check(name)["permissions"] if not each["is_allowed"]]
