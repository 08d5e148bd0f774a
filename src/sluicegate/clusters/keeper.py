"""Keeps the clusters that are at home in one state folder."""

from .. import rounds
from ..clock import Clock
from ..store import clusters
from ..store.database import Database
from . import away
from .kept import Kept
from .machinery import Machinery, Secrets


class Keeper(rounds.Keeper):
    """The clusters of `home`, kept until `close`, which ends all nodes; what they keep stays.

    Clusters of other homes are their keepers'; it only says of them when these are away.
    """

    def __init__(
        self, database: Database, machinery: Machinery, secrets: Secrets, clock: Clock, home: str
    ) -> None:
        def ids() -> list[str]:
            away.tell(database, home)
            with database.read() as tx:
                return clusters.at_home(tx, home)

        super().__init__(
            "cluster", ids, lambda each: Kept(each, database, machinery, secrets, clock)
        )
