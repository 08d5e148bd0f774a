"""Resource policies of functions, of their versions and of their aliases."""

from dataclasses import asdict, dataclass

import sqlalchemy as sa

from . import epoch
from .database import Tx
from .schema import metadata

function_policies = sa.Table(
    "function_policies",
    metadata,
    sa.Column("function_id", sa.ForeignKey("functions.id"), primary_key=True),
    # A version or alias; "" is the function itself.
    sa.Column("qualifier", sa.String(128), primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("revision", sa.String(36), nullable=False),
)


@dataclass(frozen=True, slots=True)
class FunctionPolicy:
    """A policy document; its principals are kept by unique id."""

    function_id: str
    qualifier: str
    text: str
    revision: str


def find(tx: Tx, function_id: str, qualifier: str) -> FunctionPolicy | None:
    """The policy of a function, version or alias."""
    row = tx.execute(_FIND, {"function_id": function_id, "qualifier": qualifier}).one_or_none()
    return None if row is None else FunctionPolicy(**row._mapping)


def put(tx: Tx, policy: FunctionPolicy) -> None:
    """Let this be the policy."""
    delete(tx, policy.function_id, policy.qualifier)
    tx.execute(function_policies.insert().values(asdict(policy)))
    epoch.bump(tx)


def delete(tx: Tx, function_id: str, qualifier: str | None = None) -> None:
    """Remove one policy, or all of a function's."""
    query = function_policies.delete().where(function_policies.c.function_id == function_id)
    if qualifier is not None:
        query = query.where(function_policies.c.qualifier == qualifier)
    tx.execute(query)
    epoch.bump(tx)


# Made once: each request on a function asks it.
_FIND = sa.select(function_policies).where(
    function_policies.c.function_id == sa.bindparam("function_id"),
    function_policies.c.qualifier == sa.bindparam("qualifier"),
)
