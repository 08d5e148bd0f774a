"""How far a mapping is: noted for whoever looks, and heard of from other workers that poll it."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from ..clock import Clock
from ..store import mapping_progress
from ..store.database import Database
from ..store.mapping_progress import Progress

_log = logging.getLogger("sluicegate.triggers")

_EVERY_SECONDS = 1.0
# What has not changed is noted all the same now and then: so notes of who is gone grow old.
_AGAIN_SECONDS = 10.0
_OLD_MS = 30_000


class Advancing(Protocol):
    """Who knows how far a mapping is."""

    def progress(self) -> list[Progress]:
        """How far it is, by partition."""
        ...


class Notes:
    """A mapping's notes; `owner` is who writes these."""

    def __init__(
        self,
        mapping_id: str,
        owner: str,
        database: Database,
        clock: Clock,
        monotonic: Callable[[], float],
    ) -> None:
        self._mapping_id = mapping_id
        self._owner = owner
        self._database = database
        self._clock = clock
        self._monotonic = monotonic
        self._looked_at = self._written_at = self._heard_at = 0.0
        self._written: list[Progress] = []
        self._heard: list[str] = []

    def write(self, polling: Advancing) -> None:
        """Note how far it is, now and then."""
        now = self._monotonic()
        if now - self._looked_at < _EVERY_SECONDS:
            return
        self._looked_at = now
        notes = polling.progress()
        timeless = [replace(note, at_ms=0) for note in notes]
        if timeless != self._written or now - self._written_at >= _AGAIN_SECONDS:
            with self._database.write() as tx:
                setbacks = mapping_progress.note_progress(tx, notes)
            self._written, self._written_at = timeless, now
            for back in setbacks:
                _log.error(
                    "set back mapping=%s partition=%d: the group was at %d and is at %d",
                    *(self._mapping_id, back.partition, back.before, back.began),
                )

    def results_of_others(self) -> list[str]:
        """What became of the last batches of partitions that other workers poll; as of lately."""
        now = self._monotonic()
        if now - self._heard_at >= _EVERY_SECONDS:
            self._heard_at = now
            with self._database.read() as tx:
                notes = mapping_progress.progress_of(tx, self._mapping_id)
            oldest_ms = self._clock.now_ms() - _OLD_MS
            self._heard = [
                each.last_result
                for each in notes
                if each.owner != self._owner and each.at_ms > oldest_ms and each.last_result
            ]
        return self._heard
