"""Functions that fail, in every manner, behind a trigger: nothing is skipped, and it is visible."""

from collections.abc import Iterator

import pytest

from .kafka_user import new_cluster
from .server import Server
from .trigger_user import Stage, Trigger
from .waiting import until
from .witness import Verdict

pytestmark = pytest.mark.brokers

FAILED = "PROBLEM: Function call failed"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A server with a cluster, which this module's tests share."""
    with Server(tmp_path_factory.mktemp("failures") / "state") as server:
        yield Stage(server, new_cluster(server))


def batches(trigger: Trigger, partition: int = 0) -> list[list[int]]:
    """What was begun of a partition, batch by batch."""
    begun = sorted(trigger.invocations(), key=lambda each: each.began)
    return [each.offsets[partition] for each in begun if partition in each.offsets]


@pytest.mark.parametrize(
    ("order", "configured"),
    [
        ("!fail 2", {}),
        ("!exit 1", {}),
        ("!hang 1", {"Timeout": 2}),
        ("!eat 1", {"MemorySize": 128}),
    ],
)
def test_a_batch_that_fails_comes_again_whole_until_it_is_handled(
    stage: Stage, order: str, configured: dict[str, int]
) -> None:
    name = order[1:].replace(" ", "-")
    trigger = stage.trigger(name, partitions=2, configured=configured, BatchSize=5)
    # Partition 0 has the order in the midst of its second batch.
    values = [order if number == 14 else str(number) for number in range(30)]
    acknowledged = stage.produce(name, values, 2)
    trigger.until_handled(30)
    trigger.until_committed({0: 15, 1: 15})
    times = int(order[-1])
    again = [each for each in batches(trigger) if 7 in each]
    assert len(again) == times + 1 and again == [again[0]] * (times + 1)
    assert trigger.verdict(acknowledged) == Verdict(again=times * len(again[0]))
    assert len({offset for each in batches(trigger, 1) for offset in each}) == 15
    trigger.until_ok()
    trigger.delete()


def test_a_record_that_always_fails_stops_its_partition_alone_and_says_so(stage: Stage) -> None:
    trigger = stage.trigger("poisoned", partitions=4, BatchSize=10)
    stage.produce("poisoned", ["!always" if number == 201 else "1" for number in range(400)], 4)
    trigger.until_problem(FAILED)
    group = trigger.group()
    until(
        lambda: group.committed() == {0: 100, 1: group.committed()[1], 2: 100, 3: 100},
        "the other partitions",
    )
    assert group.committed()[1] <= 50
    stage.produce("poisoned", ["1"] * 40, 4)
    until(lambda: group.committed()[0] == 110, "the other partitions to go on")
    before = len([each for each in batches(trigger, 1) if 50 in each])
    until(
        lambda: len([each for each in batches(trigger, 1) if 50 in each]) > before,
        "the record to be tried again",
    )
    assert trigger.result == FAILED
    assert trigger.shown()["State"] == "Enabled"
    assert all(each[-1] < 60 for each in batches(trigger, 1))
    group.close()
    trigger.delete()


def test_a_function_that_is_gone_is_told_and_one_that_is_throttled_is_waited_for(
    stage: Stage,
) -> None:
    stage.anybody.create_topic("throttled")
    stage.function("throttled")
    throttle = stage.lambda_.put_function_concurrency
    throttle(FunctionName="throttled", ReservedConcurrentExecutions=0)
    acknowledged = stage.produce("throttled", range(10))
    trigger = stage.mapping("throttled", "throttled")
    trigger.until_problem(FAILED)
    assert trigger.invocations() == []
    stage.lambda_.delete_function_concurrency(FunctionName="throttled")
    trigger.until_handled(10)
    assert trigger.verdict(acknowledged) == Verdict()
    trigger.until_ok()
    stage.lambda_.delete_function(FunctionName="throttled")
    trigger.until_problem(FAILED)
    shown = trigger.shown()
    assert (shown["State"], shown["StateTransitionReason"]) == (
        "Enabled",
        "FUNCTION_CONFIG_NOT_VALID",
    )
    trigger.delete()
