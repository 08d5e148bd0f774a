"""The secrets whose users may log in to a cluster with a password.

Operations write which secrets there should be; the keeper, which user each of them is in Kafka, of
which version of the secret, or why it is none. No password is here: the keeper reads the secret.
"""

import json
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from . import epoch
from .database import Tx
from .schema import metadata, moment

scram_secrets = sa.Table(
    "scram_secrets",
    metadata,
    sa.Column("cluster_id", sa.ForeignKey("clusters.id"), primary_key=True),
    sa.Column("secret_arn", sa.String(2048), primary_key=True),
    # What should be: written by operations.
    sa.Column("position", sa.BigInteger, nullable=False),
    moment("associated_ms"),
    sa.Column("key_arn", sa.String(2048), nullable=False),
    sa.Column("grant_id", sa.String(128), nullable=False),
    sa.Column("wanted", sa.String(16), nullable=False),
    # What is: written by the keeper.
    sa.Column("username", sa.Text, nullable=True),
    sa.Column("version_id", sa.String(64), nullable=True),
    sa.Column("error", sa.Text, nullable=True),
    # Names that the secret had before, whose users are in Kafka still: a list, as JSON.
    sa.Column("former", sa.Text, nullable=False, server_default="[]"),
    sa.Index(None, "secret_arn"),
)

ASSOCIATED, REMOVED = "associated", "removed"


@dataclass(frozen=True, slots=True)
class ScramSecret:
    """One secret of a cluster. `grant_id` is the grant by which MSK may decrypt it.

    `username` is the user it made in Kafka, of `version_id`; None as long as it made none. `former`
    are users it made before it was of another name: they stay until it is disassociated, as on MSK.
    `error` says why the secret as it is now has no effect.
    """

    cluster_id: str
    secret_arn: str
    position: int
    associated_ms: int
    key_arn: str
    grant_id: str
    wanted: str = ASSOCIATED
    username: str | None = None
    version_id: str | None = None
    error: str | None = None
    former: tuple[str, ...] = ()

    @property
    def users(self) -> tuple[str, ...]:
        """All users it has in Kafka."""
        return (*((self.username,) if self.username else ()), *self.former)


def associate(tx: Tx, secret: ScramSecret) -> None:
    """Let a cluster have a secret; one that is on its way out stays."""
    asked = {
        "position": secret.position,
        "associated_ms": secret.associated_ms,
        "key_arn": secret.key_arn,
        "grant_id": secret.grant_id,
        "wanted": ASSOCIATED,
    }
    query = scram_secrets.update().where(*_which(secret.cluster_id, secret.secret_arn))
    if tx.execute(query.values(asked)).rowcount == 0:
        values = asdict(secret) | {"former": json.dumps(secret.former)}
        tx.execute(scram_secrets.insert().values(values))
    epoch.bump(tx, epoch.CLUSTERS)


def disassociate(tx: Tx, cluster_id: str, secret_arn: str) -> bool:
    """Let a cluster lose a secret; False when it has none of that ARN."""
    query = scram_secrets.update().where(
        *_which(cluster_id, secret_arn), scram_secrets.c.wanted == ASSOCIATED
    )
    epoch.bump(tx, epoch.CLUSTERS)
    return bool(tx.execute(query.values(wanted=REMOVED)).rowcount)


def next_position(tx: Tx, cluster_id: str) -> int:
    """Where a secret that is associated now stands in the list."""
    query = sa.select(sa.func.max(scram_secrets.c.position))
    last = tx.execute(query.where(scram_secrets.c.cluster_id == cluster_id)).scalar()
    return 0 if last is None else int(last) + 1


def associated(tx: Tx, cluster_id: str) -> list[ScramSecret]:
    """The secrets a cluster has, in the order they were associated."""
    return [secret for secret in wanted_of(tx, cluster_id) if secret.wanted == ASSOCIATED]


def find(tx: Tx, cluster_id: str, secret_arn: str) -> ScramSecret | None:
    """A secret that a cluster has."""
    query = sa.select(scram_secrets).where(
        *_which(cluster_id, secret_arn), scram_secrets.c.wanted == ASSOCIATED
    )
    row = tx.execute(query).one_or_none()
    return None if row is None else _secret(row)


def clusters_with(tx: Tx, secret_arn: str) -> set[str]:
    """The ids of the clusters that have a secret."""
    query = sa.select(scram_secrets.c.cluster_id).where(
        scram_secrets.c.secret_arn == secret_arn, scram_secrets.c.wanted == ASSOCIATED
    )
    return set(tx.execute(query).scalars())


def wanted_of(tx: Tx, cluster_id: str) -> list[ScramSecret]:
    """What a cluster's secrets should be: those it has, and those to be removed."""
    query = sa.select(scram_secrets).where(scram_secrets.c.cluster_id == cluster_id)
    rows = tx.execute(query.order_by(scram_secrets.c.position, scram_secrets.c.secret_arn))
    return [_secret(row) for row in rows]


def applied(tx: Tx, cluster_id: str, secret_arn: str, username: str, version_id: str) -> None:
    """Note that Kafka has the user of this version of the secret; one of another name stays."""
    which = _which(cluster_id, secret_arn)
    kept = _secret(tx.execute(sa.select(scram_secrets).where(*which)).one())
    values = {
        "username": username,
        "version_id": version_id,
        "error": None,
        "former": json.dumps([each for each in kept.users if each != username]),
    }
    tx.execute(scram_secrets.update().where(*which).values(values))


def emptied(tx: Tx, cluster_id: str, secret_arn: str) -> None:
    """Note that Kafka has no user of the secret: of whatever version, it is to be made."""
    values = {"username": None, "version_id": None, "error": None, "former": "[]"}
    tx.execute(scram_secrets.update().where(*_which(cluster_id, secret_arn)).values(values))


def failed(tx: Tx, cluster_id: str, secret_arn: str, error: str) -> None:
    """Note why the secret as it is now has no effect; the user it made stays."""
    query = scram_secrets.update().where(*_which(cluster_id, secret_arn))
    tx.execute(query.values(error=error))


def removed(tx: Tx, cluster_id: str, secret_arn: str) -> bool:
    """Note that Kafka has its user no more; False when the secret was associated again since."""
    query = scram_secrets.delete().where(
        *_which(cluster_id, secret_arn), scram_secrets.c.wanted == REMOVED
    )
    return bool(tx.execute(query).rowcount)


def _which(cluster_id: str, secret_arn: str) -> "tuple[sa.ColumnElement[bool], ...]":
    return scram_secrets.c.cluster_id == cluster_id, scram_secrets.c.secret_arn == secret_arn


def _secret(row: "sa.Row[tuple[object, ...]]") -> ScramSecret:
    columns = dict(row._mapping)
    former = tuple(json.loads(columns.pop("former")))
    return ScramSecret(**columns, former=former)
