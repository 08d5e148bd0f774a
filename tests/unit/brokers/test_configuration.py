"""The text a node is configured with."""

import base64
from dataclasses import astuple, replace
from pathlib import Path

import pytest

from sluicegate.brokers.configuration import ADJUSTABLE, log4j2_properties, server_properties
from sluicegate.brokers.listeners import Endpoint, Listener
from sluicegate.brokers.plan import (
    ClientCertificates,
    NodePlan,
    Secrets,
    Voter,
    new_kafka_id,
)
from sluicegate.errors import BrokerRefused

SECRETS = Secrets("node-7f", "between-nodes", "keeper-2a", "of-the-keeper")
ALONE = Endpoint("127.70.1.1")
PLAN = NodePlan(
    kafka_id="0123456789abcdefghijkl",
    node=1,
    brokers=1,
    endpoint=ALONE,
    voters=(Voter(1, ALONE),),
    listeners=frozenset({Listener.CLIENT_SECURE, Listener.CLIENT_SASL_SCRAM}),
    folder=Path("/nodes/1"),
)

GOLDEN = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.70.1.1:9093
controller.listener.names=CONTROLLER
inter.broker.listener.name=REPLICATION
listeners=REPLICATION://127.70.1.1:9091,CONTROLLER://127.70.1.1:9093,\
CLIENT_SECURE://127.70.1.1:9094,CLIENT_SASL_SCRAM://127.70.1.1:9096
advertised.listeners=REPLICATION://127.70.1.1:9091,\
CLIENT_SECURE://127.70.1.1:9094,CLIENT_SASL_SCRAM://127.70.1.1:9096
listener.security.protocol.map=CONTROLLER:SASL_PLAINTEXT,REPLICATION:SASL_PLAINTEXT,\
CLIENT_SECURE:SSL,CLIENT_SASL_SCRAM:SASL_SSL
sasl.mechanism.inter.broker.protocol=PLAIN
sasl.mechanism.controller.protocol=PLAIN
listener.name.controller.sasl.enabled.mechanisms=PLAIN
listener.name.controller.plain.sasl.jaas.config=\
org.apache.kafka.common.security.plain.PlainLoginModule required \
username="node-7f" password="between-nodes" user_node-7f="between-nodes" \
user_keeper-2a="of-the-keeper";
listener.name.replication.sasl.enabled.mechanisms=PLAIN
listener.name.replication.plain.sasl.jaas.config=\
org.apache.kafka.common.security.plain.PlainLoginModule required \
username="node-7f" password="between-nodes" user_node-7f="between-nodes" \
user_keeper-2a="of-the-keeper";
super.users=User:node-7f;User:keeper-2a
authorizer.class.name=sluicegate.IamAuthorizer
principal.builder.class=sluicegate.IamPrincipalBuilder
listener.name.client_sasl_scram.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.client_sasl_scram.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PEM
ssl.keystore.location=broker.pem
ssl.truststore.type=PEM
ssl.truststore.location=trusted.pem
listener.name.client_secure.ssl.client.auth=none
log.dirs=data
"""


def read(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines())


def test_what_makes_a_node_ours_is_written_so_and_last() -> None:
    assert server_properties(PLAN, SECRETS).endswith(GOLDEN)


def test_no_name_is_written_twice() -> None:
    names = [line.split("=")[0] for line in server_properties(PLAN, SECRETS).splitlines()]
    assert len(names) == len(set(names))


def test_a_second_node_is_no_controller_and_knows_the_first() -> None:
    second = replace(PLAN, node=2, brokers=2, endpoint=Endpoint("127.70.1.2"))
    lines = read(server_properties(second, SECRETS))
    assert lines["process.roles"] == "broker"
    assert lines["controller.quorum.voters"] == "1@127.70.1.1:9093"
    assert "CONTROLLER" not in lines["listeners"]
    assert "CONTROLLER:SASL_PLAINTEXT" in lines["listener.security.protocol.map"]
    assert lines["offsets.topic.replication.factor"] == "2"


@pytest.mark.parametrize(("brokers", "factor"), [(1, "1"), (2, "2"), (3, "3"), (6, "3")])
def test_kafkas_own_topics_are_on_as_many_nodes_as_there_are_but_three(
    brokers: int, factor: str
) -> None:
    lines = read(server_properties(replace(PLAN, brokers=brokers), SECRETS))
    assert lines["default.replication.factor"] == factor
    assert lines["transaction.state.log.replication.factor"] == factor


@pytest.mark.parametrize(("zones", "least"), [(1, "1"), (2, "1"), (3, "2")])
def test_a_record_is_in_two_of_three_zones(zones: int, least: str) -> None:
    plan = replace(PLAN, brokers=6, zones=zones)
    assert read(server_properties(plan, SECRETS))["min.insync.replicas"] == least
    given = replace(plan, properties=(("min.insync.replicas", "3"),))
    assert read(server_properties(given, SECRETS))["min.insync.replicas"] == "3"


def test_only_enabled_listeners_are_opened() -> None:
    plan = replace(PLAN, listeners=frozenset({Listener.CLIENT}))
    text = server_properties(plan, SECRETS)
    assert "CLIENT://127.70.1.1:9092" in text
    assert "ssl." not in text and "scram" not in text and "CLIENT_" not in text


def test_iam_clients_have_a_listener_with_both_mechanisms_of_msk() -> None:
    plan = replace(PLAN, listeners=frozenset({Listener.CLIENT_IAM}))
    lines = read(server_properties(plan, SECRETS))
    assert "CLIENT_IAM://127.70.1.1:9098" in lines["advertised.listeners"]
    assert "CLIENT_IAM:SASL_SSL" in lines["listener.security.protocol.map"]
    iam = "listener.name.client_iam"
    assert {name: value for name, value in lines.items() if name.startswith(iam)} == {
        f"{iam}.sasl.enabled.mechanisms": "OAUTHBEARER,AWS_MSK_IAM",
        f"{iam}.oauthbearer.sasl.jaas.config": (
            "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required "
            'unsecuredLoginStringClaim_sub="node";'
        ),
        f"{iam}.oauthbearer.sasl.server.callback.handler.class": "sluicegate.OAuthHandler",
        f"{iam}.aws_msk_iam.sasl.jaas.config": "sluicegate.MskIam$Module required;",
    }
    assert lines["ssl.keystore.location"] == "broker.pem"


@pytest.mark.parametrize("listeners", [[], [Listener.CLIENT], [Listener.CLIENT_IAM]])
def test_every_node_knows_what_an_iam_principal_is(listeners: list[Listener]) -> None:
    for node in (1, 4):
        plan = replace(PLAN, node=node, brokers=4, listeners=frozenset(listeners))
        lines = read(server_properties(plan, SECRETS))
        assert lines["authorizer.class.name"] == "sluicegate.IamAuthorizer"
        assert lines["principal.builder.class"] == "sluicegate.IamPrincipalBuilder"


def test_a_row_of_ports_stands_for_msks() -> None:
    shifted = replace(PLAN, endpoint=Endpoint("127.0.0.1", 20_001))
    lines = read(server_properties(shifted, SECRETS))
    assert "CLIENT_SASL_SCRAM://127.0.0.1:20006" in lines["listeners"]


def test_clients_show_certificates_where_they_must() -> None:
    plan = replace(PLAN, client_certificates=ClientCertificates.REQUIRED)
    lines = read(server_properties(plan, SECRETS))
    assert lines["listener.name.client_secure.ssl.client.auth"] == "required"


def test_a_configuration_goes_before_what_is_ours_by_default() -> None:
    assert read(server_properties(PLAN, SECRETS))["allow.everyone.if.no.acl.found"] == "true"
    closed = replace(PLAN, properties=(("allow.everyone.if.no.acl.found", "false"),))
    assert read(server_properties(closed, SECRETS))["allow.everyone.if.no.acl.found"] == "false"


@pytest.mark.parametrize("kind", ["consumer", "share"])
@pytest.mark.parametrize(
    ("given", "written"),
    [
        ({}, ("500", "500")),
        ({"min.": "5000"}, ("5000", "5000")),
        ({"min.": "5"}, ("5", "500")),
        ({"": "5"}, ("5", "5")),
        ({"": "5000"}, ("500", "5000")),
        ({"min.": "7", "": "9"}, ("7", "9")),
    ],
)
def test_one_heartbeat_that_is_given_fits_the_other(
    kind: str, given: dict[str, str], written: tuple[str, str]
) -> None:
    names = {part: f"group.{kind}.{part}heartbeat.interval.ms" for part in ("min.", "")}
    properties = tuple((names[part], value) for part, value in given.items())
    lines = read(server_properties(replace(PLAN, properties=properties), SECRETS))
    assert (lines[names["min."]], lines[names[""]]) == written


@pytest.mark.parametrize(
    "name",
    [
        *("super.users", "listeners", "authorizer.class.name", "ssl.keystore.location"),
        *("principal.builder.class", "listener.name.client_iam.sasl.enabled.mechanisms"),
        *("log.dirs", "metric.reporters", "listener.name.client.ssl.client.auth"),
        *("", "super.users "),
    ],
)
def test_a_configuration_may_not_say_what_gives_power(name: str) -> None:
    plan = replace(PLAN, properties=((name, "User:mallory"),))
    with pytest.raises(BrokerRefused, match="cannot be set by a configuration"):
        server_properties(plan, SECRETS)


def test_a_value_stays_in_its_line() -> None:
    value = "producer\nsuper.users=User:mallory\\\r\tß😀"
    plan = replace(PLAN, properties=(("compression.type", value),))
    (line,) = (
        line
        for line in server_properties(plan, SECRETS).splitlines()
        if line.startswith("compression.type")
    )
    assert line == (
        "compression.type=producer\\nsuper.users=User:mallory\\\\\\r\\t\\u00df\\ud83d\\ude00"
    )


def test_what_is_adjustable_gives_no_power() -> None:
    powers = ("ssl.", "sasl.", "listener", "super.", "authorizer", "principal", "log.dir", "class")
    assert [name for name in ADJUSTABLE if any(power in name for power in powers)] == []


def test_nobody_is_a_super_user_without_a_name() -> None:
    assert "ANONYMOUS" not in server_properties(PLAN, SECRETS)


def test_denials_are_told_and_little_else() -> None:
    lines = read(log4j2_properties())
    assert (lines["rootLogger.level"], lines["logger.authorizer.level"]) == ("warn", "info")


def test_super_users_are_new_each_time_and_shown_nowhere() -> None:
    made, other = astuple(Secrets.new()), astuple(Secrets.new())
    assert len({*made, *other}) == 8 and min(map(len, made)) >= 32
    assert all(each not in repr(Secrets(*made)) for each in made)


def test_an_id_is_sixteen_bytes_and_no_option() -> None:
    ids = {new_kafka_id() for _ in range(200)}
    assert len(ids) == 200
    assert all(len(base64.urlsafe_b64decode(it + "==")) == 16 and it[0] != "-" for it in ids)
