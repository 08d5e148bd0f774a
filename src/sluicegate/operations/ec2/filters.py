"""The filters of Describe calls: tables of names to what they look at, values with wildcards."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from ...errors import AwsError

_MAX_VALUES = 200
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
        plain = {value for value in values if not _WILD.intersection(value)}
        patterns = [value for value in values if value not in plain]
        found = [
            thing
            for thing in found
            if any(
                text in plain or any(matches(pattern, text) for pattern in patterns)
                for text in map(_text, look(thing))
            )
        ]
    return found


def matches(pattern: str, text: str) -> bool:
    r"""Whether `text` is as `pattern` says: `*` any characters, `?` one, `\` takes the next as is.

    Linear in both but for the backtracking to the last `*`, whose price the length check bounds.
    """
    parts = _parts(pattern)
    if sum(part != "*" for part in parts) > len(text):
        return False
    at = position = 0
    star: tuple[int, int] | None = None
    while position < len(text):
        part = parts[at] if at < len(parts) else ""
        if part == "*":
            star = (at, position)
            at += 1
        elif part == "?" or part == "\\" + text[position] or part == text[position]:
            at, position = at + 1, position + 1
        elif star is not None:
            at, position = star[0] + 1, star[1] + 1
            star = (star[0], position)
        else:
            return False
    return all(part == "*" for part in parts[at:])


def _parts(pattern: str) -> list[str]:
    r"""`*`, `?`, a character, or `\` and a character that stands for itself; no `*` twice."""
    parts: list[str] = []
    letters = iter(pattern)
    for letter in letters:
        part = "\\" + next(letters, "\\") if letter == "\\" else letter
        if part != "*" or parts[-1:] != ["*"]:
            parts.append(part)
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
