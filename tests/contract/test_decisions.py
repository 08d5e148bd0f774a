"""Recorded decisions: found again as they were made, by their owners, for as long as promised."""

import dataclasses
import json
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from sluicegate.iam.model import Effect
from sluicegate.store.authorization_ids import new_id
from sluicegate.store.database import Database
from sluicegate.store.decisions import DecisionLog, Recorded, decision_documents
from sluicegate.store.schema import journal

NOW_MS = 1_790_000_000_000
HOUR_MS = 3_600_000
ACCOUNT, REGION = "111122223333", "eu-west-1"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
POLICY = json.dumps({"Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]})


@pytest.fixture
def journal_database(database: Database) -> Database:
    """A database with the journal's tables."""
    with database.write() as tx:
        journal.create_all(tx)
    return database


@pytest.fixture
def log(journal_database: Database) -> Iterator[DecisionLog]:
    """An open log."""
    made = DecisionLog(journal_database)
    yield made
    made.close()


def decision(effect: Effect = Effect.IMPLICIT_DENY, at_ms: int = NOW_MS, **but: object) -> Recorded:
    made = Recorded(
        id=new_id(at_ms),
        account=ACCOUNT,
        region=REGION,
        at_ms=at_ms,
        last_ms=at_ms,
        request_id="2f1c4e1e-0d0f-4b7a-9a43-0d4a3e0f6b11",
        principal=ALICE,
        action="kms:Decrypt",
        resource=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1",
        effect=effect,
        layer="" if effect is Effect.ALLOW else "identity-based policy",
        epoch=7,
        context={"aws:username": "alice", "aws:TagKeys": ("a", "b")},
        details={"evaluations": [{"action": "kms:Decrypt", "evaluatedEffect": effect.value}]},
        documents={f"{ALICE}#inline": POLICY, "arn:aws:iam::aws:policy/Same": POLICY},
    )
    return dataclasses.replace(made, **but)  # type: ignore[arg-type]  # any of its fields


def test_a_decision_is_found_at_once_and_as_it_was_made(log: DecisionLog) -> None:
    made = decision()
    assert log.record(made) == made.id
    assert log.find(ACCOUNT, REGION, made.id) == made


def test_a_decision_is_there_after_a_restart(log: DecisionLog, journal_database: Database) -> None:
    made = decision()
    log.record(made)
    log.close()
    again = DecisionLog(journal_database)
    assert again.find(ACCOUNT, REGION, made.id) == made
    again.close()


@pytest.mark.parametrize(("account", "region"), [("999999999999", REGION), (ACCOUNT, "us-east-1")])
def test_another_account_or_region_finds_nothing(
    log: DecisionLog, account: str, region: str
) -> None:
    made = decision()
    log.record(made)
    assert log.find(account, region, made.id) is None


def test_an_unknown_id_finds_nothing(log: DecisionLog) -> None:
    assert log.find(ACCOUNT, REGION, new_id(NOW_MS)) is None


def test_repeated_allows_are_one_row_that_counts(log: DecisionLog) -> None:
    first = decision(Effect.ALLOW)
    log.record(first)
    for later in range(1, 10):
        clocks = {"aws:CurrentTime": f"…{later}Z", "aws:EpochTime": f"{later}"}
        again = decision(Effect.ALLOW, NOW_MS + later, context={**first.context, **clocks})
        assert log.record(again) == first.id
    log.recent(ACCOUNT)
    for later in range(10, 20):
        log.record(decision(Effect.ALLOW, NOW_MS + later))
    (row,) = log.recent(ACCOUNT).items
    assert (row.id, row.times, row.at_ms, row.last_ms) == (first.id, 20, NOW_MS, NOW_MS + 19)


@pytest.mark.parametrize(
    "but",
    [
        {"principal": f"arn:aws:iam::{ACCOUNT}:user/bob"},
        {"action": "kms:Encrypt"},
        {"resource": "*"},
        {"region": "us-east-1"},
        {"epoch": 8},
        {"at_ms": NOW_MS + 60_000},
        # Else whoever does something harmless first does the rest unseen.
        {"context": {"aws:username": "alice", "aws:TagKeys": ("a",)}},
        {"documents": {f"{ALICE}#inline": "{}", "arn:aws:iam::aws:policy/Same": POLICY}},
    ],
)
def test_an_allow_that_differs_is_a_row_of_its_own(
    log: DecisionLog, but: dict[str, object]
) -> None:
    log.record(decision(Effect.ALLOW))
    log.record(dataclasses.replace(decision(Effect.ALLOW), **but))  # type: ignore[arg-type]  # any field
    assert [row.times for row in log.recent(ACCOUNT).items] == [1, 1]


@pytest.mark.parametrize("effect", [Effect.IMPLICIT_DENY, Effect.EXPLICIT_DENY])
def test_every_denial_is_kept(log: DecisionLog, effect: Effect) -> None:
    made = [decision(effect) for _ in range(5)]
    assert [log.record(each) for each in made] == [each.id for each in made]
    assert {row.id for row in log.recent(ACCOUNT).items} == {each.id for each in made}


def test_pages_show_everything_once_newest_first(log: DecisionLog) -> None:
    made = [decision(at_ms=NOW_MS + number) for number in range(25)]
    for each in made:
        log.record(each)
    log.record(decision(account="999999999999"))
    found, before = [], ""
    while True:
        page = log.recent(ACCOUNT, before=before, limit=10)
        found += [row.id for row in page.items]
        before = page.next_before
        if not before:
            break
    assert found == [each.id for each in reversed(made)]


def test_recent_can_be_narrowed(log: DecisionLog) -> None:
    bob = f"arn:aws:iam::{ACCOUNT}:user/bob"
    denied = decision(at_ms=NOW_MS)
    allowed = decision(Effect.ALLOW, NOW_MS + 1)
    of_bob = decision(at_ms=NOW_MS + 2, principal=bob)
    elsewhere = decision(at_ms=NOW_MS + 3, region="us-east-1")
    other = decision(at_ms=NOW_MS + 4, action="kafka:ListClusters", resource="arn:aws:kafka:::x")
    for each in (denied, allowed, of_bob, elsewhere, other):
        log.record(each)

    def ids(**narrow: object) -> list[str]:
        return [row.id for row in log.recent(ACCOUNT, **narrow).items]  # type: ignore[arg-type]  # any filter

    assert ids() == [other.id, elsewhere.id, of_bob.id, allowed.id, denied.id]
    assert ids(denied=True) == [other.id, elsewhere.id, of_bob.id, denied.id]
    assert ids(action="kafka:ListClusters") == [other.id]
    assert ids(resource="arn:aws:kafka:::x") == [other.id]
    assert ids(principal=bob) == [of_bob.id]
    assert ids(region=REGION, denied=True, principal=ALICE) == [other.id, denied.id]


def test_a_policy_is_kept_once_and_as_it_was_then(
    log: DecisionLog, journal_database: Database
) -> None:
    before = decision(documents={"arn:p": "old text"})
    after = decision(documents={"arn:p": "new text"})
    for each in (before, after, decision(), decision()):
        log.record(each)
    for made, text in ((before, "old text"), (after, "new text")):
        found = log.find(ACCOUNT, REGION, made.id)
        assert found is not None
        assert found.documents == {"arn:p": text}
    with journal_database.read() as tx:
        assert tx.execute(sa.select(sa.func.count()).select_from(decision_documents)).scalar() == 3


def test_old_decisions_and_their_policies_go(journal_database: Database) -> None:
    log = DecisionLog(journal_database, retention_ms=24 * HOUR_MS)
    old = decision(at_ms=NOW_MS - 25 * HOUR_MS, documents={"p": "old"})
    young = decision(at_ms=NOW_MS - 23 * HOUR_MS, documents={"p": "young"})
    log.record(old)
    log.recent(ACCOUNT)  # so that it is written before the other comes
    log.record(young)
    log.close()
    again = DecisionLog(journal_database, retention_ms=24 * HOUR_MS)
    last = decision()
    again.record(last)
    assert [row.id for row in again.recent(ACCOUNT).items] == [last.id, young.id]
    assert again.find(ACCOUNT, REGION, old.id) is None
    assert again.find(ACCOUNT, REGION, young.id) == young
    with journal_database.read() as tx:
        texts = set(tx.execute(sa.select(decision_documents.c.text)).scalars())
    assert texts == {"young", POLICY}
    again.close()


def test_the_oldest_beyond_the_bound_go(journal_database: Database) -> None:
    log = DecisionLog(journal_database, most_rows=10)
    made = [decision(at_ms=NOW_MS + number) for number in range(5_100)]
    for each in made:
        log.record(each)
    log.close()
    again = DecisionLog(journal_database, most_rows=10)
    last = decision(at_ms=NOW_MS + 6_000)
    again.record(last)
    kept = [row.id for row in again.recent(ACCOUNT).items]
    assert kept == [last.id, *(each.id for each in reversed(made[-9:]))]
    again.close()


@pytest.mark.parametrize(
    "resource", ["*" * 5000, "arn:\0", "arn:\ud800", "🜁" * 2048, "'; DROP TABLE decisions; --"]
)
def test_what_was_asked_may_be_any_text(log: DecisionLog, resource: str) -> None:
    made = decision(
        resource=resource, context={"aws:UserAgent": resource}, documents={"p": resource[:9]}
    )
    log.record(made)
    found = log.find(ACCOUNT, REGION, made.id)
    assert found is not None
    assert len(found.resource) <= 2048
    assert found.context == {"aws:UserAgent": resource}
    assert log.dropped == 0
