"""Whatever happens, in whatever order: nothing is lost, nothing overtakes, everything ends.

The machine below is Kafka, a consumer group and the function; the data path is ours. Every
promise is judged by what Kafka and the function saw.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.unit.delivery.making import ENCODER, record

from sluicegate.delivery import (
    Bounds,
    Commit,
    DataPath,
    Discard,
    Failed,
    Filters,
    Invoke,
    PartlyFailed,
    Record,
    Response,
    RetryPolicy,
    Success,
    Throttled,
    TooLarge,
    Work,
)
from sluicegate.delivery.answer import Answer

RESPONSE = Response("request", "$LATEST", "Unhandled")
PARTITIONS = range(2)
LARGE = b"x" * 3000
UNWANTED = b"unwanted"
partitions = st.sampled_from(PARTITIONS)
FILTER = '{"value":[{"anything-but":"unwanted"}]}'
GOOD, POISON = b"good", b"poison"


@dataclass
class Group:
    """What the brokers keep: a log for each partition, with gaps, and the group's offsets.

    A gap at the end of a log is a mark of a transaction.
    """

    logs: dict[int, list[Record]] = field(
        default_factory=lambda: {partition: [] for partition in PARTITIONS}
    )
    ends: dict[int, int] = field(default_factory=lambda: dict.fromkeys(PARTITIONS, 0))
    committed: dict[int, int] = field(default_factory=lambda: dict.fromkeys(PARTITIONS, 0))


class Delivery(RuleBasedStateMachine):
    """Events in any order; `settled` is what the function took, or what was filtered, discarded."""

    @initialize(
        records=st.integers(1, 5),
        window_ms=st.sampled_from([0, 50]),
        retries=st.none() | st.integers(0, 2),
        age_ms=st.none() | st.just(500),
        bisect=st.booleans(),
        is_filtered=st.booleans(),
    )
    def start(
        self,
        records: int,
        window_ms: int,
        retries: int | None,
        age_ms: int | None,
        bisect: bool,
        is_filtered: bool,
    ) -> None:
        self.bounds = Bounds(records, window_ms, payload_bytes=2500)
        self.policy = RetryPolicy(retries, age_ms, bisect)
        self.filters = Filters([FILTER]) if is_filtered else None
        self.group = Group()
        self.now_ms, self.generation = 0, 0
        self.settled: dict[int, set[int]] = defaultdict(set)
        self.work: dict[int, Work] = {}
        self.begin()
        for partition in PARTITIONS:
            self.assign(partition)
            self.produce(partition, [GOOD, POISON, GOOD], 1)
            self.poll(partition, 2, 0)

    def begin(self) -> None:
        """A consumer, its process new."""
        self.path = DataPath(ENCODER, filters=self.filters, bounds=self.bounds, policy=self.policy)
        self.position: dict[int, int] = {}
        self.earned: dict[int, int] = {}
        self.work.clear()

    # What Kafka does.

    @rule(
        partition=partitions,
        values=st.lists(
            st.sampled_from([GOOD, GOOD, GOOD, POISON, LARGE, UNWANTED]), min_size=1, max_size=4
        ),
        gap=st.sampled_from([1, 1, 1, 3]),
    )
    def produce(self, partition: int, values: list[bytes], gap: int) -> None:
        log = self.group.logs[partition]
        for value in values:
            offset = self.group.ends[partition] + gap - 1
            log.append(record(offset, partition=partition, value=value, timestamp=self.now_ms))
            self.group.ends[partition] = offset + 1

    @rule(partition=partitions)
    def mark(self, partition: int) -> None:
        self.group.ends[partition] += 1

    @rule(partition=partitions)
    def assign(self, partition: int) -> None:
        if partition not in self.position:
            self.generation += 1
            self.position[partition] = self.group.committed[partition]
            self.earned[partition] = self.generation
            self.path.assigned([partition], self.generation)

    @rule(partition=partitions)
    def revoke(self, partition: int) -> None:
        """In order: nothing new, the running ones end, a commit, given back."""
        if partition in self.position:
            self.path.hold([partition])
            for number, work in list(self.work.items()):
                if partition in work.batch.partitions:
                    self.end(number, Success())
            assert not self.path.is_running([partition])
            self.do(1000)
            assert all(partition not in work.batch.partitions for work in self.work.values())
            self.commit(accepted=True)
            self.give_back(partition)

    @rule(partition=partitions, is_back=st.booleans())
    def lose(self, partition: int, is_back: bool) -> None:
        """Sometimes it comes back at once, while what ran still runs."""
        if partition in self.position:
            self.give_back(partition)
            if is_back:
                self.assign(partition)
                self.poll(partition, 3, 0)

    def give_back(self, partition: int) -> None:
        self.path.forget([partition])
        del self.position[partition]
        del self.earned[partition]

    @rule(partition=partitions, most=st.integers(1, 4), back=st.sampled_from([0, 0, 0, 1, 2]))
    def poll(self, partition: int, most: int, back: int) -> None:
        """A few records; sometimes ones that were polled before."""
        if partition in self.position:
            start = self.position[partition]
            known = [one for one in self.group.logs[partition] if one.offset < start]
            again = [one for one in known if one.offset >= self.group.committed[partition]]
            new = [one for one in self.group.logs[partition] if one.offset >= start][:most]
            given = again[len(again) - min(back, len(again)) :] + new
            if given:
                self.path.received(self.path.arrived({partition: given}), self.now_ms)
                self.position[partition] = given[-1].offset + 1
            self.judge_filtered(given)
            end = self.group.ends[partition]
            log = self.group.logs[partition]
            has_more = bool(log) and log[-1].offset >= self.position[partition]
            if not has_more and end > self.position[partition]:
                self.position[partition] = end
                self.path.passed({partition: end})

    def judge_filtered(self, given: list[Record]) -> None:
        for one in given:
            if self.filters and one.value == UNWANTED:
                self.settled[one.partition].add(one.offset)

    @rule(accepted=st.booleans())
    def commit(self, accepted: bool) -> None:
        commits = self.path.committable()
        for one in commits:
            assert self.earned[one.partition] == one.generation
            if accepted:
                assert one.offset > self.group.committed[one.partition] or one.offset == 0
                self.group.committed[one.partition] = one.offset
        if accepted:
            self.path.committed(commits)

    @rule()
    def crash(self) -> None:
        """kill -9: what ran may end, and nobody hears of it."""
        for work in self.work.values():
            self.saw(work)
        self.begin()

    # What the driver does.

    @rule(pass_ms=st.sampled_from([0, 10, 1000]))
    def do(self, pass_ms: int) -> None:
        self.now_ms += pass_ms
        work = self.path.next(self.now_ms, self.now_ms)
        if work is None:
            due_ms = self.path.due_ms()
            assert due_ms is None or due_ms > self.now_ms
            return
        self.work[work.id] = work
        self.judge_begin(work)

    def judge_begin(self, work: Work) -> None:
        under_way = [
            name
            for number, other in self.work.items()
            if number != work.id
            for name in other.batch.partitions
        ]
        assert len(work.batch)
        assert not set(under_way) & set(work.batch.partitions), "two at once for one partition"
        assert set(work.batch.partitions) <= set(self.position), "begun for somebody else"
        for share in work.batch.shares:
            offsets = share.offsets()
            assert offsets == sorted(set(offsets))
            assert share.generation == self.earned[share.partition]
            log = self.group.logs[share.partition]
            wanted = {one.offset for one in log if one.offset < offsets[0]}
            # A discard for age may leave younger ones before it to be tried; nothing else may.
            if self.policy.age_ms is None:
                assert wanted <= self.settled[share.partition], "overtaken"
        if self.filters is None:
            owed = {one.partition for one in self.path.committable() if self.has_records(one)}
            assert not owed & set(work.batch.partitions), "begun before a commit"
        if isinstance(work, Invoke):
            assert work.attempt == 1 or len(work.batch.partitions) == 1, "held up by another's"
            assert len(work.batch) <= self.bounds.records
            assert len(ENCODER.event(work.batch)) <= self.bounds.payload_bytes
            assert not any(self.filters and one.value == UNWANTED for one in work.batch)

    def has_records(self, commit: Commit) -> bool:
        before = self.group.committed[commit.partition]
        log = self.group.logs[commit.partition]
        return any(before <= one.offset < commit.offset for one in log)

    @precondition(lambda self: self.work)
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.work)))
        work = self.work[number]
        answers: list[Answer] = [Success(), Failed(RESPONSE), Throttled(), TooLarge()]
        if len(work.batch) > 1:
            failed = data.draw(st.sets(st.sampled_from(list(work.batch)), min_size=1))
            offsets: dict[int, set[int]] = defaultdict(set)
            for one in failed:
                offsets[one.partition].add(one.offset)
            answers.append(
                PartlyFailed({name: frozenset(some) for name, some in offsets.items()}, RESPONSE)
            )
        self.end(number, data.draw(st.sampled_from(answers)))

    def end(self, number: int, answer: Answer) -> None:
        work = self.work.pop(number)
        if isinstance(work, Discard):
            self.saw(work)
            self.path.discarded(number)
            return
        match answer:
            case Success():
                self.saw(work)
            case PartlyFailed(offsets):
                for one in work.batch:
                    if one.offset not in offsets.get(one.partition, ()):
                        self.settled[one.partition].add(one.offset)
        self.path.answered(number, answer, self.now_ms)

    def saw(self, work: Work) -> None:
        for one in work.batch:
            self.settled[one.partition].add(one.offset)

    # What holds.

    @invariant()
    def nothing_is_committed_past_an_unsettled_record(self) -> None:
        for partition, offset in getattr(self, "group", Group()).committed.items():
            below = {one.offset for one in self.group.logs[partition] if one.offset < offset}
            assert below <= self.settled[partition]

    def teardown(self) -> None:
        """Let it come to rest: a function that works but for poison, and no more rebalances."""
        if not hasattr(self, "path"):
            return
        endless = self.policy.retries is None and self.policy.age_ms is None
        for number in list(self.work):
            self.end(number, Success())
        for partition in PARTITIONS:
            self.assign(partition)
        for _ in range(2000):
            for partition in PARTITIONS:
                self.poll(partition, 4, 0)
            self.do(0)
            for number, work in list(self.work.items()):
                poisoned = any(one.value == POISON for one in work.batch)
                self.end(number, Failed(RESPONSE) if poisoned and not endless else Success())
            self.commit(accepted=True)
            if self.is_done():
                break
            due_ms = self.path.due_ms()
            self.now_ms = max(self.now_ms, due_ms or 0)
        assert self.is_done(), "it does not end"
        assert all(one.waiting == one.unsettled == 0 for one in self.path.progress())

    def is_done(self) -> bool:
        return all(
            {one.offset for one in log} <= self.settled[partition]
            and self.group.committed[partition] == self.group.ends[partition]
            for partition, log in self.group.logs.items()
        )


TestDelivery = Delivery.TestCase
TestDelivery.settings = settings(max_examples=150, stateful_step_count=30)
