"""What an answer means, and what follows from it."""

import json
from typing import Any

import pytest
from tests.unit.delivery.making import batch, record

from sluicegate.delivery import (
    Failed,
    PartlyFailed,
    Response,
    RetryPolicy,
    Success,
    Throttled,
    TooLarge,
    read_answer,
)
from sluicegate.delivery.retry import Again, GiveUp, Piece, Split, aged, next_step

FINE = Response("request", "$LATEST")
BROKEN = Response("request", "$LATEST", "Unhandled")
BATCH = batch([record(1), record(2), record(5, partition=3)])


def failures(*named: tuple[Any, Any]) -> bytes:
    """A report that names records, by event key and offset."""
    items = [{"itemIdentifier": {"partition": key, "offset": at}} for key, at in named]
    return json.dumps({"batchItemFailures": items}).encode()


@pytest.mark.parametrize(
    "payload",
    [b"", b"null", b"{}", b'{"batchItemFailures":[]}', b'{"batchItemFailures":null}',
     b'{"statusCode":200}'],
)  # fmt: skip
def test_all_are_delivered(payload: bytes) -> None:
    assert read_answer(payload, FINE, BATCH, is_partial=True) == Success()


def test_an_answer_is_not_read_where_nobody_asked_for_reports() -> None:
    assert read_answer(failures(("orders-0", 1)), FINE, BATCH, is_partial=False) == Success()


def test_listed_records_failed() -> None:
    payload = failures(("orders-0", 2), ("orders-3", 5), ("orders-0", 2))
    expected = PartlyFailed({0: frozenset({2}), 3: frozenset({5})}, FINE)
    assert read_answer(payload, FINE, BATCH, is_partial=True) == expected


@pytest.mark.parametrize(
    "payload",
    [b'"ok"', b"[]", b"{", b"7", b"\xff", b'{"batchItemFailures":"x"}',
     b'{"batchItemFailures":[{}]}', b'{"batchItemFailures":[{"itemIdentifier":null}]}',
     b'{"batchItemFailures":[{"itemIdentifier":"orders-0"}]}',
     b'{"x":' + b"[" * 100_000, failures(("orders-0", "1")), failures(("orders-0", 1.5)),
     failures(("orders-0", True)), failures((0, 1)), failures(("orders-1", 1)),
     failures(("orders-0", 1), ("orders-0", 3)), failures(("", 1))],
)  # fmt: skip
def test_what_is_no_report_of_this_batch_fails_it_whole(payload: bytes) -> None:
    assert read_answer(payload, FINE, BATCH, is_partial=True) == Failed(FINE)


def test_an_error_fails_the_batch_whatever_it_says() -> None:
    assert read_answer(b"null", BROKEN, BATCH, is_partial=True) == Failed(BROKEN)


ENDLESS = RetryPolicy()


def test_pauses_double_up_to_half_a_minute_and_spread_by_a_fifth() -> None:
    piece, pauses = Piece(BATCH), []
    for _ in range(12):
        step = next_step(piece, Failed(BROKEN), ENDLESS, 0.0)
        assert isinstance(step, Again)
        pauses.append(step.pause_ms)
        piece = step.piece
    assert pauses == [100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000, 30000]
    spread = [next_step(Piece(BATCH), Throttled(), ENDLESS, jitter) for jitter in (-1.0, 1.0)]
    assert [step.pause_ms for step in spread if isinstance(step, Again)] == [80, 120]


@pytest.mark.parametrize("retries", [0, 1, 10])
def test_records_are_given_up_after_the_first_attempt_and_the_retries(retries: int) -> None:
    piece, invocations = Piece(BATCH), 0
    while True:
        invocations += 1
        match next_step(piece, Failed(BROKEN), RetryPolicy(retries), 0.0):
            case Again(piece, _):
                pass
            case GiveUp(given_up, condition):
                break
            case Split():
                raise AssertionError
    assert invocations == given_up.invocations == retries + 1
    assert (condition, given_up.response) == ("RetryAttemptsExhausted", BROKEN)


def test_a_function_that_did_not_run_is_no_attempt() -> None:
    piece = Piece(BATCH)
    for _ in range(20):
        step = next_step(piece, Throttled(), RetryPolicy(0), 0.0)
        assert isinstance(step, Again)
        piece = step.piece
    assert (piece.failures, piece.invocations) == (0, 0)


def test_bisecting_isolates_one_record_in_few_rounds_and_leaves_it_its_retries() -> None:
    records = [record(offset) for offset in range(1000)]
    policy = RetryPolicy(2, bisect=True)
    left, dead, rounds = [Piece(batch(records))], [], 0
    while left:
        piece = left.pop()
        if not any(one.offset == 617 for one in piece.batch):
            continue
        rounds += 1
        match next_step(piece, Failed(BROKEN), policy, 0.0):
            case Again(again, _):
                left.append(again)
            case Split(first, second):
                left += (second, first)
            case GiveUp(given_up, _):
                dead += [one.offset for one in given_up.batch]
    assert dead == [617]
    assert rounds <= 10 + 1 + 2


def test_an_event_too_large_after_all_is_halved_and_one_alone_given_up() -> None:
    step = next_step(Piece(BATCH), TooLarge(), RetryPolicy(0), 0.0)
    assert isinstance(step, Split) and step.pause_ms == 0
    step = next_step(Piece(batch([record(1)])), TooLarge(), ENDLESS, 0.0)
    assert isinstance(step, GiveUp) and step.condition == "MaximumPayloadSizeExceeded"
    assert step.piece.response is None


def test_modes() -> None:
    def provisioned(attempts: int, age_seconds: int, has_destination: bool) -> RetryPolicy:
        return RetryPolicy.provisioned(
            attempts=attempts,
            age_seconds=age_seconds,
            bisect=False,
            has_destination=has_destination,
        )

    assert RetryPolicy.on_demand(has_destination=False) == RetryPolicy(None)
    assert RetryPolicy.on_demand(has_destination=True) == RetryPolicy(10)
    assert provisioned(-1, -1, False) == RetryPolicy(None)
    assert provisioned(-1, -1, True) == RetryPolicy(10)
    assert provisioned(500, 60, True) == RetryPolicy(500, 60_000)


def test_records_age_by_their_own_timestamps() -> None:
    records = [record(1, timestamp=40), record(2, timestamp=60), record(3, timestamp=-1)]
    piece = Piece(batch(records))
    assert aged(piece, RetryPolicy(age_ms=50), 100) == {0: {1}}
    assert aged(piece, ENDLESS, 10**15) == {}
