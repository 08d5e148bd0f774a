"""What is stored, watched from outside: whether a call changed it, and how to undo that."""

import sqlite3
from pathlib import Path
from typing import TypeAlias

Rows: TypeAlias = dict[str, list[tuple[object, ...]]]

# Moves on by itself, whatever is undone: a cache would otherwise believe itself valid.
_EPOCH = "epoch"


class State:
    """One SQLite file of an endpoint, as it was when this was made.

    Written behind the endpoint's back, and only while no call is under way.
    """

    def __init__(self, path: Path) -> None:
        self._file = sqlite3.connect(path, isolation_level=None)
        found = self._file.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        names = sorted(name for (name,) in found if not name.startswith("sqlite_"))
        self._has_epoch = _EPOCH in names
        self._columns = {name: self._lasting(name) for name in names if name != _EPOCH}
        self._version = self._seen()
        self._rows = self._read()

    def close(self) -> None:
        """Leave the file as it is."""
        self._file.close()

    def changed(self) -> list[str]:
        """The tables that hold other rows than at first."""
        # SQLite says cheaply that somebody has committed something; mostly nobody has.
        if self._seen() == self._version:
            return []
        now = self._read()
        return [name for name, rows in self._rows.items() if rows != now[name]]

    def restore(self) -> None:
        """Put every row back."""
        changed = self.changed()
        if changed:
            self._file.execute("BEGIN IMMEDIATE")
            self._file.execute("PRAGMA defer_foreign_keys=ON")
            for name in changed:
                self._file.execute(f"DELETE FROM {name}")
            for name in changed:
                columns = self._columns[name]
                marks = ", ".join("?" * len(columns))
                insert = f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})"
                self._file.executemany(insert, self._rows[name])
            if self._has_epoch:
                self._file.execute(f"UPDATE {_EPOCH} SET value = value + 1")
            self._file.execute("COMMIT")
        self._version = self._seen()

    def _seen(self) -> int:
        (version,) = self._file.execute("PRAGMA data_version").fetchone()
        return int(version)

    def _lasting(self, table: str) -> list[str]:
        """The columns but those that say when something was last used: they are written later."""
        columns = [row[1] for row in self._file.execute(f"PRAGMA table_info({table})")]
        return [column for column in columns if not column.startswith("last_used")]

    def _read(self) -> Rows:
        return {
            name: self._file.execute(
                f"SELECT {', '.join(columns)} FROM {name} ORDER BY rowid"
            ).fetchall()
            for name, columns in self._columns.items()
        }
