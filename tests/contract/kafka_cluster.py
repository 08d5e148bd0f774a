"""Real nodes of a cluster, without a keeper, and clients of theirs."""

import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from tests.system.waiting import until

from sluicegate.brokers import authority, nodes
from sluicegate.brokers.addresses import choose
from sluicegate.brokers.listeners import Endpoint, Listener
from sluicegate.brokers.nodes import Node
from sluicegate.brokers.plan import (
    Certificate,
    ClientCertificates,
    Gate,
    NodePlan,
    Secrets,
    Voter,
    new_kafka_id,
)
from sluicegate.brokers.runtime import Installation
from sluicegate.clock import SystemClock
from sluicegate.testing import Endpoint as Api

Value = str | int | float | bool
Config = dict[str, Value]

ANSWER_SECONDS = 60.0
ALL = frozenset({Listener.CLIENT, Listener.CLIENT_SECURE, Listener.CLIENT_SASL_SCRAM})


class KafkaCluster:
    """`count` nodes under one folder; `start` and `stop` each as a keeper would."""

    def __init__(
        self,
        installation: Installation,
        folder: Path,
        *,
        count: int = 1,
        listeners: frozenset[Listener] = ALL,
        client_certificates: ClientCertificates = ClientCertificates.NONE,
        gate: Gate | None = None,
    ) -> None:
        self.installation = installation
        self.folder = folder
        self.secrets = Secrets.new()
        self.nodes: dict[int, Node] = {}
        kafka_id = new_kafka_id()
        endpoints = dict(enumerate(choose(kafka_id, range(1, count + 1)), start=1))
        voters = {n: endpoint for n, endpoint in endpoints.items() if count >= 3 or n == 1}
        self.plans = {
            number: NodePlan(
                kafka_id=kafka_id,
                node=number,
                brokers=count,
                endpoint=endpoint,
                voters=tuple(Voter(n, it) for n, it in list(voters.items())[:3]),
                listeners=listeners,
                folder=folder / f"node-{number}",
                client_certificates=client_certificates,
                gate=gate,
            )
            for number, endpoint in endpoints.items()
        }
        self.certificates = _certificates(folder / "api", endpoints)
        self.ca = folder / "ca.pem"
        self.ca.write_text(self.certificates[1].trusted)

    def __enter__(self) -> "KafkaCluster":
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """All nodes at once; returns when every one is in the metadata."""
        for number in self.plans:
            self.launch(number)
        self.wait()

    def launch(self, number: int) -> Node:
        """One node, which may take a while to answer."""
        plan, certificate = self.plans[number], self.certificates[number]
        self.nodes[number] = nodes.start(self.installation, plan, self.secrets, certificate)
        return self.nodes[number]

    def wait(self) -> None:
        """Until every node that was launched is known to the others."""
        for number, node in self.nodes.items():
            until(partial(_has_come_to_something, node), f"node {number} answers", ANSWER_SECONDS)
            assert not node.has_ended, node.reason()
        admin = self.admin()
        wanted = set(self.nodes)
        until(
            lambda: set(admin.list_topics(timeout=20).brokers) == wanted,
            "all nodes know each other",
            ANSWER_SECONDS,
        )

    def stop(self) -> None:
        """At once: nobody needs these records."""
        for node in self.nodes.values():
            node.kill()

    def bootstrap(self, listener: Listener) -> str:
        return ",".join(plan.endpoint.at(listener) for plan in self.plans.values())

    def as_admin(self) -> Config:
        """The keeper's own way in."""
        return {
            **_quiet(self.bootstrap(Listener.REPLICATION)),
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "PLAIN",
            "sasl.username": self.secrets.admin,
            "sasl.password": self.secrets.admin_password,
        }

    def as_anybody(self) -> Config:
        return _quiet(self.bootstrap(Listener.CLIENT))

    def over_tls(self) -> Config:
        return {
            **_quiet(self.bootstrap(Listener.CLIENT_SECURE)),
            "security.protocol": "SSL",
            "ssl.ca.location": str(self.ca),
        }

    def as_user(self, name: str, password: str) -> Config:
        return {
            **_quiet(self.bootstrap(Listener.CLIENT_SASL_SCRAM)),
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": name,
            "sasl.password": password,
            "ssl.ca.location": str(self.ca),
        }

    def admin(self) -> AdminClient:
        return AdminClient(self.as_admin())

    def make_user(self, name: str, password: str) -> None:
        how = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        wanted = UserScramCredentialUpsertion(name, how, password=password.encode())
        admin = self.admin()  # held: its calls end with it
        for future in admin.alter_user_scram_credentials([wanted]).values():
            future.result(20)

    def make_topic(
        self, name: str, *, copies: int = 1, config: Mapping[str, str] | None = None
    ) -> None:
        """A topic of one partition."""
        topic = NewTopic(
            name, num_partitions=1, replication_factor=copies, config=dict(config or {})
        )
        admin = self.admin()
        for future in admin.create_topics([topic]).values():
            future.result(20)

    def make_topic_of(self, user: str, name: str) -> AdminClient:
        """A topic that only this user may use, by ACL; who has made it so."""
        self.make_topic(name)
        of_user = AclBinding(
            ResourceType.TOPIC,
            name,
            ResourcePatternType.LITERAL,
            f"User:{user}",
            "*",
            AclOperation.ALL,
            AclPermissionType.ALLOW,
        )
        admin = self.admin()
        for future in admin.create_acls([of_user]).values():
            future.result(20)
        return admin


def _has_come_to_something(node: Node) -> bool:
    return node.has_ended or node.answers()


def produce(config: Mapping[str, Value], topic: str, values: list[bytes]) -> None:
    """Every value, acknowledged."""
    refused: list[KafkaError] = []

    def told(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            refused.append(error)

    producer = Producer({**config, "delivery.timeout.ms": 20_000, "acks": "all"})
    for value in values:
        producer.produce(topic, value, on_delivery=told)
    assert producer.flush(30) == 0
    assert refused == []


def consume(config: Mapping[str, Value], topic: str, count: int, *, group: str = "") -> list[bytes]:
    """The first `count` values of the topic, as a member of `group` or of none."""
    from_start = {"group.id": group or "none", "auto.offset.reset": "earliest"}
    consumer = Consumer({**config, **from_start, "enable.auto.commit": False})
    if group:
        consumer.subscribe([topic])
    else:
        consumer.assign([TopicPartition(topic, 0, 0)])
    values: list[bytes] = []
    try:
        deadline = time.monotonic() + 30
        while len(values) < count and time.monotonic() < deadline:
            for message in consumer.consume(count - len(values), timeout=0.5):
                if (error := message.error()) is not None:
                    raise KafkaException(error)
                values.append(message.value() or b"")
    finally:
        consumer.close()
    return values


def refusals(config: Mapping[str, Value]) -> str:
    """Why a client is not let in; waits for the first reason."""
    said: list[str] = []
    told: Any = {**config, "error_cb": lambda error: said.append(str(error))}
    admin = AdminClient(told)

    def asked() -> bool:
        admin.poll(0.1)
        return bool(said)

    until(asked, "a refusal")
    return said[0]


def _certificates(folder: Path, endpoints: Mapping[int, Endpoint]) -> dict[int, Certificate]:
    with Api(folder) as api:
        return {
            number: authority.issue(
                api.databases.state,
                api.vault,
                SystemClock(),
                endpoint,
                f"b-{number}.orders.abc123.c1.kafka.eu-west-1.amazonaws.com",
            )
            for number, endpoint in endpoints.items()
        }


def _quiet(bootstrap: str) -> Config:
    # Its own log goes to our terminal otherwise.
    return {"bootstrap.servers": bootstrap, "log_level": 0, "client.id": "test"}
