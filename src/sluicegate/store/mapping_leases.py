"""Who keeps an event source mapping: one holder at a time, until its lease runs out.

Time is the database's own, so that nodes whose clocks differ agree on it. `epoch` counts the
holders: what somebody began under an older one is not theirs to finish.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from .database import Tx
from .database_clock import now_ms
from .schema import metadata, moment

mapping_leases = sa.Table(
    "mapping_leases",
    metadata,
    sa.Column("mapping_id", sa.ForeignKey("event_source_mappings.id"), primary_key=True),
    sa.Column("holder", sa.String(128), nullable=False),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    moment("expires_ms"),
)


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that was taken: by whom, as the how-manieth."""

    mapping_id: str
    holder: str
    epoch: int


def take(tx: Tx, mapping_id: str, holder: str, milliseconds: int) -> Lease | None:
    """The lease, if nobody else holds it; None while somebody does.

    A holder that starts again takes its own anew, under the next epoch: what it began under the
    last one may be under way still.
    """
    table = mapping_leases.c
    query = mapping_leases.update().where(
        table.mapping_id == mapping_id, sa.or_(table.expires_ms <= now_ms(), table.holder == holder)
    )
    values = {
        "holder": holder,
        "epoch": table.epoch + 1,
        "expires_ms": now_ms() + milliseconds,
    }
    if tx.execute(query.values(values)).rowcount == 0:
        if tx.execute(sa.select(table.epoch).where(table.mapping_id == mapping_id)).first():
            return None
        first = {"mapping_id": mapping_id, "epoch": 1}
        tx.execute(mapping_leases.insert().values(values | first))
    epoch = tx.execute(sa.select(table.epoch).where(table.mapping_id == mapping_id)).scalar_one()
    return Lease(mapping_id, holder, epoch)


def renew(tx: Tx, lease: Lease, milliseconds: int) -> bool:
    """Hold a lease longer; False when somebody else has taken it since.

    One that ran out and nobody took is still its holder's.
    """
    query = mapping_leases.update().where(*_is(lease))
    return bool(tx.execute(query.values(expires_ms=now_ms() + milliseconds)).rowcount)


def release(tx: Tx, lease: Lease) -> bool:
    """Let anybody take it at once; False when somebody else has taken it since."""
    query = mapping_leases.update().where(*_is(lease))
    return bool(tx.execute(query.values(expires_ms=0)).rowcount)


def is_held(tx: Tx, lease: Lease) -> bool:
    """Whether the lease is the one that counts: asked in the transaction of what it guards."""
    query = sa.select(mapping_leases.c.epoch).where(*_is(lease))
    return tx.execute(query.where(mapping_leases.c.expires_ms > now_ms())).first() is not None


def holder_of(tx: Tx, mapping_id: str) -> str | None:
    """Who keeps a mapping just now."""
    table = mapping_leases.c
    query = sa.select(table.holder).where(
        table.mapping_id == mapping_id, table.expires_ms > now_ms()
    )
    return tx.execute(query).scalar()


def holders_of(tx: Tx, mapping_ids: Iterable[str]) -> dict[str, str]:
    """Who keeps each of these mappings just now; those that nobody keeps lack."""
    table = mapping_leases.c
    query = sa.select(table.mapping_id, table.holder).where(
        table.mapping_id.in_(list(mapping_ids)), table.expires_ms > now_ms()
    )
    return {row.mapping_id: row.holder for row in tx.execute(query)}


def _is(lease: Lease) -> "tuple[sa.ColumnElement[bool], ...]":
    table = mapping_leases.c
    return (
        table.mapping_id == lease.mapping_id,
        table.holder == lease.holder,
        table.epoch == lease.epoch,
    )
