"""Keeps every cluster of the state."""

from .. import rounds
from ..clock import Clock
from ..store import clusters
from ..store.database import Database
from .kept import Kept
from .machinery import Machinery, Secrets


class Keeper(rounds.Keeper):
    """Every cluster, kept until `close`, which ends all nodes; what they keep stays."""

    def __init__(
        self, database: Database, machinery: Machinery, secrets: Secrets, clock: Clock
    ) -> None:
        def ids() -> list[str]:
            with database.read() as tx:
                return [cluster.id for cluster in clusters.all_of(tx)]

        super().__init__(
            "cluster", ids, lambda each: Kept(each, database, machinery, secrets, clock)
        )
