"""One cluster kept, step by step, on nodes that only pretend."""

from dataclasses import replace
from itertools import pairwise

import pytest
from tests.unit.clusters.pretending import Machine

from sluicegate.clusters.kept import Kept, kafka_id
from sluicegate.clusters.machinery import ScramUser
from sluicegate.store import cluster_nodes, clusters, epoch, scram_secrets, secrets
from sluicegate.store.clusters import Cluster, Security
from sluicegate.store.scram_secrets import ScramSecret
from sluicegate.store.secrets import Secret
from sluicegate.testing import Endpoint

ID = "0b54e7d6-5cf4-4f6b-9a57-3f1e6f2f2d01-1"
SCRAM = Security(
    unauthenticated=False,
    scram=True,
    iam=False,
    tls=False,
    authority_arns=(),
    client_broker="TLS",
    in_cluster=True,
)
ORDERS = Cluster(
    id=ID,
    account="000000000000",
    region="us-east-1",
    name="orders",
    creator_arn="arn:aws:iam::000000000000:root",
    created_ms=1,
    kafka_version="3.9.x",
    node_count=2,
    subnet_ids=("subnet-1", "subnet-2"),
    security_group_ids=("sg-1",),
    security=SCRAM,
    current_version="K13V1IB3VIYZZH",
    home="own",
)


class Bench:
    """A kept cluster, its machine, the state it is kept in, and a clock that is moved by hand."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.database = endpoint.databases.state
        self.machine = Machine()
        self.now = 1000.0
        self.kept = Kept(
            ID, self.database, self.machine, self.machine, endpoint.clock, lambda: self.now
        )
        with self.database.write() as tx:
            clusters.create(tx, ORDERS)

    @property
    def cluster(self) -> Cluster:
        with self.database.read() as tx:
            found = clusters.find(tx, ID)
        assert found is not None
        return found

    def step(self, times: int = 1) -> None:
        for _ in range(times):
            self.kept.step()

    def secret(self, name: str, value: ScramUser | str) -> str:
        """A secret whose current version is `v1`, associated."""
        made = Secret(f"id-{name}", ORDERS.account, ORDERS.region, name, "AbCdEf", 1, 1)
        with self.database.write() as tx:
            secrets.create(tx, made)
            secrets.put_stages(tx, made.id, {"AWSCURRENT": "v1"})
            position = scram_secrets.next_position(tx, ID)
            asked = ScramSecret(ID, made.arn, position, 1, "arn:key", "grant")
            scram_secrets.associate(tx, asked)
        self.machine.secrets[made.arn] = value
        return made.arn

    def noted(self, arn: str) -> ScramSecret:
        with self.database.read() as tx:
            return next(each for each in scram_secrets.wanted_of(tx, ID) if each.secret_arn == arn)


@pytest.fixture
def bench(endpoint: Endpoint) -> Bench:
    """A new cluster of two nodes, nothing of it done yet."""
    return Bench(endpoint)


def test_a_new_cluster_is_placed_started_and_active(bench: Bench) -> None:
    bench.step()
    assert [process.node.node_id for process in bench.machine.running] == [1, 2]
    made = bench.cluster
    assert made.state == made.current_state == "ACTIVE"
    assert made.running_version == "4.4.0" and made.kafka_id == kafka_id(ID)
    with bench.database.read() as tx:
        assert [node.address for node in cluster_nodes.nodes_of(tx, ID)] == [
            "127.0.0.2",
            "127.0.0.3",
        ]


def test_what_is_missing_is_a_reason_in_its_state(bench: Bench) -> None:
    bench.machine.installed = ""
    bench.step()
    assert (bench.cluster.state, bench.cluster.state_message) == (
        "CREATING",
        "fetching Apache Kafka",
    )
    bench.machine.installed, bench.machine.obstacle = "4.4.0", "127.0.0.2:9096 is taken"
    bench.step()
    assert bench.cluster.state_message == "127.0.0.2:9096 is taken"
    bench.machine.obstacle = ""
    bench.step(2)
    healed = bench.cluster
    assert healed.state == "ACTIVE" and healed.state_message is None


def test_a_node_that_ends_is_started_again_and_the_cluster_heals(bench: Bench) -> None:
    bench.step()
    bench.machine.running[0].kill()
    bench.step()
    assert [process.node.node_id for process in bench.machine.started] == [1, 2, 1]
    bench.machine.running[-1].kill()
    bench.step()
    assert bench.cluster.state == "HEALING"
    assert bench.cluster.state_message == "broker 1 ended: it was told to"
    assert len(bench.machine.started) == 3, "the second time it is given a pause"
    bench.now += 1.1
    bench.step()
    assert len(bench.machine.started) == 4
    assert bench.cluster.state == "ACTIVE"


def test_a_node_that_keeps_ending_is_started_ever_less_often(bench: Bench) -> None:
    bench.step()
    starts = []
    for _ in range(1200):
        for process in bench.machine.running:
            if process.node.node_id == 1:
                starts.append(bench.now)
                process.kill()
        bench.step()
        bench.now += 0.1
    pauses = [round(later - earlier) for earlier, later in pairwise(starts)]
    assert pauses[:6] == [0, 1, 2, 4, 8, 16]
    assert set(pauses[6:]) <= {30}


def test_a_cluster_heals_until_all_its_nodes_answer(bench: Bench) -> None:
    bench.step()
    bench.kept.stop()
    bench.machine.is_slow = True
    bench.step(2)
    assert (bench.cluster.state, bench.cluster.state_message) == (
        "HEALING",
        "brokers are starting",
    )
    for process in bench.machine.running:
        process.is_silent = False
    bench.step()
    assert bench.cluster.state == "ACTIVE"


def test_a_cluster_that_should_be_gone_leaves_nothing(bench: Bench) -> None:
    bench.step()
    with bench.database.write() as tx:
        clusters.want_deleted(tx, ID)
    assert bench.cluster.current_state == "DELETING"
    assert bench.kept.step() is None
    assert [process.how for process in bench.machine.started] == ["killed", "killed"]
    assert bench.machine.demolished == [ID]
    with bench.database.read() as tx:
        assert clusters.find(tx, ID) is None
        assert cluster_nodes.all_of(tx) == []


def test_a_cluster_whose_row_is_gone_ends_too(bench: Bench, endpoint: Endpoint) -> None:
    bench.step()
    endpoint.reset()
    assert bench.kept.step() is None
    assert bench.machine.running == [] and bench.machine.demolished == [ID]


def test_stopped_nodes_keep_their_cluster_and_its_addresses(bench: Bench) -> None:
    bench.step()
    before = [process.node for process in bench.machine.running]
    bench.kept.stop()
    assert [process.how for process in bench.machine.started] == ["stopped", "stopped"]
    bench.step()
    assert [process.node for process in bench.machine.running] == before
    assert bench.machine.demolished == []


def test_a_change_of_what_it_should_be_starts_its_nodes_anew(bench: Bench) -> None:
    bench.step()
    with bench.database.write() as tx:
        wanted = replace(bench.cluster, security=replace(SCRAM, iam=True))
        clusters.change(tx, wanted)
    assert bench.cluster.current_state == "UPDATING"
    bench.step()
    assert bench.machine.built[-1].security.iam
    assert bench.cluster.current_state == "ACTIVE"


def test_users_are_made_from_secrets_and_changed_with_them(bench: Bench) -> None:
    arn = bench.secret("AmazonMSK_alice", ScramUser("v1", "alice", "one"))
    bench.step()
    assert bench.machine.kafka_users == {"alice": "one"}
    assert (bench.noted(arn).username, bench.noted(arn).version_id) == ("alice", "v1")
    bench.step(3)
    assert bench.machine.reads == [arn], "a version is read once"
    bench.machine.secrets[arn] = ScramUser("v2", "alice", "two")
    with bench.database.write() as tx:
        secrets.put_stages(tx, "id-AmazonMSK_alice", {"AWSCURRENT": "v2"})
    bench.step()
    assert bench.machine.kafka_users == {"alice": "two"}


def test_a_user_with_another_name_takes_the_place_of_the_old_one(bench: Bench) -> None:
    arn = bench.secret("AmazonMSK_alice", ScramUser("v1", "alice", "one"))
    bench.step()
    bench.machine.secrets[arn] = ScramUser("v2", "anna", "two")
    with bench.database.write() as tx:
        secrets.put_stages(tx, "id-AmazonMSK_alice", {"AWSCURRENT": "v2"})
    bench.step()
    assert bench.machine.kafka_users == {"anna": "two"}


def test_a_removed_secret_ends_its_user(bench: Bench) -> None:
    arn = bench.secret("AmazonMSK_alice", ScramUser("v1", "alice", "one"))
    bench.step()
    with bench.database.write() as tx:
        scram_secrets.disassociate(tx, ID, arn)
    bench.step()
    assert bench.machine.kafka_users == {}
    with bench.database.read() as tx:
        assert scram_secrets.wanted_of(tx, ID) == []


def test_a_user_two_secrets_make_stays_until_both_are_gone(bench: Bench) -> None:
    first = bench.secret("AmazonMSK_one", ScramUser("v1", "alice", "one"))
    bench.secret("AmazonMSK_two", ScramUser("v1", "alice", "two"))
    bench.step()
    with bench.database.write() as tx:
        scram_secrets.disassociate(tx, ID, first)
    bench.step()
    assert bench.machine.kafka_users == {"alice": "two"}


def test_a_secret_that_cannot_be_read_is_tried_again_when_permissions_change(
    bench: Bench,
) -> None:
    arn = bench.secret("AmazonMSK_alice", "not authorized")
    bench.step(5)
    assert bench.machine.reads == [arn]
    assert bench.noted(arn).error == "not authorized"
    bench.machine.secrets[arn] = ScramUser("v1", "alice", "one")
    with bench.database.write() as tx:
        epoch.bump(tx)
    bench.step()
    assert bench.machine.kafka_users == {"alice": "one"}
    assert bench.noted(arn).error is None


def test_a_secret_that_cannot_be_read_is_tried_again_after_a_while(bench: Bench) -> None:
    arn = bench.secret("AmazonMSK_alice", "no such secret")
    bench.step(2)
    bench.now += 31
    bench.step()
    assert bench.machine.reads == [arn, arn]


def test_the_user_of_a_deleted_secret_stays(bench: Bench) -> None:
    arn = bench.secret("AmazonMSK_alice", ScramUser("v1", "alice", "one"))
    bench.step()
    with bench.database.write() as tx:
        secrets.delete(tx, "id-AmazonMSK_alice")
    bench.machine.secrets[arn] = "can't find the specified secret"
    bench.step()
    assert bench.machine.kafka_users == {"alice": "one"}
    assert bench.noted(arn).error == "can't find the specified secret"


def test_what_kafka_calls_a_cluster_is_never_an_option() -> None:
    dashes = kafka_id("fbefbefb-efbe-4fbe-bbef-befbefbefbef-12")
    assert len(dashes) == 22 and "-" not in dashes
