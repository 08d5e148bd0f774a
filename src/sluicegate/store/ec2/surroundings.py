"""What lies around subnets: internet gateways, main route tables, default network ACLs."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from ..database import Tx
from .tables import internet_gateways, network_acls, route_tables, subnets, vpcs
from .things import Ids, Place, change, erase, insert, owned, select


@dataclass(frozen=True, slots=True)
class InternetGateway:
    """A gateway; `vpc_id` is the VPC it is attached to, if any."""

    id: str
    account: str
    region: str
    created_ms: int
    vpc_id: str | None
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RouteTable:
    """The main route table of a VPC. `vpc_cidr` is routed locally, the rest to `gateway_id`.

    `is_open` says whether that gateway is attached, so that the route leads somewhere.
    """

    id: str
    account: str
    region: str
    created_ms: int
    vpc_id: str
    association_id: str
    gateway_id: str | None
    vpc_cidr: str
    is_open: bool
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NetworkAcl:
    """The default ACL of a VPC; `associations` are (association id, subnet id)."""

    id: str
    account: str
    region: str
    created_ms: int
    vpc_id: str
    associations: tuple[tuple[str, str], ...]
    tags: Mapping[str, str]


def gateways(tx: Tx, place: Place, ids: Ids = None) -> list[InternetGateway]:
    """The internet gateways of a place."""
    return [InternetGateway(**row) for row in select(tx, internet_gateways, place, ids=ids)]


def create_gateway(tx: Tx, place: Place, now_ms: int) -> str:
    """Add a gateway that is attached to nothing; its id."""
    return insert(tx, internet_gateways, "igw", place, now_ms)


def attach_gateway(tx: Tx, id: str, vpc_id: str | None) -> None:
    """Attach a gateway to a VPC, or to nothing."""
    change(tx, internet_gateways, id, vpc_id=vpc_id)


def delete_gateway(tx: Tx, id: str) -> None:
    """Remove a gateway that is attached to nothing."""
    erase(tx, internet_gateways, [id])


def route_out(tx: Tx, vpc_id: str, gateway_id: str) -> None:
    """Send what is not local through a gateway, in the VPC's main route table."""
    query = route_tables.update().where(route_tables.c.vpc_id == vpc_id)
    tx.execute(query.values(gateway_id=gateway_id))


def tables(tx: Tx, place: Place, ids: Ids = None) -> list[RouteTable]:
    """The route tables of a place."""
    query = owned(vpcs, place).with_only_columns(vpcs.c.id, vpcs.c.cidr)
    cidrs: dict[str, str] = dict(tx.execute(query).all())
    attached = {gateway.id: gateway.vpc_id for gateway in gateways(tx, place)}
    return [
        RouteTable(
            **row,
            vpc_cidr=cidrs[row["vpc_id"]],
            is_open=attached.get(row["gateway_id"]) == row["vpc_id"],
        )
        for row in select(tx, route_tables, place, ids=ids)
    ]


def acls(tx: Tx, place: Place, ids: Ids = None) -> list[NetworkAcl]:
    """The network ACLs of a place."""
    query = owned(subnets, place).with_only_columns(
        subnets.c.vpc_id, subnets.c.acl_association_id, subnets.c.id
    )
    of_vpc: dict[str, list[tuple[str, str]]] = {}
    for vpc_id, association_id, subnet_id in tx.execute(query.order_by(subnets.c.id)):
        of_vpc.setdefault(vpc_id, []).append((association_id, subnet_id))
    return [
        NetworkAcl(**row, associations=tuple(of_vpc.get(row["vpc_id"], ())))
        for row in select(tx, network_acls, place, ids=ids)
    ]


def attached_gateway(tx: Tx, vpc_id: str) -> str | None:
    """The gateway attached to a VPC, if any."""
    query = sa.select(internet_gateways.c.id).where(internet_gateways.c.vpc_id == vpc_id)
    return tx.execute(query).scalar()
