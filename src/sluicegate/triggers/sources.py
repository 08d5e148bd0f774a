"""Pollers made from mappings and what a survey found: the machinery of a kept mapping."""

import os
from dataclasses import replace
from functools import partial

from ..access.sessions import Sessions
from ..brokers import authority
from ..clock import Clock
from ..delivery import Bounds, DataPath, EventEncoder, EventSource, Filters, RetryPolicy
from ..errors import AwsError, Unavailable
from ..execution import Clients, ExecutionRoles, criteria
from ..execution.calls import SessionCalls
from ..execution.connecting import brokers_of_mapping
from ..execution.findings import Connection
from ..execution.versions import Versions
from ..functions import Credentials as FunctionCredentials
from ..functions import Functions
from ..kafka import (
    AtTimestamp,
    BrokerFault,
    GroupConsumer,
    Latest,
    OnRebalance,
    StartingPosition,
    TrimHorizon,
    fix_start,
)
from ..kafka import Connection as Brokers
from ..store.database import Database
from ..store.mappings import EventSourceMapping
from ..vault import Vault
from ..wire.client import answer
from .invoking import Invoker, Running
from .kept import CannotPoll
from .poller import Poller
from .problems import CERTIFICATE_INVALID, LOGIN_FAILED, filters_unreadable
from .troubles import problem_of

_DEFAULT_WINDOW_MS = 500
# What no function of a trigger takes longer than.
_LONGEST_SECONDS = 900.0
# Two for each core keep both busy while one of them waits for its function.
_MOST_AT_ONCE = max(2, 2 * (os.cpu_count() or 1))


class Sources:
    """`Machinery` on real brokers and real functions. `owner` names this worker."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        clients: Clients,
        roles: ExecutionRoles,
        functions: Functions,
        versions: Versions,
        clock: Clock,
        owner: str,
    ) -> None:
        self._database = database
        self._vault = vault
        self._sessions = Sessions(vault)
        self._clients = clients
        self._roles = roles
        self._functions = functions
        self._versions = versions
        self._clock = clock
        self._owner = owner
        self._running = Running()

    def calls(self, mapping: EventSourceMapping, role_arn: str) -> SessionCalls:
        """`Machinery.calls`."""
        return SessionCalls(self._clients, self._roles, mapping.unqualified_arn, role_arn)

    def polling(
        self, mapping: EventSourceMapping, connection: Connection, *, is_first: bool
    ) -> Poller:
        """`Machinery.polling`."""
        brokers = self._brokers(mapping, connection)
        if is_first:
            try:
                fix_start(brokers, connection.group_id, mapping.topic, _start(mapping))
            except BrokerFault as fault:
                raise CannotPoll(problem_of(fault.trouble)) from None
        path = _path(mapping, connection, self._patterns(mapping))
        try:
            return Poller(
                mapping.id,
                self._owner,
                partial(_consumer, brokers, connection.group_id, mapping.topic, f"{mapping.id}-0"),
                path,
                Invoker(mapping, self._functions, self._versions, self._running),
                self._clock,
                most=_MOST_AT_ONCE,
                patience=partial(self._patience_seconds, mapping),
            )
        except BrokerFault as fault:
            # No broker was asked yet: it is what we log in with that cannot be used.
            is_login = connection.authority is None
            problem = LOGIN_FAILED if is_login else CERTIFICATE_INVALID
            raise CannotPoll(replace(problem, detail=str(fault))) from None

    def _patience_seconds(self, mapping: EventSourceMapping) -> float:
        """As long as an invocation may take: it is what it is when somebody waits for one."""
        try:
            choice = self._versions.choice(mapping.function_id, mapping.qualifier)
        except Unavailable:
            return _LONGEST_SECONDS
        return 1.0 + (choice.timeout_seconds if choice else _LONGEST_SECONDS)

    def _patterns(self, mapping: EventSourceMapping) -> tuple[str, ...]:
        """The mapping's filters; under a customer's key, as the key lets Lambda itself see them.

        Polling without them would show the function what it must not see.
        """
        if mapping.sealed_filters is None:
            return mapping.filters
        service = f"lambda.{mapping.region}.amazonaws.com"
        minted = self._sessions.for_service(
            mapping.account, service, mapping.arn, self._clock.now_ms()
        )
        signing = FunctionCredentials(
            minted.access_key, minted.secret_key, minted.token, minted.expires_ms
        )
        asked = {
            "CiphertextBlob": criteria.wrapped_key(self._vault, mapping),
            "EncryptionContext": criteria.context(mapping.arn),
        }
        try:
            unwrapped = answer(self._clients("kms", mapping.region, signing), "Decrypt", asked)
        except Unavailable:
            raise  # silence is no denial
        except AwsError as refusal:
            raise CannotPoll(filters_unreadable(mapping.kms_key_arn, str(refusal))) from None
        return criteria.opened(self._vault, mapping, unwrapped["Plaintext"])

    def _brokers(self, mapping: EventSourceMapping, connection: Connection) -> Brokers:
        def own_authority() -> str:
            return authority.certificate(self._database, self._vault, self._clock)

        session = partial(self._session, mapping)
        return brokers_of_mapping(mapping, connection, own_authority, session)

    def _session(self, mapping: EventSourceMapping) -> FunctionCredentials:
        """Of the role that the function has now."""
        choice = self._versions.choice(mapping.function_id, mapping.qualifier)
        if choice is None:
            raise AwsError("ResourceNotFoundException", "the function is gone")
        return self.calls(mapping, choice.version.role_arn).credentials()


def _consumer(
    brokers: Brokers, group: str, topic: str, client_id: str, told: OnRebalance
) -> GroupConsumer:
    return GroupConsumer(brokers, group, topic, told, client_id=client_id)


def _path(
    mapping: EventSourceMapping, connection: Connection, patterns: tuple[str, ...]
) -> DataPath:
    source = EventSource(mapping.event_source_arn or "", ",".join(connection.bootstrap_servers))
    window = mapping.window_seconds
    bounds = Bounds(
        records=mapping.batch_size,
        window_ms=_DEFAULT_WINDOW_MS if window is None else 1000 * window,
    )
    return DataPath(
        EventEncoder(source, mapping.topic),
        filters=Filters(patterns),
        bounds=bounds,
        # There is no destination to deliver to, so a batch is tried without end; only a record that
        # no event can hold is dropped, told and counted.
        policy=RetryPolicy.on_demand(has_destination=False),
    )


def _start(mapping: EventSourceMapping) -> StartingPosition:
    match mapping.starting_position:
        case "LATEST":
            return Latest()
        case "AT_TIMESTAMP":
            return AtTimestamp(mapping.starting_at_ms or 0)
        case _:
            return TrimHorizon()
