"""Filter criteria: which records a function wants to see, in EventBridge's patterns.

A pattern is compiled when it is put, and one that cannot be evaluated is refused there. Its fields
must all fit; of several patterns, one must. What a record holds is judged only where the pattern
and the record speak of the same thing, both JSON or both text: where they do not, the record is
let through on its other fields, as on AWS, and not dropped.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from .records import Record
from .rules import InvalidPattern, Leaf, Number, Rules, rules

_decoder = msgspec.json.Decoder(float_hook=Number)

Matcher = Callable[[Any], bool]
"""Judges a JSON value: an object of the record's value, or of a list in it."""

_METADATA: Mapping[str, Callable[[Record], Leaf]] = {
    "topic": lambda record: record.topic,
    "partition": lambda record: record.partition,
    "offset": lambda record: record.offset,
    "timestamp": lambda record: record.timestamp,
    "timestampType": lambda record: record.timestamp_type,
}
_DATA: Mapping[str, Callable[[Record], bytes | None]] = {
    "value": lambda record: record.value,
    "key": lambda record: record.key,
}
_NOT_THERE = object()
_DEEPEST = 64


class Filters:
    """The compiled patterns of a mapping; without any, every record is wanted."""

    def __init__(self, patterns: Iterable[str] = (), *, has_registry: bool = False) -> None:
        """`InvalidPattern` when a pattern cannot be evaluated.

        The `key` of a record is known to patterns only where a schema registry validates it.
        """
        self._patterns = tuple(_pattern(text, has_registry) for text in patterns)

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def want(self, record: Record) -> bool:
        """Whether the record goes to the function."""
        if not self._patterns:
            return True
        seen = _Seen(record)
        return any(pattern(seen) for pattern in self._patterns)


class _Seen:
    """A record, and what its value and key were found to be, once for all patterns."""

    __slots__ = ("_data", "record")

    def __init__(self, record: Record) -> None:
        self.record = record
        self._data: dict[str, Any] = {}

    def data(self, name: str) -> Any:
        """An object or list (JSON), a string (other text), None (not UTF-8), or `_NOT_THERE`."""
        if name not in self._data:
            self._data[name] = _read(_DATA[name](self.record))
        return self._data[name]


def _read(data: bytes | None) -> Any:
    if data is None:
        return _NOT_THERE
    # A scalar is text: "300" is what it says, whether or not it could be read as a number.
    if data.lstrip()[:1] in (b"{", b"["):
        try:
            return _decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _pattern(text: str, has_registry: bool) -> Callable[[_Seen], bool]:
    try:
        given = _decoder.decode(text)
        if _is_deep(given):
            raise InvalidPattern
        return _fields(given, lambda name, inner: _top(name, inner, has_registry))
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        raise InvalidPattern from None


def _fields(given: Any, compiled: Callable[[str, Any], Callable[[Any], bool]]) -> Matcher:
    """All fields of an object of a pattern; `$or` is one more, of alternatives."""
    if not isinstance(given, dict) or not given:
        raise InvalidPattern
    tests = tuple(
        _either(inner, compiled) if name == "$or" else compiled(name, inner)
        for name, inner in given.items()
    )
    return tests[0] if len(tests) == 1 else lambda value: all(test(value) for test in tests)


def _either(given: Any, compiled: Callable[[str, Any], Callable[[Any], bool]]) -> Matcher:
    if not isinstance(given, list) or len(given) < 2:
        raise InvalidPattern
    alternatives = tuple(_fields(one, compiled) for one in given)
    return lambda value: any(test(value) for test in alternatives)


def _top(name: str, inner: Any, has_registry: bool) -> Callable[[_Seen], bool]:
    """A field of the record itself."""
    if name in _METADATA and isinstance(inner, list):
        accepted, read = rules(inner), _METADATA[name]
        return lambda seen: accepted.fit((read(seen.record),))
    if name not in _DATA or (name == "key" and not has_registry):
        raise InvalidPattern
    if isinstance(inner, list):
        accepted = rules(inner)
        return lambda seen: _text_fits(accepted, seen.data(name))
    matcher = _fields(inner, _field)
    return lambda seen: _json_fits(matcher, seen.data(name))


def _text_fits(accepted: Rules, data: Any) -> bool:
    if data is _NOT_THERE:
        # Nothing to compare with; but whether it is there can be asked.
        return accepted.absence or not accepted.presence
    return accepted.fit((data,)) if isinstance(data, str) else True


def _json_fits(matcher: Matcher, data: Any) -> bool:
    return _some(data, matcher) if isinstance(data, dict | list) else True


def _field(name: str, inner: Any) -> Matcher:
    """A field inside a JSON value."""
    if isinstance(inner, list):
        accepted = rules(inner)
        return lambda value: accepted.fit(_leaves(value.get(name, _NOT_THERE)))
    matcher = _fields(inner, _field)
    return lambda value: _some(value.get(name, {}), matcher)


def _some(value: Any, matcher: Matcher) -> bool:
    """Whether the value fits, or an object in the list that it is: one object, all its fields."""
    # What is no object has none of the fields, which a rule may want: `exists` false.
    return any(matcher(one if isinstance(one, dict) else {}) for one in _flat(value) or [{}])


def _leaves(value: Any) -> Sequence[Leaf]:
    if value is _NOT_THERE or isinstance(value, dict):
        return ()
    if not isinstance(value, list):
        return (value,)
    return [one for one in _flat(value) if not isinstance(one, dict)]


def _flat(value: Any) -> list[Any]:
    """What is in the lists in the list, however deep: a record must not be able to exhaust the
    stack. In no particular order."""
    found, left = [], [value]
    while left:
        one = left.pop()
        if isinstance(one, list):
            left += one
        else:
            found.append(one)
    return found


def _is_deep(pattern: Any) -> bool:
    """Whether a pattern is nested deeper than anybody writes it; evaluating it takes stack."""
    level = [pattern]
    for _ in range(_DEEPEST):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return bool(level)
