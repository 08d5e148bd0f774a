"""What `access` reads of users, roles and policies."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from sluicegate.store import access_keys, epoch, groups, identities, policies, principals
from sluicegate.store.access_keys import AccessKey
from sluicegate.store.database import Conflict, Database, sqlite_url
from sluicegate.store.identities import Kind
from sluicegate.store.schema import metadata

ACCOUNT, NOW_MS = "000000000000", 1_700_000_000_000
AWS_POLICY = "arn:aws:iam::aws:policy/service-role/AWSLambdaMSKExecutionRole"
TRUST = '{"Version":"2012-10-17","Statement":[]}'


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    url = sqlite_url(tmp_path / "state.db")
    engine = sa.create_engine(url)
    metadata.create_all(engine)
    engine.dispose()
    made = Database(url)
    yield made
    made.close()


def test_a_user_is_judged_by_its_own_policies_and_its_groups(database: Database) -> None:
    with database.write() as tx:
        bob = identities.add(tx, Kind.USER, ACCOUNT, "bob", "/", NOW_MS)
        ops = identities.add(tx, Kind.GROUP, ACCOUNT, "ops", "/", NOW_MS)
        groups.join(tx, bob.id, ops.id, NOW_MS)
        policies.put_inline(tx, bob.id, "own", "1")
        policies.put_inline(tx, ops.id, "shared", "2")
        managed = policies.add(tx, ACCOUNT, "managed", "/", None, "3", NOW_MS)
        policies.attach(tx, ACCOUNT, bob.id, managed.arn, NOW_MS)
        policies.attach(tx, ACCOUNT, ops.id, AWS_POLICY, NOW_MS)
    with database.read() as tx:
        stored = principals.identity_policies(tx, bob.id)
    found = {(one.name, one.uri, one.attached_to) for one in stored}
    assert found == {
        ("own", "", bob.arn),
        ("shared", "", ops.arn),
        ("managed", managed.arn, bob.arn),
        ("AWSLambdaMSKExecutionRole", AWS_POLICY, ops.arn),
    }
    assert {one.text for one in stored if not one.uri.startswith("arn:aws:iam::aws")} == set("123")


def test_nobody_has_no_policies(database: Database) -> None:
    with database.read() as tx:
        assert principals.identity_policies(tx, "AIDA" + "A" * 17) == ()
        assert principals.user(tx, "AIDA" + "A" * 17) is None
        assert principals.role_by_name(tx, ACCOUNT, "nobody") is None
        assert principals.policy_by_arn(tx, "no ARN") is None
        assert principals.access_key(tx, "AKIA\0") is None


def test_a_boundary_is_found_by_its_arn(database: Database) -> None:
    with database.write() as tx:
        own = policies.add(tx, ACCOUNT, "limit", "/team/", None, "old", NOW_MS)
        policies.add_version(tx, own, "new", NOW_MS, is_default=True)
    with database.read() as tx:
        found = principals.policy_by_arn(tx, own.arn)
        of_aws = principals.policy_by_arn(tx, AWS_POLICY)
        elsewhere = principals.policy_by_arn(tx, own.arn.replace("/team/", "/other/"))
    assert found is not None and (found.text, found.name) == ("new", "limit")
    assert of_aws is not None and "kafka:DescribeCluster" in of_aws.text
    assert elsewhere is None


def test_uses_closer_than_a_minute_are_one_and_move_no_epoch(database: Database) -> None:
    with database.write() as tx:
        bob = identities.add(tx, Kind.USER, ACCOUNT, "bob", "/", NOW_MS)
        access_keys.add(tx, AccessKey("AKIAX", ACCOUNT, bob.id, b"sealed", "Active", NOW_MS))
        role = identities.add(
            tx, Kind.ROLE, ACCOUNT, "r", "/", NOW_MS, trust=TRUST, max_session_seconds=3600
        )
        before = epoch.current(tx)
        for late_ms in (0, 59_999, 60_000):
            principals.touch_access_key(tx, "AKIAX", "us-east-1", "kafka", NOW_MS + late_ms)
            principals.touch_role(tx, role.id, "us-east-1", NOW_MS + late_ms)
            key, seen = principals.access_key(tx, "AKIAX"), principals.role(tx, role.id)
            assert key is not None and seen is not None
            expected_ms = NOW_MS + (60_000 if late_ms == 60_000 else 0)
            assert key.last_used_ms == seen.last_used_ms == expected_ms
        assert epoch.current(tx) == before
        assert "sealed" not in repr(key)


def test_every_change_of_who_may_what_moves_the_epoch(database: Database) -> None:
    with database.write() as tx:
        seen = [epoch.current(tx)]

        def moved() -> bool:
            seen.append(epoch.current(tx))
            return seen[-1] > seen[-2]

        bob = identities.add(tx, Kind.USER, ACCOUNT, "bob", "/", NOW_MS)
        assert moved()
        ops = identities.add(tx, Kind.GROUP, ACCOUNT, "ops", "/", NOW_MS)
        assert moved()
        groups.join(tx, bob.id, ops.id, NOW_MS)
        assert moved()
        policy = policies.add(tx, ACCOUNT, "p", "/", None, "1", NOW_MS)
        assert moved()
        policies.attach(tx, ACCOUNT, ops.id, policy.arn, NOW_MS)
        assert moved()
        policies.add_version(tx, policy, "2", NOW_MS, is_default=False)
        policies.set_default(tx, policy.id, 2, NOW_MS)
        assert moved()
        identities.change(tx, bob, boundary_arn=policy.arn)
        assert moved()
        assert policies.detach(tx, ops.id, policy.arn) and moved()
        groups.leave(tx, bob.id, ops.id)
        assert moved()
        access_keys.add(tx, AccessKey("AKIAX", ACCOUNT, bob.id, b"", "Active", NOW_MS))
        assert moved()
        access_keys.set_status(tx, "AKIAX", "Inactive")
        assert moved()
        access_keys.remove(tx, "AKIAX")
        assert moved()
        identities.remove(tx, bob)
        assert moved()


def test_a_name_is_one_entity_of_an_account(database: Database) -> None:
    with database.write() as tx:
        identities.add(tx, Kind.USER, ACCOUNT, "bob", "/", NOW_MS)
        identities.add(tx, Kind.USER, "111111111111", "bob", "/", NOW_MS)
    with pytest.raises(Conflict), database.write() as tx:
        identities.add(tx, Kind.USER, ACCOUNT, "BOB", "/", NOW_MS)
