"""What a kill, a power loss, a full disk, a lock or a lost server leaves of the acknowledged."""

import contextlib
import os
import random
import resource
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest
from tests.contract.notes import add, create, ids
from tests.contract.postgresql_server import PostgresqlServer

from sluicegate.errors import Corrupted, StartRefused, Unavailable
from sluicegate.store.database import Database, sqlite_url
from sluicegate.store.sqlite import Checkpointer

ROOT = Path(__file__).parents[2]
ENDLESS = 2**40


@contextlib.contextmanager
def python(*arguments: str) -> Iterator[IO[str]]:
    """Another Python process; what it prints. It is killed at the end, wherever it is."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
    )
    with process:
        assert process.stdout is not None
        try:
            yield process.stdout
        finally:
            process.kill()


def test_a_killed_writer_loses_nothing_it_acknowledged(database: Database) -> None:
    create(database)
    chance = random.Random(4)
    acknowledged: list[int] = []
    for _ in range(5):
        first = max(ids(database), default=-1) + 1
        script = str(ROOT / "tests/contract/writing.py")
        with python(script, database.url, str(first), str(ENDLESS)) as output:
            acknowledged += [int(output.readline()) for _ in range(chance.randint(1, 200))]
        database.check()
        assert set(acknowledged) <= set(ids(database))
    there = ids(database)
    assert there == list(range(len(there)))


def test_after_a_power_loss_a_database_is_a_clean_prefix(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "state.db"))
    create(database)
    with database.read() as tx:
        # Held open, so that nothing is folded into the file: all is in the log.
        tx.exec_driver_sql("SELECT count(*) FROM notes").all()
        for number in range(200):
            with database.write() as writing:
                add(writing, number, "x" * (number * 37 % 3000))
        before = [path.read_bytes() for path in _files(tmp_path / "state.db")]
    database.close()
    chance = random.Random(5)
    kept = []
    for number in range(30):
        place = tmp_path / f"lost{number}"
        place.mkdir()
        lose = chance.choice([_cut, _zero])
        state, log = (file for file in _files(place / "state.db"))
        state.write_bytes(before[0])
        log.write_bytes(lose(before[1], chance.randrange(len(before[1]))))
        survivor = Database(sqlite_url(state))
        survivor.check()
        with survivor.read() as tx:
            has_table = tx.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()
        there = ids(survivor) if has_table else []
        assert there == list(range(len(there)))
        with survivor.write() as tx:
            tx.exec_driver_sql("CREATE TABLE healed (id INTEGER)")
        kept.append(len(there))
        survivor.close()
    assert len(set(kept)) > 10


def _files(state: Path) -> tuple[Path, Path]:
    return state, state.with_name(state.name + "-wal")


def _cut(log: bytes, at: int) -> bytes:
    return log[:at]


def _zero(log: bytes, at: int) -> bytes:
    return log[:at] + bytes(len(log) - at)


def test_state_waits_for_the_disk_at_each_commit_and_a_journal_does_not(tmp_path: Path) -> None:
    for durable, throwaway, synchronous in ((True, False, 2), (False, False, 1), (True, True, 0)):
        url = sqlite_url(tmp_path / f"{synchronous}.db")
        database = Database(url, durable=durable, throwaway=throwaway)
        with database.write() as tx:
            assert tx.exec_driver_sql("PRAGMA synchronous").scalar_one() == synchronous
            assert tx.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        database.close()


def test_a_database_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "state.db"))
    create(database)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    database.close()


LOCKING = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


def test_while_another_program_locks_the_file_writes_are_refused_and_reads_go_on(
    tmp_path: Path,
) -> None:
    path = tmp_path / "state.db"
    database = Database(sqlite_url(path), patience_seconds=0.2)
    create(database)
    with python("-c", LOCKING, str(path)) as output:
        assert output.readline() == "locked\n"
        with pytest.raises(Unavailable, match="locked by another writer"), database.write():
            pass
        assert ids(database) == []
    with database.write() as tx:
        add(tx, 1)
    assert ids(database) == [1]
    database.close()


def _fill(database: Database) -> int:
    """Write until the disk is full; the number of notes that were acknowledged."""
    for number in range(100_000):
        try:
            with database.write() as tx:
                add(tx, number, "x" * 5000)
        except Unavailable:
            return number
    raise AssertionError("the disk is never full")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "sluicegate-test", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a file system needs root")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_on_a_full_disk_writes_are_refused_reads_go_on_and_space_heals_it(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(500_000))
    database = Database(sqlite_url(small_disk / "state.db"))
    create(database)
    count = _fill(database)
    assert count > 10
    assert ids(database) == list(range(count))
    with pytest.raises(Unavailable), database.write() as tx:
        add(tx, count, "x" * 5000)
    ballast.unlink()
    with database.write() as tx:
        add(tx, count, "x" * 5000)
    database.check()
    assert ids(database) == list(range(count + 1))
    database.close()


def test_at_a_limit_of_file_size_writes_are_refused_reads_go_on_and_more_heals_it(
    tmp_path: Path,
) -> None:
    database = Database(sqlite_url(tmp_path / "state.db"))
    create(database)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        count = _fill(database)
        there = ids(database)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert there == list(range(count))
    with database.write() as tx:
        add(tx, count, "x" * 5000)
    database.check()
    assert ids(database) == list(range(count + 1))
    database.close()


def test_a_damaged_file_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    database = Database(sqlite_url(path))
    create(database)
    with database.write() as tx:
        for number in range(500):
            add(tx, number, "x" * 1000)
    database.close()
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 20_000] = os.urandom(20_000)
    path.write_bytes(content)
    again = Database(sqlite_url(path))
    with pytest.raises((StartRefused, Corrupted), match="damaged; restore it from its backup"):
        again.check()
    again.close()


def test_a_file_that_is_no_database_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.write_text("dear diary " * 1000)
    database = Database(sqlite_url(path))
    with pytest.raises(Corrupted), database.read():
        pass
    database.close()


def test_a_database_without_a_folder_is_unavailable(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "nowhere" / "state.db"))
    with pytest.raises(Unavailable), database.read():
        pass
    database.close()


def test_the_log_is_folded_when_nobody_writes(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    database = Database(sqlite_url(path))
    create(database)
    log = _files(path)[1]
    assert log.stat().st_size > 0
    watch = sqlite3.connect(path)
    # Looked at again and again, because nobody is told of it; it comes a second after the write.
    pause = threading.Event()
    assert any(log.stat().st_size == 0 or pause.wait(0.02) for _ in range(500))
    watch.close()
    database.close()


def test_a_log_past_its_cap_is_folded_though_writes_go_on(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    database = Database(sqlite_url(path))
    create(database)
    log = _files(path)[1]
    checkpointer = Checkpointer(path, quiet_seconds=0.02, cap_bytes=20_000)
    largest = 0
    for number in range(20_000):
        with database.write() as tx:
            add(tx, number, "x" * 3000)
        checkpointer.written()
        size, largest = log.stat().st_size, max(largest, log.stat().st_size)
        if size < largest:
            break
    checkpointer.close()
    assert size < largest
    assert ids(database) == list(range(number + 1))
    database.close()


def test_a_postgresql_that_restarts_is_unavailable_and_then_as_before(
    postgresql: PostgresqlServer, names: Iterator[str]
) -> None:
    database = Database(postgresql.create(next(names)), patience_seconds=1)
    create(database)
    with database.write() as tx:
        add(tx, 1)
    postgresql.stop()
    try:
        with pytest.raises(Unavailable), database.write() as tx:
            add(tx, 2)
        with pytest.raises(Unavailable), database.read():
            pass
        with pytest.raises(StartRefused, match="does not answer"):
            database.check()
    finally:
        postgresql.start()
    with database.write() as tx:
        add(tx, 3)
    assert ids(database) == [1, 3]
    database.close()


def test_a_restart_of_postgresql_between_two_calls_costs_neither_of_them_its_answer(
    postgresql: PostgresqlServer, names: Iterator[str]
) -> None:
    database = Database(postgresql.create(next(names)))
    create(database)
    assert ids(database) == []
    postgresql.stop()
    postgresql.start()
    with database.write() as tx:
        add(tx, 1)
    assert ids(database) == [1]
    database.close()


def test_a_postgresql_that_dies_within_a_write_leaves_nothing_of_it(
    postgresql: PostgresqlServer, names: Iterator[str]
) -> None:
    database = Database(postgresql.create(next(names)), patience_seconds=1)
    create(database)

    def write() -> None:
        with database.write() as tx:
            add(tx, 1)
            postgresql.stop()
            try:
                add(tx, 2)
            finally:
                postgresql.start()

    with pytest.raises(Unavailable):
        write()
    assert ids(database) == []
    database.close()


def test_more_callers_than_connections_wait_and_are_then_unavailable(
    postgresql: PostgresqlServer, names: Iterator[str]
) -> None:
    database = Database(postgresql.create(next(names)), patience_seconds=0.2)
    create(database)
    with contextlib.ExitStack() as stack:
        for _ in range(64):
            stack.enter_context(database.read())
        with pytest.raises(Unavailable, match="too many callers"), database.read():
            pass
    assert ids(database) == []
    database.close()
