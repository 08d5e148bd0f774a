"""What brokers say to a login that is probed: whether they know it, and what it may do."""

from dataclasses import replace

import pytest
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)
from tests.contract.kafka_cluster import KafkaCluster

from sluicegate.brokers.listeners import Listener
from sluicegate.kafka import (
    Connection,
    NotAuthenticated,
    NotAuthorized,
    NotTrusted,
    Plaintext,
    Probed,
    Sasl,
    Tls,
    TopicMissing,
    Unreachable,
    Unresolvable,
    probe,
)

pytestmark = [pytest.mark.brokers, pytest.mark.alongside]

READING = frozenset({"READ", "DESCRIBE"})


def anybody(broker: KafkaCluster) -> Connection:
    return Connection(broker.bootstrap(Listener.CLIENT), Plaintext())


def as_user(broker: KafkaCluster, name: str, password: str) -> Connection:
    tls = Tls(authorities=broker.ca.read_text())
    bootstrap = broker.bootstrap(Listener.CLIENT_SASL_SCRAM)
    return Connection(bootstrap, Sasl("SCRAM-SHA-512", name, password, tls))


def allow(broker: KafkaCluster, kind: ResourceType, name: str, user: str) -> None:
    pattern = ResourcePatternType.LITERAL
    binding = AclBinding(
        kind, name, pattern, f"User:{user}", "*", AclOperation.READ, AclPermissionType.ALLOW
    )
    admin = broker.admin()  # held: its calls end with it
    for future in admin.create_acls([binding]).values():
        future.result(timeout=20)


def test_a_login_is_told_all_that_it_may_do_where_there_are_no_acls(broker: KafkaCluster) -> None:
    broker.make_topic("probed")
    found = probe(anybody(broker), "prober", "probed")
    assert isinstance(found, Probed)
    for may in (found.cluster, found.topic, found.group):
        assert isinstance(may, frozenset)
        assert may >= {"DESCRIBE"}


def test_a_login_is_told_what_acls_leave_of_a_topic_and_a_group(broker: KafkaCluster) -> None:
    broker.make_topic("probed-acls")
    for user in ("prober-in", "prober-out"):
        broker.make_user(user, "secret")
    allow(broker, ResourceType.TOPIC, "probed-acls", "prober-in")
    allow(broker, ResourceType.GROUP, "probed-group", "prober-in")
    inside = probe(as_user(broker, "prober-in", "secret"), "probed-group", "probed-acls")
    outside = probe(as_user(broker, "prober-out", "secret"), "probed-group", "probed-acls")
    assert isinstance(inside, Probed) and isinstance(outside, Probed)
    assert inside.topic == READING and inside.group == READING
    assert isinstance(outside.topic, NotAuthorized) and isinstance(outside.group, NotAuthorized)


def test_a_topic_that_is_not_there_is_told(broker: KafkaCluster) -> None:
    found = probe(anybody(broker), "prober", "probed-nowhere")
    assert isinstance(found, Probed)
    assert isinstance(found.topic, TopicMissing)


def test_what_keeps_from_asking_is_told(broker: KafkaCluster) -> None:
    broker.make_user("prober", "secret")
    wrong = as_user(broker, "prober", "another")
    assert isinstance(probe(wrong, "prober", "probed"), NotAuthenticated)
    strangers = replace(
        as_user(broker, "prober", "secret"),
        credentials=Sasl("SCRAM-SHA-512", "prober", "secret", Tls()),
    )
    assert isinstance(probe(strangers, "prober", "probed"), NotTrusted)
    nobody = Connection("127.0.0.1:1", Plaintext())
    assert isinstance(probe(nobody, "prober", "probed", patience_seconds=1), Unreachable)
    nowhere = Connection("nowhere.invalid:9092", Plaintext())
    assert isinstance(probe(nowhere, "prober", "probed", patience_seconds=1), Unresolvable)
