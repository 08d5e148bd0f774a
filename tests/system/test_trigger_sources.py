"""Triggers on sources that need a login, and on clusters that are not ours to manage."""

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .kafka_user import Login, associate, new_cluster, new_secret
from .server import Server
from .trigger_user import Stage, Trigger, allow
from .waiting import until
from .witness import Verdict

pytestmark = [pytest.mark.brokers, pytest.mark.alongside]

READ = ["secretsmanager:GetSecretValue", "kms:Decrypt"]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A server with a cluster, which this module's tests share."""
    with Server(tmp_path_factory.mktemp("sources") / "state") as server:
        yield Stage(server, new_cluster(server))


def brokers(stage: Stage, which: str) -> list[str]:
    found = stage.server.client("kafka").get_bootstrap_brokers(ClusterArn=stage.cluster)
    servers: str = found[which]
    return servers.split(",")


def self_managed(servers: list[str], **access: str) -> dict[str, Any]:
    """A source of anybody's; `access` is empty where it wants no login."""
    return {
        "SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": servers}},
        "SourceAccessConfigurations": [{"Type": kind, "URI": uri} for kind, uri in access.items()],
    }


def with_user(stage: Stage, name: str, password: str) -> tuple[Trigger, str]:
    """A trigger that logs in as a user of its own name, and the user's secret."""
    secret, _ = new_secret(stage.server, name, password)
    associate(stage.server, stage.cluster, secret)
    stage.anybody.create_topic(name)
    stage.function(name)
    stage.give(name, allow(READ))
    access = [{"Type": "SASL_SCRAM_512_AUTH", "URI": secret}]
    return stage.mapping(name, name, SourceAccessConfigurations=access), secret


def test_a_self_managed_source_without_a_login(stage: Stage) -> None:
    servers = brokers(stage, "BootstrapBrokerString")
    trigger = stage.trigger(
        "plain", partitions=2, variables={"KEEP_EVENTS": "1"}, **self_managed(servers)
    )
    acknowledged = stage.produce("plain", range(500), 2)
    trigger.until_handled(500)
    trigger.until_committed({0: 250, 1: 250})
    assert trigger.verdict(acknowledged) == Verdict()
    event = trigger.invocations()[0].event
    assert event["eventSource"] == "aws:SelfManagedKafka"
    assert event["bootstrapServers"] == ",".join(servers)
    assert "eventSourceArn" not in event


def test_a_self_managed_source_with_a_login_over_tls(stage: Stage) -> None:
    secret, _ = new_secret(stage.server, "sam", "s")
    associate(stage.server, stage.cluster, secret)
    with urllib.request.urlopen(f"{stage.server.endpoint}/ca.pem") as answer:
        authority = json.dumps({"certificate": answer.read().decode()})
    manager = stage.server.client("secretsmanager")
    authority_arn = manager.create_secret(Name="authority", SecretString=authority)["ARN"]
    stage.anybody.create_topic("secure")
    stage.function("secure")
    access = {"SASL_SCRAM_512_AUTH": secret, "SERVER_ROOT_CA_CERTIFICATE": authority_arn}
    source = self_managed(brokers(stage, "BootstrapBrokerStringSaslScram"), **access)
    with pytest.raises(ClientError, match="Please ensure the role can perform"):
        stage.mapping("secure", "secure", **source)
    stage.give("secure", allow(READ))
    trigger = stage.mapping("secure", "secure", **source)
    acknowledged = stage.produce("secure", range(100))
    trigger.until_handled(100)
    trigger.until_committed({0: 100})
    assert trigger.verdict(acknowledged) == Verdict()


def test_a_password_that_is_changed_is_read_again(stage: Stage) -> None:
    trigger, secret = with_user(stage, "rita", "the first")
    stage.produce("rita", range(10))
    trigger.until_handled(10)
    changed = json.dumps({"username": "rita", "password": "the second"})
    stage.server.client("secretsmanager").put_secret_value(SecretId=secret, SecretString=changed)
    later = Login(stage.server, stage.cluster, "rita", "the second")
    until(lambda: later.refusal() == "", "the changed password to hold")
    stage.lambda_.update_event_source_mapping(UUID=trigger.id, BatchSize=50)
    stage.produce("rita", range(10))
    trigger.until_handled(20)
    trigger.until_committed({0: 20})
    trigger.until_ok()
    assert sum(len(each.offsets[0]) for each in trigger.invocations()) == 20


def test_a_user_who_is_taken_away_and_given_back(stage: Stage) -> None:
    trigger, secret = with_user(stage, "dora", "d")
    kafka = stage.server.client("kafka")
    kafka.batch_disassociate_scram_secret(ClusterArn=stage.cluster, SecretArnList=[secret])
    dora = Login(stage.server, stage.cluster, "dora", "d")
    until(lambda: "invalid credentials" in dora.refusal(), "the user to be gone")
    # A connection that stands is not asked again; a change of the mapping makes a new one.
    stage.lambda_.update_event_source_mapping(UUID=trigger.id, BatchSize=50)
    trigger.until_problem("SASL authentication failed")
    assert trigger.shown()["StateTransitionReason"] == "EVENT_SOURCE_AUTHN_ERROR"
    acknowledged = stage.produce("dora", range(10))
    associate(stage.server, stage.cluster, secret)
    trigger.until_handled(10)
    trigger.until_ok()
    assert trigger.verdict(acknowledged) == Verdict()
    assert trigger.shown()["StateTransitionReason"] == "USER_INITIATED"
