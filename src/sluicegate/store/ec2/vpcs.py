"""VPCs with what comes and goes with them: main route table, network ACL, default group."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from ...network import ANY_PORT, ANY_PROTOCOL, Peer, PeerKind, Traffic
from ..database import Tx
from . import groups, regions, rules
from .tables import (
    internet_gateways,
    network_acls,
    network_interfaces,
    route_tables,
    security_groups,
    subnets,
    vpcs,
)
from .things import Ids, Place, change, erase, insert, new_id, select


@dataclass(frozen=True, slots=True)
class Vpc:
    """A VPC; `slot` is what keeps the default one unique."""

    id: str
    account: str
    region: str
    created_ms: int
    cidr: str
    cidr_association_id: str
    is_default: bool
    slot: str
    tenancy: str
    dhcp_options_id: str
    dns_support: bool
    dns_hostnames: bool
    usage_metrics: bool
    tags: Mapping[str, str]


def listed(tx: Tx, place: Place, ids: Ids = None) -> list[Vpc]:
    """The VPCs of a place."""
    return [Vpc(**row) for row in select(tx, vpcs, place, ids=ids)]


def default(tx: Tx, place: Place) -> Vpc | None:
    """The default VPC, unless it was deleted."""
    rows = select(tx, vpcs, place, vpcs.c.slot == "default")
    return Vpc(**rows[0]) if rows else None


def create(
    tx: Tx,
    place: Place,
    cidr: str,
    now_ms: int,
    *,
    tenancy: str = "default",
    is_default: bool = False,
) -> str:
    """Add a VPC with its route table, ACL and default group; the id of the VPC."""
    vpc_id = insert(
        tx,
        vpcs,
        "vpc",
        place,
        now_ms,
        cidr=cidr,
        cidr_association_id=new_id("vpc-cidr-assoc"),
        is_default=is_default,
        slot="default" if is_default else new_id("slot"),
        tenancy=tenancy,
        dhcp_options_id=regions.dhcp(tx, place)[0].id,
        dns_support=True,
        dns_hostnames=is_default,
        usage_metrics=False,
    )
    insert(tx, route_tables, "rtb", place, now_ms, vpc_id=vpc_id, association_id=new_id("rtbassoc"))
    insert(tx, network_acls, "acl", place, now_ms, vpc_id=vpc_id)
    group_id = groups.create(
        tx, place, vpc_id, groups.DEFAULT_NAME, "default VPC security group", now_ms
    )
    own = Traffic(False, ANY_PROTOCOL, ANY_PORT, ANY_PORT, Peer(PeerKind.GROUP, group_id))
    rules.add(tx, place, group_id, [(own, None)], now_ms)
    return vpc_id


def set_attributes(tx: Tx, id: str, **columns: bool) -> None:
    """Set `dns_support`, `dns_hostnames` or `usage_metrics`."""
    change(tx, vpcs, id, **columns)


def is_used(tx: Tx, id: str) -> bool:
    """Whether something hangs on the VPC that must be deleted or detached first."""
    others = (
        sa.select(subnets.c.id).where(subnets.c.vpc_id == id),
        sa.select(network_interfaces.c.id).where(network_interfaces.c.vpc_id == id),
        sa.select(internet_gateways.c.id).where(internet_gateways.c.vpc_id == id),
        sa.select(security_groups.c.id).where(
            security_groups.c.vpc_id == id, security_groups.c.name != groups.DEFAULT_NAME
        ),
    )
    return tx.execute(sa.union_all(*others).limit(1)).first() is not None


def delete(tx: Tx, place: Place, id: str) -> None:
    """Remove a VPC that is not used, with all that came with it."""
    for group in groups.of_vpc(tx, place, id):
        groups.delete(tx, group)
    for table in (route_tables, network_acls):
        erase(
            tx, table, tx.execute(sa.select(table.c.id).where(table.c.vpc_id == id)).scalars().all()
        )
    erase(tx, vpcs, [id])
