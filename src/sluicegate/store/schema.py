"""What every table shares: the two schemas, and how a row says whose it is.

Primary key = the immutable id (AIDA…, AROA…, uuid). Accounts and regions are part of every unique
key; region is `''` for global services. References go by id, so that a principal that is deleted
and made again is somebody else.

`metadata` is the state. `journal` is what happened (recorded decisions, log events): much, append
only, in database files of its own that need no fsync per call. On PostgreSQL both are tables of
the one database, so a table's name may stand in one of them only.
"""

import importlib
import pkgutil

import sqlalchemy as sa

_NAMES = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}

metadata = sa.MetaData(naming_convention=_NAMES)
journal = sa.MetaData(naming_convention=_NAMES)


def owner() -> list[sa.Column[str]]:
    """The columns that say whose a row is: account and region (`''` where global)."""
    return [
        sa.Column("account", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
    ]


def moment(name: str, *, nullable: bool = False) -> "sa.Column[int]":
    """A point in time, in milliseconds since the epoch; its name ends in `_ms`."""
    return sa.Column(name, sa.BigInteger, nullable=nullable)


def complete() -> None:
    """Import every noun beside this file, so that both schemas know all their tables."""
    package = importlib.import_module(__package__ or "")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
