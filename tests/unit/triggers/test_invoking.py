"""A trigger's function, invoked while somebody changes it."""

import io
import zipfile
from dataclasses import replace

import pytest

from sluicegate.delivery import Answer, Success
from sluicegate.delivery.answer import Failed
from sluicegate.delivery.records import Batch
from sluicegate.execution import ExecutionRoles
from sluicegate.execution.packages import stored_packages
from sluicegate.execution.versions import Versions
from sluicegate.store import function_versions, functions
from sluicegate.store.function_versions import Version
from sluicegate.store.functions import Function
from sluicegate.store.mappings import EventSourceMapping
from sluicegate.testing import Endpoint
from sluicegate.testing.stub_functions import StubFunctions
from sluicegate.triggers.invoking import FunctionGone, Invoker, Running

ACCOUNT, REGION = "000000000000", "us-east-1"
ORDERS = Function("f-1", ACCOUNT, REGION, "orders", created_ms=1)
ROLE = f"arn:aws:iam::{ACCOUNT}:role/orders"
MAPPING = EventSourceMapping(
    "8d3f6c1e-0000-4000-8000-000000000001",
    ACCOUNT,
    REGION,
    "f-1",
    ORDERS.arn,
    topic="orders",
    group_id="g",
    created_ms=1,
    last_modified_ms=1,
)


class Bench:
    """An invoker over a real state, its clock standing still: what was read stays fresh."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.database = endpoint.databases.state
        self.packages = stored_packages(endpoint.state / "packages", self.database, durable=False)
        self.functions = StubFunctions()
        roles = ExecutionRoles(lambda *_: None, endpoint.vault, endpoint.clock)
        self.versions = Versions(
            self.database, endpoint.vault, self.packages, roles, lambda *_: None, lambda: 1.0
        )
        self.invoker = Invoker(MAPPING, self.functions, self.versions, Running())
        with self.database.write() as tx:
            functions.create(tx, ORDERS)
            function_versions.add(tx, Version("f-1", "r-1", "python3.11", "a.b", ROLE, "", 1, 1))
        self.deploy("r-1", "one")

    def deploy(self, revision: str, content: str) -> None:
        """Change the code as UpdateFunctionCode does."""
        with self.packages.unpacked(zipped(content)) as package, self.database.write() as tx:
            version = function_versions.find(tx, "f-1", "$LATEST")
            assert version is not None
            changed = replace(version, revision=revision, package=package.id)
            function_versions.save(tx, changed)
        if version.package:
            self.packages.remove_unused(version.package)

    def invoke(self) -> Answer:
        return self.invoker.invoke(Batch(()), b"{}")


def zipped(content: str) -> bytes:
    """A package of one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.py", content)
    return buffer.getvalue()


@pytest.fixture
def bench(endpoint: Endpoint) -> Bench:
    return Bench(endpoint)


def test_code_that_was_changed_since_it_was_read_is_read_anew(bench: Bench) -> None:
    assert isinstance(bench.invoke(), Success)
    bench.deploy("r-2", "two")
    assert isinstance(bench.invoke(), Success)
    ran = [version.revision for version, _ in bench.functions.invoked]
    assert ran == ["r-1", "r-2"]


def test_a_function_that_was_deleted_since_it_was_read_is_gone(bench: Bench) -> None:
    assert isinstance(bench.invoke(), Success)
    with bench.database.write() as tx:
        version = function_versions.find(tx, "f-1", "$LATEST")
        assert version is not None
        function_versions.delete(tx, "f-1", "$LATEST")
        functions.delete(tx, "f-1")
    bench.packages.remove_unused(version.package)
    with pytest.raises(FunctionGone):
        bench.invoke()


def test_code_that_is_missing_is_a_failure_and_no_end(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    with bench.database.write() as tx:
        version = function_versions.find(tx, "f-1", "$LATEST")
        assert version is not None
        function_versions.save(tx, replace(version, package="0" * 64))
    assert isinstance(bench.invoke(), Failed)
    assert "is missing from the state folder" in caplog.text
