"""Log groups, streams and events, on every database."""

import threading
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.system.waiting import until

from sluicegate.store import log_groups, log_resource_policies, log_streams
from sluicegate.store.database import Conflict, Database
from sluicegate.store.log_events import END, START, LogEvents, Totals, Upload
from sluicegate.store.log_groups import LogGroup
from sluicegate.store.log_resource_policies import LogResourcePolicy
from sluicegate.store.log_streams import LogStream
from sluicegate.store.log_sweep import LogSweep
from sluicegate.store.schema import complete, journal, metadata
from sluicegate.testing import FrozenClock

ACCOUNT, REGION = "000000000000", "us-east-1"


@pytest.fixture
def ready(database: Database) -> Database:
    """A database with all tables, the journal's among them."""
    complete()
    with database.write() as tx:
        metadata.create_all(tx)
        journal.create_all(tx)
    return database


@pytest.fixture
def events(ready: Database) -> Iterator[LogEvents]:
    made = LogEvents(ready)
    yield made
    made.close()


def upload(group: str, stream: str, *at: tuple[int, str], ingested_ms: int = 9) -> Upload:
    return Upload(group, stream, ingested_ms, [(at_ms, text.encode()) for at_ms, text in at])


def texts(events: LogEvents, stream: str, *, from_head: bool = True, limit: int = 100) -> list[str]:
    read = events.read(stream, START, END, limit, from_head=from_head)
    return [event.message for event in read]


def group(name: str) -> LogGroup:
    return LogGroup(f"id-{name}", name, "STANDARD", None, None, False, 1)


def test_events_are_read_by_time_and_then_by_arrival(events: LogEvents) -> None:
    events.append(upload("g", "s", (2, "c"), (2, "d"), (3, "e")))
    events.append(upload("g", "s", (1, "a"), (1, "b"), (3, "f\0ü")))
    events.append(upload("g", "other", (1, "x")))
    assert texts(events, "s") == ["a", "b", "c", "d", "e", "f\0ü"]
    assert texts(events, "s", limit=2) == ["a", "b"]
    assert texts(events, "s", limit=2, from_head=False) == ["e", "f\0ü"]


def test_totals_follow_what_is_written_and_removed(events: LogEvents) -> None:
    events.append(upload("g", "s", (5, "four"), (7, "x"), ingested_ms=8))
    events.append(upload("g", "s", (3, "yy"), ingested_ms=9))
    events.append(upload("g", "t", (4, "")))
    assert events.totals(["s", "none"]) == {"s": Totals(3, 7, 9)}
    assert events.stored_bytes(["g", "none"]) == {"g": 7 + 4 * 26}
    assert events.prune("g", 5)
    assert events.totals(["s", "t"]) == {"s": Totals(5, 7, 9), "t": Totals(None, 4, 9)}
    assert events.stored_bytes(["g"]) == {"g": 5 + 2 * 26}
    events.append(upload("g", "t", (6, "")))
    assert events.totals(["t"]) == {"t": Totals(6, 6, 9)}
    assert (events.groups(), events.streams("g", ""), events.streams("g", "s")) == (
        ["g"],
        ["s", "t"],
        ["t"],
    )
    assert events.remove_streams(["s", "none"])
    assert events.totals(["s", "t"]) == {"t": Totals(6, 6, 9)}
    assert events.remove_streams(["t"])
    assert events.groups() == events.streams("g", "") == []
    assert (events.totals(["t"]), events.stored_bytes(["g"])) == ({}, {})


def test_an_upload_takes_what_has_expired_with_it(events: LogEvents) -> None:
    events.append(upload("g", "s", *((at_ms, "old") for at_ms in range(2_500))))
    for kept in (1_500, 500, 1):
        events.append(Upload("g", "t", 9, [(9_999, b"new")], expired_before_ms=2_499))
        assert len(texts(events, "s", limit=9_999)) == kept
    assert texts(events, "t") == ["new"] * 3
    events.prune("g", 9_999)
    assert texts(events, "s") == []


def test_many_events_are_removed_in_portions(events: LogEvents) -> None:
    events.append(upload("g", "s", *((1, "x") for _ in range(2_500))))
    events.append(upload("g", "t", *((1, "y") for _ in range(10))))
    for is_all, kept in ((False, 1_500), (False, 500), (True, 0)):
        assert events.remove_streams(["s"]) is is_all
        assert len(texts(events, "s", limit=9_999)) == kept
        # By its totals, what is left is found.
        assert ("s" in events.totals(["s"])) is not is_all
    assert texts(events, "t") == ["y"] * 10


def test_what_nobody_can_read_is_swept(ready: Database, events: LogEvents) -> None:
    kept = LogGroup("id-g", "g", "STANDARD", 1, None, False, 1)
    with ready.write() as tx:
        log_groups.add(tx, ACCOUNT, REGION, kept)
        log_streams.add(tx, ACCOUNT, REGION, LogStream("s", "id-g", "s", 1))
    events.append(upload("id-g", "s", (5, "old"), (90_000_000, "new")))
    events.append(upload("id-g", "gone", *((1, "x") for _ in range(1_500))))
    events.append(upload("gone", "gone too", (1, "x")))
    LogSweep(ready, events, FrozenClock(86_400_000 + 6)).sweep()
    assert texts(events, "s") == ["new"]
    assert texts(events, "gone") == texts(events, "gone too") == []
    assert (events.groups(), events.streams("id-g", "")) == (["id-g"], ["s"])


def test_a_sweep_begins_with_everything_and_goes_on_with_what_is_released(
    ready: Database, events: LogEvents
) -> None:
    events.append(upload("left", "s", (1, "x")))
    sweep = LogSweep(ready, events, FrozenClock(1))
    sweep.start()
    try:
        until(lambda: events.groups() == [], "it is swept")
        events.append(upload("other", "s", (1, "x")))
        events.release("other")
        until(lambda: events.groups() == [], "it is swept")
    finally:
        sweep.close()


def test_a_search_finds_in_the_order_asked_for(events: LogEvents) -> None:
    events.append(upload("g", "s", (1, "a"), (3, "c"), (5, "e")))
    events.append(upload("g", "t", (2, "b"), (4, "d")))
    events.append(upload("h", "u", (2, "z")))

    def found(*, from_head: bool, limit: int = 9, only: frozenset[str] | None = None) -> str:
        page = events.search(
            "g",
            START,
            END,
            limit,
            from_head=from_head,
            matches="bcde".__contains__,
            stream_ids=only,
        )
        rest = "" if page.rest is None else f" {page.rest[0]}"
        return "".join(event.message for event in page.events) + rest

    assert found(from_head=True) == "bcde"
    assert found(from_head=False) == "edcb"
    assert found(from_head=True, limit=2) == "bc 4"
    assert found(from_head=False, limit=2) == "ed 3"
    assert found(from_head=True, only=frozenset("t")) == "bd"
    assert found(from_head=True, only=frozenset()) == ""
    assert found(from_head=True, only=frozenset("st")) == "bcde"
    assert found(from_head=False, only=frozenset("st"), limit=2) == "ed 3"
    assert found(from_head=True, only=frozenset("su")) == "ce"
    many = frozenset(f"{number}" for number in range(2_000))
    assert found(from_head=True, only=many | {"s"}) == "ce"


def test_a_search_ends_in_time_whatever_streams_it_passes_over(ready: Database) -> None:
    events = LogEvents(ready, search_seconds=0.0)
    events.append(upload("g", "busy", (1, "a"), (2, "b")))
    page = events.search(
        "g",
        START,
        END,
        9,
        from_head=True,
        matches=lambda _: True,
        stream_ids=[f"quiet{number}" for number in range(100)],
    )
    events.close()
    assert page.events == [] and page.rest is not None and page.rest[0] == 2


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    times=st.lists(st.integers(0, 5), max_size=12),
    limit=st.integers(1, 5),
    from_head=st.booleans(),
    odd_only=st.booleans(),
)
def test_pages_of_a_search_are_the_whole(
    events: LogEvents, times: list[int], limit: int, from_head: bool, odd_only: bool
) -> None:
    events.remove_streams(["s"])
    events.append(upload("g", "s", *((at_ms, str(at_ms)) for at_ms in times)))

    def matches(message: str) -> bool:
        return not odd_only or int(message) % 2 == 1

    low, high = START, END
    seen: list[int] = []
    while True:
        page = events.search("g", low, high, limit, from_head=from_head, matches=matches)
        assert len(page.events) <= limit
        seen += [event.at_ms for event in page.events]
        if page.rest is None:
            break
        low, high = (page.rest, high) if from_head else (low, page.rest)
    expected = sorted((at_ms for at_ms in times if matches(str(at_ms))), reverse=not from_head)
    assert seen == expected


def test_many_writers_lose_nothing(events: LogEvents) -> None:
    def write(writer: int) -> None:
        for number in range(20):
            events.append(upload("g", f"s{writer}", (number, f"{number}")))

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = [f"{number}" for number in range(20)]
    assert [texts(events, f"s{writer}") for writer in range(6)] == [expected] * 6
    assert events.totals(["s3"]) == {"s3": Totals(0, 19, 9)}
    assert events.stored_bytes(["g"]) == {"g": 6 * (10 + 2 * 10 + 20 * 26)}


def test_groups_are_kept_by_account_region_and_name(ready: Database) -> None:
    with ready.write() as tx:
        log_groups.add(tx, ACCOUNT, REGION, group("a"))
    with pytest.raises(Conflict), ready.write() as tx:
        log_groups.add(tx, ACCOUNT, REGION, LogGroup("other", "a", "STANDARD", 1, "k", True, 2))
    elsewhere = LogGroup("id-2", "a", "DELIVERY", 2, "arn", True, 3)
    with ready.write() as tx:
        log_groups.add(tx, ACCOUNT, "eu-west-1", elsewhere)
        assert log_groups.named(tx, ACCOUNT, REGION, "a") == group("a")
        assert log_groups.named(tx, ACCOUNT, "eu-west-1", "a") == elsewhere
        assert log_groups.named(tx, "1" * 12, REGION, "a") is None
        assert log_groups.count(tx, ACCOUNT, REGION) == 1
        assert log_groups.with_ids(tx, ["id-2", "none"]) == [elsewhere]


def test_groups_are_listed_by_prefix_name_and_page(ready: Database) -> None:
    with ready.write() as tx:
        for name in ("app/1", "app/2", "App/3", "app_4", "b"):
            log_groups.add(tx, ACCOUNT, REGION, group(name))

    def page(after: str = "", limit: int = 9, **more: object) -> list[str]:
        with ready.read() as tx:
            found = log_groups.page(
                tx,
                ACCOUNT,
                REGION,
                after=after,
                limit=limit,
                **more,  # type: ignore[arg-type] # any of the filters
            )
            return [each.name for each in found]

    assert sorted(page()) == sorted(["app/1", "app/2", "App/3", "app_4", "b"])
    assert page(prefix="app/") == ["app/1", "app/2"]
    assert page(prefix="app_") == ["app_4"]
    assert page(names=["b", "app/2", "none"]) == ["app/2", "b"]
    assert page(matches=lambda each: each.name.endswith("2")) == ["app/2"]
    paged: list[str] = []
    while names := page(paged[-1] if paged else "", limit=2):
        paged += names
    assert paged == page()


def test_streams_belong_to_a_group(ready: Database) -> None:
    with ready.write() as tx:
        for name in ("g", "h"):
            log_groups.add(tx, ACCOUNT, REGION, group(name))
            for stream in ("a", "b%", "B"):
                made = LogStream(f"{name}-{stream}", f"id-{name}", stream, 1)
                log_streams.add(tx, ACCOUNT, REGION, made)
    with pytest.raises(Conflict), ready.write() as tx:
        log_streams.add(tx, ACCOUNT, REGION, LogStream("other", "id-g", "a", 2))
    with ready.write() as tx:
        assert log_streams.named(tx, "id-g", "b%") == LogStream("g-b%", "id-g", "b%", 1)
        assert [each.name for each in log_streams.page(tx, "id-g", prefix="b")] == ["b%"]
        every = [each.name for each in log_streams.page(tx, "id-g")]
        descending = log_streams.page(tx, "id-g", descending=True, after=every[-1])
        assert [each.name for each in descending] == every[-2::-1]
        assert log_streams.names(tx, ["g-a", "h-B", "none"]) == {"g-a": "a", "h-B": "B"}
        log_streams.remove_all(tx, "id-g")
        log_groups.remove(tx, "id-g")
        log_streams.remove(tx, "h-a")
        assert log_streams.page(tx, "id-g") == []
        assert {each.name for each in log_streams.page(tx, "id-h")} == {"b%", "B"}


def test_a_policy_put_again_is_another_revision(ready: Database) -> None:
    first = LogResourcePolicy("1", "", "p", "{}", 1)
    second = LogResourcePolicy("2", "", "p", "{ }", 2)
    of_group = LogResourcePolicy("3", "g", "", "{}", 3)
    with ready.write() as tx:
        for policy in (first, second, of_group):
            log_resource_policies.put(tx, ACCOUNT, REGION, policy)
        assert log_resource_policies.of_account(tx, ACCOUNT, REGION) == [second]
        assert log_resource_policies.of_group(tx, ACCOUNT, REGION, "g") == of_group
        assert log_resource_policies.of_groups(tx, ACCOUNT, REGION) == [of_group]
        assert log_resource_policies.remove(tx, ACCOUNT, REGION, "", "p")
        assert not log_resource_policies.remove(tx, ACCOUNT, REGION, "", "p")
