"""MSK's four example policies: the simulation says what becomes of the real calls."""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from tests.unit.operations.asserting import allow, refused
from tests.unit.operations.kafka.asserting import running
from tests.unit.operations.organizations.organized import (
    SCP,
    account,
    organized,
    policy,
    within,
)

from sluicegate.access import Ask, principals
from sluicegate.access.authorize import Authority
from sluicegate.access.memory import EpochMemory
from sluicegate.access.record import Occasion
from sluicegate.errors import AccessDenied
from sluicegate.store import identities, tags
from sluicegate.store.decisions import DecisionLog
from sluicegate.store.identities import Kind
from sluicegate.testing import Endpoint, Member

ACCOUNT = "000000000000"
CASES = Path(__file__).parents[3] / "cases" / "iam"
DENIALS = {"AccessDenied", "AccessDeniedException"}


def example(name: str, **replaced: str) -> dict[str, Any]:
    """One of MSK's examples, in this account and with these names of its own."""
    text = json.dumps(json.loads((CASES / "examples.json").read_text())[name])
    for old, new in {"111122223333": ACCOUNT, **replaced}.items():
        text = text.replace(old, new)
    return {"Version": "2012-10-17", "Statement": json.loads(text)}


def simulated(
    endpoint: Endpoint, who: Member, action: str, resource: str, context: Mapping[str, str] = {}
) -> str:
    answer = endpoint.client("iam").simulate_principal_policy(
        PolicySourceArn=who.arn,
        ActionNames=[action],
        ResourceArns=[resource],
        ContextEntries=[
            {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
            for key, value in context.items()
        ],
    )
    (result,) = answer["EvaluationResults"]
    verdict: str = result["EvalDecision"]
    return verdict


def really(who: Member, action: str, params: Mapping[str, Any]) -> str:
    """What becomes of a call by this action; what it asks of other services is another question."""
    service, _, name = action.partition(":")
    try:
        getattr(who.client(service), xform_name(name))(**params)
    except ClientError as refusal:
        error = refusal.response["Error"]
        if error["Code"] in DENIALS and f"perform: {action} on" in error["Message"]:
            return "explicitDeny" if "explicit deny" in error["Message"] else "implicitDeny"
    return "allowed"


def verdicts(
    endpoint: Endpoint,
    who: Member,
    calls: Iterator[tuple[str, str, Mapping[str, Any]]],
    context: Mapping[str, str] = {},
) -> dict[str, str]:
    """What the simulation says of each call, which is what happens to it."""
    said = {}
    for action, resource, params in calls:
        said[action] = simulated(endpoint, who, action, resource, context)
        assert really(who, action, params) == said[action], action
    return said


def of_cluster(arn: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    by_arn = {"ClusterArn": arn}
    yield "kafka:DescribeCluster", arn, by_arn
    yield "kafka:DescribeClusterV2", arn, by_arn
    yield "kafka:GetBootstrapBrokers", arn, by_arn
    yield "kafka:ListScramSecrets", arn, by_arn
    yield "kafka:ListClusters", "*", {}
    yield "kafka:UpdateSecurity", arn, by_arn | {"CurrentVersion": "K1"}
    yield "kafka:RebootBroker", arn, by_arn | {"BrokerIds": ["1"]}
    yield "kafka:TagResource", arn, {"ResourceArn": arn, "Tags": {"a": "b"}}
    yield "kafka:DeleteCluster", arn, by_arn


ALLOWED_OF_A_CLUSTER = {
    "kafka:DescribeCluster",
    "kafka:DescribeClusterV2",
    "kafka:GetBootstrapBrokers",
    "kafka:ListScramSecrets",
    "kafka:UpdateSecurity",
}


def allowed(said: Mapping[str, str]) -> set[str]:
    return {action for action, verdict in said.items() if verdict == "allowed"}


def test_one_cluster(endpoint: Endpoint) -> None:
    mine, other = running(endpoint, "mine"), running(endpoint, "other")
    theirs = "arn:aws:kafka:us-east-1:000000000000:cluster/purchaseQueriesCluster/1-2"
    alice = endpoint.user("alice", policy=example("one cluster", **{theirs: mine}))
    assert allowed(verdicts(endpoint, alice, of_cluster(mine))) == ALLOWED_OF_A_CLUSTER
    assert allowed(verdicts(endpoint, alice, of_cluster(other))) == set()


@pytest.mark.parametrize(("owner", "is_hers"), [("alice", True), ("bob", False)])
def test_clusters_by_tag(endpoint: Endpoint, owner: str, is_hers: bool) -> None:
    arn = running(endpoint, "mine", Tags={"Owner": owner})
    alice = endpoint.user("alice", policy=example("by tag"))
    said = verdicts(endpoint, alice, of_cluster(arn), {"aws:ResourceTag/Owner": owner})
    expected = ALLOWED_OF_A_CLUSTER | {"kafka:DeleteCluster"} if is_hers else set()
    assert allowed(said) == expected


def test_a_tag_nobody_told_of_is_named(endpoint: Endpoint) -> None:
    arn = running(endpoint, "mine", Tags={"Owner": "alice"})
    alice = endpoint.user("alice", policy=example("by tag"))
    (result,) = endpoint.client("iam").simulate_principal_policy(
        PolicySourceArn=alice.arn, ActionNames=["kafka:DescribeCluster"], ResourceArns=[arn]
    )["EvaluationResults"]
    assert result["EvalDecision"] == "implicitDeny"
    assert result["MissingContextValues"] == ["aws:ResourceTag/Owner"]


def test_own_permissions(endpoint: Endpoint) -> None:
    alice = endpoint.user("alice", policy=example("own permissions"))
    bob = endpoint.user("bob")
    expected = {"GetUser", "ListGroupsForUser", "ListAttachedUserPolicies", "ListUserPolicies"}
    for who, is_own in ((alice, True), (bob, False)):
        name = {"UserName": who.arn.rpartition("/")[2]}
        calls = [(f"iam:{each}", who.arn, name) for each in (*sorted(expected), "DeleteUser")]
        said = verdicts(endpoint, alice, iter(calls))
        assert allowed(said) == ({f"iam:{each}" for each in expected} if is_own else set())
    lists = ("iam:ListUsers", "iam:ListPolicies", "iam:ListRoles")
    said = verdicts(endpoint, alice, ((each, "*", {}) for each in lists))
    assert allowed(said) == {"iam:ListUsers", "iam:ListPolicies"}


def test_the_data_plane(endpoint: Endpoint) -> None:
    alice = endpoint.user("alice", policy=example("data plane"))
    kafka = f"arn:aws:kafka:us-east-1:{ACCOUNT}"
    cluster, topic = f"{kafka}:cluster/MyTestCluster/1-2", f"{kafka}:topic/MyTestCluster/1-2/t"
    asked = [
        ("kafka-cluster:Connect", cluster),
        ("kafka-cluster:AlterGroup", f"{kafka}:group/MyTestCluster/1-2/g"),
        ("kafka-cluster:CreateTopic", topic),
        ("kafka-cluster:ReadData", topic),
        ("kafka-cluster:ReadData", f"{kafka}:topic/Another/1-2/t"),
        ("kafka-cluster:Connect", topic),
        ("kafka-cluster:DeleteGroup", f"{kafka}:group/MyTestCluster/1-2/g"),
    ]
    with closing(DecisionLog(endpoint.databases.decisions)) as log:
        authority = Authority(endpoint.databases.state, EpochMemory(), log)
        with endpoint.databases.state.read() as tx:
            user = identities.find(tx, Kind.USER, ACCOUNT, "alice")
            assert user is not None
            caller = principals.user(user, "", tags.of(tx, user.id))
        said = []
        for action, resource in asked:
            try:
                occasion = Occasion("us-east-1", "", 0, {})
                authority.authorize(caller, [Ask(action, resource)], occasion)
                said.append("allowed")
            except AccessDenied:
                said.append("implicitDeny")
    assert said == ["allowed"] * 4 + ["implicitDeny"] * 3
    assert said == [simulated(endpoint, alice, action, resource) for action, resource in asked]


def test_a_session_of_a_role_with_tags_and_a_boundary(endpoint: Endpoint) -> None:
    alice = endpoint.user(
        "alice",
        policy={
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "sts:*", "Resource": "*"}],
        },
    )
    everything = {"Effect": "Allow", "Action": "kafka:*", "Resource": "*"}
    condition = {"StringEquals": {"aws:PrincipalTag/team": "a"}}
    trust = {"Effect": "Allow", "Principal": {"AWS": alice.arn}, "Action": "sts:AssumeRole"}
    role = endpoint.role(
        "reader",
        trust={"Version": "2012-10-17", "Statement": [trust]},
        policy={"Version": "2012-10-17", "Statement": [everything | {"Condition": condition}]},
    )
    iam = endpoint.client("iam")
    iam.tag_role(RoleName="reader", Tags=[{"Key": "team", "Value": "a"}])
    limit = {"Effect": "Allow", "Action": ["kafka:List*"], "Resource": "*"}
    boundary = iam.create_policy(
        PolicyName="limit",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [limit]}),
    )["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName="reader", PermissionsBoundary=boundary)
    session = endpoint.session(alice, role)
    of_role = Member(endpoint, role, session.credentials)
    calls = [
        ("kafka:ListClusters", "*", {}),
        ("kafka:CreateConfiguration", "*", {"Name": "a", "ServerProperties": b""}),
    ]
    assert verdicts(endpoint, of_role, iter(calls)) == {
        "kafka:ListClusters": "allowed",
        "kafka:CreateConfiguration": "implicitDeny",
    }


def test_what_an_organization_does_not_let_an_account_do_is_simulated_too(
    endpoint: Endpoint,
) -> None:
    root = organized(endpoint, SCP)
    number = account(endpoint)
    member = within(endpoint, number)
    alice = member.user("alice", policy=allow("kafka:*"))

    def simulated(**params: Any) -> tuple[str, bool]:
        answer = member.client("iam").simulate_principal_policy(
            PolicySourceArn=alice.arn, ActionNames=["kafka:ListClusters"], **params
        )
        (result,) = answer["EvaluationResults"]
        of_organization = result["OrganizationsDecisionDetail"]["AllowedByOrganizations"]
        return result["EvalDecision"], of_organization

    assert simulated() == ("allowed", True)
    alice.client("kafka").list_clusters()
    deny = policy(endpoint, "Deny", "kafka:*")
    endpoint.client("organizations").attach_policy(PolicyId=deny, TargetId=root)
    assert simulated() == ("explicitDeny", False)
    code, message = refused(alice.client("kafka").list_clusters, status=403)
    assert code == "AccessDeniedException" and "service control policy" in message
    assert simulated(PolicyExclusionList=[{"PolicyType": "scp"}]) == ("allowed", True)
