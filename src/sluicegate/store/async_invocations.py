"""Events that were accepted for functions and have not been settled yet.

The payload is sealed for purpose "event", row ("async_invocations", id). A row stays until its
event was handled, given up or its function is gone: what a kill -9 interrupts is run again.
"""

from collections.abc import Collection
from dataclasses import asdict, dataclass, field

import sqlalchemy as sa

from .database import Tx
from .schema import metadata, moment

async_invocations = sa.Table(
    "async_invocations",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("function_id", sa.ForeignKey("functions.id"), nullable=False, index=True),
    sa.Column("qualifier", sa.String(128), nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("throttles", sa.Integer, nullable=False),
    moment("accepted_ms"),
    sa.Column("due_ms", sa.BigInteger, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class AsyncInvocation:
    """One event: `id` is the request id it was accepted with, `due_ms` when it is tried next.

    `failures` counts the times the function failed, `throttles` those it could not be run.
    """

    id: str
    function_id: str
    qualifier: str
    sealed: bytes = field(repr=False)
    accepted_ms: int
    due_ms: int
    failures: int = 0
    throttles: int = 0


def add(tx: Tx, event: AsyncInvocation) -> None:
    """Accept an event."""
    tx.execute(async_invocations.insert().values(asdict(event)))


def due(
    tx: Tx, now_ms: int, *, but: Collection[str], but_of: Collection[str], limit: int
) -> list[AsyncInvocation]:
    """The events to be tried by now, those that wait longest first; those in `but`, and those of
    the functions in `but_of`, left out."""
    query = sa.select(async_invocations).where(
        async_invocations.c.due_ms <= now_ms, *_left_out(but, but_of)
    )
    order = (async_invocations.c.due_ms, async_invocations.c.id)
    rows = tx.execute(query.order_by(*order).limit(limit))
    return [AsyncInvocation(**row._mapping) for row in rows]


def next_due(tx: Tx, *, but: Collection[str], but_of: Collection[str]) -> int | None:
    """When the next event is to be tried, of the same ones; None when there is none."""
    query = sa.select(sa.func.min(async_invocations.c.due_ms)).where(*_left_out(but, but_of))
    return tx.execute(query).scalar()


def _left_out(but: Collection[str], but_of: Collection[str]) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        async_invocations.c.id.not_in(list(but)),
        async_invocations.c.function_id.not_in(list(but_of)),
    )


def again(tx: Tx, event: AsyncInvocation) -> None:
    """Write when an event is tried next, and how often it has been."""
    query = async_invocations.update().where(async_invocations.c.id == event.id)
    values = {"due_ms": event.due_ms, "failures": event.failures, "throttles": event.throttles}
    tx.execute(query.values(values))


def settle(tx: Tx, event_id: str) -> None:
    """Forget an event: it was handled, or given up."""
    tx.execute(async_invocations.delete().where(async_invocations.c.id == event_id))


def forget_function(tx: Tx, function_id: str) -> None:
    """Forget every event of a function."""
    tx.execute(async_invocations.delete().where(async_invocations.c.function_id == function_id))
