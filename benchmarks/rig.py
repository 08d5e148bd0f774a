"""A `serve` of its own with a broker, topics and triggers, and a witness of what is committed."""

import io
import json
import os
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from tests.system.kafka_user import STARTING_SECONDS, state
from tests.system.server import Server
from tests.system.waiting import until

from . import triggered

PARTITIONS = 4
PATIENCE_SECONDS = 300.0
ROLE, GROUP = "triggered", "/aws/lambda/"
MANAGED = "arn:aws:iam::aws:policy/service-role/AWSLambdaMSKExecutionRole"
TRUST = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    },
}
# What a process of ours is called, by a word of its command line.
PARTS = {
    "sluicegate.serve.worker": "worker",
    "sluicegate_launcher": "functions",
    "launcher.jar": "broker",
    "sluicegate.serve.child": "api",
}


class Ended(Exception):
    """What was to commit has ended before; with what it said last."""


@dataclass(frozen=True, slots=True)
class Witnessed:
    """Between the first commit of a group that was seen and its last: records a second, and the
    microseconds that each part of the service worked for one of them."""

    rate: float
    costs: Mapping[str, float]


class Rig:
    """A cluster of one broker, reached as nobody in plaintext, and a role that may use it."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._numbers = iter(range(1_000_000))
        self._cluster = self._new_cluster()
        iam = server.client("iam")
        made = iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(TRUST))
        self._role = made["Role"]["Arn"]
        iam.attach_role_policy(RoleName=ROLE, PolicyArn=MANAGED)

    @cached_property
    def servers(self) -> str:
        """The bootstrap string."""
        found = self._server.client("kafka").get_bootstrap_brokers(ClusterArn=self._cluster)
        servers: str = found["BootstrapBrokerString"]
        return servers

    @cached_property
    def admin(self) -> AdminClient:
        """An administrator of the cluster."""
        return AdminClient({"bootstrap.servers": self.servers, "log_level": 0})

    def new_group(self) -> str:
        """The name of a group nobody was in."""
        return f"group-{next(self._numbers)}"

    def topic(self, name: str, partitions: int, values: Iterator[bytes] | None = None) -> int:
        """A new topic with those records, in turn over its partitions; how many there are."""
        self.admin.create_topics([NewTopic(name, partitions, 1)])[name].result(30)
        producer = Producer({"bootstrap.servers": self.servers, "linger.ms": 20, "log_level": 0})
        count = 0
        for value in values or ():
            while True:
                try:
                    producer.produce(name, value, partition=count % partitions)
                    break
                except BufferError:
                    producer.poll(0.1)
            count += 1
        assert producer.flush(60) == 0
        return count

    def function(self, handler: str) -> str:
        """A function of `triggered`; its name."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.write(Path(triggered.__file__), "triggered.py")
        self._server.client("lambda").create_function(
            FunctionName=handler,
            Runtime=f"python3.{sys.version_info.minor}",
            Role=self._role,
            Handler=f"triggered.{handler}",
            Code={"ZipFile": packed.getvalue()},
            Timeout=60,
            MemorySize=512,
        )
        return handler

    @contextmanager
    def trigger(self, function: str, topic: str, batch: int, group: str) -> Iterator[None]:
        """The function triggered by the topic, from its beginning, without a window."""
        lambda_ = self._server.client("lambda")
        made = lambda_.create_event_source_mapping(
            FunctionName=function,
            EventSourceArn=self._cluster,
            Topics=[topic],
            StartingPosition="TRIM_HORIZON",
            BatchSize=batch,
            MaximumBatchingWindowInSeconds=0,
            AmazonManagedKafkaEventSourceConfig={"ConsumerGroupId": group},
        )
        try:
            yield
        finally:
            lambda_.delete_event_source_mapping(UUID=made["UUID"])
            listed = lambda_.list_event_source_mappings
            until(lambda: not listed()["EventSourceMappings"], "no mapping")

    def witness(
        self,
        group: str,
        topic: str,
        partitions: int,
        count: int,
        alive: Callable[[], bool] = lambda: True,
    ) -> Witnessed:
        """Wait until the group has committed so many records; `Ended` when it no longer can."""
        committed, began, before = 0, 0.0, self.processor_seconds()
        first = now = 0.0
        deadline = time.monotonic() + PATIENCE_SECONDS
        while committed < count:
            committed = self._committed(group, topic, partitions)
            now = time.monotonic()
            if committed and not first:
                first, began, before = committed, now, self.processor_seconds()
            if not alive():
                raise Ended
            if now > deadline:
                raise AssertionError(f"{committed} of {count} records in {PATIENCE_SECONDS:.0f} s")
            time.sleep(0.01)
        after, left = self.processor_seconds(), max(1, count - first)
        costs = {part: (after[part] - before[part]) / left * 1e6 for part in after}
        return Witnessed(left / max(now - began, 1e-9), costs)

    def log(self, function: str) -> list[str]:
        """What the function has printed."""
        pages = self._server.client("logs").get_paginator("filter_log_events")
        found = pages.paginate(logGroupName=GROUP + function, filterPattern="took")
        return [event["message"].strip() for page in found for event in page["events"]]

    def processor_seconds(self) -> Mapping[str, float]:
        """What each part of the service has worked so far."""
        used = dict.fromkeys(PARTS.values(), 0.0)
        for pid in _below(self._server.process.pid):
            try:
                command = Path(f"/proc/{pid}/cmdline").read_bytes().decode()
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            part = next((part for word, part in PARTS.items() if word in command), None)
            if part:
                used[part] += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return used

    def _committed(self, group: str, topic: str, partitions: int) -> int:
        wanted = [TopicPartition(topic, each) for each in range(partitions)]
        asked = ConsumerGroupTopicPartitions(group, wanted)
        try:
            found = self.admin.list_consumer_group_offsets([asked])[group].result(10)
        except KafkaException:
            # The first to ask for any group has the broker make the topic of all offsets.
            return 0
        return sum(max(0, each.offset) for each in found.topic_partitions)

    def _new_cluster(self) -> str:
        kafka, ec2 = self._server.client("kafka"), self._server.client("ec2")
        made = kafka.create_cluster(
            ClusterName="measured",
            KafkaVersion="3.9.x",
            NumberOfBrokerNodes=1,
            BrokerNodeGroupInfo={
                "ClientSubnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
                "InstanceType": "kafka.t3.small",
            },
            ClientAuthentication={"Unauthenticated": {"Enabled": True}},
            EncryptionInfo={"EncryptionInTransit": {"ClientBroker": "PLAINTEXT"}},
        )
        arn: str = made["ClusterArn"]
        until(lambda: state(self._server, arn) == "ACTIVE", "an active cluster", STARTING_SECONDS)
        return arn


def paced(servers: str, topic: str, seconds: float, rate: float) -> threading.Thread:
    """A thread that produces records, so many a second, each the moment it was produced at."""

    def run() -> None:
        producer = Producer({"bootstrap.servers": servers, "linger.ms": 0, "log_level": 0})
        producer.list_topics(topic, 10)
        begun = time.monotonic()
        for number in range(int(seconds * rate)):
            time.sleep(max(0.0, begun + number / rate - time.monotonic()))
            producer.produce(topic, b"%d" % time.monotonic_ns())
            producer.poll(0)
        producer.flush(10)

    return threading.Thread(target=run, name="producer")


def _below(pid: int) -> list[int]:
    found, waiting = [], [pid]
    while waiting:
        each = waiting.pop()
        found.append(each)
        try:
            for thread in Path(f"/proc/{each}/task").iterdir():
                waiting += map(int, (thread / "children").read_text().split())
        except OSError:
            continue
    return found
