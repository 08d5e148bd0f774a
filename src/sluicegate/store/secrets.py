"""Secrets, their versions and staging labels.

A version's value is sealed for purpose "secret", row ("secret_versions", secret id, version id),
around an envelope that only KMS can open. A secret whose deletion date has passed is gone for every
query here; `prune` removes what is left of it.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from ..arn import partition_of
from . import epoch, secret_replicas, tags
from .database import Tx
from .schema import metadata, moment, owner

secrets = sa.Table(
    "secrets",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    *owner(),
    sa.Column("name", sa.String(512), nullable=False),
    sa.Column("suffix", sa.String(6), nullable=False),
    sa.Column("description", sa.String(2048), nullable=True),
    sa.Column("kms_key", sa.String(2048), nullable=True),
    sa.Column("type", sa.String(256), nullable=True),
    sa.Column("policy", sa.Text, nullable=True),
    # Whether it ever had tags: AWS shows an empty list from then on.
    sa.Column("is_tagged", sa.Boolean, nullable=False),
    # Its own region while it has replicas, another one if it is a replica, else NULL.
    sa.Column("primary_region", sa.String(32), nullable=True),
    moment("created_ms"),
    moment("changed_ms"),
    moment("accessed_ms", nullable=True),
    moment("deletion_ms", nullable=True),
    sa.UniqueConstraint("account", "region", "name"),
)

secret_versions = sa.Table(
    "secret_versions",
    metadata,
    sa.Column("secret_id", sa.ForeignKey("secrets.id"), primary_key=True),
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    # The key that wrapped it, as the secret named it; NULL for the default one.
    sa.Column("kms_key", sa.String(2048), nullable=True),
    moment("created_ms"),
    moment("accessed_ms", nullable=True),
    # What is asked of many versions at each write: values, which are long, are not gone through.
    sa.Index(None, "secret_id", "position", "id", "created_ms"),
)

secret_stages = sa.Table(
    "secret_stages",
    metadata,
    sa.Column("secret_id", sa.ForeignKey("secrets.id"), primary_key=True),
    sa.Column("stage", sa.String(256), primary_key=True),
    sa.Column("version_id", sa.String(64), nullable=False),
)


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret without its values. `kms_key` is None where the default key protects it.

    `deletion_ms` is set while it waits for deletion; `accessed_ms` is a day, not a moment.
    """

    id: str
    account: str
    region: str
    name: str
    suffix: str
    created_ms: int
    changed_ms: int
    description: str | None = None
    kms_key: str | None = None
    type: str | None = None
    policy: str | None = None
    is_tagged: bool = False
    primary_region: str | None = None
    accessed_ms: int | None = None
    deletion_ms: int | None = None

    @property
    def is_replicated(self) -> bool:
        """Whether other regions follow this secret."""
        return self.primary_region == self.region

    @property
    def is_replica(self) -> bool:
        """Whether it follows a secret of another region."""
        return self.primary_region not in (None, self.region)

    @property
    def arn(self) -> str:
        """The whole ARN, with the suffix that tells it from an earlier secret of that name."""
        return arn_of(self.account, self.region, f"{self.name}-{self.suffix}")


@dataclass(frozen=True, slots=True)
class Version:
    """One value of a secret, sealed; `position` counts from 0, in the order they were made."""

    secret_id: str
    id: str
    position: int
    sealed: bytes
    kms_key: str | None
    created_ms: int
    accessed_ms: int | None = None

    def __repr__(self) -> str:
        return f"Version({self.secret_id}, {self.id})"


@dataclass(frozen=True, slots=True)
class Listed:
    """A version without its value."""

    id: str
    position: int
    kms_key: str | None
    created_ms: int
    accessed_ms: int | None


def arn_of(account: str, region: str, name: str) -> str:
    """The ARN of a secret, `name` with or without a suffix."""
    return f"arn:{partition_of(region)}:secretsmanager:{region}:{account}:secret:{name}"


def create(tx: Tx, secret: Secret) -> None:
    """Add a secret; `Conflict` when the name is taken."""
    tx.execute(secrets.insert().values(asdict(secret)))
    epoch.bump(tx)


def by_name(tx: Tx, account: str, region: str, name: str, now_ms: int) -> Secret | None:
    """The secret of that name."""
    asked = {"account": account, "region": region, "name": name, "now_ms": now_ms}
    row = tx.execute(_BY_NAME, asked).one_or_none()
    return None if row is None else Secret(**row._mapping)


def by_id(tx: Tx, secret_id: str) -> Secret | None:
    """The secret with this id, whether it is past its date or not."""
    row = tx.execute(sa.select(secrets).where(secrets.c.id == secret_id)).one_or_none()
    return None if row is None else Secret(**row._mapping)


def of_account(tx: Tx, account: str, region: str, now_ms: int) -> list[Secret]:
    """Every secret of an account in a region, those that wait for deletion too."""
    query = sa.select(secrets).where(
        secrets.c.account == account, secrets.c.region == region, _is_there(now_ms)
    )
    return [Secret(**row._mapping) for row in tx.execute(query.order_by(secrets.c.name))]


def save(tx: Tx, secret: Secret) -> None:
    """Write what changed of a secret that was read in this transaction."""
    tx.execute(secrets.update().where(secrets.c.id == secret.id).values(asdict(secret)))
    epoch.bump(tx)


def delete(tx: Tx, secret_id: str) -> None:
    """Remove a secret with everything that hangs on it; its replicas it must have lost before."""
    for replication in secret_replicas.of(tx, secret_id):
        secret_replicas.remove(tx, replication)
    for table in (secret_stages, secret_versions):
        tx.execute(table.delete().where(table.c.secret_id == secret_id))
    tags.remove(tx, secret_id)
    tx.execute(secrets.delete().where(secrets.c.id == secret_id))
    epoch.bump(tx)


def prune(tx: Tx, now_ms: int) -> None:
    """Remove every secret past its deletion date."""
    for secret_id in tx.execute(sa.select(secrets.c.id).where(~_is_there(now_ms))).scalars().all():
        delete(tx, secret_id)


def version(tx: Tx, secret_id: str, version_id: str) -> Version | None:
    """One version of a secret."""
    row = tx.execute(_VERSION, {"secret_id": secret_id, "id": version_id}).one_or_none()
    return None if row is None else Version(**row._mapping)


def versions(tx: Tx, secret_id: str, version_ids: Iterable[str]) -> list[Version]:
    """Those of `version_ids` that a secret has, oldest first, with their values."""
    table = secret_versions.c
    query = sa.select(secret_versions).where(
        table.secret_id == secret_id, table.id.in_(list(version_ids))
    )
    rows = tx.execute(query.order_by(table.position, table.id))
    return [Version(**row._mapping) for row in rows]


def listed(tx: Tx, secret_id: str) -> list[Listed]:
    """Every version of a secret, oldest first."""
    table = secret_versions.c
    query = sa.select(
        table.id, table.position, table.kms_key, table.created_ms, table.accessed_ms
    ).where(table.secret_id == secret_id)
    return [Listed(*row) for row in tx.execute(query.order_by(table.position, table.id))]


def ages(tx: Tx, secret_id: str) -> dict[str, int]:
    """When each version of a secret was made (ms), by its id, oldest first."""
    table = secret_versions.c
    query = sa.select(table.id, table.created_ms).where(table.secret_id == secret_id)
    rows = tx.execute(query.order_by(table.position, table.id))
    return {row.id: row.created_ms for row in rows}


def next_position(tx: Tx, secret_id: str) -> int:
    """Where a new version stands."""
    query = sa.select(sa.func.max(secret_versions.c.position))
    last = tx.execute(query.where(secret_versions.c.secret_id == secret_id)).scalar()
    return 0 if last is None else int(last) + 1


def add_version(tx: Tx, version: Version) -> None:
    """Add a value; `Conflict` when there is one with this id."""
    tx.execute(secret_versions.insert().values(asdict(version)))


def rewrap(tx: Tx, old: Version, sealed: bytes, kms_key: str | None) -> bool:
    """Replace the sealed bytes of a version, if they still are those of `old`."""
    query = secret_versions.update().where(
        secret_versions.c.secret_id == old.secret_id,
        secret_versions.c.id == old.id,
        secret_versions.c.sealed == old.sealed,
    )
    return bool(tx.execute(query.values(sealed=sealed, kms_key=kms_key)).rowcount)


def remove_versions(tx: Tx, secret_id: str, version_ids: Iterable[str]) -> None:
    """Remove versions that no label names any more."""
    tx.execute(
        secret_versions.delete().where(
            secret_versions.c.secret_id == secret_id,
            secret_versions.c.id.in_(list(version_ids)),
        )
    )


def touch(tx: Tx, secret_id: str, version_id: str, day_ms: int) -> None:
    """Note the day a value was read on. Permissions do not change: no epoch."""
    tx.execute(secrets.update().where(secrets.c.id == secret_id).values(accessed_ms=day_ms))
    query = secret_versions.update().where(
        secret_versions.c.secret_id == secret_id, secret_versions.c.id == version_id
    )
    tx.execute(query.values(accessed_ms=day_ms))


def stages(tx: Tx, secret_id: str) -> dict[str, str]:
    """The version id each staging label of a secret is on."""
    rows = tx.execute(_STAGES, {"secret_id": secret_id})
    return {row.stage: row.version_id for row in rows}


def stages_of_many(tx: Tx, secret_ids: Iterable[str]) -> dict[str, dict[str, str]]:
    """The labels of each of `secret_ids` that has any."""
    query = sa.select(secret_stages).where(secret_stages.c.secret_id.in_(list(secret_ids)))
    found: dict[str, dict[str, str]] = {}
    for row in tx.execute(query.order_by(secret_stages.c.stage)):
        found.setdefault(row.secret_id, {})[row.stage] = row.version_id
    return found


def put_stages(tx: Tx, secret_id: str, placed: dict[str, str]) -> None:
    """Let the labels of a secret be exactly `placed` (label → version id)."""
    tx.execute(secret_stages.delete().where(secret_stages.c.secret_id == secret_id))
    if placed:
        tx.execute(
            secret_stages.insert(),
            [
                {"secret_id": secret_id, "stage": stage, "version_id": version_id}
                for stage, version_id in placed.items()
            ],
        )


def _is_there(now_ms: "int | sa.BindParameter[int]") -> sa.ColumnElement[bool]:
    return sa.or_(secrets.c.deletion_ms.is_(None), secrets.c.deletion_ms > now_ms)


# Made once: each reading of a value asks them, and making a statement takes as long as running it.
_BY_NAME = sa.select(secrets).where(
    secrets.c.account == sa.bindparam("account"),
    secrets.c.region == sa.bindparam("region"),
    secrets.c.name == sa.bindparam("name"),
    _is_there(sa.bindparam("now_ms", type_=sa.BigInteger())),
)
_VERSION = sa.select(secret_versions).where(
    secret_versions.c.secret_id == sa.bindparam("secret_id"),
    secret_versions.c.id == sa.bindparam("id"),
)
_STAGES = (
    sa.select(secret_stages)
    .where(secret_stages.c.secret_id == sa.bindparam("secret_id"))
    .order_by(secret_stages.c.stage)
)
