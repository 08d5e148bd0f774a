"""Bring a database to this code's schema: at head already, new, or through the migrations.

    at head                → one row is read, nothing else is loaded
    new                    → the tables are made from the schema as it is
    older                  → a copy is put aside, then every migration in one transaction
    newer, or not ours     → `StartRefused`

Forward only. Killed at any moment, a database is as it was or as it should be. The schema has two
halves, the state and the journal (see `schema`), each with a chain of migrations and a version of
its own, so that both can live in one PostgreSQL database.
"""

import contextlib
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from ..errors import Corrupted, StartRefused, Unavailable
from . import schema
from .database import Conflict, Database, Tx, sqlite_path, sqlite_url

_FOLDER = Path(__file__).parent / "migrations"


@dataclass(frozen=True, slots=True)
class Half:
    """A chain of migrations, what it leads to, and where a database says how far it has come.

    `head` is the newest revision, told here so that a start needs no Alembic to compare with it.
    `checked` databases are read through at each start.
    """

    name: str
    metadata: sa.MetaData
    head: str
    version_table: str
    revisions: Path
    checked: bool

    @property
    def version(self) -> sa.Table:
        """The table with the one row."""
        column = sa.Column("version_num", sa.String(32), primary_key=True)
        return sa.Table(self.version_table, sa.MetaData(), column)


STATE = Half("state", schema.metadata, "0007", "alembic_version", _FOLDER / "state", checked=True)
# Not checked: it may be large, and a start must be quick. What is damaged shows when it is read.
JOURNAL = Half(
    "journal", schema.journal, "0001", "journal_version", _FOLDER / "journal", checked=False
)


def migrate_state(shared_url: str, state: Path, *journals: Path) -> None:
    """Migrate all of a server's databases: the shared one if there is one, else these files."""
    if shared_url:
        migrate(shared_url, STATE)
        migrate(shared_url, JOURNAL)
        return
    migrate(sqlite_url(state), STATE)
    for path in journals:
        migrate(sqlite_url(path), JOURNAL)


def migrate(url: str, half: Half = STATE) -> None:
    """Bring one database to `half`'s head; `StartRefused` says why it cannot be, and what to do.

    The caller holds the state folder's lock: nobody else writes an SQLite file meanwhile.
    """
    # Migrations rebuild tables, which references to them would forbid; they are checked after.
    database = Database(url, foreign_keys=False)
    try:
        if half.checked:
            database.check()
        _migrate(database, half)
    except (Unavailable, Corrupted, Conflict) as error:
        raise StartRefused(
            f"the database of the {half.name}, `{url_shown(url)}`: {error}"
        ) from error
    finally:
        database.close()


def url_shown(url: str) -> str:
    """A database's URL without its password."""
    return sa.make_url(url).render_as_string()


def _migrate(database: Database, half: Half) -> None:
    with database.read() as tx:
        version = _version(tx, half)
    if version == half.head:
        return
    schema.complete()
    if version is None:
        _create(database, half)
        return
    if database.is_sqlite:
        _put_aside(sqlite_path(database.url), version)
    with database.write() as tx:
        upgrade(tx, half)
        _check_references(tx)


def _version(tx: Tx, half: Half) -> str | None:
    if not sa.inspect(tx).has_table(half.version_table):
        return None
    version = tx.execute(sa.select(half.version.c.version_num)).scalar_one_or_none()
    return None if version is None else str(version)


def _create(database: Database, half: Half) -> None:
    with database.write() as tx:
        # Asked again: of two that start at once on PostgreSQL, the second finds it done.
        if _version(tx, half) is not None:
            return
        there = set(sa.inspect(tx).get_table_names()) & set(half.metadata.tables)
        if there:
            raise StartRefused(
                f"the database `{url_shown(database.url)}` has a table `{min(there)}` but no"
                f" `{half.version_table}`: it was not made by Sluicegate; give an empty one"
            )
        half.metadata.create_all(tx, checkfirst=False)
        half.version.create(tx)
        tx.execute(half.version.insert().values(version_num=half.head))


def upgrade(tx: Tx, half: Half) -> None:
    """Run what is missing of `half`'s migrations, in this transaction."""
    # Imported here: most starts find nothing to do, and Alembic takes longer than all else.
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    script = ScriptDirectory(half.revisions.parent, version_locations=[half.revisions])
    version = _version(tx, half)
    try:
        known = version is None or script.get_revision(version) is not None
    except CommandError:
        known = False
    if not known:
        raise StartRefused(
            f"the database of the {half.name} was written by a newer Sluicegate (schema"
            f" {version}, this one knows {half.head}); start that one, or restore the copy that"
            " it put aside before it migrated"
        )
    context = MigrationContext.configure(
        tx,
        opts={
            # What Alembic's own `upgrade` command hands over; there is no public name for it.
            "fn": lambda revision, _context: script._upgrade_revs("head", revision),
            "version_table": half.version_table,
            "transactional_ddl": True,
        },
    )
    with Operations.context(context):
        context.run_migrations()


def _check_references(tx: Tx) -> None:
    if tx.dialect.name != "sqlite":
        return
    broken = tx.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise Corrupted(f"a migration left table `{broken[0]}` with a reference to nothing")


def _put_aside(path: Path, version: str) -> None:
    """A copy beside the file, named for its version: what to go back to."""
    copy = path.with_name(f"{path.name}.{version}.backup")
    draft = copy.with_suffix(".draft")
    try:
        draft.unlink(missing_ok=True)
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("VACUUM INTO ?", (str(draft),))
        _sync(draft)
        # Renamed when whole: a kill on the way must not leave half a copy under its name.
        draft.rename(copy)
        _sync(path.parent)
    except (OSError, sqlite3.Error) as error:
        draft.unlink(missing_ok=True)
        raise StartRefused(
            f"`{path}` cannot be copied to `{copy}` before it is migrated: {error}"
        ) from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
