"""A clock that stands still until it is told to move."""

import time


class FrozenClock:
    """Starts at the time of day it is made, so that real signers and it agree."""

    def __init__(self, now_ms: int | None = None) -> None:
        self._given_ms = now_ms
        self.start_again()

    def start_again(self) -> None:
        """Go to where a new one would stand."""
        self._now_ms = time.time_ns() // 1_000_000 if self._given_ms is None else self._given_ms

    def now_ms(self) -> int:
        """Milliseconds since the epoch, UTC."""
        return self._now_ms

    def advance(self, *, seconds: float) -> None:
        """Move on."""
        self._now_ms += round(seconds * 1000)
