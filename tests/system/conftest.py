"""Fixtures of the system tier: the real server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .server import Server
from .terraforming import Configured, configurations


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that a module's tests share: none minds what another one made there."""
    with Server(tmp_path_factory.mktemp("calm") / "state") as started:
        yield started


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A fresh server of one test's own."""
    with Server(tmp_path / "state") as started:
        yield started


@pytest.fixture
def configured(tmp_path: Path, server: Server) -> Configured:
    """A working folder of Terraform's with the configuration of a name, for the test's server."""
    return configurations(tmp_path, server)
