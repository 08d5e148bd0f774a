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
from dataclasses import dataclass
from typing import Protocol

from ..clock import Clock
from ..errors import Unavailable
from ..execution.findings import Connection
from ..execution.interfaces import Attachments
from ..execution.versions import Versions
from ..store import epoch, mapping_leases, mappings
from ..store.database import Database
from ..store.mapping_leases import Lease
from ..store.mapping_progress import Progress
from ..store.mappings import DELETED, DISABLED, ENABLED, EventSourceMapping
from . import problems
from .notes import Notes
from .problems import Problem
from .surveys import CHECK_SECONDS, SOONEST_SECONDS, Calls, Seen, Surveys

_log = logging.getLogger("sluicegate.triggers")

_STEP_SECONDS = 0.25
_LEASE_MS = 10_000
_RENEW_SECONDS = 3.0
# Who was refused is asked again after as long, and is not refused any more when the next poller was
# told nothing for half of that.
_REFUSED_SECONDS = 10.0
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


class Machinery(Calls, Protocol):
    """What a kept mapping works with; `worker` supplies it."""

    def polling(
        self, mapping: EventSourceMapping, connection: Connection, *, is_first: bool
    ) -> Polling:
        """Begin to poll; `is_first`: the group has no offsets yet, and these are to be its first.

        May raise `Problem`s as `CannotPoll`.
        """
        ...


class CannotPoll(Exception):
    """The source cannot be polled; `problem` says why. It is tried again, after longer pauses."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class _Hindered:
    """Why there is no poller, and when it is tried again: later each time, or after a survey."""

    problem: Problem
    seen: Seen | None
    until: float
    pause: float


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
        self._machinery = machinery
        self._clock = clock
        self._monotonic = monotonic
        self._lease: Lease | None = None
        self._polling: Polling | None = None
        self._polled: tuple[int, Connection] | None = None
        self._polling_since = self._refused_until = 0.0
        self._hindered: _Hindered | None = None
        self._surveys = Surveys(database, versions, machinery, attachments, monotonic)
        self._notes = Notes(mapping_id, holder, database, clock, monotonic)
        self._renew_at = 0.0
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
        try:
            self._advance(mapping, permissions)
        except Unavailable:
            raise
        except Exception:
            # Who waits for it to leave a state it cannot be changed in must not wait for ever.
            self._say(mapping, ENABLED if mapping.is_enabled else DISABLED, problems.INTERNAL)
            raise
        return _STEP_SECONDS

    def _advance(self, mapping: EventSourceMapping, permissions: int) -> None:
        if not mapping.is_enabled:
            self.stop_polling()
            self._say(mapping, DISABLED, None)
            return
        self._surveys.look(
            mapping,
            permissions,
            is_holder=self._lease is not None,
            must_log_in_anew=self._must_log_in_anew,
        )
        # Before a survey had an answer nothing is known of what it is now: what runs, runs on.
        if self._surveys.knows(mapping):
            problem, connection = self._surveys.problem, self._surveys.connection
            if problem is not None:
                self.stop_polling()
            elif connection is not None:
                problem = self._poll(mapping, connection)
            self._say(mapping, ENABLED, problem)
        if self._polling is not None:
            self._notes.write(self._polling)

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
        if not self._surveys.let_go(mapping):
            return _STEP_SECONDS
        with self._database.write() as tx:
            mappings.remove(tx, mapping.id)
        return None

    def _poll(self, mapping: EventSourceMapping, connection: Connection) -> Problem | None:
        """Have it polled, by what it is now; what keeps it from being delivered."""
        wanted = mapping.revision, connection
        if self._polling is not None and self._polling.has_failed:
            self.stop_polling()
            self._hinder(problems.INTERNAL)
        if self._polled is not None and self._polled != wanted:
            self.stop_polling()
        if self._may_be_allowed_by_now():
            self.stop_polling()
            self._refused_until = self._monotonic() + _REFUSED_SECONDS / 2
        if self._polling is None:
            is_first = mapping.started_ms is None
            if is_first and self._lease is None:
                return None  # where it starts is for the holder to say
            if (obstacle := self._obstacle()) is not None:
                return obstacle
            try:
                self._polling = self._machinery.polling(mapping, connection, is_first=is_first)
            except CannotPoll as refusal:
                return self._hinder(refusal.problem)
            self._polled, self._polling_since = wanted, self._monotonic()
            if is_first:
                with self._database.write() as tx:
                    mappings.set_started(tx, mapping.id, self._clock.now_ms())
        return self._polling.problem or self._refusal(self._polling)

    def _may_be_allowed_by_now(self) -> bool:
        """Whether the brokers refused what the poller wants, some time ago.

        Clients are told of a refusal once, and of its end, where there are no records, never: one
        that is made anew is told again.
        """
        polling = self._polling
        return (
            polling is not None
            and polling.problem == problems.NOT_AUTHORIZED
            and self._monotonic() - self._polling_since > _REFUSED_SECONDS
        )

    def _refusal(self, polling: Polling) -> Problem | None:
        """What the last poller was told, while this one may be told it again."""
        is_over = polling.has_delivered or self._monotonic() >= self._refused_until
        return None if is_over else problems.NOT_AUTHORIZED

    def _obstacle(self) -> Problem | None:
        """What was in the way when it was tried last, while it is too soon to try again."""
        found = self._hindered
        if (
            found is None
            or found.seen is not self._surveys.seen
            or self._monotonic() >= found.until
        ):
            return None
        return found.problem

    def _hinder(self, problem: Problem) -> Problem:
        """Try it again after a pause, twice as long as the last one while it goes on like that."""
        now, before = self._monotonic(), self._hindered
        pause = SOONEST_SECONDS
        if before is not None and now - max(before.until, self._polling_since) < CHECK_SECONDS:
            pause = min(2 * before.pause, CHECK_SECONDS)
        _log.warning("not polled mapping=%s: %s", self._id, problem.detail or problem.text)
        self._hindered = _Hindered(problem, self._surveys.seen, now + pause, pause)
        return problem

    def _say(self, mapping: EventSourceMapping, state: str, problem: Problem | None) -> None:
        """What it is, for everybody to see; written when it has changed."""
        if self._lease is None:
            return
        result, reason = mapping.last_processing_result, problems.USER_INITIATED
        if problem is not None:
            result, reason = problem.text, problem.reason or reason
        elif state == DISABLED:
            # Of a problem nothing has shown that it is over.
            result = problems.OK if self._has_delivered and not _is_bad(result) else result
        else:
            told = self._notes.results_of_others()
            if failing := next(filter(_is_bad, told), None):
                result = failing
            elif told or self._has_delivered or _is_bad(result):
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
        if self._polling is not None:
            return self._polling.must_log_in_anew()
        hindered = self._hindered
        return hindered is not None and hindered.problem.text == problems.LOGIN_FAILED.text

    @property
    def _has_delivered(self) -> bool:
        now = self._polling is not None and self._polling.has_delivered
        return now or self._delivered_before


def _is_bad(result: str) -> bool:
    return result.startswith("PROBLEM")
