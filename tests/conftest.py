"""Fixtures every tier uses."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sluicegate.testing import Endpoint


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[Endpoint]:
    """The control path in this process, on a fresh state."""
    with Endpoint(tmp_path / "state") as made:
        yield made
