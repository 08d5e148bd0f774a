"""Keepers that keep nothing: they count how often they were nudged, and do what a test says."""

from collections.abc import Callable


class StubKeepers:
    """`on_nudge` may be set to what a real keeper would do, as seen in the state."""

    home = ""

    def __init__(self) -> None:
        self.nudged = 0
        self.on_nudge: Callable[[], None] = _nothing

    def nudge(self) -> None:
        """Count, and do what the test wants done."""
        self.nudged += 1
        self.on_nudge()

    def forget(self) -> None:
        """As new."""
        self.nudged = 0
        self.on_nudge = _nothing


def _nothing() -> None:
    """What a keeper does where there is none."""
