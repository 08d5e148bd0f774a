"""What `access` needs to judge a caller: who it is, and every policy that speaks for it."""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from .. import aws_policies
from . import access_keys as keys
from . import groups, identities, policies
from .access_keys import AccessKey
from .database import Tx
from .identities import Entity, Kind

__all__ = [
    "AccessKey",
    "Entity",
    "StoredPolicy",
    "access_key",
    "identity_policies",
    "policy_by_arn",
    "role",
    "role_by_name",
    "touch_access_key",
    "touch_role",
    "user",
]

_TOUCH_MS = 60_000
"""Uses closer together than this are one: a write per signed request would cost an fsync each."""


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """A document that takes part in a decision, and where it hangs.

    `uri` is the policy's ARN, empty for an inline policy; `attached_to` the ARN of the user, group
    or role it is attached to or embedded in.
    """

    text: str
    uri: str
    name: str
    attached_to: str


def access_key(tx: Tx, key_id: str) -> AccessKey | None:
    """The long-term key of that id, with its sealed secret."""
    return keys.find(tx, key_id)


def user(tx: Tx, user_id: str) -> Entity | None:
    """The user of that id, while it lives."""
    return identities.by_id(tx, Kind.USER, user_id)


def role(tx: Tx, role_id: str) -> Entity | None:
    """The role of that id, while it lives."""
    return identities.by_id(tx, Kind.ROLE, role_id)


def role_by_name(tx: Tx, account: str, name: str) -> Entity | None:
    """The role of that name, in whatever letter case."""
    return identities.find(tx, Kind.ROLE, account, name)


def identity_policies(tx: Tx, entity_id: str) -> tuple[StoredPolicy, ...]:
    """Everything attached to or embedded in a user, group or role; for a user, in its groups."""
    entity = identities.of_any_kind(tx, entity_id)
    if entity is None:
        return ()
    is_user = entity.kind is Kind.USER
    holders = [entity, *(groups.groups_of(tx, entity_id) if is_user else ())]
    inline = [
        StoredPolicy(document, "", name, holder.arn)
        for holder in holders
        for name, document in policies.inline(tx, holder.id).items()
    ]
    attached = [(holder.arn, arn) for holder in holders for arn in policies.attached(tx, holder.id)]
    documents = _documents(tx, {arn for _, arn in attached})
    managed = [
        StoredPolicy(document, arn, name, holder)
        for holder, arn in attached
        if arn in documents
        for name, document in (documents[arn],)
    ]
    return (*inline, *managed)


def policy_by_arn(tx: Tx, arn: str) -> StoredPolicy | None:
    """The default version of a managed policy, the customer's or AWS's (boundaries, sessions)."""
    found = _documents(tx, [arn]).get(arn)
    return None if found is None else StoredPolicy(found[1], arn, found[0], "")


def touch_access_key(tx: Tx, key_id: str, region: str, service: str, now_ms: int) -> None:
    """Note that a key was used, to the minute. Permissions do not change: no epoch."""
    table = identities.access_keys
    tx.execute(
        table.update()
        .where(table.c.id == key_id, _is_stale(table.c.last_used_ms, now_ms))
        .values(last_used_ms=now_ms, last_used_region=region, last_used_service=service)
    )


def touch_role(tx: Tx, role_id: str, region: str, now_ms: int) -> None:
    """Note that a role's session made a call, to the minute. No epoch, as above."""
    table = identities.roles
    tx.execute(
        table.update()
        .where(table.c.id == role_id, _is_stale(table.c.last_used_ms, now_ms))
        .values(last_used_ms=now_ms, last_used_region=region)
    )


def _is_stale(last_used: "sa.ColumnElement[int]", now_ms: int) -> "sa.ColumnElement[bool]":
    return sa.or_(last_used.is_(None), last_used <= now_ms - _TOUCH_MS)


def _documents(tx: Tx, arns: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Name and document of each managed policy of `arns` that exists."""
    wanted = list(arns)
    found = {
        arn: (policy.name, policy.document)
        for arn, policy in policies.find_many(tx, wanted).items()
    }
    for arn in wanted:
        if aws_policies.is_aws(arn) and (policy := aws_policies.find(arn)):
            found[arn] = (policy.name, policy.document)
    return found
