"""Triggers whose workers and brokers come and go: two workers of one group, three nodes.

As in `test_trigger_kills`, `again` is what promise 3 of the design allows.
"""

import os
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from confluent_kafka import ElectionType

from .kafka_user import new_cluster, state
from .processes import java_of, workers
from .server import Server
from .trigger_user import Stage, Trigger
from .waiting import until
from .witness import Audit, Invocation, Load, Verdict, judge

pytestmark = [pytest.mark.brokers, pytest.mark.long]

PARTITIONS, BATCH, NODES = 4, 20, 3
SESSION_SECONDS = 10.0
# Workers that are new have sandboxes to start, on a machine that has other things to do.
LIVENESS_SECONDS = 60.0
ALL = frozenset(range(PARTITIONS))
ALL_WELL = Verdict()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A server with two workers and a cluster of three nodes."""
    with Server(tmp_path_factory.mktemp("storms") / "state", "--workers", "2") as server:
        yield Stage(server, new_cluster(server, nodes=NODES))


def under_load(stage: Stage, name: str) -> tuple[Trigger, Audit, Load]:
    """A trigger whose partitions two workers share, and whose function takes a moment; watched,
    and records on their way through every partition."""
    trigger = stage.trigger(
        name, partitions=PARTITIONS, replicas=NODES, variables={"PAUSE": "0.2"}, BatchSize=BATCH
    )
    shared(trigger)
    audit = trigger.audit()
    load = stage.load(trigger, PARTITIONS)
    until_everywhere(trigger, 0.0)
    return trigger, audit, load


def shared(trigger: Trigger) -> dict[str, frozenset[int]]:
    """What each of two workers has, once that is a half."""
    return members(trigger, PARTITIONS // 2, PARTITIONS // 2)


def left_alone(trigger: Trigger) -> str:
    """The one worker that has all partitions, once there is but one."""
    (other,) = members(trigger, PARTITIONS)
    return other


def members(trigger: Trigger, *shares: int) -> dict[str, frozenset[int]]:
    """The members of the group, once they have so many partitions each."""
    found: dict[str, frozenset[int]] = {}

    def are_there() -> bool:
        nonlocal found
        found = trigger.members()
        return [*map(len, found.values())] == [*shares]

    until(are_there, f"members with {shares} partitions", LIVENESS_SECONDS)
    return found


def until_everywhere(trigger: Trigger, since: float) -> None:
    """Wait until of each partition something was begun since then, and has ended."""

    def is_everywhere() -> bool:
        fresh = [each for each in trigger.invocations() if each.began > since and each.ended]
        return {partition for each in fresh for partition in each.offsets} == ALL

    until(is_everywhere, "records of all partitions", LIVENESS_SECONDS)


def running(trigger: Trigger) -> set[int]:
    """The partitions of which an invocation has begun and not ended."""
    open_ = [each for each in trigger.invocations() if each.ended is None]
    return {partition for each in open_ for partition in each.offsets}


def begun_again(invocations: Iterable[Invocation]) -> set[tuple[int, int, int]]:
    """Records that were begun more than once: partition, offset and how often."""
    times = Counter(
        (partition, offset)
        for each in invocations
        for partition, offsets in each.offsets.items()
        for offset in offsets
    )
    return {(*record, count) for record, count in times.items() if count > 1}


def last_begun(
    invocations: Iterable[Invocation], partitions: Iterable[int]
) -> set[tuple[int, int]]:
    """The records of the last batch of each of these partitions."""
    by_time = sorted(invocations, key=lambda each: each.began)
    last = {one: each.offsets[one] for each in by_time for one in partitions if one in each.offsets}
    return {(partition, offset) for partition, offsets in last.items() for offset in offsets}


def stop(server: Server, pid: int) -> None:
    """Stop a process, but not in the middle of a write: that would keep everybody from writing."""
    database = sqlite3.connect(server.state / "sluicegate.db", timeout=0.5)

    def is_stopped() -> bool:
        os.kill(pid, signal.SIGSTOP)
        try:
            database.execute("BEGIN IMMEDIATE")
            database.execute("ROLLBACK")
        except sqlite3.OperationalError:
            os.kill(pid, signal.SIGCONT)
            return False
        return True

    with closing(database):
        until(is_stopped, "a moment in which nobody writes")


def test_a_worker_that_sleeps_through_its_session_begins_nothing_of_what_it_lost(
    stage: Stage,
) -> None:
    trigger, audit, load = under_load(stage, "zombie")
    until(lambda: len(running(trigger)) > PARTITIONS / 2, "both workers to be busy")
    shares, slept_at = shared(trigger), time.time()
    zombie = min(workers(stage.server))
    stop(stage.server, zombie)
    try:
        other = left_alone(trigger)
        until_everywhere(trigger, slept_at + SESSION_SECONDS)
    finally:
        os.kill(zombie, signal.SIGCONT)
    woke_at = time.time()
    shared(trigger)
    until_everywhere(trigger, time.time())
    acknowledged = load.stop()
    trigger.settled(acknowledged, audit)
    entered, lost = trigger.invocations(), ALL - shares[other]
    # Sandboxes do not sleep. Of what was lost, nobody else can have begun anything as early.
    its = [each for each in entered if each.began < slept_at + SESSION_SECONDS / 2]
    # What runs may end late, beside what the other runs: nobody can take it back.
    late = [each for each in its if each.ended is None or each.ended > woke_at]
    heeded = [replace(each, ended=None) if each in late else each for each in entered]
    verdict = judge(acknowledged.offsets, heeded, audit.readings)
    assert verdict == Verdict(again=verdict.again)
    # The last batch of a partition at most is delivered again, and by nobody else.
    assert begun_again(entered) <= {(*record, 2) for record in last_begun(its, lost)}
    trigger.delete()


def test_workers_that_come_and_go_starve_no_partition_and_deliver_nothing_twice(
    stage: Stage,
) -> None:
    trigger, audit, load = under_load(stage, "storm")
    working = sorted(workers(stage.server))
    for _ in range(2):
        left_at, left = time.time(), working.pop(0)
        os.kill(left, signal.SIGTERM)
        working += another(stage.server, {left, *working})
        until_everywhere(trigger, left_at)
    assert trigger.settled(load.stop(), audit) == ALL_WELL
    trigger.until_ok()
    trigger.delete()


def another(server: Server, known: set[int]) -> set[int]:
    """The worker that comes in the place of one that leaves, once it is there."""
    until(lambda: bool(workers(server) - known), "another worker", LIVENESS_SECONDS)
    return workers(server) - known


def leaders(trigger: Trigger) -> list[int]:
    """The node that leads each partition."""
    metadata = trigger.stage.anybody.admin().list_topics(trigger.topic, timeout=30)
    return [each.leader for each in metadata.topics[trigger.topic].partitions.values()]


def is_whole(trigger: Trigger) -> bool:
    """Whether every node has every record."""
    metadata = trigger.stage.anybody.admin().list_topics(trigger.topic, timeout=30)
    return all(
        len(each.isrs) == NODES for each in metadata.topics[trigger.topic].partitions.values()
    )


def test_the_node_that_leads_and_coordinates_goes_and_comes_back(stage: Stage) -> None:
    trigger, audit, load = under_load(stage, "nodes")
    node = trigger.coordinator()
    assert node in leaders(trigger)  # it leads a partition, too
    killed_at = time.time()
    os.kill(java_of(stage.server, node), signal.SIGKILL)
    until_everywhere(trigger, killed_at)
    assert node not in leaders(trigger) and trigger.coordinator() != node
    until(lambda: state(stage.server, stage.cluster) == "ACTIVE", "the cluster to heal", 60)
    until(lambda: is_whole(trigger), "the node to catch up", 60)
    again = len(begun_again(trigger.invocations()))

    # Leaders and the coordinator move, nobody dies.
    admin = stage.anybody.admin()
    admin.elect_leaders(ElectionType.PREFERRED, None).result(30)
    until(lambda: node in leaders(trigger), "the node to lead again")
    until_everywhere(trigger, time.time())
    verdict = trigger.settled(load.stop(), audit)
    assert verdict == Verdict(again=again) and again <= BATCH * PARTITIONS
    trigger.until_ok()
    trigger.delete()
