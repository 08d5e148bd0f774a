"""Recorded decisions: who was allowed or refused what, when, and why.

They are kept in a journal of their own. A refusal is a row each. Allows that only repeat another
one - same principal, action, resource, condition keys (but for the time) and policies, within a
minute - are counted in its row, so that a poller does not fill the disk. The policies a decision
was made by are kept as they were, each text once, however many decisions name it.
"""

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from ..iam.model import Context, Effect
from . import authorization_ids
from .batching import BatchingWriter
from .database import Database, Tx
from .schema import journal, moment, owner

LONGEST_REASON = 256

decisions = sa.Table(
    "decisions",
    journal,
    # Ordered by time, see `authorization_ids`.
    sa.Column("id", sa.String(32), primary_key=True),
    *owner(),
    moment("at_ms"),
    moment("last_ms"),
    sa.Column("times", sa.BigInteger, nullable=False),
    sa.Column("request_id", sa.String(64), nullable=False),
    sa.Column("principal", sa.String(2048), nullable=False),
    sa.Column("action", sa.String(256), nullable=False),
    sa.Column("resource", sa.String(2048), nullable=False),
    sa.Column("effect", sa.String(16), nullable=False),
    sa.Column("layer", sa.String(64), nullable=False),
    sa.Column("reason", sa.String(LONGEST_REASON), nullable=False),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    # {"context": …, "details": …, "documents": {policy URI: digest}}
    sa.Column("document", sa.Text, nullable=False),
    sa.Index(None, "account", "id"),
    sa.Index(None, "account", "principal", "id"),
    sa.Index(
        "ix_decisions_denied",
        "account",
        "id",
        sqlite_where=sa.text("effect != 'ALLOW'"),
        postgresql_where=sa.text("effect != 'ALLOW'"),
    ),
)

decision_documents = sa.Table(
    "decision_documents",
    journal,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
    moment("used_ms"),
)

_COALESCED_MS = 60_000
_TIMES = frozenset({"aws:CurrentTime", "aws:EpochTime"})
_MOST_COALESCED = 10_000
_RETENTION_MS = 72 * 3_600_000
_MOST_ROWS = 2_000_000
_PRUNED_EVERY = 5_000
_USED_STEP_MS = 3_600_000
_PAGE = 100


@dataclass(frozen=True, slots=True)
class Recorded:
    """One decision as it was made.

    `layer` is what refused, in denials' words, "" when allowed; `epoch` the permissions epoch it
    was made in. `details` is the object of GetRequestAuthorizationDetails (`evaluations`,
    `policies`), `documents` the texts of the policies it names, by URI. `times` and `last_ms` say
    how often, and when last, it was made again.
    """

    id: str
    account: str
    region: str
    at_ms: int
    request_id: str
    principal: str
    action: str
    resource: str
    effect: Effect
    layer: str = ""
    reason: str = ""
    epoch: int = 0
    context: Context = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    documents: Mapping[str, str] = field(default_factory=dict)
    times: int = 1
    last_ms: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """Decisions, newest first; `next_before` asks for the page after, "" on the last one."""

    items: tuple[Recorded, ...]
    next_before: str


@dataclass(frozen=True, slots=True)
class _Repeat:
    """The decision `id` was made again."""

    id: str
    at_ms: int


class DecisionLog:
    """The record of decisions in one database. Writes are asynchronous: `dropped` counts what
    could not be written for want of a working disk. Rows older than three days go, and so do the
    oldest beyond two million."""

    def __init__(
        self,
        database: Database,
        *,
        retention_ms: int = _RETENTION_MS,
        most_rows: int = _MOST_ROWS,
    ) -> None:
        self._database = database
        self._retention_ms = retention_ms
        self._most_rows = most_rows
        self._unpruned = _PRUNED_EVERY  # so that the first write prunes
        self._seen: dict[tuple[object, ...], str] = {}
        self._minute = 0
        self._lock = threading.Lock()
        self._writer = BatchingWriter[Recorded | _Repeat]("decisions", database, self._write)

    @property
    def dropped(self) -> int:
        """How many decisions could not be recorded since the start."""
        return self._writer.dropped

    def record(self, made: Recorded) -> str:
        """Record a decision, soon; the id of the row that tells of it."""
        if made.effect is not Effect.ALLOW:
            self._writer.put(made)
            return made.id
        key = _sameness(made)
        first = self._first(key, made)
        if first != made.id:
            self._writer.put(_Repeat(first, made.at_ms))
        elif not self._writer.put(made):
            with self._lock:
                self._seen.pop(key, None)
        return first

    def find(
        self, account: str, region: str, id: str, *, also: Iterable[str] = ()
    ) -> Recorded | None:
        """The decision of this id with its policies' texts, if it is this account's and region's.

        `also` are further accounts whose decisions are shown. A decision just made is found: what
        is on its way is waited for.
        """
        accounts = [account, *also]
        found = self._find(accounts, region, id)
        if found is None:
            self._writer.flush()
            found = self._find(accounts, region, id)
        return found

    def recent(
        self,
        account: str,
        *,
        region: str | None = None,
        principal: str | None = None,
        action: str | None = None,
        resource: str | None = None,
        denied: bool = False,
        before: str = "",
        limit: int = _PAGE,
    ) -> Page:
        """An account's decisions, newest first to the millisecond, without policies' texts.

        `principal` (an ARN), `action`, `resource` and `denied` narrow it; `before` is the last
        page's `next_before`.
        """
        self._writer.flush()
        query = sa.select(decisions).where(decisions.c.account == account)
        if region is not None:
            query = query.where(decisions.c.region == region)
        if principal is not None:
            query = query.where(decisions.c.principal == principal)
        if action is not None:
            query = query.where(decisions.c.action == action)
        if resource is not None:
            query = query.where(decisions.c.resource == resource)
        if denied:
            query = query.where(sa.text("effect != 'ALLOW'"))
        if before:
            query = query.where(decisions.c.id < before)
        with self._database.read() as tx:
            rows = tx.execute(query.order_by(decisions.c.id.desc()).limit(limit + 1)).all()
        items = tuple(_recorded(row, {}) for row in rows[:limit])
        return Page(items, items[-1].id if len(rows) > limit else "")

    def flush(self) -> None:
        """Return when what was recorded before is written; `Unavailable` when it cannot be now."""
        self._writer.flush()

    def close(self) -> None:
        """Write what is on its way, and stop."""
        self._writer.close()

    def _first(self, key: tuple[object, ...], made: Recorded) -> str:
        minute = made.at_ms // _COALESCED_MS
        with self._lock:
            if minute != self._minute or len(self._seen) >= _MOST_COALESCED:
                self._seen.clear()
                self._minute = minute
            return self._seen.setdefault(key, made.id)

    def _find(self, accounts: Sequence[str], region: str, id: str) -> Recorded | None:
        query = sa.select(decisions).where(
            decisions.c.id == id,
            decisions.c.account.in_(accounts),
            decisions.c.region == region,
        )
        with self._database.read() as tx:
            row = tx.execute(query).one_or_none()
            if row is None:
                return None
            digests: Mapping[str, str] = json.loads(row.document)["documents"]
            texts = _texts(tx, digests.values())
        kept = {uri: texts[digest] for uri, digest in digests.items() if digest in texts}
        return _recorded(row, kept)

    def _write(self, tx: Tx, items: Sequence[Recorded | _Repeat]) -> None:
        made = [item for item in items if isinstance(item, Recorded)]
        repeats = [item for item in items if isinstance(item, _Repeat)]
        if made:
            # One call may be decided a thousand times by the same hundred policies.
            digests = {text: _digest(text) for each in made for text in each.documents.values()}
            _keep_documents(tx, digests, max(each.at_ms for each in made))
            tx.execute(decisions.insert(), [_row(each, digests) for each in made])
        if repeats:
            last = {each.id: each.at_ms for each in repeats}
            tx.execute(
                _AGAIN,
                [
                    {"again_id": first, "again": again, "again_ms": last[first]}
                    for first, again in Counter(each.id for each in repeats).items()
                ],
            )
        self._unpruned += len(made)
        if self._unpruned >= _PRUNED_EVERY:
            self._prune(tx, made[-1].at_ms)
            self._unpruned = 0

    def _prune(self, tx: Tx, now_ms: int) -> None:
        newest_first = sa.select(decisions.c.id).order_by(decisions.c.id.desc())
        beyond = tx.execute(newest_first.offset(self._most_rows).limit(1)).scalar() or ""
        end = max(authorization_ids.first(now_ms - self._retention_ms), beyond)
        # A slice at a time, twice what came: a long transaction would make others wait.
        old = (
            sa.select(decisions.c.id)
            .where(decisions.c.id <= end)
            .order_by(decisions.c.id)
            .limit(2 * _PRUNED_EVERY)
        )
        tx.execute(decisions.delete().where(decisions.c.id.in_(old)))
        oldest_ms = tx.execute(sa.select(sa.func.min(decisions.c.at_ms))).scalar() or now_ms
        unused = decision_documents.c.used_ms < oldest_ms - _USED_STEP_MS
        tx.execute(decision_documents.delete().where(unused))


def _sameness(made: Recorded) -> tuple[object, ...]:
    """Equal for allows of which one tells all there is to tell.

    Of what may be long, only its hash is kept: nobody outside knows what that is seeded with.
    """
    told = {key: value for key, value in made.context.items() if key not in _TIMES}
    texts = made.documents.items()
    who = made.account, made.region, made.principal, made.action, made.resource, made.epoch
    return *who, hash(frozenset(told.items())), hash(frozenset(texts))


_AGAIN = (
    decisions.update()
    .where(decisions.c.id == sa.bindparam("again_id"))
    .values(times=decisions.c.times + sa.bindparam("again"), last_ms=sa.bindparam("again_ms"))
)


def _keep_documents(tx: Tx, digests: Mapping[str, str], now_ms: int) -> None:
    texts = {digest: _storable(text) for text, digest in digests.items()}
    if not texts:
        return
    query = sa.select(decision_documents.c.digest, decision_documents.c.used_ms)
    rows = tx.execute(query.where(decision_documents.c.digest.in_(list(texts))))
    known = {row.digest: row.used_ms for row in rows}
    stale = [digest for digest, used_ms in known.items() if used_ms < now_ms - _USED_STEP_MS]
    if stale:
        used = decision_documents.update().where(decision_documents.c.digest.in_(stale))
        tx.execute(used.values(used_ms=now_ms))
    new = [
        {"digest": digest, "text": text, "used_ms": now_ms}
        for digest, text in texts.items()
        if digest not in known
    ]
    if new:
        tx.execute(decision_documents.insert(), new)


def _texts(tx: Tx, digests: Iterable[str]) -> dict[str, str]:
    query = sa.select(decision_documents.c.digest, decision_documents.c.text)
    rows = tx.execute(query.where(decision_documents.c.digest.in_(list(digests))))
    return {row.digest: row.text for row in rows}


def _row(made: Recorded, digests: Mapping[str, str]) -> dict[str, object]:
    documents = {uri: digests[text] for uri, text in made.documents.items()}
    document = {"context": made.context, "details": made.details, "documents": documents}
    return {
        "id": made.id,
        "account": made.account,
        "region": made.region,
        "at_ms": made.at_ms,
        "last_ms": made.last_ms or made.at_ms,
        "times": made.times,
        "request_id": _storable(made.request_id, 64),
        "principal": _storable(made.principal, 2048),
        "action": _storable(made.action, 256),
        "resource": _storable(made.resource, 2048),
        "effect": made.effect.value,
        "layer": made.layer,
        "reason": _storable(made.reason, 256),
        "epoch": made.epoch,
        "document": json.dumps(document),
    }


def _recorded(row: sa.Row[Any], documents: Mapping[str, str]) -> Recorded:
    document = json.loads(row.document)
    context = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in document["context"].items()
    }
    return Recorded(
        id=row.id,
        account=row.account,
        region=row.region,
        at_ms=row.at_ms,
        request_id=row.request_id,
        principal=row.principal,
        action=row.action,
        resource=row.resource,
        effect=Effect(row.effect),
        layer=row.layer,
        reason=row.reason,
        epoch=row.epoch,
        context=context,
        details=document["details"],
        documents=documents,
        times=row.times,
        last_ms=row.last_ms,
    )


def _storable(text: str, longest: int | None = None) -> str:
    """What is asked about is recorded before it is validated: it may be any text at all."""
    clean = text.encode("utf-8", "replace").decode("utf-8")
    return clean.replace("\0", "\ufffd")[:longest]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
