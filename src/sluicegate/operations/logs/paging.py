"""Where a listing goes on: the tokens that CloudWatch Logs' callers hand back.

A token that was not made here, or not for this kind of listing, is refused in AWS's words.
"""

import base64
import binascii
import json
import re
from dataclasses import dataclass

from ...errors import AwsError
from ...store.log_events import END, Position
from .refusals import invalid

_PLACE = re.compile(r"([fb])/([0-9]{20})([0-9]{36})/s")


@dataclass(frozen=True, slots=True)
class Place:
    """A place between two events, and which way to read from there.

    Written as AWS does: `f/` or `b/`, 56 digits, `/s`.
    """

    from_head: bool
    position: Position

    def __str__(self) -> str:
        at_ms, event_id = self.position
        return f"{'f' if self.from_head else 'b'}/{at_ms:020d}{event_id:036d}/s"

    @classmethod
    def parse(cls, token: str) -> "Place":
        """Read a token back."""
        match = _PLACE.fullmatch(token)
        if match is None:
            raise bad_token()
        position = int(match[2]), int(match[3])
        if max(position) > max(END):
            raise bad_token()
        return cls(match[1] == "f", position)


def bad_token() -> AwsError:
    """The refusal of a token."""
    return invalid("The specified nextToken is invalid.")


def sealed(*key: str | int) -> str:
    """A token that remembers the sorting key of the last entry."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def opened(token: str, *kinds: type) -> tuple[str | int, ...]:
    """The key in a token, whose parts must be of `kinds`."""
    try:
        key = json.loads(base64.b64decode(token.encode(), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise bad_token() from None
    if not isinstance(key, list) or tuple(type(part) for part in key) != kinds:
        raise bad_token()
    if any(isinstance(part, str) and not is_storable(part) for part in key):
        raise bad_token()
    if any(isinstance(part, int) and abs(part) > max(END) for part in key):
        raise bad_token()
    return tuple(key)


def is_storable(text: str) -> bool:
    """Whether every database takes the text: PostgreSQL has no NUL, UTF-8 no half a surrogate."""
    return not any(char == "\0" or "\ud800" <= char <= "\udfff" for char in text)
