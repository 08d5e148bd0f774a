"""A user of triggers: a server with a cluster, functions that testify, mappings, and their ends."""

import io
import json
import sys
import time
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from confluent_kafka import ConsumerGroupState, KafkaException, Producer

from .kafka_user import Login
from .server import Server
from .waiting import until
from .witness import Acknowledged, Audit, Group, Invocation, Load, Verdict, entered, judge

MANAGED = "arn:aws:iam::aws:policy/service-role/AWSLambdaMSKExecutionRole"
HEALS_SECONDS = 60.0
"""As long as a permission that is given or taken may need to have an effect."""

# An entry is written a moment after it was stamped, and longer while the endpoint is away.
_LATE_MS = 15_000
_CODE = Path(__file__).with_name("witness_code.py")
_RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
_TRUST = {
    "Effect": "Allow",
    "Principal": {"Service": "lambda.amazonaws.com"},
    "Action": "sts:AssumeRole",
}


def document(*statements: Mapping[str, Any]) -> str:
    """A policy of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions: list[str], resource: str = "*") -> dict[str, Any]:
    """A statement."""
    return {"Effect": "Allow", "Action": actions, "Resource": resource}


@dataclass(frozen=True)
class Trigger:
    """A mapping and all it was made of, in names; `name` is the function's and the role's."""

    stage: "Stage"
    name: str
    topic: str
    id: str

    def shown(self) -> dict[str, Any]:
        """The mapping, as it is described."""
        found: dict[str, Any] = self.stage.lambda_.get_event_source_mapping(UUID=self.id)
        return found

    @property
    def result(self) -> str:
        said: str = self.shown()["LastProcessingResult"]
        return said

    def until_state(self, state: str, seconds: float = 60.0) -> None:
        until(lambda: self.shown()["State"] == state, f"{self.name} to be {state}", seconds)

    def until_problem(self, part: str, seconds: float = HEALS_SECONDS) -> str:
        """Wait for a `PROBLEM` that says so; all of what it says."""
        until(
            lambda: self.result.startswith("PROBLEM") and part in self.result,
            f"a problem about {part}",
            seconds,
        )
        return self.result

    def until_ok(self, seconds: float = HEALS_SECONDS) -> None:
        until(lambda: self.result == "OK", f"{self.name} to be OK", seconds)

    def invocations(self) -> list[Invocation]:
        """What the function has entered so far."""
        return self.stage.invocations(self.name)

    def handled(self) -> int:
        """How many records were handled, each counted once."""
        return len(
            {
                (partition, offset)
                for each in self.invocations()
                if each.ended is not None
                for partition, offsets in each.offsets.items()
                for offset in offsets
            }
        )

    def until_handled(self, count: int, seconds: float = 60.0) -> float:
        """Wait until so many records are handled; for how long that was."""
        started = time.monotonic()
        until(lambda: self.handled() >= count, f"{count} records of {self.topic}", seconds)
        return time.monotonic() - started

    def longest_gap(self) -> float:
        """The longest time in which no invocation ended, between the first and the last."""
        ends = sorted(each.ended for each in self.invocations() if each.ended is not None)
        return max((after - before for before, after in pairwise(ends)), default=0.0)

    def until_committed(self, ends: Mapping[int, int], seconds: float = 30.0) -> None:
        """Wait until everything is committed, as a Kafka client sees it."""
        group = self.group()

        def are_there() -> bool:
            try:
                return group.committed() == ends
            except KafkaException:
                return False  # the broker is just coming back

        until(are_there, f"commits of {self.topic}", seconds)
        group.close()

    def group(self) -> Group:
        """Its consumer group, by its default name."""
        return Group(self.stage.anybody.settings(), self.id, self.topic)

    def members(self) -> dict[str, frozenset[int]]:
        """The partitions of each member of its group, as brokers tell; none in a rebalance."""
        try:
            described = self._described()
        except (KafkaException, TimeoutError):
            return {}  # its coordinator is just moving
        if described.state is not ConsumerGroupState.STABLE:
            return {}
        return {
            each.member_id: frozenset(one.partition for one in each.assignment.topic_partitions)
            for each in described.members
        }

    def coordinator(self) -> int:
        """The node that coordinates its group."""
        return int(self._described().coordinator.id)

    def _described(self) -> Any:
        admin = self.stage.anybody.admin()  # held: its calls end with it
        return admin.describe_consumer_groups([self.id], request_timeout=5)[self.id].result(10)

    def audit(self) -> Audit:
        return Audit(self.group())

    def settled(self, acknowledged: Acknowledged, audit: Audit, seconds: float = 60.0) -> Verdict:
        """The verdict, once all is handled and committed."""
        assert acknowledged.count and acknowledged.refused == []
        self.until_handled(acknowledged.count, seconds)
        ends = {name: max(offsets) + 1 for name, offsets in acknowledged.offsets.items()}
        self.until_committed(ends)
        return self.verdict(acknowledged, audit)

    def verdict(self, acknowledged: Acknowledged, audit: Audit | None = None) -> Verdict:
        """What is to be said of the run, after all of it."""
        return judge(acknowledged.offsets, self.invocations(), audit.stop() if audit else ())

    def judged(self, written: Mapping[int, Iterable[int]]) -> Verdict:
        """The same, of offsets that are known to be there."""
        return judge(written, self.invocations())

    def delete(self) -> None:
        """Delete the mapping, and wait until it is gone."""
        self.stage.lambda_.delete_event_source_mapping(UUID=self.id)
        until(self._is_gone, f"{self.name} to be gone")

    def _is_gone(self) -> bool:
        try:
            self.shown()
        except ClientError as error:
            return bool(error.response["Error"]["Code"] == "ResourceNotFoundException")
        return False


class Stage:
    """A server, a cluster and what is made on them."""

    def __init__(self, server: Server, cluster: str) -> None:
        self.server = server
        self.cluster = cluster
        self.iam = server.client("iam")
        self.lambda_ = server.client("lambda")
        self.logs = server.client("logs")
        self._read: dict[str, dict[str, tuple[int, str]]] = {}

    @cached_property
    def anybody(self) -> Login:
        """A Kafka client that does not log in."""
        return Login(self.server, self.cluster)

    def role(self, name: str) -> str:
        """A role as the documentation of MSK triggers has it, which may also testify."""
        made = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(_TRUST))
        self.iam.attach_role_policy(RoleName=name, PolicyArn=MANAGED)
        testify = ["logs:CreateLogStream", "logs:PutLogEvents"]
        self.give(name, allow(testify, f"arn:aws:logs:*:*:log-group:/witness/{name}:*"), "testify")
        arn: str = made["Role"]["Arn"]
        return arn

    def give(self, role: str, statement: Mapping[str, Any], policy: str = "given") -> None:
        """Give a role a policy of its own, in the place of the one of that name."""
        self.iam.put_role_policy(
            RoleName=role, PolicyName=policy, PolicyDocument=document(statement)
        )

    def function(self, name: str, variables: Mapping[str, str] | None = None, **more: Any) -> str:
        """A function that testifies, with a role of its own of the same name."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.write(_CODE, "app.py")
        self.logs.create_log_group(logGroupName=f"/witness/{name}")
        made = self.lambda_.create_function(
            FunctionName=name,
            Runtime=_RUNTIME,
            Role=self.role(name),
            Handler="app.handler",
            Code={"ZipFile": packed.getvalue()},
            Environment={"Variables": {"WITNESS": f"/witness/{name}", **(variables or {})}},
            **{"Timeout": 30, "MemorySize": 256, **more},
        )
        arn: str = made["FunctionArn"]
        return arn

    def mapping(self, name: str, topic: str, **more: Any) -> Trigger:
        """A mapping from a topic to a function that is there, once it is enabled."""
        source = {} if "SelfManagedEventSource" in more else {"EventSourceArn": self.cluster}
        asked = {
            "FunctionName": name,
            "Topics": [topic],
            "StartingPosition": "TRIM_HORIZON",
            "BatchSize": 100,
            "MaximumBatchingWindowInSeconds": 0,
            **source,
            **more,
        }
        made = self.lambda_.create_event_source_mapping(**asked)
        trigger = Trigger(self, name, topic, made["UUID"])
        trigger.until_state("Enabled" if asked.get("Enabled", True) else "Disabled")
        return trigger

    def trigger(
        self,
        name: str,
        *,
        partitions: int = 1,
        replicas: int = 1,
        variables: Mapping[str, str] | None = None,
        configured: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Trigger:
        """All of it: a topic, a function and a mapping, each of that name."""
        self.anybody.create_topic(name, partitions, replicas)
        self.function(name, variables, **(configured or {}))
        return self.mapping(name, name, **more)

    def produce(
        self,
        topic: str,
        values: "list[str] | range",
        partitions: int = 1,
        settings: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Acknowledged:
        """Records to all partitions in turn; returns when all are acknowledged."""
        acknowledged = Acknowledged()
        settings = settings or self.anybody.settings()
        producer = Producer({**settings, "acks": "all", "linger.ms": 5})
        for number, value in enumerate(values):
            producer.produce(
                topic,
                str(value),
                partition=number % partitions,
                on_delivery=acknowledged.note,
                **more,
            )
            producer.poll(0)
        assert producer.flush(60) == 0 and acknowledged.refused == []
        return acknowledged

    def load(self, trigger: Trigger, partitions: int) -> Load:
        return Load(self.anybody.settings(), trigger.topic, partitions)

    def invocations(self, name: str) -> list[Invocation]:
        """What a function has entered so far; what was read once is not read again."""
        log = self._read.setdefault(name, {})
        latest = max((at_ms for at_ms, _ in log.values()), default=0)
        pages = self.logs.get_paginator("filter_log_events").paginate(
            logGroupName=f"/witness/{name}", startTime=max(0, latest - _LATE_MS)
        )
        for page in pages:
            for event in page["events"]:
                log[event["eventId"]] = event["timestamp"], event["message"]
        return entered(message for _, message in log.values())
