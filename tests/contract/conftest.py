"""One suite for the store, on every database it runs on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.function_code import Rig, make_rig
from tests.contract.postgresql_server import PostgresqlServer

from sluicegate.store.database import Database, sqlite_url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path, names: Iterator[str]) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "state.db")
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    return server.create(next(names))


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """The same, open, for impatient callers."""
    made = Database(url, patience_seconds=0.3)
    yield made
    made.close()


@pytest.fixture(scope="session")
def functions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """Functions in sandboxes as strong as this host allows; one pool for the whole run."""
    rig = make_rig(tmp_path_factory.mktemp("functions"))
    yield rig
    rig.pool.close()
