"""What an organization lets its accounts do: policies above everybody's own."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from tests.unit.operations.asserting import ACCOUNT, allow, refused
from tests.unit.operations.lambda_.asserting import made, role, trusting, with_code
from tests.unit.operations.lambda_.mapping_asserting import cluster, on_msk
from tests.unit.operations.organizations.organized import (
    FULL,
    RCP,
    ROLE,
    SCP,
    account,
    entered,
    organized,
    policy,
    policy_arn,
    within,
)

from sluicegate.access import principals
from sluicegate.access.authorize import Authority
from sluicegate.access.callers import Ask, Session
from sluicegate.access.memory import EpochMemory
from sluicegate.access.record import Occasion
from sluicegate.access.sessions import Sessions
from sluicegate.errors import AccessDenied
from sluicegate.store import epoch, identities
from sluicegate.store.database import Database, Tx
from sluicegate.store.decisions import DecisionLog
from sluicegate.testing import Endpoint, Member
from sluicegate.wire.client import Credentials

DENIED = "AccessDeniedException"


def denied(arn: str, action: str, uri: str, kind: str = "service control policy") -> str:
    return (
        f"User: {arn} is not authorized to perform: {action} on resource: * "
        f"with an explicit deny in a {kind}: {uri}"
    )


def missing(arn: str, action: str) -> str:
    return (
        f"User: {arn} is not authorized to perform: {action} on resource: * "
        f"because no service control policy allows the {action} action"
    )


@pytest.fixture
def root(endpoint: Endpoint) -> str:
    return organized(endpoint, SCP)


@pytest.fixture
def team(endpoint: Endpoint, root: str) -> Endpoint:
    assert root
    return within(endpoint, account(endpoint))


def test_a_deny_at_the_root_holds_for_everybody_below_until_it_is_detached(
    endpoint: Endpoint, root: str, team: Endpoint
) -> None:
    organizations = endpoint.client("organizations")
    alice = team.user("alice", policy=allow("*"))
    alice.client("kms").list_keys()
    denies = policy(endpoint, "Deny", "kms:List*")
    alice.client("kms").list_keys()
    organizations.attach_policy(PolicyId=denies, TargetId=root)
    uri = policy_arn(endpoint, denies)
    expected = (DENIED, denied(alice.arn, "kms:ListKeys", uri))
    assert refused(alice.client("kms").list_keys) == expected
    session = entered(endpoint, team.root.account)
    expected = (DENIED, denied(session.arn, "kms:ListKeys", uri))
    assert refused(session.client("kms").list_keys) == expected
    organizations.detach_policy(PolicyId=denies, TargetId=root)
    alice.client("kms").list_keys()
    session.client("kms").list_keys()


def test_every_level_must_allow(endpoint: Endpoint, root: str, team: Endpoint) -> None:
    organizations = endpoint.client("organizations")
    unit = organizations.create_organizational_unit(ParentId=root, Name="unit")
    unit_id = unit["OrganizationalUnit"]["Id"]
    alice = team.user("alice", policy=allow("*"))
    bob = team.user("bob", policy=allow("kms:*"))
    allows = policy(endpoint, "Allow", "logs:*")
    organizations.attach_policy(PolicyId=allows, TargetId=unit_id)
    organizations.detach_policy(PolicyId=FULL, TargetId=unit_id)
    alice.client("kms").list_keys()
    moved = {"AccountId": team.root.account, "SourceParentId": root}
    organizations.move_account(**moved, DestinationParentId=unit_id)
    assert refused(alice.client("kms").list_keys) == (DENIED, missing(alice.arn, "kms:ListKeys"))
    alice.client("logs").describe_log_groups()
    # What is allowed above gives nothing to whom his own policies do not.
    assert "no identity-based policy" in refused(bob.client("logs").describe_log_groups)[1]


def test_a_changed_policy_and_a_disabled_type_hold_at_the_next_request(
    endpoint: Endpoint, root: str, team: Endpoint
) -> None:
    organizations = endpoint.client("organizations")
    alice = team.user("alice", policy=allow("*"))
    denies = policy(endpoint, "Deny", "logs:*")
    organizations.attach_policy(PolicyId=denies, TargetId=team.root.account)
    alice.client("kms").list_keys()
    statement = {"Effect": "Deny", "Action": "kms:*", "Resource": "*"}
    content = json.dumps({"Version": "2012-10-17", "Statement": statement})
    organizations.update_policy(PolicyId=denies, Content=content)
    assert refused(alice.client("kms").list_keys)[0] == DENIED
    alice.client("logs").describe_log_groups()
    organizations.disable_policy_type(RootId=root, PolicyType=SCP)
    alice.client("kms").list_keys()
    organizations.enable_policy_type(RootId=root, PolicyType=SCP)
    alice.client("kms").list_keys()


def test_an_account_that_leaves_is_limited_no_more(
    endpoint: Endpoint, root: str, team: Endpoint
) -> None:
    organizations = endpoint.client("organizations")
    alice = team.user("alice", policy=allow("*"))
    organizations.attach_policy(PolicyId=policy(endpoint, "Deny", "kms:*"), TargetId=root)
    assert refused(alice.client("kms").list_keys)[0] == DENIED
    organizations.remove_account_from_organization(AccountId=team.root.account)
    alice.client("kms").list_keys()


def test_the_management_account_is_limited_by_nothing(endpoint: Endpoint, root: str) -> None:
    organizations = endpoint.client("organizations")
    alice = endpoint.user("alice", policy=allow("*"))
    denies = policy(endpoint, "Deny", "*")
    organizations.attach_policy(PolicyId=denies, TargetId=root)
    organizations.attach_policy(PolicyId=denies, TargetId=ACCOUNT)
    alice.client("kms").list_keys()
    endpoint.client("kms").list_keys()


def test_service_linked_roles_are_limited_by_nothing(
    endpoint: Endpoint, root: str, team: Endpoint
) -> None:
    team.client("iam").create_service_linked_role(AWSServiceName="kafka.amazonaws.com")
    linked = session_of(team, "AWSServiceRoleForKafka").client("ec2")
    denies = policy(endpoint, "Deny", "ec2:*")
    endpoint.client("organizations").attach_policy(PolicyId=denies, TargetId=root)
    linked.describe_network_interfaces()
    other = session_of(team, ROLE).client("ec2")
    assert "service control policy" in refused(other.describe_network_interfaces, status=403)[1]


def session_of(team: Endpoint, role_name: str) -> Member:
    """A session of a role that no client of ours may assume."""
    found = team.client("iam").get_role(RoleName=role_name)["Role"]
    now_ms = team.clock.now_ms()
    session = Session("session", now_ms, now_ms + 900_000)
    made = Sessions(team.vault).for_role(team.root.account, found["RoleId"], session)
    credentials = Credentials(made.access_key, made.secret_key, made.token)
    return Member(team, found["Arn"], credentials)


def test_the_execution_role_of_a_trigger_is_limited_too(
    endpoint: Endpoint, root: str, team: Endpoint
) -> None:
    arn = cluster(team)
    made(team, Role=role(team, "worker", "*"))
    denies = policy(endpoint, "Deny", "kafka:DescribeCluster*")
    organizations = endpoint.client("organizations")
    organizations.attach_policy(PolicyId=denies, TargetId=root)
    client = team.client("lambda")
    assert refused(client.create_event_source_mapping, **on_msk(arn)) == (
        "InvalidParameterValueException",
        "The provided execution role does not have permissions to call DescribeCluster on MSK",
    )
    organizations.detach_policy(PolicyId=denies, TargetId=root)
    assert client.create_event_source_mapping(**on_msk(arn))["State"] == "Creating"


def test_lambda_itself_is_limited_by_resource_control_policies_alone(
    endpoint: Endpoint, root: str, team: Endpoint
) -> None:
    organizations = endpoint.client("organizations")
    organizations.enable_policy_type(RootId=root, PolicyType=RCP)
    arn = cluster(team)
    made(team, Role=role(team, "worker", "*"))
    client = team.client("lambda")
    denies = policy(endpoint, "Deny", "sts:AssumeRole", kind=RCP)
    organizations.attach_policy(PolicyId=denies, TargetId=root)
    assert refused(client.create_event_source_mapping, **on_msk(arn)) == (
        "InvalidParameterValueException",
        "The role defined for the function cannot be assumed by Lambda.",
    )
    organizations.detach_policy(PolicyId=denies, TargetId=root)
    denies = policy(endpoint, "Deny", "sts:AssumeRole")
    organizations.attach_policy(PolicyId=denies, TargetId=root)
    assert client.create_event_source_mapping(**on_msk(arn))["State"] == "Creating"


def test_resource_control_policies_guard_what_is_in_an_account(
    endpoint: Endpoint, team: Endpoint, root: str
) -> None:
    organizations = endpoint.client("organizations")
    organizations.enable_policy_type(RootId=root, PolicyType=RCP)
    entered(endpoint, account(endpoint, "other"))
    outside = {"StringNotEquals": {"aws:PrincipalAccount": team.root.account}}
    denies = policy(endpoint, "Deny", "sts:AssumeRole", "kms:*", kind=RCP, Condition=outside)
    organizations.attach_policy(PolicyId=denies, TargetId=team.root.account)
    arn = f"arn:aws:iam::{team.root.account}:role/{ROLE}"
    bob = endpoint.user("bob", policy=allow("sts:AssumeRole"))
    assume = bob.client("sts").assume_role
    code, message = refused(assume, status=403, RoleArn=arn, RoleSessionName="session")
    assert code == "AccessDenied" and message.endswith(
        "with an explicit deny in a resource control policy: " + policy_arn(endpoint, denies, RCP)
    )
    team.client("kms").list_keys()
    # Neither MSK nor Lambda is a service whose resources they guard.
    everything = policy(endpoint, "Deny", "kafka:*", "kms:*", kind=RCP)
    organizations.attach_policy(PolicyId=everything, TargetId=root)
    team.client("kafka").list_clusters()
    assert "resource control policy" in refused(team.client("kms").list_keys)[1]


def test_some_things_no_resource_control_policy_guards(
    endpoint: Endpoint, root: str, team: Endpoint
) -> None:
    organizations = endpoint.client("organizations")
    organizations.enable_policy_type(RootId=root, PolicyType=RCP)
    kms, secrets = team.client("kms"), team.client("secretsmanager")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    grantee = {"GranteePrincipal": f"arn:aws:iam::{ACCOUNT}:root", "Operations": ["Encrypt"]}
    grant = kms.create_grant(KeyId=key, **grantee)["GrantId"]
    team.client("iam").create_service_linked_role(AWSServiceName="kafka.amazonaws.com")
    linked = session_of(team, "AWSServiceRoleForKafka").client("secretsmanager")
    denies = policy(endpoint, "Deny", "kms:*", "secretsmanager:List*", kind=RCP)
    organizations.attach_policy(PolicyId=denies, TargetId=root)
    assert "resource control policy" in refused(kms.encrypt, KeyId=key, Plaintext=b"x")[1]
    kms.retire_grant(KeyId=key, GrantId=grant)
    # With the AWS managed key.
    secrets.create_secret(Name="secret", SecretString="x")
    assert "resource control policy" in refused(secrets.list_secrets)[1]
    linked.list_secrets()


def test_a_role_may_trust_a_service_for_its_organization_alone(
    endpoint: Endpoint, root: str, team: Endpoint
) -> None:
    organization = endpoint.client("organizations").describe_organization()["Organization"]["Id"]
    assert root
    for name, of in (("own", organization), ("other", "o-otherother")):
        trust = trusting()
        trust["Statement"][0]["Condition"] = {"StringEquals": {"aws:SourceOrgID": of}}
        team.role(name, trust=trust, policy=allow("*"))
    arn = f"arn:aws:iam::{team.root.account}:role/"
    made(team, "own", Role=f"{arn}own")
    refusal = refused(team.client("lambda").create_function, **with_code(Role=f"{arn}other"))
    assert refusal[1] == "The role defined for the function cannot be assumed by Lambda."


def test_policies_know_the_organization(endpoint: Endpoint, root: str, team: Endpoint) -> None:
    organizations = endpoint.client("organizations")
    organization = organizations.describe_organization()["Organization"]["Id"]
    key = endpoint.client("kms").create_key()["KeyMetadata"]["Arn"]
    alice = team.user("alice", policy=allow("kms:*"))
    assert refused(alice.client("kms").describe_key, KeyId=key)[0] == DENIED
    for condition in (
        {"StringEquals": {"aws:PrincipalOrgID": organization}},
        {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{organization}/{root}/*"}},
        {"StringEquals": {"aws:ResourceOrgID": organization}},
    ):
        everybody = {"Principal": {"AWS": "*"}, "Condition": condition}
        own = {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
        document = allow("kms:*", **everybody)
        document["Statement"] += allow("kms:*", **own)["Statement"]
        endpoint.client("kms").put_key_policy(KeyId=key, Policy=json.dumps(document))
        alice.client("kms").describe_key(KeyId=key)


def test_the_details_of_a_decision_list_every_level(
    endpoint: Endpoint, root: str, team: Endpoint
) -> None:
    organizations = endpoint.client("organizations")
    alice = team.user("alice", policy=allow("*"))
    denies = policy(endpoint, "Deny", "kms:*", Sid="NoKeys")
    organizations.attach_policy(PolicyId=denies, TargetId=root)
    with pytest.raises(alice.client("kms").exceptions.ClientError) as caught:
        alice.client("kms").list_keys()
    headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
    asked = {"authorizationId": headers["x-sluicegate-authorization-id"]}
    details = team.client("iam-toolbox").get_request_authorization_details(**asked)
    # Every account of the organization is told, and no other.
    told = endpoint.client("iam-toolbox").get_request_authorization_details
    assert told(**asked)["evaluations"] == details["evaluations"]
    (evaluation,) = details["evaluations"]
    checks = [
        (check["checkType"], check["evaluatedEffect"], check["targetArn"])
        for check in evaluation["checks"]
    ]
    organization = organizations.describe_organization()["Organization"]["Id"]
    arn = f"arn:aws:organizations::{ACCOUNT}:"
    own = f"{arn}account/{organization}/{team.root.account}"
    assert checks == [
        (SCP, "EXPLICIT_DENY", f"{arn}root/{organization}/{root}"),
        (SCP, "ALLOW", own),
        ("PRINCIPAL", "ALLOW", alice.arn),
    ]
    policies = {each["uri"]: each for each in details["policies"]}
    full = policies["arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess"]
    assert [each["arn"] for each in full["attachedTo"]] == [checks[0][2], own]
    assert not policies[policy_arn(endpoint, denies)]["inline"]
    organizations.remove_account_from_organization(AccountId=team.root.account)
    assert refused(told, status=404, **asked)[0] == "ResourceNotFoundException"


class Counting(Database):
    """A database that counts how often it is looked into."""

    reads = 0

    @contextmanager
    def read(self) -> Iterator[Tx]:
        self.reads += 1
        with super().read() as tx:
            yield tx


def test_a_place_is_looked_up_once_an_epoch(endpoint: Endpoint, team: Endpoint) -> None:
    name = team.user("alice", policy=allow("*")).arn.rpartition("/")[2]
    state, memory = endpoint.databases.state, EpochMemory()
    with state.read() as tx:
        entity = identities.find(tx, identities.Kind.USER, team.root.account, name)
        memory.enter(epoch.current(tx))
    assert entity is not None
    caller, own = principals.user(entity, "AKIA", {}), Ask("kms:ListKeys", "*")
    theirs = Ask("kafka:DescribeCluster", f"arn:aws:kafka:us-east-1:{ACCOUNT}:cluster/a/b")
    occasion = Occasion("us-east-1", "request", endpoint.clock.now_ms(), {})
    log = DecisionLog(endpoint.databases.decisions)
    with closing(log), closing(Counting(state.url)) as counting:
        authority = Authority(counting, memory, log)
        for _ in range(3):
            authority.authorize(caller, [own], occasion)
            assert counting.reads == 1
        for _ in range(3):
            with pytest.raises(AccessDenied):
                authority.authorize(caller, [theirs], occasion)
            assert counting.reads == 2
