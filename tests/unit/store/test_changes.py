"""The file that brokers map: it moves with the permissions, and with nothing else."""

import contextlib
from pathlib import Path

import pytest

from sluicegate.store import epoch
from sluicegate.store.changes import ChangesFile
from sluicegate.store.database import Database, sqlite_url
from sluicegate.store.migrate import migrate_state


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "changes"


@pytest.fixture
def database(tmp_path: Path, path: Path) -> Database:
    files = [tmp_path / name for name in ("state.db", "decisions.db", "log-events.db")]
    migrate_state("", *files)
    return Database(sqlite_url(files[0]), throwaway=True, permissions_moved=ChangesFile(path).move)


def test_it_moves_with_each_commit_that_changes_permissions(database: Database, path: Path) -> None:
    seen = {path.read_bytes()}
    for _ in range(5):
        with database.write() as tx:
            epoch.bump(tx)
            assert path.read_bytes() in seen, "before the commit it is nobody's yet"
        assert path.read_bytes() not in seen
        seen.add(path.read_bytes())
    assert all(len(each) == 8 for each in seen)
    database.close()


def test_nothing_else_moves_it(database: Database, path: Path) -> None:
    with database.write() as tx:
        epoch.bump(tx)
    before = path.read_bytes()
    with database.write() as tx:
        epoch.bump(tx, epoch.CLUSTERS)
    with contextlib.suppress(RuntimeError), database.write() as tx:
        epoch.bump(tx)
        raise RuntimeError("taken back")
    with database.write() as tx:
        epoch.bump(tx, epoch.MAPPINGS)
    with database.read() as tx:
        epoch.current(tx)
    assert path.read_bytes() == before
    database.close()


def test_it_is_one_file_for_all_who_open_it(path: Path) -> None:
    one, other = ChangesFile(path), ChangesFile(path)
    inode = path.stat().st_ino
    one.move()
    moved = path.read_bytes()
    other.move()
    assert path.read_bytes() != moved
    one.close()
    other.close()
    assert path.stat().st_ino == inode and path.stat().st_mode & 0o777 == 0o600
