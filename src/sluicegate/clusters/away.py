"""Clusters whose home is away: their brokers and data are elsewhere, and nobody keeps them there.

What is known of them must not stay what their keeper said last. They are never started here.
"""

from ..store import clusters, homes
from ..store.clusters import AWAY, DELETED, Cluster
from ..store.database import Database, Tx
from ..store.homes import Home

_SEEN_AS = {"CREATING": "CREATING", "ACTIVE": "HEALING", "UPDATING": "HEALING"}


def tell(database: Database, own: str) -> None:
    """Say of each of them why it is not up, or remove it if it should be gone; `own` is not away.

    What a removed one has left at home is seen by nobody any more.
    """
    with database.read() as tx:
        if not _due(tx, own):
            return
    with database.write() as tx:
        # Asked again: their keeper may have come back.
        for cluster, home in _due(tx, own):
            if cluster.wanted == DELETED:
                clusters.remove(tx, cluster.id)
            else:
                state = _SEEN_AS.get(cluster.state, cluster.state)
                clusters.set_state(
                    tx, cluster.id, (cluster.state,), state, "WAITING", _sentence(home)
                )


def _due(tx: Tx, own: str) -> list[tuple[Cluster, Home]]:
    lost = {home.id: home for home in homes.away(tx) if home.id != own}
    if not lost:
        return []
    found = [(each, lost[each.home]) for each in clusters.all_of(tx) if each.home in lost]
    return [
        (each, home)
        for each, home in found
        if each.wanted == DELETED
        or each.state in ("ACTIVE", "UPDATING")
        or each.state_message != _sentence(home)
    ]


def _sentence(home: Home) -> str:
    return (
        f"{AWAY}: no `sluicegate serve` runs on state folder `{home.folder}` of `{home.machine}`, "
        "which has them"
    )
