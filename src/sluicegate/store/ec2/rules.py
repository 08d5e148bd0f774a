"""Rules of security groups."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ...network import Peer, PeerKind, Rule, Traffic
from ..database import Tx
from .tables import security_group_rules as table
from .things import Ids, Place, change, erase, insert, select


def listed(tx: Tx, place: Place, ids: Ids = None) -> list[Rule]:
    """The rules of all groups of a place."""
    return _read(select(tx, table, place, ids=ids))


def of_groups(tx: Tx, place: Place, group_ids: "sa.Select[Any] | Sequence[str]") -> list[Rule]:
    """The rules of some groups, in the order they were added."""
    return _read(select(tx, table, place, table.c.group_id.in_(group_ids)))


def add(
    tx: Tx,
    place: Place,
    group_id: str,
    added: Iterable[tuple[Traffic, str | None]],
    now_ms: int,
) -> list[str]:
    """Add rules with their descriptions; their ids. `Conflict` when the group has one already."""
    highest = sa.select(sa.func.max(table.c.position)).where(table.c.group_id == group_id)
    first = (tx.execute(highest).scalar() or 0) + 1
    return [
        insert(
            tx,
            table,
            "sgr",
            place,
            now_ms,
            group_id=group_id,
            description=description,
            position=first + offset,
            **_columns(traffic),
        )
        for offset, (traffic, description) in enumerate(added)
    ]


def replace(tx: Tx, changed: Mapping[str, tuple[Traffic, str | None]]) -> None:
    """Give rules, by id, other traffic and descriptions; they keep their ids and tags."""
    # Two rules may swap their traffic: each is taken out of the unique key's way first.
    for rule_id in changed:
        change(tx, table, rule_id, peer=rule_id)
    for rule_id, (traffic, description) in changed.items():
        change(tx, table, rule_id, description=description, **_columns(traffic))


def describe(tx: Tx, id: str, description: str | None) -> None:
    """Give a rule another description, or none."""
    change(tx, table, id, description=description)


def delete(tx: Tx, ids: Iterable[str]) -> None:
    """Remove rules."""
    erase(tx, table, ids)


def name_group(tx: Tx, group_id: str) -> bool:
    """Whether a rule of another group names this one as its peer."""
    query = sa.select(table.c.id).where(
        table.c.peer_kind == PeerKind.GROUP.value,
        table.c.peer == group_id,
        table.c.group_id != group_id,
    )
    return tx.execute(query.limit(1)).first() is not None


def _columns(traffic: Traffic) -> dict[str, object]:
    return {
        "is_egress": traffic.is_egress,
        "protocol": traffic.protocol,
        "from_port": traffic.from_port,
        "to_port": traffic.to_port,
        "peer_kind": traffic.peer.kind.value,
        "peer": traffic.peer.name,
    }


def _read(rows: Iterable[dict[str, Any]]) -> list[Rule]:
    return [
        Rule(
            row["id"],
            row["group_id"],
            Traffic(
                row["is_egress"],
                row["protocol"],
                row["from_port"],
                row["to_port"],
                Peer(PeerKind(row["peer_kind"]), row["peer"]),
            ),
            row["description"],
            row["tags"],
        )
        for row in sorted(rows, key=lambda row: (row["group_id"], row["position"]))
    ]
