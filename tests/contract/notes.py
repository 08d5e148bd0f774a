"""Two small tables for the store's tests, and what is done with them."""

import sqlalchemy as sa

from sluicegate.store.database import Database, Tx

metadata = sa.MetaData()

notes = sa.Table(
    "notes",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("text", sa.Text, nullable=False),
)
replies = sa.Table(
    "replies",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("note_id", sa.ForeignKey("notes.id"), nullable=False),
)


def create(database: Database) -> None:
    """Make the tables."""
    with database.write() as tx:
        metadata.create_all(tx)


def add(tx: Tx, id: int, text: str = "") -> None:
    """Write one note."""
    tx.execute(notes.insert().values(id=id, text=text))


def ids(database: Database) -> list[int]:
    """The notes that are there, in order."""
    with database.read() as tx:
        return list(tx.execute(sa.select(notes.c.id).order_by(notes.c.id)).scalars())
