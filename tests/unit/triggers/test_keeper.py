"""Which mappings a worker keeps."""

from dataclasses import replace

from tests.unit.api.watched import DEMO, ORDERS, OTHER_ID

from sluicegate.store import clusters, mappings
from sluicegate.testing import Endpoint
from sluicegate.triggers.keeper import Keeper


class Noted:
    """A mapping that is kept, and nothing more."""

    def step(self) -> float | None:
        return 60.0

    def stop(self) -> None:
        """Nothing runs."""


def kept_at(endpoint: Endpoint, home: str) -> set[str]:
    """What a worker there keeps."""
    ids: list[str] = []

    def make(mapping_id: str) -> Noted:
        ids.append(mapping_id)
        return Noted()

    keeper = Keeper(endpoint.databases.state, make, home)
    keeper.start()
    keeper.look()
    keeper.close()
    return set(ids)


def test_what_reads_from_brokers_of_another_home_is_left_to_its_workers(
    endpoint: Endpoint,
) -> None:
    deleted = replace(ORDERS, id=OTHER_ID, topic="returns", wanted=mappings.DELETED)
    own = replace(ORDERS, id=OTHER_ID.replace("b1", "c1"), event_source_arn=None)
    with endpoint.databases.state.write() as tx:
        clusters.create(tx, replace(DEMO, home="there"))
        for each in (ORDERS, deleted, replace(own, bootstrap_servers=("kafka:9092",))):
            mappings.create(tx, each)
    for home, kept in (("here", {own.id, deleted.id}), ("there", {own.id, deleted.id, ORDERS.id})):
        assert kept_at(endpoint, home) == kept
