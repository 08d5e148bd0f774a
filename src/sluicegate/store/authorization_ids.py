"""Ids of recorded decisions: 25 characters of base 36, unguessable, in order of time.

Clients of brokers are told a UUID, as MSK's are, and no header could hold another id: a UUID of
`new_request_id` is the id of its one decision in other letters.
"""

import os
import uuid

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_TIME_DIGITS = 9  # milliseconds until the year 5188
_RANDOM_DIGITS = 16
# Any byte as a digit. 256 is no multiple of 36: four digits come a little more often, which leaves
# 82 bits, and costs a twentieth of dividing a large number.
_ANY_DIGIT = bytes(ord(_DIGITS[byte % 36]) for byte in range(256))


def new_id(now_ms: int) -> str:
    """The id of a decision made now."""
    return _base36(now_ms, _TIME_DIGITS) + os.urandom(_RANDOM_DIGITS).translate(_ANY_DIGIT).decode()


def first(now_ms: int) -> str:
    """What comes before every id of that moment, and after all earlier ones."""
    return _base36(max(0, now_ms), _TIME_DIGITS)


def new_request_id(now_ms: int) -> str:
    """The id of a request about which one decision is recorded: a UUID of version 7."""
    bits = now_ms << 80 | int.from_bytes(os.urandom(10))
    bits = bits & ~(0xF << 76 | 0b11 << 62) | 7 << 76 | 0b10 << 62
    return str(uuid.UUID(int=bits))


def id_of(request_id: str) -> str:
    """The id of the decision about a request of `new_request_id`; `ValueError` when it is none."""
    bits = uuid.UUID(request_id).int
    drawn = (bits >> 64 & 0xFFF) << 62 | bits & (1 << 62) - 1
    return first(bits >> 80) + _base36(drawn, _RANDOM_DIGITS)


def _base36(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 36)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
