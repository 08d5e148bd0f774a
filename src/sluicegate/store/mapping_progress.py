"""How far an event source mapping is, partition by partition, for whoever looks at it.

Written by whoever polls a partition, now and then. Never read as truth: offsets live in Kafka.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from .database import Tx
from .schema import metadata, moment

mapping_progress = sa.Table(
    "mapping_progress",
    metadata,
    sa.Column("mapping_id", sa.ForeignKey("event_source_mappings.id"), primary_key=True),
    sa.Column("partition", sa.Integer, primary_key=True),
    sa.Column("owner", sa.String(128), nullable=False),
    sa.Column("position", sa.BigInteger, nullable=True),
    sa.Column("committed", sa.BigInteger, nullable=True),
    sa.Column("end", sa.BigInteger, nullable=True),
    sa.Column("in_flight", sa.Integer, nullable=False),
    sa.Column("last_result", sa.Text, nullable=False),
    sa.Column("retry", sa.Integer, nullable=False),
    sa.Column("waits_for", sa.Text, nullable=False),
    moment("at_ms"),
    # What is counted is counted anew under each assignment; `…_before` is of those that are over.
    sa.Column("since_ms", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("began", sa.BigInteger, nullable=True),
    sa.Column("dropped", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("dropped_before", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("last_dropped", sa.BigInteger, nullable=True),
    sa.Column("holes", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("holes_before", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("last_hole", sa.Text, nullable=True),
)


@dataclass(frozen=True, slots=True)
class Progress:
    """One partition, as of `at_ms`: offsets, records with the function, and how that goes.

    `position` is what is read next, `committed` what would be read after a restart, `end` where the
    partition ends; None where nobody knows. `retry` counts the attempts at the batch in flight
    after the first one; `waits_for` is why nothing moves, "" when something does.

    `dropped` counts records that were given up, the last of them at `last_dropped`; `holes` how
    often records were gone before they were read, `last_hole` where. Who notes it counts from
    `since_ms` on, when the partition was assigned to it, at the offset `began`; who reads it gets
    all there ever were.
    """

    mapping_id: str
    partition: int
    owner: str
    at_ms: int
    position: int | None = None
    committed: int | None = None
    end: int | None = None
    in_flight: int = 0
    last_result: str = ""
    retry: int = 0
    waits_for: str = ""
    since_ms: int = 0
    began: int | None = None
    dropped: int = 0
    last_dropped: int | None = None
    holes: int = 0
    last_hole: str | None = None


@dataclass(frozen=True, slots=True)
class Setback:
    """Offsets of a group that are gone: it was at `before`, and begins again at `began`."""

    partition: int
    before: int
    began: int


def note_progress(tx: Tx, notes: Iterable[Progress]) -> list[Setback]:
    """Write how far partitions are; of one that was noted before, the newer note stays.

    What was set back since is told, once, and counts as a hole.
    """
    setbacks = []
    for note in notes:
        table = mapping_progress.c
        which = table.mapping_id == note.mapping_id, table.partition == note.partition
        kept = tx.execute(sa.select(mapping_progress).where(*which)).one_or_none()
        if kept is None:
            tx.execute(mapping_progress.insert().values(asdict(note)))
        elif kept.at_ms <= note.at_ms:
            values, setback = _carried(kept, note)
            tx.execute(mapping_progress.update().where(*which).values(values))
            setbacks += [setback] if setback is not None else []
    return setbacks


def _carried(kept: Any, note: Progress) -> tuple[dict[str, Any], Setback | None]:
    """A note, with what it does not know of the assignments before."""
    values = asdict(note)
    if note.began is None:
        # Where it begins is not known yet, so it is not known either what has changed.
        names = ("since_ms", "began", "committed", "dropped", "last_dropped", "holes", "last_hole")
        return values | {name: getattr(kept, name) for name in names}, None
    if note.last_dropped is None:
        values["last_dropped"] = kept.last_dropped
    values["last_hole"] = note.last_hole or kept.last_hole
    if note.since_ms == kept.since_ms:
        return values, None
    values["dropped_before"] = kept.dropped_before + kept.dropped
    values["holes_before"] = kept.holes_before + kept.holes
    # A topic that was made again is told as a hole already.
    if kept.committed is None or note.began >= kept.committed or note.holes:
        return values, None
    values["holes_before"] += 1
    values["last_hole"] = f"the group was at {kept.committed} and is at {note.began}"
    return values, Setback(note.partition, kept.committed, note.began)


def progress_of(tx: Tx, mapping_id: str) -> list[Progress]:
    """How far a mapping is, by partition."""
    return of_many(tx, [mapping_id]).get(mapping_id, [])


def of_many(tx: Tx, mapping_ids: Iterable[str]) -> dict[str, list[Progress]]:
    """How far each of these mappings is, by partition; those of which nothing is noted lack."""
    table = mapping_progress.c
    query = sa.select(mapping_progress).where(table.mapping_id.in_(list(mapping_ids)))
    found: dict[str, list[Progress]] = {}
    for row in tx.execute(query.order_by(table.mapping_id, table.partition)):
        values = dict(row._mapping)
        values["dropped"] += values.pop("dropped_before")
        values["holes"] += values.pop("holes_before")
        found.setdefault(row.mapping_id, []).append(Progress(**values))
    return found


def forget_progress(tx: Tx, mapping_id: str) -> None:
    """Forget how far a mapping is: it is not polled any more."""
    tx.execute(mapping_progress.delete().where(mapping_progress.c.mapping_id == mapping_id))
