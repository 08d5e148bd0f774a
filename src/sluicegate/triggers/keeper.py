"""Keeps every event source mapping of the state."""

from collections.abc import Callable

from .. import rounds
from ..store import mappings
from ..store.database import Database
from .kept import Kept


class Keeper(rounds.Keeper):
    """Every mapping, kept until `close`; `make` says how one is.

    What is with functions when it is closed is finished and committed.
    """

    def __init__(self, database: Database, make: Callable[[str], Kept]) -> None:
        def ids() -> list[str]:
            with database.read() as tx:
                return [mapping.id for mapping in mappings.all_of(tx)]

        super().__init__("mapping", ids, make)
