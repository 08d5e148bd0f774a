"""Homes of clusters, and the seal of the master key, on every database that machines may share."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.clusters.keeping import ORDERS

from sluicegate.errors import StartRefused
from sluicegate.serve.homes import Lease, come_home, home_of
from sluicegate.serve.keys import open_vault
from sluicegate.serve.seal import check_vault
from sluicegate.serve.state import StateFolder
from sluicegate.store import authorities, cluster_nodes, clusters, homes, schema
from sluicegate.store.authorities import Authority
from sluicegate.store.cluster_nodes import Node
from sluicegate.store.database import Database
from sluicegate.store.homes import Home

HERE, COPY = Home("h", "machine-a", "/state"), Home("h", "machine-b", "/state")
MINUTE = 60_000


@pytest.fixture
def state(database: Database) -> Database:
    """A new state."""
    schema.complete()
    with database.write() as tx:
        schema.metadata.create_all(tx)
    return database


def folder(tmp_path: Path, name: str) -> StateFolder:
    made = StateFolder(tmp_path / name)
    made.path.mkdir(mode=0o700)
    return made


def test_a_home_is_kept_by_one_of_its_copies_until_its_lease_ends(state: Database) -> None:
    with state.write() as tx:
        assert homes.take(tx, HERE, MINUTE) is None
        assert homes.take(tx, HERE, MINUTE) is None, "who starts again has it still"
        assert homes.take(tx, COPY, MINUTE) == HERE
        assert homes.away(tx) == []
        assert homes.renew(tx, HERE, 0)
        assert homes.away(tx) == [HERE]
        assert homes.take(tx, COPY, MINUTE) is None
        assert not homes.renew(tx, HERE, MINUTE)
        assert homes.all_of(tx) == {"h": COPY}
        homes.leave(tx, HERE)
        assert homes.away(tx) == [], "it was another's"
        homes.leave(tx, COPY)
        assert homes.away(tx) == [COPY]


def test_a_start_says_of_its_own_clusters_alone_that_they_do_not_run(
    tmp_path: Path, state: Database
) -> None:
    one, two = folder(tmp_path, "one"), folder(tmp_path, "two")
    home = home_of(one).id
    own = replace(ORDERS, state="ACTIVE", home=home)
    other = replace(own, id="x-1", name="other", home=home_of(two).id)
    with state.write() as tx:
        clusters.create(tx, own)
        clusters.create(tx, other)
    come_home(one, state)
    with state.read() as tx:
        assert [each.state for each in clusters.all_of(tx)] == ["HEALING", "ACTIVE"]
        assert clusters.elsewhere(tx, home) == {other.arn}


def test_an_older_cluster_is_at_home_where_its_data_is(tmp_path: Path, state: Database) -> None:
    one, two = folder(tmp_path, "one"), folder(tmp_path, "two")
    with state.write() as tx:
        clusters.create(tx, replace(ORDERS, home=None))
        cluster_nodes.place(tx, Node(ORDERS.id, 1, "127.5.6.1", {}, "subnet-1", "PLACED", 1))
    (two.clusters / ORDERS.id).mkdir(parents=True)
    for each, at_home in ((one, []), (two, [ORDERS.id]), (one, [])):
        come_home(each, state)
        with state.read() as tx:
            assert clusters.at_home(tx, home_of(each).id) == at_home


def test_a_copy_of_a_folder_that_is_in_use_is_refused(tmp_path: Path, state: Database) -> None:
    one, two = folder(tmp_path, "one"), folder(tmp_path, "two")
    come_home(one, state)
    two.clusters.mkdir()
    two.home.write_text(one.home.read_text())
    if state.is_sqlite:
        # The file is in the folder: a copy of one is a copy of both, and disturbs nobody.
        come_home(two, state, patience_seconds=0)
        return
    with pytest.raises(StartRefused, match="is a copy of the state folder") as refused:
        come_home(two, state, patience_seconds=0)
    assert f"`{one.path}`" in str(refused.value) and "copy `master.key` into it" in str(
        refused.value
    )


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_who_stood_still_until_a_copy_was_taken_keeps_nothing_more(
    tmp_path: Path, state: Database
) -> None:
    one, lost = folder(tmp_path, "one"), threading.Event()
    come_home(one, state)
    with state.write() as tx:
        assert homes.renew(tx, home_of(one), 0)
        assert homes.take(tx, replace(home_of(one), machine="machine-b"), MINUTE) is None
    lease = Lease(state, home_of(one), lost.set)
    lease.start()
    assert lost.wait(30)
    lease.close()
    with state.read() as tx:
        assert homes.away(tx) == []


def test_a_folder_without_the_databases_master_key_is_refused(
    tmp_path: Path, state: Database
) -> None:
    one, two = folder(tmp_path, "one"), folder(tmp_path, "two")
    check_vault(open_vault(one), one, state)
    check_vault(open_vault(one), one, state)
    with pytest.raises(StartRefused, match="sealed with another master key") as refused:
        check_vault(open_vault(two), two, state)
    assert f"copy `{one.master_key}` of `" in str(refused.value)
    assert f"than `{two.master_key}`" in str(refused.value)
    two.master_key.write_bytes(one.master_key.read_bytes())
    check_vault(open_vault(two), two, state)


def test_a_database_that_is_older_than_its_seal_is_not_sealed_anew(
    tmp_path: Path, state: Database
) -> None:
    one, two = folder(tmp_path, "one"), folder(tmp_path, "two")
    with state.write() as tx:
        sealed = open_vault(one).seal("authority", ("authorities", "brokers"), b"key")
        authorities.insert(tx, Authority("brokers", "certificate", sealed))
    with pytest.raises(StartRefused, match="copy the one it was made with over it"):
        check_vault(open_vault(two), two, state)
    check_vault(open_vault(one), one, state)


def test_an_id_that_is_none_stops_the_start(tmp_path: Path) -> None:
    one = folder(tmp_path, "one")
    assert home_of(one) == home_of(one)
    assert one.home.stat().st_mode & 0o777 == 0o600
    one.home.write_text("mine")
    with pytest.raises(StartRefused, match="does not hold the id of this state folder"):
        home_of(one)
