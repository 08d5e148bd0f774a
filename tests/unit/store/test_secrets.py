from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sluicegate.store import epoch, secrets, tags
from sluicegate.store.database import Conflict, Database, sqlite_url
from sluicegate.store.schema import metadata
from sluicegate.store.secrets import Secret, Version

ACCOUNT, REGION, NOW = "000000000000", "us-east-1", 1_000_000
SECRET = Secret(
    id="11111111-2222-4333-8444-555555555555",
    account=ACCOUNT,
    region=REGION,
    name="s",
    suffix="AbCdEf",
    created_ms=NOW,
    changed_ms=NOW,
)
VERSION = Version(SECRET.id, "v" * 32, 0, b"sealed", None, NOW)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(sqlite_url(tmp_path / "state.db"))
    with made.write() as tx:
        metadata.create_all(tx)
        secrets.create(tx, SECRET)
        secrets.add_version(tx, VERSION)
    yield made
    made.close()


def test_a_name_is_taken_once_in_an_account_and_region(database: Database) -> None:
    with database.write() as tx:
        secrets.create(tx, replace(SECRET, id="other", region="eu-west-1"))
        secrets.create(tx, replace(SECRET, id="third", account="111122223333"))
    with pytest.raises(Conflict), database.write() as tx:
        secrets.create(tx, replace(SECRET, id="fourth"))


def test_a_secret_past_its_date_leaves_nothing_behind(database: Database) -> None:
    with database.write() as tx:
        secrets.put_stages(tx, SECRET.id, {"AWSCURRENT": VERSION.id})
        tags.put(tx, SECRET.id, {"a": "b"})
        secrets.save(tx, replace(SECRET, deletion_ms=NOW + 10))
        assert secrets.by_name(tx, ACCOUNT, REGION, "s", NOW + 9) is not None
        assert secrets.by_name(tx, ACCOUNT, REGION, "s", NOW + 10) is None
        assert secrets.of_account(tx, ACCOUNT, REGION, NOW + 10) == []
        secrets.prune(tx, NOW + 10)
        assert secrets.listed(tx, SECRET.id) == []
        assert secrets.stages(tx, SECRET.id) == {}
        assert tags.of(tx, SECRET.id) == {}
        secrets.create(tx, SECRET)


def test_a_version_is_rewrapped_only_as_it_was_read(database: Database) -> None:
    with database.write() as tx:
        assert secrets.rewrap(tx, VERSION, b"again", "key")
        assert not secrets.rewrap(tx, VERSION, b"lost", "key")
        assert secrets.version(tx, SECRET.id, VERSION.id) == replace(
            VERSION, sealed=b"again", kms_key="key"
        )


def test_labels_are_one_version_each(database: Database) -> None:
    with database.write() as tx:
        secrets.put_stages(tx, SECRET.id, {"AWSCURRENT": "b", "AWSPREVIOUS": "a"})
        secrets.put_stages(tx, SECRET.id, {"AWSCURRENT": "c"})
        assert secrets.stages(tx, SECRET.id) == {"AWSCURRENT": "c"}
        assert secrets.stages_of_many(tx, [SECRET.id, "x"]) == {SECRET.id: {"AWSCURRENT": "c"}}


def test_reading_moves_no_epoch_but_a_policy_does(database: Database) -> None:
    with database.write() as tx:
        before = epoch.current(tx)
        secrets.touch(tx, SECRET.id, VERSION.id, NOW)
        assert epoch.current(tx) == before
        secrets.save(tx, replace(SECRET, policy="{}"))
        assert epoch.current(tx) == before + 1


def test_a_version_prints_nothing_of_itself() -> None:
    assert "sealed" not in repr(VERSION)
