"""Calls made as an execution role, for a function's trigger: over clients, or in this process."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from ..arn import Arn
from ..errors import AccessDenied, AwsError, Unavailable
from ..functions import Credentials
from ..wire.client import answer
from .clients import Clients
from .roles import NOT_ASSUMED, ExecutionRoles

Answer = Mapping[str, Any]
T = TypeVar("T")


class RoleCalls(Protocol):
    """Whoever acts as the role. What is refused is an `AwsError`: denied, unavailable, or else."""

    def assume(self) -> str | None:
        """Have the role's trust judged now; `AccessDenied` when Lambda may not assume it.

        The id of the role's session, where sessions are kept.
        """
        ...

    def call(self, service: str, operation: str, params: Mapping[str, Any]) -> Answer:
        """One call as the role."""
        ...


class SessionCalls:
    """`RoleCalls` with clients, which sign with a session of the role."""

    def __init__(
        self, clients: Clients, roles: ExecutionRoles, function_arn: str, role_arn: str
    ) -> None:
        self._clients = clients
        self._roles = roles
        self._function_arn = function_arn
        self._role_arn = role_arn
        self._region = Arn.parse(function_arn).region

    def assume(self) -> str | None:
        """Asked of STS, whatever is left of the session that is kept."""
        return self._assumed(self._roles.assumed)

    def call(self, service: str, operation: str, params: Mapping[str, Any]) -> Answer:
        """Over a client, made or found by `Clients`."""
        client = self._clients(service, self._region, self.credentials())
        try:
            return answer(client, operation, params)
        except AccessDenied:
            self._roles.forget_trigger(self._function_arn, self._role_arn)
            raise

    def credentials(self) -> Credentials:
        """Those of the session that is kept, or of a new one when its life is nearly over."""
        return self._assumed(self._roles.for_trigger)

    def _assumed(self, how: Callable[[str, str], T]) -> T:
        try:
            return how(self._function_arn, self._role_arn)
        except Unavailable:
            raise
        except AwsError:
            raise AccessDenied(NOT_ASSUMED) from None
