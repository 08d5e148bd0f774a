"""What a kept mapping works with, pretended: calls as the role, a poller, whatever a test says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sluicegate.execution.findings import Connection
from sluicegate.store.mapping_progress import Progress
from sluicegate.store.mappings import EventSourceMapping
from sluicegate.triggers.kept import CannotPoll
from sluicegate.triggers.problems import Problem


@dataclass
class Polling:
    """A poller that can be looked into."""

    connection: Connection
    revision: int
    is_first: bool
    problem: Problem | None = None
    has_delivered: bool = False
    is_closed: bool = False
    login_refused: bool = False
    has_failed: bool = False

    def must_log_in_anew(self) -> bool:
        refused, self.login_refused = self.login_refused, False
        return refused

    def progress(self) -> list[Progress]:
        return []

    def close(self) -> None:
        self.is_closed = True


@dataclass
class Machine:
    """`Machinery`: what was asked as the role, what was polled; `answer` decides the calls."""

    asked: list[str] = field(default_factory=list)
    pollings: list[Polling] = field(default_factory=list)
    obstacle: Problem | None = None
    fault: Exception | None = None
    tried: int = 0
    answer: Callable[[str, Mapping[str, Any]], Mapping[str, Any]] = lambda _operation, _params: {}

    def calls(self, mapping: EventSourceMapping, role_arn: str) -> "Machine":
        assert role_arn.endswith("role/orders") and mapping.id
        return self

    def assume(self) -> None:
        self.asked.append("AssumeRole")
        self.answer("AssumeRole", {})

    def call(self, service: str, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        assert service
        self.asked.append(operation)
        return self.answer(operation, params)

    def polling(
        self, mapping: EventSourceMapping, connection: Connection, *, is_first: bool
    ) -> Polling:
        self.tried += 1
        if self.fault is not None:
            raise self.fault
        if self.obstacle is not None:
            raise CannotPoll(self.obstacle)
        self.pollings.append(Polling(connection, mapping.revision, is_first))
        return self.pollings[-1]

    def attach(self, interface_id: str) -> None:
        self.asked.append(f"attach {interface_id}")

    def release(self, interface_id: str) -> None:
        self.asked.append(f"release {interface_id}")

    @property
    def open(self) -> list[Polling]:
        return [polling for polling in self.pollings if not polling.is_closed]
