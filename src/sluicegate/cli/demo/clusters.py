"""A cluster, a user of it, and records, as a user of MSK and Kafka would."""

import time
import urllib.request
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from .story import Keys, StepFailed, Story

# The first start of all fetches Apache Kafka.
_PATIENCE_SECONDS = 300
_ANSWER_SECONDS = 10
_RECORDS = 1_000
TOPIC = "orders"
_USER, _PASSWORD = "orders", "made-up-for-the-demo"


@dataclass(frozen=True, slots=True)
class Asked:
    """A cluster that was asked for, and when (monotonic seconds)."""

    arn: str
    at: float


def a_cluster(story: Story, root: Keys) -> Asked:
    """A cluster of one broker is asked for; nobody waits for it yet."""
    story.tell("An MSK cluster is asked for, and made while we go on: a real Apache Kafka broker")
    kafka, ec2 = story.client("kafka", root), story.client("ec2", root)
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    asked_at = time.monotonic()
    made = story.ask(
        "root",
        kafka.create_cluster,
        ClusterName="orders",
        KafkaVersion="3.9.x",
        NumberOfBrokerNodes=1,
        BrokerNodeGroupInfo={"ClientSubnets": [subnet], "InstanceType": "kafka.t3.small"},
        ClientAuthentication={"Sasl": {"Scram": {"Enabled": True}}},
    )
    return Asked(made["ClusterArn"], asked_at)


def its_brokers(story: Story, root: Keys, asked: Asked) -> None:
    """Wait until it is there."""
    story.tell("The cluster has its broker, with SASL/SCRAM")
    kafka = story.client("kafka", root)
    while True:
        found = kafka.describe_cluster(ClusterArn=asked.arn)["ClusterInfo"]
        if found["State"] != "CREATING":
            break
        if time.monotonic() - asked.at > _PATIENCE_SECONDS:
            raise StepFailed(f"the cluster is still {found['State']}: {found.get('StateInfo')}")
        time.sleep(0.05)
    took = time.monotonic() - asked.at
    state, message = found["State"], found["StateInfo"]["Message"]
    story.show("is", f"{state}, {took:.1f} s after it was asked for. {message}")


def a_user_of_it(story: Story, root: Keys, cluster: str, secret: str) -> None:
    """A user name and a password, kept in a secret."""
    story.tell("A secret with user name and password becomes a user of the broker")
    kafka = story.client("kafka", root)
    associate = {"ClusterArn": cluster, "SecretArnList": [secret]}
    answer = story.ask("root", kafka.batch_associate_scram_secret, **associate)
    for refused in answer["UnprocessedScramSecrets"]:
        raise StepFailed(f"{refused['ErrorCode']}: {refused['ErrorMessage']}")
    manager = story.client("secretsmanager", root)
    policy = story.ask("root", manager.get_resource_policy, SecretId=secret)["ResourcePolicy"]
    story.show("written", f"by MSK into the secret's policy: {policy}")


def records(story: Story, root: Keys, cluster: str) -> None:
    """Records in and out, and nothing with a wrong password."""
    kafka = story.client("kafka", root)
    story.tell("Any Kafka client may log in now, over TLS and with the right password")
    brokers = story.ask("root", kafka.get_bootstrap_brokers, ClusterArn=cluster)
    own = login(story, brokers["BootstrapBrokerStringSaslScram"])
    admin = AdminClient(own)
    admin.create_topics([NewTopic(TOPIC, 4, 1)])[TOPIC].result(10)
    started = time.monotonic()
    _produce(own)
    story.show("produced", f"{_RECORDS:,} records in {time.monotonic() - started:.2f} s")
    started = time.monotonic()
    _consume(own)
    story.show("read", f"{_RECORDS:,} records in {time.monotonic() - started:.2f} s")
    wrong = login(story, brokers["BootstrapBrokerStringSaslScram"], "wrong")
    story.show("refused", f"with a wrong password: {_refusal(wrong)}")


def login(story: Story, brokers: str, password: str = _PASSWORD) -> dict[str, Any]:
    """How a Kafka client logs in as the story's user."""
    with urllib.request.urlopen(f"{story.endpoint}/ca.pem") as answer:  # noqa: S310 - our own
        authority = answer.read().decode()
    return {
        "bootstrap.servers": brokers,
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": _USER,
        "sasl.password": password,
        "ssl.ca.pem": authority,
        "log_level": 0,
    }


def _produce(settings: dict[str, Any]) -> None:
    failed: list[KafkaError] = []
    producer = Producer(settings)
    for number in range(_RECORDS):
        value = f'{{"order": {number}}}'
        producer.produce(
            TOPIC,
            value,
            key=str(number),
            on_delivery=lambda error, _message: failed.append(error) if error else None,
        )
    if producer.flush(30) or failed:
        raise StepFailed(f"records were not accepted: {failed[:1]}")


def _consume(settings: dict[str, Any]) -> None:
    consumer = Consumer({**settings, "group.id": "demo", "auto.offset.reset": "earliest"})
    consumer.subscribe([TOPIC])
    deadline, read = time.monotonic() + 30, 0
    while read < _RECORDS:
        if time.monotonic() > deadline:
            raise StepFailed(f"{read} of {_RECORDS} records came back")
        message = consumer.poll(0.5)
        read += message is not None and message.error() is None
    consumer.close()


def _refusal(settings: dict[str, Any]) -> str:
    """What the broker says to a login that it does not take."""
    said: list[str] = []
    listening: dict[str, Any] = {**settings, "error_cb": lambda error: said.append(error.str())}
    admin = AdminClient(listening)
    deadline = time.monotonic() + _ANSWER_SECONDS
    while time.monotonic() < deadline:
        try:
            admin.list_topics(timeout=0.1)
        except KafkaException:
            # Its own words are `transport failure`; the broker's come beside them.
            admin.poll(0.1)
        else:
            raise StepFailed("the broker took a wrong password")
        for each in said:
            if "SASL" in each:
                return each.partition(": ")[2]
    raise StepFailed("the broker has no answer to a wrong password")
