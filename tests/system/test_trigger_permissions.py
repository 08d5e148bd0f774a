"""Permissions taken from a running trigger and given back: it stops, says why, and catches up."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)

from tests.unit.operations.lambda_.mapping_asserting import ELEVEN

from .kafka_user import associate, new_cluster, new_secret
from .server import Server
from .trigger_user import HEALS_SECONDS, MANAGED, Stage, Trigger, allow
from .waiting import until
from .witness import Verdict

pytestmark = [pytest.mark.brokers, pytest.mark.alongside]

SECRET = ["secretsmanager:GetSecretValue", "kms:Decrypt"]
GRANTED = [*ELEVEN, *SECRET]
STOPPING = ["kafka:DescribeCluster", "kafka:GetBootstrapBrokers", "ec2:DescribeVpcs", SECRET[0]]
LOGGING = [action for action in ELEVEN if action.startswith("logs:")]


@pytest.fixture(scope="module")
def trigger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trigger]:
    """A trigger with a login, whose role has the eleven actions and what the secret needs."""
    with Server(tmp_path_factory.mktemp("permissions") / "state") as server:
        stage = Stage(server, new_cluster(server))
        secret, _ = new_secret(server, "guarded", "g")
        associate(server, stage.cluster, secret)
        stage.anybody.create_topic("guarded", 2)
        stage.function("guarded")
        stage.iam.detach_role_policy(RoleName="guarded", PolicyArn=MANAGED)
        access = [{"Type": "SASL_SCRAM_512_AUTH", "URI": secret}]
        with pytest.raises(ClientError) as refused:
            stage.mapping("guarded", "guarded", SourceAccessConfigurations=access)
        assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"
        stage.give("guarded", allow(GRANTED))
        yield stage.mapping("guarded", "guarded", SourceAccessConfigurations=access)


def more(trigger: Trigger, count: int = 20) -> int:
    """Produce so many more records; how many are to be handled then."""
    before = trigger.handled()
    trigger.stage.produce("guarded", range(count), 2)
    return before + count


def diagnosis(trigger: Trigger) -> dict[str, Any]:
    """What `sluicegate doctor` says of it, by check; its exit status says the same."""
    ended = trigger.stage.server.command("doctor", trigger.id, "-o", "json")
    document = json.loads(ended.stdout)
    assert ended.returncode == (1 if document["problems"] or document["warnings"] else 0)
    (mapping,) = document["mappings"]
    return {each["name"]: each for each in mapping["checks"]}


def wrong(checks: dict[str, Any]) -> list[str]:
    """The checks that found something."""
    return [name for name, each in checks.items() if each["verdict"] in ("problem", "warning")]


def denied(checks: dict[str, Any]) -> set[str]:
    """The actions that were denied."""
    permissions = [one for each in checks.values() for one in each["permissions"]]
    return {each["action"] for each in permissions if not each["is_allowed"]}


@pytest.mark.parametrize("action", STOPPING)
def test_without_one_action_it_stops_says_so_and_catches_up(trigger: Trigger, action: str) -> None:
    stage = trigger.stage
    trigger.until_handled(more(trigger))
    trigger.until_ok()
    left = [each for each in GRANTED if each != action]
    stage.give("guarded", allow(left))
    said = trigger.until_problem(action)
    assert "permission" in said or "Please ensure the role can perform" in said
    shown = trigger.shown()
    assert (shown["State"], shown["StateTransitionReason"]) == (
        "Enabled",
        "EVENT_SOURCE_AUTHZ_ERROR",
    )
    handled, group = trigger.handled(), trigger.group()
    stood = group.committed()
    wanted = more(trigger)
    # It is looked at again meanwhile, and found as it was.
    stage.give("guarded", allow([*left, "sqs:ListQueues"]))
    trigger.until_problem(action)
    assert trigger.handled() == handled and group.committed() == stood
    found = diagnosis(trigger)
    assert denied(found) == {action} and len(wrong(found)) == 1
    stage.give("guarded", allow(GRANTED))
    trigger.until_handled(wanted, HEALS_SECONDS)
    trigger.until_ok()
    assert trigger.shown()["StateTransitionReason"] == "USER_INITIATED"
    group.close()


def test_without_its_log_it_goes_on(trigger: Trigger) -> None:
    stage = trigger.stage
    left = [each for each in GRANTED if each not in LOGGING]
    stage.give("guarded", allow(left))
    trigger.until_handled(more(trigger))
    trigger.until_ok()
    found = diagnosis(trigger)
    assert wrong(found) == ["logs"] and denied(found) == set(LOGGING)
    stage.give("guarded", allow(GRANTED))
    found = diagnosis(trigger)
    assert wrong(found) == []
    assert found["login"]["what"] == "the brokers know User:guarded"


def test_a_role_that_trusts_lambda_no_more_stops_it(trigger: Trigger) -> None:
    stage = trigger.stage
    before = stage.iam.get_role(RoleName="guarded")["Role"]["AssumeRolePolicyDocument"]
    nobody = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    closed = json.dumps({"Version": "2012-10-17", "Statement": nobody})
    stage.iam.update_assume_role_policy(RoleName="guarded", PolicyDocument=closed)
    trigger.until_problem("Lambda failed to assume your function execution role.")
    assert trigger.shown()["StateTransitionReason"] == "EVENT_SOURCE_AUTHN_ERROR"
    wanted = more(trigger)
    stage.iam.update_assume_role_policy(RoleName="guarded", PolicyDocument=json.dumps(before))
    trigger.until_handled(wanted, HEALS_SECONDS)
    trigger.until_ok()


def test_acls_that_leave_its_user_out_are_told_as_such_and_not_as_policies(
    trigger: Trigger,
) -> None:
    trigger.until_ok()
    admin = trigger.stage.anybody.admin()
    which = ResourceType.TOPIC, "guarded", ResourcePatternType.LITERAL, "User:another", "*"
    how = AclOperation.READ, AclPermissionType.ALLOW
    for made in admin.create_acls([AclBinding(*which, *how)]).values():
        made.result(20)
    until(lambda: wrong(diagnosis(trigger)) == ["topic"], "the topic to be closed")
    told = diagnosis(trigger)["topic"]["what"]
    assert "do not let User:guarded DESCRIBE or READ topic guarded" in told
    # Who made them is nobody, and may unmake them: the cluster has no ACLs.
    for gone in admin.delete_acls([AclBindingFilter(*which, *how)]).values():
        gone.result(20)
    until(lambda: wrong(diagnosis(trigger)) == [], "the topic to be open")
    trigger.until_ok()


def test_a_secret_that_was_taken_from_the_cluster_is_told_with_who_did_it(
    trigger: Trigger,
) -> None:
    stage = trigger.stage
    (access,) = trigger.shown()["SourceAccessConfigurations"]
    secret = access["URI"]
    stage.server.client("kafka").batch_disassociate_scram_secret(
        ClusterArn=stage.cluster, SecretArnList=[secret]
    )
    until(lambda: "login" in wrong(diagnosis(trigger)), "the login to be refused")
    found = diagnosis(trigger)
    assert wrong(found) == ["users", "login"]
    assert "disassociated last by arn:aws:iam::000000000000:root" in found["users"]["what"]
    wanted = more(trigger)
    associate(stage.server, stage.cluster, secret)
    trigger.until_handled(wanted, HEALS_SECONDS)
    trigger.until_ok()
    assert wrong(diagnosis(trigger)) == []


def test_interfaces_it_may_not_delete_are_told_of_when_it_is_gone(trigger: Trigger) -> None:
    stage = trigger.stage
    stage.function("leaving")
    leaving = stage.mapping("leaving", "guarded")
    leaving.until_ok()
    stage.iam.detach_role_policy(RoleName="leaving", PolicyArn=MANAGED)
    stage.give("leaving", allow([each for each in ELEVEN if "Delete" not in each]))
    assert wrong(diagnosis(leaving)) == ["interfaces"]
    leaving.delete()
    (left,) = json.loads(stage.server.command("doctor", "-o", "json").stdout)["checks"]
    assert left["verdict"] == "warning" and leaving.id in left["what"]
    ec2 = stage.server.client("ec2")
    ec2.delete_network_interface(NetworkInterfaceId=left["next"].rpartition(" ")[2])
    ended = stage.server.command("doctor")
    assert ended.returncode == 0 and ended.stdout.endswith("\nno problems\n"), ended.stdout


def test_all_of_it_was_delivered_once_and_in_order(trigger: Trigger) -> None:
    """The last of this module: the whole history of its trigger."""
    ends = trigger.group().committed()
    until(lambda: trigger.handled() == sum(ends.values()), "all of it")
    written = {partition: range(end) for partition, end in ends.items()}
    assert trigger.judged(written) == Verdict()
