"""Functions: what belongs to a function whatever its version."""

from dataclasses import asdict, dataclass

import sqlalchemy as sa

from ..arn import partition_of
from . import epoch, tags
from .database import Tx
from .schema import metadata, moment, owner

functions = sa.Table(
    "functions",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    *owner(),
    sa.Column("name", sa.String(64), nullable=False),
    # The number the next published version gets; numbers are never used twice.
    sa.Column("next_version", sa.Integer, nullable=False),
    sa.Column("reserved_concurrency", sa.Integer, nullable=True),
    sa.Column("recursive_loop", sa.String(16), nullable=False),
    moment("created_ms"),
    sa.UniqueConstraint("account", "region", "name"),
)


@dataclass(frozen=True, slots=True)
class Function:
    """A function. `reserved_concurrency` is None where it shares the account's."""

    id: str
    account: str
    region: str
    name: str
    created_ms: int
    next_version: int = 1
    reserved_concurrency: int | None = None
    recursive_loop: str = "Terminate"

    @property
    def arn(self) -> str:
        """The unqualified ARN."""
        return arn_of(self.account, self.region, self.name)


def arn_of(account: str, region: str, name: str, qualifier: str = "") -> str:
    """The ARN of a function, or of one of its versions or aliases."""
    arn = f"arn:{partition_of(region)}:lambda:{region}:{account}:function:{name}"
    return f"{arn}:{qualifier}" if qualifier else arn


def create(tx: Tx, function: Function) -> None:
    """Add a function; `Conflict` when the name is taken."""
    tx.execute(functions.insert().values(asdict(function)))
    epoch.bump(tx)


def by_name(tx: Tx, account: str, region: str, name: str) -> Function | None:
    """The function of that name."""
    row = tx.execute(_BY_NAME, {"account": account, "region": region, "name": name}).one_or_none()
    return None if row is None else Function(**row._mapping)


def by_id(tx: Tx, function_id: str) -> Function | None:
    """The function of that id, while it is there."""
    row = tx.execute(sa.select(functions).where(functions.c.id == function_id)).one_or_none()
    return None if row is None else Function(**row._mapping)


def of_account(
    tx: Tx, account: str, region: str, *, after: str = "", limit: int | None = None
) -> list[Function]:
    """The functions of an account in a region whose names come after `after`, in their order."""
    query = sa.select(functions).where(
        functions.c.account == account, functions.c.region == region, functions.c.name > after
    )
    rows = tx.execute(query.order_by(functions.c.name).limit(limit))
    return [Function(**row._mapping) for row in rows]


def reserved(tx: Tx, account: str, region: str, *, but: str = "") -> int:
    """The concurrency reserved in an account and region, that of the function `but` left out."""
    query = sa.select(sa.func.sum(functions.c.reserved_concurrency)).where(
        functions.c.account == account, functions.c.region == region, functions.c.id != but
    )
    return int(tx.execute(query).scalar() or 0)


def save(tx: Tx, function: Function) -> None:
    """Write what changed of a function that was read in this transaction."""
    tx.execute(functions.update().where(functions.c.id == function.id).values(asdict(function)))


def delete(tx: Tx, function_id: str) -> None:
    """Remove a function; what hangs on it has been removed before."""
    tags.remove(tx, function_id)
    tx.execute(functions.delete().where(functions.c.id == function_id))
    epoch.bump(tx)


# Made once: each invocation asks it, and making a statement takes as long as running it.
_BY_NAME = sa.select(functions).where(
    functions.c.account == sa.bindparam("account"),
    functions.c.region == sa.bindparam("region"),
    functions.c.name == sa.bindparam("name"),
)
