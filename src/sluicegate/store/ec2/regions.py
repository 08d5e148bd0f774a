"""Which regions of an account were ever used, and their DHCP options."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from ..database import Tx
from .tables import dhcp_options, regions
from .things import Ids, Place, insert, select


@dataclass(frozen=True, slots=True)
class DhcpOptions:
    """The one set of DHCP options of a region: Amazon's."""

    id: str
    account: str
    region: str
    created_ms: int
    tags: Mapping[str, str]


def is_known(tx: Tx, place: Place) -> bool:
    """Whether the region was used before, so that its default network is or was there."""
    query = sa.select(regions.c.region).where(
        regions.c.account == place.account, regions.c.region == place.region
    )
    return tx.execute(query).first() is not None


def remember(tx: Tx, place: Place, now_ms: int) -> None:
    """Make the region known and give it its DHCP options; `Conflict` when somebody did."""
    tx.execute(regions.insert().values(account=place.account, region=place.region))
    insert(tx, dhcp_options, "dopt", place, now_ms)


def dhcp(tx: Tx, place: Place, ids: Ids = None) -> list[DhcpOptions]:
    """The DHCP options of a place."""
    return [DhcpOptions(**row) for row in select(tx, dhcp_options, place, ids=ids)]
