"""The tables of IAM, and the queries that users, groups and roles have in common.

What each noun has of its own stands in one file per noun beside this one; what `access` needs to
judge a caller is in `principals`. `name_key` is the name in lower case: IAM's names are unique
without regard to it. Users, groups and roles are one type, `Entity`, told apart by their `Kind`.
"""

import secrets
from dataclasses import dataclass
from enum import Enum

import sqlalchemy as sa

from . import epoch
from .database import Tx
from .schema import metadata, moment, owner


def _entity(name: str, *columns: "sa.Column[str] | sa.Column[int]") -> sa.Table:
    return sa.Table(
        name,
        metadata,
        sa.Column("id", sa.String(32), primary_key=True),
        *owner(),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("name_key", sa.String(128), nullable=False),
        sa.Column("path", sa.String(512), nullable=False),
        moment("created_ms"),
        *columns,
        sa.UniqueConstraint("account", "region", "name_key"),
    )


def _boundary() -> "sa.Column[str]":
    return sa.Column("boundary_arn", sa.String(2048), nullable=True, index=True)


users = _entity("users", _boundary())
groups = _entity("groups")
roles = _entity(
    "roles",
    _boundary(),
    sa.Column("trust", sa.Text, nullable=False),
    sa.Column("description", sa.String(1000), nullable=True),
    sa.Column("max_session_seconds", sa.Integer, nullable=False),
    sa.Column("max_signin_seconds", sa.Integer, nullable=True),
    moment("last_used_ms", nullable=True),
    sa.Column("last_used_region", sa.String(32), nullable=True),
)
policies = _entity(
    "policies",
    sa.Column("description", sa.String(1000), nullable=True),
    sa.Column("default_version", sa.Integer, nullable=False),
    sa.Column("latest_version", sa.Integer, nullable=False),
    moment("updated_ms"),
)

memberships = sa.Table(
    "memberships",
    metadata,
    sa.Column("user_id", sa.ForeignKey("users.id"), primary_key=True),
    sa.Column("group_id", sa.ForeignKey("groups.id"), primary_key=True, index=True),
    moment("joined_ms"),
)

policy_versions = sa.Table(
    "policy_versions",
    metadata,
    sa.Column("policy_id", sa.ForeignKey("policies.id"), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("document", sa.Text, nullable=False),
    moment("created_ms"),
)

inline_policies = sa.Table(
    "inline_policies",
    metadata,
    # The user, group or role it is embedded in.
    sa.Column("entity_id", sa.String(32), primary_key=True),
    sa.Column("name_key", sa.String(128), primary_key=True),
    sa.Column("name", sa.String(128), nullable=False),
    sa.Column("document", sa.Text, nullable=False),
)

attachments = sa.Table(
    "attachments",
    metadata,
    sa.Column("entity_id", sa.String(32), primary_key=True),
    # By ARN, so that AWS managed policies, which are data and not rows, attach the same way.
    sa.Column("policy_arn", sa.String(2048), primary_key=True),
    # Whose attachment it is: an AWS managed policy is attached in many accounts.
    sa.Column("account", sa.String(12), nullable=False),
    moment("attached_ms"),
    sa.Index(None, "policy_arn"),
)

access_keys = sa.Table(
    "access_keys",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    *owner(),
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False, index=True),
    # Sealed for purpose "access-key", row ("access_keys", id).
    sa.Column("secret", sa.LargeBinary, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    moment("created_ms"),
    moment("last_used_ms", nullable=True),
    sa.Column("last_used_region", sa.String(32), nullable=True),
    sa.Column("last_used_service", sa.String(64), nullable=True),
)


class Kind(Enum):
    """A user, a group or a role; the value is the word AWS's member names are made of."""

    USER = "User"
    GROUP = "Group"
    ROLE = "Role"

    @property
    def noun(self) -> str:
        """The word ARNs and AWS's sentences use."""
        return self.value.lower()


_TABLES = {Kind.USER: users, Kind.GROUP: groups, Kind.ROLE: roles}
_ID_PREFIXES = {Kind.USER: "AIDA", Kind.GROUP: "AGPA", Kind.ROLE: "AROA"}
_ID_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@dataclass(frozen=True, slots=True)
class Entity:
    """A user, group or role. `id` is what all else refers to: names may be used again.

    `arn` is in partition aws. `boundary_arn` is None for groups; from `trust` on (the trust
    policy, with unique ids in place of principal ARNs) the members are a role's alone.
    """

    id: str
    account: str
    name: str
    path: str
    arn: str
    boundary_arn: str | None
    created_ms: int
    trust: str = ""
    description: str | None = None
    max_session_seconds: int = 3600
    max_signin_seconds: int | None = None
    last_used_ms: int | None = None
    last_used_region: str | None = None

    @property
    def kind(self) -> Kind:
        """What it is, by the prefix of its id."""
        return next(kind for kind, prefix in _ID_PREFIXES.items() if self.id.startswith(prefix))


_COLUMNS = {
    kind: [column.name for column in table.c if column.name in Entity.__dataclass_fields__]
    for kind, table in _TABLES.items()
}


def arn_of(account: str, noun: str, path: str, name: str) -> str:
    """The ARN of something in IAM: `noun` is user, group, role or policy."""
    return f"arn:aws:iam::{account}:{noun}{path}{name}"


def new_id(prefix: str) -> str:
    """An id nobody had before: the prefix says what it identifies (AIDA, AROA, AGPA, ANPA)."""
    return prefix + "".join(secrets.choice(_ID_ALPHABET) for _ in range(17))


def find(tx: Tx, kind: Kind, account: str, name: str) -> Entity | None:
    """The one of that name, in whatever letter case."""
    if "\0" in name:  # PostgreSQL refuses the very question.
        return None
    return _read(kind, tx.execute(_NAMED[kind], {"account": account, "name_key": name.lower()}))


def by_id(tx: Tx, kind: Kind, entity_id: str) -> Entity | None:
    """The one of that id, while it lives."""
    return _read(kind, tx.execute(_IDENTIFIED[kind], {"id": entity_id}))


def of_any_kind(tx: Tx, entity_id: str) -> Entity | None:
    """The user, group or role of that id, while it lives."""
    for kind, prefix in _ID_PREFIXES.items():
        if entity_id.startswith(prefix):
            return by_id(tx, kind, entity_id)
    return None


def listed(
    tx: Tx, kind: Kind, account: str, prefix: str = "/", after: str = "", limit: int | None = None
) -> list[Entity]:
    """Those whose path begins with `prefix`, by name, behind the name key `after`."""
    table = _TABLES[kind]
    query = (
        sa.select(table)
        .where(table.c.account == account, table.c.name_key > after)
        # Not LIKE: SQLite's ignores letter case, paths do not.
        .where(sa.func.substr(table.c.path, 1, len(prefix)) == prefix)
        .order_by(table.c.name_key)
        .limit(limit)
    )
    return [read(kind, row) for row in tx.execute(query)]


def bounded_by(tx: Tx, kind: Kind, account: str, policy_arn: str) -> list[Entity]:
    """The users or roles of an account whose permissions boundary is this policy."""
    table = _TABLES[kind]
    query = sa.select(table).where(table.c.account == account, table.c.boundary_arn == policy_arn)
    return [read(kind, row) for row in tx.execute(query.order_by(table.c.name_key))]


def boundary_counts(tx: Tx, account: str) -> dict[str, int]:
    """How many users and roles each policy is the boundary of, by policy ARN."""
    counts: dict[str, int] = {}
    for table in (users, roles):
        arn = table.c.boundary_arn
        query = sa.select(arn, sa.func.count()).where(table.c.account == account, arn.is_not(None))
        for policy_arn, number in tx.execute(query.group_by(arn)):
            counts[policy_arn] = counts.get(policy_arn, 0) + number
    return counts


def count(tx: Tx, kind: Kind, account: str) -> int:
    """How many there are in an account."""
    table = _TABLES[kind]
    query = sa.select(sa.func.count()).select_from(table).where(table.c.account == account)
    return tx.execute(query).scalar_one()


def add(
    tx: Tx, kind: Kind, account: str, name: str, path: str, created_ms: int, **more: object
) -> Entity:
    """Make one; `more` are the members of its own kind. `Conflict` when the name is taken."""
    values = {"boundary_arn": None, **more} if kind is not Kind.GROUP else more
    entity_id = new_id(_ID_PREFIXES[kind])
    tx.execute(
        _TABLES[kind]
        .insert()
        .values(
            id=entity_id,
            account=account,
            region="",
            name=name,
            name_key=name.lower(),
            path=path,
            created_ms=created_ms,
            **values,
        )
    )
    epoch.bump(tx)
    entity = by_id(tx, kind, entity_id)
    assert entity is not None
    return entity


def change(tx: Tx, entity: Entity, **columns: object) -> None:
    """Set columns of one; a new name brings its key along. `Conflict` when the name is taken."""
    if isinstance(name := columns.get("name"), str):
        columns["name_key"] = name.lower()
    table = _TABLES[entity.kind]
    tx.execute(table.update().where(table.c.id == entity.id).values(**columns))
    epoch.bump(tx)


def remove(tx: Tx, entity: Entity) -> None:
    """Delete one; whatever refers to it must be gone."""
    table = _TABLES[entity.kind]
    tx.execute(table.delete().where(table.c.id == entity.id))
    epoch.bump(tx)


def read(kind: Kind, row: "sa.Row[tuple[object, ...]]") -> Entity:
    """An entity from a row of its table."""
    values = {name: getattr(row, name) for name in _COLUMNS[kind]}
    values.setdefault("boundary_arn", None)
    return Entity(arn=arn_of(row.account, kind.noun, row.path, row.name), **values)


def _read(kind: Kind, found: "sa.Result[tuple[object, ...]]") -> Entity | None:
    row = found.one_or_none()
    return None if row is None else read(kind, row)


# Made once: most requests ask them, and making a statement takes as long as running it.
_NAMED = {
    kind: sa.select(table).where(
        table.c.account == sa.bindparam("account"), table.c.name_key == sa.bindparam("name_key")
    )
    for kind, table in _TABLES.items()
}
_IDENTIFIED = {
    kind: sa.select(table).where(table.c.id == sa.bindparam("id"))
    for kind, table in _TABLES.items()
}
