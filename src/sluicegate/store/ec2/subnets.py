"""Subnets, and how many of their addresses are taken."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from ..database import Tx
from .tables import interface_addresses, network_interfaces, subnets
from .things import Ids, Place, change, erase, insert, new_id, owned, select


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet; `used` counts the addresses its interfaces have."""

    id: str
    account: str
    region: str
    created_ms: int
    vpc_id: str
    cidr: str
    zone: str
    is_default: bool
    map_public_ip: bool
    hostname_type: str
    dns_a_record: bool
    acl_association_id: str
    used: int
    tags: Mapping[str, str]


def listed(tx: Tx, place: Place, ids: Ids = None) -> list[Subnet]:
    """The subnets of a place."""
    return _read(tx, place, ids=ids)


def of_vpc(tx: Tx, place: Place, vpc_id: str) -> list[Subnet]:
    """The subnets of a VPC."""
    return _read(tx, place, subnets.c.vpc_id == vpc_id)


def create(
    tx: Tx,
    place: Place,
    vpc_id: str,
    cidr: str,
    zone: str,
    now_ms: int,
    *,
    is_default: bool = False,
) -> str:
    """Add a subnet; its id. A default subnet gives public addresses to what is launched in it."""
    return insert(
        tx,
        subnets,
        "subnet",
        place,
        now_ms,
        vpc_id=vpc_id,
        cidr=cidr,
        zone=zone,
        is_default=is_default,
        map_public_ip=is_default,
        hostname_type="ip-name",
        dns_a_record=False,
        acl_association_id=new_id("aclassoc"),
    )


def set_attributes(tx: Tx, id: str, **columns: object) -> None:
    """Set `map_public_ip`, `hostname_type` or `dns_a_record`."""
    change(tx, subnets, id, **columns)


def is_used(tx: Tx, id: str) -> bool:
    """Whether an interface is in the subnet."""
    query = sa.select(network_interfaces.c.id).where(network_interfaces.c.subnet_id == id)
    return tx.execute(query.limit(1)).first() is not None


def delete(tx: Tx, id: str) -> None:
    """Remove a subnet that is not used."""
    erase(tx, subnets, [id])


def _read(
    tx: Tx, place: Place, *conditions: sa.ColumnElement[bool], ids: Ids = None
) -> list[Subnet]:
    wanted = owned(subnets, place, *conditions, ids=ids).with_only_columns(subnets.c.id)
    taken = (
        sa.select(interface_addresses.c.subnet_id, sa.func.count())
        .where(interface_addresses.c.subnet_id.in_(wanted))
        .group_by(interface_addresses.c.subnet_id)
    )
    used: dict[str, int] = dict(tx.execute(taken).all())
    return [
        Subnet(**row, used=used.get(row["id"], 0))
        for row in select(tx, subnets, place, *conditions, ids=ids)
    ]
