"""A world for tests that change nothing in it: refusals, mostly."""

from collections.abc import Iterator

import pytest
from tests.unit.operations.ec2.asserting import World, world

from sluicegate.testing import Endpoint


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One of everything. What a test adds must disturb no other."""
    with Endpoint(tmp_path_factory.mktemp("standing") / "state") as endpoint:
        yield world(endpoint)
