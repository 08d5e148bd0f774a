"""How far an event source mapping is, partition by partition, for whoever looks at it.

Written by whoever polls a partition, now and then. Never read as truth: offsets live in Kafka.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

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
)


@dataclass(frozen=True, slots=True)
class Progress:
    """One partition, as of `at_ms`: offsets, records with the function, and how that goes.

    `position` is what is read next, `committed` what would be read after a restart, `end` where the
    partition ends; None where nobody knows. `retry` counts the attempts at the batch in flight
    after the first one; `waits_for` is why nothing moves, "" when something does.
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


def note_progress(tx: Tx, notes: Iterable[Progress]) -> None:
    """Write how far partitions are; of one that was noted before, the newer note stays."""
    for note in notes:
        table = mapping_progress.c
        which = table.mapping_id == note.mapping_id, table.partition == note.partition
        kept = tx.execute(sa.select(table.at_ms).where(*which)).scalar()
        if kept is None:
            tx.execute(mapping_progress.insert().values(asdict(note)))
        elif kept <= note.at_ms:
            tx.execute(mapping_progress.update().where(*which).values(asdict(note)))


def progress_of(tx: Tx, mapping_id: str) -> list[Progress]:
    """How far a mapping is, by partition."""
    query = sa.select(mapping_progress).where(mapping_progress.c.mapping_id == mapping_id)
    rows = tx.execute(query.order_by(mapping_progress.c.partition))
    return [Progress(**row._mapping) for row in rows]


def of_many(tx: Tx, mapping_ids: Iterable[str]) -> dict[str, list[Progress]]:
    """How far each of these mappings is, by partition; those of which nothing is noted lack."""
    table = mapping_progress.c
    query = sa.select(mapping_progress).where(table.mapping_id.in_(list(mapping_ids)))
    found: dict[str, list[Progress]] = {}
    for row in tx.execute(query.order_by(table.mapping_id, table.partition)):
        found.setdefault(row.mapping_id, []).append(Progress(**row._mapping))
    return found


def forget_progress(tx: Tx, mapping_id: str) -> None:
    """Forget how far a mapping is: it is not polled any more."""
    tx.execute(mapping_progress.delete().where(mapping_progress.c.mapping_id == mapping_id))
