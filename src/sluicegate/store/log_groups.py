"""Log groups: what is kept about them; their events are elsewhere (`log_events`)."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from itertools import islice

import sqlalchemy as sa

from .database import Tx
from .schema import metadata, moment, owner

_DAY_MS = 24 * 60 * 60 * 1000

log_groups = sa.Table(
    "log_groups",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    *owner(),
    sa.Column("name", sa.String(512), nullable=False),
    sa.Column("log_class", sa.String(32), nullable=False),
    sa.Column("retention_days", sa.Integer, nullable=True),
    sa.Column("kms_key_arn", sa.String(2048), nullable=True),
    sa.Column("is_protected", sa.Boolean, nullable=False),
    moment("created_ms"),
    sa.UniqueConstraint("account", "region", "name"),
)


@dataclass(frozen=True, slots=True)
class LogGroup:
    """A log group. `retention_days` is None when its events never expire."""

    id: str
    name: str
    log_class: str
    retention_days: int | None
    kms_key_arn: str | None
    is_protected: bool
    created_ms: int

    def kept_since_ms(self, now_ms: int) -> int:
        """The time before which its events have expired; 0 when they never do."""
        if self.retention_days is None:
            return 0
        return max(0, now_ms - self.retention_days * _DAY_MS)


_GROUP = (
    log_groups.c.id,
    log_groups.c.name,
    log_groups.c.log_class,
    log_groups.c.retention_days,
    log_groups.c.kms_key_arn,
    log_groups.c.is_protected,
    log_groups.c.created_ms,
)


def add(tx: Tx, account: str, region: str, group: LogGroup) -> None:
    """Add a group; `Conflict` when the name is in use."""
    tx.execute(
        log_groups.insert().values(
            id=group.id,
            account=account,
            region=region,
            name=group.name,
            log_class=group.log_class,
            retention_days=group.retention_days,
            kms_key_arn=group.kms_key_arn,
            is_protected=group.is_protected,
            created_ms=group.created_ms,
        )
    )


def count(tx: Tx, account: str, region: str) -> int:
    """How many groups there are in a region."""
    query = sa.select(sa.func.count()).select_from(log_groups)
    return tx.execute(query.where(*_of(account, region))).scalar_one()


def named(tx: Tx, account: str, region: str, name: str) -> LogGroup | None:
    """The group of this name."""
    query = sa.select(*_GROUP).where(*_of(account, region), log_groups.c.name == name)
    row = tx.execute(query).one_or_none()
    return LogGroup(*row) if row else None


def with_ids(tx: Tx, group_ids: Iterable[str]) -> list[LogGroup]:
    """The groups with these ids, as far as they are there."""
    query = sa.select(*_GROUP).where(log_groups.c.id.in_(list(group_ids)))
    return [LogGroup(*row) for row in tx.execute(query)]


def page(
    tx: Tx,
    account: str,
    region: str,
    *,
    after: str,
    limit: int,
    prefix: str = "",
    names: Collection[str] | None = None,
    matches: Callable[[LogGroup], bool] = lambda _: True,
) -> list[LogGroup]:
    """At most `limit` groups in the order of their names, the first one past the name `after`."""
    query = sa.select(*_GROUP).where(*_of(account, region), log_groups.c.name > after)
    if prefix:
        # Not LIKE: it does not tell cases apart on SQLite.
        query = query.where(sa.func.substr(log_groups.c.name, 1, len(prefix)) == prefix)
    if names is not None:
        query = query.where(log_groups.c.name.in_(list(names)))
    query = query.order_by(log_groups.c.name).execution_options(yield_per=200)
    with tx.execute(query) as rows:
        groups = (group for group in (LogGroup(*row) for row in rows) if matches(group))
        return list(islice(groups, limit))


def set_retention(tx: Tx, group_id: str, days: int | None) -> None:
    """Keep events for `days` days from now on, or for ever."""
    _update(tx, group_id, retention_days=days)


def set_key(tx: Tx, group_id: str, kms_key_arn: str | None) -> None:
    """Say which key the group's events are for."""
    _update(tx, group_id, kms_key_arn=kms_key_arn)


def set_protection(tx: Tx, group_id: str, is_protected: bool) -> None:
    """Say whether the group may be deleted."""
    _update(tx, group_id, is_protected=is_protected)


def remove(tx: Tx, group_id: str) -> None:
    """Remove a group, whose streams must be gone."""
    tx.execute(log_groups.delete().where(log_groups.c.id == group_id))


def _of(account: str, region: str) -> "tuple[sa.ColumnElement[bool], ...]":
    return log_groups.c.account == account, log_groups.c.region == region


def _update(tx: Tx, group_id: str, **values: object) -> None:
    tx.execute(log_groups.update().where(log_groups.c.id == group_id).values(**values))
