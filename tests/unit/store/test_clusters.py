"""Clusters, their nodes and their users: what operations want and what the keeper notes."""

from dataclasses import replace

import pytest

from sluicegate.store import (
    cluster_configurations,
    cluster_nodes,
    cluster_policies,
    clusters,
    epoch,
    scram_secrets,
)
from sluicegate.store.cluster_configurations import Configuration, Revision
from sluicegate.store.cluster_nodes import Node
from sluicegate.store.cluster_policies import ClusterPolicy
from sluicegate.store.clusters import Cluster, Security
from sluicegate.store.database import Conflict, Database
from sluicegate.store.scram_secrets import ScramSecret
from sluicegate.testing import Endpoint

IAM = Security(
    unauthenticated=False,
    scram=False,
    iam=True,
    tls=False,
    authority_arns=(),
    client_broker="TLS",
    in_cluster=True,
)
EVENTS = Cluster(
    id="a1b2-1",
    account="000000000000",
    region="us-east-1",
    name="events",
    creator_arn="arn:aws:iam::000000000000:root",
    created_ms=1,
    kafka_version="3.9.x",
    node_count=2,
    subnet_ids=("subnet-1", "subnet-2"),
    security_group_ids=("sg-1",),
    security=IAM,
    current_version="K13V1IB3VIYZZH",
    shown={"InstanceType": "kafka.m5.large"},
)
SECRET = ScramSecret("a1b2-1", "arn:secret", 0, 2, "arn:key", "grant")


@pytest.fixture
def database(endpoint: Endpoint) -> Database:
    """A state with one cluster in it."""
    with endpoint.databases.state.write() as tx:
        clusters.create(tx, EVENTS)
    return endpoint.databases.state


def test_a_cluster_is_read_as_it_was_made(database: Database) -> None:
    with database.read() as tx:
        assert clusters.find(tx, "a1b2-1") == EVENTS
        assert clusters.named(tx, EVENTS.account, EVENTS.region, "events") == EVENTS
        assert clusters.all_of(tx) == [EVENTS]


def test_a_name_is_taken_once(database: Database) -> None:
    with pytest.raises(Conflict), database.write() as tx:
        clusters.create(tx, replace(EVENTS, id="c3d4-1"))


def test_a_state_changes_from_the_states_it_may(database: Database) -> None:
    with database.write() as tx:
        assert not clusters.set_state(tx, "a1b2-1", {"ACTIVE"}, "HEALING")
        assert clusters.set_state(tx, "a1b2-1", {"CREATING"}, "FAILED", "No", "no address is free")
        found = clusters.find(tx, "a1b2-1")
    assert found is not None
    assert (found.state, found.state_code) == ("FAILED", "No")
    assert found.state_message == "no address is free"


def test_a_change_shows_as_updating_until_it_is_applied(database: Database) -> None:
    with database.write() as tx:
        clusters.set_state(tx, "a1b2-1", {"CREATING"}, "ACTIVE")
        clusters.set_applied(tx, "a1b2-1", 1)
        before = clusters.generation(tx)
        clusters.change(tx, replace(EVENTS, security=replace(IAM, scram=True), state="FAILED"))
        changed = clusters.find(tx, "a1b2-1")
        assert clusters.generation(tx) == before + 1
        clusters.set_applied(tx, "a1b2-1", 2)
        applied = clusters.find(tx, "a1b2-1")
    assert changed is not None
    assert (changed.state, changed.current_state) == ("ACTIVE", "UPDATING")
    assert applied is not None
    assert applied.current_state == "ACTIVE"


def test_a_cluster_is_removed_only_when_it_should_be_gone(database: Database) -> None:
    with database.write() as tx:
        scram_secrets.associate(tx, SECRET)
        cluster_nodes.place(tx, Node("a1b2-1", 1, "127.0.1.1", {"CLIENT_IAM": 9098}, "s", "UP", 3))
        assert not clusters.remove(tx, "a1b2-1")
        clusters.want_deleted(tx, "a1b2-1")
        found = clusters.find(tx, "a1b2-1")
        assert found is not None
        assert found.current_state == "DELETING"
        assert clusters.remove(tx, "a1b2-1")
        assert clusters.all_of(tx) == []
        assert cluster_nodes.all_of(tx) == []


def test_a_node_is_placed_anew(database: Database) -> None:
    first = Node("a1b2-1", 1, "127.0.1.1", {"CLIENT_IAM": 9098}, "subnet-1", "STARTING", 3)
    second = replace(first, address="127.0.1.2", state="RUNNING")
    with database.write() as tx:
        cluster_nodes.place(tx, first)
        cluster_nodes.place(tx, second)
        assert cluster_nodes.nodes_of(tx, "a1b2-1") == [second]
        cluster_nodes.set_state(tx, "a1b2-1", 1, "STOPPED")
        assert cluster_nodes.nodes_of(tx, "a1b2-1") == [replace(second, state="STOPPED")]


def test_each_change_of_a_policy_moves_the_permissions(database: Database) -> None:
    first, second = (ClusterPolicy("a1b2-1", "{}", version) for version in ("K1", "K2"))
    with database.write() as tx:
        seen = [epoch.current(tx)]
        assert not cluster_policies.delete(tx, "a1b2-1")
        assert epoch.current(tx) == seen[0]
        for policy in (first, second):
            cluster_policies.put(tx, policy)
            assert cluster_policies.find(tx, "a1b2-1") == policy
            seen.append(epoch.current(tx))
        assert cluster_policies.delete(tx, "a1b2-1")
        assert cluster_policies.find(tx, "a1b2-1") is None
        seen.append(epoch.current(tx))
        assert sorted(set(seen)) == seen


def test_a_policy_goes_with_its_cluster(database: Database) -> None:
    with database.write() as tx:
        cluster_policies.put(tx, ClusterPolicy("a1b2-1", "{}", "K1"))
        clusters.want_deleted(tx, "a1b2-1")
        before = epoch.current(tx)
        assert cluster_policies.find(tx, "a1b2-1") is not None
        assert clusters.remove(tx, "a1b2-1")
        assert cluster_policies.find(tx, "a1b2-1") is None
        assert epoch.current(tx) > before


def test_a_secret_associated_again_is_not_removed(database: Database) -> None:
    with database.write() as tx:
        scram_secrets.associate(tx, SECRET)
        scram_secrets.applied(tx, "a1b2-1", "arn:secret", "alice", "v1")
        assert scram_secrets.clusters_with(tx, "arn:secret") == {"a1b2-1"}
        assert scram_secrets.disassociate(tx, "a1b2-1", "arn:secret")
        assert not scram_secrets.disassociate(tx, "a1b2-1", "arn:secret")
        assert scram_secrets.associated(tx, "a1b2-1") == []
        scram_secrets.associate(tx, replace(SECRET, position=1))
        assert not scram_secrets.removed(tx, "a1b2-1", "arn:secret")
        assert scram_secrets.associated(tx, "a1b2-1") == [
            replace(SECRET, position=1, username="alice", version_id="v1")
        ]


def test_a_secret_that_is_to_go_is_removed(database: Database) -> None:
    with database.write() as tx:
        scram_secrets.associate(tx, SECRET)
        scram_secrets.failed(tx, "a1b2-1", "arn:secret", "it is no JSON")
        assert scram_secrets.wanted_of(tx, "a1b2-1") == [replace(SECRET, error="it is no JSON")]
        scram_secrets.disassociate(tx, "a1b2-1", "arn:secret")
        assert scram_secrets.removed(tx, "a1b2-1", "arn:secret")
        assert scram_secrets.wanted_of(tx, "a1b2-1") == []


def test_listeners_follow_from_how_clients_prove_who_they_are() -> None:
    everybody = replace(IAM, unauthenticated=True, client_broker="TLS_PLAINTEXT", scram=True)
    assert everybody.listeners == ("CLIENT", "CLIENT_SECURE", "CLIENT_SASL_SCRAM", "CLIENT_IAM")
    assert IAM.listeners == ("CLIENT_IAM",)
    assert replace(IAM, tls=True, iam=False).listeners == ("CLIENT_SECURE",)
    plain = replace(IAM, iam=False, unauthenticated=True, client_broker="PLAINTEXT")
    assert plain.listeners == ("CLIENT",)


def test_clusters_of_an_account_are_found_by_how_their_names_begin(database: Database) -> None:
    with database.write() as tx:
        clusters.create(tx, replace(EVENTS, id="c3d4-1", name="audit"))
        of_account = clusters.of_account(tx, EVENTS.account, EVENTS.region)
        assert [cluster.name for cluster in of_account] == ["audit", "events"]
        assert clusters.of_account(tx, EVENTS.account, EVENTS.region, "ev") == [EVENTS]
        assert clusters.of_account(tx, EVENTS.account, "eu-west-1") == []


def test_a_broker_s_name_is_that_of_its_cluster() -> None:
    name = EVENTS.host(2)
    assert name.startswith("b-2.events.")
    assert name.endswith(".c1.kafka.us-east-1.amazonaws.com")


def test_a_revision_of_a_configuration_is_found_by_arn(database: Database) -> None:
    made = Configuration("e5f6-1", EVENTS.account, EVENTS.region, "strict", ("3.9.x",), 1)
    with database.write() as tx:
        cluster_configurations.create(tx, made)
        cluster_configurations.add_revision(tx, Revision("e5f6-1", 1, None, "a=b", {"a": "b"}, 1))
        assert cluster_configurations.by_arn(tx, made.arn) == made
        assert cluster_configurations.settings(tx, made.arn, 1) == {"a": "b"}
        assert cluster_configurations.settings(tx, made.arn, 2) == {}
        assert cluster_configurations.settings(tx, f"{made.arn}9", 1) == {}
