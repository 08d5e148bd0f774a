"""How long and how often asynchronous invocations of a function are tried."""

from dataclasses import asdict, dataclass

import sqlalchemy as sa

from .database import Tx
from .function_versions import LATEST
from .schema import metadata, moment

event_invoke_configs = sa.Table(
    "event_invoke_configs",
    metadata,
    sa.Column("function_id", sa.ForeignKey("functions.id"), primary_key=True),
    sa.Column("qualifier", sa.String(128), primary_key=True),
    sa.Column("most_retries", sa.Integer, nullable=True),
    sa.Column("most_age_seconds", sa.Integer, nullable=True),
    moment("modified_ms"),
)


@dataclass(frozen=True, slots=True)
class EventInvokeConfig:
    """The settings of a function ($LATEST), a version or an alias; None is AWS's default."""

    function_id: str
    qualifier: str
    modified_ms: int
    most_retries: int | None = None
    most_age_seconds: int | None = None


def find(tx: Tx, function_id: str, qualifier: str) -> EventInvokeConfig | None:
    """The settings of a qualifier, "" standing for $LATEST."""
    query = sa.select(event_invoke_configs).where(
        event_invoke_configs.c.function_id == function_id,
        event_invoke_configs.c.qualifier == (qualifier or LATEST),
    )
    row = tx.execute(query).one_or_none()
    return None if row is None else EventInvokeConfig(**row._mapping)


def of_function(tx: Tx, function_id: str) -> list[EventInvokeConfig]:
    """All settings of a function, by qualifier."""
    query = sa.select(event_invoke_configs).where(event_invoke_configs.c.function_id == function_id)
    rows = tx.execute(query.order_by(event_invoke_configs.c.qualifier))
    return [EventInvokeConfig(**row._mapping) for row in rows]


def put(tx: Tx, config: EventInvokeConfig) -> None:
    """Let these be the settings."""
    delete(tx, config.function_id, config.qualifier)
    tx.execute(event_invoke_configs.insert().values(asdict(config)))


def delete(tx: Tx, function_id: str, qualifier: str | None = None) -> bool:
    """Remove the settings of a qualifier, or all of a function's; whether there were any."""
    query = event_invoke_configs.delete().where(event_invoke_configs.c.function_id == function_id)
    if qualifier is not None:
        query = query.where(event_invoke_configs.c.qualifier == qualifier)
    return bool(tx.execute(query).rowcount)
