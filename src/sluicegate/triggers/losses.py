"""What of a partition nobody will be given: what was dropped, and what was gone before it was read.

There is no destination that could be told of it: it is told here, a line each, and counted.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from ..clock import Clock
from ..delivery import Discard
from ..kafka import Hole

_log = logging.getLogger("sluicegate.triggers")


@dataclass(slots=True)
class Count:
    """Of a partition, since it was assigned to us, which was at `since_ms`."""

    since_ms: int = 0
    dropped: int = 0
    last_dropped: int | None = None
    holes: int = 0
    last_hole: str | None = None


class Losses:
    """A count for each partition that is ours; a lock is the poller's."""

    def __init__(self, mapping_id: str, clock: Clock) -> None:
        self._mapping_id = mapping_id
        self._clock = clock
        self._counts: dict[int, Count] = {}

    def assigned(self, partitions: Iterable[int]) -> None:
        """Count from now on."""
        now_ms = self._clock.now_ms()
        self._counts.update({partition: Count(now_ms) for partition in partitions})

    def forget(self, partitions: Iterable[int]) -> None:
        """These are somebody else's now."""
        for partition in partitions:
            self._counts.pop(partition, None)

    def of(self, partition: int) -> Count:
        """What was counted of a partition."""
        return self._counts.get(partition, Count())

    def drop(self, discard: Discard) -> None:
        """Note records that are given up."""
        for share in discard.batch.shares:
            offsets, count = share.offsets(), self._counts.get(share.partition)
            _log.error(
                "records dropped mapping=%s partition=%d offsets=%d-%d: %s",
                *(self._mapping_id, share.partition, offsets[0], offsets[-1], discard.condition),
            )
            if count is not None:
                count.dropped += len(offsets)
                count.last_dropped = offsets[-1]

    def tell(self, hole: Hole) -> None:
        """Note records that were gone."""
        what = "the topic was made again" if hole.is_new_log else "records were gone before"
        _log.error(
            "hole mapping=%s partition=%d offsets=%d-%d: %s",
            *(self._mapping_id, hole.partition, hole.start, hole.end, what),
        )
        count = self._counts.get(hole.partition)
        if count is not None:
            count.holes += 1
            count.last_hole = f"{hole.start}-{hole.end}: {what}"
