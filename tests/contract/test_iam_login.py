"""Clients of ours that log in at real brokers as an AWS identity, by tokens that end."""

import time
from collections.abc import Iterator
from functools import partial
from itertools import count

import pytest
from tests.contract.gate import REQUEST_ID, ROLE, StubGate, allow, but, let_in
from tests.contract.kafka_cluster import ALL, KafkaCluster
from tests.system.waiting import until

from sluicegate.brokers.listeners import Listener
from sluicegate.brokers.runtime import Installation
from sluicegate.delivery import Commit
from sluicegate.errors import AccessDenied
from sluicegate.kafka import (
    AsIam,
    Assigned,
    Connection,
    GroupConsumer,
    Latest,
    NotAuthenticated,
    NotAuthorized,
    Outgoing,
    Probed,
    Producer,
    Rebalance,
    Tls,
    Token,
    TopicMissing,
    Trouble,
    committed_offsets,
    fix_start,
    probe,
    topics,
)

pytestmark = [pytest.mark.brokers, pytest.mark.alongside]

READING = {"DESCRIBE", "READ"}
SECONDS = 30.0


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> StubGate:
    return StubGate(tmp_path_factory.mktemp("gate"))


@pytest.fixture(scope="module")
def cluster(
    kafka: Installation, served: StubGate, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[KafkaCluster]:
    listeners = ALL | {Listener.CLIENT_IAM}
    folder = tmp_path_factory.mktemp("node")
    with KafkaCluster(kafka, folder, listeners=listeners, gate=served.place) as started:
        yield started


@pytest.fixture
def gate(served: StubGate, cluster: KafkaCluster) -> StubGate:
    """It allows, and remembers nothing."""
    assert cluster.nodes
    served.login, served.may = let_in, allow
    served.forget()
    return served


class Tokens:
    """As many tokens as are asked for, each good for so long, until there are no more."""

    def __init__(self, seconds: float = 900) -> None:
        self.seconds = seconds
        self.has_more = True
        self._numbers = count()

    def __call__(self) -> Token:
        if not self.has_more:
            raise AccessDenied("the role cannot be assumed")
        return Token(f"token{next(self._numbers)}", time.time() + self.seconds)


def as_role(cluster: KafkaCluster, tokens: Tokens | None = None) -> Connection:
    bootstrap = cluster.bootstrap(Listener.CLIENT_IAM)
    return Connection(bootstrap, AsIam(tokens or Tokens(), Tls(cluster.ca.read_text())))


class Member:
    """A member of a group, polled until something is there."""

    def __init__(self, connection: Connection, topic: str) -> None:
        self.values: list[bytes | None] = []
        self.troubles: list[Trouble] = []
        self.generation = 0
        self.consumer = GroupConsumer(connection, f"{topic}-group", topic, self._told)

    def _told(self, what: Rebalance) -> None:
        if isinstance(what, Assigned):
            self.generation = what.generation

    def poll(self) -> None:
        polled = self.consumer.poll(0.2)
        self.values += [each.value for some in polled.records.values() for each in some]
        self.troubles += polled.troubles

    def is_in(self) -> bool:
        self.poll()
        return bool(self.consumer.status())

    def has(self, count: int) -> bool:
        self.poll()
        return len(self.values) == count

    def is_told(self, kind: type[Trouble]) -> bool:
        self.poll()
        return any(isinstance(each, kind) for each in self.troubles)


@pytest.mark.usefixtures("gate")
def test_all_that_a_trigger_does_is_done_by_token(cluster: KafkaCluster) -> None:
    cluster.make_topic("iam-all")
    connection = as_role(cluster)
    assert "iam-all" in {each.name for each in topics(connection)}
    producer = Producer(connection)
    producer.send("iam-all", [Outgoing(b"before")])
    assert fix_start(connection, "iam-all-group", "iam-all", Latest()) == {0: 1}
    member = Member(connection, "iam-all")
    producer.send("iam-all", [Outgoing(b"after")])
    until(lambda: member.has(1), "the record to come", SECONDS)
    assert member.values == [b"after"]
    committing = member.consumer.commit([Commit(0, member.generation, 2)])
    assert committing.troubles == () and len(committing.done) == 1
    member.consumer.close()
    assert committed_offsets(connection, "iam-all-group", "iam-all") == {0: 2}
    found = probe(connection, "iam-all-group", "iam-all")
    assert isinstance(found, Probed)
    for may in (found.topic, found.group):
        assert isinstance(may, frozenset) and may >= READING


def test_what_policies_do_not_allow_is_told_apart(cluster: KafkaCluster, gate: StubGate) -> None:
    cluster.make_topic("iam-denied")
    gate.may = but(("READ", "TOPIC", "iam-denied"), ("DESCRIBE", "GROUP", "iam-denied-group"))
    connection = as_role(cluster)
    found = probe(connection, "iam-denied-group", "iam-denied")
    assert isinstance(found, Probed)
    assert isinstance(found.topic, frozenset) and found.topic & READING == {"DESCRIBE"}
    assert isinstance(found.group, NotAuthorized)

    gate.may = but(("DESCRIBE", "TOPIC", "iam-denied"))
    gate.move()
    found = probe(connection, "iam-denied-group", "iam-denied")
    assert isinstance(found, Probed) and isinstance(found.topic, NotAuthorized), found
    assert isinstance(found.group, frozenset) and found.group >= READING

    gate.may = allow
    gate.move()
    found = probe(connection, "iam-denied-group", "iam-nowhere")
    assert isinstance(found, Probed) and isinstance(found.topic, TopicMissing)


def test_a_login_that_is_refused_is_told_by_everybody(
    cluster: KafkaCluster, gate: StubGate
) -> None:
    gate.login = lambda *_: ("no", f"[{REQUEST_ID}]: Access denied")
    connection = as_role(cluster)
    found = probe(connection, "iam-refused", "iam-refused")
    assert isinstance(found, NotAuthenticated) and f"[{REQUEST_ID}]: Access denied" in found.text
    member = Member(connection, "iam-refused")
    until(lambda: member.is_told(NotAuthenticated), "the refusal to be told", SECONDS)
    member.consumer.close()


def test_a_session_that_ends_is_followed_by_another_with_a_token_of_then(
    cluster: KafkaCluster, gate: StubGate
) -> None:
    cluster.make_topic("iam-anew")
    shown: set[str] = set()

    def short(mechanism: str, message: str) -> tuple[str, ...]:
        shown.add(message)
        assert mechanism
        return "yes", ROLE, str(round(1000 * (time.time() + 4))), REQUEST_ID

    gate.login = short
    member = Member(as_role(cluster, Tokens(seconds=4)), "iam-anew")
    steady = Producer(as_role(cluster))
    until(member.is_in, "partitions to come", SECONDS)
    sent = 0

    def is_long_past() -> bool:
        nonlocal sent
        steady.send("iam-anew", [Outgoing(b"%d" % sent)])
        sent += 1
        until(partial(member.has, sent), "the record to come", SECONDS)
        # Of three sessions of each client at least.
        return len(shown) > 6

    until(is_long_past, "sessions to follow one another", 2 * SECONDS)
    assert member.values == [b"%d" % number for number in range(sent)]
    assert member.troubles == [] and len(shown) > 3
    member.consumer.close()


@pytest.mark.usefixtures("gate")
def test_a_token_that_is_not_to_be_had_any_more_is_told_as_a_refused_login(
    cluster: KafkaCluster,
) -> None:
    cluster.make_topic("iam-ended")
    tokens = Tokens(seconds=4)
    member = Member(as_role(cluster, tokens), "iam-ended")
    until(member.is_in, "partitions to come", SECONDS)
    tokens.has_more = False
    until(lambda: member.is_told(NotAuthenticated), "the lack of a token to be told", SECONDS)
    member.consumer.close()
