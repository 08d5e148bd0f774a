"""An examined trigger that logs in as its execution role: policies judged, and brokers asked."""

import json
from base64 import urlsafe_b64decode

import pytest
from tests.unit.operations.doctor.diagnosing import Trigger
from tests.unit.operations.kafka.asserting import IAM_ONLY
from tests.unit.operations.lambda_.mapping_asserting import ELEVEN, distrust, permit

from sluicegate.kafka import (
    AsIam,
    NotAuthenticated,
    NotAuthorized,
    Probed,
    TopicMissing,
    Trouble,
    Unknown,
    Unreachable,
)
from sluicegate.testing import Endpoint

SESSION = "arn:aws:sts::000000000000:assumed-role/worker/orders"
BOTH = {"Sasl": {**IAM_ONLY["Sasl"], "Scram": {"Enabled": True}}}
READ = frozenset({"READ", "DESCRIBE"})
REFUSAL = "0b9a3c1e-0000-4000-8000-000000000001"
REFUSED = NotAuthenticated(-169, f"SASL authentication error: [{REFUSAL}]: Access denied")
DENIED_TOPIC = NotAuthorized(29, "Topic authorization failed")


@pytest.fixture
def trigger(endpoint: Endpoint) -> Trigger:
    """One whose role may do all it needs."""
    made = Trigger(endpoint, security={"ClientAuthentication": BOTH})
    permit(endpoint, *ELEVEN, "kafka-cluster:*")
    return made


def test_of_one_that_works_the_listener_and_the_session_are_told(trigger: Trigger) -> None:
    found = trigger.examined()
    assert found.wrong == []
    assert found.what("brokers").startswith("127.0.1.1:9098: IAM access control, as the mapping ")
    assert "none is tried when it fails" in found.what("brokers")
    assert f"the brokers know {SESSION}" in found.what("login")
    assert "Kafka's ACLs do not count" in found.what("login")
    assert found.what("topic") == f"IAM policies let {SESSION} read topic orders"
    assert found.what("group") == f"IAM policies let {SESSION} read group {trigger.id}"


def test_the_brokers_are_asked_as_the_role(trigger: Trigger) -> None:
    found = trigger.examined()
    assert trigger.endpoint.brokers.asked is not None
    brokers, group, topic = trigger.endpoint.brokers.asked
    assert (group, topic) == (trigger.id, "orders")
    assert isinstance(brokers.credentials, AsIam)
    text = brokers.credentials.token().text
    url = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    assert url.startswith("https://kafka.us-east-1.amazonaws.com/") and "Security-Token" in url
    assert text not in json.dumps(found.document)


def test_without_the_right_to_connect_the_refusal_is_explained(trigger: Trigger) -> None:
    permit(trigger.endpoint, *ELEVEN, "kafka:*")
    trigger.endpoint.brokers.answer = REFUSED
    found = trigger.examined()
    assert found.wrong == ["login", "topic", "group"] and found.verdicts["brokers"] == "ok"
    what = found.what("login")
    assert "denied: kafka-cluster:Connect" in what and "not even kafka:*" in what
    assert f"the brokers refuse {SESSION}" in what and "Access denied" in what
    assert found.check("login")["next"].startswith("sluicegate explain ")
    assert {
        "Effect": "Allow",
        "Action": ["kafka-cluster:Connect"],
        "Resource": [trigger.cluster],
    } in found.document["statements"]


def test_a_login_of_which_brokers_and_policies_do_not_say_the_same_is_told(
    trigger: Trigger,
) -> None:
    trigger.endpoint.brokers.answer = REFUSED
    found = trigger.examined()
    assert found.wrong == ["login"]
    assert "though its policies allow kafka-cluster:Connect" in found.what("login")
    assert "is not the same" in found.what("login")
    assert found.check("login")["next"] == f"sluicegate explain {REFUSAL}"
    assert found.verdicts["topic"] == found.verdicts["group"] == "not reached"

    permit(trigger.endpoint, *ELEVEN)
    trigger.endpoint.brokers.answer = Probed(READ, READ, READ)
    found = trigger.examined()
    assert found.wrong == ["login", "topic", "group"]
    for check in found.wrong:
        assert "is not the same" in found.what(check)
    assert "say otherwise of kafka-cluster:DescribeTopic, kafka-cluster:ReadData" in (
        found.what("topic")
    )


@pytest.mark.parametrize(
    ("may", "other"),
    [
        (frozenset({"DESCRIBE"}), "kafka-cluster:ReadData"),
        # Of what else it might do with it nothing is said.
        (DENIED_TOPIC, "kafka-cluster:DescribeTopic"),
    ],
)
def test_what_brokers_refuse_that_policies_allow_is_told(
    trigger: Trigger, may: frozenset[str] | Trouble, other: str
) -> None:
    trigger.endpoint.brokers.answer = Probed(READ, may, READ)
    found = trigger.examined()
    assert found.wrong == ["topic"] and found.denied("topic") == []
    assert f"the brokers say otherwise of {other}:" in found.what("topic")


def test_what_policies_and_brokers_refuse_alike_is_just_denied(trigger: Trigger) -> None:
    connect = ("kafka-cluster:Connect", "kafka-cluster:*Group", "kafka-cluster:ReadData")
    permit(trigger.endpoint, *ELEVEN, *connect)
    trigger.endpoint.brokers.answer = Probed(READ, DENIED_TOPIC, READ)
    found = trigger.examined()
    assert found.wrong == ["topic"]
    assert found.what("topic").startswith("denied: kafka-cluster:DescribeTopic; ")
    assert "say otherwise" not in found.what("topic")


def test_a_topic_that_is_not_there_and_a_group_nobody_tells_of(trigger: Trigger) -> None:
    trigger.endpoint.brokers.answer = Probed(
        READ, TopicMissing(3, "unknown topic"), Unknown(69, "the group id does not exist")
    )
    found = trigger.examined()
    assert found.wrong == ["topic"] and found.what("topic") == "topic orders is not there"
    assert found.verdicts["group"] == "note" and "do not say" in found.what("group")


def test_brokers_out_of_reach_leave_what_policies_say(trigger: Trigger) -> None:
    trigger.endpoint.brokers.answer = Unreachable(-195, "connection refused")
    found = trigger.examined()
    assert found.wrong == ["brokers"]
    assert "were not asked" in found.what("login") and "were not asked" in found.what("group")
    permit(trigger.endpoint, *ELEVEN, "kafka-cluster:*Group", "kafka-cluster:*Topic")
    assert trigger.examined().wrong == ["brokers", "login", "topic"]


def test_nobody_asks_as_a_role_that_cannot_be_assumed(trigger: Trigger) -> None:
    distrust(trigger.endpoint)
    found = trigger.examined()
    assert found.wrong == ["trust"] and trigger.endpoint.brokers.asked is None
    assert "cannot be assumed" in found.what("brokers")
    assert found.verdicts["login"] == "not reached"
