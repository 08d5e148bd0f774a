"""What may be committed: never past what is unsettled, always rising, only under one assignment."""

from hypothesis import given
from hypothesis import strategies as st

from sluicegate.delivery import Commit
from sluicegate.delivery.ledger import Ledger


def test_what_is_no_record_is_passed_once_all_before_it_is_settled() -> None:
    ledger = Ledger()
    ledger.assigned(0, 1)
    ledger.received(0, [3, 4])
    ledger.passed(0, 6)
    assert ledger.committable() == ()
    ledger.settled(0, 1, [4])
    assert ledger.committable() == ()
    ledger.settled(0, 1, [3])
    assert ledger.committable() == (Commit(0, 1, 6),)
    ledger.received(0, [6])
    # Told late: of records that came after it nothing is said.
    ledger.passed(0, 6)
    ledger.passed(1, 9)
    assert ledger.committable() == (Commit(0, 1, 6),)
    ledger.assigned(0, 2)
    assert ledger.committable() == ()


def test_an_offset_is_one_beyond_the_last_record_and_not_the_next_ones() -> None:
    ledger = Ledger()
    ledger.assigned(0, 1)
    ledger.received(0, [5, 9])
    assert ledger.committable() == ()
    ledger.settled(0, 1, [5])
    assert ledger.committable() == (Commit(0, 1, 6),)


def test_what_is_committed_is_not_offered_again_and_what_is_refused_is() -> None:
    ledger = Ledger()
    ledger.assigned(0, 1)
    ledger.received(0, [0, 1])
    ledger.settled(0, 1, [0])
    assert ledger.committable() == ledger.committable() == (Commit(0, 1, 1),)
    ledger.committed(ledger.committable())
    assert ledger.committable() == ()


def test_nothing_counts_under_another_assignment() -> None:
    ledger = Ledger()
    ledger.assigned(0, 1)
    ledger.received(0, [0])
    ledger.settled(0, 1, [0])
    earned = ledger.committable()
    ledger.assigned(0, 2)
    ledger.received(0, [0])
    ledger.settled(0, 1, [0])
    assert ledger.committable() == ()
    ledger.committed(earned)
    ledger.settled(0, 2, [0])
    assert ledger.committable() == (Commit(0, 2, 1),)
    ledger.forget(0)
    ledger.settled(0, 2, [0])
    assert ledger.committable() == () and ledger.generation(0) is None


def test_records_that_come_twice_are_told() -> None:
    ledger = Ledger()
    ledger.assigned(0, 1)
    assert ledger.received(0, [3, 4]) == 0
    assert ledger.received(0, [4, 6]) == 1
    assert ledger.received(0, [3]) == 1
    assert ledger.unsettled(0) == 3


@given(st.permutations(range(0, 24, 2)), st.sets(st.integers(0, 11)))
def test_no_offset_is_offered_past_an_unsettled_record(order: list[int], asked: set[int]) -> None:
    ledger = Ledger()
    ledger.assigned(0, 1)
    ledger.received(0, range(0, 24, 2))
    left, last = set(order), 0
    for at, offset in enumerate(order):
        ledger.settled(0, 1, [offset])
        left.remove(offset)
        if at in asked:
            for commit in ledger.committable():
                assert last < commit.offset <= min(left, default=24)
                last = commit.offset
            ledger.committed(ledger.committable())
    assert all(commit.offset == 23 for commit in ledger.committable())
