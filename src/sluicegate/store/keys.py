"""KMS keys and their material: one row per key, one per material it ever had.

The tables of aliases and grants stand here too, because they go when their key goes; their queries
are in files of their own.

Material is sealed for purpose "kms-material", row ("key_materials", key id, material id). A key
whose deletion date has passed is gone for every query here; `prune` removes what is left of it.
"""

from dataclasses import asdict, dataclass

import sqlalchemy as sa

from ..arn import partition_of
from . import epoch, tags
from .database import Tx
from .schema import metadata, moment, owner

keys = sa.Table(
    "keys",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    *owner(),
    # The AWS service a managed key belongs to, '' for a customer's key.
    sa.Column("service", sa.String(32), nullable=False),
    sa.Column("description", sa.String(8192), nullable=False),
    sa.Column("policy", sa.Text, nullable=False),
    sa.Column("is_enabled", sa.Boolean, nullable=False),
    sa.Column("material_id", sa.String(64), nullable=False),
    moment("created_ms"),
    moment("deletion_ms", nullable=True),
    sa.Column("rotation_days", sa.Integer, nullable=True),
    moment("rotates_ms", nullable=True),
    sa.Index(None, "account", "region", "id"),
)

key_materials = sa.Table(
    "key_materials",
    metadata,
    sa.Column("key_id", sa.ForeignKey("keys.id"), primary_key=True),
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    # AUTOMATIC or ON_DEMAND, '' for the first one.
    sa.Column("rotation", sa.String(16), nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    moment("created_ms"),
    sa.UniqueConstraint("key_id", "position"),
)

key_aliases = sa.Table(
    "key_aliases",
    metadata,
    *owner(),
    # With its prefix: alias/NAME.
    sa.Column("name", sa.String(256), nullable=False),
    sa.Column("key_id", sa.ForeignKey("keys.id"), nullable=False, index=True),
    moment("created_ms"),
    moment("updated_ms"),
    sa.PrimaryKeyConstraint("account", "region", "name"),
)

key_grants = sa.Table(
    "key_grants",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("key_id", sa.ForeignKey("keys.id"), nullable=False),
    sa.Column("name", sa.String(256), nullable=True),
    # Grantee and retiring principal: as given (an ARN or a service's name), and the unique id an
    # ARN meant when the grant was made ('' where it has none).
    sa.Column("grantee", sa.String(256), nullable=False),
    sa.Column("grantee_id", sa.String(64), nullable=False),
    sa.Column("retiring", sa.String(256), nullable=False),
    sa.Column("retiring_id", sa.String(64), nullable=False),
    sa.Column("issuing_account", sa.String(2048), nullable=False),
    # JSON: a list of operations, an object of constraints as the API spells them.
    sa.Column("operations", sa.Text, nullable=False),
    sa.Column("constraints", sa.Text, nullable=False),
    moment("created_ms"),
    sa.Index(None, "retiring"),
    # Each use of a key asks for its caller's; making one that has a name, for the same again.
    sa.Index(None, "key_id", "grantee_id", "grantee"),
    sa.Index(None, "key_id", "name"),
)


@dataclass(frozen=True, slots=True)
class Key:
    """A key. `service` is the AWS service it is managed for, empty for a customer's key.

    `deletion_ms` is set while it waits for deletion; `rotation_days` and `rotates_ms` (the next
    date) while its material is rotated automatically; `material_id` is the one that encrypts.
    """

    id: str
    account: str
    region: str
    service: str
    description: str
    policy: str
    is_enabled: bool
    material_id: str
    created_ms: int
    deletion_ms: int | None = None
    rotation_days: int | None = None
    rotates_ms: int | None = None

    @property
    def arn(self) -> str:
        """The key ARN."""
        return arn_of(self.account, self.region, self.id)


@dataclass(frozen=True, slots=True)
class Material:
    """One generation of a key's secret, sealed; `position` counts from 0."""

    key_id: str
    id: str
    position: int
    rotation: str
    sealed: bytes
    created_ms: int

    def __repr__(self) -> str:
        return f"Material({self.key_id}, {self.id})"


def arn_of(account: str, region: str, key_id: str) -> str:
    """The ARN of a key."""
    return f"arn:{partition_of(region)}:kms:{region}:{account}:key/{key_id}"


def create(tx: Tx, key: Key, material: Material) -> None:
    """Add a key with its first material."""
    tx.execute(keys.insert().values(asdict(key)))
    tx.execute(key_materials.insert().values(asdict(material)))
    epoch.bump(tx)


def find(tx: Tx, region: str, key_id: str, now_ms: int) -> Key | None:
    """The key of a region, whoever owns it, unless its deletion date has passed."""
    row = tx.execute(_FIND, {"id": key_id, "region": region, "now_ms": now_ms}).one_or_none()
    return None if row is None else Key(**row._mapping)


def after(tx: Tx, account: str, region: str, last_id: str, now_ms: int, count: int) -> list[Key]:
    """At most `count` keys of an account and region with ids beyond `last_id`, in order."""
    query = sa.select(keys).where(
        keys.c.account == account,
        keys.c.region == region,
        keys.c.id > last_id,
        _is_there(now_ms),
    )
    rows = tx.execute(query.order_by(keys.c.id).limit(count))
    return [Key(**row._mapping) for row in rows]


def save(tx: Tx, key: Key) -> None:
    """Write what changed of a key that was read in this transaction."""
    tx.execute(keys.update().where(keys.c.id == key.id).values(asdict(key)))
    epoch.bump(tx)


def add_material(tx: Tx, key: Key, material: Material) -> None:
    """Let a new material encrypt from now on; the old ones go on decrypting."""
    tx.execute(key_materials.insert().values(asdict(material)))
    save(tx, key)


def material(tx: Tx, key_id: str, material_id: str) -> Material | None:
    """One material of a key."""
    row = tx.execute(_MATERIAL, {"key_id": key_id, "id": material_id}).one_or_none()
    return None if row is None else Material(**row._mapping)


def materials(tx: Tx, key_id: str) -> list[Material]:
    """Every material a key ever had, oldest first."""
    query = sa.select(key_materials).where(key_materials.c.key_id == key_id)
    rows = tx.execute(query.order_by(key_materials.c.position))
    return [Material(**row._mapping) for row in rows]


def prune(tx: Tx, now_ms: int) -> None:
    """Remove every key past its deletion date with its material, aliases, grants and tags."""
    gone = tx.execute(sa.select(keys.c.id).where(~_is_there(now_ms))).scalars().all()
    if not gone:
        return
    for table in (key_materials, key_aliases, key_grants):
        tx.execute(table.delete().where(table.c.key_id.in_(gone)))
    for key_id in gone:
        tags.remove(tx, key_id)
    tx.execute(keys.delete().where(keys.c.id.in_(gone)))
    epoch.bump(tx)


def _is_there(now_ms: "int | sa.BindParameter[int]") -> sa.ColumnElement[bool]:
    return sa.or_(keys.c.deletion_ms.is_(None), keys.c.deletion_ms > now_ms)


# Made once: each use of a key asks them, and making a statement takes as long as running it.
_FIND = sa.select(keys).where(
    keys.c.id == sa.bindparam("id"),
    keys.c.region == sa.bindparam("region"),
    _is_there(sa.bindparam("now_ms", type_=sa.BigInteger())),
)
_MATERIAL = sa.select(key_materials).where(
    key_materials.c.key_id == sa.bindparam("key_id"), key_materials.c.id == sa.bindparam("id")
)
