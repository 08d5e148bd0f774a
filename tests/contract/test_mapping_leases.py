"""One keeper per event source mapping, on every database, by that database's clock."""

import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from sluicegate.store import mapping_leases, mappings
from sluicegate.store.database import Database
from sluicegate.store.mapping_leases import Lease
from sluicegate.store.mapping_progress import Progress, note_progress, progress_of
from sluicegate.store.mappings import EventSourceMapping
from sluicegate.store.schema import metadata

ID = "b1a2c3d4-0000-4000-8000-000000000001"
MAPPING = EventSourceMapping(
    id=ID,
    account="000000000000",
    region="us-east-1",
    function_id="f",
    function_arn="arn:aws:lambda:us-east-1:000000000000:function:orders",
    topic="orders",
    group_id=ID,
    created_ms=1,
    last_modified_ms=1,
    bootstrap_servers=("kafka:9092",),
    sealed_filters=b"\x00\xff",
)
MINUTE = 60_000


@pytest.fixture
def state(database: Database) -> Database:
    """A state with one mapping in it."""
    with database.write() as tx:
        metadata.create_all(tx)
        mappings.create(tx, MAPPING)
    return database


@pytest.fixture
def other(state: Database) -> Iterator[Database]:
    """The same state as another node has it."""
    made = Database(state.url, patience_seconds=5)
    yield made
    made.close()


def test_two_nodes_agree_who_keeps_a_mapping(state: Database, other: Database) -> None:
    with state.write() as tx:
        first = mapping_leases.take(tx, ID, "one", MINUTE)
    assert first == Lease(ID, "one", 1)
    with other.write() as tx:
        assert mapping_leases.take(tx, ID, "two", MINUTE) is None
        assert mapping_leases.holder_of(tx, ID) == "one"
    with state.write() as tx:
        assert mapping_leases.renew(tx, first, 0)
    with other.write() as tx:
        assert mapping_leases.take(tx, ID, "two", MINUTE) == Lease(ID, "two", 2)
    with state.write() as tx:
        assert not mapping_leases.is_held(tx, first)
        assert not mapping_leases.renew(tx, first, MINUTE)


def test_the_clock_is_the_time_of_day(state: Database) -> None:
    table = mapping_leases.mapping_leases.c
    before_ms = time.time_ns() // 1_000_000
    with state.write() as tx:
        mapping_leases.take(tx, ID, "one", MINUTE)
        expires_ms = tx.execute(sa.select(table.expires_ms)).scalar_one()
    # Of another machine's clock, on PostgreSQL; here it is the same machine.
    assert -2_000 < expires_ms - MINUTE - before_ms < 10_000


def test_mappings_and_their_progress_are_read_as_written(state: Database) -> None:
    note = Progress(ID, 0, "one", 2, position=2**40, end=2**40 + 1, waits_for="a function")
    with state.write() as tx:
        assert mappings.find(tx, ID) == MAPPING
        note_progress(tx, [note])
        assert progress_of(tx, ID) == [note]
        mappings.want_deleted(tx, ID)
        assert mappings.remove(tx, ID)
        assert mappings.all_of(tx) == []
