"""Wait for a condition, with a deadline."""

import time
from collections.abc import Callable

DEADLINE_SECONDS = 30.0


def until(holds: Callable[[], bool], what: str, seconds: float = DEADLINE_SECONDS) -> None:
    """Return once `holds()`; fail when that does not come true."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s in vain: {what}")
        time.sleep(0.02)
