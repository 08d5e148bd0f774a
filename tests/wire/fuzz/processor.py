"""What a call costs the processor, told as of one that does nothing else.

A core that is shared with other programs loses caches and turns to them: the same work takes up to
twice as many of its seconds. A piece of work that is always the same tells how much, just then.
A collection of garbage goes through all that the tests themselves hold (a second of it, late in a
run of thousands): the call in which it happens to begin is not what costs that.
"""

import gc
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

_WORK = json.dumps([{"name": str(number), "values": [number] * 5} for number in range(400)])


def _worked() -> float:
    began = time.thread_time()
    for _ in range(4):
        json.dumps(json.loads(_WORK), sort_keys=True)
        sum(number * number for number in range(20_000))
    return time.thread_time() - began


_quickest = min(_worked() for _ in range(5))


class _Collections:
    """Seconds of the processor that collecting garbage took, as `gc.callbacks` tells of it."""

    def __init__(self) -> None:
        self.seconds = self._began = 0.0

    def __call__(self, phase: str, _told: dict[str, int]) -> None:
        if phase == "start":
            self._began = time.thread_time()
        else:
            self.seconds += time.thread_time() - self._began


class Cost:
    """Seconds of a processor; known when the block has ended."""

    seconds = 0.0


@contextmanager
def cost() -> Iterator[Cost]:
    """Measure what is done in the block by this thread."""
    global _quickest
    measured, collections = Cost(), _Collections()
    gc.callbacks.append(collections)
    began = time.thread_time()
    try:
        yield measured
    finally:
        took = time.thread_time() - began - collections.seconds
        gc.callbacks.remove(collections)
    if took > 0.5:
        now = _worked()
        _quickest = min(_quickest, now)
        took *= _quickest / now
    measured.seconds = took
