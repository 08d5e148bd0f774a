"""Network interfaces, their groups and their addresses.

Operations make, change and remove interfaces. Whether a service uses one (`attach`, `release`) is
written by the service's keeper alone.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from ..database import Tx
from .tables import interface_addresses, interface_groups, network_interfaces, security_groups
from .things import Ids, Place, change, erase, insert, new_id, owned, select


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface. `groups` are (id, name); the first of `addresses` is the primary one.

    `attachment_id` is set while a service uses the interface.
    """

    id: str
    account: str
    region: str
    created_ms: int
    vpc_id: str
    subnet_id: str
    zone: str
    description: str
    mac: str
    source_dest_check: bool
    requester_id: str
    client_token: str | None
    request_digest: str
    attachment_id: str | None
    attached_ms: int | None
    groups: tuple[tuple[str, str], ...]
    addresses: tuple[str, ...]
    tags: Mapping[str, str]


def listed(tx: Tx, place: Place, ids: Ids = None) -> list[Interface]:
    """The interfaces of a place."""
    return _read(tx, place, ids=ids)


def by_token(tx: Tx, place: Place, client_token: str) -> Interface | None:
    """The interface that was made with this client token."""
    found = _read(tx, place, network_interfaces.c.client_token == client_token)
    return found[0] if found else None


def count(tx: Tx, place: Place) -> int:
    """How many interfaces a place has."""
    query = owned(network_interfaces, place).with_only_columns(sa.func.count())
    return tx.execute(query).scalar_one()


def create(
    tx: Tx,
    place: Place,
    now_ms: int,
    *,
    vpc_id: str,
    subnet_id: str,
    zone: str,
    description: str,
    requester_id: str,
    client_token: str | None,
    request_digest: str,
) -> str:
    """Add an interface without groups and addresses; its id."""
    return insert(
        tx,
        network_interfaces,
        "eni",
        place,
        now_ms,
        vpc_id=vpc_id,
        subnet_id=subnet_id,
        zone=zone,
        description=description,
        mac=_mac(),
        source_dest_check=True,
        requester_id=requester_id,
        client_token=client_token,
        request_digest=request_digest,
    )


def set_attributes(tx: Tx, id: str, **columns: object) -> None:
    """Set `description` or `source_dest_check`."""
    change(tx, network_interfaces, id, **columns)


def set_groups(tx: Tx, id: str, group_ids: Iterable[str]) -> None:
    """Put the interface into these groups and no other."""
    tx.execute(interface_groups.delete().where(interface_groups.c.interface_id == id))
    rows = [
        {"interface_id": id, "group_id": group_id, "position": position}
        for position, group_id in enumerate(group_ids)
    ]
    tx.execute(interface_groups.insert(), rows)


def set_addresses(tx: Tx, interface_id: str, subnet_id: str, addresses: Sequence[str]) -> None:
    """Give the interface these addresses, the primary one first, and no other."""
    tx.execute(
        interface_addresses.delete().where(interface_addresses.c.interface_id == interface_id)
    )
    rows = [
        {
            "subnet_id": subnet_id,
            "address": address,
            "interface_id": interface_id,
            "position": position,
        }
        for position, address in enumerate(addresses)
    ]
    tx.execute(interface_addresses.insert(), rows)


def taken(tx: Tx, subnet_id: str) -> dict[str, tuple[str, bool]]:
    """The addresses of a subnet that are taken: by which interface, and whether as its primary."""
    query = sa.select(interface_addresses).where(interface_addresses.c.subnet_id == subnet_id)
    return {row.address: (row.interface_id, row.position == 0) for row in tx.execute(query)}


def delete(tx: Tx, id: str) -> None:
    """Remove an interface; its addresses are free again."""
    for table in (interface_addresses, interface_groups):
        tx.execute(table.delete().where(table.c.interface_id == id))
    erase(tx, network_interfaces, [id])


def attach(tx: Tx, id: str, now_ms: int) -> None:
    """Say that a service uses the interface: it shows as in use and cannot be deleted."""
    change(tx, network_interfaces, id, attachment_id=new_id("ela-attach"), attached_ms=now_ms)


def release(tx: Tx, id: str) -> None:
    """Say that no service uses the interface any more: whoever may can delete it."""
    change(tx, network_interfaces, id, attachment_id=None, attached_ms=None)


def _read(
    tx: Tx, place: Place, *conditions: sa.ColumnElement[bool], ids: Ids = None
) -> list[Interface]:
    wanted = owned(network_interfaces, place, *conditions, ids=ids).with_only_columns(
        network_interfaces.c.id
    )
    members = (
        sa.select(interface_groups.c.interface_id, security_groups.c.id, security_groups.c.name)
        .join(security_groups)
        .where(interface_groups.c.interface_id.in_(wanted))
        .order_by(interface_groups.c.position)
    )
    groups: dict[str, list[tuple[str, str]]] = {}
    for interface_id, group_id, name in tx.execute(members):
        groups.setdefault(interface_id, []).append((group_id, name))
    owned_addresses = (
        sa.select(interface_addresses.c.interface_id, interface_addresses.c.address)
        .where(interface_addresses.c.interface_id.in_(wanted))
        .order_by(interface_addresses.c.position)
    )
    addresses: dict[str, list[str]] = {}
    for interface_id, address in tx.execute(owned_addresses):
        addresses.setdefault(interface_id, []).append(address)
    return [
        Interface(
            **row,
            groups=tuple(groups.get(row["id"], ())),
            addresses=tuple(addresses.get(row["id"], ())),
        )
        for row in select(tx, network_interfaces, place, *conditions, ids=ids)
    ]


def _mac() -> str:
    # 02: an address that is nobody's hardware (locally administered, unicast).
    return ":".join(["02", *(f"{byte:02x}" for byte in secrets.token_bytes(5))])
