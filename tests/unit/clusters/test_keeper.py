"""The keeper of all clusters: threads that can be asked to look, and end when they should."""

from dataclasses import replace

import pytest
from tests.unit.clusters.keeping import ID, ORDERS
from tests.unit.clusters.pretending import Machine

from sluicegate.clusters.keeper import Keeper
from sluicegate.store import clusters
from sluicegate.testing import Endpoint


@pytest.fixture
def machine() -> Machine:
    """What every cluster of these tests runs on."""
    return Machine()


def test_a_nudge_returns_when_what_is_new_is_kept(endpoint: Endpoint, machine: Machine) -> None:
    database = endpoint.databases.state
    keeper = Keeper(database, machine, machine, endpoint.clock)
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
    keeper = Keeper(endpoint.databases.state, machine, machine, endpoint.clock)
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
    keeper = Keeper(endpoint.databases.state, machine, machine, endpoint.clock)
    with endpoint.databases.state.write() as tx:
        clusters.create(tx, ORDERS)
    keeper.start()
    keeper.look()
    machine.fault = None
    keeper.look()
    with endpoint.databases.state.read() as tx:
        assert [each.state for each in clusters.all_of(tx)] == ["ACTIVE"]
    keeper.close()
