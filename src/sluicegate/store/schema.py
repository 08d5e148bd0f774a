"""What every table shares: the metadata, and how a row says whose it is.

Primary key = the immutable id (AIDA…, AROA…, uuid). Accounts and regions are part of every unique
key; region is `''` for global services. References go by id, so that a principal that is deleted
and made again is somebody else.
"""

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def owner() -> list[sa.Column[str]]:
    """The columns that say whose a row is: account and region (`''` where global)."""
    return [
        sa.Column("account", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
    ]


def moment(name: str, *, nullable: bool = False) -> "sa.Column[int]":
    """A point in time, in milliseconds since the epoch; its name ends in `_ms`."""
    return sa.Column(name, sa.BigInteger, nullable=nullable)
