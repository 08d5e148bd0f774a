"""The network every account finds in every region: the default VPC and what belongs to it."""

from ...store.database import Tx
from ...store.ec2 import regions, subnets, surroundings, vpcs
from ...store.ec2.things import Place
from . import zones

_CIDR = "172.31.0.0/16"


def provide(tx: Tx, place: Place, now_ms: int) -> None:
    """Make the region's default network, if the region was never used before."""
    if not regions.is_known(tx, place):
        regions.remember(tx, place, now_ms)
        create(tx, place, now_ms)


def create(tx: Tx, place: Place, now_ms: int) -> str:
    """Add the default VPC: a /20 subnet per zone, a gateway, a route to it. The VPC's id."""
    vpc_id = vpcs.create(tx, place, _CIDR, now_ms, is_default=True)
    for number, zone in enumerate(zones.of_region(place.region)):
        cidr = f"172.31.{number * 16}.0/20"
        subnets.create(tx, place, vpc_id, cidr, zone.name, now_ms, is_default=True)
    gateway_id = surroundings.create_gateway(tx, place, now_ms)
    surroundings.attach_gateway(tx, gateway_id, vpc_id)
    surroundings.route_out(tx, vpc_id, gateway_id)
    return vpc_id
