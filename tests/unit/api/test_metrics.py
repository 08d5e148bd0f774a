"""`GET /metrics`: who may read it, and that it is what Prometheus reads."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.api.watched import ID, ORDERS, OTHER_ID, asked, badly, well

from sluicegate.api.exposition import GAUGE, Family, Sample, rendered
from sluicegate.api.metrics import Counters, exposed
from sluicegate.api.status import Seen
from sluicegate.store import mappings
from sluicegate.testing import Endpoint
from sluicegate.wire.message import Request, Response

Series = tuple[str, frozenset[tuple[str, str]]]

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_PAIR = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"'
_SAMPLE = re.compile(rf"({_NAME})(?:\{{({_PAIR}(?:,{_PAIR})*)\}})? (-?[0-9]+(?:\.[0-9]+)?)")
_ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


def parsed(text: bytes) -> dict[Series, float]:
    """The samples of an exposition; fails on whatever the format does not allow."""
    found: dict[Series, float] = {}
    described: list[str] = []
    assert text.endswith(b"\n") and b"\r" not in text
    lines = iter(text.decode("utf-8").split("\n")[:-1])
    for line in lines:
        if line.startswith("# HELP "):
            name = line.split(" ")[2]
            assert re.fullmatch(_NAME, name) and name not in described, line
            described.append(name)
            kind = re.fullmatch(rf"# TYPE {name} (gauge|counter)", next(lines))
            assert kind and (kind[1] == "counter") == name.endswith("_total"), line
            continue
        sample = _SAMPLE.fullmatch(line)
        # All samples of a name follow its description, before the next one's.
        assert sample and sample[1] == described[-1], line
        pairs = re.findall(_PAIR, sample[2] or "")
        assert len({name for name, _ in pairs}) == len(pairs), line
        labels = frozenset(
            (name, re.sub(r'\\[\\"n]', lambda found: _ESCAPES[found[0]], value))
            for name, value in pairs
        )
        assert (sample[1], labels) not in found, line
        found[sample[1], labels] = float(sample[7])
    return found


def value(series: dict[Series, float], name: str, **labels: str) -> float:
    return series[f"sluicegate_{name}", frozenset(labels.items())]


def scraped(
    endpoint: Endpoint, *headers: tuple[str, str], host: str = "127.0.0.1:4566", remote: str
) -> Response:
    """What an unsigned reader is answered."""
    sent = (("host", host), *headers)
    return endpoint.answer(Request("GET", "/metrics", "", sent, b"", remote))


def test_a_scraper_on_this_machine_reads_how_far_mappings_are(endpoint: Endpoint) -> None:
    well(endpoint)
    answer = scraped(endpoint, ("user-agent", "Prometheus/3"), remote="127.0.0.1")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    series = parsed(answer.body)
    first = {"mapping": ID, "partition": "0"}
    told = ("lag_records", "committed_offset", "position_offset", "end_offset", "in_flight_records")
    assert [value(series, f"partition_{name}", **first) for name in told] == [4, 5, 8, 9, 3]
    assert value(series, "partition_note_age_seconds", **first) == 2.5
    # Where nobody knows, nothing is told: a zero would be a claim.
    unknown = frozenset({("mapping", ID), ("partition", "1")})
    assert ("sluicegate_partition_lag_records", unknown) not in series
    assert ("sluicegate_partition_retries", unknown) in series
    assert value(series, "partitions_left_out") == 0


def test_states_are_one_gauge_each(endpoint: Endpoint) -> None:
    badly(endpoint)
    series = parsed(scraped(endpoint, remote="127.0.0.1").body)
    demo = {"cluster": "demo", "account": "000000000000", "region": "us-east-1"}
    assert value(series, "cluster_state", **demo, state="HEALING") == 1
    assert value(series, "cluster_state", **demo, state="ACTIVE") == 0
    assert value(series, "cluster_brokers", **demo) == 2
    assert value(series, "cluster_secrets_failed", **demo) == 1
    assert value(series, "mapping_state", mapping=ID, state="Enabled") == 1
    assert value(series, "mapping_problem", mapping=ID) == 1
    assert value(series, "mapping_kept", mapping=ID) == 1
    assert value(series, "mapping_kept", mapping=OTHER_ID) == 0
    first = {"mapping": ID, "partition": "0"}
    assert value(series, "partition_dropped_records_total", **first) == 2
    assert value(series, "partition_holes_total", **first) == 1
    where = {"account": "000000000000", "region": "us-east-1"}
    what = {"function": "orders", "topic": "orders", "group": "billing"}
    assert value(series, "mapping_info", mapping=ID, **where, **what) == 1


def test_what_the_process_lost_is_counted() -> None:
    series = parsed(exposed(Seen((), ()), Counters(1, 2, 3)))
    assert value(series, "decisions_dropped_total") == 1
    assert value(series, "last_used_dropped_total") == 2
    assert value(series, "log_events_lost_total") == 3


def test_who_signs_reads_of_its_own_account_and_region(endpoint: Endpoint) -> None:
    well(endpoint)
    with endpoint.databases.state.write() as tx:
        mappings.create(tx, replace(ORDERS, id=OTHER_ID, account="111111111111"))
    kept = "sluicegate_mapping_kept"
    own = {series for series in parsed(asked(endpoint, "/metrics").body) if series[0] == kept}
    assert own == {(kept, frozenset({("mapping", ID)}))}
    everything = parsed(scraped(endpoint, remote="127.0.0.1").body)
    assert len([series for series in everything if series[0] == kept]) == 2
    elsewhere = parsed(asked(endpoint, "/metrics", region="eu-west-1").body)
    assert not [series for series in elsewhere if series[0] == kept]


def test_who_signs_is_judged_by_that_wherever_it_asks_from(endpoint: Endpoint) -> None:
    alice = endpoint.user("alice")
    answer = asked(endpoint, "/metrics", alice.credentials)
    assert answer.status == 403
    assert b"is not authorized to perform: sluicegate:GetStatus on resource: *" in answer.body


@pytest.mark.parametrize(
    "remote", ["127.0.0.2", "127.0.0.10", "10.0.0.5", "::1", "::ffff:127.0.0.1", ""]
)
def test_from_elsewhere_it_is_for_who_signs(endpoint: Endpoint, remote: str) -> None:
    answer = scraped(endpoint, remote=remote)
    assert answer.status == 403 and b"sluicegate_" not in answer.body


@pytest.mark.parametrize(
    "header",
    [
        ("x-forwarded-for", "10.0.0.5"),
        ("x-forwarded-host", "sluicegate.example"),
        ("forwarded", "for=10.0.0.5"),
        ("via", "1.1 proxy"),
        ("x-real-ip", "10.0.0.5"),
        ("origin", "http://localhost:4566"),
        ("sec-fetch-site", "cross-site"),
        ("cookie", "a=b"),
    ],
)
def test_through_a_proxy_or_a_browser_it_is_for_who_signs(
    endpoint: Endpoint, header: tuple[str, str]
) -> None:
    assert scraped(endpoint, header, remote="127.0.0.1").status == 403


def test_by_a_name_that_is_merely_allowed_it_is_for_who_signs(tmp_path: Path) -> None:
    """A proxy on this machine passes on the name its clients used: no signature would hold else."""
    with Endpoint(tmp_path / "state", allow_hosts="sluicegate.internal") as named:
        for host in ("localhost", "[::1]:4566", "127.0.0.1"):
            assert scraped(named, host=host, remote="127.0.0.1").status == 200
        unsigned = scraped(named, host="sluicegate.internal", remote="127.0.0.1")
        assert unsigned.status == 403 and b"Authentication Token" in unsigned.body


def test_under_a_name_of_its_own_no_page_reads_anything(endpoint: Endpoint) -> None:
    rebound = scraped(endpoint, host="evil.example", remote="127.0.0.1")
    assert rebound.status == 403 and b"allow_hosts" in rebound.body


def test_labels_are_escaped_and_bounded() -> None:
    nasty = 'a"b\\c\nd\re{}=,'
    families = [
        Family("sluicegate_a", GAUGE, "What\nhelps \\", [Sample(1, {"x": nasty})]),
        Family("sluicegate_b", GAUGE, "Long.", [Sample(0.5, {"x": "y" * 10_000})]),
        Family("sluicegate_c", GAUGE, "Lone.", [Sample(-1, {"x": "\ud800"})]),
    ]
    series = parsed(rendered(families))
    assert series["sluicegate_a", frozenset({("x", nasty.replace("\r", " "))})] == 1
    assert series["sluicegate_b", frozenset({("x", "y" * 200)})] == 0.5
    assert series["sluicegate_c", frozenset({("x", "?")})] == -1
