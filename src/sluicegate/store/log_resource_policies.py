"""Resource policies of CloudWatch Logs: of a whole account and region, or of one log group."""

from dataclasses import dataclass

import sqlalchemy as sa

from . import epoch
from .database import Tx
from .schema import metadata, moment, owner

log_resource_policies = sa.Table(
    "log_resource_policies",
    metadata,
    # Random, and new with every change: the revision that callers name.
    sa.Column("revision", sa.String(36), primary_key=True),
    *owner(),
    # The id of the log group it belongs to, `''` for the account's.
    sa.Column("group_id", sa.String(36), nullable=False),
    sa.Column("name", sa.String(512), nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    moment("updated_ms"),
    sa.UniqueConstraint("account", "region", "group_id", "name"),
)

_TABLE = log_resource_policies.c


@dataclass(frozen=True, slots=True)
class LogResourcePolicy:
    """One policy. `group_id` is empty when it is the account's; a group's has no name."""

    revision: str
    group_id: str
    name: str
    document: str
    updated_ms: int


def of_account(tx: Tx, account: str, region: str) -> list[LogResourcePolicy]:
    """The account's own policies, in the order of their names."""
    return _found(tx, account, region, _TABLE.group_id == "")


def of_group(tx: Tx, account: str, region: str, group_id: str) -> LogResourcePolicy | None:
    """The policy of one log group."""
    return next(iter(_found(tx, account, region, _TABLE.group_id == group_id)), None)


def of_groups(tx: Tx, account: str, region: str) -> list[LogResourcePolicy]:
    """The policies of all log groups."""
    return _found(tx, account, region, _TABLE.group_id != "")


def put(tx: Tx, account: str, region: str, policy: LogResourcePolicy) -> None:
    """Add a policy, in the place of the one with this group and name."""
    remove(tx, account, region, policy.group_id, policy.name)
    tx.execute(
        log_resource_policies.insert().values(
            revision=policy.revision,
            account=account,
            region=region,
            group_id=policy.group_id,
            name=policy.name,
            document=policy.document,
            updated_ms=policy.updated_ms,
        )
    )
    epoch.bump(tx)


def remove(tx: Tx, account: str, region: str, group_id: str, name: str) -> bool:
    """Remove a policy and say whether there was one."""
    query = log_resource_policies.delete().where(
        _TABLE.account == account,
        _TABLE.region == region,
        _TABLE.group_id == group_id,
        _TABLE.name == name,
    )
    if not tx.execute(query).rowcount:
        return False
    epoch.bump(tx)
    return True


def _found(
    tx: Tx, account: str, region: str, where: "sa.ColumnElement[bool]"
) -> list[LogResourcePolicy]:
    query = sa.select(
        _TABLE.revision, _TABLE.group_id, _TABLE.name, _TABLE.document, _TABLE.updated_ms
    )
    query = query.where(_TABLE.account == account, _TABLE.region == region, where)
    return [LogResourcePolicy(*row) for row in tx.execute(query.order_by(_TABLE.name))]
