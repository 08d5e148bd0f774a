"""An examined trigger's permissions: each action that lacks is named, with the least to add."""

import json

import pytest
from tests.unit.api.watched import asked
from tests.unit.operations.asserting import allow
from tests.unit.operations.doctor.diagnosing import READING, V2, Trigger
from tests.unit.operations.kafka.asserting import IAM_ONLY
from tests.unit.operations.lambda_.mapping_asserting import (
    ELEVEN,
    distrust,
    permit,
)
from tests.unit.operations.organizations.organized import (
    SCP,
    account,
    organized,
    policy,
    policy_arn,
    within,
)

from sluicegate.testing import Endpoint

CHECKS = {
    "kafka": "cluster",
    "ec2": "network",
    "logs": "logs",
    "secretsmanager": "secret",
    "kms": "secret",
}
"""The check that finds an action lacking, by its service."""


def check_of(action: str) -> str:
    return "interfaces" if action == "ec2:DeleteNetworkInterface" else CHECKS[action.split(":")[0]]


def test_of_a_trigger_that_works_nothing_is_wrong_and_every_step_is_told(
    endpoint: Endpoint,
) -> None:
    found = Trigger(endpoint).examined()
    assert found.wrong == [] and found.document["statements"] == []
    assert list(found.verdicts) == [
        *("trust", "cluster", "network", "route", "brokers", "login", "topic", "group"),
        *("function", "logs", "interfaces"),
    ]
    asked_for = [
        permission["action"]
        for check in found.document["checks"]
        for permission in check["permissions"]
    ]
    assert set(asked_for) == {"sts:AssumeRole", *ELEVEN}
    assert found.verdicts["route"] == "note" and "NAT gateway" in found.what("route")


@pytest.mark.parametrize("action", [*ELEVEN, *READING])
def test_an_action_that_lacks_is_named_with_the_least_to_add_which_mends_it(
    endpoint: Endpoint, action: str
) -> None:
    trigger = Trigger(endpoint, has_login=action in READING)
    permit(endpoint, *[each for each in (*ELEVEN, *READING) if each != action])
    found = trigger.examined()
    assert [each for each in found.wrong if each != "users"] == [check_of(action)]
    denied = found.denied(check_of(action))
    assert {each["action"] for each in denied} == {action}
    for each in denied:
        assert each["by"] == "no identity-based policy allows it"
        assert each["add"] == {"Effect": "Allow", "Action": action, "Resource": each["resource"]}
        assert each["add_to"] == "a policy of the role"
        explained = endpoint.client("iam-toolbox").get_request_authorization_details(
            authorizationId=each["id"]
        )
        assert explained["evaluations"][0]["action"] == action
        # What was refused inside of a call that was made is no mere question.
        is_called = action == "kms:Decrypt"
        assert ("sluicegate:Examined" in explained["requestContext"]) is not is_called
    is_less = action.startswith("logs:") or action == "ec2:DeleteNetworkInterface"
    assert found.verdicts[check_of(action)] == ("warning" if is_less else "problem")

    added = {"Version": "2012-10-17", "Statement": found.document["statements"]}
    endpoint.client("iam").put_role_policy(
        RoleName="worker", PolicyName="added", PolicyDocument=json.dumps(added)
    )
    found = trigger.examined()
    assert [each for each in found.wrong if each != "users"] == []


def test_all_that_lacks_is_found_at_once_and_one_policy_mends_it(endpoint: Endpoint) -> None:
    trigger = Trigger(endpoint, has_login=True)
    permit(endpoint, "sts:GetCallerIdentity")
    found = trigger.examined()
    lacking = {
        each["action"]
        for name in ("cluster", "network", "secret", "logs", "interfaces")
        for each in found.denied(name)
    }
    assert lacking == {*ELEVEN, *READING}
    added = {"Version": "2012-10-17", "Statement": found.document["statements"]}
    endpoint.client("iam").put_role_policy(
        RoleName="worker", PolicyName="given", PolicyDocument=json.dumps(added)
    )
    assert trigger.examined().wrong == ["users"]


def test_the_trust_policy_is_judged_and_all_else_too(endpoint: Endpoint) -> None:
    trigger = Trigger(endpoint)
    distrust(endpoint)
    permit(endpoint, *[each for each in ELEVEN if each != "ec2:DescribeVpcs"])
    found = trigger.examined()
    assert found.wrong == ["trust", "network"]
    (denied,) = found.denied("trust")
    assert denied["add_to"] == "the trust policy of the role"
    assert denied["add"]["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert "may not assume the role" in found.what("trust")


def test_a_role_or_a_function_that_is_gone_ends_it(endpoint: Endpoint) -> None:
    trigger = Trigger(endpoint)
    iam = endpoint.client("iam")
    iam.delete_role_policy(RoleName="worker", PolicyName="given")
    iam.delete_role(RoleName="worker")
    found = trigger.examined()
    assert found.verdicts == {"trust": "problem"} and "there is no role" in found.what("trust")
    endpoint.client("lambda").delete_function(FunctionName="orders")
    found = trigger.examined()
    assert found.verdicts == {"function": "problem"} and "is gone" in found.what("function")


def test_either_way_to_describe_a_cluster_is_enough_here(endpoint: Endpoint) -> None:
    trigger = Trigger(endpoint)
    permit(endpoint, *ELEVEN)
    found = trigger.examined()
    assert found.wrong == []
    notes = [each["what"] for each in found.document["checks"] if each["verdict"] == "note"]
    assert any("not for a serverless cluster" in note for note in notes)
    permit(endpoint, V2, *[each for each in ELEVEN if each != "kafka:DescribeCluster"])
    found = trigger.examined()
    assert found.wrong == []
    assert V2 in {each["action"] for each in found.check("cluster")["permissions"]}


def test_describing_networks_limited_to_an_arn_is_told_whether_it_matters_or_not(
    endpoint: Endpoint,
) -> None:
    trigger = Trigger(endpoint)
    limited = allow("ec2:Describe*", resource=trigger.cluster)
    endpoint.client("iam").put_role_policy(
        RoleName="worker", PolicyName="limited", PolicyDocument=json.dumps(limited)
    )
    found = trigger.examined()
    assert found.wrong == [] and "grants nothing" in found.what("network")
    permit(endpoint, *[each for each in ELEVEN if not each.startswith("ec2:Describe")])
    found = trigger.examined()
    assert found.wrong == ["network"] and "grants nothing" in found.what("network")
    (near,) = found.denied("network")[0]["near"]
    assert near == (
        "statement 1 of arn:aws:iam::000000000000:role/worker#limited allows it only on "
        f"{trigger.cluster}"
    )


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (
            {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
            "asks for aws:SourceIp, which no call of a trigger can satisfy",
        ),
        (
            {"StringEquals": {"aws:PrincipalTag/team": "orders"}},
            "asks for aws:PrincipalTag/team, which the call does not have",
        ),
        (
            {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}},
            "asks for other values of aws:RequestedRegion",
        ),
    ],
)
def test_a_condition_that_does_not_hold_is_named(
    endpoint: Endpoint, condition: object, said: str
) -> None:
    trigger = Trigger(endpoint)
    policy = allow(*ELEVEN, Condition=condition, Sid="Guarded")
    endpoint.client("iam").put_role_policy(
        RoleName="worker", PolicyName="given", PolicyDocument=json.dumps(policy)
    )
    (near,) = trigger.examined().denied("cluster")[0]["near"]
    assert near == f"statement Guarded of arn:aws:iam::000000000000:role/worker#given {said}"


def test_what_an_organization_does_not_let_the_role_do_is_told_as_such(endpoint: Endpoint) -> None:
    root = organized(endpoint, SCP)
    trigger = Trigger(within(endpoint, account(endpoint)))
    assert trigger.examined().wrong == []
    deny = policy(endpoint, "Deny", "ec2:CreateNetworkInterface")
    organizations = endpoint.client("organizations")
    organizations.attach_policy(PolicyId=deny, TargetId=root)
    found = trigger.examined()
    assert found.wrong == ["network"] and found.document["statements"] == []
    by = {each["by"] for each in found.denied("network")}
    assert by == {f"denied by statement 1 of {policy_arn(endpoint, deny)}"}
    organizations.detach_policy(PolicyId=deny, TargetId=root)
    assert trigger.examined().wrong == []


def test_actions_that_no_service_has_are_told(endpoint: Endpoint) -> None:
    trigger = Trigger(endpoint)
    actions = ("kafka-cluster:Conect", "kafka:*", "KAFKA:describecluster", "sluicegate:GetStatus")
    endpoint.client("iam").put_role_policy(
        RoleName="worker", PolicyName="spelled", PolicyDocument=json.dumps(allow(*actions))
    )
    found = trigger.examined()
    assert found.wrong == [] and found.verdicts["policies"] == "note"
    assert found.what("policies") == (
        "arn:aws:iam::000000000000:role/worker#spelled names what no service has, and grants "
        "nothing by it: kafka-cluster:Conect"
    )


def test_a_deny_is_named_and_nothing_is_to_be_added(endpoint: Endpoint) -> None:
    trigger = Trigger(endpoint)
    policy = allow("ec2:DescribeSubnets", Sid="NoSubnets")
    policy["Statement"][0]["Effect"] = "Deny"
    endpoint.client("iam").put_role_policy(
        RoleName="worker", PolicyName="deny", PolicyDocument=json.dumps(policy)
    )
    found = trigger.examined()
    (denied,) = found.denied("network")
    assert denied["add"] == {} and found.document["statements"] == []
    assert denied["by"] == (
        "denied by statement NoSubnets of arn:aws:iam::000000000000:role/worker#deny"
    )


def test_with_iam_access_control_the_actions_of_the_brokers_are_the_next_step(
    endpoint: Endpoint,
) -> None:
    trigger = Trigger(endpoint, security={"ClientAuthentication": IAM_ONLY})
    iam = endpoint.client("iam")
    iam.put_role_policy(
        RoleName="worker", PolicyName="kafka", PolicyDocument=json.dumps(allow("kafka:*"))
    )
    found = trigger.examined()
    assert found.wrong == ["login", "topic", "group"]
    _, name, cluster_id = trigger.cluster.split("/")
    arn = "arn:aws:kafka:us-east-1:000000000000"
    assert [
        (each["action"], each["resource"])
        for check in ("login", "topic", "group")
        for each in found.denied(check)
    ] == [
        ("kafka-cluster:Connect", trigger.cluster),
        ("kafka-cluster:DescribeTopic", f"{arn}:topic/{name}/{cluster_id}/orders"),
        ("kafka-cluster:ReadData", f"{arn}:topic/{name}/{cluster_id}/orders"),
        ("kafka-cluster:DescribeGroup", f"{arn}:group/{name}/{cluster_id}/{trigger.id}"),
        ("kafka-cluster:AlterGroup", f"{arn}:group/{name}/{cluster_id}/{trigger.id}"),
    ]
    assert "not even kafka:*" in found.what("login")
    permit(endpoint, *ELEVEN, "kafka-cluster:*")
    assert trigger.examined().wrong == []


def test_what_the_cluster_s_own_policy_gives_and_takes_is_judged_too(endpoint: Endpoint) -> None:
    trigger = Trigger(endpoint, security={"ClientAuthentication": IAM_ONLY})
    kafka, cluster = endpoint.client("kafka"), {"ClusterArn": trigger.cluster}
    role = endpoint.client("iam").get_role(RoleName="worker")["Role"]["Arn"]
    parts = [
        trigger.cluster.replace(":cluster/", f":{kind}/") + "/*" for kind in ("topic", "group")
    ]
    resources = [trigger.cluster, *parts]
    giving = allow("kafka-cluster:*", resource=resources, Principal={"AWS": role})
    version = kafka.put_cluster_policy(**cluster, Policy=json.dumps(giving))["CurrentVersion"]
    assert trigger.examined().wrong == []
    taking = allow("kafka-cluster:ReadData", resource=parts, Principal="*")["Statement"][0]
    giving["Statement"].append(taking | {"Effect": "Deny"})
    kafka.put_cluster_policy(**cluster, Policy=json.dumps(giving), CurrentVersion=version)
    (denied,) = trigger.examined().denied("topic")
    assert denied["action"] == "kafka-cluster:ReadData"
    assert denied["by"] == f"denied by statement 2 of {trigger.cluster}"


def test_who_asks_needs_a_permission_and_sees_what_it_may(endpoint: Endpoint) -> None:
    trigger = Trigger(endpoint)
    alice = endpoint.user("alice")
    path = f"/sluicegate/diagnosis?mapping={trigger.id}"
    answer = asked(endpoint, path, alice.credentials)
    assert answer.status == 403 and b"sluicegate:GetDiagnosis" in answer.body
    bob = endpoint.user("bob", policy=allow("sluicegate:GetDiagnosis"))
    found = trigger.examined(signer=bob.credentials)
    # All is the role's to see, who may see it.
    assert found.wrong == []
    permit(endpoint, *[each for each in ELEVEN if each != "kafka:DescribeCluster"])
    found = trigger.examined(signer=bob.credentials)
    assert found.wrong == ["cluster"]
    assert "user/bob is not authorized to perform: kafka:DescribeCluster" in found.what("network")
    assert found.verdicts["network"] == found.verdicts["brokers"] == "not reached"
