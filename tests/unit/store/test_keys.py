from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sluicegate.store import aliases, epoch, grants, keys, tags
from sluicegate.store.aliases import Alias
from sluicegate.store.database import Conflict, Database, sqlite_url
from sluicegate.store.grants import KeyGrant
from sluicegate.store.keys import Key, Material
from sluicegate.store.schema import metadata

ACCOUNT, REGION = "000000000000", "us-east-1"
NOW = 1_000_000
KEY = Key(
    id="11111111-2222-4333-8444-555555555555",
    account=ACCOUNT,
    region=REGION,
    service="",
    description="",
    policy="{}",
    is_enabled=True,
    material_id="ab" * 32,
    created_ms=NOW,
)
MATERIAL = Material(KEY.id, KEY.material_id, 0, "", b"sealed", NOW)
GRANT = KeyGrant(
    id="cd" * 32,
    key_id=KEY.id,
    name=None,
    grantee="arn:aws:iam::000000000000:user/alice",
    grantee_id="AIDA1",
    retiring="arn:aws:iam::000000000000:user/bob",
    retiring_id="AIDA2",
    issuing_account="arn:aws:iam::000000000000:root",
    operations=("Encrypt", "Decrypt"),
    constraints={"EncryptionContextEquals": {"a": "b"}},
    created_ms=NOW,
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(sqlite_url(tmp_path / "state.db"))
    with made.write() as tx:
        metadata.create_all(tx)
        keys.create(tx, KEY, MATERIAL)
    yield made
    made.close()


def test_a_key_is_found_in_its_region_until_its_deletion_date(database: Database) -> None:
    with database.write() as tx:
        assert keys.find(tx, REGION, KEY.id, NOW) == KEY
        assert keys.find(tx, "eu-west-1", KEY.id, NOW) is None
        waiting = replace(KEY, deletion_ms=NOW + 10)
        keys.save(tx, waiting)
        assert keys.find(tx, REGION, KEY.id, NOW + 9) == waiting
        assert keys.find(tx, REGION, KEY.id, NOW + 10) is None
        assert keys.after(tx, ACCOUNT, REGION, "", NOW + 10, 5) == []


def test_a_key_that_is_gone_leaves_nothing_behind(database: Database) -> None:
    alias = Alias(ACCOUNT, REGION, "alias/a", KEY.id, NOW, NOW)
    with database.write() as tx:
        aliases.create(tx, alias)
        grants.create(tx, GRANT)
        tags.put(tx, KEY.id, {"a": "b"})
        keys.save(tx, replace(KEY, deletion_ms=NOW + 10))
        keys.prune(tx, NOW + 9)
        assert keys.materials(tx, KEY.id) == [MATERIAL]
        keys.prune(tx, NOW + 10)
        assert keys.materials(tx, KEY.id) == []
        assert aliases.of_account(tx, ACCOUNT, REGION) == []
        assert grants.find(tx, GRANT.id) is None
        assert tags.of(tx, KEY.id) == {}


def test_an_alias_is_taken_once_in_an_account_and_region(database: Database) -> None:
    alias = Alias(ACCOUNT, REGION, "alias/a", KEY.id, NOW, NOW)
    with database.write() as tx:
        aliases.create(tx, alias)
        aliases.create(tx, replace(alias, region="eu-west-1"))
        aliases.create(tx, replace(alias, account="111122223333"))
    with pytest.raises(Conflict), database.write() as tx:
        aliases.create(tx, alias)


def test_grants_keep_their_constraints(database: Database) -> None:
    with database.write() as tx:
        grants.create(tx, GRANT)
        assert grants.of_key(tx, KEY.id) == [GRANT]
        assert grants.retirable(tx, REGION, GRANT.retiring, NOW) == [(GRANT, KEY.arn)]
        assert grants.retirable(tx, "eu-west-1", GRANT.retiring, NOW) == []


def test_a_grants_grantee_is_its_unique_id_where_it_has_one(database: Database) -> None:
    service = replace(GRANT, id="ef" * 32, grantee="kafka.amazonaws.com", grantee_id="", name="n")
    with database.write() as tx:
        grants.create(tx, GRANT)
        grants.create(tx, service)
        assert grants.to(tx, KEY.id, ["AIDA1", "AIDA3"]) == [GRANT]
        assert grants.to(tx, KEY.id, [GRANT.grantee, "AIDA3"]) == []
        assert grants.to(tx, KEY.id, ["kafka.amazonaws.com"]) == [service]
        assert grants.to(tx, "other", ["AIDA1"]) == grants.to(tx, KEY.id, []) == []
        assert grants.named(tx, KEY.id, "n") == [service]
        assert (grants.count(tx, KEY.id), grants.count(tx, "other")) == (2, 0)


def test_every_change_of_permissions_moves_the_epoch(database: Database) -> None:
    alias = Alias(ACCOUNT, REGION, "alias/a", KEY.id, NOW, NOW)
    with database.write() as tx:
        changes: tuple[Callable[[], None], ...] = (
            lambda: keys.save(tx, replace(KEY, policy="[]")),
            lambda: keys.add_material(tx, KEY, replace(MATERIAL, id="ef" * 32, position=1)),
            lambda: aliases.create(tx, alias),
            lambda: aliases.retarget(tx, alias, KEY.id, NOW + 1),
            lambda: aliases.delete(tx, alias),
            lambda: grants.create(tx, GRANT),
            lambda: grants.delete(tx, GRANT.id),
        )
        for change in changes:
            before = epoch.current(tx)
            change()
            assert epoch.current(tx) == before + 1


def test_material_prints_nothing_of_itself() -> None:
    assert "sealed" not in repr(MATERIAL)
