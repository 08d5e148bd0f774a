"""Sizes are exact, halves are whole, and nothing shows what a record holds."""

import json

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.delivery.making import ENCODER, batch, record

from sluicegate.delivery import Record, batch_of

texts = st.none() | st.binary(max_size=7)
records = st.builds(
    lambda offset, partition, key, value, headers: record(
        offset, partition=partition, key=key, value=value, headers=tuple(headers)
    ),
    st.integers(0, 10**12),
    st.integers(0, 11),
    texts,
    texts,
    st.lists(st.tuples(st.text(max_size=3), texts), max_size=2),
)


@given(st.lists(records, min_size=1, max_size=8))
def test_the_size_of_an_event_is_known_before_it_is_made(some: list[Record]) -> None:
    made = batch(some)
    event = ENCODER.event(made)
    assert ENCODER.size(made) == len(event)
    read = json.loads(event)["records"]
    assert [(name, len(held)) for name, held in read.items()] == [
        (f"orders-{share.partition}", len(share)) for share in made.shares
    ]


@given(st.lists(records, min_size=2, max_size=9))
def test_halves_are_the_whole_in_order(some: list[Record]) -> None:
    made = batch(some)
    first, second = made.halves()
    assert [*first, *second] == list(made)
    assert abs(len(first) - len(second)) <= 1
    assert all(len(share) for half in (first, second) for share in half.shares)


@given(st.lists(records, min_size=1, max_size=6), st.data())
def test_what_is_cut_out_of_a_share_is_what_it_would_be_alone(
    some: list[Record], data: st.DataObject
) -> None:
    some = [record(at, key=one.key, value=one.value) for at, one in enumerate(some)]
    (share,) = batch(some).shares
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(some))] * 2)))
    if start < end:
        alone = ENCODER.event(batch(some[start:end]))
        assert ENCODER.event(batch_of([share.cut(start, end)])) == alone
        assert ENCODER.event(batch_of([share.only(range(start, end))])) == alone
        assert ENCODER.size(batch_of([share.only(range(start, end))])) == len(alone)
        (run,) = share.runs
        assert run.fitting(run.cut(0, end).size) == end
        assert run.cut(start, end).fitting(run.cut(start, end).size - 1) == end - start - 1


def test_a_record_shows_where_it_is_and_not_what_it_holds() -> None:
    shown = record(7, partition=2, key=b"secret", value=b"secret", headers=(("a", b"secret"),))
    assert repr(shown) == "<orders-2@7>"
    assert repr(shown.headers) == "<1 headers>"
    assert "secret" not in repr(batch([shown])) and "c2VjcmV0" not in repr(batch([shown]))
