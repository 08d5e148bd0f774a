"""The batching writer: nothing accepted is lost, nobody waits long, what was dropped is counted."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.contract.notes import add, create, ids

from sluicegate.errors import Unavailable
from sluicegate.store.batching import BatchingWriter
from sluicegate.store.database import Conflict, Database, Tx


class Writes:
    """Writes notes by their ids; remembers its transactions, and waits at the gate."""

    def __init__(self) -> None:
        self.transactions: list[list[int]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.arrived = threading.Semaphore(0)

    def __call__(self, tx: Tx, items: Sequence[int]) -> None:
        self.arrived.release()
        assert self.gate.wait(10)
        for item in items:
            add(tx, item)
        self.transactions.append(list(items))


@pytest.fixture
def writes() -> Writes:
    """What the writer calls."""
    return Writes()


Start = Callable[..., BatchingWriter[int]]


@pytest.fixture
def start(database: Database, writes: Writes) -> Iterator[Start]:
    """Starts a writer of notes, which is closed in the end."""
    create(database)
    started: list[BatchingWriter[int]] = []

    def begin(**options: float) -> BatchingWriter[int]:
        started.append(BatchingWriter("notes", database, writes, **options))  # type: ignore[arg-type]  # any of its options
        return started[-1]

    yield begin
    writes.gate.set()
    for writer in started:
        writer.close()


def test_what_is_put_is_written_in_order(database: Database, writes: Writes, start: Start) -> None:
    writer = start()
    for number in range(2_500):
        assert writer.put(number)
    writer.flush()
    assert ids(database) == list(range(2_500))
    assert [item for items in writes.transactions for item in items] == list(range(2_500))
    assert max(map(len, writes.transactions)) <= 1_000
    assert writer.dropped == 0


def test_items_that_nobody_waits_for_are_written_without_flush_too(
    database: Database, writes: Writes, start: Start
) -> None:
    start().put(1)
    assert writes.arrived.acquire(timeout=10)
    with database.write():
        pass  # the writer's transaction, which was there first, has ended
    assert ids(database) == [1]


def test_whoever_waits_finds_the_items_committed(database: Database, start: Start) -> None:
    start().put_and_wait([1, 2, 3])
    assert ids(database) == [1, 2, 3]


def test_many_who_wait_share_transactions(database: Database, writes: Writes, start: Start) -> None:
    writer = start()
    writes.gate.clear()
    with ThreadPoolExecutor(21) as pool:
        first = pool.submit(writer.put_and_wait, [0])
        assert writes.arrived.acquire(timeout=10)
        others = [pool.submit(writer.put_and_wait, [number]) for number in range(1, 21)]
        _wait_until(lambda: len(writer._queue) == 20)
        writes.gate.set()
        for future in (first, *others):
            future.result(10)
    assert ids(database) == list(range(21))
    assert [len(items) for items in writes.transactions] == [1, 20]


def test_while_the_database_refuses_writes_waiters_are_told_and_others_are_kept(
    database: Database, start: Start
) -> None:
    writer = start()
    blocker = Database(database.url)
    with blocker.write():
        writer.put(1)
        with pytest.raises(Unavailable, match="locked by another writer"):
            writer.put_and_wait([2])
        with pytest.raises(Unavailable):
            writer.flush()
    writer.flush()
    assert ids(database) == [1]
    writer.put_and_wait([3])
    assert ids(database) == [1, 3]
    assert writer.dropped == 0
    blocker.close()


def test_a_full_queue_drops_and_counts_without_delay_while_the_database_refuses(
    database: Database, start: Start
) -> None:
    writer = start(capacity=3)
    blocker = Database(database.url)
    with blocker.write():
        writer.put(0)
        with pytest.raises(Unavailable):
            writer.flush()
        since = time.monotonic()
        accepted = [number for number in range(1, 11) if writer.put(number)]
        assert time.monotonic() - since < 2
        assert len(accepted) < 10
        assert writer.dropped == 10 - len(accepted)
    writer.flush()
    assert ids(database) == [0, *accepted]
    blocker.close()


def test_whoever_meets_a_full_queue_waits_for_room(
    database: Database, writes: Writes, start: Start
) -> None:
    writer = start(capacity=2, linger_seconds=0)
    writes.gate.clear()
    writer.put(0)
    assert writes.arrived.acquire(timeout=10)
    assert writer.put(1)
    assert writer.put(2)
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(writer.put, 3)
        writes.gate.set()
        assert late.result(10)
    writer.flush()
    assert ids(database) == [0, 1, 2, 3]


def test_an_item_that_cannot_be_written_harms_no_other(database: Database, start: Start) -> None:
    writer = start()
    writer.put_and_wait([1])
    for number in (0, 1, 2):
        writer.put(number)
    with pytest.raises(Conflict):
        writer.put_and_wait([1])
    writer.put_and_wait([3])
    assert ids(database) == [0, 1, 2, 3]
    assert writer.dropped == 1


def test_closing_writes_what_is_queued(database: Database, start: Start) -> None:
    writer = start(linger_seconds=60)
    for number in range(10):
        writer.put(number)
    writer.close()
    assert ids(database) == list(range(10))


def test_closing_gives_up_what_the_database_refuses_and_counts_it(
    database: Database, start: Start
) -> None:
    writer = start(batch=2, linger_seconds=60)
    blocker = Database(database.url)
    with blocker.write():
        for number in range(5):
            writer.put(number)
        writer.close()
    assert writer.dropped == 5
    assert ids(database) == []
    blocker.close()


def test_after_closing_nothing_is_accepted(start: Start) -> None:
    writer = start()
    writer.close()
    assert not writer.put(1)
    assert writer.dropped == 1
    with pytest.raises(Unavailable):
        writer.put_and_wait([1])
    writer.flush()


def test_the_thread_has_the_writers_name(start: Start) -> None:
    start()
    assert "notes" in {thread.name for thread in threading.enumerate()}


def _wait_until(condition: Callable[[], bool]) -> None:
    pause = threading.Event()
    assert any(condition() or pause.wait(0.01) for _ in range(1000))
