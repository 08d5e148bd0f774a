"""Authorization ids: AWS's form, in order of time, never the same twice."""

import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.store.authorization_ids import id_of, new_id, new_request_id

MOMENTS = st.integers(min_value=0, max_value=36**9 - 1)


@given(MOMENTS)
def test_an_id_is_25_characters_of_base_36(now_ms: int) -> None:
    assert re.fullmatch(r"[0-9a-z]{25}", new_id(now_ms))


@given(MOMENTS, MOMENTS)
def test_a_later_id_sorts_after_an_earlier_one(one_ms: int, other_ms: int) -> None:
    if one_ms != other_ms:
        assert (new_id(one_ms) < new_id(other_ms)) == (one_ms < other_ms)


def test_no_id_comes_twice() -> None:
    assert len({new_id(1_790_000_000_000) for _ in range(10_000)}) == 10_000


def test_a_request_is_the_id_of_its_decision_in_other_letters() -> None:
    requests = [new_request_id(1_764_000_000_000 + number) for number in range(100)]
    assert all(uuid.UUID(each).version == 7 for each in requests)
    ids = [id_of(each) for each in requests]
    assert ids == sorted(ids) and len({*ids}) == 100
    assert all(re.fullmatch("[0-9a-z]{25}", each) for each in ids)
    assert id_of(requests[0])[:9] == new_id(1_764_000_000_000)[:9]


def test_what_is_no_request_has_no_decision() -> None:
    with pytest.raises(ValueError, match="UUID"):
        id_of("orders")
