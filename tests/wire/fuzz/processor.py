"""What a call costs the processor, told as of one that does nothing else.

A core that is shared with other programs loses caches and turns to them: the same work takes up to
twice as many of its seconds. A piece of work that is always the same tells how much, just then.
"""

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


class Cost:
    """Seconds of a processor; known when the block has ended."""

    seconds = 0.0


@contextmanager
def cost() -> Iterator[Cost]:
    """Measure what is done in the block by this thread."""
    global _quickest
    measured, began = Cost(), time.thread_time()
    yield measured
    took = time.thread_time() - began
    if took > 0.5:
        now = _worked()
        _quickest = min(_quickest, now)
        took *= _quickest / now
    measured.seconds = took
