"""Single values as text and as Python has them: forms, headers, paths, query strings, XML."""

import base64
import binascii
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from botocore.model import Shape

from ..errors import SluicegateError
from .echo import shown


class Unreadable(SluicegateError):
    """A request cannot be read as the model wants it; `parse` says so in the protocol's words.

    `path` names the member where the protocol knows it (forms).
    """

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.path = path


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INTEGER = re.compile(r"[+-]?[0-9]{1,20}\Z", re.ASCII)
_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{0,40})?([eE][+-]?[0-9]{1,3})?\Z", re.ASCII)
_BOUNDS = {"integer": 2**31, "long": 2**63}
_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def from_text(shape: Shape, text: str, path: str = "", *, timestamps: str = "iso8601") -> Any:
    """`text` as the scalar `shape` wants it. `timestamps` is the protocol's format here."""
    try:
        match shape.type_name:
            case "boolean":
                return _BOOLEANS[text.lower()]
            case "integer" | "long":
                return whole(shape, int(_matched(_INTEGER, text)))
            case "float" | "double":
                return _WORDS[text] if text in _WORDS else finite(_matched(_NUMBER, text))
            case "timestamp":
                return _moment(text, timestamp_format(shape, timestamps))
            case "blob":
                return blob(text)
    except (ValueError, KeyError, OverflowError, Unreadable):
        raise Unreadable(f"'{shown(text)}' is not a valid {shape.type_name}", path) from None
    return text


_BOOLEANS = {"true": True, "false": False}


def _matched(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.match(text):
        raise ValueError(text)
    return text


def whole(shape: Shape, number: int) -> int:
    """`number`, if it fits the integer type of `shape`; else `Unreadable`."""
    bound = _BOUNDS[shape.type_name]
    if not -bound <= number < bound:
        # Python refuses to print integers of more than 4,300 digits: print none.
        raise Unreadable(f"Numeric value is out of range of {shape.type_name}")
    return number


def finite(number: float | str) -> float:
    """`number` as a float; `ValueError` when it is too large for one."""
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(number)
    return value


def blob(text: str) -> bytes:
    """The bytes of canonical base64; `ValueError` for anything else."""
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error as error:
        raise ValueError(text[:20]) from error


def from_seconds(seconds: float) -> datetime:
    """Seconds since the epoch as an aware datetime; `OverflowError` outside years 1 to 9999."""
    return _EPOCH + timedelta(seconds=seconds)


def from_iso8601(text: str) -> datetime:
    """An ISO 8601 date or time as an aware datetime, UTC where it names no zone."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def from_rfc822(text: str) -> datetime:
    """The date of an HTTP header as an aware datetime."""
    return parsedate_to_datetime(text).astimezone(UTC)


def timestamp_format(shape: Shape, default: str) -> str:
    """`iso8601`, `rfc822` or `unixtimestamp` (models write it `unixTimestamp` as well)."""
    return str(shape.serialization.get("timestampFormat", default)).lower()


def _moment(text: str, format: str) -> datetime:
    if _NUMBER.match(text):
        return from_seconds(finite(text))
    return from_rfc822(text) if format == "rfc822" else from_iso8601(text)


def to_text(shape: Shape, value: Any, *, timestamps: str = "iso8601") -> str:
    """A scalar of a result as text: the reverse of `from_text`."""
    match shape.type_name:
        case "boolean":
            return "true" if value else "false"
        case "blob":
            return base64.b64encode(value).decode()
        case "timestamp":
            return moment_text(value, timestamp_format(shape, timestamps))
        case "float" | "double":
            return special(value) or repr(float(value))
    return str(value)


def special(number: float) -> str:
    """The word for a float no JSON number can express, else the empty text."""
    if math.isfinite(number):
        return ""
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def moment_text(moment: datetime, format: str) -> str:
    """An aware datetime in one of the three timestamp formats."""
    return _MOMENTS[format](moment.astimezone(UTC))


def _iso8601(moment: datetime) -> str:
    precision = "milliseconds" if moment.microsecond else "seconds"
    return moment.isoformat(timespec=precision).replace("+00:00", "Z")


def seconds(moment: datetime) -> int | float:
    """Seconds since the epoch, whole ones as an integer, at most milliseconds."""
    milliseconds = (moment - _EPOCH) // timedelta(milliseconds=1)
    return milliseconds / 1000 if milliseconds % 1000 else milliseconds // 1000


_MOMENTS: dict[str, Callable[[datetime], str]] = {
    "iso8601": _iso8601,
    "rfc822": lambda moment: format_datetime(moment, usegmt=True),
    "unixtimestamp": lambda moment: str(seconds(moment)),
}
