"""Functions without sandboxes: each answers with the event it was given."""

from collections.abc import Callable, Sequence

from ..functions import FunctionVersion, Invocation, Outcome

Handler = Callable[[FunctionVersion, Invocation], Outcome]


class StubFunctions:
    """Answers invocations in this process and keeps what it was asked; `handler` may be set."""

    def __init__(self) -> None:
        self.invoked: list[tuple[FunctionVersion, Invocation]] = []
        self.retired: list[str] = []
        self.handler: Handler = _echo

    def runtimes(self) -> Sequence[str]:
        """One Python, and executables."""
        return ("python3.11", "provided.al2023", "provided.al2")

    def architecture(self) -> str:
        """The same everywhere."""
        return "x86_64"

    def invoke(self, version: FunctionVersion, invocation: Invocation) -> Outcome:
        """What `handler` makes of it."""
        let_go = version.hold()
        self.invoked.append((version, invocation))
        try:
            return self.handler(version, invocation)
        finally:
            let_go()

    def retire(self, function_arn: str) -> None:
        """Remember that it was asked."""
        self.retired.append(function_arn)

    def close(self) -> None:
        """Nothing was started."""

    def forget(self) -> None:
        """As new."""
        self.invoked.clear()
        self.retired.clear()
        self.handler = _echo


def _echo(_version: FunctionVersion, invocation: Invocation) -> Outcome:
    return Outcome(invocation.payload)
