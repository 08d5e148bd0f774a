"""What belongs to an account itself: its alias, and the service-linked roles it deleted."""

import sqlalchemy as sa

from .database import Tx
from .schema import metadata, moment, owner

account_aliases = sa.Table(
    "account_aliases",
    metadata,
    # An alias is a name in the world of all accounts; an account has one at most.
    sa.Column("alias", sa.String(63), primary_key=True),
    *owner(),
    sa.UniqueConstraint("account", "region"),
)

role_deletions = sa.Table(
    "role_deletions",
    metadata,
    # The task id GetServiceLinkedRoleDeletionStatus is asked about.
    sa.Column("id", sa.String(1000), primary_key=True),
    *owner(),
    moment("deleted_ms"),
)


def alias_of(tx: Tx, account: str) -> str | None:
    """The alias of an account."""
    query = sa.select(account_aliases.c.alias).where(account_aliases.c.account == account)
    return tx.execute(query).scalar_one_or_none()


def set_alias(tx: Tx, account: str, alias: str) -> None:
    """Give an account its alias, in place of the one it had; `Conflict` when another has it."""
    remove_alias(tx, account)
    tx.execute(account_aliases.insert().values(account=account, region="", alias=alias))


def remove_alias(tx: Tx, account: str) -> None:
    """Take an account's alias away."""
    tx.execute(account_aliases.delete().where(account_aliases.c.account == account))


def note_deletion(tx: Tx, account: str, task_id: str, now_ms: int) -> None:
    """Remember that a service-linked role was deleted, for whoever asks about the task."""
    values = {"id": task_id, "account": account, "region": "", "deleted_ms": now_ms}
    tx.execute(role_deletions.insert().values(**values))


def is_deletion(tx: Tx, account: str, task_id: str) -> bool:
    """Whether an account's role was deleted under this task id."""
    if "\0" in task_id:  # PostgreSQL refuses the very question.
        return False
    table = role_deletions
    query = sa.select(table.c.id).where(table.c.id == task_id, table.c.account == account)
    return tx.execute(query).first() is not None
