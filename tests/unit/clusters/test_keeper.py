"""The keeper of all clusters: threads that can be asked to look, and end when they should."""

from dataclasses import replace

import pytest
from tests.unit.clusters.keeping import ID, ORDERS
from tests.unit.clusters.pretending import Machine

from sluicegate.clusters.keeper import Keeper
from sluicegate.store import clusters, homes
from sluicegate.store.clusters import Cluster
from sluicegate.store.database import Database
from sluicegate.store.homes import Home
from sluicegate.testing import Endpoint


@pytest.fixture
def machine() -> Machine:
    """What every cluster of these tests runs on."""
    return Machine()


def test_a_nudge_returns_when_what_is_new_is_kept(endpoint: Endpoint, machine: Machine) -> None:
    database = endpoint.databases.state
    keeper = Keeper(database, machine, machine, endpoint.clock, "own")
    keeper.start()
    other = replace(ORDERS, id=ID.replace("0b54", "1c65"), name="events")
    with database.write() as tx:
        clusters.create(tx, ORDERS)
        clusters.create(tx, other)
    keeper.look()
    with database.read() as tx:
        assert [each.state for each in clusters.all_of(tx)] == ["ACTIVE", "ACTIVE"]
    with database.write() as tx:
        clusters.want_deleted(tx, ID)
    keeper.look()
    with database.read() as tx:
        assert [each.name for each in clusters.all_of(tx)] == ["events"]
    keeper.close()
    assert machine.running == []
    assert sorted(process.how for process in machine.started) == 2 * ["killed"] + 2 * ["stopped"]
    assert machine.demolished == [ID]


def test_a_reset_ends_what_it_has_forgotten(endpoint: Endpoint, machine: Machine) -> None:
    keeper = Keeper(endpoint.databases.state, machine, machine, endpoint.clock, "own")
    with endpoint.databases.state.write() as tx:
        clusters.create(tx, ORDERS)
    keeper.start()
    keeper.look()
    endpoint.keepers.on_nudge = keeper.look
    endpoint.reset()
    assert machine.running == [] and machine.demolished == [ID]
    keeper.close()


def test_a_fault_of_a_step_does_not_end_the_keeping(endpoint: Endpoint, machine: Machine) -> None:
    machine.fault = OSError("out of descriptors")
    keeper = Keeper(endpoint.databases.state, machine, machine, endpoint.clock, "own")
    with endpoint.databases.state.write() as tx:
        clusters.create(tx, ORDERS)
    keeper.start()
    keeper.look()
    machine.fault = None
    keeper.look()
    with endpoint.databases.state.read() as tx:
        assert [each.state for each in clusters.all_of(tx)] == ["ACTIVE"]
    keeper.close()


OTHER = Home("other", "machine-b", "/state/b")
MINUTE = 60_000


def kept_elsewhere(database: Database, milliseconds: int, state: str = "ACTIVE") -> None:
    """A cluster at home on another machine, whose lease lasts so long."""
    with database.write() as tx:
        homes.take(tx, OTHER, milliseconds)
        clusters.create(tx, replace(ORDERS, home=OTHER.id, state=state))


def found(database: Database) -> Cluster:
    with database.read() as tx:
        (cluster,) = clusters.all_of(tx)
    return cluster


def test_a_cluster_of_another_home_is_left_to_its_keeper(
    endpoint: Endpoint, machine: Machine
) -> None:
    database = endpoint.databases.state
    kept_elsewhere(database, MINUTE)
    keeper = Keeper(database, machine, machine, endpoint.clock, "own")
    keeper.start()
    keeper.look()
    assert found(database).state == "ACTIVE"
    with database.write() as tx:
        clusters.want_deleted(tx, ID)
    keeper.look()
    assert found(database).current_state == "DELETING"
    keeper.close()
    assert machine.started == [] and machine.demolished == []


@pytest.mark.parametrize(
    ("state", "seen"), [("ACTIVE", "HEALING"), ("HEALING", "HEALING"), ("CREATING", "CREATING")]
)
def test_a_cluster_whose_home_is_away_says_so_and_is_started_nowhere_else(
    endpoint: Endpoint, machine: Machine, state: str, seen: str
) -> None:
    database = endpoint.databases.state
    kept_elsewhere(database, 0, state=state)
    keeper = Keeper(database, machine, machine, endpoint.clock, "own")
    keeper.start()
    keeper.look()
    cluster = found(database)
    assert (cluster.state, cluster.state_message) == (
        seen,
        "its brokers are away: no `sluicegate serve` runs on state folder `/state/b` of "
        "`machine-b`, which has them",
    )
    keeper.close()
    assert machine.started == []


def test_a_cluster_that_should_be_gone_goes_also_while_its_home_is_away(
    endpoint: Endpoint, machine: Machine
) -> None:
    database = endpoint.databases.state
    kept_elsewhere(database, 0)
    with database.write() as tx:
        clusters.want_deleted(tx, ID)
    keeper = Keeper(database, machine, machine, endpoint.clock, "own")
    keeper.start()
    keeper.look()
    with database.read() as tx:
        assert clusters.all_of(tx) == []
    keeper.close()
    assert machine.demolished == [], "what it has is elsewhere"


def test_a_home_that_comes_back_keeps_its_cluster_again(
    endpoint: Endpoint, machine: Machine
) -> None:
    database = endpoint.databases.state
    kept_elsewhere(database, 0)
    here = Keeper(database, machine, machine, endpoint.clock, "own")
    here.start()
    here.look()
    assert found(database).state == "HEALING"
    there = Keeper(database, machine, machine, endpoint.clock, OTHER.id)
    with database.write() as tx:
        homes.take(tx, OTHER, MINUTE)
    there.start()
    there.look()
    here.look()
    assert found(database).state == "ACTIVE"
    here.close()
    there.close()
