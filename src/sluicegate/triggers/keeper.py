"""Keeps every event source mapping of the state: a thread each, and one that looks for new ones."""

import threading
import time
from collections.abc import Callable

from ..rounds import Round
from ..store import mappings
from ..store.database import Database
from .kept import Kept

_LOOK_SECONDS = 0.5
_PATIENCE_SECONDS = 2.0


class Keeper:
    """Every mapping, kept until `close`; `make` says how one is."""

    def __init__(self, database: Database, make: Callable[[str], Kept]) -> None:
        self._database = database
        self._make = make
        self._kept: dict[str, tuple[Kept, Round]] = {}
        self._looking = Round("mappings", self._look)

    def start(self) -> None:
        """Begin; the mappings there are start at once."""
        self._looking.start()

    def look(self) -> None:
        """Look at all of them now, and return without waiting for long."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        self._looking.again(deadline)
        for _, each in list(self._kept.values()):
            each.again(deadline)

    @property
    def is_idle(self) -> bool:
        """Whether there is no mapping to keep."""
        return all(each.has_ended for _, each in list(self._kept.values()))

    def close(self) -> None:
        """Stop polling, side by side; what is with functions is finished and committed."""
        self._looking.end()
        kept = list(self._kept.values())
        for _, each in kept:
            each.end(wait=False)
        stopping = [threading.Thread(target=_stop, args=pair) for pair in kept]
        for thread in stopping:
            thread.start()
        for thread in stopping:
            thread.join()

    def _look(self) -> float:
        with self._database.read() as tx:
            ids = [mapping.id for mapping in mappings.all_of(tx)]
        for mapping_id, (_, each) in list(self._kept.items()):
            if each.has_ended:
                del self._kept[mapping_id]
        for mapping_id in ids:
            if mapping_id not in self._kept:
                kept = self._make(mapping_id)
                each = Round(f"mapping {mapping_id}", kept.step)
                self._kept[mapping_id] = kept, each
                each.start()
        return _LOOK_SECONDS


def _stop(kept: Kept, each: Round) -> None:
    each.end()
    kept.stop()
