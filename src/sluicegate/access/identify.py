"""Who is asking: from a signed request to a `Caller`, in AWS's order of checks.

Structure and clock first, then the key, then the session token, then the signature: a time fault
comes before an unknown key, and both before a wrong signature.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..clock import Clock
from ..errors import Corrupted
from ..store import epoch, principals, tags
from ..store.batching import BatchingWriter
from ..store.database import Database, Tx
from ..store.principals import Entity
from ..vault import Vault
from ..wire.message import Request
from ..wire.sigv4 import Scope, Signed, SigningKeys, expired_token, read, unknown_key
from . import principals as callers
from .callers import Caller, Session
from .keys import RootKey
from .memory import EpochMemory, Remembered
from .sessions import SealedSession, Sessions

_TOUCH_EVERY_MS = 15 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Identified:
    """The caller of a request, and the region and service its signature names."""

    caller: Caller
    scope: Scope


@dataclass(frozen=True, slots=True)
class Login:
    """A signature that opened a connection: until when it is good for that, and what it was.

    A connection outlives much that was true when it was opened: see `Identity.again`.
    """

    expires_ms: int
    signed: Signed = field(repr=False)


@dataclass(frozen=True, slots=True)
class LongTermKey:
    """A user's access key as it is kept for one epoch. `repr` shows no secret."""

    key: principals.AccessKey
    secret: str
    caller: Caller

    def __repr__(self) -> str:
        return f"LongTermKey({self.key.id})"


@dataclass(frozen=True, slots=True)
class Touch:
    """That a key or role was used: for GetAccessKeyLastUsed and RoleLastUsed."""

    access_key: str
    role_id: str
    region: str
    service: str
    at_ms: int


def record_touches(tx: Tx, touches: Sequence[Touch]) -> None:
    """Write when keys and roles were last used; coarse, so no epoch moves."""
    for touch in touches:
        if touch.role_id:
            principals.touch_role(tx, touch.role_id, touch.region, touch.at_ms)
        else:
            principals.touch_access_key(
                tx, touch.access_key, touch.region, touch.service, touch.at_ms
            )


class Identity:
    """Identifies callers. Keys and entities are remembered for one permissions epoch."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        clock: Clock,
        root: RootKey,
        memory: EpochMemory,
        touches: BatchingWriter[Touch],
        signing_clock: Clock | None = None,
    ) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        # Real signers go by the real time, also in tests that move the other clock by days.
        self._signing_clock = signing_clock or clock
        self._root = root
        self._root_caller = callers.root(root)
        self._sessions = Sessions(vault)
        self._signing_keys = SigningKeys()
        self._memory = memory
        self._touches = touches
        self._touched: dict[str, int] = {}

    def identify(self, request: Request) -> Identified:
        """The caller whose key signed `request`; `IdentityFault` says why there is none."""
        signed, caller = self._verified(request)
        return Identified(caller, signed.scope)

    def log_in(self, request: Request) -> tuple[Caller, Login]:
        """Who signed a presigned `request`, and what it is good for as a login; `IdentityFault` as
        in `identify`."""
        signed, caller = self._verified(request)
        ends = [signed.signed_ms + 1000 * (signed.expires_seconds or 0)]
        if caller.session is not None:
            ends.append(caller.session.expires_ms)
        return caller, Login(min(ends), signed)

    def again(self, login: Login) -> Caller:
        """Who has logged in, as of now; `IdentityFault` when the key, or its role, is gone."""
        with self._database.read() as tx:
            remembered = self._memory.enter(epoch.current(tx))
            return self._key(tx, remembered, login.signed, self._clock.now_ms())[1]

    def service(self, account: str, name: str, source_arn: str, now_ms: int) -> Caller:
        """An AWS service as a caller, without a request of its own."""
        minted = self._sessions.for_service(account, name, source_arn, now_ms)
        sealed = self._sessions.open(minted.access_key, minted.token)
        return callers.service(sealed, minted.access_key)

    def session(self, access_key: str, token: str) -> Caller:
        """The caller a role session's key would sign as; `IdentityFault` when the role is gone."""
        sealed = self._sessions.open(access_key, token)
        with self._database.read() as tx:
            remembered = self._memory.enter(epoch.current(tx))
            return self._role_session(tx, remembered, access_key, sealed)

    def role(self, account: str, role_arn: str, name: str, now_ms: int) -> Caller | None:
        """The caller that a session of a role would be; None where there is no such role.

        To be judged, whether somebody may assume it or not: it has no key to sign with.
        """
        with self._database.read() as tx:
            entity = principals.role_by_name(tx, account, role_arn.rpartition("/")[2])
            if entity is None or entity.arn != role_arn:
                return None
            own = tags.of(tx, entity.id)
        session = Session(name=name, issued_ms=now_ms, expires_ms=now_ms, is_services_own=True)
        return callers.role_session(entity, "", session, own)

    def _verified(self, request: Request) -> tuple[Signed, Caller]:
        now_ms = self._clock.now_ms()
        signed = read(request, self._signing_clock.now_ms())
        with self._database.read() as tx:
            remembered = self._memory.enter(epoch.current(tx))
            secret, caller = self._key(tx, remembered, signed, now_ms)
        self._signing_keys.verify(signed, secret)
        self._touch(caller, signed, now_ms)
        return signed, caller

    def _key(
        self, tx: Tx, remembered: Remembered, signed: Signed, now_ms: int
    ) -> tuple[str, Caller]:
        if signed.token:
            sealed = self._opened(signed, signed.token, now_ms)
            if sealed.kind == "service":
                return sealed.secret, callers.service(sealed, signed.access_key)
            return sealed.secret, self._role_session(tx, remembered, signed.access_key, sealed)
        if signed.access_key == self._root.access_key:
            return self._root.secret_key, self._root_caller
        found = remembered.recall(
            ("key", signed.access_key), lambda: self._long_term(tx, signed.access_key)
        )
        if found is None or found.key.status != "Active":
            raise unknown_key()
        return found.secret, found.caller

    def _long_term(self, tx: Tx, access_key: str) -> LongTermKey | None:
        key = principals.access_key(tx, access_key)
        entity = principals.user(tx, key.user_id) if key else None
        if key is None or entity is None:
            return None
        secret = self._vault.open("access-key", ("access_keys", key.id), key.sealed_secret)
        caller = callers.user(entity, key.id, tags.of(tx, entity.id))
        return LongTermKey(key, secret.decode(), caller)

    def _opened(self, signed: Signed, token: str, now_ms: int) -> SealedSession:
        try:
            sealed = self._sessions.open(signed.access_key, token)
        except Corrupted:
            raise unknown_key() from None
        if sealed.session.expires_ms <= now_ms:
            raise expired_token()
        return sealed

    def _role_session(
        self, tx: Tx, remembered: Remembered, access_key: str, sealed: SealedSession
    ) -> Caller:
        def load() -> tuple[Entity, dict[str, str]] | None:
            entity = principals.role(tx, sealed.entity_id)
            return (entity, tags.of(tx, entity.id)) if entity else None

        role = remembered.recall(("role", sealed.entity_id), load)
        if role is None:
            # The role is gone: its sessions are worth nothing, also when one of its name is back.
            raise unknown_key()
        return callers.role_session(role[0], access_key, sealed.session, role[1])

    def _touch(self, caller: Caller, signed: Signed, now_ms: int) -> None:
        if not caller.entity_id or caller.entity_id == caller.principal.arn:
            return  # root and services have no row
        touched = caller.entity_id if caller.session else caller.access_key
        if now_ms - self._touched.get(touched, 0) < _TOUCH_EVERY_MS:
            return
        self._touched[touched] = now_ms
        role_id = caller.entity_id if caller.session else ""
        scope = signed.scope
        self._touches.put(Touch(caller.access_key, role_id, scope.region, scope.service, now_ms))
