"""IAM access control at real brokers: AWS's own signer, policies, and what becomes of changes."""

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer

from sluicegate.brokers.runtime import Installation
from sluicegate.wire.client import Credentials

from .java_client import JavaClient
from .kafka_user import IamLogin, new_cluster
from .processes import java
from .server import Server
from .test_trigger_organization import entered
from .trigger_user import HEALS_SECONDS, Stage, allow, document
from .waiting import until
from .witness import Verdict

pytestmark = [pytest.mark.brokers, pytest.mark.alongside]

IAM_AND_ANYBODY: dict[str, Any] = {
    "Sasl": {"Iam": {"Enabled": True}},
    "Unauthenticated": {"Enabled": True},
}
PRODUCING = ["Connect", "DescribeTopic", "WriteData"]
READING = ["Connect", "DescribeTopic", "ReadData", "DescribeGroup", "AlterGroup"]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A server with a cluster that lets in whom IAM lets in, and over plaintext anybody."""
    with Server(tmp_path_factory.mktemp("iam") / "state") as server:
        yield Stage(server, new_cluster(server, **IAM_AND_ANYBODY))


def part(stage: Stage, kind: str, name: str) -> str:
    """The ARN of a topic or a group."""
    return f"{stage.cluster.replace(':cluster/', f':{kind}/')}/{name}"


def may(actions: list[str], resource: Any = "*") -> str:
    return document(allow([f"kafka-cluster:{action}" for action in actions], resource))


def user(stage: Stage, name: str, policy: str) -> IamLogin:
    """A new user with that policy, who logs in at the brokers."""
    stage.iam.create_user(UserName=name)
    give(stage, name, policy)
    key = stage.iam.create_access_key(UserName=name)["AccessKey"]
    credentials = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    return IamLogin(stage.server, stage.cluster, credentials=credentials)


def give(stage: Stage, name: str, policy: str) -> None:
    stage.iam.put_user_policy(UserName=name, PolicyName="given", PolicyDocument=policy)


class Sender:
    """A producer that stays connected."""

    def __init__(self, settings: dict[str, Any], topic: str) -> None:
        self._producer = Producer({**settings, "topic.metadata.refresh.interval.ms": 100})
        self._topic = topic

    def refusal(self) -> str:
        """What becomes of one record: "" once it is written."""
        said: list[str] = []

        def note(error: KafkaError | None, _message: object) -> None:
            said.append("" if error is None else error.str())

        try:
            self._producer.produce(self._topic, b"x", on_delivery=note)
        except KafkaException as error:
            # As the last metadata had it, until they are asked for again.
            return str(error.args[0].str())
        assert self._producer.flush(30) == 0
        return said[0]


def explained(stage: Stage, refusal: str) -> str:
    """What `explain` tells of the UUID that a broker has said."""
    found = re.search(r"\[([0-9a-f-]{36})\]: Access denied", refusal)
    assert found, refusal
    shown = ""

    def is_told() -> bool:
        nonlocal shown
        ended = stage.server.command("explain", found[1])
        shown = ended.stdout
        return ended.returncode == 0

    until(is_told, "the decision to be found")
    return shown


def test_who_is_allowed_produces_and_consumes(stage: Stage) -> None:
    stage.anybody.create_topic("open")
    everything = sorted({*PRODUCING, *READING})
    alice = user(stage, "alice", may(everything))
    alice.produce("open", "a", "b", "c")
    assert alice.consume("open", 3) == ["a", "b", "c"]


def test_aws_s_own_library_for_java_gets_in_with_what_client_config_prints(
    stage: Stage, kafka: Installation, tmp_path: Path
) -> None:
    java, properties = JavaClient(kafka, tmp_path), tmp_path / "client.properties"
    authority = str(tmp_path / "ca.pem")
    printed = stage.server.command("kafka", "client-config", "--iam", "--ca", authority)
    properties.write_text(printed.stdout)
    stage.anybody.create_topic("java")
    judith = user(stage, "judith", may(sorted({*PRODUCING, *READING})))
    assert java(judith.credentials, "produce", properties, "java", "a", "b") == (0, [])
    assert java(judith.credentials, "consume", properties, "java", "2") == (0, ["a", "b"])
    # Who connects anew is asked anew.
    give(stage, "judith", may(["ReadData"]))
    code, refusal = java(judith.credentials, "produce", properties, "java", "c")
    assert code == 1 and refusal[-1].startswith("SaslAuthenticationException: "), refusal
    told = explained(stage, refusal[-1])
    assert "IMPLICIT_DENY by the identity-based policy" in told
    assert "kafka-cluster:Connect" in told


def test_who_may_not_connect_is_refused_and_told_why_by_the_uuid(stage: Stage) -> None:
    eve = user(stage, "eve", may(["ReadData"]))
    told = explained(stage, eve.refusal())
    assert "IMPLICIT_DENY by the identity-based policy" in told
    assert f"kafka-cluster:Connect\nresource   {stage.cluster}" in told
    key = Credentials(eve.credentials.access_key, "x" * 40)
    wrong = IamLogin(stage.server, stage.cluster, credentials=key)
    told = explained(stage, wrong.refusal())
    assert "by the broker's authentication" in told
    assert "signature we calculated does not match" in told


def test_a_change_of_policies_holds_on_the_very_next_record(stage: Stage) -> None:
    stage.anybody.create_topic("changing")
    carol = user(stage, "carol", may(PRODUCING))
    sender = Sender(carol.settings(), "changing")
    assert sender.refusal() == ""
    for _ in range(5):
        give(stage, "carol", may(["Connect", "DescribeTopic"]))
        assert sender.refusal() == "Broker: Topic authorization failed"
        give(stage, "carol", may(PRODUCING))
        until(lambda: sender.refusal() == "", "a record to be taken again")
        give(stage, "carol", may(["DescribeTopic", "WriteData"]))
        assert sender.refusal() == "Broker: Topic authorization failed"
        give(stage, "carol", may(PRODUCING))
        until(lambda: sender.refusal() == "", "a record to be taken again")


def test_policies_name_topics_and_groups(stage: Stage) -> None:
    for topic in ("mine", "theirs"):
        stage.anybody.create_topic(topic)
    resources = [stage.cluster, part(stage, "topic", "mine")]
    dora = user(stage, "dora", may([*PRODUCING, "CreateTopic"], resources))
    dora.produce("mine", "1")
    assert set(dora.admin().list_topics(timeout=20).topics) == {"mine"}
    assert Sender(dora.settings(), "theirs").refusal() == "Broker: Topic authorization failed"
    with pytest.raises(KafkaException) as refused:
        dora.create_topic("new")
    assert refused.value.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
    give(stage, "dora", may([*PRODUCING, "CreateTopic"], [*resources, part(stage, "topic", "n*")]))
    dora.create_topic("new")


def test_kafka_s_acls_are_for_others(stage: Stage) -> None:
    stage.anybody.create_topic("free")
    stage.anybody.produce("free", "by anybody")
    fay = user(stage, "fay", may(["Connect", "DescribeTopic"]))
    assert Sender(fay.settings(), "free").refusal() == "Broker: Topic authorization failed"


def test_an_idempotent_producer_needs_its_action_or_all_topics(stage: Stage) -> None:
    stage.anybody.create_topic("once")
    topic = part(stage, "topic", "once")
    narrow = [
        allow(["kafka-cluster:Connect"], stage.cluster),
        allow(["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"], topic),
    ]
    gus = user(stage, "gus", document(*narrow))
    settings = {**gus.settings(), "enable.idempotence": True}
    # Kafka refuses it an id to write with, which the library takes for the end.
    sender = Sender(settings, "once")
    until(lambda: "Fatal error" in sender.refusal(), "the producer to give up")
    idempotent = allow(["kafka-cluster:WriteDataIdempotently"], stage.cluster)
    give(stage, "gus", document(*narrow, idempotent))
    assert Sender(settings, "once").refusal() == ""


def guest_of(stage: Stage) -> Credentials:
    """The key of a user of a new account who may do anything there."""
    organizations = stage.server.client("organizations")
    organizations.create_organization()
    made = organizations.create_account(AccountName="guests", Email="guests@example.com")
    return entered(stage.server, made["CreateAccountStatus"]["AccountId"])


def test_a_client_of_another_account_gets_in_where_both_sides_allow(stage: Stage) -> None:
    stage.anybody.create_topic("shared")
    credentials = guest_of(stage)
    own, theirs = stage.server.client("kafka"), stage.server.client("kafka", credentials)
    account = stage.server.client("sts", credentials).get_caller_identity()["Account"]
    cluster = {"ClusterArn": stage.cluster}
    guest = IamLogin(stage.server, stage.cluster, credentials=credentials)
    told = explained(stage, guest.refusal())
    assert "IMPLICIT_DENY by the resource-based policy" in told
    with pytest.raises(theirs.exceptions.ClientError, match="no resource-based policy allows"):
        theirs.get_bootstrap_brokers(**cluster)

    data = [f"kafka-cluster:{action}" for action in PRODUCING]
    opening = allow(["kafka:GetBootstrapBrokers", *data], "*") | {
        "Principal": {"AWS": account},
        "Resource": [stage.cluster, part(stage, "topic", "shared")],
    }
    own.put_cluster_policy(**cluster, Policy=document(opening))
    assert theirs.get_bootstrap_brokers(**cluster)["BootstrapBrokerStringSaslIam"]
    sender = Sender(guest.settings(), "shared")
    assert sender.refusal() == ""
    assert Sender(guest.settings(), "open").refusal() == "Broker: Topic authorization failed"
    for _ in range(3):
        own.delete_cluster_policy(**cluster)
        assert sender.refusal() == "Broker: Topic authorization failed"
        own.put_cluster_policy(**cluster, Policy=document(opening))
        until(lambda: sender.refusal() == "", "a record to be taken again")

    iam = stage.server.client("iam", credentials)
    (name,) = (each["UserName"] for each in iam.list_users()["Users"])
    narrow = {"UserName": name, "PolicyName": "given", "PolicyDocument": may(["Connect"])}
    iam.put_user_policy(**narrow)
    assert sender.refusal() == "Broker: Topic authorization failed"
    own.delete_cluster_policy(**cluster)


def test_a_broker_that_was_killed_asks_again(stage: Stage) -> None:
    stage.anybody.create_topic("surviving")
    hal = user(stage, "hal", may(PRODUCING))
    sender = Sender(hal.settings(), "surviving")
    assert sender.refusal() == ""
    (pid,) = java(stage.server)
    os.kill(pid, signal.SIGKILL)
    until(lambda: bool(java(stage.server) - {pid}), "the node to be started again")
    assert sender.refusal() == ""
    give(stage, "hal", may(["Connect"]))
    assert sender.refusal() == "Broker: Topic authorization failed"


def test_a_trigger_logs_in_as_its_role_and_stops_when_that_may_not(stage: Stage) -> None:
    stage.anybody.create_topic("orders", 2)
    stage.function("reader")
    group = {"AmazonManagedKafkaEventSourceConfig": {"ConsumerGroupId": "readers"}}
    reading = json.loads(may(READING))["Statement"][0]
    made = stage.mapping("reader", "orders", **group)
    made.until_problem("")
    stage.give("reader", reading)
    first = stage.produce("orders", range(40), 2)
    made.until_handled(40, HEALS_SECONDS)
    made.until_ok()
    lacking = [each for each in READING if each != "ReadData"]
    stage.give("reader", json.loads(may(lacking))["Statement"][0])
    more = stage.produce("orders", range(40), 2)
    assert "authorize" in made.until_problem("")
    checks = stage.server.command("doctor", made.id)
    assert "kafka-cluster:ReadData" in checks.stdout and checks.returncode == 1
    stage.give("reader", reading)
    made.until_handled(80, HEALS_SECONDS)
    made.until_ok()
    written = {name: [*first.offsets[name], *more.offsets[name]] for name in first.offsets}
    assert made.judged(written) == Verdict()
    assert stage.server.command("doctor", made.id).returncode == 0
    made.delete()
