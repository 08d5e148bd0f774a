"""Policies of an organization, AWS's own among them, and what they are attached to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import sqlalchemy as sa

from .. import epoch
from ..database import Tx
from .organizations import RESOURCE_CONTROL, SERVICE_CONTROL, Organization, new_id
from .tables import attachments, nodes, policies


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy of an organization; AWS's own belong to none and cannot be changed."""

    id: str
    type: str
    name: str
    description: str
    content: str
    is_aws: bool = False

    def arn(self, organization: Organization) -> str:
        """Its ARN, as denials print it."""
        if self.is_aws:
            return f"arn:aws:organizations::aws:policy/{self.type.lower()}/{self.id}"
        return organization.arn_of("policy", f"{self.type.lower()}/{self.id}")


FULL_ACCESS: Mapping[str, Policy] = MappingProxyType(
    {
        SERVICE_CONTROL: Policy(
            "p-FullAWSAccess",
            SERVICE_CONTROL,
            "FullAWSAccess",
            "Allows access to every operation",
            '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
            is_aws=True,
        ),
        RESOURCE_CONTROL: Policy(
            "p-RCPFullAWSAccess",
            RESOURCE_CONTROL,
            "RCPFullAWSAccess",
            "Allows access to every resource",
            '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*",'
            '"Action":"*","Resource":"*"}]}',
            is_aws=True,
        ),
    }
)
"""AWS's own policy of each type; it hangs on every place when its type is enabled."""

_OF_AWS = {policy.id: policy for policy in FULL_ACCESS.values()}


def find(tx: Tx, organization: Organization, policy_id: str) -> Policy | None:
    """The policy of that id, the organization's or AWS's."""
    if policy_id in _OF_AWS:
        return _OF_AWS[policy_id]
    if "\0" in policy_id:  # PostgreSQL refuses the very question.
        return None
    where = (policies.c.organization_id == organization.id) & (policies.c.id == policy_id)
    row = tx.execute(sa.select(policies).where(where)).one_or_none()
    return None if row is None else _read(row)


def listed(tx: Tx, organization: Organization, kind: str) -> list[Policy]:
    """All policies of a type, AWS's included, by id."""
    where = (policies.c.organization_id == organization.id) & (policies.c.type == kind)
    own = [_read(row) for row in tx.execute(sa.select(policies).where(where))]
    return sorted((FULL_ACCESS[kind], *own), key=lambda policy: policy.id)


def add(
    tx: Tx, organization: Organization, kind: str, name: str, description: str, content: str
) -> Policy:
    """Make a policy; `Conflict` when one of its type has the name."""
    policy = Policy(new_id("p", 10), kind, name, description, content)
    tx.execute(
        policies.insert().values(
            id=policy.id,
            organization_id=organization.id,
            type=kind,
            name=name,
            description=description,
            content=content,
        )
    )
    return policy


def change(tx: Tx, policy: Policy, name: str, description: str, content: str) -> Policy:
    """Set what a policy says and is called; `Conflict` when another of its type has the name."""
    values = {"name": name, "description": description, "content": content}
    tx.execute(policies.update().where(policies.c.id == policy.id).values(**values))
    epoch.bump(tx)
    return replace(policy, name=name, description=description, content=content)


def remove(tx: Tx, policy_id: str) -> None:
    """Delete a policy that is attached to nothing."""
    tx.execute(policies.delete().where(policies.c.id == policy_id))


def attach(tx: Tx, target_id: str, policy: Policy, now_ms: int) -> None:
    """Hang a policy that is not there yet on a root, unit or account."""
    tx.execute(
        attachments.insert().values(
            target_id=target_id, policy_id=policy.id, type=policy.type, attached_ms=now_ms
        )
    )
    epoch.bump(tx)


def detach(tx: Tx, target_id: str, policy_id: str) -> None:
    """Take a policy off a root, unit or account."""
    table = attachments
    where = (table.c.target_id == target_id) & (table.c.policy_id == policy_id)
    tx.execute(table.delete().where(where))
    epoch.bump(tx)


def detach_all(tx: Tx, organization: Organization, kind: str) -> None:
    """Take every policy of a type off everything."""
    table = attachments
    its_nodes = sa.select(nodes.c.id).where(nodes.c.organization_id == organization.id)
    where = (table.c.type == kind) & table.c.target_id.in_(its_nodes)
    tx.execute(table.delete().where(where))
    epoch.bump(tx)


def attached(tx: Tx, target_ids: Iterable[str]) -> list[tuple[str, Policy]]:
    """What hangs on roots, units and accounts, with the id of each, in order of attachment."""
    table = attachments
    joined = table.outerjoin(policies, policies.c.id == table.c.policy_id)
    query = (
        sa.select(table.c.target_id, table.c.policy_id, policies)
        .select_from(joined)
        .where(table.c.target_id.in_(list(target_ids)))
        .order_by(table.c.attached_ms, table.c.policy_id)
    )
    return [
        (row.target_id, _OF_AWS[row.policy_id] if row.id is None else _read(row))
        for row in tx.execute(query)
    ]


def on(tx: Tx, target_id: str, kind: str) -> list[Policy]:
    """The policies of a type on one root, unit or account."""
    return [policy for _, policy in attached(tx, [target_id]) if policy.type == kind]


def targets(tx: Tx, organization: Organization, policy_id: str) -> list[str]:
    """The ids of what a policy is attached to in an organization, in their order."""
    joined = attachments.join(nodes, nodes.c.id == attachments.c.target_id)
    where = (attachments.c.policy_id == policy_id) & (nodes.c.organization_id == organization.id)
    query = sa.select(nodes.c.id).select_from(joined).where(where).order_by(nodes.c.id)
    return list(tx.execute(query).scalars())


def _read(row: "sa.Row[tuple[object, ...]]") -> Policy:
    return Policy(row.id, row.type, row.name, row.description, row.content)
