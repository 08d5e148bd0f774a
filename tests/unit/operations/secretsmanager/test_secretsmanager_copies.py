"""What is written to replicas, where other requests came between encrypting and writing."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sluicegate.errors import AwsError
from sluicegate.operations.secretsmanager import copies
from sluicegate.operations.secretsmanager.copies import NONE, Copy
from sluicegate.store import secret_replicas, secrets
from sluicegate.store.database import Database, sqlite_url
from sluicegate.store.schema import metadata
from sluicegate.store.secret_replicas import Replication
from sluicegate.store.secrets import Secret, Version

PRIMARY = Secret(
    id="primary",
    account="000000000000",
    region="us-east-1",
    name="s",
    suffix="AbCdEf",
    created_ms=1,
    changed_ms=1,
    primary_region="us-east-1",
)
REPLICA = replace(PRIMARY, id="replica", region="eu-west-1")
VERSION = Version(PRIMARY.id, "new", 0, b"sealed", None, 1)
FAILED = Copy(REPLICA, failure="Replication failed: why")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A primary that was given a value which its replica in sync lacks."""
    made = Database(sqlite_url(tmp_path / "state.db"))
    with made.write() as tx:
        metadata.create_all(tx)
        for secret in (PRIMARY, REPLICA):
            secrets.create(tx, secret)
        secret_replicas.put(tx, Replication(PRIMARY.id, REPLICA.region, REPLICA.id))
        secrets.add_version(tx, VERSION)
        secrets.put_stages(tx, PRIMARY.id, {"AWSCURRENT": VERSION.id})
    yield made
    made.close()


def test_a_replica_in_sync_is_never_left_without_a_labelled_version(database: Database) -> None:
    """A replica that was made since the copies were: the change is to be tried again."""
    with pytest.raises(AwsError, match="Try again"), database.write() as tx:
        copies.save(tx, PRIMARY, NONE)


def test_what_was_encrypted_under_a_key_it_no_longer_has_is_not_written(
    database: Database,
) -> None:
    old = Copy(replace(REPLICA, kms_key="alias/old"), {VERSION.id: b"copy"})
    with pytest.raises(AwsError, match="Try again"), database.write() as tx:
        copies.save(tx, PRIMARY, {REPLICA.id: old})


def test_copies_are_written_with_the_labels(database: Database) -> None:
    with database.write() as tx:
        copies.save(tx, PRIMARY, {REPLICA.id: Copy(REPLICA, {VERSION.id: b"copy"})})
        assert secrets.stages(tx, REPLICA.id) == {"AWSCURRENT": VERSION.id}
        (version,) = secrets.versions(tx, REPLICA.id, [VERSION.id])
        assert version == replace(VERSION, secret_id=REPLICA.id, sealed=b"copy")


def test_a_version_the_primary_dropped_goes_everywhere(database: Database) -> None:
    with database.write() as tx:
        secrets.add_version(tx, replace(VERSION, secret_id=REPLICA.id, id="old"))
        copies.save(tx, PRIMARY, {REPLICA.id: Copy(REPLICA, {VERSION.id: b"copy"})})
        assert list(secrets.ages(tx, REPLICA.id)) == [VERSION.id]


def test_a_failure_is_kept_until_the_replica_has_everything(database: Database) -> None:
    held = replace(VERSION, secret_id=REPLICA.id, id="held")
    with database.write() as tx:
        secrets.add_version(tx, replace(held, secret_id=PRIMARY.id))
        secrets.add_version(tx, held)
        for made in ({REPLICA.id: FAILED}, NONE):
            copies.save(tx, PRIMARY, made)
            (replication,) = secret_replicas.of(tx, PRIMARY.id)
            assert replication.failure == FAILED.failure
        copies.save(tx, PRIMARY, {REPLICA.id: Copy(REPLICA, {VERSION.id: b"copy"})})
        (replication,) = secret_replicas.of(tx, PRIMARY.id)
        assert replication.failure is None
