"""Authorization ids: AWS's form, in order of time, never the same twice."""

import re

from hypothesis import given
from hypothesis import strategies as st

from sluicegate.store.decisions import new_id

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
