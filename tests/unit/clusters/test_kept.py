"""One cluster kept, step by step, on nodes that only pretend."""

from itertools import pairwise

import pytest
from tests.unit.clusters.keeping import ID, Bench

from sluicegate.clusters.kept import kafka_id
from sluicegate.clusters.machinery import ScramUser
from sluicegate.store import cluster_nodes, clusters, scram_secrets
from sluicegate.testing import Endpoint


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


def test_a_change_of_what_it_should_be_starts_one_node_after_the_other_anew(bench: Bench) -> None:
    bench.step()
    bench.change()
    assert bench.cluster.current_state == "UPDATING"
    bench.machine.is_slow = True
    bench.step(5)
    assert bench.machine.built[-1].security.iam
    assert bench.lives() == [(1, "stopped"), (2, ""), (1, "")], "2 waits until 1 serves again"
    assert bench.cluster.current_state == "UPDATING"
    bench.machine.is_slow, bench.machine.is_behind = False, True
    bench.machine.running[-1].is_silent = False
    bench.step(5)
    assert len(bench.lives()) == 3, "2 waits until 1 has caught up"
    bench.machine.is_behind = False
    bench.step(5)
    assert bench.lives()[1:] == [(2, "stopped"), (1, ""), (2, "")]
    assert bench.cluster.current_state == "ACTIVE"


def test_a_replica_that_never_catches_up_holds_up_a_change_for_a_minute(bench: Bench) -> None:
    bench.step()
    bench.machine.is_behind = True
    bench.change()
    for _ in range(2):
        bench.step(5)
        assert bench.cluster.current_state == "UPDATING"
        bench.now += 61
    bench.step(3)
    assert bench.cluster.current_state == "ACTIVE"


def test_a_change_that_ends_one_node_spares_the_others_and_can_be_put_right(bench: Bench) -> None:
    bench.step()
    bench.machine.is_slow = True
    bench.change()
    bench.step(2)
    for _ in range(2):
        bench.machine.running[-1].kill()
        bench.step()
    assert [process.node.node_id for process in bench.machine.running] == [2]
    assert bench.lives()[1] == (2, ""), "it is as it was"
    healing = bench.cluster
    assert (healing.state, healing.state_message) == ("HEALING", "broker 1 ended: it was told to")
    bench.machine.is_slow = False
    bench.change()
    bench.step(6)
    assert bench.lives()[1] == (2, "stopped")
    assert [process.node.node_id for process in bench.machine.running] == [1, 2]
    assert (bench.cluster.state, bench.cluster.applied_revision) == ("ACTIVE", 3)


def test_nodes_that_serve_nobody_are_changed_at_once(bench: Bench) -> None:
    bench.machine.is_slow = True
    bench.step()
    bench.change()
    bench.machine.is_slow = False
    bench.step(2)
    assert bench.lives() == [(1, "stopped"), (2, "stopped"), (1, ""), (2, "")]
    assert bench.cluster.state == "ACTIVE"


def test_a_change_nothing_comes_of_is_told_after_a_minute(bench: Bench) -> None:
    bench.step()
    bench.machine.is_slow = True
    bench.change()
    bench.step(3)
    assert bench.cluster.current_state == "UPDATING"
    bench.now += 61
    bench.step()
    assert (bench.cluster.state, bench.cluster.state_message) == (
        "HEALING",
        "brokers that were started with the last change do not serve yet",
    )


def test_a_broker_that_cannot_start_keeps_no_other_down(bench: Bench) -> None:
    alice = bench.secret("AmazonMSK_alice", ScramUser("v1", "alice", "one"))
    bench.step()
    bench.kept.stop()
    bench.machine.obstacles = {1: "127.0.0.2:9096 is taken"}
    with bench.database.write() as tx:
        scram_secrets.disassociate(tx, ID, alice)
    bench.step(2)
    assert [process.node.node_id for process in bench.machine.running] == [2]
    assert bench.cluster.state_message == "127.0.0.2:9096 is taken"
    assert bench.machine.kafka_users == {}, "users are changed as soon as a broker can be asked"
    bench.machine.running[-1].kill()
    bench.machine.obstacles[2] = "127.0.0.3:9096 is taken"
    bench.step()
    assert bench.cluster.state_message == "127.0.0.2:9096 is taken; 127.0.0.3:9096 is taken"
    bench.machine.obstacles.clear()
    bench.step()
    assert bench.cluster.state == "ACTIVE"


def test_brokers_that_tell_nothing_yet_are_asked_again(bench: Bench) -> None:
    bench.secret("AmazonMSK_alice", ScramUser("v1", "alice", "one"))
    bench.machine.is_mute = True
    bench.step(2)
    assert bench.cluster.state == "CREATING" and bench.machine.kafka_users == {}
    bench.machine.is_mute = False
    bench.step()
    assert bench.cluster.state == "ACTIVE" and bench.machine.kafka_users == {"alice": "one"}


def test_nodes_are_stopped_side_by_side(bench: Bench) -> None:
    bench.step()
    bench.kept.stop()
    assert bench.machine.calls == [("ask", 1), ("ask", 2), ("wait", 1), ("wait", 2)]


def test_what_kafka_calls_a_cluster_is_never_an_option() -> None:
    dashes = kafka_id("fbefbefb-efbe-4fbe-bbef-befbefbefbef-12")
    assert len(dashes) == 22 and "-" not in dashes


def test_a_node_the_metadata_lacks_for_a_moment_is_not_stopped(bench: Bench) -> None:
    bench.step()
    bench.machine.is_slow = True
    bench.change()
    bench.step(2)
    bench.machine.missing = {2}
    bench.machine.running[-1].is_silent = False
    bench.step(3)
    assert bench.lives()[1] == (2, "")
    bench.machine.missing = set()
    bench.machine.is_slow = False
    bench.step(3)
    assert bench.lives()[1] == (2, "stopped")
    assert bench.cluster.current_state == "ACTIVE"


def test_a_node_the_metadata_lacks_for_long_is_started_with_the_change(bench: Bench) -> None:
    bench.machine.missing = {2}
    bench.step()
    bench.change()
    bench.step(2)
    assert bench.lives() == [(1, ""), (2, "")]
    bench.now += 61
    bench.step(2)
    assert bench.lives() == [(1, ""), (2, "stopped"), (2, "")]
