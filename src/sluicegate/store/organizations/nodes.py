"""Roots, units and accounts: the places of an organization that policies hang on."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

import sqlalchemy as sa

from .. import epoch
from ..database import Tx
from .organizations import Organization
from .tables import attachments, nodes


class Kind(Enum):
    """What a place is; the value is the word of AWS's target types."""

    ROOT = "ROOT"
    UNIT = "ORGANIZATIONAL_UNIT"
    ACCOUNT = "ACCOUNT"


_NOUNS = {Kind.ROOT: "root", Kind.UNIT: "ou", Kind.ACCOUNT: "account"}


@dataclass(frozen=True, slots=True)
class Node:
    """A root, a unit or an account. A root has no parent; only accounts have an email."""

    id: str
    parent_id: str
    name: str
    email: str = ""
    joined_ms: int = 0

    @property
    def kind(self) -> Kind:
        """What it is, by its id."""
        return kind_of(self.id)

    def arn(self, organization: Organization) -> str:
        """Its ARN in its organization."""
        return organization.arn_of(_NOUNS[self.kind], self.id)


def kind_of(node_id: str) -> Kind:
    """What an id names, be there such a place or not."""
    if node_id.startswith("r-"):
        return Kind.ROOT
    return Kind.UNIT if node_id.startswith("ou-") else Kind.ACCOUNT


def arn_of(organization: Organization, node_id: str) -> str:
    """The ARN of a place of that id, be there such a one or not."""
    return organization.arn_of(_NOUNS[kind_of(node_id)], node_id)


def find(tx: Tx, organization: Organization, node_id: str) -> Node | None:
    """The place of that id in the organization."""
    if "\0" in node_id:  # PostgreSQL refuses the very question.
        return None
    where = (nodes.c.organization_id == organization.id) & (nodes.c.id == node_id)
    row = tx.execute(sa.select(nodes).where(where)).one_or_none()
    return None if row is None else _read(row)


def every(tx: Tx, organization: Organization) -> list[Node]:
    """All places of an organization, by id."""
    query = sa.select(nodes).where(nodes.c.organization_id == organization.id)
    return [_read(row) for row in tx.execute(query.order_by(nodes.c.id))]


def accounts_with(tx: Tx, account: str) -> list[str]:
    """The numbers of all accounts in the organization of one, its own among them."""
    where = (
        nodes.c.organization_id
        == sa.select(nodes.c.organization_id).where(nodes.c.id == account).scalar_subquery()
    )
    found = tx.execute(sa.select(nodes.c.id).where(where)).scalars()
    return [node_id for node_id in found if kind_of(node_id) is Kind.ACCOUNT]


def root(tx: Tx, organization: Organization) -> Node:
    """The one root."""
    where = (nodes.c.organization_id == organization.id) & (nodes.c.parent_id == "")
    return _read(tx.execute(sa.select(nodes).where(where)).one())


def children(tx: Tx, parent_id: str, kind: Kind) -> list[Node]:
    """The units or the accounts right below a place, by id."""
    query = sa.select(nodes).where(nodes.c.parent_id == parent_id).order_by(nodes.c.id)
    return [node for node in map(_read, tx.execute(query)) if node.kind is kind]


def way(tx: Tx, organization: Organization, node_id: str) -> list[Node]:
    """A place and all above it, root first."""
    above: list[Node] = []
    while node := find(tx, organization, node_id):
        above.insert(0, node)
        node_id = node.parent_id
    return above


def path(organization: Organization, way_there: Iterable[Node]) -> str:
    """The path of a place as AWS writes it: `o-…/r-…/ou-…/`."""
    return "/".join((organization.id, *(node.id for node in way_there), ""))


def add(tx: Tx, organization: Organization, node: Node) -> None:
    """Add a place below its parent."""
    tx.execute(
        nodes.insert().values(
            id=node.id,
            organization_id=organization.id,
            parent_id=node.parent_id,
            name=node.name,
            email=node.email,
            joined_ms=node.joined_ms,
        )
    )
    epoch.bump(tx)


def rename(tx: Tx, node_id: str, name: str) -> None:
    """Give a unit another name."""
    tx.execute(nodes.update().where(nodes.c.id == node_id).values(name=name))


def move(tx: Tx, node_id: str, parent_id: str) -> None:
    """Put an account below another parent."""
    tx.execute(nodes.update().where(nodes.c.id == node_id).values(parent_id=parent_id))
    epoch.bump(tx)


def remove(tx: Tx, node_id: str) -> None:
    """Take a place with nothing below it away, and what is attached to it off."""
    tx.execute(attachments.delete().where(attachments.c.target_id == node_id))
    tx.execute(nodes.delete().where(nodes.c.id == node_id))
    epoch.bump(tx)


def _read(row: "sa.Row[tuple[object, ...]]") -> Node:
    return Node(row.id, row.parent_id, row.name, row.email, row.joined_ms)
