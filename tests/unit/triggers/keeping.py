"""A mapping to keep, in a real state, with a clock that is moved by hand."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.unit.triggers.pretending import Machine

from sluicegate.errors import AccessDenied, Unavailable
from sluicegate.execution import ExecutionRoles
from sluicegate.execution.versions import Versions
from sluicegate.functions.packages import Packages
from sluicegate.store import epoch, function_versions, functions, mappings
from sluicegate.store.function_versions import Version
from sluicegate.store.functions import Function
from sluicegate.store.mappings import Access, EventSourceMapping
from sluicegate.testing import Endpoint
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
        self.machine.answer = well
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


def well(operation: str, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Every call of a self-managed source, allowed."""
    if operation == "GetSecretValue":
        return {"SecretString": json.dumps({"username": "u", "password": "p"})}
    return {}


def denied(operation: str, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    raise AccessDenied(f"not authorized to perform: {operation}")


def silent(_operation: str, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Nobody answers."""
    raise Unavailable("nobody answers")
