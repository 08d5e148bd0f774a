"""Fixtures every tier uses."""

import gc
import itertools
import os
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from sluicegate.brokers.installation import install
from sluicegate.brokers.runtime import Installation
from sluicegate.settings import load
from sluicegate.testing import Endpoint
from tests.contract.missing import missing
from tests.contract.postgresql_server import PostgresqlServer, programs
from tests.house.sources import ROOT

if TYPE_CHECKING:
    from tests.contract.kafka_cluster import KafkaCluster

# The machine decides how long an example takes; no test of ours is timed. A change is judged by the
# same examples every time; at a desk, each run tries others.
settings.register_profile(
    "sluicegate", deadline=None, derandomize=os.environ.get("CI") == "true", database=None
)
settings.load_profile("sluicegate")


class Sharing(LoadScopeScheduling):  # type: ignore[misc]
    """Three processes share the tests: one has all modules with tests that kill or burden brokers,
    or crowd the machine, as two cores bear one at a time; one those with a broker that does little;
    one the rest, module by module, and so has who is ready early."""

    def _split_scope(self, nodeid: str) -> str:
        return share(nodeid)


def share(nodeid: str) -> str:
    """What a test belongs to that stays together."""
    module = nodeid.partition("::")[0]
    return _together(module) or module


@cache
def _together(module: str) -> str:
    # Read, not asked of the tests: the process that shares them out has collected none.
    text = (ROOT / module).read_text()
    if "pytest.mark.alongside" in text:
        return "alongside"
    is_heavy = "pytest.mark.brokers" in text or "pytest.mark.crowds" in text
    return "brokers" if is_heavy else ""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Sharing:
    """How tests are shared, where several processes are asked for."""
    return Sharing(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes share the tests, what takes longest comes first."""
    if hasattr(config, "workerinput"):
        items.sort(key=_turn)


def _turn(item: pytest.Item) -> tuple[int, int]:
    tiers = ("tests/system", "tests/contract")
    tier = next((n for n, each in enumerate(tiers) if item.nodeid.startswith(each)), len(tiers))
    first = ("brokers", "alongside")
    belongs = share(item.nodeid)
    return first.index(belongs) if belongs in first else len(first), tier


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the collector need not go through it in every test."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def fresh_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder as it is after a first start; made once, because making it costs 0.1 s."""
    folder = tmp_path_factory.mktemp("fresh") / "state"
    Endpoint(folder).close()
    return folder


@pytest.fixture(scope="session")
def one_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """The endpoint that most tests share, one after the other."""
    with Endpoint(tmp_path_factory.mktemp("endpoint") / "state") as made:
        yield made


@pytest.fixture
def endpoint(one_endpoint: Endpoint) -> Endpoint:
    """The control path in this process, its state empty: in a millisecond, where a new one with
    all its statements to compile takes fifty."""
    one_endpoint.reset()
    return one_endpoint


@pytest.fixture
def own_endpoint(tmp_path: Path, fresh_state: Path) -> Iterator[Endpoint]:
    """An endpoint of a test's own, which it may close."""
    with Endpoint(shutil.copytree(fresh_state, tmp_path / "state")) as made:
        yield made


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """A server for the whole run."""
    folder = programs()
    if folder is None:
        missing("PostgreSQL is not installed")
    with PostgresqlServer(folder) as server:
        yield server


@pytest.fixture(scope="session")
def kafka() -> Installation:
    """Kafka, installed where the product installs it; the first time, it is fetched."""
    settings = load({}, {k: v for k, v in os.environ.items() if k == "SLUICEGATE_JARS"}, Path("/"))
    return install(settings.cache_folder, settings.jars_folder, print)


@pytest.fixture(scope="session")
def broker(
    kafka: Installation, tmp_path_factory: pytest.TempPathFactory
) -> "Iterator[KafkaCluster]":
    """A cluster of one node that tests share, each with topics and users of its own."""
    # Imported here: the fast tier needs no client.
    from tests.contract.kafka_cluster import KafkaCluster

    with KafkaCluster(kafka, tmp_path_factory.mktemp("broker")) as started:
        yield started


@pytest.fixture(scope="session")
def names() -> Iterator[str]:
    """Names of databases nobody has used."""
    return (f"test_{number}" for number in itertools.count())
