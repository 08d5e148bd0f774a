"""Values made from botocore's service models: what a client may send, what a service may answer.

Independent of `sluicegate.wire`, so that it can judge it. Deterministic for a seed.

    Generator(seed=1).members(operation.input_shape, fill="all")
"""

import random
import re
import re._parser as sre  # type: ignore[import-not-found]  # the parser behind `re` has no stubs
import string
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

from botocore.model import Shape, StructureShape

Fill = Literal["required", "some", "all"]

_MOST_DEPTH = 6
_AWKWARD = (
    "plain",
    "with blanks",
    "a&b=c+d%20/e",
    '"quoted" <&> \\',
    "é ü 漢字 😀",
    "line\nline",
    "-1",
)
_AWKWARD_TOKENS = ("plain", "two words", "a&b=c+d%20", "arn:aws:x:y:1:z/1")


class Generator:
    """Makes values that keep to every constraint of the model (lengths, ranges, sets, patterns)."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)
        self._letters: dict[str, list[str]] = {}

    def members(
        self, shape: StructureShape, *, fill: Fill = "all", without: Collection[str] = ()
    ) -> dict[str, Any]:
        """Members of an operation's input or output. `without` are locations to leave out."""
        return self._structure(shape, fill, 0, without)

    def _structure(
        self, shape: StructureShape, fill: Fill, depth: int, without: Collection[str] = ()
    ) -> dict[str, Any]:
        names = list(shape.members)
        if shape.is_tagged_union:
            names = [self._random.choice(names)]
        made = {}
        for name in names:
            member = shape.members[name]
            is_needed = name in shape.required_members or shape.is_tagged_union
            if member.serialization.get("location") in without:
                continue
            if is_needed or (depth < _MOST_DEPTH and self._is_chosen(fill)):
                made[name] = self.value(member, fill=fill, depth=depth + 1)
        return made

    def _is_chosen(self, fill: Fill) -> bool:
        return fill == "all" or (fill == "some" and self._random.random() < 0.5)

    def value(self, shape: Shape, *, fill: Fill = "all", depth: int = 0) -> Any:
        """One value of `shape`."""
        match shape.type_name:
            case "structure":
                return {} if shape.is_document_type else self._structure(shape, fill, depth)
            case "list":
                # Two where allowed: one entry of a list would hide a mistake in its order.
                return [
                    self.value(shape.member, fill=fill, depth=depth + 1)
                    for _ in range(self._size(shape, depth))
                ]
            case "map":
                keys: dict[str, None] = {}
                for _ in range(50):  # some keys are of a set of one
                    if len(keys) < self._size(shape, depth):
                        keys[self.string(shape.key)] = None
                return {key: self.value(shape.value, fill=fill, depth=depth + 1) for key in keys}
            case "boolean":
                return self._random.random() < 0.5
            case "integer" | "long":
                return self._integer(shape)
            case "float" | "double":
                low = float(shape.metadata.get("min", -1000))
                return min(low + 0.5, float(shape.metadata.get("max", low + 0.5)))
            case "timestamp":
                return self._moment(shape)
            case "blob":
                return self._random.randbytes(max(int(shape.metadata.get("min", 0)), 5))
        return self.string(shape)

    def _size(self, shape: Shape, depth: int) -> int:
        least = int(shape.metadata.get("min", 0))
        if depth > 3:
            return max(least, 1)
        return min(max(least, 2), int(shape.metadata.get("max", 2)) or least)

    def _integer(self, shape: Shape) -> int:
        low = int(shape.metadata.get("min", -(10**6)))
        return self._random.randint(low, int(shape.metadata.get("max", max(low, 10**6))))

    def _moment(self, shape: Shape) -> datetime:
        moment = datetime(2026, 1, 2, tzinfo=UTC) + timedelta(
            seconds=self._random.randint(0, 10**8)
        )
        is_whole = "rfc822" in (
            shape.serialization.get("timestampFormat"),
            shape.serialization.get("location") == "header" and "rfc822",
        )
        return moment if is_whole else moment + timedelta(milliseconds=self._random.randint(0, 999))

    def string(self, shape: Shape) -> str:
        """A string of `shape`; AssertionError when none was found in many tries."""
        limits = shape.metadata
        if limits.get("enum"):
            return str(self._random.choice(limits["enum"]))
        least, most = int(limits.get("min", 0)), int(limits.get("max", 10**6))
        if "pattern" in limits:
            return self._matching(limits["pattern"], least, most)
        choices = _AWKWARD_TOKENS if shape.serialization.get("location") else _AWKWARD
        text = self._random.choice(choices)
        while len(text) < least:
            text += self._random.choice(string.ascii_letters)
        return text[:most]

    def _matching(self, pattern: str, least: int, most: int) -> str:
        if pattern in _UNMATCHABLE:
            return _UNMATCHABLE[pattern]
        plain, tree = _python(pattern)
        for attempt in range(200):
            # By turns: any number of repetitions up to a few, and as many as `least` wants.
            times = (1 + attempt // 20, 0) if attempt % 2 else (least, least)
            text = self._all(tree, times)
            if least <= len(text) <= most and re.fullmatch(plain, text, re.ASCII):
                return text
        raise AssertionError(f"no text of {least} to {most} characters found for {pattern}")

    def _piece(self, node: tuple[Any, Any], times: tuple[int, int]) -> str:
        kind, detail = str(node[0]), node[1]
        match kind:
            case "LITERAL":
                return chr(detail)
            case "NOT_LITERAL":
                return next(each for each in "ab" if ord(each) != detail)
            case "ANY":
                return "x"
            case "IN":
                return self._one_of(detail)
            case "BRANCH":
                return self._all(self._random.choice(detail[1]), times)
            case "SUBPATTERN":
                return self._all(detail[-1], times)
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                low, high, inside = detail
                most, least = times
                count = self._random.randint(max(low, min(least, high)), min(max(low, most), high))
                return "".join(self._all(inside, times) for _ in range(count))
        return ""  # anchors and assertions: the attempt is checked as a whole

    def _all(self, nodes: Any, times: tuple[int, int]) -> str:
        return "".join(self._piece(each, times) for each in nodes)

    def _one_of(self, items: Any) -> str:
        key = str(items)
        if key not in self._letters:
            self._letters[key] = _letters(items)
        return self._random.choice(self._letters[key])


def _letters(items: Any) -> list[str]:
    is_negated = str(items[0][0]) == "NEGATE"
    kept = [each for each in string.printable if _is_in(each, items) != is_negated]
    # Letters and digits first: a path of dots or a header of blanks is another test's matter.
    return [each for each in kept if each.isalnum()] or kept


def _is_in(letter: str, items: Any) -> bool:
    for kind, detail in items:
        match str(kind):
            case "LITERAL":
                if ord(letter) == detail:
                    return True
            case "RANGE":
                if detail[0] <= ord(letter) <= detail[1]:
                    return True
            case "CATEGORY":
                escape = _CATEGORIES[str(detail)]
                if re.fullmatch(escape, letter, re.ASCII):
                    return True
    return False


_CATEGORIES = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}


@lru_cache(maxsize=512)
def _python(pattern: str) -> tuple[str, Any]:
    """A Java pattern that Python reads, for a smaller language: Unicode properties become ASCII."""
    pattern = re.sub(r"\\p\{\w+\}", "a-zA-Z0-9", pattern)
    pattern = re.sub(r"(\\[wds])-(?=[^\]])", r"\1\\-", pattern)
    return pattern, sre.parse(pattern, re.ASCII)


_UNMATCHABLE = {
    # A start of text after 60 characters: the model's slip. What is meant is plain.
    r"^arn:aws([a-z-]+)?:ec2:[a-z\d-]+:\d{12}:placement-group/^.{1,255}$": (
        "arn:aws:ec2:us-east-1:123456789012:placement-group/one"
    ),
}
