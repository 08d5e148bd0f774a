"""Keeps every event source mapping of the state."""

from collections.abc import Callable

from .. import rounds
from ..store import clusters, mappings
from ..store.database import Database
from ..store.mappings import DELETED


class Keeper(rounds.Keeper):
    """Every mapping, kept until `close`; `make` says how one is.

    Brokers of clusters whose `home` is elsewhere listen on a loopback address there: what reads
    from them is left to the workers that can reach them. What is with functions when it is closed
    is finished and committed.
    """

    def __init__(self, database: Database, make: Callable[[str], rounds.Kept], home: str) -> None:
        def ids() -> list[str]:
            with database.read() as tx:
                elsewhere = clusters.elsewhere(tx, home)
                return [
                    mapping.id
                    for mapping in mappings.all_of(tx)
                    if mapping.event_source_arn not in elsewhere or mapping.wanted == DELETED
                ]

        super().__init__("mapping", ids, make)
