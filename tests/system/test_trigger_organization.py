"""A trigger in an account of an organization: what is denied above its role stops it too."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sluicegate.wire.client import Credentials

from .kafka_user import new_cluster
from .server import Server
from .trigger_user import HEALS_SECONDS, Stage, Trigger

pytestmark = [pytest.mark.brokers, pytest.mark.alongside]

SCP = "SERVICE_CONTROL_POLICY"


class AccountServer(Server):
    """A server as an account has it: the account's administrator in the place of root."""

    administrator: Credentials | None = None

    def root(self) -> Credentials:
        return self.administrator or super().root()


def allowing(action: str) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def a_user(iam: Any, action: str) -> Credentials:
    """The key of a new user who may do `action`."""
    iam.create_user(UserName="user")
    iam.put_user_policy(UserName="user", PolicyName="given", PolicyDocument=allowing(action))
    key = iam.create_access_key(UserName="user")["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


def entered(server: Server, account: str) -> Credentials:
    """The key of an administrator of an account, made by who comes in by the account's role."""
    visitor = a_user(server.client("iam"), "sts:AssumeRole")
    given = server.client("sts", visitor).assume_role(
        RoleArn=f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole",
        RoleSessionName="visit",
    )["Credentials"]
    names = "AccessKeyId", "SecretAccessKey", "SessionToken"
    return a_user(server.client("iam", Credentials(*(given[name] for name in names))), "*")


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccountServer]:
    made = AccountServer(tmp_path_factory.mktemp("organization") / "state")
    with made:
        yield made


def test_a_service_control_policy_stops_a_trigger_until_it_is_detached(
    server: AccountServer,
) -> None:
    organizations = server.client("organizations")
    organizations.create_organization()
    root = organizations.list_roots()["Roots"][0]["Id"]
    organizations.enable_policy_type(RootId=root, PolicyType=SCP)
    made = organizations.create_account(AccountName="team", Email="team@example.com")
    account = made["CreateAccountStatus"]["AccountId"]
    server.administrator = entered(server, account)

    stage = Stage(server, new_cluster(server))
    assert f":{account}:cluster/" in stage.cluster
    trigger = stage.trigger("limited")
    handled = more(trigger, 0)

    content = allowing("kafka:DescribeCluster*").replace("Allow", "Deny")
    policy = organizations.create_policy(
        Name="no-clusters", Description="", Type=SCP, Content=content
    )["Policy"]["PolicySummary"]["Id"]
    at_root = {"PolicyId": policy, "TargetId": root}
    organizations.attach_policy(**at_root)
    trigger.until_problem("kafka:DescribeCluster")
    assert trigger.shown()["StateTransitionReason"] == "EVENT_SOURCE_AUTHZ_ERROR"
    organizations.detach_policy(**at_root)
    trigger.until_ok()
    more(trigger, handled)


def more(trigger: Trigger, handled: int) -> int:
    """Produce some records and wait until they are handled; how many are by then."""
    trigger.stage.produce(trigger.topic, range(20), 1)
    trigger.until_handled(handled + 20, HEALS_SECONDS)
    return handled + 20
