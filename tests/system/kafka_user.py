"""A user of MSK and of Kafka: boto3's calls, and confluent-kafka as anybody configures it."""

import json
import time
import urllib.request
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from sluicegate.wire.client import Credentials
from tests.wire.msk_signer import token_of

from .server import Server
from .waiting import until

STARTING_SECONDS = 240.0
"""The first cluster on a machine fetches Apache Kafka and prepares it."""


def new_cluster(server: Server, name: str = "orders", *, nodes: int = 1, **security: Any) -> str:
    """A cluster with SASL/SCRAM, and plaintext for whoever comes; its ARN, once it is ACTIVE."""
    kafka, ec2 = server.client("kafka"), server.client("ec2")
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]]
    both = {"Sasl": {"Scram": {"Enabled": True}}, "Unauthenticated": {"Enabled": True}}
    made = kafka.create_cluster(
        ClusterName=name,
        KafkaVersion="3.9.x",
        NumberOfBrokerNodes=nodes,
        BrokerNodeGroupInfo={
            "ClientSubnets": subnets[:nodes],
            "InstanceType": "kafka.t3.small",
        },
        ClientAuthentication=security or both,
        EncryptionInfo={"EncryptionInTransit": {"ClientBroker": "TLS_PLAINTEXT"}},
    )
    arn: str = made["ClusterArn"]
    until(lambda: state(server, arn) == "ACTIVE", "an active cluster", STARTING_SECONDS)
    return arn


def state(server: Server, cluster: str) -> str:
    """The state of a cluster, as it is described."""
    found = server.client("kafka").describe_cluster(ClusterArn=cluster)
    described: str = found["ClusterInfo"]["State"]
    return described


def new_secret(server: Server, username: str, password: str) -> tuple[str, str]:
    """A secret as MSK wants them, under a key of its own; the ARNs of both."""
    key: str = server.client("kms").create_key()["KeyMetadata"]["Arn"]
    made = server.client("secretsmanager").create_secret(
        Name=f"AmazonMSK_{username}",
        KmsKeyId=key,
        SecretString=json.dumps({"username": username, "password": password}),
    )
    return made["ARN"], key


def associate(server: Server, cluster: str, *secrets: str) -> None:
    """Let a cluster have secrets, none of which it may refuse."""
    answer = server.client("kafka").batch_associate_scram_secret(
        ClusterArn=cluster, SecretArnList=list(secrets)
    )
    assert answer["UnprocessedScramSecrets"] == []


def authority(server: Server) -> str:
    """Who signs the brokers' certificates."""
    with urllib.request.urlopen(f"{server.endpoint}/ca.pem") as answer:
        pem: str = answer.read().decode()
    return pem


_NOBODY = Credentials("", "")


@dataclass(frozen=True)
class Login:
    """How a Kafka client gets in; without a user name it comes over plaintext, as nobody."""

    server: Server
    cluster: str
    username: str = ""
    password: str = ""

    def settings(self) -> dict[str, Any]:
        brokers = self.server.client("kafka").get_bootstrap_brokers(ClusterArn=self.cluster)
        common = {"reconnect.backoff.max.ms": 200, "log_level": 0}
        if not self.username:
            return {**common, "bootstrap.servers": brokers["BootstrapBrokerString"]}
        return {
            **common,
            "bootstrap.servers": brokers["BootstrapBrokerStringSaslScram"],
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": self.username,
            "sasl.password": self.password,
            "ssl.ca.pem": authority(self.server),
        }

    def admin(self) -> AdminClient:
        return AdminClient(self.settings())

    def create_topic(self, name: str, partitions: int = 1, replicas: int = 1) -> None:
        """A topic that takes a record once all replicas but one have it."""
        admin, config = self.admin(), {"min.insync.replicas": str(max(1, replicas - 1))}
        admin.create_topics([NewTopic(name, partitions, replicas, config=config)])[name].result(30)

    def produce(self, topic: str, *values: str) -> None:
        failed: list[KafkaError] = []
        producer = Producer(self.settings())

        def note(error: KafkaError | None, _message: object) -> None:
            if error is not None:
                failed.append(error)

        for value in values:
            producer.produce(topic, value, on_delivery=note)
        assert producer.flush(30) == 0 and failed == []

    def consume(self, topic: str, count: int) -> list[str]:
        """Every record of a topic, from the beginning; at least `count` of them."""
        settings = {"group.id": f"reader-{time.monotonic_ns()}", "auto.offset.reset": "earliest"}
        consumer = Consumer(self.settings() | settings)
        consumer.subscribe([topic])
        values: list[str] = []

        def has_all() -> bool:
            for message in consumer.consume(1000, 0.2):
                if message.error() is None:
                    values.append((message.value() or b"").decode())
            return len(values) >= count

        until(has_all, f"{count} records of {topic}")
        consumer.close()
        return values

    def refusal(self) -> str:
        """What the broker says to this login; "" when it lets it in."""
        said: list[KafkaError] = []
        listening: dict[str, Any] = {**self.settings(), "error_cb": said.append}
        admin, deadline = AdminClient(listening), time.monotonic() + 3
        while True:
            try:
                admin.list_topics(timeout=0.2)
            except KafkaException as error:
                admin.poll(0.1)
                # Who is refused is not told so by the answer, but beside it, and at once.
                is_refused = any(each.code() == KafkaError._AUTHENTICATION for each in said)
                if is_refused or time.monotonic() > deadline:
                    return "; ".join(each.str() for each in said) or str(error)
            else:
                return ""


@dataclass(frozen=True)
class IamLogin(Login):
    """Gets in by AWS's own signer, as whoever has the credentials."""

    credentials: Credentials = _NOBODY

    def settings(self) -> dict[str, Any]:
        brokers = self.server.client("kafka").get_bootstrap_brokers(ClusterArn=self.cluster)
        return {
            "reconnect.backoff.max.ms": 200,
            "log_level": 0,
            "bootstrap.servers": brokers["BootstrapBrokerStringSaslIam"],
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "OAUTHBEARER",
            "oauth_cb": self._token,
            "ssl.ca.pem": authority(self.server),
        }

    def _token(self, _: str) -> tuple[str, float]:
        token, expires_ms = token_of(self.credentials)
        return token, expires_ms / 1000
