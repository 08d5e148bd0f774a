"""An operation: what must be asked before it runs, and what it does.

def asks(call, params):            # before anything is looked up, as far as AWS does so
    yield Ask("iam:CreateUser", user_arn(call, params))

def run(call, params):             # the service model's members in and out
    ...
    return {"User": {...}}

OPERATIONS = (Operation("iam", "CreateUser", asks, run), ...)
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..access import Ask, Caller
from ..access.authorize import Judgement
from ..arn import partition_of
from ..functions import Functions
from ..functions.packages import Packages
from ..store.database import Database
from ..store.decisions import DecisionLog
from ..store.functions import Function
from ..store.log_events import LogEvents
from ..vault import Vault

Params = Mapping[str, Any]
"""An operation's input as `wire.parse` read it: the model's members, typed, absent when not sent.

In `asks` they are not validated yet: a required member may be missing, a string may be anything.
"""

Result = Mapping[str, Any]
"""An operation's output, the model's members; None-valued members are left out of the answer."""


class Judged:
    """What the names in a call stood for when they were first looked up: when it was judged.

    Between `asks` and `run` an alias may be moved, a secret be deleted and another one made.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[str, ...], str] = {}

    def is_still(self, name: tuple[str, ...], found: str) -> bool:
        """Whether `name` (its kind, where, and itself) stands for the same as before.

        `found` is what is authorised by that name, "" where it is nothing's.
        """
        return self._found.setdefault(name, found) == found


@dataclass(frozen=True, slots=True)
class Call:
    """One call under way: who makes it, where, when, and the doors it may go through.

    `account` is the caller's, `region` the one of the credential scope; `context` the condition
    keys known of the request itself, `endpoint` the URL the client reached us by. `calls` reaches
    other services on the caller's behalf, `keepers` those who make what the state says come true,
    `functions` runs function code, `packages` keeps it, `invocations` counts what runs; `judged`
    remembers what names meant when it was asked about them.
    """

    service: str
    operation: str
    caller: Caller
    region: str
    now_ms: int
    request_id: str
    context: Mapping[str, str | tuple[str, ...]]
    database: Database
    log_events: LogEvents
    decisions: DecisionLog
    vault: Vault
    calls: "Calls"
    keepers: "Keepers"
    functions: Functions
    packages: Packages
    invocations: "Invocations"
    endpoint: str = ""
    judged: Judged = field(default_factory=Judged)

    @property
    def account(self) -> str:
        """The account whose resources are meant: the caller's."""
        return self.caller.principal.account

    def arn(self, service: str, resource: str, *, is_global: bool = False) -> str:
        """An ARN of the caller's account, in the call's region unless the service is global.

        A global service has one ARN for a thing, whatever region it is called in: in partition aws.
        """
        region = "" if is_global else self.region
        return f"arn:{partition_of(region)}:{service}:{region}:{self.account}:{resource}"


AskedBy = Callable[[Call], Iterable[Ask]]
"""What is asked by whoever makes a call."""


class Calls(Protocol):
    """Reaches another service in the same thread, after identification; `api` supplies it."""

    def forward(self, call: Call, service: str, operation: str, params: Params) -> Result:
        """Call `service:operation` as the caller (a forward access session).

        The same principal is judged. In another service: with `aws:ViaAWSService` true and
        `kms:ViaService` naming the calling service, without the client's network keys. Raises the
        `AwsError` it gets.
        """
        ...

    def as_service(
        self, call: Call, actor: "Actor", service: str, operation: str, params: Params
    ) -> Result:
        """Call `service:operation` as an AWS service itself (`kafka.amazonaws.com`).

        Resource policies and grants judge it; `aws:SourceArn` says on whose behalf it acts.
        """
        ...

    def as_role(
        self, call: Call, session: "RoleSession", service: str, operation: str, params: Params
    ) -> Result:
        """Call `service:operation` as a role that an AWS service assumes.

        The role's trust policy judges the service first (sts:AssumeRole), then the role's own
        policies judge the call.
        """
        ...

    def judge(
        self, call: Call, session: "RoleSession", service: str, asks: "AskedBy"
    ) -> tuple[Judgement, ...]:
        """Judge what a session of a role would ask, and do nothing; whoever may assume it or not.

        `asks` is put as a call of `service`. `AccessDenied` where there is no such role.
        """
        ...

    def asks_of(self, service: str, operation: str, params: Params) -> "AskedBy":
        """What `service:operation` asks of policies before it does anything."""
        ...


class Keepers(Protocol):
    """Those who make what the state says come true, in another process; `serve` supplies them.

    A cluster that is made here has its brokers and data at their `home`.
    """

    @property
    def home(self) -> str:
        """The id of the state folder they keep clusters in."""
        ...

    def nudge(self) -> None:
        """Say that desired state has changed, and wait until it was looked at.

        A few seconds at most: what takes longer (a broker's start) is seen in the state. Nothing
        happens where no keeper runs; they look by themselves twice a second.
        """
        ...


class Invocations(Protocol):
    """What is invoked in this process; `operations.lambda_` has it, `serve` supplies it."""

    def admitted(self, function: Function) -> AbstractContextManager[None]:
        """One more invocation of `function`, while it lasts; `AwsError` beyond what it may have."""
        ...

    def nudge(self) -> None:
        """Say that an event was accepted: it is run soon, where events are run."""
        ...


@dataclass(frozen=True, slots=True)
class Actor:
    """An AWS service that acts as itself, on behalf of the resource `source_arn`."""

    name: str
    source_arn: str


@dataclass(frozen=True, slots=True)
class RoleSession:
    """A session that the service `actor` opens of `role_arn`."""

    actor: Actor
    role_arn: str
    name: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One served operation. It cannot be built without the function that names what to ask."""

    service: str
    name: str
    asks: Callable[[Call, Params], Iterable[Ask]]
    run: Callable[[Call, Params], Result]
