"""MSK configurations: named server.properties, in revisions that never change."""

import json
from dataclasses import dataclass

import sqlalchemy as sa

from ..arn import partition_of
from .database import Tx
from .schema import metadata, moment, owner

cluster_configurations = sa.Table(
    "cluster_configurations",
    metadata,
    sa.Column("id", sa.String(48), primary_key=True),
    *owner(),
    sa.Column("name", sa.String(256), nullable=False),
    sa.Column("kafka_versions", sa.Text, nullable=False),
    moment("created_ms"),
    sa.UniqueConstraint("account", "region", "name"),
)

configuration_revisions = sa.Table(
    "configuration_revisions",
    metadata,
    sa.Column("configuration_id", sa.ForeignKey("cluster_configurations.id"), primary_key=True),
    sa.Column("revision", sa.BigInteger, primary_key=True),
    sa.Column("description", sa.Text, nullable=True),
    sa.Column("properties", sa.Text, nullable=False),
    moment("created_ms"),
)


@dataclass(frozen=True, slots=True)
class Configuration:
    """A configuration without its revisions; no `kafka_versions` means for all of them."""

    id: str
    account: str
    region: str
    name: str
    kafka_versions: tuple[str, ...]
    created_ms: int

    @property
    def arn(self) -> str:
        """The configuration's ARN."""
        return arn_of(self.account, self.region, self.name, self.id)


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision, counted from 1; `properties` is the text as it was given."""

    configuration_id: str
    revision: int
    description: str | None
    properties: str
    created_ms: int


def arn_of(account: str, region: str, name: str, configuration_id: str) -> str:
    """The ARN of a configuration, whether there is one or not."""
    partition = partition_of(region)
    return f"arn:{partition}:kafka:{region}:{account}:configuration/{name}/{configuration_id}"


def create(tx: Tx, configuration: Configuration) -> None:
    """Add a configuration without revisions; `Conflict` when the name is taken."""
    tx.execute(
        cluster_configurations.insert().values(
            id=configuration.id,
            account=configuration.account,
            region=configuration.region,
            name=configuration.name,
            kafka_versions=json.dumps(configuration.kafka_versions),
            created_ms=configuration.created_ms,
        )
    )


def add_revision(tx: Tx, revision: Revision) -> None:
    """Add a revision."""
    tx.execute(
        configuration_revisions.insert().values(
            configuration_id=revision.configuration_id,
            revision=revision.revision,
            description=revision.description,
            properties=revision.properties,
            created_ms=revision.created_ms,
        )
    )


def by_arn(tx: Tx, arn: str) -> Configuration | None:
    """The configuration with this ARN."""
    configuration_id = arn.rpartition("/")[2]
    query = sa.select(cluster_configurations)
    row = tx.execute(query.where(cluster_configurations.c.id == configuration_id)).one_or_none()
    found = None if row is None else _configuration(row)
    return found if found is not None and found.arn == arn else None


def of_account(tx: Tx, account: str, region: str) -> list[Configuration]:
    """The configurations of an account in a region, by name."""
    query = sa.select(cluster_configurations).where(
        cluster_configurations.c.account == account, cluster_configurations.c.region == region
    )
    rows = tx.execute(query.order_by(cluster_configurations.c.name))
    return [_configuration(row) for row in rows]


def revisions(tx: Tx, configuration_id: str) -> list[Revision]:
    """The revisions of a configuration, oldest first."""
    query = sa.select(configuration_revisions).where(
        configuration_revisions.c.configuration_id == configuration_id
    )
    rows = tx.execute(query.order_by(configuration_revisions.c.revision))
    return [Revision(**row._mapping) for row in rows]


def properties(tx: Tx, arn: str, revision: int) -> str | None:
    """The text of one revision of the configuration with this ARN; None where there is none."""
    found = by_arn(tx, arn)
    if found is None:
        return None
    query = sa.select(configuration_revisions.c.properties).where(
        configuration_revisions.c.configuration_id == found.id,
        configuration_revisions.c.revision == revision,
    )
    text: str | None = tx.execute(query).scalar_one_or_none()
    return text


def remove(tx: Tx, configuration_id: str) -> None:
    """Remove a configuration with its revisions."""
    tx.execute(
        configuration_revisions.delete().where(
            configuration_revisions.c.configuration_id == configuration_id
        )
    )
    table = cluster_configurations
    tx.execute(table.delete().where(table.c.id == configuration_id))


def _configuration(row: sa.Row[tuple[object, ...]]) -> Configuration:
    values = dict(row._mapping)
    return Configuration(**values | {"kafka_versions": tuple(json.loads(row.kafka_versions))})
