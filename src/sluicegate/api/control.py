"""The control path on one page: from a request to an answer, for every AWS operation.

    route → identify → parse → authorize → validate → run → render

Whatever refuses on the way is an `AwsError`, rendered once, here.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace

from ..access import Ask, Caller
from ..access.authorize import Authority, Judgement
from ..access.identify import Identified, Identity
from ..access.record import Occasion, moment
from ..arn import partition_of
from ..clock import Clock
from ..errors import AccessDenied, AwsError, Fault, IdentityFault
from ..functions import Functions
from ..functions.packages import Packages
from ..iam.model import Context
from ..operations.operation import (
    Actor,
    AskedBy,
    Call,
    Invocations,
    Judged,
    Keepers,
    Operation,
    Params,
    Result,
    RoleSession,
)
from ..store.database import Database
from ..store.decisions import DecisionLog
from ..store.log_events import LogEvents
from ..vault import Vault
from ..wire.faults import render_error
from ..wire.message import Request, Response
from ..wire.model import Target, action_prefix, fixed_path
from ..wire.model import target as target_of
from ..wire.parse import parse
from ..wire.render import render
from ..wire.route import route
from ..wire.sigv4 import scope_of
from ..wire.validate import validate


class ControlPath:
    """Answers requests. Holds every door an operation may go through; built once, in `build`."""

    def __init__(
        self,
        *,
        database: Database,
        log_events: LogEvents,
        decisions: DecisionLog,
        vault: Vault,
        clock: Clock,
        identity: Identity,
        authority: Authority,
        operations: Iterable[Operation],
        keepers: Keepers,
        functions: Functions,
        packages: Packages,
        invocations: Invocations,
    ) -> None:
        self._database = database
        self._log_events = log_events
        self._decisions = decisions
        self._vault = vault
        self._clock = clock
        self._identity = identity
        self._authority = authority
        self._keepers = keepers
        self._functions = functions
        self._packages = packages
        self._invocations = invocations
        self._operations = {(each.service, each.name): each for each in operations}

    def handle(self, request: Request) -> Response:
        """The answer to one request."""
        request_id = str(uuid.uuid4())
        target: Target | None = None
        try:
            scope = scope_of(request)
            target = route(request, scope.service if scope else None)
            identified = self._identity.identify(request)
            params = parse(target, request)
            call = self._call(target.service, target.operation, identified, request, request_id)
            return render(target, self._run(call, target, params), request_id)
        except AwsError as error:
            return render_error(error, target=target, request=request, request_id=request_id)

    def authorize_own(self, request: Request, signing_name: str, ask: Ask) -> Call:
        """Identify and authorize a call of Sluicegate's own, which no AWS model describes."""
        identified = self._identity.identify(request)
        if identified.scope.service != signing_name:
            raise IdentityFault(
                Fault.BAD_SIGNATURE, f"Credential should be scoped to service: '{signing_name}'."
            )
        call = self._call(signing_name, "", identified, request, str(uuid.uuid4()))
        occasion = Occasion(call.region, call.request_id, call.now_ms, call.context)
        self._authority.authorize(call.caller, (ask,), occasion)
        return call

    def authorize_as(self, call: Call, service: str, operation: str, params: Params) -> None:
        """Authorize the caller of `call` for an operation, which is not run."""
        asks = self.asks_of(service, operation, params)(replace(call, service=service))
        occasion = Occasion(call.region, call.request_id, call.now_ms, call.context)
        self._authority.authorize(call.caller, asks, occasion)

    def _run(self, call: Call, target: Target, params: Params) -> Result:
        """Authorize, validate, run: the part a forwarded call shares with one from outside."""
        operation = self._operations.get((call.service, call.operation))
        # A nested call is judged by itself, whatever names meant in the one it comes from.
        call = replace(call, judged=Judged())
        asks = operation.asks(call, params) if operation else _unserved(call)
        occasion = Occasion(call.region, call.request_id, call.now_ms, _judged_by(call))
        self._authority.authorize(call.caller, asks, occasion)
        if operation is None:
            raise AwsError(
                "UnsupportedOperation",
                f"Sluicegate does not serve {call.service}:{call.operation}.",
            )
        validate(target, params)
        return operation.run(call, params)

    def call_by(self, account: str, region: str, actor: Actor) -> Call:
        """A call an AWS service makes by itself, without any request: to call others from."""
        now_ms = self._clock.now_ms()
        caller = self._identity.service(account, actor.name, actor.source_arn, now_ms)
        service = actor.name.partition(".")[0]
        context = moment(region, now_ms) | {"aws:SecureTransport": "true"}
        return self._new_call(service, "", caller, region, now_ms, str(uuid.uuid4()), context)

    def _call(
        self,
        service: str,
        operation: str,
        identified: Identified,
        request: Request,
        request_id: str,
    ) -> Call:
        now_ms = self._clock.now_ms()
        call = self._new_call(
            service,
            operation,
            identified.caller,
            identified.scope.region,
            now_ms,
            request_id,
            _context(request, identified, now_ms),
        )
        scheme = "https" if request.is_secure else "http"
        return replace(call, endpoint=f"{scheme}://{request.header('host') or ''}")

    def _new_call(
        self,
        service: str,
        operation: str,
        caller: Caller,
        region: str,
        now_ms: int,
        request_id: str,
        context: Context,
    ) -> Call:
        return Call(
            service=service,
            operation=operation,
            caller=caller,
            region=region,
            now_ms=now_ms,
            request_id=request_id,
            context=context,
            database=self._database,
            log_events=self._log_events,
            decisions=self._decisions,
            vault=self._vault,
            calls=self,
            keepers=self._keepers,
            functions=self._functions,
            packages=self._packages,
            invocations=self._invocations,
        )

    def forward(self, call: Call, service: str, operation: str, params: Params) -> Result:
        """`Calls.forward`: the caller's identity passed on, as a forward access session.

        A service that calls itself (many secrets, one by one) has not moved the call anywhere.
        """
        context = call.context if service == call.service else _forwarded(call, service)
        forwarded = replace(call, service=service, operation=operation, context=context)
        return self._run(forwarded, target_of(service, operation), params)

    def as_service(
        self, call: Call, actor: Actor, service: str, operation: str, params: Params
    ) -> Result:
        """`Calls.as_service`: another caller, from the services' own network."""
        caller = self._identity.service(call.account, actor.name, actor.source_arn, call.now_ms)
        return self._other(call, caller, service, operation, params)

    def as_role(
        self, call: Call, session: RoleSession, service: str, operation: str, params: Params
    ) -> Result:
        """`Calls.as_role`: assume the role as the service, then call as that session."""
        asked = {"RoleArn": session.role_arn, "RoleSessionName": session.name}
        assumed = self.as_service(call, session.actor, "sts", "AssumeRole", asked)["Credentials"]
        caller = self._identity.session(assumed["AccessKeyId"], assumed["SessionToken"])
        return self._other(call, caller, service, operation, params)

    def judge(
        self, call: Call, session: RoleSession, service: str, asks: AskedBy
    ) -> tuple[Judgement, ...]:
        """`Calls.judge`: with the condition keys that a call of the role's would have."""
        caller = self._identity.role(call.account, session.role_arn, session.name, call.now_ms)
        if caller is None:
            raise AccessDenied(f"there is no role {session.role_arn}")
        other = _by_other(call, caller, service, "")
        occasion = Occasion(call.region, call.request_id, call.now_ms, _judged_by(other))
        return self._authority.judge(caller, asks(other), occasion)

    def asks_of(self, service: str, operation: str, params: Params) -> AskedBy:
        """`Calls.asks_of`."""
        served = self._operations[service, operation]
        return lambda call: served.asks(replace(call, operation=operation, judged=Judged()), params)

    def _other(
        self, call: Call, caller: Caller, service: str, operation: str, params: Params
    ) -> Result:
        other = _by_other(call, caller, service, operation)
        return self._run(other, target_of(service, operation), params)


# Where a partition has its services without regions.
_HOMES: Mapping[str, Mapping[str, str]] = {
    "iam": {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"},
    "organizations": {
        "aws": "us-east-1",
        "aws-cn": "cn-northwest-1",
        "aws-us-gov": "us-gov-west-1",
    },
}
_CLIENT_NETWORK_KEYS = frozenset({"aws:SourceIp", "aws:SourceVpc", "aws:SourceVpce"})
# What is of the client's own request, and not of one that a service makes.
_CLIENT_REQUEST_KEYS = _CLIENT_NETWORK_KEYS | {"aws:UserAgent", "aws:referer"}


def _by_other(call: Call, caller: Caller, service: str, operation: str) -> Call:
    """A call that somebody else makes in the course of one, from the services' own network."""
    context = {key: value for key, value in call.context.items() if key not in _CLIENT_REQUEST_KEYS}
    return replace(call, caller=caller, service=service, operation=operation, context=context)


def _forwarded(call: Call, service: str) -> Context:
    """The condition keys `service` sees when another one calls it for the caller."""
    kept = {key: value for key, value in call.context.items() if key not in _CLIENT_NETWORK_KEYS}
    via = f"{call.service}.{call.region}.amazonaws.com"
    return {**kept, "aws:ViaAWSService": "true", f"{service}:ViaService": via}


def _judged_by(call: Call) -> Context:
    """The condition keys of a call: one of a service without regions is made where that is.

    Whatever region a client signs for; it is the client's to choose, and its policies' to limit.
    """
    homes = _HOMES.get(call.service)
    if homes is None:
        return call.context
    return {**call.context, "aws:RequestedRegion": homes[partition_of(call.region)]}


def _unserved(call: Call) -> Iterable[Ask]:
    """What is asked of an operation nobody wrote: its action on everything.

    So it is denied like any other to whom no policy allows it, and only who may do it learns that
    it is not served.
    """
    path = fixed_path(call.service, call.operation) if call.service == "kafka" else ""
    # MSK prints the path of its lists where others print `*`.
    shown = call.arn("kafka", path) if path else ""
    yield Ask(f"{action_prefix(call.service)}:{call.operation}", "*", shown=shown)


def _context(request: Request, identified: Identified, now_ms: int) -> Context:
    """The condition keys an endpoint knows of a request before any operation looks at it."""
    context = moment(identified.scope.region, now_ms)
    context["aws:SecureTransport"] = "true" if request.is_secure else "false"
    session = identified.caller.session
    if session and session.is_services_own:
        # As in `as_role`: where a service calls from is nothing a policy could know.
        return context
    if request.remote:
        context["aws:SourceIp"] = request.remote
    for key, header in (("aws:UserAgent", "user-agent"), ("aws:referer", "referer")):
        value = request.header(header)
        if value is not None:
            context[key] = value
    return context
