"""Permissions taken from a running trigger and given back: it stops, says why, and catches up."""

import json
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from tests.unit.operations.lambda_.mapping_asserting import ELEVEN

from .kafka_user import associate, new_cluster, new_secret
from .server import Server
from .trigger_user import HEALS_SECONDS, MANAGED, Stage, Trigger, allow
from .waiting import until
from .witness import Verdict

pytestmark = pytest.mark.brokers

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
    stage.give("guarded", allow(GRANTED))


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


def test_all_of_it_was_delivered_once_and_in_order(trigger: Trigger) -> None:
    """The last of this module: the whole history of its trigger."""
    ends = trigger.group().committed()
    until(lambda: trigger.handled() == sum(ends.values()), "all of it")
    written = {partition: range(end) for partition, end in ends.items()}
    assert trigger.judged(written) == Verdict()
