"""The trigger: from the broker to the function, with every permission on the way."""

import json
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import Producer

from .clusters import TOPIC, login
from .functions import package, python, trusted_role
from .permissions import policy
from .served import typed
from .story import Keys, StepFailed, Story

# A link to that of `examples/orders`; an installed package has it as a file.
_CODE = Path(__file__).with_name("handler.py")
_FUNCTION, _ROLE = "handle-orders", "handle-orders"
_GROUP = f"/aws/lambda/{_FUNCTION}"
_MANAGED = "arn:aws:iam::aws:policy/service-role/AWSLambdaMSKExecutionRole"
_ORDERS = 10_000
_MORE = 500
_PATIENCE_SECONDS = 90
_BATCH = 500


@dataclass(slots=True)
class Handled:
    """What the function's log says it was given: by partition, the next offset it must see."""

    next_offsets: dict[str, int] = field(default_factory=dict)
    orders: int = 0
    out_of_order: int = 0
    lines: list[str] = field(default_factory=list)

    def add(self, line: str) -> None:
        """One line of the log; only those the function printed itself count."""
        if not line.startswith("{"):
            return
        said = json.loads(line)
        first, last = said["offsets"]
        expected = self.next_offsets.get(said["partition"], first)
        self.out_of_order += first != expected or last - first + 1 != said["orders"]
        self.next_offsets[said["partition"]] = last + 1
        self.orders += said["orders"]
        self.lines.append(line)


@dataclass(frozen=True, slots=True)
class Trigger:
    """The story's trigger: who sets it up, where the records come from, and its id."""

    story: Story
    root: Keys
    iam: Any
    cluster: str
    id: str

    def state(self) -> Mapping[str, Any]:
        """The mapping as it is described."""
        lambda_ = self.story.client("lambda", self.root)
        found: Mapping[str, Any] = lambda_.get_event_source_mapping(UUID=self.id)
        return found

    def handled(self) -> Handled:
        """What the function has handled so far, by its own log."""
        logs, seen = self.story.client("logs", self.root), Handled()
        try:
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=_GROUP, filterPattern='"partition"'
            )
            for page in pages:
                for event in page["events"]:
                    seen.add(event["message"].strip())
        except logs.exceptions.ResourceNotFoundException:
            pass
        return seen


def a_trigger(story: Story, iam: Any, root: Keys, cluster: str, secret: str, key: str) -> Trigger:
    """The trigger, refused until its role has what it needs."""
    story.tell("A function for orders, and a role that Lambda may assume and that may do nothing")
    lambda_ = story.client("lambda", root)
    role = trusted_role(story, iam, _ROLE)
    story.ask(
        "root",
        lambda_.create_function,
        FunctionName=_FUNCTION,
        Runtime=python(),
        Role=role,
        Handler="handler.handler",
        Code={"ZipFile": package(_CODE)},
        Timeout=30,
    )
    asked = {
        "FunctionName": _FUNCTION,
        "EventSourceArn": cluster,
        "Topics": [TOPIC],
        "StartingPosition": "LATEST",
        "BatchSize": _BATCH,
        "MaximumBatchingWindowInSeconds": 0,
        "SourceAccessConfigurations": [{"Type": "SASL_SCRAM_512_AUTH", "URI": secret}],
    }
    create = lambda_.create_event_source_mapping
    story.rejected("root", create, **asked)
    _examine(story, root, _FUNCTION, "--source", cluster, "--topic", TOPIC, "--secret", secret)
    story.tell(
        "AWSLambdaMSKExecutionRole covers cluster, network and log. It does not cover the secret"
    )
    story.ask("root", iam.attach_role_policy, RoleName=_ROLE, PolicyArn=_MANAGED)
    story.rejected("root", create, **asked)
    story.tell("With the secret and its key, the trigger is made, and starts by itself")
    for name, action, resource in (
        ("secret", "secretsmanager:GetSecretValue", secret),
        ("key", "kms:Decrypt", key),
    ):
        document = policy("Allow", action, resource)
        put = iam.put_role_policy
        story.ask("root", put, RoleName=_ROLE, PolicyName=name, PolicyDocument=document)
    made = story.ask("root", create, **asked)
    trigger = Trigger(story, root, iam, cluster, made["UUID"])
    _wait(lambda: trigger.state()["State"] == "Enabled", "the trigger is not enabled")
    story.show("is", "Enabled")
    return trigger


def orders(trigger: Trigger) -> None:
    """Ten thousand orders, from a producer to the function, none lost and none out of order."""
    story = trigger.story
    story.tell(f"{_ORDERS:,} orders are produced over SASL/SCRAM, and handled")
    started = time.monotonic()
    _produce(trigger, _ORDERS)
    produced = time.monotonic() - started
    seen = _all(trigger, _ORDERS)
    took = time.monotonic() - started
    for line in seen.lines[:2]:
        story.show("log", line)
    story.show("counts", _counts(_ORDERS, seen))
    rate = f"produced in {produced:.1f} s; all in the function's log after {took:.1f} s"
    story.show("rate", f"{rate}: {_ORDERS / took:,.0f} orders/s, reading the log included")


def revoked(trigger: Trigger) -> None:
    """A permission taken away stops the trigger for that reason; given back, it catches up."""
    story, iam = trigger.story, trigger.iam
    story.tell("A policy is detached: the trigger stops for that reason, and nothing is skipped")
    story.ask("root", iam.detach_role_policy, RoleName=_ROLE, PolicyArn=_MANAGED)
    _wait(
        lambda: "PROBLEM" in trigger.state()["LastProcessingResult"],
        "the trigger does not notice",
    )
    said = trigger.state()
    story.show("says", f"{said['LastProcessingResult']} ({said['StateTransitionReason']})")
    _produce(trigger, _MORE)
    _examine(story, trigger.root, trigger.id)
    story.tell("Attached again, it catches up by itself")
    story.ask("root", iam.attach_role_policy, RoleName=_ROLE, PolicyArn=_MANAGED)
    started = time.monotonic()
    seen = _all(trigger, _ORDERS + _MORE)
    story.show("counts", _counts(_ORDERS + _MORE, seen))
    story.show("took", f"{time.monotonic() - started:.1f} s from the policy to the last order")


def _examine(story: Story, keys: Keys, *what: str) -> None:
    """What the doctor finds wrong, all at once; it must be something."""
    story.show("root", " ".join(("sluicegate", "doctor", *what)))
    found = [line.strip() for line in typed(story, keys, "doctor", *what)]
    wrong = [line for line in found if line.startswith(("✗", "!"))]
    if not wrong:
        raise StepFailed("the doctor finds nothing wrong")
    for line in (*wrong, found[-1]):
        story.show("", line)


def _all(trigger: Trigger, count: int) -> Handled:
    """What was handled, once that is as many as there are."""
    _wait(lambda: trigger.handled().orders >= count, f"not all of {count:,} orders are handled")
    return trigger.handled()


def _counts(produced: int, seen: Handled) -> str:
    lost = produced - seen.orders
    if lost or seen.out_of_order:
        raise StepFailed(f"{lost} orders lost, {seen.out_of_order} batches out of order")
    return f"{produced:,} produced, {seen.orders:,} handled, 0 lost, 0 out of order"


def _produce(trigger: Trigger, count: int) -> None:
    kafka = trigger.story.client("kafka", trigger.root)
    brokers = kafka.get_bootstrap_brokers(ClusterArn=trigger.cluster)
    producer = Producer(login(trigger.story, brokers["BootstrapBrokerStringSaslScram"]))
    failed: list[object] = []
    for number in range(count):
        order = {"order": number, "customer": number % 97, "amount": random.randint(1, 500)}
        producer.produce(
            TOPIC,
            json.dumps(order),
            key=str(order["customer"]),
            on_delivery=lambda error, _message: failed.append(error) if error else None,
        )
        producer.poll(0)
    if producer.flush(30) or failed:
        raise StepFailed(f"orders were not accepted: {failed[:1]}")


def _wait(holds: Any, otherwise: str) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise StepFailed(f"{otherwise} after {_PATIENCE_SECONDS} s")
        time.sleep(0.1)
