"""Filters as data: every case in `filters/` is put to the patterns, and their answer compared."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.unit.delivery.making import record

from sluicegate.delivery import Filters, InvalidPattern, Record

Case = Mapping[str, Any]

HERE = Path(__file__).parent / "filters"


def cases(stem: str) -> list[Any]:
    """The cases of a file, each under its name."""
    return [
        pytest.param(case, id=case["name"])
        for case in json.loads((HERE / f"{stem}.json").read_text())
    ]


def _record(case: Case) -> Record:
    """A record of partition 0, offset 7, at 1000 ms; text as it is, anything else as JSON."""
    value: bytes | None
    match case:
        case {"hex": str(digits)}:
            value = bytes.fromhex(digits)
        case {"value": None}:
            value = None
        case {"value": str(text)}:
            value = text.encode()
        case {"value": given}:
            value = json.dumps(given).encode()
    key = case.get("key")
    return record(7, key=key.encode() if key else None, value=value, timestamp=1000)


@pytest.mark.parametrize("case", cases("wanted"))
def test_a_record_is_wanted_or_not(case: Case) -> None:
    texts = case.get("texts", [json.dumps(one) for one in case.get("patterns", [])])
    filters = Filters(texts, has_registry=case.get("registry", False))
    assert filters.want(_record(case)) is case["wanted"]


@pytest.mark.parametrize("case", cases("refused"))
def test_a_pattern_that_cannot_be_evaluated_is_refused_when_it_is_put(case: Case) -> None:
    match case:
        case {"text": str(text)}:
            pass
        case {"repeat": [str(part), int(times)]}:
            text = part * times
        case {"nested": int(times)}:
            text = '{"value":' + '{"a":' * times + '["x"]' + "}" * (times + 1)
        case {"pattern": pattern}:
            text = json.dumps(pattern)
    with pytest.raises(InvalidPattern) as refusal:
        Filters([text])
    assert str(refusal.value) == "Invalid filter pattern definition."
