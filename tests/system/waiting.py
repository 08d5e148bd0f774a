"""Wait for a condition, with a deadline."""

import time
from collections.abc import Callable

DEADLINE_SECONDS = 30.0


def until(holds: Callable[[], bool], what: str, seconds: float = DEADLINE_SECONDS) -> None:
    """Return once `holds()`; fail when that does not come true."""
    deadline = time.monotonic() + seconds
    while True:
        asked = time.monotonic()
        if holds():
            return
        now = time.monotonic()
        if now > deadline:
            raise AssertionError(f"waited {seconds:.0f} s in vain: {what}")
        # Who asks all the time takes from the processor what would make it come true: what is dear
        # to ask is asked less often.
        time.sleep(min(max(4 * (now - asked), 0.02), 0.1))
