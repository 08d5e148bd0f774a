"""Security groups with their rules."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from ...network import ANY_PORT, ANY_PROTOCOL, Peer, PeerKind, Rule, Traffic
from ..database import Tx
from . import rules
from .tables import interface_groups, security_groups
from .things import Ids, Place, erase, insert, owned, select

DEFAULT_NAME = "default"
"""The name of the group each VPC has, and nobody may make or delete."""


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A security group; its rules are in the order they were added."""

    id: str
    account: str
    region: str
    created_ms: int
    vpc_id: str
    name: str
    description: str
    rules: tuple[Rule, ...]
    tags: Mapping[str, str]


def listed(tx: Tx, place: Place, ids: Ids = None) -> list[SecurityGroup]:
    """The security groups of a place."""
    return _read(tx, place, ids=ids)


def of_vpc(tx: Tx, place: Place, vpc_id: str) -> list[SecurityGroup]:
    """The security groups of a VPC."""
    return _read(tx, place, security_groups.c.vpc_id == vpc_id)


def named(tx: Tx, place: Place, vpc_id: str, name: str) -> SecurityGroup | None:
    """The group of a VPC with this name."""
    found = _read(tx, place, security_groups.c.vpc_id == vpc_id, security_groups.c.name == name)
    return found[0] if found else None


def create(tx: Tx, place: Place, vpc_id: str, name: str, description: str, now_ms: int) -> str:
    """Add a group that lets everything out and nothing in; its id."""
    made = insert(
        tx,
        security_groups,
        "sg",
        place,
        now_ms,
        vpc_id=vpc_id,
        name=name,
        description=description,
    )
    out = Traffic(True, ANY_PROTOCOL, ANY_PORT, ANY_PORT, Peer(PeerKind.CIDR, "0.0.0.0/0"))
    rules.add(tx, place, made, [(out, None)], now_ms)
    return made


def count(tx: Tx, place: Place) -> int:
    """How many groups a place has."""
    query = owned(security_groups, place).with_only_columns(sa.func.count())
    return tx.execute(query).scalar_one()


def is_used(tx: Tx, id: str) -> bool:
    """Whether an interface is in the group, or a rule of another group names it."""
    query = sa.select(interface_groups.c.group_id).where(interface_groups.c.group_id == id)
    return tx.execute(query.limit(1)).first() is not None or rules.name_group(tx, id)


def delete(tx: Tx, group: SecurityGroup) -> None:
    """Remove a group that is not used, with its rules."""
    rules.delete(tx, [rule.id for rule in group.rules])
    erase(tx, security_groups, [group.id])


def _read(
    tx: Tx, place: Place, *conditions: sa.ColumnElement[bool], ids: Ids = None
) -> list[SecurityGroup]:
    wanted = owned(security_groups, place, *conditions, ids=ids)
    of_group: dict[str, list[Rule]] = {}
    for rule in rules.of_groups(tx, place, wanted.with_only_columns(security_groups.c.id)):
        of_group.setdefault(rule.group_id, []).append(rule)
    return [
        SecurityGroup(**row, rules=tuple(of_group.get(row["id"], ())))
        for row in select(tx, security_groups, place, *conditions, ids=ids)
    ]
