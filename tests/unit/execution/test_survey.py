"""The call plan walked as the execution role, with clients, and what it finds (R4-R13, R25)."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.execution.surveying import (
    ANYBODY,
    ARN,
    ASKED,
    BOTH,
    DELETING,
    ID,
    TRUST,
    Bench,
    cluster,
)
from tests.unit.operations.kafka.asserting import NOWHERE, created, running, stated

from sluicegate.brokers import authority
from sluicegate.execution import findings, plan
from sluicegate.execution.findings import Denied
from sluicegate.execution.plan import When
from sluicegate.store.mappings import Access
from sluicegate.testing import Endpoint


@pytest.fixture
def bench(endpoint: Endpoint) -> Bench:
    """A role that may do nothing yet."""
    return Bench(endpoint)


def test_the_walk_takes_the_plans_steps_in_their_order(bench: Bench) -> None:
    bench.permit(*ASKED)
    bench.on(cluster(bench))
    found = bench.look()
    assert [verdict.step.action for verdict in found.verdicts] == [
        "sts:AssumeRole",
        *ASKED,
    ]
    assert all(verdict.is_allowed for verdict in found.verdicts)


def test_a_cluster_anybody_may_read_is_reached_over_tls(bench: Bench) -> None:
    bench.permit(*ASKED)
    bench.on(cluster(bench))
    connection = bench.connection()
    assert connection.bootstrap_servers == ("127.0.1.1:9094",)
    assert connection.is_tls and connection.login == findings.Anonymous()
    assert (connection.group_id, connection.authority) == (ID, None)


def test_a_cluster_made_without_a_word_on_clients_is_one_anybody_may_read(bench: Bench) -> None:
    bench.permit(*ASKED)
    bench.on(running(bench.endpoint))
    connection = bench.connection()
    assert connection.is_tls and connection.login == findings.Anonymous()


@pytest.mark.parametrize(
    ("authentication", "encryption", "port", "login"),
    [
        (ANYBODY, BOTH, 9094, findings.Anonymous()),
        (ANYBODY, {"EncryptionInTransit": {"ClientBroker": "PLAINTEXT"}}, 9092, None),
    ],
)
def test_without_a_secret_the_strongest_listener_is_taken(
    bench: Bench,
    authentication: dict[str, Any],
    encryption: dict[str, Any],
    port: int,
    login: findings.Login | None,
) -> None:
    bench.permit(*ASKED)
    more = {"EncryptionInfo": encryption} if encryption else {}
    bench.on(cluster(bench, authentication, **more))
    connection = bench.connection()
    assert connection.bootstrap_servers == (f"127.0.1.1:{port}",)
    assert connection.login == (login or findings.Anonymous())
    assert connection.is_tls == (port != 9092)


@pytest.mark.parametrize("other", [ANYBODY, {}])
def test_without_a_secret_iam_comes_before_all_others(bench: Bench, other: dict[str, Any]) -> None:
    bench.permit(*ASKED)
    both = {"Sasl": {"Iam": {"Enabled": True}, "Scram": {"Enabled": True}}}
    bench.on(cluster(bench, both | other))
    connection = bench.connection()
    assert isinstance(connection.login, findings.AsRole) and connection.is_tls
    assert connection.bootstrap_servers == ("127.0.1.1:9098",)


def test_with_a_secret_no_other_listener_is_tried(bench: Bench) -> None:
    bench.permit(*ASKED, "secretsmanager:GetSecretValue")
    arn = bench.secret({"username": "alice", "password": "alice-secret"})
    access = (Access("SASL_SCRAM_512_AUTH", arn),)
    both = {"Sasl": {"Iam": {"Enabled": True}, "Scram": {"Enabled": True}}}
    bench.on(cluster(bench, both), access=access)
    connection = bench.connection()
    assert connection.bootstrap_servers == ("127.0.1.1:9096",)
    assert connection.login == findings.Password("SCRAM-SHA-512", "alice", "alice-secret")
    assert "alice-secret" not in repr(connection)

    bench.on(cluster(bench, name="others"), access=access)
    assert isinstance(bench.outcome(), findings.NoListener)


@pytest.mark.parametrize("missing", ASKED)
@pytest.mark.parametrize("when", [When.START, When.CHECK], ids=lambda when: when.value)
def test_each_action_taken_away_alone_ends_the_walk(bench: Bench, when: When, missing: str) -> None:
    bench.on(cluster(bench))
    bench.permit(*(action for action in ASKED if action != missing))
    found = bench.look(when)
    assert isinstance(found.outcome, Denied)
    assert (found.outcome.action, found.outcome.step.action) == (missing, missing)
    assert f"no identity-based policy allows the {missing} action" in found.outcome.message
    last = found.verdicts[-1]
    assert not last.is_allowed and bench.interfaces == []
    # Given back, all is well at the next look.
    bench.permit(*ASKED)
    assert bench.connection(when)


def test_the_newer_description_does_as_well(bench: Bench) -> None:
    bench.on(cluster(bench))
    bench.permit("kafka:DescribeClusterV2", *ASKED[1:])
    assert bench.connection()
    verdicts = bench.look().verdicts[1:3]
    assert [(each.operation, each.is_allowed) for each in verdicts] == [
        ("DescribeCluster", False),
        ("DescribeClusterV2", True),
    ]


def test_trust_is_asked_at_each_look(bench: Bench) -> None:
    bench.permit(*ASKED)
    bench.on(cluster(bench))
    assert bench.connection()
    nobody = json.dumps({**TRUST, "Statement": {**TRUST["Statement"], "Effect": "Deny"}})  # type: ignore[dict-item]
    iam = bench.endpoint.client("iam")
    iam.update_assume_role_policy(RoleName="orders", PolicyDocument=nobody)
    assert bench.outcome() == findings.NotAssumed()
    iam.delete_role_policy(RoleName="orders", PolicyName="given")
    iam.delete_role(RoleName="orders")
    assert bench.outcome() == findings.NotAssumed()


def test_a_session_is_used_on_until_something_is_denied(bench: Bench) -> None:
    bench.permit(*ASKED)
    bench.on(cluster(bench))

    def session() -> str:
        return bench.roles.for_trigger(ARN, bench.role).access_key

    assert bench.connection()
    first = session()
    bench.endpoint.clock.advance(seconds=30)
    assert bench.connection() and session() == first
    # As AWS's console revokes sessions: by the time they were issued.
    now = datetime.fromtimestamp(bench.endpoint.clock.now_ms() / 1000, UTC)
    moment = {"aws:TokenIssueTime": now.isoformat().replace("+00:00", "Z")}
    condition = {"DateLessThan": moment}
    denied = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}
    document = json.dumps({"Version": "2012-10-17", "Statement": [denied]})
    iam = bench.endpoint.client("iam")
    iam.put_role_policy(RoleName="orders", PolicyName="revoked", PolicyDocument=document)
    bench.endpoint.clock.advance(seconds=1)
    assert isinstance(bench.outcome(), Denied)
    assert bench.connection() and session() != first


def test_a_role_made_again_is_another_one(bench: Bench) -> None:
    bench.permit(*ASKED)
    bench.on(cluster(bench, {"Sasl": {"Iam": {"Enabled": True}}}))
    before = bench.connection()
    assert bench.connection() == before
    iam = bench.endpoint.client("iam")
    iam.delete_role_policy(RoleName="orders", PolicyName="given")
    iam.delete_role(RoleName="orders")
    bench.endpoint.role("orders", trust=TRUST)
    bench.permit(*ASKED)
    # Brokers know it no more by the tokens of the one before: it logs in anew.
    assert bench.connection().login != before.login


def test_its_sessions_are_named_like_codes_but_carry_no_function(bench: Bench) -> None:
    bench.permit("iam:ListUsers")
    bench.calls.assume()
    who = bench.calls.call("sts", "GetCallerIdentity", {})["Arn"]
    assert who == "arn:aws:sts::000000000000:assumed-role/orders/orders"
    statements: list[dict[str, Any]] = [
        {"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*"}
    ]
    for condition_key in ("lambda:SourceFunctionArn", "aws:SourceIp", "aws:UserAgent"):
        is_there = {"Null": {condition_key: "false"}}
        statements.append({"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": is_there})
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam = bench.endpoint.client("iam")
    iam.put_role_policy(RoleName="orders", PolicyName="given", PolicyDocument=document)
    assert bench.calls.call("iam", "ListUsers", {})["Users"] == []


def test_silence_is_no_denial(bench: Bench) -> None:
    bench.permit(*ASKED)
    bench.on(cluster(bench))
    bench.is_there = False
    assert bench.outcome() == findings.Unreachable("nobody answers")
    assert bench.look().verdicts == ()


def test_a_cluster_that_is_gone_or_has_no_brokers(bench: Bench) -> None:
    bench.permit(*ASKED)
    bench.on(NOWHERE)
    assert bench.outcome() == findings.SourceGone(NOWHERE)
    arn = created(bench.endpoint, "young")
    bench.on(arn)
    assert bench.outcome() == findings.SourceNotActive(arn, "CREATING")
    arn = cluster(bench)
    stated(bench.endpoint, arn, "HEALING", "a node is away")
    bench.on(arn)
    assert bench.connection()


def test_a_closed_port_is_told_at_the_end(bench: Bench) -> None:
    bench.permit(*ASKED)
    arn = cluster(bench)
    bench.on(arn)
    ec2 = bench.endpoint.client("ec2")
    group = ec2.describe_security_groups()["SecurityGroups"][0]
    rules = {"GroupId": group["GroupId"], "IpPermissions": group["IpPermissions"]}
    ec2.revoke_security_group_ingress(**rules)
    found = bench.look(When.START)
    outcome = found.outcome
    assert isinstance(outcome, findings.PortClosed) and outcome.port == 9094
    assert "no inbound rule" in outcome.reason and group["GroupId"] in outcome.reason
    assert found.interface_ids == tuple(each["NetworkInterfaceId"] for each in bench.interfaces)

    itself = [{"GroupId": group["GroupId"]}]
    only = {"IpProtocol": "tcp", "FromPort": 9094, "ToPort": 9094, "UserIdGroupPairs": itself}
    ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[only])
    assert bench.connection()
    blocks = [{"CidrIp": "172.31.0.0/16"}]
    ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[only])
    only = {"IpProtocol": "-1", "IpRanges": blocks}
    ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[only])
    assert bench.connection()


@pytest.mark.parametrize(
    ("kind", "mechanism"),
    [
        ("BASIC_AUTH", "PLAIN"),
        ("SASL_SCRAM_256_AUTH", "SCRAM-SHA-256"),
        ("SASL_SCRAM_512_AUTH", "SCRAM-SHA-512"),
    ],
)
def test_ones_own_kafka_by_password(bench: Bench, kind: str, mechanism: findings.Mechanism) -> None:
    bench.permit("secretsmanager:GetSecretValue")
    bench.own(Access(kind, bench.secret({"username": "a", "password": "alice-secret"})))
    connection = bench.connection()
    assert connection.bootstrap_servers == ("kafka:9092", "other:9092")
    assert connection.is_tls
    assert connection.login == findings.Password(mechanism, "a", "alice-secret")


def test_ones_own_kafka_without_any_secret_is_plaintext(bench: Bench) -> None:
    bench.own()
    connection = bench.connection()
    assert not connection.is_tls and connection.login == findings.Anonymous()


def test_ones_own_authority_makes_it_tls(bench: Bench) -> None:
    bench.permit("secretsmanager:GetSecretValue")
    endpoint = bench.endpoint
    pem = authority.certificate(endpoint.databases.state, endpoint.vault, endpoint.clock)
    bench.own(Access("SERVER_ROOT_CA_CERTIFICATE", bench.secret({"certificate": pem})))
    connection = bench.connection()
    assert connection.is_tls and connection.authority == pem
    assert connection.login == findings.Anonymous()


def test_secrets_are_read_as_the_role_and_through_its_key(bench: Bench) -> None:
    key = bench.endpoint.client("kms").create_key()["KeyMetadata"]["Arn"]
    arn = bench.secret({"username": "a", "password": "alice-secret"}, KmsKeyId=key)
    bench.own(Access("BASIC_AUTH", arn))
    outcome = bench.outcome()
    assert isinstance(outcome, findings.SecretUnreadable) and outcome.arn == arn
    assert "secretsmanager:GetSecretValue" in outcome.message
    bench.permit("secretsmanager:GetSecretValue")
    outcome = bench.outcome()
    assert outcome == findings.SecretUnreadable(arn, "Access to KMS is not allowed")
    bench.permit("secretsmanager:GetSecretValue", "kms:Decrypt")
    assert bench.connection()


@pytest.mark.parametrize(
    "value",
    [
        *("", "[", "[" * 5000, "null", ["a"]),
        *({"username": "a"}, {"username": 1, "password": "p"}, {"username": "a", "password": ""}),
    ],
)
def test_a_secret_of_another_form(bench: Bench, value: Any) -> None:
    bench.permit("secretsmanager:GetSecretValue")
    arn = bench.secret(value or "x")
    bench.own(Access("BASIC_AUTH", arn))
    assert bench.outcome() == findings.SecretMalformed(arn, "BASIC_AUTH")


@pytest.mark.parametrize("text", ["", "MA==", "\ud800"])
def test_a_certificate_that_is_none(bench: Bench, text: str) -> None:
    bench.permit("secretsmanager:GetSecretValue")
    pem = f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"
    arn = bench.secret(json.dumps({"certificate": pem}))
    bench.own(Access("SERVER_ROOT_CA_CERTIFICATE", arn))
    assert bench.outcome() == findings.SecretMalformed(arn, "SERVER_ROOT_CA_CERTIFICATE")


def test_the_plan_names_each_of_the_eleven_actions() -> None:
    needed = plan.needs(is_msk=True, has_network=True, has_secrets=False, is_iam=False)
    named = {step.action for when in When for step in plan.steps(when, needed)}
    logs = {f"logs:{name}" for name in ("CreateLogGroup", "CreateLogStream", "PutLogEvents")}
    assert named == {"sts:AssumeRole", *ASKED, DELETING, *logs}


def test_iam_access_control_needs_what_the_managed_policy_lacks() -> None:
    needed = plan.needs(is_msk=True, has_network=True, has_secrets=False, is_iam=True)
    asked = [step.action for step in plan.steps(When.CONNECT, needed)]
    assert asked[0] == "kafka-cluster:Connect"
    assert set(asked[1:]) == {
        f"kafka-cluster:{name}"
        for name in ("DescribeTopic", "ReadData", "DescribeGroup", "AlterGroup")
    }
