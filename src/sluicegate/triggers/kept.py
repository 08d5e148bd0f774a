"""One event source mapping, kept by one worker: from what it should be to records delivered.

    deleted?  → stop polling → interfaces removed as the role → the row removed
    disabled? → stop polling → Disabled
    surveyed as the role (first, when permissions or the mapping change, and every half minute)
              → a problem: stop polling, say it, look again
              → a connection: poll with it → Enabled

Every worker that is given the mapping polls; what it is, only the one with the lease says.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from ..clock import Clock
from ..execution import interfaces
from ..execution.calls import RoleCalls
from ..execution.findings import Connection, Surveyed, Unreachable
from ..execution.interfaces import Attachments
from ..execution.plan import When
from ..execution.survey import survey
from ..execution.versions import Versions
from ..store import epoch, mapping_leases, mapping_progress, mappings
from ..store.database import Database
from ..store.mapping_leases import Lease
from ..store.mapping_progress import Progress
from ..store.mappings import DELETED, DISABLED, ENABLED, EventSourceMapping
from . import problems
from .problems import Problem

_log = logging.getLogger("sluicegate.triggers")

_STEP_SECONDS = 0.25
_CHECK_SECONDS = 30.0
# A flood of changed policies must not become a flood of surveys.
_SOONEST_SECONDS = 1.0
# A password that is refused may have been changed; the secret is read again, but not all the time.
_LOGIN_SECONDS = 5.0
# As on AWS: a minute less than a function may have otherwise.
_MOST_TIMEOUT_SECONDS = 840
_LEASE_MS = 10_000
_RENEW_SECONDS = 3.0
_NOTE_SECONDS = 1.0
_EVERY_STATE = ("Creating", "Enabled", "Disabled", "Enabling", "Disabling", "Updating")


class Polling(Protocol):
    """Records on their way from the source to the function (`poller.Poller`)."""

    @property
    def problem(self) -> Problem | None:
        """What keeps records from being delivered, if something does."""
        ...

    @property
    def has_failed(self) -> bool:
        """Whether it has ended by itself, and another one is to be made."""
        ...

    @property
    def has_delivered(self) -> bool:
        """Whether the last batch of any partition was delivered."""
        ...

    def must_log_in_anew(self) -> bool:
        """Whether the brokers refused the login since this was asked last."""
        ...

    def progress(self) -> list[Progress]:
        """How far it is, by partition."""
        ...

    def close(self) -> None:
        """Finish what is with the function, commit it, and leave the group."""
        ...


class Machinery(Protocol):
    """What a kept mapping works with; `worker` supplies it."""

    def calls(self, mapping: EventSourceMapping, role_arn: str) -> RoleCalls:
        """Calls as the execution role."""
        ...

    def polling(
        self, mapping: EventSourceMapping, connection: Connection, *, is_first: bool
    ) -> Polling:
        """Begin to poll; `is_first`: the group has no offsets yet, and these are to be its first.

        May raise `Problem`s as `CannotPoll`.
        """
        ...


class CannotPoll(Exception):
    """The source cannot be polled; `problem` says why. It is tried again."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a survey was made for, and when."""

    revision: int
    permissions: int
    at: float


class Kept:
    """Keeps one mapping. `step` is called again and again, by one thread."""

    def __init__(
        self,
        mapping_id: str,
        holder: str,
        database: Database,
        versions: Versions,
        machinery: Machinery,
        attachments: Attachments,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._id = mapping_id
        self._holder = holder
        self._database = database
        self._versions = versions
        self._machinery = machinery
        self._attachments = attachments
        self._clock = clock
        self._monotonic = monotonic
        self._lease: Lease | None = None
        self._polling: Polling | None = None
        self._polled: tuple[int, Connection] | None = None
        self._connection: Connection | None = None
        self._seen: _Seen | None = None
        self._problem: Problem | None = None
        self._renew_at = self._noted_at = 0.0
        self._noted: list[Progress] = []
        self._delivered_before = False

    def step(self) -> float | None:
        """Bring the mapping a step nearer to what it should be.

        How many seconds until the next step; None when the mapping is gone.
        """
        mapping, permissions = self._look()
        if mapping is None:
            self.stop()
            return None
        if mapping.wanted == DELETED:
            return self._remove(mapping)
        if not mapping.is_enabled:
            self.stop_polling()
            self._say(mapping, DISABLED, None)
            return _STEP_SECONDS
        problem = self._source_problem(mapping, permissions)
        if problem is not None:
            self.stop_polling()
        elif self._connection is None:
            return _STEP_SECONDS  # nothing is known yet: the endpoint is out of reach
        else:
            problem = self._poll(mapping, self._connection)
        self._say(mapping, ENABLED, problem)
        self._note()
        return _STEP_SECONDS

    def stop(self) -> None:
        """Stop polling, and let another worker have the lease."""
        self.stop_polling()
        if self._lease is not None:
            with self._database.write() as tx:
                mapping_leases.release(tx, self._lease)
            self._lease = None

    def stop_polling(self) -> None:
        """What is with the function is finished and committed first."""
        polling, self._polling, self._polled = self._polling, None, None
        if polling is not None:
            polling.close()
            self._delivered_before |= polling.has_delivered

    def _look(self) -> tuple[EventSourceMapping | None, int]:
        with self._database.read() as tx:
            mapping, permissions = mappings.find(tx, self._id), epoch.current(tx)
        now = self._monotonic()
        if mapping is not None and now >= self._renew_at:
            with self._database.write() as tx:
                if self._lease is None or not mapping_leases.renew(tx, self._lease, _LEASE_MS):
                    self._lease = mapping_leases.take(tx, self._id, self._holder, _LEASE_MS)
            self._renew_at = now + _RENEW_SECONDS
        return mapping, permissions

    def _remove(self, mapping: EventSourceMapping) -> float | None:
        self.stop_polling()
        if self._lease is None:
            return _STEP_SECONDS
        choice = self._versions.choice(mapping.function_id, mapping.qualifier)
        if choice is not None and mapping.interface_ids:
            calls = self._machinery.calls(mapping, choice.version.role_arn)
            match interfaces.remove(mapping, calls, self._attachments):
                case interfaces.Left(ids, message):
                    _log.warning("interfaces stay mapping=%s %s: %s", mapping.id, ids, message)
                case Unreachable():
                    return _STEP_SECONDS
                case interfaces.Removed():
                    pass
        with self._database.write() as tx:
            mappings.remove(tx, mapping.id)
        return None

    def _source_problem(self, mapping: EventSourceMapping, permissions: int) -> Problem | None:
        """Survey when it is due; what is wrong with the source, as far as is known."""
        now, seen = self._monotonic(), self._seen
        is_due = (
            seen is None
            or now - seen.at > _CHECK_SECONDS
            or (now - seen.at > _LOGIN_SECONDS and self._must_log_in_anew())
            or (
                (seen.revision, seen.permissions) != (mapping.revision, permissions)
                and now - seen.at > _SOONEST_SECONDS
            )
        )
        if is_due:
            self._problem = self._surveyed(mapping)
            self._seen = _Seen(mapping.revision, permissions, now)
        return self._problem

    def _surveyed(self, mapping: EventSourceMapping) -> Problem | None:
        choice = self._versions.choice(mapping.function_id, mapping.qualifier)
        if choice is None:
            return problems.FUNCTION_GONE
        if choice.version.timeout_seconds > _MOST_TIMEOUT_SECONDS:
            return problems.TIMEOUT_TOO_LONG
        calls = self._machinery.calls(mapping, choice.version.role_arn)
        when = When.START if self._connection is None and self._lease else When.CHECK
        found = survey(mapping, calls, when, self._attachments)
        self._keep_interfaces(mapping, found)
        match found.outcome:
            case Connection() as connection:
                self._connection = connection
            case Unreachable(message):
                # The endpoint is out of reach: go on with what was known; that is no denial.
                _log.warning("survey put off mapping=%s: %s", mapping.id, message)
                return self._problem if self._connection is None else None
        problem = problems.of(found.outcome)
        if problem is not None and problem.detail:
            reason = problem.reason or "PROBLEM"
            _log.warning("%s mapping=%s: %s", reason, mapping.id, problem.detail)
        return problem

    def _keep_interfaces(self, mapping: EventSourceMapping, found: Surveyed) -> None:
        if self._lease is not None and found.interface_ids != mapping.interface_ids:
            with self._database.write() as tx:
                mappings.set_interfaces(tx, mapping.id, found.interface_ids)

    def _poll(self, mapping: EventSourceMapping, connection: Connection) -> Problem | None:
        """Have it polled, by what it is now; what keeps it from being delivered."""
        wanted = mapping.revision, connection
        has_failed = self._polling is not None and self._polling.has_failed
        if has_failed or (self._polled is not None and self._polled != wanted):
            self.stop_polling()
        if self._polling is None:
            is_first = mapping.started_ms is None
            if is_first and self._lease is None:
                return None  # where it starts is for the holder to say
            try:
                self._polling = self._machinery.polling(mapping, connection, is_first=is_first)
            except CannotPoll as obstacle:
                return obstacle.problem
            self._polled = wanted
            if is_first:
                with self._database.write() as tx:
                    mappings.set_started(tx, mapping.id, self._clock.now_ms())
        return self._polling.problem

    def _say(self, mapping: EventSourceMapping, state: str, problem: Problem | None) -> None:
        """What it is, for everybody to see; written when it has changed."""
        if self._lease is None:
            return
        result, reason = mapping.last_processing_result, problems.USER_INITIATED
        if problem is not None:
            result, reason = problem.text, problem.reason or reason
        elif self._has_delivered or result.startswith("PROBLEM"):
            result = problems.OK
        said = state, reason, mapping.revision, result
        if said == (
            mapping.state,
            mapping.state_transition_reason,
            mapping.applied_revision,
            mapping.last_processing_result,
        ):
            return
        with self._database.write() as tx:
            if (mapping.state, mapping.state_transition_reason) != (state, reason):
                mappings.set_state(tx, mapping.id, _EVERY_STATE, state, reason)
            if mapping.applied_revision != mapping.revision:
                mappings.set_applied(tx, mapping.id, mapping.revision)
            if mapping.last_processing_result != result:
                mappings.set_result(tx, mapping.id, result)

    def _must_log_in_anew(self) -> bool:
        return self._polling is not None and self._polling.must_log_in_anew()

    @property
    def _has_delivered(self) -> bool:
        now = self._polling is not None and self._polling.has_delivered
        return now or self._delivered_before

    def _note(self) -> None:
        now = self._monotonic()
        if self._polling is None or now - self._noted_at < _NOTE_SECONDS:
            return
        self._noted_at = now
        notes = self._polling.progress()
        timeless = [replace(note, at_ms=0) for note in notes]
        if timeless != self._noted:
            with self._database.write() as tx:
                mapping_progress.note_progress(tx, notes)
            self._noted = timeless
