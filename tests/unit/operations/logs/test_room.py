"""Room on the disk, which is made after the answer."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.system.waiting import until

from sluicegate.testing import Endpoint

STREAM = {"logGroupName": "g", "logStreamName": "s"}
DAY_SECONDS = 24 * 3600


@pytest.fixture
def running(tmp_path: Path, fresh_state: Path) -> Iterator[Endpoint]:
    """An endpoint that does by itself what a server does."""
    with Endpoint(shutil.copytree(fresh_state, tmp_path / "state"), runs_events=True) as made:
        logs = made.client("logs")
        logs.create_log_group(logGroupName="g")
        logs.create_log_stream(**STREAM)
        put(made, "old")
        yield made


def put(endpoint: Endpoint, message: str) -> None:
    event = {"timestamp": endpoint.clock.now_ms(), "message": message}
    endpoint.client("logs").put_log_events(**STREAM, logEvents=[event])


def stored(endpoint: Endpoint) -> int:
    with endpoint.databases.log_events.read() as tx:
        return int(tx.exec_driver_sql("SELECT count(*) FROM log_events").scalar_one())


@pytest.mark.parametrize(
    ("delete", "what"), [("delete_log_group", {"logGroupName": "g"}), ("delete_log_stream", STREAM)]
)
def test_what_is_deleted_makes_room(running: Endpoint, delete: str, what: dict[str, Any]) -> None:
    getattr(running.client("logs"), delete)(**what)
    until(lambda: stored(running) == 0, "its events are removed")


def test_what_expires_makes_room(running: Endpoint) -> None:
    running.clock.advance(seconds=4 * DAY_SECONDS)
    put(running, "new")
    logs = running.client("logs")
    assert logs.describe_log_groups()["logGroups"][0]["storedBytes"] == 2 * (3 + 26)
    logs.put_retention_policy(logGroupName="g", retentionInDays=3)
    until(lambda: stored(running) == 1, "the old event is removed")
    assert logs.describe_log_groups()["logGroups"][0]["storedBytes"] == 3 + 26
