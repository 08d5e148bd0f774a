"""Migrations: old or new, never between; and the schema in the code is the one they lead to."""

import dataclasses
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from sluicegate.errors import StartRefused
from sluicegate.store import schema
from sluicegate.store.database import Database, sqlite_url
from sluicegate.store.migrate import JOURNAL, STATE, Half, migrate, migrate_state, upgrade

HALVES = pytest.mark.parametrize("half", [STATE, JOURNAL], ids=lambda half: half.name)
ROOT = Path(__file__).parents[2]

FIRST = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "0001", None
def upgrade():
    op.create_table("notes", sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("text", sa.Text))
    op.create_table("replies", sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("note_id", sa.Integer, sa.ForeignKey("notes.id"), nullable=False))
"""
SECOND = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "0002", "0001"
def upgrade():
    with op.batch_alter_table("notes") as notes:
        notes.alter_column("text", existing_type=sa.Text, nullable=False)
        notes.add_column(sa.Column("author", sa.Text, server_default="nobody"))
    op.create_table("authors", sa.Column("id", sa.Integer, primary_key=True))
"""
STOPS = """
    print("in the middle", flush=True)
    import sys
    sys.stdin.read()
"""
FAILS = """
    op.execute("SELECT * FROM nowhere")
"""
LOSES = """
    op.execute("DELETE FROM notes")
"""


@pytest.fixture
def old(url: str, tmp_path: Path) -> Half:
    """A database two revisions ago, with something in it, and the half that made it."""
    revisions = tmp_path / "revisions" / "notes"
    revisions.mkdir(parents=True)
    (revisions / "v0001_first.py").write_text(FIRST)
    metadata = sa.MetaData()
    sa.Table("notes", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("text"))
    half = Half("notes", metadata, "0001", "notes_version", revisions, checked=True)
    database = Database(url)
    with database.write() as tx:
        upgrade(tx, half)
        tx.exec_driver_sql("INSERT INTO notes (id, text) VALUES (1, 'kept')")
        tx.exec_driver_sql("INSERT INTO replies (id, note_id) VALUES (1, 1)")
    database.close()
    return half


def newer(old: Half, more: str = "") -> Half:
    """The half of the release after, with `more` in its migration."""
    (old.revisions / "v0002_second.py").write_text(SECOND + more)
    return dataclasses.replace(old, head="0002")


def seen(url: str) -> tuple[set[str], str, list[tuple[object, ...]]]:
    """The tables that matter, the version, and the notes."""
    database = Database(url)
    with database.read() as tx:
        tables = set(sa.inspect(tx).get_table_names()) & {"notes", "replies", "authors"}
        version = str(tx.exec_driver_sql("SELECT version_num FROM notes_version").scalar_one())
        notes = [tuple(row) for row in tx.exec_driver_sql("SELECT * FROM notes")]
    database.close()
    return tables, version, notes


OLD = ({"notes", "replies"}, "0001", [(1, "kept")])
NEW = ({"notes", "replies", "authors"}, "0002", [(1, "kept", "nobody")])


@HALVES
def test_the_head_in_the_code_is_the_last_migration(half: Half) -> None:
    script = ScriptDirectory(half.revisions.parent, version_locations=[half.revisions])
    assert script.get_heads() == [half.head]


@HALVES
@pytest.mark.parametrize("way", ["made from the schema", "through the migrations"])
def test_both_ways_lead_to_the_schema_in_the_code(url: str, half: Half, way: str) -> None:
    if way == "made from the schema":
        migrate(url, half)
    with closing(Database(url)) as database, database.write() as tx:
        if way == "through the migrations":
            schema.complete()
            upgrade(tx, half)
        options = {
            "version_table": half.version_table,
            "compare_type": True,
            "compare_server_default": True,
        }
        context = MigrationContext.configure(tx, opts=options)
        assert compare_metadata(context, half.metadata) == []
        assert tx.execute(sa.select(half.version.c.version_num)).scalar_one() == half.head


def test_both_halves_live_in_one_database(url: str) -> None:
    for _ in range(2):
        migrate(url, STATE)
        migrate(url, JOURNAL)
    schema.complete()
    database = Database(url)
    with database.read() as tx:
        tables = set(sa.inspect(tx).get_table_names())
    database.close()
    assert tables >= {"users", "decisions", "alembic_version", "journal_version"}
    assert not set(schema.metadata.tables) & set(schema.journal.tables)


def test_a_server_of_files_migrates_each(tmp_path: Path) -> None:
    state, decisions, events = (
        tmp_path / f"{name}.db" for name in ("state", "decisions", "events")
    )
    migrate_state("", state, decisions, events)
    for path, table in ((state, "users"), (decisions, "decisions"), (events, "log_events")):
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"SELECT * FROM {table}")


def test_a_database_at_head_is_left_alone_and_needs_no_alembic(url: str) -> None:
    migrate(url)
    code = (
        "import sys; from sluicegate.store.migrate import migrate; migrate(sys.argv[1]);"
        "print('alembic' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, url],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False\n"


def test_an_older_database_becomes_new_and_keeps_what_it_held(url: str, old: Half) -> None:
    half = newer(old)
    migrate(url, half)
    assert seen(url) == NEW
    migrate(url, half)
    assert seen(url) == NEW


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_copy_of_the_old_file_is_put_aside(tmp_path: Path, old: Half, url: str) -> None:
    migrate(url, newer(old))
    copy = tmp_path / "state.db.0001.backup"
    assert copy.stat().st_mode & 0o777 == 0o600
    assert seen(sqlite_url(copy)) == OLD
    assert not list(tmp_path.glob("*.draft"))


@pytest.mark.parametrize(("more", "error"), [(FAILS, sa.exc.DBAPIError), (LOSES, StartRefused)])
def test_a_migration_that_fails_leaves_the_old(
    url: str, old: Half, more: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        migrate(url, newer(old, more))
    assert seen(url) == OLD


def test_killed_in_the_middle_it_is_the_old_and_migrates_again(url: str, old: Half) -> None:
    half = newer(old, STOPS)
    code = (
        "import sys, sqlalchemy as sa; from pathlib import Path;"
        "from sluicegate.store.migrate import Half, migrate;"
        "migrate(sys.argv[1], Half('notes', sa.MetaData(), '0002', 'notes_version',"
        " Path(sys.argv[2]), checked=True))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, url, str(half.revisions)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in the middle\n"
        process.kill()
    assert seen(url) == OLD
    migrate(url, newer(old))
    assert seen(url) == NEW


def test_a_newer_database_is_refused_and_says_what_to_do(url: str, old: Half) -> None:
    migrate(url, newer(old))
    (old.revisions / "v0002_second.py").unlink()
    with pytest.raises(
        StartRefused, match=r"newer Sluicegate \(schema 0002, this one knows 0001\); start that one"
    ):
        migrate(url, old)
    assert seen(url) == NEW


def test_somebody_elses_tables_are_refused(url: str) -> None:
    database = Database(url)
    with database.write() as tx:
        tx.exec_driver_sql("CREATE TABLE users (name TEXT)")
    with pytest.raises(StartRefused, match=r"has a table `users`.*not made by Sluicegate"):
        migrate(url)
    with database.read() as tx:
        assert "roles" not in sa.inspect(tx).get_table_names()
    database.close()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.write_text("dear diary " * 1000)
    with pytest.raises(StartRefused, match="damaged; restore it from its backup"):
        migrate(sqlite_url(path))


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("sqlite://", "is not a file; give sqlite:///PATH"),
        ("sqlite:///:memory:", "is not a file; give sqlite:///PATH"),
        ("mysql://root:s3cr3t@localhost/x", "neither sqlite:///PATH nor postgresql://"),
        ("state.db", "neither sqlite:///PATH nor postgresql://"),
    ],
)
def test_a_url_that_cannot_be_served_is_refused(url: str, sentence: str) -> None:
    with pytest.raises(StartRefused, match=sentence) as caught:
        migrate(url)
    assert "s3cr3t" not in str(caught.value)


def test_a_server_that_does_not_answer_is_refused_without_its_password() -> None:
    with pytest.raises(StartRefused, match="does not answer") as caught:
        migrate("postgresql://sluicegate:s3cr3t@127.0.0.1:1/x")
    assert "s3cr3t" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)
