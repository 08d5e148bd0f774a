"""What happens to a topic and to its brokers under a trigger: nothing of the new log is lost."""

import os
import signal
from collections.abc import Iterator

import pytest
from confluent_kafka.admin import NewPartitions

from .kafka_user import new_cluster, state
from .processes import is_gone, java, workers
from .server import Server
from .trigger_user import Stage
from .waiting import until
from .witness import Verdict

pytestmark = pytest.mark.brokers

FOUND_SECONDS = 90.0


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A server with a cluster, which this module's tests share."""
    with Server(tmp_path_factory.mktemp("topics") / "state") as server:
        yield Stage(server, new_cluster(server))


def processor_seconds(pid: int) -> float:
    """How long a process has computed."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_topic_that_is_made_again_is_read_from_its_start(stage: Stage) -> None:
    trigger = stage.trigger("again")
    stage.produce("again", range(100))
    trigger.until_handled(100)
    trigger.until_committed({0: 100})
    admin = stage.anybody.admin()
    admin.delete_topics(["again"])["again"].result(30)
    until(lambda: "again" not in admin.list_topics(timeout=10).topics, "the topic to be gone")
    before = len(trigger.invocations())
    stage.anybody.create_topic("again")
    stage.produce("again", range(50))

    def of_the_new_log() -> list[int]:
        begun = sorted(trigger.invocations(), key=lambda each: each.began)[before:]
        return [offset for each in begun for offset in each.offsets[0]]

    until(lambda: len(of_the_new_log()) >= 50, "the new log", FOUND_SECONDS)
    assert of_the_new_log() == list(range(50))
    trigger.until_committed({0: 50})
    trigger.until_ok()
    trigger.delete()


def test_partitions_that_are_added_are_read_from_their_start(stage: Stage) -> None:
    trigger = stage.trigger("growing", StartingPosition="LATEST")
    stage.produce("growing", range(10))
    trigger.until_handled(10)
    admin = stage.anybody.admin()
    admin.create_partitions([NewPartitions("growing", 3)])["growing"].result(30)
    until(
        lambda: len(admin.list_topics(timeout=10).topics["growing"].partitions) == 3,
        "the partitions",
    )
    acknowledged = stage.produce("growing", range(60), 3)
    trigger.until_handled(70, FOUND_SECONDS)
    trigger.until_committed({0: 30, 1: 20, 2: 20})
    assert trigger.verdict(acknowledged) == Verdict()
    trigger.delete()


def test_brokers_that_are_away_are_waited_for_without_haste(stage: Stage) -> None:
    trigger = stage.trigger("away", partitions=2)
    audit = trigger.audit()
    load = stage.load(trigger, 2)
    trigger.until_handled(100)
    (broker,), (worker,) = java(stage.server), workers(stage.server)
    os.kill(broker, signal.SIGSTOP)
    computed = processor_seconds(worker)
    try:
        said = trigger.until_problem("Connection error", 90)
        assert said.startswith("PROBLEM: Connection error. Please check your event source")
        assert processor_seconds(worker) - computed < 5
        assert trigger.shown()["State"] == "Enabled"
    finally:
        os.kill(broker, signal.SIGCONT)
    before = trigger.handled()
    trigger.until_handled(before + 100)
    acknowledged = load.stop()
    trigger.until_handled(acknowledged.count)
    trigger.until_ok()
    verdict = trigger.verdict(acknowledged, audit)
    assert verdict == Verdict(again=verdict.again) and verdict.again <= 2 * 100
    assert not is_gone(broker) and state(stage.server, stage.cluster) == "ACTIVE"
    trigger.delete()
