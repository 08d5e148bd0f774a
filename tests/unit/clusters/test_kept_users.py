"""The users of a kept cluster, as its secrets say."""

import pytest
from tests.unit.clusters.keeping import ID, Bench

from sluicegate.clusters.machinery import ScramUser, Unreadable
from sluicegate.clusters.secrets import scram_user
from sluicegate.kafka import Unknown, Unreachable
from sluicegate.store import epoch, scram_secrets, secrets
from sluicegate.testing import Endpoint


@pytest.fixture
def bench(endpoint: Endpoint) -> Bench:
    """A new cluster of two nodes, nothing of it done yet."""
    return Bench(endpoint)


def test_users_are_made_from_secrets_and_changed_with_them(bench: Bench) -> None:
    arn = bench.secret("AmazonMSK_alice", ScramUser("v1", "alice", "one"))
    bench.step()
    assert bench.machine.kafka_users == {"alice": "one"}
    assert (bench.noted(arn).username, bench.noted(arn).version_id) == ("alice", "v1")
    bench.step(3)
    assert bench.machine.reads == [arn], "a version is read once"
    bench.machine.secrets[arn] = ScramUser("v2", "alice", "two")
    with bench.database.write() as tx:
        secrets.put_stages(tx, "id-AmazonMSK_alice", {"AWSCURRENT": "v2"})
    bench.step()
    assert bench.machine.kafka_users == {"alice": "two"}


def test_the_user_of_a_former_name_stays_until_the_secret_is_removed(bench: Bench) -> None:
    arn = bench.secret("AmazonMSK_alice", ScramUser("v1", "alice", "one"))
    bench.step()
    bench.machine.secrets[arn] = ScramUser("v2", "anna", "two")
    with bench.database.write() as tx:
        secrets.put_stages(tx, "id-AmazonMSK_alice", {"AWSCURRENT": "v2"})
    bench.step()
    assert bench.machine.kafka_users == {"alice": "one", "anna": "two"}
    assert bench.noted(arn).former == ("alice",)
    # Back again, and so no former one.
    bench.machine.secrets[arn] = ScramUser("v3", "alice", "three")
    with bench.database.write() as tx:
        secrets.put_stages(tx, "id-AmazonMSK_alice", {"AWSCURRENT": "v3"})
    bench.step()
    assert bench.machine.kafka_users == {"alice": "three", "anna": "two"}
    assert bench.noted(arn).former == ("anna",)
    with bench.database.write() as tx:
        scram_secrets.disassociate(tx, ID, arn)
    bench.step()
    assert bench.machine.kafka_users == {}


def test_a_removed_secret_ends_its_user(bench: Bench) -> None:
    arn = bench.secret("AmazonMSK_alice", ScramUser("v1", "alice", "one"))
    bench.step()
    with bench.database.write() as tx:
        scram_secrets.disassociate(tx, ID, arn)
    bench.step()
    assert bench.machine.kafka_users == {}
    with bench.database.read() as tx:
        assert scram_secrets.wanted_of(tx, ID) == []


def test_a_user_two_secrets_make_stays_until_both_are_gone(bench: Bench) -> None:
    first = bench.secret("AmazonMSK_one", ScramUser("v1", "alice", "one"))
    bench.secret("AmazonMSK_two", ScramUser("v1", "alice", "two"))
    bench.step()
    with bench.database.write() as tx:
        scram_secrets.disassociate(tx, ID, first)
    bench.step()
    assert bench.machine.kafka_users == {"alice": "two"}


def test_a_secret_that_cannot_be_read_is_tried_again_when_permissions_change(
    bench: Bench,
) -> None:
    arn = bench.secret("AmazonMSK_alice", "not authorized")
    bench.step(5)
    assert bench.machine.reads == [arn]
    assert bench.noted(arn).error == "not authorized"
    bench.machine.secrets[arn] = ScramUser("v1", "alice", "one")
    with bench.database.write() as tx:
        epoch.bump(tx)
    bench.step()
    assert bench.machine.kafka_users == {"alice": "one"}
    assert bench.noted(arn).error is None


def test_a_secret_that_cannot_be_read_is_tried_again_after_a_while(bench: Bench) -> None:
    arn = bench.secret("AmazonMSK_alice", "no such secret")
    bench.step(2)
    bench.now += 31
    bench.step()
    assert bench.machine.reads == [arn, arn]


def test_a_user_kafka_refuses_holds_up_no_other_and_is_told(bench: Bench) -> None:
    bench.machine.refused["alice"] = Unknown(93, "The user has an unacceptable credential")
    alice = bench.secret("AmazonMSK_alice", ScramUser("v1", "alice", "one"))
    spoiled = bench.secret("AmazonMSK_text", "not a username and a password")
    bench.secret("AmazonMSK_bob", ScramUser("v1", "bob", "two"))
    bench.step(3)
    assert bench.machine.kafka_users == {"bob": "two"}
    told = "Kafka did not change its user: The user has an unacceptable credential"
    assert bench.noted(alice).error == told
    assert bench.noted(spoiled).error == "not a username and a password"
    assert bench.machine.reads.count(alice) == 1, "it is not tried all the time"
    bench.machine.refused.clear()
    bench.now += 31
    bench.step()
    assert bench.machine.kafka_users == {"bob": "two", "alice": "one"}
    assert bench.noted(alice).error is None


def test_a_user_that_cannot_be_removed_is_told_and_removed_later(bench: Bench) -> None:
    arn = bench.secret("AmazonMSK_alice", ScramUser("v1", "alice", "one"))
    bench.step()
    bench.machine.refused["alice"] = Unreachable(-185, "the brokers do not answer")
    with bench.database.write() as tx:
        scram_secrets.disassociate(tx, ID, arn)
    bench.step()
    assert bench.noted(arn).error == "Kafka did not change its user: the brokers do not answer"
    bench.machine.refused.clear()
    bench.step()
    assert bench.machine.kafka_users == {}


def test_an_unreadable_secret_is_removed_at_once(bench: Bench) -> None:
    arn = bench.secret("AmazonMSK_alice", "no such secret")
    bench.step()
    with bench.database.write() as tx:
        scram_secrets.disassociate(tx, ID, arn)
    bench.step()
    with bench.database.read() as tx:
        assert scram_secrets.wanted_of(tx, ID) == []


def test_an_error_goes_with_the_version_it_was_about(bench: Bench) -> None:
    arn = bench.secret("AmazonMSK_alice", ScramUser("v1", "alice", "one"))
    bench.step()
    bench.machine.secrets[arn] = "not a username and a password"
    with bench.database.write() as tx:
        secrets.put_stages(tx, "id-AmazonMSK_alice", {"AWSCURRENT": "v2"})
    bench.step()
    assert bench.noted(arn).error == "not a username and a password"
    bench.machine.secrets[arn] = ScramUser("v1", "alice", "one")
    with bench.database.write() as tx:
        secrets.put_stages(tx, "id-AmazonMSK_alice", {"AWSCURRENT": "v1"})
    bench.step()
    assert bench.noted(arn).error is None


def test_the_user_of_a_deleted_secret_stays(bench: Bench) -> None:
    arn = bench.secret("AmazonMSK_alice", ScramUser("v1", "alice", "one"))
    bench.step()
    with bench.database.write() as tx:
        secrets.delete(tx, "id-AmazonMSK_alice")
    bench.machine.secrets[arn] = "can't find the specified secret"
    bench.step()
    assert bench.machine.kafka_users == {"alice": "one"}
    assert bench.noted(arn).error == "can't find the specified secret"


@pytest.mark.parametrize("text", ["", "{}", '{"username": "a\\u0000", "password": "p"}'])
def test_a_secret_of_another_shape_makes_no_user(text: str) -> None:
    with pytest.raises(Unreadable, match="not a username and a password as JSON"):
        scram_user("v1", text)
