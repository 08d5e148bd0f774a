"""Event source mappings: what operations want, what their keeper notes, and who keeps them."""

from dataclasses import replace

import pytest

from sluicegate.store import epoch, mapping_leases, mapping_progress, mappings
from sluicegate.store.database import Database
from sluicegate.store.mapping_leases import Lease
from sluicegate.store.mapping_progress import Progress, Setback
from sluicegate.store.mappings import Access, EventSourceMapping
from sluicegate.testing import Endpoint

ID = "b1a2c3d4-0000-4000-8000-000000000001"
ORDERS = EventSourceMapping(
    id=ID,
    account="000000000000",
    region="us-east-1",
    function_id="f1",
    function_arn="arn:aws:lambda:us-east-1:000000000000:function:orders:live",
    topic="orders",
    group_id=ID,
    created_ms=1,
    last_modified_ms=1,
    bootstrap_servers=("kafka:9092", "other:9092"),
    access=(Access("BASIC_AUTH", "arn:secret"),),
    filters=('{"value":{"a":[1]}}',),
)
MINUTE = 60_000


@pytest.fixture
def database(endpoint: Endpoint) -> Database:
    """A state with one mapping in it."""
    with endpoint.databases.state.write() as tx:
        mappings.create(tx, ORDERS)
    return endpoint.databases.state


def found(database: Database) -> EventSourceMapping:
    with database.read() as tx:
        mapping = mappings.find(tx, ID)
    assert mapping is not None
    return mapping


def test_a_mapping_is_read_as_it_was_made(database: Database) -> None:
    assert found(database) == ORDERS
    with database.read() as tx:
        assert mappings.of_account(tx, ORDERS.account, ORDERS.region) == [ORDERS]
        assert mappings.of_account(tx, ORDERS.account, "eu-west-1") == []
        assert mappings.all_of(tx) == [ORDERS]


def test_a_change_leaves_the_keepers_notes_alone_and_moves_the_generation(
    database: Database,
) -> None:
    with database.write() as tx:
        before = mappings.generation(tx)
        mappings.set_state(tx, ID, ["Creating"], "Enabled")
        mappings.set_applied(tx, ID, 1)
        # Read before the keeper wrote: what it knows of the state is old.
        mappings.change(tx, replace(ORDERS, batch_size=7), 5)
        assert mappings.generation(tx) == before + 1
    mapping = found(database)
    assert (mapping.batch_size, mapping.revision, mapping.last_modified_ms) == (7, 2, 5)
    assert (mapping.state, mapping.applied_revision) == ("Enabled", 1)


def test_a_function_made_again_has_the_mappings_of_the_one_that_was_deleted(
    database: Database,
) -> None:
    arn = ORDERS.unqualified_arn
    others = {
        "longer": f"{arn}s",
        "upper": arn.replace("orders", "ORDERS"),
        "wild": arn.replace("orders", "orde_s"),
    }
    with database.write() as tx:
        mappings.create(tx, replace(ORDERS, id="plain", function_arn=arn))
        for mapping_id, function_arn in others.items():
            mappings.create(tx, replace(ORDERS, id=mapping_id, function_arn=function_arn))
        before = mappings.generation(tx)
        mappings.adopt(tx, arn, "f2")
        assert mappings.generation(tx) == before + 1
        mappings.adopt(tx, f"{arn}:unheard", "f3")
        assert mappings.generation(tx) == before + 1
        held = {each.id: (each.function_id, each.revision) for each in mappings.all_of(tx)}
    assert held == {ID: ("f2", 2), "plain": ("f2", 2)} | dict.fromkeys(others, ("f1", 1))
    with database.write() as tx:
        mappings.adopt(tx, others["wild"], "f4")
    assert found(database).function_id == "f2"


@pytest.mark.parametrize(
    ("state", "is_enabled", "shown"),
    [
        ("Creating", True, "Creating"),
        ("Creating", False, "Creating"),
        ("Enabled", True, "Updating"),
        ("Enabled", False, "Disabling"),
        ("Disabled", True, "Enabling"),
        ("Disabled", False, "Updating"),
        ("Updating", True, "Updating"),
    ],
)
def test_a_change_shows_as_soon_as_it_is_wanted(state: str, is_enabled: bool, shown: str) -> None:
    mapping = replace(ORDERS, state=state, is_enabled=is_enabled, revision=2, applied_revision=1)
    assert mapping.current_state == shown
    assert replace(mapping, applied_revision=2).current_state == state
    assert replace(mapping, wanted="deleted").current_state == "Deleting"


def test_what_was_just_asked_for_is_the_reason() -> None:
    stopped = replace(
        ORDERS,
        state="Enabled",
        applied_revision=1,
        state_transition_reason="EVENT_SOURCE_AUTHZ_ERROR",
    )
    assert stopped.current_reason == "EVENT_SOURCE_AUTHZ_ERROR"
    assert replace(stopped, revision=2).current_reason == "USER_INITIATED"


def test_a_state_is_left_only_from_where_it_was(database: Database) -> None:
    with database.write() as tx:
        assert not mappings.set_state(tx, ID, ["Enabled", "Disabled"], "Updating")
        assert mappings.set_state(tx, ID, ["Creating"], "Enabled", "FUNCTION_CONFIG_NOT_VALID")
    assert found(database).state_transition_reason == "FUNCTION_CONFIG_NOT_VALID"


def test_a_result_is_written_once(database: Database) -> None:
    with database.write() as tx:
        assert mappings.set_result(tx, ID, "OK")
        assert not mappings.set_result(tx, ID, "OK")
        assert mappings.set_result(tx, ID, "OK", "EVENT_SOURCE_AUTHZ_ERROR")
        assert not mappings.set_result(tx, ID, "OK", "EVENT_SOURCE_AUTHZ_ERROR")
    mapping = found(database)
    assert mapping.last_processing_result == "OK"
    assert mapping.state_transition_reason == "EVENT_SOURCE_AUTHZ_ERROR"


def test_the_keeper_notes_interfaces_and_the_start(database: Database) -> None:
    with database.write() as tx:
        mappings.set_interfaces(tx, ID, ["eni-1", "eni-2"])
        mappings.set_started(tx, ID, 9)
    assert (found(database).interface_ids, found(database).started_ms) == (("eni-1", "eni-2"), 9)


def test_only_what_should_be_gone_is_removed(database: Database) -> None:
    with database.write() as tx:
        assert not mappings.remove(tx, ID)
        mapping_leases.take(tx, ID, "one", MINUTE)
        mapping_progress.note_progress(tx, [Progress(ID, 0, "one", 1)])
        mappings.want_deleted(tx, ID)
    assert found(database).current_state == "Deleting"
    with database.write() as tx:
        assert mappings.remove(tx, ID)
        assert mappings.find(tx, ID) is None
        assert mapping_progress.progress_of(tx, ID) == []
        assert not mappings.remove(tx, ID)


def test_one_keeps_a_mapping_until_its_lease_runs_out(database: Database) -> None:
    with database.write() as tx:
        first = mapping_leases.take(tx, ID, "one", MINUTE)
        assert first == Lease(ID, "one", 1)
        assert mapping_leases.take(tx, ID, "two", MINUTE) is None
        assert mapping_leases.holder_of(tx, ID) == "one"
        # It runs out this moment, and nobody has taken it: it is still its holder's.
        assert mapping_leases.renew(tx, first, 0)
        assert mapping_leases.holder_of(tx, ID) is None
        assert not mapping_leases.is_held(tx, first)
        assert mapping_leases.renew(tx, first, MINUTE)
        assert mapping_leases.is_held(tx, first)
        assert mapping_leases.renew(tx, first, 0)
        assert mapping_leases.take(tx, ID, "two", MINUTE) == Lease(ID, "two", 2)
        assert not mapping_leases.renew(tx, first, MINUTE)
        assert not mapping_leases.release(tx, first)
        assert not mapping_leases.is_held(tx, first)


def test_a_lease_that_is_given_back_is_anybodys(database: Database) -> None:
    with database.write() as tx:
        lease = mapping_leases.take(tx, ID, "one", MINUTE)
        assert lease is not None and mapping_leases.release(tx, lease)
        assert mapping_leases.take(tx, ID, "two", MINUTE) == Lease(ID, "two", 2)


def test_a_holder_that_starts_again_begins_a_new_epoch(database: Database) -> None:
    with database.write() as tx:
        first = mapping_leases.take(tx, ID, "one", MINUTE)
        again = mapping_leases.take(tx, ID, "one", MINUTE)
        assert first and again == Lease(ID, "one", 2)
        assert not mapping_leases.is_held(tx, first) and mapping_leases.is_held(tx, again)


def test_the_newest_note_of_a_partition_stays(database: Database) -> None:
    newer = Progress(ID, 0, "one", 20, position=8, committed=5, end=9, in_flight=3, retry=1)
    other = Progress(ID, 1, "two", 1, waits_for="function call failed")
    with database.write() as tx:
        mapping_progress.note_progress(tx, [other, newer])
        mapping_progress.note_progress(tx, [Progress(ID, 0, "two", 10)])
        assert mapping_progress.progress_of(tx, ID) == [newer, other]
        mapping_progress.forget_progress(tx, ID)
        assert mapping_progress.progress_of(tx, ID) == []


def test_what_was_lost_is_counted_over_all_who_had_the_partition(database: Database) -> None:
    begun = Progress(ID, 0, "one", 1, committed=0, since_ms=1, began=0)
    notes = (
        begun,
        replace(begun, at_ms=2, committed=9, dropped=1, last_dropped=4),
        replace(begun, at_ms=3, committed=9, dropped=3, last_dropped=7),
        # Where the next one begins is not known yet.
        Progress(ID, 0, "two", 4, since_ms=4),
        Progress(ID, 0, "two", 5, since_ms=4, began=9, committed=9, holes=1, last_hole="9-12"),
        # The first one again.
        Progress(ID, 0, "one", 6, since_ms=6, began=20, dropped=1, last_dropped=30),
    )
    shown = []
    for note in notes:
        with database.write() as tx:
            assert mapping_progress.note_progress(tx, [note]) == []
            (one,) = mapping_progress.progress_of(tx, ID)
        shown.append((one.dropped, one.last_dropped, one.holes, one.last_hole))
    assert shown == [
        (0, None, 0, None),
        (1, 4, 0, None),
        (3, 7, 0, None),
        (3, 7, 0, None),
        (3, 7, 1, "9-12"),
        (4, 30, 1, "9-12"),
    ]


def test_a_group_that_is_set_back_is_told_once(database: Database) -> None:
    unknown = Progress(ID, 0, "two", 2, since_ms=2)
    again = replace(unknown, at_ms=3, began=0, committed=12)
    with database.write() as tx:
        before = Progress(ID, 0, "one", 1, since_ms=1, began=0, committed=9)
        mapping_progress.note_progress(tx, [before])
        assert mapping_progress.note_progress(tx, [unknown]) == []
        assert mapping_progress.note_progress(tx, [again]) == [Setback(0, 9, 0)]
        assert mapping_progress.note_progress(tx, [replace(again, at_ms=4)]) == []
        (shown,) = mapping_progress.progress_of(tx, ID)
    assert (shown.holes, shown.last_hole) == (1, "the group was at 9 and is at 0")


def test_emptying_the_state_tells_the_keepers(endpoint: Endpoint) -> None:
    state = endpoint.databases.state
    with state.read() as tx:
        before = epoch.current(tx, epoch.MAPPINGS)
    endpoint.reset()
    with state.read() as tx:
        assert mappings.generation(tx) == before + 1
