"""A function's log: its lines, written to CloudWatch Logs as its execution role.

Group and stream are made before the first write, with the role's own permission to do so.
What may not be written is lost, and said once a minute; the function is not held up by it.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import AwsError
from ..functions import FunctionVersion
from ..wire.client import Unanswered, code_of
from .clients import Clients
from .roles import ExecutionRoles

_log = logging.getLogger("sluicegate.functions")

# PutLogEvents' own limits: events, and bytes with 26 for each event.
_MOST_EVENTS = 10_000
_MOST_BYTES = 1_048_576
_EVENT_BYTES = 26
# All that may wait to be written: a function that prints without end costs no more than this.
_ROOM_BYTES = 16 * 1024 * 1024
# How long an event may wait for company: of a stream that has rested a moment, and of one that has
# not. A call costs as much, signed and decided, as encoding thousands of records does.
_LINGER_SECONDS = 0.05
_REST_SECONDS = 1.0
_COMPLAINT_SECONDS = 60.0
_MOST_KNOWN = 10_000
_CLOSE_SECONDS = 5.0

Event = tuple[int, str]


@dataclass(slots=True)
class _Stream:
    """The events of one log stream that wait to be written, at `due` (monotonic seconds)."""

    version: FunctionVersion
    name: str
    due: float
    events: list[Event] = field(default_factory=list)
    bytes: int = 0


class FunctionLogs:
    """`LogSink`: takes lines at once, and writes them soon, in one thread."""

    def __init__(
        self,
        clients: Clients,
        roles: ExecutionRoles,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.lost = 0
        self._clients = clients
        self._roles = roles
        self._monotonic = monotonic
        self._changed = threading.Condition()
        self._waiting: OrderedDict[tuple[str, str, str], _Stream] = OrderedDict()
        self._bytes = 0
        self._hurries = 0
        self._is_writing = self._is_closed = False
        # When streams were written last, those of the last moment.
        self._written: OrderedDict[tuple[str, str, str], float] = OrderedDict()
        self._made: set[tuple[str, ...]] = set()
        self._next_complaint: dict[str, float] = {}
        self._thread = threading.Thread(target=self._run, name="function logs", daemon=True)
        self._thread.start()

    def write(self, version: FunctionVersion, stream: str, events: Sequence[Event]) -> None:
        """`LogSink.write`. Beyond what may wait, the newest events are lost."""
        size = sum(len(text) + _EVENT_BYTES for _, text in events)
        with self._changed:
            if self._is_closed or self._bytes + size > _ROOM_BYTES:
                self.lost += len(events)
                return
            key = version.role_arn, version.log_group, stream
            waiting = self._waiting.get(key)
            if waiting is None:
                due = self._due(key)
                waiting = self._waiting[key] = _Stream(version, stream, due)
                self._changed.notify_all()
            elif waiting.bytes < _MOST_BYTES <= waiting.bytes + size:
                # As much as a call may hold. Otherwise nobody is woken for it.
                waiting.due = 0.0
                self._changed.notify_all()
            waiting.events += events
            waiting.bytes += size
            self._bytes += size

    def _due(self, key: tuple[str, str, str]) -> float:
        """When a stream is to be written that begins to wait now; the lock is held."""
        now = self._monotonic()
        while self._written and next(iter(self._written.values())) + _REST_SECONDS < now:
            self._written.popitem(last=False)
        rested = self._written.get(key, now - _REST_SECONDS) + _REST_SECONDS
        return max(now + _LINGER_SECONDS, rested)

    def flush(self, timeout_seconds: float = _CLOSE_SECONDS) -> bool:
        """Wait until what was taken is written or lost; False when that takes longer."""
        with self._changed:
            self._hurries += 1
            self._changed.notify_all()
            try:
                return self._changed.wait_for(
                    lambda: not self._waiting and not self._is_writing, timeout_seconds
                )
            finally:
                self._hurries -= 1

    def close(self) -> None:
        """Write what waits, for a few seconds at most, and stop."""
        self.flush()
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._thread.join(_CLOSE_SECONDS)

    def _run(self) -> None:
        while (stream := self._next()) is not None:
            try:
                self._deliver(stream)
            except Exception:  # noqa: BLE001 - the top of a thread
                _log.exception("log of %s", stream.version.arn)
            with self._changed:
                self._is_writing = False
                self._changed.notify_all()

    def _next(self) -> _Stream | None:
        """The next stream that is due, with all it has; None at the end."""
        with self._changed:
            while True:
                now = self._monotonic()
                key = min(self._waiting, key=lambda each: self._waiting[each].due, default=None)
                if key is None and self._is_closed:
                    return None
                left = None if key is None else self._waiting[key].due - now
                if key is not None and (self._hurries or self._is_closed or (left or 0) <= 0):
                    break
                self._changed.wait(left)
            stream = self._waiting.pop(key)
            self._is_writing = True
            self._bytes -= stream.bytes
            self._written[key] = now
            self._written.move_to_end(key)
            return stream

    def _deliver(self, stream: _Stream) -> None:
        try:
            credentials = self._roles.credentials(stream.version)
            logs = self._clients("logs", stream.version.region, credentials)
            # The service sorts nothing; lines of one moment stay in their order.
            for events in _requests(sorted(stream.events, key=lambda event: event[0])):
                self._put(logs, stream, events)
        except (AwsError, *Unanswered) as refusal:
            self._lose(stream, str(refusal))

    def _put(self, logs: Any, stream: _Stream, events: Sequence[Event]) -> None:
        where = {"logGroupName": stream.version.log_group, "logStreamName": stream.name}
        sent = [{"timestamp": at_ms, "message": text} for at_ms, text in events]
        key = stream.version.region, stream.version.account, *where.values()
        if key not in self._made:
            _make(logs, where)
            self._note_made(key)
        try:
            logs.put_log_events(**where, logEvents=sent)
        except Unanswered as refusal:
            if code_of(refusal) != "ResourceNotFoundException":
                raise
            # Somebody has deleted it since.
            _make(logs, where)
            logs.put_log_events(**where, logEvents=sent)

    def _note_made(self, key: tuple[str, ...]) -> None:
        if len(self._made) >= _MOST_KNOWN:
            self._made.clear()
        self._made.add(key)

    def _lose(self, stream: _Stream, why: str) -> None:
        now = self._monotonic()
        with self._changed:
            self.lost += len(stream.events)
            is_due = now >= self._next_complaint.get(stream.version.arn, 0.0)
            if is_due:
                self._next_complaint[stream.version.arn] = now + _COMPLAINT_SECONDS
        if is_due:
            _log.warning("output lost function=%s: %s", stream.version.arn, why)


def _make(logs: Any, where: dict[str, str]) -> None:
    """Make the group and the stream, if the role may and they are not there."""
    try:
        logs.create_log_group(logGroupName=where["logGroupName"])
    except Unanswered as refusal:
        # Who may not make groups may write to one that is there.
        if code_of(refusal) not in ("ResourceAlreadyExistsException", "AccessDeniedException"):
            raise
    try:
        logs.create_log_stream(**where)
    except Unanswered as refusal:
        if code_of(refusal) != "ResourceAlreadyExistsException":
            raise


def _requests(events: Sequence[Event]) -> "list[list[Event]]":
    """Cut into what single calls may hold."""
    requests: list[list[Event]] = []
    size = 0
    for at_ms, text in events:
        cost = len(text.encode("utf-8", "replace")) + _EVENT_BYTES
        if not requests or size + cost > _MOST_BYTES or len(requests[-1]) >= _MOST_EVENTS:
            requests.append([])
            size = 0
        requests[-1].append((at_ms, text))
        size += cost
    return requests
