"""Prometheus' text format, version 0.0.4: families of samples, with help, type and labels."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

GAUGE, COUNTER = "gauge", "counter"

# Names are chosen by users, and each of a label's values is kept in the scraper's memory.
_LONGEST_LABEL = 200


@dataclass(frozen=True, slots=True)
class Sample:
    """A value, and what it is of."""

    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Family:
    """All samples of one name. `kind` is `gauge` or `counter`; a counter's name ends in _total."""

    name: str
    kind: str
    help: str
    samples: Sequence[Sample]


def rendered(families: Iterable[Family]) -> bytes:
    """The text of these families; those without samples are told of all the same."""
    lines = []
    for family in families:
        lines.append(f"# HELP {family.name} {_escaped(family.help)}")
        lines.append(f"# TYPE {family.name} {family.kind}")
        lines += [f"{family.name}{_labels(each.labels)} {each.value}" for each in family.samples]
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    pairs = (f'{name}="{_value(text)}"' for name, text in labels.items())
    return "{" + ",".join(pairs) + "}"


def _value(text: str) -> str:
    return _escaped(text[:_LONGEST_LABEL]).replace('"', '\\"')


def _escaped(text: str) -> str:
    # Readers split lines at more than a line feed; the format knows no other escape.
    one_line = text.replace("\r", " ")
    return one_line.replace("\\", "\\\\").replace("\n", "\\n")
