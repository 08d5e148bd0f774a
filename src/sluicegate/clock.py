"""Time as an argument: milliseconds since the epoch everywhere inside, datetimes at the rim."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Whatever tells the time; `testing.FrozenClock` is the other one."""

    def now_ms(self) -> int:
        """Milliseconds since the epoch, UTC."""
        ...


class SystemClock:
    """The wall clock of this machine."""

    def now_ms(self) -> int:
        """Milliseconds since the epoch, UTC."""
        return time.time_ns() // 1_000_000


def to_datetime(ms: int) -> datetime:
    """`ms` since the epoch as an aware datetime, as `wire.render` wants timestamps."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def to_second(ms: int) -> datetime:
    """As `to_datetime`, to the second below: what services show that speak the query protocol."""
    return datetime.fromtimestamp(ms // 1000, UTC)


def to_ms(moment: datetime) -> int:
    """An aware datetime, as `wire.parse` makes them, in milliseconds since the epoch."""
    return round(moment.timestamp() * 1000)
