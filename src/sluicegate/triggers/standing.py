"""Whether the group still counts us in, as far as we can know without asking it.

A process that was stopped, or whose machine was, wakes with work for partitions that may be others'
by now: their brokers have counted on, and it learns of that only from them. Until then it begins
nothing.
"""

from collections.abc import Callable

# Half of a session. Nothing else keeps the one who polls from saying so for as long, but brokers
# that are silent: then there is as much doubt.
_SILENT_SECONDS = 5.0


class Standing:
    """In doubt once nobody has polled for half a session, until a broker has taken a commit."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._at = monotonic()

    @property
    def is_in_doubt(self) -> bool:
        """Whether nothing may begin."""
        return self._monotonic() - self._at > _SILENT_SECONDS

    def note(self) -> None:
        """Say that there is polling; it does not end a doubt."""
        now = self._monotonic()  # once: who sleeps between two looks has not slept
        if now - self._at <= _SILENT_SECONDS:
            self._at = now

    def confirm(self, asked_at: float) -> None:
        """Note that a commit which was asked for then was taken: by whoever sleeps only now, too
        early to count."""
        self._at = max(self._at, asked_at)
