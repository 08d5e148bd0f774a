"""One mapping kept, step by step: its states, its reasons, and when it polls."""

import json
import threading
from dataclasses import replace

import pytest
from tests.unit.triggers.keeping import ID, LATEST, ORDERS, Bench, denied, silent, well

from sluicegate.store import (
    function_aliases,
    function_versions,
    functions,
    mapping_leases,
    mapping_progress,
    mappings,
)
from sluicegate.store.function_aliases import Alias
from sluicegate.store.mapping_progress import Progress
from sluicegate.testing import Endpoint
from sluicegate.triggers import problems


@pytest.fixture
def bench(endpoint: Endpoint) -> Bench:
    """A mapping that was just made."""
    return Bench(endpoint)


def test_a_new_mapping_is_surveyed_polled_and_enabled(bench: Bench) -> None:
    assert bench.mapping.current_state == "Creating"
    bench.step()
    assert bench.machine.asked == ["AssumeRole", "GetSecretValue"]
    (polling,) = bench.machine.open
    assert polling.is_first and polling.connection.bootstrap_servers == ("kafka.example:9092",)
    made = bench.mapping
    assert made.state == made.current_state == "Enabled"
    assert made.last_processing_result == "No records processed"
    assert made.started_ms is not None
    polling.has_delivered = True
    bench.step()
    assert bench.mapping.last_processing_result == "OK"


def test_what_was_delivered_is_told_by_whoever_polls_next(bench: Bench) -> None:
    bench.step()
    (polling,) = bench.machine.open
    polling.has_delivered = True
    bench.change(batch_size=7)
    bench.step(8)
    assert polling.is_closed and bench.machine.open
    assert bench.mapping.last_processing_result == "OK"


def test_it_writes_nothing_while_nothing_happens(bench: Bench) -> None:
    bench.step(2)
    stepping = threading.Thread(target=bench.step, daemon=True)
    with bench.database.write():
        stepping.start()
        stepping.join(2)
        assert not stepping.is_alive()


def test_it_is_surveyed_every_half_minute_and_when_permissions_move(bench: Bench) -> None:
    bench.step(8)
    assert bench.machine.asked.count("AssumeRole") == 1
    bench.permissions_move()
    bench.step()
    assert bench.machine.asked.count("AssumeRole") == 2
    bench.now += 31
    bench.step()
    assert bench.machine.asked.count("AssumeRole") == 3
    assert len(bench.machine.pollings) == 1, "nothing has changed"


def test_a_revoked_permission_stops_it_and_a_restored_one_starts_it(bench: Bench) -> None:
    bench.step(8)
    bench.machine.answer = denied
    bench.permissions_move()
    bench.step()
    assert bench.machine.open == []
    stopped = bench.mapping
    assert stopped.state == "Enabled"
    assert stopped.state_transition_reason == "EVENT_SOURCE_AUTHN_ERROR"
    assert stopped.last_processing_result == (
        "PROBLEM: Lambda failed to assume your function execution role."
    )
    bench.machine.answer = well
    bench.now += 1
    bench.permissions_move()
    bench.step()
    (polling,) = bench.machine.open
    assert not polling.is_first, "its place is in Kafka"
    healed = bench.mapping
    assert healed.state_transition_reason == "USER_INITIATED"
    assert healed.last_processing_result == "OK"


def test_an_endpoint_out_of_reach_is_no_denial(bench: Bench) -> None:
    bench.step(8)

    bench.machine.answer = silent
    bench.now += 31
    bench.step(3)
    assert len(bench.machine.open) == 1
    assert bench.mapping.last_processing_result == "No records processed"


def test_another_password_is_logged_in_with_anew(bench: Bench) -> None:
    bench.step(30)
    changed = {"SecretString": json.dumps({"username": "u", "password": "other"})}
    bench.machine.answer = lambda _operation, _params: changed
    bench.machine.open[0].login_refused = True
    bench.step()
    assert [polling.is_closed for polling in bench.machine.pollings] == [True, False]


def test_who_was_refused_is_asked_again_as_long_as_it_is_told_so(bench: Bench) -> None:
    bench.step(30)
    for number in range(1, 4):
        bench.machine.open[0].problem = problems.NOT_AUTHORIZED
        bench.step(seconds=9)
        assert len(bench.machine.pollings) == number
        bench.step(seconds=2)
        assert len(bench.machine.pollings) == number + 1 and len(bench.machine.open) == 1
        bench.step(seconds=4)
        assert bench.mapping.last_processing_result == problems.NOT_AUTHORIZED.text, "not known yet"
    bench.step(seconds=2)
    bench.step()
    assert bench.mapping.last_processing_result == "OK", "it was told nothing for long enough"
    assert len(bench.machine.pollings) == 4


def test_who_is_refused_no_more_shows_it_with_the_first_batch(bench: Bench) -> None:
    bench.step()
    bench.machine.open[0].problem = problems.NOT_AUTHORIZED
    bench.step(seconds=11)
    bench.step()
    bench.machine.open[0].has_delivered = True
    bench.step()
    assert bench.mapping.last_processing_result == "OK"


def test_a_poller_that_fails_is_followed_by_another(bench: Bench) -> None:
    bench.step()
    for pause in (1, 2, 4, 8):
        bench.machine.open[0].has_failed = True
        bench.step(seconds=pause - 0.1)
        assert bench.mapping.last_processing_result == problems.INTERNAL.text
        bench.step(seconds=0.2)
        assert bench.machine.open == []
        bench.step()
        assert len(bench.machine.open) == 1 and bench.mapping.last_processing_result == "OK"
    bench.now += 60
    bench.step()
    bench.machine.open[0].has_failed = True
    bench.step(seconds=1.1)
    bench.step()
    assert len(bench.machine.open) == 1


def test_disabled_it_does_not_poll(bench: Bench) -> None:
    bench.step()
    bench.change(is_enabled=False)
    assert bench.mapping.current_state == "Disabling"
    bench.step()
    assert bench.machine.open == [] and bench.mapping.current_state == "Disabled"
    bench.change(is_enabled=True)
    assert bench.mapping.current_state == "Enabling"
    bench.now += 2
    bench.step()
    assert len(bench.machine.open) == 1 and bench.mapping.current_state == "Enabled"


def test_a_changed_mapping_is_polled_anew(bench: Bench) -> None:
    bench.step(8)
    bench.change(batch_size=7)
    assert bench.mapping.current_state == "Updating"
    bench.step()
    assert [polling.is_closed for polling in bench.machine.pollings] == [True, False]
    assert bench.mapping.current_state == "Enabled"


def test_a_deleted_mapping_is_gone_after_its_last_batch(bench: Bench) -> None:
    bench.step()
    with bench.database.write() as tx:
        mappings.want_deleted(tx, ID)
    assert bench.kept.step() is None
    assert bench.machine.open == []
    with bench.database.read() as tx:
        assert mappings.find(tx, ID) is None


def test_a_function_that_is_gone_is_a_reason(bench: Bench) -> None:
    with bench.database.write() as tx:
        function_versions.delete(tx, "f-1")
        functions.delete(tx, "f-1")
    bench.step()
    assert bench.mapping.state_transition_reason == "FUNCTION_CONFIG_NOT_VALID"
    assert bench.machine.pollings == []


def test_brokers_that_cannot_be_asked_where_to_begin_are_asked_again(bench: Bench) -> None:
    bench.machine.obstacle = problems.NO_CONNECTION
    bench.step(2)
    assert bench.mapping.last_processing_result == problems.NO_CONNECTION.text
    assert bench.mapping.started_ms is None
    bench.machine.obstacle = None
    bench.step(4)
    assert bench.machine.open[0].is_first


def test_a_second_worker_polls_and_leaves_the_telling_to_the_first(bench: Bench) -> None:
    bench.step()
    second = bench.another("two")
    second.step()
    assert len(bench.machine.open) == 2 and not bench.machine.open[1].is_first
    with bench.database.read() as tx:
        assert mapping_leases.holder_of(tx, ID) == "one"
    bench.kept.stop()
    bench.now += 4
    second.step()
    with bench.database.read() as tx:
        assert mapping_leases.holder_of(tx, ID) == "two"


def test_silence_after_a_denial_is_no_permission(bench: Bench) -> None:
    bench.step(8)
    bench.machine.answer = denied
    bench.permissions_move()
    bench.step()
    refused = bench.mapping.last_processing_result
    bench.machine.answer = silent
    bench.now += 31
    bench.step(3)
    assert bench.machine.open == [] and bench.mapping.last_processing_result == refused


def test_a_change_is_in_effect_when_it_was_surveyed(bench: Bench) -> None:
    bench.step(8)
    bench.machine.answer = silent
    bench.change(batch_size=7)
    bench.step(8)
    assert bench.mapping.current_state == "Updating"
    assert [polling.is_closed for polling in bench.machine.pollings] == [False]
    bench.machine.answer = well
    bench.step(8)
    assert bench.mapping.current_state == "Enabled"
    assert [polling.is_closed for polling in bench.machine.pollings] == [True, False]


def test_a_problem_is_told_on_while_it_is_switched_off(bench: Bench) -> None:
    bench.step(8)
    bench.machine.open[0].has_delivered = True
    bench.machine.answer = denied
    bench.permissions_move()
    bench.step()
    told = bench.mapping.last_processing_result
    assert told.startswith("PROBLEM")
    bench.change(is_enabled=False)
    bench.step()
    assert bench.mapping.state == "Disabled" and bench.mapping.last_processing_result == told


def test_what_cannot_be_polled_is_tried_after_longer_pauses(bench: Bench) -> None:
    bench.machine.obstacle = problems.NO_CONNECTION
    bench.step(100)
    # After 0, 1, 3, 7 and 15 seconds; the survey of half a minute would be next.
    assert bench.machine.tried == 5
    bench.permissions_move()
    bench.step(2)
    assert bench.machine.tried == 6


def test_a_password_that_is_refused_at_the_start_is_read_again(bench: Bench) -> None:
    bench.machine.obstacle = problems.LOGIN_FAILED
    bench.step(30)
    assert bench.machine.asked.count("GetSecretValue") == 2


def test_whatever_fails_in_a_step_leaves_no_state_for_ever(bench: Bench) -> None:
    bench.machine.fault = RuntimeError("not foreseen")
    with pytest.raises(RuntimeError):
        bench.step()
    assert bench.mapping.current_state == "Enabled"
    assert bench.mapping.last_processing_result == problems.INTERNAL.text


def test_the_holder_tells_what_becomes_of_others_partitions(bench: Bench) -> None:
    def note(partition: int, owner: str, result: str) -> None:
        at_ms = bench.endpoint.clock.now_ms()
        row = Progress(ID, partition, owner, at_ms, last_result=result)
        with bench.database.write() as tx:
            mapping_progress.note_progress(tx, [row])

    bench.step()
    note(0, "two", "OK")
    bench.step(8)
    assert bench.mapping.last_processing_result == "OK"
    note(1, "two", problems.FUNCTION_FAILED.text)
    bench.step(8)
    assert bench.mapping.last_processing_result == problems.FUNCTION_FAILED.text
    # Who has written nothing for long is gone.
    bench.endpoint.clock.advance(seconds=31)
    bench.step(8)
    assert bench.mapping.last_processing_result == "OK"


def test_a_timeout_that_is_too_long_counts_for_both_versions_of_an_alias(bench: Bench) -> None:
    with bench.database.write() as tx:
        for number, seconds in (("1", 3), ("2", 841)):
            function_versions.add(tx, replace(LATEST, version=number, timeout_seconds=seconds))
        alias = Alias("f-1", "live", "1", "r", other_version="2", other_weight=0.1)
        function_aliases.add(tx, alias)
    bench.change(function_arn=f"{ORDERS.arn}:live")
    bench.step()
    assert bench.mapping.state_transition_reason == "FUNCTION_CONFIG_NOT_VALID"
