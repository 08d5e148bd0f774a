"""An organization: whose it is, and which types of policy are enabled in its root."""

import secrets
import string
from dataclasses import dataclass

import sqlalchemy as sa

from .. import epoch
from ..database import Tx
from . import tables
from .tables import nodes, organizations, policy_types

SERVICE_CONTROL = "SERVICE_CONTROL_POLICY"
RESOURCE_CONTROL = "RESOURCE_CONTROL_POLICY"
ALL_FEATURES = "ALL"

_LETTERS = string.ascii_lowercase + string.digits


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization, named by its management account in every ARN."""

    id: str
    management: str
    feature_set: str

    @property
    def arn(self) -> str:
        """The organization's own ARN."""
        return self.arn_of("organization", "")

    def arn_of(self, noun: str, name: str) -> str:
        """The ARN of something in it: `noun` is root, ou, account or policy."""
        ending = f"/{name}" if name else ""
        return f"arn:aws:organizations::{self.management}:{noun}/{self.id}{ending}"


def new_id(prefix: str, letters: int) -> str:
    """An id nobody had before: the prefix says what it identifies (o, r, ou, p, car)."""
    return f"{prefix}-" + "".join(secrets.choice(_LETTERS) for _ in range(letters))


def of_account(tx: Tx, account: str) -> Organization | None:
    """The organization an account is in."""
    joined = organizations.join(nodes, nodes.c.organization_id == organizations.c.id)
    query = sa.select(organizations).select_from(joined).where(nodes.c.id == account)
    row = tx.execute(query).one_or_none()
    return None if row is None else Organization(row.id, row.account, row.feature_set)


def add(tx: Tx, management: str, feature_set: str) -> Organization:
    """Make an organization with nothing in it yet."""
    made = Organization(new_id("o", 10), management, feature_set)
    tx.execute(
        organizations.insert().values(
            id=made.id, account=management, region="", feature_set=feature_set
        )
    )
    epoch.bump(tx)
    return made


def remove(tx: Tx, organization: Organization) -> None:
    """Delete an organization with all that is in it."""
    its_nodes = sa.select(nodes.c.id).where(nodes.c.organization_id == organization.id)
    attachments = tables.attachments
    tx.execute(attachments.delete().where(attachments.c.target_id.in_(its_nodes)))
    for table in (tables.policies, nodes, policy_types):
        tx.execute(table.delete().where(table.c.organization_id == organization.id))
    tx.execute(organizations.delete().where(organizations.c.id == organization.id))
    epoch.bump(tx)


def enabled_types(tx: Tx, organization: Organization) -> list[str]:
    """The types of policy that are enabled in the root."""
    table = policy_types
    query = sa.select(table.c.type).where(table.c.organization_id == organization.id)
    return sorted(tx.execute(query).scalars())


def enable_type(tx: Tx, organization: Organization, kind: str) -> None:
    """Let policies of a type that is not enabled yet count from now on."""
    tx.execute(policy_types.insert().values(organization_id=organization.id, type=kind))
    epoch.bump(tx)


def disable_type(tx: Tx, organization: Organization, kind: str) -> None:
    """Let policies of a type no longer count."""
    table = policy_types
    where = (table.c.organization_id == organization.id) & (table.c.type == kind)
    tx.execute(table.delete().where(where))
    epoch.bump(tx)
