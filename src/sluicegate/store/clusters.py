"""MSK clusters: what they should be, and what has become of them.

Two writers share a row. Operations write what a cluster should be, and move the generation with it;
the keeper writes what it is: `state` and everything `set_state`, `set_running` and `set_applied`
name. A cluster that should not be any more keeps its row, and its name, until its processes and
data are gone and the keeper removes it.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from ..arn import partition_of
from . import cluster_policies, epoch, tags
from .cluster_nodes import cluster_nodes
from .cluster_operations import cluster_operations
from .database import Tx
from .schema import metadata, moment, owner
from .scram_secrets import scram_secrets

clusters = sa.Table(
    "clusters",
    metadata,
    sa.Column("id", sa.String(48), primary_key=True),
    *owner(),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("creator_arn", sa.String(2048), nullable=False),
    moment("created_ms"),
    # What it should be: written by operations.
    sa.Column("kafka_version", sa.String(128), nullable=False),
    sa.Column("node_count", sa.Integer, nullable=False),
    sa.Column("subnet_ids", sa.Text, nullable=False),
    sa.Column("security_group_ids", sa.Text, nullable=False),
    sa.Column("security", sa.Text, nullable=False),
    sa.Column("configuration_arn", sa.String(2048), nullable=True),
    sa.Column("configuration_revision", sa.BigInteger, nullable=True),
    # What is only shown again, in the API's spelling: instance type, volumes, monitoring, logs.
    sa.Column("shown", sa.Text, nullable=False),
    # The grant by which MSK may use the customer's key of the volumes; empty with AWS's own key.
    sa.Column("volume_key_arn", sa.String(2048), nullable=False),
    sa.Column("volume_grant_id", sa.String(128), nullable=False),
    sa.Column("current_version", sa.String(16), nullable=False),
    # Moves with each change of the columns above; the keeper says which one is in effect.
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("wanted", sa.String(16), nullable=False),
    # What it is: written by the keeper.
    sa.Column("state", sa.String(32), nullable=False),
    sa.Column("state_code", sa.String(128), nullable=True),
    sa.Column("state_message", sa.Text, nullable=True),
    sa.Column("running_version", sa.String(32), nullable=True),
    sa.Column("kafka_id", sa.String(32), nullable=True),
    sa.Column("applied_revision", sa.BigInteger, nullable=False),
    # Whose `serve` keeps it, see `homes`; NULL only in what an older release made.
    sa.Column("home", sa.String(36), nullable=True),
    sa.UniqueConstraint("account", "region", "name"),
)

PRESENT, DELETED = "present", "deleted"

STARTING = "brokers are starting"
"""Why a cluster is not up, where there is nothing more to say."""

LATE = "brokers that were started with the last change do not serve yet"
"""Why a change is not in effect after a minute, where there is nothing more to say."""

AWAY = "its brokers are away"
"""How the reason begins why a cluster is not up whose home nobody keeps."""

CLIENT = "CLIENT"
CLIENT_SECURE = "CLIENT_SECURE"
CLIENT_SASL_SCRAM = "CLIENT_SASL_SCRAM"
CLIENT_IAM = "CLIENT_IAM"


@dataclass(frozen=True, slots=True)
class Security:
    """How clients prove who they are, and what is encrypted on the way.

    `client_broker` is TLS, PLAINTEXT or TLS_PLAINTEXT; `authority_arns` are those whose
    certificates mTLS clients have, when `tls`. `named` are the blocks of ClientAuthentication that
    requests had, which is what Describe shows again.
    """

    unauthenticated: bool
    scram: bool
    iam: bool
    tls: bool
    authority_arns: tuple[str, ...]
    client_broker: str
    in_cluster: bool
    named: tuple[str, ...] = ()

    @property
    def listeners(self) -> tuple[str, ...]:
        """The listeners that clients have, by MSK's names."""
        is_secure = self.tls or (self.unauthenticated and self.client_broker != "PLAINTEXT")
        has = {
            CLIENT: self.unauthenticated and self.client_broker != "TLS",
            CLIENT_SECURE: is_secure,
            CLIENT_SASL_SCRAM: self.scram,
            CLIENT_IAM: self.iam,
        }
        return tuple(listener for listener, is_on in has.items() if is_on)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster. `id` is `UUID-n`, the last part of its ARN; `kafka_id` is what Kafka calls it.

    `kafka_version` is the one that was asked for, `running_version` the one that runs; `home` is
    the state folder that has its brokers and data.
    """

    id: str
    account: str
    region: str
    name: str
    creator_arn: str
    created_ms: int
    kafka_version: str
    node_count: int
    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]
    security: Security
    current_version: str
    volume_key_arn: str = ""
    volume_grant_id: str = ""
    configuration_arn: str | None = None
    configuration_revision: int | None = None
    shown: Mapping[str, Any] = field(default_factory=dict)
    revision: int = 1
    wanted: str = PRESENT
    state: str = "CREATING"
    state_code: str | None = None
    state_message: str | None = None
    running_version: str | None = None
    kafka_id: str | None = None
    applied_revision: int = 0
    home: str | None = None

    @property
    def arn(self) -> str:
        """The cluster's ARN."""
        return arn_of(self.account, self.region, self.name, self.id)

    def host(self, node_id: int) -> str:
        """The name MSK would give a broker: in its certificate, and nowhere to be resolved."""
        letters = hashlib.sha256(self.id.encode()).hexdigest()[:6]
        cell = self.id.rpartition("-")[2]
        return (
            f"b-{node_id}.{self.name.lower()}.{letters}.c{cell}.kafka.{self.region}.amazonaws.com"
        )

    @property
    def current_state(self) -> str:
        """The state as everybody sees it: a change is under way as soon as it is wanted."""
        if self.wanted == DELETED:
            return "DELETING"
        if self.state == "ACTIVE" and self.applied_revision < self.revision:
            return "UPDATING"
        return self.state

    @property
    def is_stuck(self) -> bool:
        """Whether something stands in the way of a change that was asked for."""
        return self.current_state == "HEALING" and self.applied_revision < self.revision


_ASKED = (
    "kafka_version",
    "node_count",
    "subnet_ids",
    "security_group_ids",
    "security",
    "configuration_arn",
    "configuration_revision",
    "shown",
    "current_version",
)
_TEXTS = ("subnet_ids", "security_group_ids", "security", "shown")


def arn_of(account: str, region: str, name: str, cluster_id: str) -> str:
    """The ARN of a cluster, whether there is one or not."""
    return f"arn:{partition_of(region)}:kafka:{region}:{account}:cluster/{name}/{cluster_id}"


def part_arn(cluster_arn: str, kind: str, name: str) -> str:
    """The ARN of something of a cluster: a broker, or as `kafka-cluster` actions have it a topic, a
    group, a transactional id."""
    return f"{cluster_arn.replace(':cluster/', f':{kind}/', 1)}/{name}"


def create(tx: Tx, cluster: Cluster) -> None:
    """Add a cluster; `Conflict` when the name is taken, be it by one that is being deleted."""
    tx.execute(clusters.insert().values(_row(cluster)))
    epoch.bump(tx, epoch.CLUSTERS)


def find(tx: Tx, cluster_id: str) -> Cluster | None:
    """The cluster with that id."""
    row = tx.execute(_BY_ID, {"id": cluster_id}).one_or_none()
    return None if row is None else _cluster(row)


def named(tx: Tx, account: str, region: str, name: str) -> Cluster | None:
    """The cluster of that name."""
    query = sa.select(clusters).where(*_of(account, region), clusters.c.name == name)
    row = tx.execute(query).one_or_none()
    return None if row is None else _cluster(row)


def of_account(tx: Tx, account: str, region: str, prefix: str = "") -> list[Cluster]:
    """The clusters of an account in a region whose names begin with `prefix`, by name."""
    query = sa.select(clusters).where(*_of(account, region)).order_by(clusters.c.name)
    found = (_cluster(row) for row in tx.execute(query))
    return [cluster for cluster in found if cluster.name.startswith(prefix)]


def with_configuration(tx: Tx, arn: str) -> list[str]:
    """The names of the clusters that have a configuration."""
    query = sa.select(clusters.c.name).where(clusters.c.configuration_arn == arn)
    return list(tx.execute(query.order_by(clusters.c.name)).scalars())


def change(tx: Tx, cluster: Cluster) -> Cluster:
    """Let a cluster that was read in this transaction be what `cluster` asks for from now on.

    Its state and what is applied are left to the keeper.
    """
    changed = replace(cluster, revision=cluster.revision + 1)
    row = _row(changed)
    values = {name: row[name] for name in (*_ASKED, "revision")}
    tx.execute(clusters.update().where(clusters.c.id == cluster.id).values(values))
    epoch.bump(tx, epoch.CLUSTERS)
    return changed


def want_deleted(tx: Tx, cluster_id: str) -> None:
    """Say that a cluster should not be any more."""
    tx.execute(clusters.update().where(clusters.c.id == cluster_id).values(wanted=DELETED))
    epoch.bump(tx, epoch.CLUSTERS)


def generation(tx: Tx) -> int:
    """A number that moves with every change of what clusters and their users should be."""
    return epoch.current(tx, epoch.CLUSTERS)


def all_of(tx: Tx) -> list[Cluster]:
    """Every cluster there is, of every account, those to be deleted too; oldest first."""
    rows = tx.execute(sa.select(clusters).order_by(clusters.c.created_ms, clusters.c.id))
    return [_cluster(row) for row in rows]


def at_home(tx: Tx, home: str) -> list[str]:
    """The ids of the clusters that are kept there, oldest first."""
    query = sa.select(clusters.c.id).where(clusters.c.home == home)
    rows = tx.execute(query.order_by(clusters.c.created_ms, clusters.c.id))
    return list(rows.scalars())


def elsewhere(tx: Tx, home: str) -> frozenset[str]:
    """The ARNs of the clusters that are not at home there."""
    table = clusters.c
    query = sa.select(table.account, table.region, table.name, table.id)
    return frozenset(arn_of(*row) for row in tx.execute(query.where(table.home != home)))


def set_state(
    tx: Tx,
    cluster_id: str,
    from_states: Collection[str],
    state: str,
    code: str | None = None,
    message: str | None = None,
) -> bool:
    """Say what a cluster is now, if it is in one of `from_states`; False when it is not."""
    query = clusters.update().where(clusters.c.id == cluster_id)
    query = query.where(clusters.c.state.in_(list(from_states)))
    values = {"state": state, "state_code": code, "state_message": message}
    return bool(tx.execute(query.values(values)).rowcount)


def bring_home(tx: Tx, cluster_id: str, home: str) -> None:
    """Say whose a cluster is that has no home yet."""
    which = clusters.c.id == cluster_id, clusters.c.home.is_(None)
    tx.execute(clusters.update().where(*which).values(home=home))


def none_runs(tx: Tx, home: str) -> None:
    """Nothing of this home runs yet: what was up is HEALING until its brokers answer."""
    is_up = clusters.c.state.in_(["ACTIVE", "UPDATING"])
    query = clusters.update().where(clusters.c.home == home, is_up)
    values = {"state": "HEALING", "state_code": "WAITING", "state_message": STARTING}
    tx.execute(query.values(values))


def set_running(tx: Tx, cluster_id: str, running_version: str, kafka_id: str) -> None:
    """Note the Kafka that really runs, and what it calls the cluster."""
    values = {"running_version": running_version, "kafka_id": kafka_id}
    tx.execute(clusters.update().where(clusters.c.id == cluster_id).values(values))


def set_applied(tx: Tx, cluster_id: str, revision: int) -> None:
    """Note that the brokers are as `revision` asked."""
    query = clusters.update().where(clusters.c.id == cluster_id)
    tx.execute(query.values(applied_revision=revision))


def remove(tx: Tx, cluster_id: str) -> bool:
    """Remove a cluster that should be gone, with all that hangs on it; False when it should not."""
    gone = sa.and_(clusters.c.id == cluster_id, clusters.c.wanted == DELETED)
    if tx.execute(sa.select(clusters.c.id).where(gone)).first() is None:
        return False
    for table in (scram_secrets, cluster_nodes, cluster_operations):
        tx.execute(table.delete().where(table.c.cluster_id == cluster_id))
    cluster_policies.delete(tx, cluster_id)
    tags.remove(tx, cluster_id)
    tx.execute(clusters.delete().where(clusters.c.id == cluster_id))
    return True


_BY_ID = sa.select(clusters).where(clusters.c.id == sa.bindparam("id"))


def _of(account: str, region: str) -> "tuple[sa.ColumnElement[bool], ...]":
    return clusters.c.account == account, clusters.c.region == region


def _row(cluster: Cluster) -> dict[str, Any]:
    row = asdict(cluster)
    return row | {name: json.dumps(row[name]) for name in _TEXTS}


def _cluster(row: sa.Row[tuple[object, ...]]) -> Cluster:
    values = dict(row._mapping)
    security = json.loads(values.pop("security"))
    security = {
        name: tuple(value) if isinstance(value, list) else value for name, value in security.items()
    }
    return Cluster(
        **values
        | {
            "subnet_ids": tuple(json.loads(values["subnet_ids"])),
            "security_group_ids": tuple(json.loads(values["security_group_ids"])),
            "security": Security(**security),
            "shown": json.loads(values["shown"]),
        }
    )
