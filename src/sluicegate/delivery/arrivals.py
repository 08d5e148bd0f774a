"""Records as they arrive: those a filter wants, encoded. It needs nothing of a path's state."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from .event import EventEncoder
from .filters import Filters
from .records import Record, Run


@dataclass(frozen=True, slots=True)
class Arrived:
    """Records of one partition: the offsets of all, those wanted, the offsets of the others."""

    offsets: Sequence[int]
    wanted: Run
    unwanted: Sequence[int] = ()

    def after(self, offset: int) -> "Arrived":
        """Those beyond that offset."""
        wanted = bisect_right(self.wanted.records, offset, key=_offset)
        return Arrived(
            self.offsets[bisect_right(self.offsets, offset) :],
            self.wanted.cut(wanted, len(self.wanted)),
            self.unwanted[bisect_right(self.unwanted, offset) :],
        )


def arrived(records: Sequence[Record], filters: Filters, encoder: EventEncoder) -> Arrived:
    """Filter and encode records of one partition, in the order of their offsets."""
    offsets = [record.offset for record in records]
    if not filters:
        return Arrived(offsets, encoder.encode(records))
    wanted = [record for record in records if filters.want(record)]
    kept = {record.offset for record in wanted}
    unwanted = [offset for offset in offsets if offset not in kept]
    return Arrived(offsets, encoder.encode(wanted), unwanted)


def _offset(record: Record) -> int:
    return record.offset
