"""Events as data: every case in `events/` is encoded, and compared with what AWS would send."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.unit.delivery.making import batch

from sluicegate.delivery import EventEncoder, EventSource, Headers, Record

Case = Mapping[str, Any]

CASES = json.loads((Path(__file__).parent / "events" / "events.json").read_text())


def _bytes(given: str | list[int] | None) -> bytes | None:
    """Text, or numbers where it is none."""
    return given.encode() if isinstance(given, str) else None if given is None else bytes(given)


def _record(case: Case, topic: str) -> Record:
    headers = [(name, _bytes(value)) for name, value in case.get("headers", [])]
    return Record(
        topic=topic,
        partition=case["partition"],
        offset=case["offset"],
        timestamp=case["timestamp"],
        timestamp_type=case.get("type", "CREATE_TIME"),
        key=_bytes(case.get("key")),
        value=_bytes(case["value"]),
        headers=Headers(headers) if headers else (),
    )


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CASES])
def test_an_event_is_as_aws_sends_it(case: Case) -> None:
    encoder = EventEncoder(EventSource(case.get("arn", ""), case["servers"]), case["topic"])
    given = batch([_record(one, case["topic"]) for one in case["records"]], encoder=encoder)
    event = encoder.event(given)
    # Down to the order of members and the spelling of numbers.
    assert event.decode() == json.dumps(case["event"], ensure_ascii=False, separators=(",", ":"))
    assert encoder.size(given) == len(event)
