"""What callers of a database see, whichever it is and whatever happens to it."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from tests.contract.notes import add, create, ids, notes, replies

from sluicegate.errors import InvalidInput, Unavailable
from sluicegate.store.database import Conflict, Database, Tx


@pytest.fixture
def other(database: Database) -> Iterator[Database]:
    """The same database as another process has it."""
    create(database)
    made = Database(database.url, patience_seconds=5)
    yield made
    made.close()


def test_what_was_written_is_read_by_everybody(database: Database, other: Database) -> None:
    with database.write() as tx:
        add(tx, 1)
    assert ids(other) == ids(database) == [1]


def test_a_block_that_fails_writes_nothing(database: Database) -> None:
    create(database)
    with database.write() as tx:
        add(tx, 1)
    with pytest.raises(Conflict), database.write() as tx:
        _add_both(tx, 2, 1)
    assert ids(database) == [1]
    with database.write() as tx:
        add(tx, 2)
    assert ids(database) == [1, 2]


def _add_both(tx: Tx, one: int, two: int) -> None:
    add(tx, one)
    add(tx, two)


def test_a_second_row_with_the_same_key_is_a_conflict_where_it_is_written(
    database: Database,
) -> None:
    create(database)
    with database.write() as tx:
        add(tx, 1)
    with database.write() as tx, pytest.raises(Conflict):
        add(tx, 1)
    assert ids(database) == [1]


def test_a_reference_to_nothing_is_a_conflict(database: Database) -> None:
    create(database)
    with pytest.raises(Conflict), database.write() as tx:
        tx.execute(replies.insert().values(id=1, note_id=7))


def test_a_missing_value_is_our_mistake_and_not_a_conflict(database: Database) -> None:
    create(database)
    with pytest.raises(sa.exc.IntegrityError), database.write() as tx:
        tx.execute(notes.insert().values(id=1, text=None))


@pytest.mark.parametrize("value", ["\ud800", "a\udfffb"])
def test_text_that_is_no_text_is_invalid_input(database: Database, value: str) -> None:
    create(database)
    with pytest.raises(InvalidInput), database.write() as tx:
        add(tx, 1, value)
    with database.write() as tx:
        add(tx, 1, "fine")


def test_a_number_beyond_the_column_is_invalid_input(database: Database) -> None:
    create(database)
    with pytest.raises(InvalidInput), database.write() as tx:
        add(tx, 2**70)
    with pytest.raises(InvalidInput), database.read() as tx:
        tx.execute(sa.select(notes).where(notes.c.id == 2**70)).all()


def test_a_nul_is_stored_or_refused_as_invalid_input(database: Database) -> None:
    create(database)
    try:
        with database.write() as tx:
            add(tx, 1, "a\0b")
    except InvalidInput:
        assert not database.is_sqlite
    assert ids(database) == ([1] if database.is_sqlite else [])


def test_a_read_sees_one_moment_however_long_it_takes(database: Database, other: Database) -> None:
    count = sa.select(sa.func.count()).select_from(notes)
    with database.read() as tx:
        before = tx.execute(count).scalar_one()
        with other.write() as writing:
            add(writing, 1)
        assert tx.execute(count).scalar_one() == before == 0
    assert ids(database) == [1]


def test_a_transaction_that_asks_nothing_ends_as_any_other(
    database: Database, other: Database
) -> None:
    for _ in range(2):
        with database.read():
            pass
        with database.write():
            pass
    with other.write() as tx:
        add(tx, 1)
    assert ids(database) == [1]


def test_nothing_can_be_written_in_a_read(database: Database) -> None:
    create(database)
    with pytest.raises(Unavailable), database.read() as tx:
        add(tx, 1)
    assert ids(database) == []


def test_concurrent_writers_never_lose_each_others_changes(
    database: Database, other: Database
) -> None:
    patient = [Database(database.url, patience_seconds=30), other]
    with database.write() as tx:
        add(tx, 1, "0")

    def increment(number: int) -> None:
        with patient[number % 2].write() as tx:
            value = int(tx.execute(sa.select(notes.c.text)).scalar_one())
            tx.execute(notes.update().values(text=str(value + 1)))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(increment, range(200)))
    with database.read() as tx:
        assert tx.execute(sa.select(notes.c.text)).scalar_one() == "200"
    patient[0].close()


def test_a_write_that_waits_too_long_for_another_process_is_unavailable_and_heals(
    database: Database, other: Database
) -> None:
    with other.write() as held:
        add(held, 1)
        with pytest.raises(Unavailable, match="locked by another writer"), database.write():
            pass
        assert ids(database) == []
    with database.write() as tx:
        add(tx, 2)
    assert ids(database) == [1, 2]


def test_a_write_that_waits_too_long_for_another_thread_is_unavailable_and_heals(
    database: Database,
) -> None:
    create(database)
    started, finish = threading.Event(), threading.Event()

    def hold() -> None:
        with database.write() as tx:
            add(tx, 1)
            started.set()
            finish.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    assert started.wait(10)
    with pytest.raises(Unavailable, match="too many writers wait"), database.write():
        pass
    finish.set()
    thread.join()
    with database.write() as tx:
        add(tx, 2)
    assert ids(database) == [1, 2]


def test_a_write_within_a_write_is_refused_at_once(database: Database) -> None:
    with (
        pytest.raises(RuntimeError, match="under way in this thread"),
        database.write(),
        database.write(),
    ):
        pass


def test_no_exception_tells_what_was_written(database: Database) -> None:
    create(database)
    with pytest.raises(sa.exc.DBAPIError) as mistake, database.write() as tx:
        tx.execute(sa.text("SELECT :value FROM nowhere").bindparams(value="s3cr3t"))
    assert "s3cr3t" not in str(mistake.value)


def test_a_closed_database_has_no_connection_left(database: Database) -> None:
    create(database)
    with database.read() as tx:
        tx.execute(sa.select(notes)).all()
        database.close()
    assert tx.closed
