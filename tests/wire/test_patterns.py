"""The models' patterns mean in Python what they mean in Java, and none can be made slow."""

import time
from functools import cache

import pytest
from tests.wire.generator import Generator

from sluicegate.wire.model import SERVICES, service_model
from sluicegate.wire.patterns import compiled, matches, translated


@cache
def _patterns() -> dict[str, int]:
    """Every pattern of every known service, with the longest text it may meet."""
    found: dict[str, int] = {}
    for service in SERVICES:
        model = service_model(service)
        for name in model.shape_names:
            limits = model.shape_for(name).metadata
            if "pattern" in limits:
                longest = int(limits.get("max", 20_000))
                found[limits["pattern"]] = max(longest, found.get(limits["pattern"], 0))
    return found


def test_every_pattern_compiles_without_a_warning() -> None:
    assert len(_patterns()) > 200
    for pattern in _patterns():
        assert "&&" not in pattern, "an intersection of sets is not translated"
        compiled(pattern)


def test_texts_made_from_a_pattern_match_it() -> None:
    model = service_model("lambda")
    for name in model.shape_names:
        shape = model.shape_for(name)
        if "pattern" in shape.metadata and shape.type_name == "string":
            assert matches(shape.metadata["pattern"], Generator(3).string(shape)), name


@pytest.mark.parametrize(
    ("pattern", "text", "does"),
    [
        (r"[\w+=,.@-]+", "jürgen", False),
        (r"\d{12}", "١٢٣٤٥٦٧٨٩٠١٢", False),
        (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", "Größe 漢字 ٣", True),
        (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", "a*b", False),
        (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", "tab\t", False),
        (r"[\w-_]*", "a-b_c", True),
        (r"[a-zA-Z0-9-_]+", "a-b_c", True),
        (r"v[1-9][0-9]*(\.[A-Za-z0-9-]*)?", "v1\n", False),
        (r"^\d{12}$", "123456789012\n", False),
        (r".*", "one\u2028two", False),
        (r"[\s\S]*", "one\ntwo", True),
        (r"[^.]([a-zA-Z0-9\-_.]+)", ".x", False),
        (r"(?!^[0-9]+$)([a-zA-Z0-9-_]+)", "12", False),
        (r"(?!^[0-9]+$)([a-zA-Z0-9-_]+)", "v12", True),
        (r"[0-9A-Za-z\.\-_]*(?<!\.)", "bucket.", False),
    ],
)
def test_a_pattern_matches_as_in_java(pattern: str, text: str, does: bool) -> None:
    assert matches(pattern, text) is does, translated(pattern)


_STARTS = ("", "a", "/", "arn:", "arn:aws:lambda:us-east-1:123456789012:function:", "https://")
_PUMPS = ("a", "0", "-", ".", "/", " ", "a-", "a.", "/a", "a:", "a@", "^a", "é", "aws-", "0.")


def test_no_pattern_takes_long_on_the_worst_text_it_may_meet() -> None:
    for pattern, longest in _patterns().items():
        began = time.process_time()
        for start in _STARTS:
            for pump in _PUMPS:
                text = (start + pump * longest)[: min(longest, 20_000) - 1] + "\x01"
                compiled(pattern).fullmatch(text)
        assert time.process_time() - began < 1, pattern
