"""One suite for the store, on every database it runs on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
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
