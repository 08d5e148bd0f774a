"""Empty the state: everything made through the API is gone, keys and root stay."""

from . import epoch
from .database import Database
from .schema import journal, metadata

# What outlives a reset: the epoch must move on, never back, or a cache would believe itself valid;
# the brokers' authority is trusted by clients' files; homes and seals are of state folders.
_KEPT = frozenset({"epoch", "authorities", "homes", "seals"})


def empty(state: Database, *journals: Database) -> None:
    """Delete every row; returns when that is durable."""
    with state.write() as tx:
        for table in reversed(metadata.sorted_tables):
            if table.name not in _KEPT:
                tx.execute(table.delete())
        for name in (epoch.PERMISSIONS, epoch.CLUSTERS, epoch.MAPPINGS):
            epoch.bump(tx, name)
    for database in dict.fromkeys(journals):
        with database.write() as tx:
            for table in reversed(journal.sorted_tables):
                tx.execute(table.delete())
