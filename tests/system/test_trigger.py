"""Triggers on a calm day: all records once, in order, as the mapping says they are to come."""

from collections.abc import Iterator

import pytest

from .kafka_user import new_cluster
from .server import Server
from .trigger_user import Stage
from .witness import Verdict

ALL_WELL = Verdict()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A server with a cluster, which this module's tests share."""
    with Server(tmp_path_factory.mktemp("calm-trigger") / "state") as server:
        yield Stage(server, new_cluster(server))


def test_twenty_thousand_records_arrive_once_and_in_order(stage: Stage) -> None:
    trigger = stage.trigger("calm", partitions=4)
    audit = trigger.audit()
    acknowledged = stage.produce("calm", range(20_000), 4)
    trigger.until_handled(20_000)
    trigger.until_committed(dict.fromkeys(range(4), 5_000))
    assert trigger.verdict(acknowledged, audit) == ALL_WELL
    assert audit.readings
    assert trigger.result == "OK"
    sizes = [sum(map(len, each.offsets.values())) for each in trigger.invocations()]
    assert max(sizes) <= 100
