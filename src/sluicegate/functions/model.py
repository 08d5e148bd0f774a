"""What is run, one invocation of it, and what came of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


def _hold_nothing() -> Callable[[], None]:
    return lambda: None


@dataclass(frozen=True, slots=True)
class FunctionVersion:
    """A version of a function as its environments are made from it. `repr` shows no variable.

    `arn` is the unqualified function ARN. `revision` changes with code and configuration: an
    environment of another revision is never used again. `code` is the folder of the unpacked
    package, and `hold` has it stay until what it returns is called (`Corrupted` when it is gone).
    Sizes are in mebibytes. Levels are of `log_format` JSON alone, "" in text.
    """

    arn: str
    name: str
    version: str
    revision: str
    runtime: str
    handler: str
    code: Path
    role_arn: str
    account: str
    region: str
    log_group: str
    memory_mb: int
    ephemeral_mb: int
    timeout_seconds: int
    environment: Mapping[str, str] = field(repr=False)
    log_format: str = "Text"
    log_level: str = ""
    system_log_level: str = ""
    hold: Callable[[], Callable[[], None]] = field(default=_hold_nothing, repr=False)


@dataclass(frozen=True, slots=True)
class Invocation:
    """One event for a function. `invoked_arn` is the ARN it was called by, qualifier included.

    `is_trigger_event` says that we have made the event: it is plain JSON, whoever parses it.
    """

    request_id: str
    payload: bytes = field(repr=False)
    invoked_arn: str
    client_context: str = ""
    is_trigger_event: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an invocation: the function's answer, or AWS's error payload.

    `error` is what the header X-Amz-Function-Error says, "" when the function answered.
    `log_tail` are the last 4 KB of the invocation's log.
    """

    payload: bytes = field(repr=False)
    error: str = ""
    log_tail: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What function code signs with: the execution role's session."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(repr=False)
    expires_ms: int


class LogSink(Protocol):
    """Where START, output, END and REPORT lines go: CloudWatch Logs, as the execution role."""

    def write(
        self, version: FunctionVersion, stream: str, events: Sequence[tuple[int, str]]
    ) -> None:
        """Take `events` (milliseconds, line) of a log stream; never blocks on the network."""
        ...


class Functions(Protocol):
    """Runs function code. `Pool` does it in sandboxes; tests may do it otherwise."""

    def runtimes(self) -> Sequence[str]:
        """The runtimes there are, as `Runtime` names them."""
        ...

    def architecture(self) -> str:
        """The one architecture there is, as `Architectures` names it."""
        ...

    def invoke(self, version: FunctionVersion, invocation: Invocation) -> Outcome:
        """Run the function on one event; returns when it has answered, failed or timed out."""
        ...

    def retire(self, function_arn: str) -> None:
        """End the idle environments of a function: its code or configuration has changed."""
        ...

    def forget(self) -> None:
        """End every environment; returns when nothing of them is left."""
        ...

    def close(self) -> None:
        """End everything, what was logged last handed on; nothing can be invoked afterwards."""
        ...
