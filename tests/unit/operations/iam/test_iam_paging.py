from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import AwsError
from sluicegate.operations.iam.paging import Page

_KEYS = st.lists(st.text("abAB-_.é ", min_size=1, max_size=8), unique=True, max_size=20)


@given(_KEYS, st.integers(1, 25))
def test_the_pages_of_a_list_are_the_list(keys: list[str], size: int) -> None:
    shown: list[str] = []
    params: dict[str, Any] = {"MaxItems": size}
    while True:
        answer = Page("ListUsers", params).of("Users", keys, str, str)
        shown += answer["Users"]
        if not answer["IsTruncated"]:
            break
        assert len(answer["Users"]) == size
        params["Marker"] = answer["Marker"]
    assert shown == sorted(keys)


@given(st.text(max_size=320))
def test_a_marker_nobody_gave_is_refused(marker: str) -> None:
    if marker:
        with pytest.raises(AwsError, match="ValidationError"):
            Page("ListUsers", {"Marker": marker})


@given(st.text("abAB-_.", min_size=1, max_size=151))
def test_a_marker_is_short_enough_to_be_sent_back(key: str) -> None:
    _, ending = Page("GetAccountAuthorizationDetails", {"MaxItems": 1}).cut([key, key + "z"], str)
    assert len(ending["Marker"]) <= 320
