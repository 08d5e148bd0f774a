"""One furnished endpoint per file of tests: every call leaves it as it was."""

from collections.abc import Iterator

import pytest
from tests.wire.fuzz.world import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("world") / "state")
    yield made
    made.close()
