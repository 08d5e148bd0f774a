"""Triggers while processes end, in every manner: what was acknowledged arrives, in order.

`again` is what promise 3 of the design allows: nothing after SIGTERM, and after a kill one batch of
each partition at most.
"""

import os
import signal
from collections.abc import Iterator

import pytest

from .kafka_user import new_cluster, state
from .processes import java, workers
from .server import Server
from .trigger_user import Stage, Trigger
from .waiting import until
from .witness import Verdict

pytestmark = pytest.mark.brokers

PARTITIONS, BATCH = 4, 20
SESSION_SECONDS = 10.0
MOST_RECOVERY_SECONDS = 2 * SESSION_SECONDS + 5
RECOVERS_SECONDS = MOST_RECOVERY_SECONDS + 60
ALL_WELL = Verdict()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A server with a cluster, which this module's tests share, and hurt."""
    with Server(tmp_path_factory.mktemp("kills") / "state") as server:
        yield Stage(server, new_cluster(server))


def under_load(stage: Stage, name: str) -> Trigger:
    """A trigger whose function takes a moment."""
    return stage.trigger(name, partitions=PARTITIONS, variables={"PAUSE": "0.05"}, BatchSize=BATCH)


def test_sigterm_finishes_what_runs_and_nothing_comes_twice(stage: Stage) -> None:
    trigger = under_load(stage, "terminated")
    # Longer than a supervisor would like to wait for anybody.
    slow = stage.trigger("slow", variables={"PAUSE": "17"})
    audit = trigger.audit()
    load = stage.load(trigger, PARTITIONS)
    trigger.until_handled(200)
    slowly = stage.produce("slow", ["1"])
    until(lambda: slow.invocations() != [], "the slow one to begin")
    assert stage.server.stop() == 0
    stage.server.restart()
    until(lambda: state(stage.server, stage.cluster) == "ACTIVE", "the cluster to be back", 60)
    trigger.until_handled(400)
    assert trigger.settled(load.stop(), audit, RECOVERS_SECONDS) == ALL_WELL
    slow.until_handled(1)
    slow.until_committed({0: 1})
    assert slow.verdict(slowly) == ALL_WELL
    slow.delete()


def test_a_worker_that_is_killed_is_replaced(stage: Stage) -> None:
    trigger = under_load(stage, "worker")
    audit = trigger.audit()
    load = stage.load(trigger, PARTITIONS)
    trigger.until_handled(200)
    (pid,) = workers(stage.server)
    os.kill(pid, signal.SIGKILL)
    before = trigger.handled()
    trigger.until_handled(before + 400)
    verdict = trigger.settled(load.stop(), audit, RECOVERS_SECONDS)
    assert verdict == Verdict(again=verdict.again) and verdict.again <= BATCH * PARTITIONS
    assert trigger.longest_gap() <= MOST_RECOVERY_SECONDS
    trigger.delete()


def test_serve_that_is_killed_goes_on_when_it_is_started_again(stage: Stage) -> None:
    trigger = under_load(stage, "serve")
    audit = trigger.audit()
    load = stage.load(trigger, PARTITIONS)
    trigger.until_handled(200)
    stage.server.kill()
    stage.server.restart()
    before = trigger.handled()
    trigger.until_handled(before + 400)
    verdict = trigger.settled(load.stop(), audit, RECOVERS_SECONDS)
    assert verdict == Verdict(again=verdict.again) and verdict.again <= BATCH * PARTITIONS
    trigger.delete()


def test_a_broker_that_is_killed_comes_back_and_all_goes_on(stage: Stage) -> None:
    trigger = under_load(stage, "broker")
    audit = trigger.audit()
    load = stage.load(trigger, PARTITIONS)
    trigger.until_handled(200)
    (pid,) = java(stage.server)
    os.kill(pid, signal.SIGKILL)
    until(lambda: bool(java(stage.server) - {pid}), "the node to be started again")
    until(lambda: state(stage.server, stage.cluster) == "ACTIVE", "the cluster to heal", 60)
    before = trigger.handled()
    trigger.until_handled(before + 400)
    verdict = trigger.settled(load.stop(), audit, RECOVERS_SECONDS)
    assert verdict == Verdict(again=verdict.again) and verdict.again <= BATCH * PARTITIONS
    assert trigger.shown()["State"] == "Enabled"
    trigger.until_ok()
    trigger.delete()


def test_nothing_is_lost_between_the_end_of_a_function_and_its_commit(stage: Stage) -> None:
    trigger = stage.trigger("uncommitted", variables={"PAUSE": "1"}, BatchSize=BATCH)
    audit = trigger.audit()
    acknowledged = stage.produce("uncommitted", range(3 * BATCH))
    until(lambda: trigger.invocations() != [], "the first batch to begin")
    (broker,) = java(stage.server)
    (worker,) = workers(stage.server)
    os.kill(broker, signal.SIGSTOP)
    until(lambda: trigger.handled() > 0, "the function to end")
    os.kill(worker, signal.SIGKILL)
    # Let go on, it would still find the commit in its socket.
    os.kill(broker, signal.SIGKILL)
    verdict = trigger.settled(acknowledged, audit, RECOVERS_SECONDS)
    assert verdict == Verdict(again=verdict.again) and 0 < verdict.again <= BATCH
    trigger.delete()


def test_api_that_is_killed_holds_up_no_delivery_for_long(stage: Stage) -> None:
    trigger = under_load(stage, "api")
    audit = trigger.audit()
    load = stage.load(trigger, PARTITIONS)
    trigger.until_handled(200)
    os.kill(stage.server.api_pid(), signal.SIGKILL)
    before = trigger.handled()
    trigger.until_handled(before + 400)
    assert trigger.settled(load.stop(), audit, RECOVERS_SECONDS) == ALL_WELL
    trigger.delete()


def test_records_are_delivered_while_no_endpoint_answers(stage: Stage) -> None:
    quiet = stage.trigger("quiet", variables={"QUIET": "1"}, BatchSize=1)
    group, settings = quiet.group(), stage.anybody.settings()
    stage.produce("quiet", range(10))
    until(lambda: group.committed() == {0: 10}, "the first records")
    api = stage.server.api_pid()
    os.kill(api, signal.SIGSTOP)
    try:
        stage.produce("quiet", range(200), settings=settings)
        until(lambda: group.committed() == {0: 210}, "records without an endpoint")
    finally:
        os.kill(api, signal.SIGCONT)
        group.close()
    quiet.delete()
