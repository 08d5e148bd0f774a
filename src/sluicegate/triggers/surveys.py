"""Surveys of a mapping that is kept, as its role, again and again: what is known of its source.

A survey that gets no answer teaches nothing: what was found before stands, be it well or denied.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ..execution import interfaces
from ..execution.calls import RoleCalls
from ..execution.findings import Connection, Unreachable
from ..execution.interfaces import Attachments
from ..execution.plan import MOST_TIMEOUT_SECONDS, When
from ..execution.survey import survey
from ..execution.versions import Versions
from ..store import mappings
from ..store.database import Database
from ..store.mappings import EventSourceMapping
from . import problems
from .problems import Problem

_log = logging.getLogger("sluicegate.triggers")

CHECK_SECONDS = 30.0
"""A survey is as old as that at most."""

SOONEST_SECONDS = 1.0
"""A flood of changed policies must not become a flood of surveys."""

# A password that is refused may have been changed; the secret is read again, but not all the time.
_LOGIN_SECONDS = 5.0


class Calls(Protocol):
    """Who makes calls as an execution role."""

    def calls(self, mapping: EventSourceMapping, role_arn: str) -> RoleCalls:
        """Calls as the execution role."""
        ...


@dataclass(frozen=True, slots=True)
class Seen:
    """What a survey was made for, and when."""

    revision: int
    permissions: int
    at: float


class Surveys:
    """`connection` is there once it was found, `problem` where something is wrong; `seen` tells of
    the last survey, with an answer or without."""

    def __init__(
        self,
        database: Database,
        versions: Versions,
        roles: Calls,
        attachments: Attachments,
        monotonic: Callable[[], float],
    ) -> None:
        self._database = database
        self._versions = versions
        self._roles = roles
        self._attachments = attachments
        self._monotonic = monotonic
        self.connection: Connection | None = None
        self.problem: Problem | None = None
        self.seen: Seen | None = None
        # Of which revision of the mapping something is known, and of which the interfaces are made.
        self._known = self._attached = 0

    def knows(self, mapping: EventSourceMapping) -> bool:
        """Whether a survey of the mapping as it is now had an answer."""
        return self._known == mapping.revision

    def look(
        self,
        mapping: EventSourceMapping,
        permissions: int,
        *,
        is_holder: bool,
        must_log_in_anew: Callable[[], bool],
    ) -> None:
        """Survey when it is due. Who holds the lease makes the mapping's interfaces, nobody else.

        `permissions` is the epoch they are of.
        """
        must_attach = is_holder and self._attached != mapping.revision
        now, seen = self._monotonic(), self.seen
        if seen is not None and now - seen.at <= CHECK_SECONDS:
            is_due = now - seen.at > SOONEST_SECONDS and (
                (seen.revision, seen.permissions) != (mapping.revision, permissions)
                or (must_attach and self.problem is None)
            )
            if not is_due and not (now - seen.at > _LOGIN_SECONDS and must_log_in_anew()):
                return
        self._survey(mapping, When.START if must_attach else When.CHECK, is_holder=is_holder)
        self.seen = Seen(mapping.revision, permissions, now)

    def let_go(self, mapping: EventSourceMapping) -> bool:
        """Remove the interfaces of a mapping; False while nothing can be asked."""
        choice = self._versions.choice(mapping.function_id, mapping.qualifier)
        if choice is not None:
            calls = self._roles.calls(mapping, choice.version.role_arn)
            return self._let_interfaces_go(mapping, calls)
        # There is nobody to remove them as: they are for somebody else to delete.
        for interface_id in mapping.interface_ids:
            self._attachments.release(interface_id)
            _log.warning("interface stays mapping=%s: %s", mapping.id, interface_id)
        return True

    def _survey(self, mapping: EventSourceMapping, when: When, *, is_holder: bool) -> None:
        choice = self._versions.choice(mapping.function_id, mapping.qualifier)
        if choice is None:
            self._learn(mapping, problems.FUNCTION_GONE)
            return
        if choice.timeout_seconds > MOST_TIMEOUT_SECONDS:
            self._learn(mapping, problems.TIMEOUT_TOO_LONG)
            return
        calls = self._roles.calls(mapping, choice.version.role_arn)
        found = survey(mapping, calls, when, self._attachments)
        ids = found.interface_ids
        match found.outcome:
            case Unreachable(message):
                _log.warning("survey put off mapping=%s: %s", mapping.id, message)
            case Connection() as connection:
                self.connection = connection
                if when is When.START:
                    ids = self._attach(mapping, calls, connection, ids)
        if is_holder and ids != mapping.interface_ids:
            with self._database.write() as tx:
                mappings.set_interfaces(tx, mapping.id, ids)
        if not isinstance(found.outcome, Unreachable):
            self._learn(mapping, problems.of(found.outcome))

    def _attach(
        self,
        mapping: EventSourceMapping,
        calls: RoleCalls,
        connection: Connection,
        ids: tuple[str, ...],
    ) -> tuple[str, ...]:
        """The interfaces are there: note it, and let go of what a mapping without a network has."""
        if ids and not connection.subnet_ids:
            if not self._let_interfaces_go(mapping, calls):
                return ids
            ids = ()
        self._attached = mapping.revision
        return ids

    def _let_interfaces_go(self, mapping: EventSourceMapping, calls: RoleCalls) -> bool:
        match interfaces.remove(mapping, calls, self._attachments):
            case Unreachable():
                return False
            case interfaces.Left(ids, message) if ids:
                _log.warning("interfaces stay mapping=%s %s: %s", mapping.id, ids, message)
        return True

    def _learn(self, mapping: EventSourceMapping, problem: Problem | None) -> None:
        self._known, self.problem = mapping.revision, problem
        if problem is not None and problem.detail:
            reason = problem.reason or "PROBLEM"
            _log.warning("%s mapping=%s: %s", reason, mapping.id, problem.detail)
