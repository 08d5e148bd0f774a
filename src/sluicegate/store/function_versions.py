"""Versions of functions, $LATEST among them: code and configuration.

Environment variables are sealed for purpose "environment", row ("function_versions", function id,
version), around a ciphertext that only KMS can open.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

import sqlalchemy as sa

from .database import Tx
from .functions import functions
from .schema import metadata, moment

LATEST = "$LATEST"

function_versions = sa.Table(
    "function_versions",
    metadata,
    sa.Column("function_id", sa.ForeignKey("functions.id"), primary_key=True),
    sa.Column("version", sa.String(16), primary_key=True),
    # 0 for $LATEST, else the number: text would have 10 before 9.
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("revision", sa.String(36), nullable=False),
    sa.Column("description", sa.String(256), nullable=False),
    sa.Column("runtime", sa.String(64), nullable=False),
    sa.Column("handler", sa.String(128), nullable=False),
    sa.Column("role_arn", sa.String(2048), nullable=False),
    # The sha256 of the package, in hexadecimal, and the size of its zip.
    sa.Column("package", sa.String(64), nullable=False, index=True),
    sa.Column("code_bytes", sa.BigInteger, nullable=False),
    sa.Column("architecture", sa.String(16), nullable=False),
    sa.Column("memory_mb", sa.Integer, nullable=False),
    sa.Column("ephemeral_mb", sa.Integer, nullable=False),
    sa.Column("timeout_seconds", sa.Integer, nullable=False),
    sa.Column("tracing", sa.String(16), nullable=False),
    sa.Column("log_format", sa.String(8), nullable=False),
    sa.Column("log_level", sa.String(8), nullable=False),
    sa.Column("system_log_level", sa.String(8), nullable=False),
    sa.Column("log_group", sa.String(512), nullable=False),
    sa.Column("environment", sa.LargeBinary, nullable=True),
    sa.Column("kms_key", sa.String(2048), nullable=False),
    # The KMS grant that lets the role read the environment, and the key it is on.
    sa.Column("grant_id", sa.String(64), nullable=False),
    sa.Column("grant_key", sa.String(2048), nullable=False),
    sa.Column("vpc_id", sa.String(32), nullable=False),
    # Ids, separated by commas.
    sa.Column("subnet_ids", sa.Text, nullable=False),
    sa.Column("security_group_ids", sa.Text, nullable=False),
    sa.Column("is_dual_stack", sa.Boolean, nullable=False),
    moment("modified_ms"),
)


@dataclass(frozen=True, slots=True)
class Version:
    """Code and configuration of a version. Sizes are in mebibytes; "" is what was not given."""

    function_id: str
    revision: str
    runtime: str
    handler: str
    role_arn: str
    package: str
    code_bytes: int
    modified_ms: int
    version: str = LATEST
    position: int = 0
    description: str = ""
    architecture: str = "x86_64"
    memory_mb: int = 128
    ephemeral_mb: int = 512
    timeout_seconds: int = 3
    tracing: str = "PassThrough"
    log_format: str = "Text"
    log_level: str = ""
    system_log_level: str = ""
    log_group: str = ""
    environment: bytes | None = field(default=None, repr=False)
    kms_key: str = ""
    grant_id: str = ""
    grant_key: str = ""
    vpc_id: str = ""
    subnet_ids: str = ""
    security_group_ids: str = ""
    is_dual_stack: bool = False


def add(tx: Tx, version: Version) -> None:
    """Add a version; `Conflict` when there is one of that number."""
    tx.execute(function_versions.insert().values(asdict(version)))


def find(tx: Tx, function_id: str, version: str) -> Version | None:
    """One version of a function."""
    row = tx.execute(_FIND, {"function_id": function_id, "version": version}).one_or_none()
    return None if row is None else Version(**row._mapping)


def of_function(tx: Tx, function_id: str) -> list[Version]:
    """$LATEST, then the published versions as they were made."""
    query = sa.select(function_versions).where(function_versions.c.function_id == function_id)
    rows = tx.execute(query.order_by(function_versions.c.position))
    return [Version(**row._mapping) for row in rows]


def latest_of(tx: Tx, function_ids: Iterable[str]) -> dict[str, Version]:
    """$LATEST of each of `function_ids`."""
    query = sa.select(function_versions).where(
        function_versions.c.function_id.in_(list(function_ids)),
        function_versions.c.version == LATEST,
    )
    return {row.function_id: Version(**row._mapping) for row in tx.execute(query)}


def of_many(tx: Tx, function_ids: Iterable[str]) -> dict[str, list[Version]]:
    """The versions of each of `function_ids`, in that order."""
    query = sa.select(function_versions).where(
        function_versions.c.function_id.in_(list(function_ids))
    )
    found: dict[str, list[Version]] = {}
    for row in tx.execute(query.order_by(function_versions.c.position)):
        found.setdefault(row.function_id, []).append(Version(**row._mapping))
    return found


def save(tx: Tx, version: Version) -> None:
    """Write what changed of a version that was read in this transaction."""
    tx.execute(_of(version.function_id, version.version).values(asdict(version)))


def delete(tx: Tx, function_id: str, version: str | None = None) -> None:
    """Remove one version, or all of a function's."""
    query = function_versions.delete().where(function_versions.c.function_id == function_id)
    if version is not None:
        query = query.where(function_versions.c.version == version)
    tx.execute(query)


def has_package(tx: Tx, package: str) -> bool:
    """Whether any version's code is this package."""
    query = sa.select(function_versions.c.version).where(function_versions.c.package == package)
    return tx.execute(query.limit(1)).first() is not None


def has_grant(tx: Tx, grant_id: str) -> bool:
    """Whether any version's environment is read by this grant."""
    query = sa.select(function_versions.c.version).where(function_versions.c.grant_id == grant_id)
    return tx.execute(query.limit(1)).first() is not None


def usage(tx: Tx, account: str, region: str) -> tuple[int, int]:
    """How many functions an account has in a region, and the bytes of all versions' zips."""
    held = (functions.c.account == account) & (functions.c.region == region)
    count = tx.execute(sa.select(sa.func.count()).select_from(functions).where(held)).scalar()
    query = (
        sa.select(sa.func.sum(function_versions.c.code_bytes))
        .join(functions, functions.c.id == function_versions.c.function_id)
        .where(held)
    )
    return int(count or 0), int(tx.execute(query).scalar() or 0)


def _of(function_id: str, version: str) -> sa.Update:
    return function_versions.update().where(
        function_versions.c.function_id == function_id, function_versions.c.version == version
    )


# Made once: each invocation asks it, and making a statement takes as long as running it.
_FIND = sa.select(function_versions).where(
    function_versions.c.function_id == sa.bindparam("function_id"),
    function_versions.c.version == sa.bindparam("version"),
)
