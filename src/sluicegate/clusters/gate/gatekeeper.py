"""Decides for the brokers of one cluster, by the same code as for the endpoint's callers.

    login   the signature, then `kafka-cluster:Connect`     refused: a UUID that explains itself
    may     `kafka-cluster:Connect` again, then what is asked

Connect is asked with every question, not only when a connection opens: who has lost it has lost all
that needs it, and at once.
"""

import contextlib
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...access.authorize import Authority, Standing
from ...access.callers import Ask, Caller, ResourcePolicy
from ...access.cluster_policies import of_cluster
from ...access.identify import Identity, Login
from ...access.memory import EpochMemory
from ...access.record import Occasion, moment, unidentified
from ...clock import Clock
from ...errors import IdentityFault
from ...store import epoch, tags
from ...store.authorization_ids import id_of, new_request_id
from ...store.clusters import Cluster
from ...store.database import Database
from ...store.decisions import DecisionLog
from ...wire.connecting import ACTION as CONNECT
from . import logins
from .actions import Wanted

AUTHENTICATION = "broker's authentication"
"""What refused a login, where no policy was asked."""

_SHORTEST_MS = 2_000
# Kafka does not say where a login comes from. Brokers listen on loopback alone, and the address is
# known, and judged, with whatever is asked next.
_LOCAL = "127.0.0.1"
_MOST_FAULTS = 20
_DENIED_ONCE = Standing(is_allowed=False, is_lasting=False)
_DENIED = Standing(is_allowed=False, is_lasting=True)


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who has logged in, by ARN, and until when."""

    principal: str
    expires_ms: int
    request_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """What the client is told: MSK's words, which hide why."""

    text: str


class Gatekeeper:
    """Answers the brokers of `cluster`. Methods may be called from any thread."""

    def __init__(
        self,
        cluster: Cluster,
        database: Database,
        memory: EpochMemory,
        identity: Identity,
        authority: Authority,
        decisions: DecisionLog,
        clock: Clock,
    ) -> None:
        self._cluster = cluster
        self._database = database
        self._memory = memory
        self._identity = identity
        self._authority = authority
        self._decisions = decisions
        self._clock = clock
        # By principal and access key. A broker knows the first alone: who logs in twice under one
        # name, with session policies that differ, may there do what both may.
        self._logins: dict[str, dict[str, Login]] = {}
        self._faults_at = self._faults = 0
        self._lock = threading.Lock()

    def login(self, mechanism: str, message: str, address: str) -> Admitted | Refused:
        """Whether who sent `message` is let in."""
        now_ms = self._clock.now_ms()
        request_id = new_request_id(now_ms)
        try:
            asked = logins.request(mechanism, message, address)
            caller, login = self._identity.log_in(asked)
            logins.check(asked, mechanism, login.signed, self._cluster.region)
        except IdentityFault as fault:
            self._record_fault(request_id, now_ms, str(fault))
            return Refused(f"[{request_id}]: Access denied")
        if login.expires_ms - now_ms < _SHORTEST_MS:
            self._record_fault(request_id, now_ms, "the session ends in less than two seconds")
            return Refused(f"[{request_id}]: Session too short")
        occasion = self._occasion(address, now_ms, request_id)
        if not self._authority.decide(caller, self._connect(), occasion).is_allowed:
            return Refused(f"[{request_id}]: Access denied")
        principal = caller.principal.arn
        self._admit(principal, caller.access_key, login, now_ms)
        return Admitted(principal, login.expires_ms, request_id)

    def may(self, principal: str, address: str, wanted: Iterable[Wanted]) -> Sequence[Standing]:
        """Whether somebody who has logged in may do these, one by one."""
        wanted = tuple(wanted)
        callers = self._callers(principal)
        if not callers:
            return (_DENIED_ONCE,) * len(wanted)
        occasion = self._occasion(address, self._clock.now_ms())
        connect = self._may_connect(callers, occasion, address)
        if not connect.is_allowed:
            return (connect,) * len(wanted)
        return [_both(connect, self._standing(callers, each, occasion)) for each in wanted]

    def _admit(self, principal: str, access_key: str, login: Login, now_ms: int) -> None:
        with self._lock:
            for name, kept in list(self._logins.items()):
                current = {key: one for key, one in kept.items() if one.expires_ms > now_ms}
                if current:
                    self._logins[name] = current
                else:
                    del self._logins[name]
            self._logins.setdefault(principal, {})[access_key] = login

    def _callers(self, principal: str) -> list[Caller]:
        """Who this may be, as of now: a key that is gone, or has ended, is nobody's."""
        with self._lock:
            kept = list(self._logins.get(principal, {}).values())
        callers = []
        for login in kept:
            with contextlib.suppress(IdentityFault):
                callers.append(self._identity.again(login))
        return callers

    def _may_connect(self, callers: Sequence[Caller], occasion: Occasion, address: str) -> Standing:
        """Asked with every question, so one that lasts is remembered for the epoch."""
        remembered = self._memory.now
        keys = tuple(each.access_key for each in callers)
        key = ("connect", self._cluster.id, keys, address)
        standing = remembered.recall(key, lambda: self._decide(callers, self._connect(), occasion))
        return standing if standing.is_lasting else self._decide(callers, self._connect(), occasion)

    def _standing(self, callers: Sequence[Caller], wanted: Wanted, occasion: Occasion) -> Standing:
        action = wanted.action
        if action is None:
            return _DENIED
        own = self._tags() if wanted.is_on_cluster else None
        ask = Ask(action, wanted.resource(self._cluster), tags=own, resource_policy=self._policy())
        return self._decide(callers, ask, occasion)

    def _decide(self, callers: Sequence[Caller], ask: Ask, occasion: Occasion) -> Standing:
        """What all of them may; where they differ, it changes when one of their logins ends."""
        standings = [self._authority.decide(each, ask, occasion) for each in callers]
        agree = len({each.is_allowed for each in standings}) == 1
        return Standing(
            all(each.is_allowed for each in standings),
            agree and all(each.is_lasting for each in standings),
        )

    def _connect(self) -> Ask:
        own = self._tags()
        return Ask(CONNECT, self._cluster.arn, tags=own, resource_policy=self._policy())

    def _tags(self) -> dict[str, str]:
        def load() -> dict[str, str]:
            with self._database.read() as tx:
                return tags.of(tx, self._cluster.id)

        return self._memory.now.recall(("tags", self._cluster.id), load)

    def _policy(self) -> ResourcePolicy | None:
        """The cluster's own policy, by which clients of other accounts may get in."""

        def load() -> ResourcePolicy | None:
            with self._database.read() as tx:
                return of_cluster(tx, self._cluster)

        return self._memory.now.recall(("cluster policy", self._cluster.id), load)

    def _occasion(self, address: str, now_ms: int, request_id: str = "") -> Occasion:
        context = moment(self._cluster.region, now_ms) | {
            "aws:SecureTransport": "true",
            "aws:SourceIp": address or _LOCAL,
        }
        record_id = id_of(request_id) if request_id else ""
        return Occasion(self._cluster.region, request_id, now_ms, context, record_id)

    def _record_fault(self, request_id: str, now_ms: int, why: str) -> None:
        """That somebody was not who he said he was, for the cluster's owner to read.

        So many a second: who needs no key to be refused must not push out all other records.
        """
        with self._lock:
            if now_ms - self._faults_at >= 1000:
                self._faults_at, self._faults = now_ms, 0
            self._faults += 1
            if self._faults > _MOST_FAULTS:
                return
        with self._database.read() as tx:
            current = epoch.current(tx)
        cluster, occasion = self._cluster, self._occasion("", now_ms, request_id)
        self._decisions.record(
            unidentified(
                cluster.account, CONNECT, cluster.arn, occasion, current, AUTHENTICATION, why
            )
        )


def _both(one: Standing, other: Standing) -> Standing:
    return Standing(one.is_allowed and other.is_allowed, one.is_lasting and other.is_lasting)
