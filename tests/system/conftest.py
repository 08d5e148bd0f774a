"""Fixtures of the system tier: the real server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .server import Server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A fresh server of one test's own."""
    with Server(tmp_path / "state") as started:
        yield started
