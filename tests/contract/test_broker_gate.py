"""A real node whose IAM clients are let in, and allowed what they do, by a gate."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import KafkaError, KafkaException, Message, Producer, TopicCollection
from confluent_kafka.admin import (
    AdminClient,
    NewTopic,
)
from tests.contract.gate import (
    REQUEST_ID,
    ROLE,
    StubGate,
    actions,
    allow,
    but,
    let_in,
)
from tests.contract.iam_clients import TOKEN, as_role, authenticate, logged_in, send
from tests.contract.kafka_cluster import ALL, KafkaCluster, consume, produce, refusals
from tests.system.waiting import until

from sluicegate.brokers.listeners import Listener
from sluicegate.brokers.runtime import Installation

pytestmark = pytest.mark.brokers

DENIED = re.compile(r"\[[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\]: Access denied")
CLUSTER = "kafka-cluster"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> StubGate:
    """The gate of the module's node, at a path that is too long for a socket's."""
    folder = tmp_path_factory.mktemp("gate") / ("long" * 30)
    folder.mkdir()
    return StubGate(folder)


@pytest.fixture(scope="module")
def cluster(kafka: Installation, served: StubGate) -> Iterator[KafkaCluster]:
    """The node, in a folder that is reached by way of a link."""
    folder = served.place.socket.parent
    (folder / "deep" / "deeper").mkdir(parents=True)
    (folder / "link").symlink_to(folder / "deep" / "deeper")
    listeners = ALL | {Listener.CLIENT_IAM}
    with KafkaCluster(kafka, folder / "link", listeners=listeners, gate=served.place) as started:
        yield started


@pytest.fixture
def gate(served: StubGate, cluster: KafkaCluster) -> StubGate:
    """The gate as it is at first, for each test: it allows, and nothing is remembered."""
    assert cluster.nodes
    served.login, served.may = let_in, allow
    served.hangs, served.garbage = False, None
    served.forget()
    return served


def log_of(cluster: KafkaCluster) -> str:
    return (cluster.plans[1].folder / "broker.log").read_text()


def test_without_a_gate_nobody_is_let_in(kafka: Installation, tmp_path: Path) -> None:
    # First in this file: the other node is not started yet.
    listeners = frozenset({Listener.CLIENT_IAM})
    with KafkaCluster(kafka, tmp_path, listeners=listeners) as lonely:
        assert DENIED.search(refusals(as_role(lonely)))
        assert (
            "ERROR Gate: IAM access is denied without an answer: no gate is configured"
            in log_of(lonely)
        )


def test_a_token_is_the_gates_to_read(cluster: KafkaCluster, gate: StubGate) -> None:
    logged_in(cluster)
    assert gate.lines()[0] == ["login", "OAUTHBEARER", "", TOKEN]


def test_whoever_produces_and_consumes_is_asked_about_at_each_step(
    cluster: KafkaCluster, gate: StubGate
) -> None:
    cluster.make_topic("orders")
    produce(as_role(cluster), "orders", [b"1", b"2"])
    assert set(gate.asked()) == {("DESCRIBE", "TOPIC", "orders"), ("WRITE", "TOPIC", "orders")}
    gate.forget()
    assert consume(as_role(cluster), "orders", 2, group="billing & co") == [b"1", b"2"]
    assert set(gate.asked()) == {
        ("DESCRIBE", "TOPIC", "orders"),
        ("READ", "TOPIC", "orders"),
        ("DESCRIBE", "GROUP", "billing & co"),
        ("READ", "GROUP", "billing & co"),
    }
    principals = {tuple(fields[1:3]) for fields in gate.lines() if fields[0] == "may"}
    assert principals == {(ROLE, "127.0.0.1")}


@pytest.mark.parametrize(
    ("idempotently", "asked"),
    [
        ("A", {("IDEMPOTENT_WRITE", "CLUSTER", CLUSTER)}),
        ("D", {("IDEMPOTENT_WRITE", "CLUSTER", CLUSTER), ("WRITE", "TOPIC", "hardcode")}),
    ],
)
def test_a_producer_that_writes_once_is_asked_about_as_msk_does(
    cluster: KafkaCluster, gate: StubGate, idempotently: str, asked: set[tuple[str, str, str]]
) -> None:
    topic = f"once-{idempotently.lower()}"
    cluster.make_topic(topic)
    gate.may = but(("IDEMPOTENT_WRITE", "CLUSTER", CLUSTER), answer=idempotently)
    produce({**as_role(cluster), "enable.idempotence": True}, topic, [b"1"])
    assert set(gate.asked()) == asked | {("DESCRIBE", "TOPIC", topic), ("WRITE", "TOPIC", topic)}


def test_a_forwarded_request_is_asked_about_as_its_clients(
    cluster: KafkaCluster, gate: StubGate
) -> None:
    admin = AdminClient(as_role(cluster))
    for future in admin.create_topics([NewTopic("forwarded", 1, 1)]).values():
        future.result(20)
    assert set(gate.asked()) == {
        ("CREATE", "CLUSTER", CLUSTER),
        ("CREATE", "TOPIC", "forwarded"),
        ("DESCRIBE_CONFIGS", "TOPIC", "forwarded"),
    }
    assert {tuple(it[1:3]) for it in gate.lines() if it[0] == "may"} == {(ROLE, "127.0.0.1")}
    gate.may = but(("CREATE", "TOPIC", "denied"))
    for future in admin.create_topics([NewTopic("denied", 1, 1)]).values():
        with pytest.raises(KafkaException, match="Authorization failed"):
            future.result(20)


def test_a_denial_reaches_the_client_and_the_log(cluster: KafkaCluster, gate: StubGate) -> None:
    cluster.make_topic("payroll")
    gate.may = but(("WRITE", "TOPIC", "payroll"))
    assert "Topic authorization failed" in send(logged_in(cluster), "payroll")
    line = (
        f"Principal = IAM:{ROLE} is Denied operation = WRITE from host = 127.0.0.1 on resource = "
        "Topic:LITERAL:payroll for request = Produce with resourceRefCount = 1 based on rule IAM"
    )
    until(lambda: line in log_of(cluster), "the log tells it")


def test_no_permission_implies_another(cluster: KafkaCluster, gate: StubGate) -> None:
    cluster.make_topic("unseen")
    gate.may = but(("DESCRIBE", "TOPIC", "unseen"))
    assert "Topic authorization failed" in send(logged_in(cluster), "unseen")


def test_an_answer_is_remembered_until_the_changes_file_moves(
    cluster: KafkaCluster, gate: StubGate
) -> None:
    cluster.make_topic("kept")
    producer, write = logged_in(cluster), ("WRITE", "TOPIC", "kept")
    assert send(producer, "kept") == ""
    gate.may = but(write)
    # What the gate would say now, it is not asked.
    assert send(producer, "kept") == ""
    assert gate.asked()[write] == 1
    gate.move()
    assert "Topic authorization failed" in send(producer, "kept")
    assert gate.asked()[write] == 2
    gate.may = allow
    # Denials are remembered as well, for whatever client of this principal.
    assert "Topic authorization failed" in send(logged_in(cluster), "kept")
    assert gate.asked()[write] == 2
    gate.move()
    assert send(logged_in(cluster), "kept") == ""


@pytest.mark.parametrize(("letter", "is_allowed"), [("a", True), ("d", False)])
def test_an_answer_for_once_is_not_remembered(
    cluster: KafkaCluster, gate: StubGate, letter: str, is_allowed: bool
) -> None:
    topic = f"for-once-{letter}"
    cluster.make_topic(topic)
    write = ("WRITE", "TOPIC", topic)
    gate.may = but(write, answer=letter)
    for times in (1, 2, 3):
        assert (send(logged_in(cluster), topic) == "") == is_allowed
        assert gate.asked()[write] == times


def test_many_topics_are_asked_about_two_hundred_at_a_time(
    cluster: KafkaCluster, gate: StubGate
) -> None:
    names = {f"one-of-many-{number}" for number in range(450)}
    gate.may = but(("DESCRIBE", "TOPIC", "one-of-many-7"))
    admin = AdminClient(as_role(cluster))  # held: its calls end with it
    answers = admin.describe_topics(TopicCollection(list(names)))
    codes = {}
    for name, future in answers.items():
        with pytest.raises(KafkaException) as refused:
            future.result(20)
        codes[name] = refused.value.args[0].code()
    assert codes.pop("one-of-many-7") == KafkaError.TOPIC_AUTHORIZATION_FAILED
    assert set(codes.values()) == {KafkaError.UNKNOWN_TOPIC_OR_PART}
    assert set(gate.asked()) == {("DESCRIBE", "TOPIC", name) for name in names}
    assert sorted(len(actions(fields)) for fields in gate.lines() if actions(fields)) == [
        *(50, 200, 200)
    ]


def test_names_that_are_long_are_asked_about_in_lines_that_are_not(
    cluster: KafkaCluster, gate: StubGate
) -> None:
    names = [f"{number}-" + "\u00e9" * 10_000 for number in range(8)]
    admin = AdminClient(as_role(cluster))  # held: its calls end with it
    for times in (1, 2):
        for future in admin.describe_topics(TopicCollection(names)).values():
            with pytest.raises(KafkaException):
                future.result(20)
        # Nor are they remembered: that is what would fill a node's memory.
        assert gate.asked() == {("DESCRIBE", "TOPIC", name): times for name in names}
    assert max(len(actions(fields)) for fields in gate.lines()) == 2


def test_a_refused_login_is_told_in_the_gates_words(cluster: KafkaCluster, gate: StubGate) -> None:
    gate.login = lambda *_: ("no", "[an id]: Access denied, + says \u201cthe gate\u201d")
    refusal = "SASL authentication error: [an id]: Access denied, + says \u201cthe gate\u201d"
    assert refusal in refusals(as_role(cluster))


@pytest.mark.parametrize(
    "answer",
    [
        *(b"", b"yes", b"no", b"maybe so", b"no more than this", b"yes  1 id", b"yes me soon id"),
        *(b"yes %zz 1 id", b"yes me 1 id more", b"yes me 1 id\nyes me 1 id", b"AAAA"),
    ],
)
def test_a_login_that_is_not_answered_in_form_is_refused(
    cluster: KafkaCluster, gate: StubGate, answer: bytes
) -> None:
    gate.garbage = answer
    code, text, _, _ = authenticate(
        cluster.plans[1].endpoint, cluster.ca, "AWS_MSK_IAM", b"a message"
    )
    assert code == 58 and DENIED.fullmatch(text)


def test_an_action_that_is_not_answered_in_form_is_denied_and_nothing_kept(
    cluster: KafkaCluster, gate: StubGate
) -> None:
    cluster.make_topic("garbled")
    producer = logged_in(cluster)
    for answer in (b"", b"AA", b"x", b"A ", b"yes", b"A\nA", b"A" * 70_000):
        gate.garbage = answer
        gate.move()
        assert "Topic authorization failed" in send(producer, "garbled"), answer
        gate.garbage = None
        until(lambda: send(producer, "garbled") == "", "a good answer is taken")


def test_a_gate_that_is_away_denies_and_is_used_again_when_it_comes(
    cluster: KafkaCluster, gate: StubGate
) -> None:
    cluster.make_topic("alone")
    producer = logged_in(cluster)
    gate.go()
    assert "Topic authorization failed" in send(producer, "alone")
    assert DENIED.search(refusals(as_role(cluster)))
    assert "ERROR Gate: IAM access is denied without an answer: No such file" in log_of(cluster)
    gate.come()
    assert send(logged_in(cluster), "alone") == ""


def test_what_is_remembered_is_good_without_the_gate(cluster: KafkaCluster, gate: StubGate) -> None:
    cluster.make_topic("by-heart")
    producer = logged_in(cluster)
    assert send(producer, "by-heart") == ""
    gate.go()
    assert send(producer, "by-heart") == ""
    gate.come()


def test_a_connection_that_was_closed_while_idle_is_made_anew(
    cluster: KafkaCluster, gate: StubGate
) -> None:
    cluster.make_topic("idle")
    producer = logged_in(cluster)
    assert gate.connections() > 0
    gate.hang_up()
    until(lambda: gate.connections() == 0, "the connections are closed")
    assert send(producer, "idle") == ""


def test_a_gate_that_hangs_holds_up_nobody_else(cluster: KafkaCluster, gate: StubGate) -> None:
    cluster.make_topic("waiting")
    cluster.make_topic("passing")
    # More than the node has threads to serve requests.
    producers = [logged_in(cluster) for _ in range(5)]
    told: list[int] = []

    def hear(error: KafkaError | None, _: Message) -> None:
        told.append(0 if error is None else error.code())

    gate.hangs = True
    gate.forget()
    for producer in producers:
        producer.produce("waiting", b"a record", on_delivery=hear)
    until(lambda: len(gate.lines()) >= 3, "as many are asked about as may be at once")
    produce(cluster.as_anybody(), "passing", [b"1", b"2"])
    for producer in producers:
        assert producer.flush(30) == 0
    assert set(told) == {KafkaError.TOPIC_AUTHORIZATION_FAILED}
    assert DENIED.search(refusals(as_role(cluster)))
    assert (
        "ERROR Gate: IAM access is denied without an answer: no answer within a second"
        in log_of(cluster)
    )
    gate.hangs = False
    again = as_role(cluster)
    until(lambda: send(Producer(again), "waiting") == "", "the gate is asked again")


def test_policies_are_for_roles_and_acls_for_everybody_else(
    cluster: KafkaCluster, gate: StubGate
) -> None:
    cluster.make_topic_of("alice", "of-alice")
    for name in ("alice", ROLE):
        cluster.make_user(name, "a-secret")
    produce(cluster.as_user("alice", "a-secret"), "of-alice", [b"1"])
    # By its name a user is no role.
    for other in (cluster.as_user(ROLE, "a-secret"), cluster.as_anybody(), cluster.over_tls()):
        assert "Topic authorization failed" in send(Producer(other), "of-alice")
    assert gate.lines() == []
    assert send(logged_in(cluster), "of-alice") == ""


MESSAGE = json.dumps(
    {"version": "2020_10_22", "host": "b-1 & co", "x-amz-date": "20261127T000000Z"}
)


def test_the_other_mechanism_of_msk_is_spoken(cluster: KafkaCluster, gate: StubGate) -> None:
    hour = 3_600_000
    expires = str(time.time_ns() // 1_000_000 + hour)
    gate.login = lambda *_: ("yes", ROLE, expires, REQUEST_ID)
    code, text, answer, lifetime = authenticate(
        cluster.plans[1].endpoint, cluster.ca, "AWS_MSK_IAM", MESSAGE.encode()
    )
    assert (code, text) == (0, "")
    assert json.loads(answer) == {"version": "2020_10_22", "request-id": REQUEST_ID}
    assert hour - 60_000 < lifetime <= hour
    assert gate.lines() == [["login", "AWS_MSK_IAM", "", MESSAGE]]


def test_a_session_of_a_token_ends_with_what_it_was_made_with(
    cluster: KafkaCluster, gate: StubGate
) -> None:
    expires = str(time.time_ns() // 1_000_000 + 3_600_000)
    gate.login = lambda *_: ("yes", ROLE, expires, REQUEST_ID)
    message = f"n,,\x01auth=Bearer {TOKEN}\x01\x01".encode()
    code, text, _, lifetime = authenticate(
        cluster.plans[1].endpoint, cluster.ca, "OAUTHBEARER", message
    )
    assert (code, text) == (0, "")
    assert 3_540_000 < lifetime <= 3_600_000


@pytest.mark.parametrize("message", [MESSAGE.encode(), b"", b"\xff\xfe not JSON \n may A B"])
def test_the_other_mechanism_refuses_in_the_gates_words(
    cluster: KafkaCluster, gate: StubGate, message: bytes
) -> None:
    gate.login = lambda *_: ("no", "[an id]: Access denied")
    refused = authenticate(cluster.plans[1].endpoint, cluster.ca, "AWS_MSK_IAM", message)
    assert refused == (58, "[an id]: Access denied", b"", 0)
    assert gate.lines() == [["login", "AWS_MSK_IAM", "", message.decode(errors="replace")]]


def test_a_login_without_end_is_not_asked_about(cluster: KafkaCluster, gate: StubGate) -> None:
    code, text, _, _ = authenticate(
        cluster.plans[1].endpoint, cluster.ca, "AWS_MSK_IAM", b"x" * 100_000
    )
    assert code == 58 and DENIED.fullmatch(text)
    assert gate.lines() == []
