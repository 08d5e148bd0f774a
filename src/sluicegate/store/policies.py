"""Customer managed policies and their versions, policies embedded in an entity, attachments."""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from ..arn import Arn
from . import epoch
from .database import Tx
from .identities import arn_of, attachments, inline_policies, new_id, policies, policy_versions


@dataclass(frozen=True, slots=True)
class ManagedPolicy:
    """A customer managed policy; `document` is that of its default version."""

    id: str
    account: str
    name: str
    path: str
    arn: str
    description: str | None
    default_version: int
    latest_version: int
    created_ms: int
    updated_ms: int
    document: str


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a managed policy."""

    number: int
    document: str
    created_ms: int


_WITH_DOCUMENT = sa.select(policies, policy_versions.c.document).join(
    policy_versions,
    (policy_versions.c.policy_id == policies.c.id)
    & (policy_versions.c.version == policies.c.default_version),
)


def find(tx: Tx, arn: str) -> ManagedPolicy | None:
    """The customer managed policy with this ARN."""
    return find_many(tx, [arn]).get(arn)


def find_many(tx: Tx, arns: Iterable[str]) -> dict[str, ManagedPolicy]:
    """Those customer managed policies of `arns` that exist, by ARN."""
    wanted = set(arns)
    keys = {key for arn in wanted if (key := _key(arn))}
    if not keys:
        return {}
    condition = sa.or_(*(_row(account, name_key) for account, name_key in keys))
    found = (_read(row) for row in tx.execute(_WITH_DOCUMENT.where(condition)))
    return {policy.arn: policy for policy in found if policy.arn in wanted}


def listed(tx: Tx, account: str) -> list[ManagedPolicy]:
    """All customer managed policies of an account, by name."""
    query = _WITH_DOCUMENT.where(policies.c.account == account).order_by(policies.c.name_key)
    return [_read(row) for row in tx.execute(query)]


def count(tx: Tx, account: str) -> int:
    """How many customer managed policies an account has."""
    query = sa.select(sa.func.count()).select_from(policies).where(policies.c.account == account)
    return tx.execute(query).scalar_one()


def version_count(tx: Tx, account: str) -> int:
    """How many policy versions an account has in all."""
    query = sa.select(sa.func.count()).select_from(policy_versions.join(policies))
    return tx.execute(query.where(policies.c.account == account)).scalar_one()


def add(
    tx: Tx,
    account: str,
    name: str,
    path: str,
    description: str | None,
    document: str,
    now_ms: int,
) -> ManagedPolicy:
    """Make a policy with version 1; `Conflict` when the name is taken."""
    policy = ManagedPolicy(
        id=new_id("ANPA"),
        account=account,
        name=name,
        path=path,
        arn=arn_of(account, "policy", path, name),
        description=description,
        default_version=1,
        latest_version=1,
        created_ms=now_ms,
        updated_ms=now_ms,
        document=document,
    )
    values = {field: getattr(policy, field) for field in _FIELDS}
    tx.execute(policies.insert().values(region="", name_key=name.lower(), **values))
    _add_version(tx, policy.id, 1, document, now_ms)
    return policy


def versions(tx: Tx, policy_id: str) -> list[Version]:
    """The versions kept of a policy, newest first."""
    table = policy_versions
    query = sa.select(table).where(table.c.policy_id == policy_id).order_by(table.c.version.desc())
    return [Version(row.version, row.document, row.created_ms) for row in tx.execute(query)]


def add_version(
    tx: Tx, policy: ManagedPolicy, document: str, now_ms: int, *, is_default: bool
) -> Version:
    """Add the next version; numbers are never used again."""
    number = policy.latest_version + 1
    _add_version(tx, policy.id, number, document, now_ms)
    changed: dict[str, int] = {"latest_version": number, "updated_ms": now_ms}
    if is_default:
        changed["default_version"] = number
    tx.execute(policies.update().where(policies.c.id == policy.id).values(**changed))
    return Version(number, document, now_ms)


def set_default(tx: Tx, policy_id: str, number: int, now_ms: int) -> None:
    """Make a version the one that is judged by."""
    values = {"default_version": number, "updated_ms": now_ms}
    tx.execute(policies.update().where(policies.c.id == policy_id).values(**values))
    epoch.bump(tx)


def remove_version(tx: Tx, policy_id: str, number: int) -> None:
    """Delete a version that is not the default."""
    table = policy_versions
    tx.execute(table.delete().where(table.c.policy_id == policy_id, table.c.version == number))


def remove(tx: Tx, policy_id: str) -> None:
    """Delete a policy with its last version."""
    tx.execute(policy_versions.delete().where(policy_versions.c.policy_id == policy_id))
    tx.execute(policies.delete().where(policies.c.id == policy_id))
    epoch.bump(tx)


def inline(tx: Tx, entity_id: str) -> dict[str, str]:
    """The documents embedded in a user, group or role, by their names."""
    query = sa.select(inline_policies).where(inline_policies.c.entity_id == entity_id)
    rows = tx.execute(query.order_by(inline_policies.c.name_key))
    return {row.name: row.document for row in rows}


def put_inline(tx: Tx, entity_id: str, name: str, document: str) -> None:
    """Embed a document, in place of the one that had the name."""
    _remove_inline(tx, entity_id, name)
    values = {"name_key": name.lower(), "name": name, "document": document}
    tx.execute(inline_policies.insert().values(entity_id=entity_id, **values))
    epoch.bump(tx)


def remove_inline(tx: Tx, entity_id: str, name: str) -> bool:
    """Take an embedded document away; whether there was one."""
    if was_there := _remove_inline(tx, entity_id, name):
        epoch.bump(tx)
    return was_there


def attached(tx: Tx, entity_id: str) -> list[str]:
    """The ARNs of the managed policies attached to an entity, in order of attachment."""
    table = attachments
    query = sa.select(table.c.policy_arn).where(table.c.entity_id == entity_id)
    return list(tx.execute(query.order_by(table.c.attached_ms, table.c.policy_arn)).scalars())


def attached_entities(tx: Tx, account: str, policy_arn: str) -> list[str]:
    """The ids of an account's entities a policy is attached to."""
    table = attachments
    query = sa.select(table.c.entity_id).where(table.c.policy_arn == policy_arn)
    return list(tx.execute(query.where(table.c.account == account)).scalars())


def attachment_counts(tx: Tx, account: str) -> dict[str, int]:
    """How often each policy is attached in an account, by policy ARN."""
    arn = attachments.c.policy_arn
    query = sa.select(arn, sa.func.count()).where(attachments.c.account == account).group_by(arn)
    return {row[0]: row[1] for row in tx.execute(query)}


def attach(tx: Tx, account: str, entity_id: str, policy_arn: str, now_ms: int) -> None:
    """Attach a managed policy that is not attached yet."""
    tx.execute(
        attachments.insert().values(
            entity_id=entity_id, policy_arn=policy_arn, account=account, attached_ms=now_ms
        )
    )
    epoch.bump(tx)


def detach(tx: Tx, entity_id: str, policy_arn: str) -> bool:
    """Detach a managed policy; whether it was attached."""
    table = attachments
    query = table.delete().where(table.c.entity_id == entity_id, table.c.policy_arn == policy_arn)
    if was_attached := tx.execute(query).rowcount > 0:
        epoch.bump(tx)
    return was_attached


_FIELDS = [column.name for column in policies.c if column.name not in ("region", "name_key")]


def _read(row: "sa.Row[tuple[object, ...]]") -> ManagedPolicy:
    values = {field: getattr(row, field) for field in (*_FIELDS, "document")}
    return ManagedPolicy(arn=arn_of(row.account, "policy", row.path, row.name), **values)


def _key(arn: str) -> tuple[str, str] | None:
    parsed = Arn.find(arn)
    if parsed is None or "\0" in arn or not parsed.resource.startswith("policy/"):
        return None
    return parsed.account, parsed.resource.rpartition("/")[2].lower()


def _row(account: str, name_key: str) -> "sa.ColumnElement[bool]":
    return (policies.c.account == account) & (policies.c.name_key == name_key)


def _add_version(tx: Tx, policy_id: str, number: int, document: str, now_ms: int) -> None:
    values = {"version": number, "document": document, "created_ms": now_ms}
    tx.execute(policy_versions.insert().values(policy_id=policy_id, **values))
    epoch.bump(tx)


def _remove_inline(tx: Tx, entity_id: str, name: str) -> bool:
    table = inline_policies
    query = table.delete().where(table.c.entity_id == entity_id, table.c.name_key == name.lower())
    return tx.execute(query).rowcount > 0
