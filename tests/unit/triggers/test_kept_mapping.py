"""One mapping kept, step by step: its states, its reasons, and when it polls."""

import json
import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.triggers.pretending import Machine

from sluicegate.errors import AccessDenied, Unavailable
from sluicegate.execution import ExecutionRoles
from sluicegate.execution.versions import Versions
from sluicegate.functions.packages import Packages
from sluicegate.store import epoch, function_versions, functions, mapping_leases, mappings
from sluicegate.store.function_versions import Version
from sluicegate.store.functions import Function
from sluicegate.store.mappings import Access, EventSourceMapping
from sluicegate.testing import Endpoint
from sluicegate.triggers import problems
from sluicegate.triggers.kept import Kept

ACCOUNT, REGION = "000000000000", "us-east-1"
ID = "8d3f6c1e-0000-4000-8000-000000000001"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:kafka-AbCdEf"
ORDERS = Function("f-1", ACCOUNT, REGION, "orders", created_ms=1)
LATEST = Version(
    "f-1", "r-1", "python3.11", "app.handler", f"arn:aws:iam::{ACCOUNT}:role/orders", "p", 1, 1
)
MAPPING = EventSourceMapping(
    ID,
    ACCOUNT,
    REGION,
    "f-1",
    ORDERS.arn,
    topic="orders",
    group_id=ID,
    created_ms=1,
    last_modified_ms=1,
    bootstrap_servers=("kafka.example:9092",),
    access=(Access("BASIC_AUTH", SECRET),),
)


class Bench:
    """A kept mapping in a real state, with a clock that is moved by hand."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.database = endpoint.databases.state
        self.machine = Machine()
        self.machine.answer = _well
        self.now = 1000.0
        roles = ExecutionRoles(lambda *_: None, endpoint.vault, endpoint.clock)
        self.versions = Versions(
            self.database,
            endpoint.vault,
            Packages(endpoint.state / "packages", lambda _: True),
            roles,
            lambda *_: None,
            lambda: self.now,
        )
        with self.database.write() as tx:
            functions.create(tx, ORDERS)
            function_versions.add(tx, LATEST)
            mappings.create(tx, MAPPING)
        self.endpoint = endpoint
        self.kept = self.another("one")

    def another(self, holder: str) -> Kept:
        return Kept(
            ID,
            holder,
            self.database,
            self.versions,
            self.machine,
            self.machine,
            self.endpoint.clock,
            lambda: self.now,
        )

    @property
    def mapping(self) -> EventSourceMapping:
        with self.database.read() as tx:
            found = mappings.find(tx, ID)
        assert found is not None
        return found

    def change(self, **wanted: Any) -> None:
        with self.database.write() as tx:
            mappings.change(tx, replace(self.mapping, **wanted), 2)

    def step(self, times: int = 1, seconds: float = 0.25) -> None:
        for _ in range(times):
            self.kept.step()
            self.now += seconds

    def permissions_move(self) -> None:
        with self.database.write() as tx:
            epoch.bump(tx)


def _well(operation: str, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Every call of a self-managed source, allowed."""
    if operation == "GetSecretValue":
        return {"SecretString": json.dumps({"username": "u", "password": "p"})}
    return {}


def _denied(operation: str, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    raise AccessDenied(f"not authorized to perform: {operation}")


@pytest.fixture
def bench(endpoint: Endpoint) -> Bench:
    """A mapping that was just made."""
    return Bench(endpoint)


def test_a_new_mapping_is_surveyed_polled_and_enabled(bench: Bench) -> None:
    assert bench.mapping.current_state == "Creating"
    bench.step()
    assert bench.machine.asked == ["AssumeRole", "GetSecretValue"]
    (polling,) = bench.machine.open
    assert polling.is_first and polling.connection.bootstrap_servers == ("kafka.example:9092",)
    made = bench.mapping
    assert made.state == made.current_state == "Enabled"
    assert made.last_processing_result == "No records processed"
    assert made.started_ms is not None
    polling.has_delivered = True
    bench.step()
    assert bench.mapping.last_processing_result == "OK"


def test_what_was_delivered_is_told_by_whoever_polls_next(bench: Bench) -> None:
    bench.step()
    (polling,) = bench.machine.open
    polling.has_delivered = True
    bench.change(batch_size=7)
    bench.step(8)
    assert polling.is_closed and bench.machine.open
    assert bench.mapping.last_processing_result == "OK"


def test_it_writes_nothing_while_nothing_happens(bench: Bench) -> None:
    bench.step(2)
    stepping = threading.Thread(target=bench.step, daemon=True)
    with bench.database.write():
        stepping.start()
        stepping.join(2)
        assert not stepping.is_alive()


def test_it_is_surveyed_every_half_minute_and_when_permissions_move(bench: Bench) -> None:
    bench.step(8)
    assert bench.machine.asked.count("AssumeRole") == 1
    bench.permissions_move()
    bench.step()
    assert bench.machine.asked.count("AssumeRole") == 2
    bench.now += 31
    bench.step()
    assert bench.machine.asked.count("AssumeRole") == 3
    assert len(bench.machine.pollings) == 1, "nothing has changed"


def test_a_revoked_permission_stops_it_and_a_restored_one_starts_it(bench: Bench) -> None:
    bench.step(8)
    bench.machine.answer = _denied
    bench.permissions_move()
    bench.step()
    assert bench.machine.open == []
    stopped = bench.mapping
    assert stopped.state == "Enabled"
    assert stopped.state_transition_reason == "EVENT_SOURCE_AUTHN_ERROR"
    assert stopped.last_processing_result == (
        "PROBLEM: Lambda failed to assume your function execution role."
    )
    bench.machine.answer = _well
    bench.now += 1
    bench.permissions_move()
    bench.step()
    (polling,) = bench.machine.open
    assert not polling.is_first, "its place is in Kafka"
    healed = bench.mapping
    assert healed.state_transition_reason == "USER_INITIATED"
    assert healed.last_processing_result == "OK"


def test_an_endpoint_out_of_reach_is_no_denial(bench: Bench) -> None:
    bench.step(8)

    def silent(_operation: str, _params: Mapping[str, Any]) -> Mapping[str, Any]:
        raise Unavailable("nobody answers")

    bench.machine.answer = silent
    bench.now += 31
    bench.step(3)
    assert len(bench.machine.open) == 1
    assert bench.mapping.last_processing_result == "No records processed"


def test_another_password_is_logged_in_with_anew(bench: Bench) -> None:
    bench.step(30)
    changed = {"SecretString": json.dumps({"username": "u", "password": "other"})}
    bench.machine.answer = lambda _operation, _params: changed
    bench.machine.open[0].login_refused = True
    bench.step()
    assert [polling.is_closed for polling in bench.machine.pollings] == [True, False]


def test_a_poller_that_fails_is_followed_by_another(bench: Bench) -> None:
    bench.step()
    bench.machine.open[0].has_failed = True
    bench.step()
    assert [polling.is_closed for polling in bench.machine.pollings] == [True, False]


def test_disabled_it_does_not_poll(bench: Bench) -> None:
    bench.step()
    bench.change(is_enabled=False)
    assert bench.mapping.current_state == "Disabling"
    bench.step()
    assert bench.machine.open == [] and bench.mapping.current_state == "Disabled"
    bench.change(is_enabled=True)
    assert bench.mapping.current_state == "Enabling"
    bench.now += 2
    bench.step()
    assert len(bench.machine.open) == 1 and bench.mapping.current_state == "Enabled"


def test_a_changed_mapping_is_polled_anew(bench: Bench) -> None:
    bench.step(8)
    bench.change(batch_size=7)
    assert bench.mapping.current_state == "Updating"
    bench.step()
    assert [polling.is_closed for polling in bench.machine.pollings] == [True, False]
    assert bench.mapping.current_state == "Enabled"


def test_a_deleted_mapping_is_gone_after_its_last_batch(bench: Bench) -> None:
    bench.step()
    with bench.database.write() as tx:
        mappings.want_deleted(tx, ID)
    assert bench.kept.step() is None
    assert bench.machine.open == []
    with bench.database.read() as tx:
        assert mappings.find(tx, ID) is None


def test_a_function_that_is_gone_is_a_reason(bench: Bench) -> None:
    with bench.database.write() as tx:
        function_versions.delete(tx, "f-1")
        functions.delete(tx, "f-1")
    bench.step()
    assert bench.mapping.state_transition_reason == "FUNCTION_CONFIG_NOT_VALID"
    assert bench.machine.pollings == []


def test_brokers_that_cannot_be_asked_where_to_begin_are_asked_again(bench: Bench) -> None:
    bench.machine.obstacle = problems.NO_CONNECTION
    bench.step(2)
    assert bench.mapping.last_processing_result == problems.NO_CONNECTION.text
    assert bench.mapping.started_ms is None
    bench.machine.obstacle = None
    bench.step()
    assert bench.machine.open[0].is_first


def test_a_second_worker_polls_and_leaves_the_telling_to_the_first(bench: Bench) -> None:
    bench.step()
    second = bench.another("two")
    second.step()
    assert len(bench.machine.open) == 2 and not bench.machine.open[1].is_first
    with bench.database.read() as tx:
        assert mapping_leases.holder_of(tx, ID) == "one"
    bench.kept.stop()
    bench.now += 4
    second.step()
    with bench.database.read() as tx:
        assert mapping_leases.holder_of(tx, ID) == "two"
