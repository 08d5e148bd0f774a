"""The certificate authority of the managed brokers: its certificate, and its key sealed."""

from dataclasses import dataclass

import sqlalchemy as sa

from .database import Tx
from .schema import metadata

authorities = sa.Table(
    "authorities",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("certificate", sa.Text, nullable=False),
    # Sealed for purpose "authority", row ("authorities", name).
    sa.Column("sealed_key", sa.LargeBinary, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Authority:
    """One certificate authority; `certificate` is PEM."""

    name: str
    certificate: str
    sealed_key: bytes


def find(tx: Tx, name: str) -> Authority | None:
    """The authority of this name."""
    row = tx.execute(sa.select(authorities).where(authorities.c.name == name)).one_or_none()
    return Authority(*row) if row else None


def insert(tx: Tx, authority: Authority) -> None:
    """Keep a new authority; `Conflict` when another was first."""
    tx.execute(
        authorities.insert().values(
            name=authority.name,
            certificate=authority.certificate,
            sealed_key=authority.sealed_key,
        )
    )
