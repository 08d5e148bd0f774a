"""Patterns of ARNs: six segments compared one by one, missing ones completed with `*`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .patterns import ANY_ONE, ANY_RUN, Template, Values, Variable, matches, resolve

SEGMENTS = 6
_WILDCARD = re.compile(f"[{ANY_RUN}{ANY_ONE}]")


def split(parts: Template) -> tuple[Template, ...]:
    """The segments of an ARN pattern: cut at its first five colons, none inside a variable."""
    rows: list[list[str | Variable]] = [[]]
    for part in parts:
        if isinstance(part, Variable):
            rows[-1].append(part)
            continue
        first, *others = part.split(":", SEGMENTS - len(rows))
        rows[-1].append(first)
        rows.extend([other] for other in others)
    return tuple(tuple(row) for row in rows)


def completed(segments: tuple[Template, ...]) -> tuple[Template, ...]:
    """All six segments; those that are missing match anything."""
    return segments + ((ANY_RUN,),) * (SEGMENTS - len(segments))


def fits(pattern: Sequence[str], segments: Sequence[str]) -> bool:
    """Whether the segments of an ARN fit those of a pattern, one by one."""
    return len(segments) == len(pattern) and all(
        ours in (ANY_RUN, theirs) or matches(ours, theirs)
        for ours, theirs in zip(pattern, segments, strict=True)
    )


@dataclass(frozen=True, slots=True)
class Tails:
    """The last segments of patterns whose first five are the same, the cheapest form first.

    A policy that names a hundred resources differs in these alone; together they cost about as
    much as one.
    """

    exact: frozenset[str]
    starts: tuple[str, ...]
    ends: tuple[str, ...]
    patterns: tuple[str, ...]

    def has(self, tail: str) -> bool:
        """Whether the last segment of an ARN fits one of them."""
        return (
            tail in self.exact
            or tail.startswith(self.starts)
            or tail.endswith(self.ends)
            or any(matches(pattern, tail) for pattern in self.patterns)
        )


def tails(patterns: Sequence[str]) -> Tails:
    """Sort patterns of last segments by what each costs."""
    exact, starts, ends, others = set(), [], [], []
    for text in patterns:
        wildcards = _WILDCARD.findall(text)
        if not wildcards:
            exact.add(text)
        elif wildcards == [ANY_RUN] and text.endswith(ANY_RUN):
            starts.append(text[:-1])
        elif wildcards == [ANY_RUN] and text.startswith(ANY_RUN):
            ends.append(text[1:])
        else:
            others.append(text)
    return Tails(frozenset(exact), tuple(starts), tuple(ends), tuple(others))


@dataclass(frozen=True, slots=True)
class ArnSet:
    """Many ARN patterns as one question, the cheapest form of each asked first.

    `fixed` are patterns with wildcards inside: their first five segments, and the last ones that
    follow them. `heads` are the texts before the first wildcard of each; `moving` are those with
    variables.
    """

    exact: frozenset[str]
    prefixes: tuple[str, ...]
    heads: tuple[str, ...]
    fixed: tuple[tuple[tuple[str, ...], Tails], ...]
    moving: tuple[tuple[Template, ...], ...]

    def has(self, arn: str) -> bool:
        """Whether `arn` fits a pattern without variables."""
        if arn in self.exact or arn.startswith(self.prefixes):
            return True
        if not arn.startswith(self.heads):
            return False
        *first, tail = arn.split(":", SEGMENTS - 1)
        return any(known.has(tail) and fits(pattern, first) for pattern, known in self.fixed)

    def moves_to(self, arn: str, values: Values) -> bool | None:
        """Whether `arn` fits a pattern with variables; None if an unresolved one could tell."""
        segments = arn.split(":", SEGMENTS - 1)
        is_unresolved = False
        for templates in self.moving:
            resolved = [resolve(parts, values) for parts in templates]
            pattern = [text for text in resolved if text is not None]
            if len(pattern) < SEGMENTS:
                is_unresolved = True
            elif fits(pattern, segments):
                return True
        return None if is_unresolved else False


def arn_set(patterns: Sequence[tuple[Template, ...]], *, is_everything: bool = False) -> ArnSet:
    """Sort completed patterns into an `ArnSet`; `is_everything` adds the pattern `*`."""
    exact: list[str] = []
    prefixes = [""] if is_everything else []
    heads: set[str] = set()
    fixed: dict[tuple[str, ...], list[str]] = {}
    moving: list[tuple[Template, ...]] = []
    for segments in patterns:
        if any(isinstance(part, Variable) for parts in segments for part in parts):
            moving.append(segments)
            continue
        texts = tuple("".join(map(str, parts)) for parts in segments)
        head, is_open = _head(texts)
        if wildcard := _WILDCARD.search(head):
            heads.add(head[: wildcard.start()])
            fixed.setdefault(texts[:-1], []).append(texts[-1])
        else:
            (prefixes if is_open else exact).append(head)
    return ArnSet(
        frozenset(exact),
        tuple(prefixes),
        tuple(sorted(heads)),
        tuple((first, tails(last)) for first, last in fixed.items()),
        tuple(moving),
    )


def _head(texts: tuple[str, ...]) -> tuple[str, bool]:
    """The text before what matches anything to the end, and whether there is such an end."""
    kept = len(texts)
    while texts[kept - 1] == ANY_RUN:
        kept -= 1
    if kept < len(texts):
        return ":".join((*texts[:kept], "")), True
    joined = ":".join(texts)
    return (joined[:-1], True) if joined.endswith(ANY_RUN) else (joined, False)
