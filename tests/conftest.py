"""Fixtures every tier uses."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from sluicegate.testing import Endpoint

# The machine decides how long an example takes; no test of ours is timed.
settings.register_profile("sluicegate", deadline=None)
settings.load_profile("sluicegate")


@pytest.fixture(scope="session")
def fresh_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder as it is after a first start; made once, because making it costs 0.1 s."""
    folder = tmp_path_factory.mktemp("fresh") / "state"
    Endpoint(folder).close()
    return folder


@pytest.fixture
def endpoint(tmp_path: Path, fresh_state: Path) -> Iterator[Endpoint]:
    """The control path in this process, on a fresh state."""
    with Endpoint(shutil.copytree(fresh_state, tmp_path / "state")) as made:
        yield made
