"""A member of a consumer group, on librdkafka.

Nothing is committed or stored by itself, and no offset is made up. librdkafka is never left to
find where a partition begins: when that fails it stays where it is without a word, for good. So a
partition that is assigned waits here until its committed offset is known, and then is fetched.
"""

import time
from collections.abc import Collection, Iterable, Sequence
from functools import partial
from typing import Any

from confluent_kafka import Consumer as Library
from confluent_kafka import KafkaException, TopicPartition

from ..delivery import Commit, Record
from .credentials import Connection
from .faults import Trouble, fault, trouble
from .identity import Identity
from .model import (
    Assigned,
    Committing,
    Hole,
    Lost,
    OnRebalance,
    PartitionStatus,
    Polled,
    Revoked,
)
from .offsets import EARLIEST, LATEST, committed, offsets_at
from .reading import is_end, read
from .silence import silent
from .tuning import SETTINGS
from .waiting import Anew, Gone, New, Resting

_ASK_TIMEOUT_SECONDS = 2.0
_ASK_AGAIN_SECONDS = 0.5
_LONGEST_POLL_SECONDS = 0.1
_LOOK_SECONDS = 0.2
# What cannot be read is fetched again after so long; all of it comes again each time.
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 5.0


class GroupConsumer:
    """A `Consumer` of `topic` in `group`. Subscribes when made; joins while it is polled."""

    def __init__(
        self,
        connection: Connection,
        group: str,
        topic: str,
        on_rebalance: OnRebalance,
        *,
        client_id: str = "sluicegate",
        session_timeout_ms: int = 10_000,
    ) -> None:
        self._topic = topic
        self._identity = partial(Identity, connection, topic, client_id)
        self._identified: Identity | None = None
        # Those that begin at their beginning, since it was last said which topic it is.
        self._at_beginning: set[int] = set()
        self._on_rebalance = on_rebalance
        self._generation = 0
        self._generations: dict[int, int] = {}
        self._positions: dict[int, int] = {}
        self._committed: dict[int, int] = {}
        self._began: dict[int, int] = {}
        # Where the group is by what we know: what we began at, or have committed.
        self._stands: dict[int, int] = {}
        self._paused: set[int] = set()
        # Assigned to us and, until we know where to begin, not to the library.
        self._waiting: dict[int, New | Gone | Anew | Resting] = {}
        self._pauses: dict[int, float] = {}
        self._ask_at = self._look_at = 0.0
        self._ends_seen: dict[int, int] = {}
        self._troubles: list[Trouble] = []
        self._holes: list[Hole] = []
        self._passed: dict[int, int] = {}
        given: dict[str, Any] = {
            "group.id": group,
            "client.id": client_id,
            "session.timeout.ms": session_timeout_ms,
            # How soon a member learns of a rebalance; the rule of a third leaves others waiting.
            "heartbeat.interval.ms": session_timeout_ms // 10,
            "error_cb": self._failed,
        }
        try:
            self._library = Library({**SETTINGS, **connection.config(), **given}, logger=silent)
        except KafkaException as error:
            raise fault(error) from None
        self._library.subscribe(
            [topic],
            on_assign=self._assigned,
            on_revoke=self._revoked,
            on_lost=self._lost,
        )

    def poll(self, timeout_seconds: float, most: int = 1_000) -> Polled:
        """Wait for the first record, or trouble; then take what is there.

        `consume` alone would wait for all of `most`, or the whole time.
        """
        self._look_at_topic()
        self._begin_waiting()
        first = self._polled(timeout_seconds)
        messages = [] if first is None else [first]
        if first is not None and most > 1:
            messages += self._library.consume(most - 1, 0)
        records = self._sorted(messages)
        self._look_at_ends(at_once=bool(records))
        troubles, self._troubles = self._troubles, []
        holes, self._holes = self._holes, []
        passed, self._passed = self._passed, {}
        # A connection that fails does so for each broker, again and again.
        return Polled(records, tuple(dict.fromkeys(troubles)), tuple(holes), passed)

    def pause(self, partitions: Collection[int]) -> None:
        """Fetch no more of these; what is fetched ahead is fetched again when they are resumed."""
        self._paused.update(self._generations.keys() & set(partitions))
        self._library.pause(self._fetched(partitions))

    def resume(self, partitions: Collection[int]) -> None:
        """Fetch these again, from where they were."""
        self._paused.difference_update(partitions)
        self._library.resume(self._fetched(partitions))

    def seek(self, partition: int, offset: int) -> None:
        """Poll the partition from `offset` on."""
        if partition in self._generations:
            self._unfetch([partition])
            self._fetch({partition: offset})

    def commit(self, commits: Iterable[Commit]) -> Committing:
        """Commit what is ours still; returns when the brokers have answered, within 15 s."""
        # INVARIANT: nothing is committed under an assignment that is over: librdkafka may have
        # lost its own mark of that. Nor beyond what was polled.
        ours = {
            commit.partition: commit
            for commit in commits
            if self._generations.get(commit.partition) == commit.generation
            and commit.offset <= self._positions.get(commit.partition, -1)
        }
        if not ours:
            return Committing()
        offsets = [TopicPartition(self._topic, one.partition, one.offset) for one in ours.values()]
        try:
            answers = self._library.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            reason = error.args[0]
            return Committing(again=self._still(ours.values()), troubles=(trouble(reason),))
        done = tuple(ours[one.partition] for one in answers if one.error is None)
        for one in done:
            self._committed[one.partition] = self._stands[one.partition] = one.offset
        return Committing(
            done,
            self._still(ours[one.partition] for one in answers if one.error is not None),
            tuple(trouble(one.error) for one in answers if one.error is not None),
        )

    def is_member(self) -> bool:
        """Whether the group counts us in: whether it takes a commit again that it has already."""
        if not self._stands:
            return True  # of nothing
        if not self._library.memberid():
            return False  # the group would take it for a commit of nobody's
        partition, offset = next(iter(self._stands.items()))
        asked = [TopicPartition(self._topic, partition, offset)]
        try:
            answers = self._library.commit(offsets=asked, asynchronous=False)
        except KafkaException as error:
            self._troubles.append(trouble(error.args[0]))
            return False
        self._troubles += (trouble(one.error) for one in answers if one.error is not None)
        return all(one.error is None for one in answers)

    def status(self) -> tuple[PartitionStatus, ...]:
        """The partitions that are ours; ends are as of the last fetch."""
        return tuple(self._status(partition) for partition in sorted(self._generations))

    def close(self) -> None:
        """Give everything back and leave the group at once."""
        self._identified = None  # closed with its last reference
        self._library.close()

    # Rebalances, told from inside `poll` and `close`.

    def _assigned(self, _: Any, given: Sequence[TopicPartition]) -> None:
        partitions = tuple(one.partition for one in given)
        # Nothing yet: librdkafka would ask for their offsets itself.
        self._library.incremental_assign([])
        self._own(partitions)
        self._waiting.update(dict.fromkeys(partitions, New()))
        self._ask_at = 0.0

    def _revoked(self, _: Any, given: Sequence[TopicPartition]) -> None:
        partitions = tuple(one.partition for one in given)
        self._on_rebalance(Revoked(partitions))
        self._disown(partitions)

    def _lost(self, _: Any, given: Sequence[TopicPartition]) -> None:
        partitions = tuple(one.partition for one in given)
        self._on_rebalance(Lost(partitions))
        self._disown(partitions)

    def _own(self, partitions: Sequence[int]) -> None:
        self._generation += 1
        self._generations.update(dict.fromkeys(partitions, self._generation))
        if partitions:
            self._on_rebalance(Assigned(tuple(partitions), self._generation))

    def _disown(self, partitions: Sequence[int]) -> None:
        self._unfetch(partitions)
        of_offsets = (self._positions, self._committed, self._stands, self._began, self._ends_seen)
        for partition in partitions:
            for kept in (self._generations, self._waiting, self._pauses, self._passed, *of_offsets):
                kept.pop(partition, None)
            self._paused.discard(partition)

    # Where to begin.

    def _begin_waiting(self) -> None:
        """Fetch the partitions that wait, if it can be found out where they begin.

        Whatever goes wrong, they wait on: a guess would skip records or repeat them all.
        """
        if not self._waiting or time.monotonic() < self._ask_at:
            return
        now = time.monotonic()
        starts = {
            name: self._positions[name]
            for name, why in self._waiting.items()
            if isinstance(why, Resting) and why.until <= now
        }
        try:
            self._find_new(starts)
            self._find_after_holes(starts)
        except KafkaException as error:
            self._troubles.append(trouble(error.args[0]))
        self._fetch(starts)
        self._ask_at = time.monotonic() + _ASK_AGAIN_SECONDS

    def _find_new(self, starts: dict[int, int]) -> None:
        """Where partitions begin that were assigned to us: where the group is.

        Where nothing was committed the partition is new, and its first records count too.
        """
        names = [name for name, why in self._waiting.items() if isinstance(why, New)]
        known = committed(self._library, self._topic, names, _ASK_TIMEOUT_SECONDS)
        self._troubles += known.troubles
        self._committed.update(known.found)
        starts.update(known.found)
        # One trouble casts doubt on all that was not told.
        if not known.troubles:
            firsts = self._ends(set(names) - known.found.keys(), EARLIEST)
            self._at_beginning.update(firsts)
            starts.update(firsts)

    def _find_after_holes(self, starts: dict[int, int]) -> None:
        """Where partitions go on whose offset is not there: at the first that is, not the last."""
        gone = {
            name: why.offset for name, why in self._waiting.items() if isinstance(why, Gone | Anew)
        }
        firsts, ends = self._ends(gone, EARLIEST), self._ends(gone, LATEST)
        for partition in firsts.keys() & ends.keys():
            offset, first = gone[partition], firsts[partition]
            is_new_log = offset > ends[partition] or isinstance(self._waiting[partition], Anew)
            if is_new_log and not self._set_back(partition, first):
                continue
            self._holes.append(Hole(partition, offset, first, is_new_log))
            if is_new_log:
                # What is under way is of a log that is gone, with offsets that mean others now.
                self._on_rebalance(Lost((partition,)))
                self._own((partition,))
                self._stands.pop(partition, None)
                self._began.pop(partition, None)
                self._at_beginning.add(partition)
            starts[partition] = first

    def _look_at_topic(self) -> None:
        """Begin anew with what is fetched, where the topic is not the one it was.

        Where a new log is shorter than the old one was read, brokers say so before.
        """
        if self._identified is None:
            if not self._fetching():
                return
            self._identified = self._identity()
        is_another = self._identified.look()
        if is_another is None:
            return
        if is_another:
            for partition in self._positions.keys() - self._at_beginning:
                self._wait(partition, Anew(self._positions[partition]))
            self._ask_at = 0.0
        self._at_beginning.clear()

    def _set_back(self, partition: int, first: int) -> bool:
        """Have the group begin there: it may have committed what it read in the middle."""
        asked = [TopicPartition(self._topic, partition, first)]
        (answer,) = self._library.commit(offsets=asked, asynchronous=False)
        if answer.error is not None:
            self._troubles.append(trouble(answer.error))
            return False
        self._committed[partition] = first
        return True

    def _ends(self, partitions: Iterable[int], which: int) -> dict[int, int]:
        answer = offsets_at(self._library, self._topic, partitions, which, _ASK_TIMEOUT_SECONDS)
        self._troubles += answer.troubles
        return answer.found

    def _fetch(self, starts: dict[int, int]) -> None:
        if not starts:
            return
        self._library.incremental_assign(
            [TopicPartition(self._topic, name, offset) for name, offset in starts.items()]
        )
        for partition, offset in starts.items():
            self._waiting.pop(partition, None)
            self._positions[partition] = offset
            # What we have polled is not what the group has: see `is_member`.
            self._stands.setdefault(partition, offset)
            self._began.setdefault(partition, offset)
        self._library.pause(self._fetched(self._paused & starts.keys()))

    def _unfetch(self, partitions: Iterable[int]) -> None:
        self._library.incremental_unassign(self._fetched(partitions))

    def _wait(self, partition: int, why: Gone | Anew | Resting) -> None:
        self._unfetch([partition])
        self._waiting[partition] = why

    def _fetching(self) -> set[int]:
        """The partitions that the library knows to be ours."""
        return self._generations.keys() - self._waiting.keys()

    def _fetched(self, partitions: Iterable[int]) -> list[TopicPartition]:
        """Those of the partitions that the library knows to be ours."""
        return [TopicPartition(self._topic, name) for name in self._fetching() & set(partitions)]

    # Records and troubles.

    def _polled(self, timeout_seconds: float) -> Any:
        """The first message. While partitions wait, only for a moment: they are asked for again."""
        deadline = time.monotonic() + timeout_seconds
        while True:
            left = max(0.0, deadline - time.monotonic())
            message = self._library.poll(min(left, _LONGEST_POLL_SECONDS))
            if message is not None and is_end(message):
                self._sorted([message])
                if not self._passed:
                    continue  # a record may be behind it
                message = None
            if message is not None or left == 0 or self._troubles or self._holes or self._passed:
                return message
            self._begin_waiting()

    def _sorted(self, messages: Sequence[Any]) -> dict[int, list[Record]]:
        """Records by partition; what cannot be read is fetched again, from where we are."""
        found = read(self._topic, messages)
        for partition, some in found.records.items():
            self._positions[partition] = some[-1].offset + 1
            self._pauses.pop(partition, None)
        for partition, offset in found.ends.items():
            self._pass(partition, offset)
        self._troubles += found.troubles
        for partition in found.gone & self._fetching():
            # The library has stopped fetching it.
            self._wait(partition, Gone(self._positions[partition]))
            self._ask_at = 0.0
        for partition in found.corrupt & self._fetching():
            # The library goes on beyond it, or wherever a damaged length leads.
            pause = min(
                2 * self._pauses.get(partition, _FIRST_PAUSE_SECONDS / 2), _LONGEST_PAUSE_SECONDS
            )
            self._pauses[partition] = pause
            self._wait(partition, Resting(time.monotonic() + pause))
        return found.records

    def _pass(self, partition: int, offset: int) -> None:
        """Note that we are there, without a record; it was read under this assignment."""
        if partition in self._fetching() and offset > self._positions[partition]:
            self._positions[partition] = self._passed[partition] = offset

    def _failed(self, error: Any) -> None:
        self._troubles.append(trouble(error))

    def _still(self, commits: Iterable[Commit]) -> tuple[Commit, ...]:
        """Those whose partition is ours, under the same assignment."""
        return tuple(
            one for one in commits if self._generations.get(one.partition) == one.generation
        )

    def _look_at_ends(self, *, at_once: bool) -> None:
        """Note where partitions end as of the last fetch: who wants to know must not ask the
        library, which lets no other thread in while this one polls."""
        now = time.monotonic()
        if now < self._look_at and not at_once:
            return
        self._look_at = now + _LOOK_SECONDS
        for one in self._fetched(self._generations):
            ends = self._library.get_watermark_offsets(one, cached=True)
            if ends is not None and ends[1] >= 0:
                self._ends_seen[one.partition] = ends[1]

    def _status(self, partition: int) -> PartitionStatus:
        is_waiting = partition in self._waiting
        return PartitionStatus(
            partition,
            position=self._positions.get(partition),
            committed=self._committed.get(partition),
            end=None if is_waiting else self._ends_seen.get(partition),
            is_paused=partition in self._paused,
            is_waiting=is_waiting,
            began=self._began.get(partition),
        )
