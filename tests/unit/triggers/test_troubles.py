"""How long what brokers complain of stands, when nothing tells that it is over."""

import pytest

from sluicegate.kafka import Corrupt, NotAuthenticated, NotAuthorized, Trouble
from sluicegate.triggers import problems
from sluicegate.triggers.troubles import Troubles

REFUSED = NotAuthorized(30, "Group authorization failed")


class Now:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def troubles(now: Now) -> Troubles:
    return Troubles("mapping", now)


@pytest.mark.parametrize(
    ("trouble", "problem"),
    [
        (NotAuthenticated(-169, "Access denied"), problems.LOGIN_FAILED),
        (Corrupt(2, "CRC"), problems.UNREADABLE),
    ],
)
def test_what_is_told_again_and_again_stands_for_a_while(
    troubles: Troubles, now: Now, trouble: Trouble, problem: problems.Problem
) -> None:
    troubles.note([trouble])
    assert troubles.problem() is problem
    now.seconds = 11.0
    assert troubles.problem() is None


def test_what_is_told_once_stands_until_the_group_gives_partitions(
    troubles: Troubles, now: Now
) -> None:
    troubles.note([REFUSED])
    now.seconds = 1000.0
    assert troubles.problem() is problems.NOT_AUTHORIZED
    troubles.joined()
    assert troubles.problem() is None


def test_records_end_it_unless_it_is_told_with_them(troubles: Troubles) -> None:
    troubles.note([REFUSED])
    troubles.clear([REFUSED])
    assert troubles.problem() is problems.NOT_AUTHORIZED
    troubles.clear([])
    assert troubles.problem() is None
