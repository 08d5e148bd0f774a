"""When a batch is complete, what is in it, and whose turn it is."""

import pytest
from tests.unit.delivery.making import ENCODER, batch, record

from sluicegate.delivery import Batch, Bounds
from sluicegate.delivery.batcher import Batcher, Oversized


def made(*partitions: int, records: int = 3, window_ms: int = 0, payload: int = 6000) -> Batcher:
    batcher = Batcher(Bounds(records, window_ms, payload), ENCODER)
    for partition in partitions or (0,):
        batcher.assigned(partition, 1)
    return batcher


def put(batcher: Batcher, *offsets: int, partition: int = 0, at_ms: int = 0, size: int = 1) -> None:
    records = [record(offset, partition=partition, value=b"v" * size) for offset in offsets]
    batcher.add(partition, ENCODER.encode(records), at_ms)


def taken(batcher: Batcher, now_ms: int = 0) -> list[tuple[int, int]] | None:
    """Partition and offset of what the next batch has."""
    found = batcher.take(now_ms)
    if found is None:
        return None
    assert isinstance(found, Batch)
    return [(one.partition, one.offset) for one in found]


def test_without_a_window_whatever_is_there_goes_at_once() -> None:
    batcher = made()
    assert taken(batcher) is None
    put(batcher, 5)
    assert taken(batcher) == [(0, 5)]


def test_the_window_opens_when_the_first_record_arrives() -> None:
    batcher = made(window_ms=500)
    put(batcher, 5, at_ms=100)
    put(batcher, 6, at_ms=400)
    assert batcher.due_ms() == 600
    assert taken(batcher, 599) is None
    assert taken(batcher, 600) == [(0, 5), (0, 6)]


def test_a_full_batch_does_not_wait_for_the_window() -> None:
    batcher = made(window_ms=500)
    put(batcher, 1, 2, at_ms=100)
    put(batcher, 3, 4, at_ms=110)
    assert taken(batcher, 110) == [(0, 1), (0, 2), (0, 3)]


def test_a_batch_spans_partitions_and_a_busy_one_is_not_taken_from() -> None:
    batcher = made(0, 1, 2, records=4)
    put(batcher, 1, 2, partition=1)
    put(batcher, 7, partition=0)
    assert taken(batcher) == [(1, 1), (1, 2), (0, 7)]
    put(batcher, 3, partition=1)
    put(batcher, 1, partition=2)
    assert taken(batcher) == [(2, 1)]
    assert taken(batcher) is None
    batcher.release([1])
    assert taken(batcher) == [(1, 3)]


def test_lanes_take_turns() -> None:
    batcher = made(0, 1, records=1)
    put(batcher, 1, 2, partition=0)
    put(batcher, 1, 2, partition=1)
    order = []
    while (found := taken(batcher)) is not None:
        order += found
        batcher.release([found[0][0]])
    assert order == [(0, 1), (1, 1), (0, 2), (1, 2)]


@pytest.mark.parametrize("short", [0, 1])
def test_the_payload_bound_is_exact(short: int) -> None:
    records = [record(offset, partition=offset % 2, value=b"v" * 50) for offset in range(4)]
    size = len(ENCODER.event(batch(records)))
    batcher = made(0, 1, records=100, window_ms=500, payload=size - short)
    put(batcher, 0, 2, partition=0, size=50)
    put(batcher, 1, 3, partition=1, size=50)
    found = batcher.take(0)  # long before the window is over
    assert isinstance(found, Batch)
    assert len(found) == 4 - short
    assert len(ENCODER.event(found)) <= size - short


def test_a_record_too_large_alone_comes_alone_and_in_its_turn() -> None:
    batcher = made(window_ms=500)
    put(batcher, 1)
    put(batcher, 2, size=9000)
    put(batcher, 3)
    assert taken(batcher) == [(0, 1)]
    batcher.release([0])
    found = batcher.take(0)
    assert isinstance(found, Oversized)
    assert [one.offset for one in found.batch] == [2]
    batcher.release([0])
    assert taken(batcher, 500) == [(0, 3)]


def test_what_is_forgotten_does_not_come_and_stays_busy_until_it_ends() -> None:
    batcher = made()
    put(batcher, 1)
    assert taken(batcher) == [(0, 1)]
    put(batcher, 2)
    batcher.forget(0)
    batcher.assigned(0, 2)
    put(batcher, 1)
    assert taken(batcher) is None
    batcher.release([0])
    assert taken(batcher) == [(0, 1)]
    assert batcher.waiting(0) == (0, 0)
