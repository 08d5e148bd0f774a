"""What tells whether a master key is the one of this database: a value that it alone opens."""

from dataclasses import dataclass

import sqlalchemy as sa

from .authorities import authorities
from .database import Tx
from .identities import access_keys
from .schema import metadata
from .secrets import secret_versions

seals = sa.Table(
    "seals",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    # Sealed for purpose "seal", row ("seals", name).
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    # Where the key is: the machine and the file of who was first.
    sa.Column("machine", sa.String(255), nullable=False),
    sa.Column("path", sa.Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Seal:
    """A sealed value, and where the key was that sealed it."""

    name: str
    sealed: bytes
    machine: str
    path: str


def find(tx: Tx, name: str) -> Seal | None:
    """The seal of this name."""
    row = tx.execute(sa.select(seals).where(seals.c.name == name)).one_or_none()
    return Seal(*row) if row else None


def insert(tx: Tx, seal: Seal) -> None:
    """Keep the seal of a database that had none."""
    values = {"sealed": seal.sealed, "machine": seal.machine, "path": seal.path}
    tx.execute(seals.insert().values(name=seal.name, **values))


def any_sealed(tx: Tx) -> bytes | None:
    """Something that is sealed, in a database that is older than its seal."""
    for column in (authorities.c.sealed_key, access_keys.c.secret, secret_versions.c.sealed):
        value: bytes | None = tx.execute(sa.select(column).limit(1)).scalar()
        if value is not None:
            return value
    return None
