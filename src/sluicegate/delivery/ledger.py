"""The ledger: which records were received, which are settled, and so what may be committed."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Commit:
    """What may be committed of a partition: `offset` is the next one to be read.

    `generation` is the assignment it was earned under; under another one it means nothing.
    """

    partition: int
    generation: int
    offset: int


@dataclass(slots=True)
class _Account:
    """One partition: its unsettled records in order, and those settled before their turn."""

    generation: int
    unsettled: deque[int] = field(default_factory=deque)
    early: set[int] = field(default_factory=set)
    received: int = -1  # the last offset
    passed: int = 0  # up to which nothing comes after it
    handled: int = 0  # one beyond the last record that is settled with all before it
    committed: int = 0


class Ledger:
    """An account for each partition that is assigned.

    INVARIANT: no offset is offered for a commit while a record below it is unsettled.
    """

    def __init__(self) -> None:
        self._accounts: dict[int, _Account] = {}

    def assigned(self, partition: int, generation: int) -> None:
        """Begin anew: what was known of the partition belongs to an assignment that is over."""
        self._accounts[partition] = _Account(generation)

    def forget(self, partition: int) -> None:
        """The partition is somebody else's; what of it was unsettled will be theirs to deliver."""
        self._accounts.pop(partition, None)

    def generation(self, partition: int) -> int | None:
        """The assignment under which the partition is ours; None when it is not."""
        account = self._accounts.get(partition)
        return account.generation if account else None

    def received(self, partition: int, offsets: Sequence[int]) -> int:
        """Note records, in order; how many of the first were known already, and are to be left out.

        A consumer that was set back, or fetched again, gives records twice.
        """
        account = self._accounts[partition]
        known = 0
        if offsets and offsets[0] <= account.received:
            known = sum(offset <= account.received for offset in offsets)
        if known < len(offsets):
            account.unsettled.extend(offsets[known:])
            account.received = offsets[-1]
        return known

    def passed(self, partition: int, offset: int) -> None:
        """Note that nothing below `offset` comes any more after what was received."""
        account = self._accounts.get(partition)
        if account is not None and offset > account.received:
            account.passed = offset
            self._pass(account)

    def settled(self, partition: int, generation: int, offsets: Iterable[int]) -> None:
        """Note that records are delivered, filtered or discarded, in any order.

        Under another assignment than today's it is ignored: whoever has the partition now will
        deliver the records again, and commits itself.
        """
        account = self._accounts.get(partition)
        if account is None or account.generation != generation:
            return
        unsettled, early = account.unsettled, account.early
        for offset in offsets:
            if unsettled and unsettled[0] == offset:
                account.handled = unsettled.popleft() + 1
            else:
                early.add(offset)
        while early and unsettled and unsettled[0] in early:
            early.remove(unsettled[0])
            account.handled = unsettled.popleft() + 1
        self._pass(account)

    def committable(self) -> tuple[Commit, ...]:
        """What may be committed and is not yet: rising for each partition, call after call."""
        return tuple(
            Commit(partition, account.generation, account.handled)
            for partition, account in self._accounts.items()
            if account.handled > account.committed
        )

    def owed(self, partition: int) -> int:
        """The partition's offset that may be committed and is not; 0 when there is none."""
        account = self._accounts.get(partition)
        return account.handled if account and account.handled > account.committed else 0

    def committed(self, commits: Iterable[Commit]) -> None:
        """Note what the brokers have accepted."""
        for commit in commits:
            account = self._accounts.get(commit.partition)
            if account is not None and account.generation == commit.generation:
                account.committed = max(account.committed, commit.offset)

    def _pass(self, account: _Account) -> None:
        if not account.unsettled:
            account.handled = max(account.handled, account.passed)

    def unsettled(self, partition: int) -> int:
        """How many records of the partition wait to be settled."""
        account = self._accounts.get(partition)
        return len(account.unsettled) if account else 0
