"""Patterns of ARNs: six segments compared one by one, missing ones completed with `*`."""

from collections.abc import Sequence
from dataclasses import dataclass

from .patterns import ANY_ONE, ANY_RUN, Template, Values, Variable, matches, resolve

_SEGMENTS = 6


def split(parts: Template) -> tuple[Template, ...]:
    """The segments of an ARN pattern: cut at its first five colons, none inside a variable."""
    rows: list[list[str | Variable]] = [[]]
    for part in parts:
        if isinstance(part, Variable):
            rows[-1].append(part)
            continue
        first, *others = part.split(":", _SEGMENTS - len(rows))
        rows[-1].append(first)
        rows.extend([other] for other in others)
    return tuple(tuple(row) for row in rows)


def completed(segments: tuple[Template, ...]) -> tuple[Template, ...]:
    """All six segments; those that are missing match anything."""
    return segments + ((ANY_RUN,),) * (_SEGMENTS - len(segments))


def fits(pattern: Sequence[str], segments: Sequence[str]) -> bool:
    """Whether an ARN, split in six, fits a pattern, split in six."""
    return len(segments) == _SEGMENTS and all(
        ours in (ANY_RUN, theirs) or matches(ours, theirs)
        for ours, theirs in zip(pattern, segments, strict=True)
    )


@dataclass(frozen=True, slots=True)
class ArnSet:
    """Many ARN patterns as one question, the cheapest form of each asked first."""

    exact: frozenset[str]
    prefixes: tuple[str, ...]
    fixed: tuple[tuple[str, ...], ...]
    moving: tuple[tuple[Template, ...], ...]

    def has(self, arn: str, segments: Sequence[str], values: Values) -> bool | None:
        """Whether `arn` fits one of them; None when only an unresolved variable could tell."""
        if arn in self.exact or arn.startswith(self.prefixes):
            return True
        if any(fits(pattern, segments) for pattern in self.fixed):
            return True
        return self._moves_to(segments, values) if self.moving else False

    def _moves_to(self, segments: Sequence[str], values: Values) -> bool | None:
        is_unresolved = False
        for templates in self.moving:
            resolved = [resolve(parts, values) for parts in templates]
            pattern = [text for text in resolved if text is not None]
            if len(pattern) < _SEGMENTS:
                is_unresolved = True
            elif fits(pattern, segments):
                return True
        return None if is_unresolved else False


def arn_set(patterns: Sequence[tuple[Template, ...]], *, is_everything: bool = False) -> ArnSet:
    """Sort completed patterns into an `ArnSet`; `is_everything` adds the pattern `*`."""
    exact: list[str] = []
    prefixes = [""] if is_everything else []
    fixed: list[tuple[str, ...]] = []
    moving: list[tuple[Template, ...]] = []
    for segments in patterns:
        if any(isinstance(part, Variable) for parts in segments for part in parts):
            moving.append(segments)
            continue
        texts = tuple("".join(map(str, parts)) for parts in segments)
        head, is_open = _head(texts)
        if ANY_RUN in head or ANY_ONE in head:
            fixed.append(texts)
        else:
            (prefixes if is_open else exact).append(head)
    return ArnSet(frozenset(exact), tuple(prefixes), tuple(fixed), tuple(moving))


def _head(texts: tuple[str, ...]) -> tuple[str, bool]:
    """The text before what matches anything to the end, and whether there is such an end."""
    kept = len(texts)
    while texts[kept - 1] == ANY_RUN:
        kept -= 1
    if kept < len(texts):
        return ":".join((*texts[:kept], "")), True
    joined = ":".join(texts)
    return (joined[:-1], True) if joined.endswith(ANY_RUN) else (joined, False)
