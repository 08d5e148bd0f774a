"""The filters of Describe calls: tables of names to what they look at, values with wildcards."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from ...errors import AwsError

_MAX_VALUES = 200
_LONGEST_VALUE = 255
_WILD = frozenset("*?\\")


class Tagged(Protocol):
    """Whatever has tags."""

    @property
    def tags(self) -> Mapping[str, str]: ...


T = TypeVar("T")
TaggedT = TypeVar("TaggedT", bound=Tagged)

Look = Callable[[T], Iterable[object]]
"""What a filter compares its values with; any of them may match."""

Filters = Mapping[str, Look[T]]


def by_tags(filters: Filters[TaggedT]) -> Filters[TaggedT]:
    """The same filters with `tag-key` (and, by `matching`, `tag:KEY`)."""
    return {**filters, "tag-key": lambda thing: thing.tags}


def absent(*names: str) -> Filters[Any]:
    """Filters AWS has for what nothing here can have: known, and nothing matches them."""
    return dict.fromkeys(names, _nothing)


def matching(
    things: Iterable[T], given: Sequence[Mapping[str, Any]] | None, filters: Filters[T]
) -> list[T]:
    """Those that pass every filter given; a filter passes what any of its values matches."""
    found = list(things)
    asked = given or ()
    if sum(len(condition.get("Values") or ()) for condition in asked) > _MAX_VALUES:
        message = "The maximum number of filter values specified on a single call is 200"
        raise AwsError("FilterLimitExceeded", message)
    for number, condition in enumerate(asked, 1):
        look = _look(condition.get("Name"), filters)
        values = condition.get("Values")
        if not values:
            message = f"The request must contain the parameter Filter.{number}.Value"
            raise AwsError("MissingParameter", message)
        fits = _fitting(values)
        found = [thing for thing in found if any(map(fits, map(_text, look(thing))))]
    return found


def _fitting(values: Iterable[str]) -> Callable[[str], bool]:
    """Whether a text is as any of these values says."""
    wanted = frozenset(values)
    if any(len(value) > _LONGEST_VALUE for value in wanted):
        message = f"Filter value exceeds the maximum length of {_LONGEST_VALUE} characters"
        raise AwsError("InvalidParameterValue", message)
    plain = {value for value in wanted if not _WILD.intersection(value)}
    patterns = [pattern(value) for value in wanted - plain]
    return lambda text: text in plain or any(each.fullmatch(text) for each in patterns)


def pattern(value: str) -> re.Pattern[str]:
    r"""What `value` says of a text: `*` any characters, `?` one, `\` takes the next as is.

    What stands between two `*` is looked for once, from the left, and where it is found it stays:
    to look further on would find nothing more, and take hours where there are many `*`.
    """
    first, *others = _parts(value)
    if not others:
        return re.compile(first, re.DOTALL)
    *between, last = others
    middle = "".join(f"(?>.*?{part})" for part in between if part)
    return re.compile(f"{first}{middle}.*{last}", re.DOTALL)


def _parts(value: str) -> list[str]:
    r"""What stands before, between and after the `*`, as regular expressions of one length each."""
    parts = [""]
    letters = iter(value)
    for letter in letters:
        if letter == "*":
            parts.append("")
        elif letter == "?":
            parts[-1] += "."
        else:
            parts[-1] += re.escape(next(letters, letter) if letter == "\\" else letter)
    return parts


def _look(name: str | None, filters: Filters[T]) -> Look[T]:
    if name is not None and name.startswith("tag:") and "tag-key" in filters:
        key = name.removeprefix("tag:")
        return lambda thing: [value for at, value in _tags(thing).items() if at == key]
    look = filters.get(name or "")
    if look is None:
        raise AwsError("InvalidParameterValue", f"The filter '{name or 'null'}' is invalid")
    return look


def _tags(thing: object) -> Mapping[str, str]:
    tags: Mapping[str, str] = getattr(thing, "tags", {})
    return tags


def _text(seen: object) -> str:
    return str(seen).lower() if isinstance(seen, bool) else str(seen)


def _nothing(_thing: object) -> Iterable[object]:
    return ()
