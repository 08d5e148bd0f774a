"""Operations between whose encrypting and writing other requests come."""

from collections.abc import Callable
from typing import Any, cast

from botocore import xform_name
from tests.unit.operations.asserting import ACCOUNT

from sluicegate.access import Caller
from sluicegate.access.authorize import Judgement
from sluicegate.iam.model import Principal, PrincipalKind
from sluicegate.operations.operation import Actor, AskedBy, Call, Params, Result, RoleSession
from sluicegate.operations.secretsmanager import OPERATIONS
from sluicegate.testing import Endpoint

_NOT_ASKED: Any = cast(Any, None)


class Interrupted:
    """`Calls` that go to the endpoint; what is to happen `meanwhile` does after the first one."""

    def __init__(self, endpoint: Endpoint, meanwhile: Callable[[], object]) -> None:
        self._endpoint = endpoint
        self._meanwhile = [meanwhile]

    def forward(self, call: Call, service: str, operation: str, params: Params) -> Result:
        """As root, who has the keys; those of services only answer to services."""
        client = self._endpoint.client(service, region=call.region)
        answer: Result = getattr(client, xform_name(operation))(**params)
        if self._meanwhile:
            self._meanwhile.pop()()
        return answer

    def as_service(
        self, call: Call, actor: Actor, service: str, operation: str, params: Params
    ) -> Result:
        """Not what Secrets Manager does."""
        raise NotImplementedError

    def as_role(
        self, call: Call, session: RoleSession, service: str, operation: str, params: Params
    ) -> Result:
        """Not what Secrets Manager does."""
        raise NotImplementedError

    def judge(
        self, call: Call, session: RoleSession, service: str, asks: AskedBy
    ) -> tuple[Judgement, ...]:
        """Not what Secrets Manager does."""
        raise NotImplementedError

    def asks_of(self, service: str, operation: str, params: Params) -> AskedBy:
        """Not what Secrets Manager does."""
        raise NotImplementedError


def run(
    endpoint: Endpoint, operation: str, meanwhile: Callable[[], object], **params: Any
) -> Result:
    """An operation as root's, with what happens once KMS was called."""
    arn = f"arn:aws:iam::{ACCOUNT}:root"
    root = Principal(PrincipalKind.ROOT, ACCOUNT, arn, ACCOUNT, frozenset({arn}))
    call = Call(
        service="secretsmanager",
        operation=operation,
        caller=Caller(root, endpoint.root.access_key, "", "", {}),
        region="us-east-1",
        now_ms=endpoint.clock.now_ms(),
        request_id=operation,
        context={},
        database=endpoint.databases.state,
        log_events=_NOT_ASKED,
        decisions=_NOT_ASKED,
        vault=endpoint.vault,
        calls=Interrupted(endpoint, meanwhile),
        keepers=_NOT_ASKED,
        functions=_NOT_ASKED,
        packages=_NOT_ASKED,
        invocations=_NOT_ASKED,
    )
    (found,) = (each for each in OPERATIONS if each.name == operation)
    return found.run(call, params)
