"""Temporary credentials: sealed into their own token, kept in no table.

A token is `vault.seal` of a `SealedSession` for the row ("sts1", access key), so it opens only
beside its own key, on any node that has the master key, in 5 µs. Revocation is by the role: its
existence is checked on each use, and its policies judge each call (`aws:TokenIssueTime`).
"""

import base64
import binascii
from dataclasses import dataclass

import msgspec

from ..errors import Corrupted
from ..vault import Vault
from . import keys
from .callers import Session

_PURPOSE = "session-token"
_ROW = "sts1"


class SealedSession(msgspec.Struct, frozen=True, array_like=True):
    """What a token holds. `kind` is `role` or `service`; a service's `entity_id` is its name.

    A service's token also says on whose behalf it acts (`source_arn`).
    """

    kind: str
    account: str
    entity_id: str
    secret: str
    session: Session
    source_arn: str = ""

    def __repr__(self) -> str:
        return f"SealedSession({self.kind} {self.entity_id})"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A key that works until `expires_ms`. `repr` shows no secret."""

    access_key: str
    secret_key: str
    token: str
    expires_ms: int

    def __repr__(self) -> str:
        return f"Credentials({self.access_key})"


class Sessions:
    """Mints and opens session tokens."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(SealedSession).decode

    def for_role(self, account: str, role_id: str, session: Session) -> Credentials:
        """Credentials of a role session (`sts:AssumeRole`)."""
        return self._mint("role", account, role_id, session, "")

    def for_service(
        self,
        account: str,
        service: str,
        source_arn: str,
        now_ms: int,
        *,
        source_function_arn: str = "",
        seconds: int = 900,
    ) -> Credentials:
        """Credentials of an AWS service acting for `source_arn`; no API gives these out.

        They sign like anybody's; what they may do, resource policies and grants say.
        `source_function_arn` goes into the sessions of roles it assumes: those given to function
        code carry it (lambda:SourceFunctionArn), those of a trigger do not.
        """
        session = Session(
            name=service,
            issued_ms=now_ms,
            expires_ms=now_ms + seconds * 1000,
            source_function_arn=source_function_arn,
        )
        return self._mint("service", account, service, session, source_arn)

    def open(self, access_key: str, token: str) -> SealedSession:
        """What `token` holds; `Corrupted` when it is not one of ours or belongs to another key."""
        try:
            sealed = base64.b64decode(token, validate=True)
            return self._decode(self._vault.open(_PURPOSE, (_ROW, access_key), sealed))
        except (binascii.Error, ValueError, msgspec.MsgspecError):
            raise Corrupted("a session token does not open") from None

    def _mint(
        self, kind: str, account: str, entity_id: str, session: Session, source_arn: str
    ) -> Credentials:
        access_key, secret = keys.new_key_id("ASIA", account), keys.new_secret()
        sealed = SealedSession(kind, account, entity_id, secret, session, source_arn)
        blob = self._vault.seal(_PURPOSE, (_ROW, access_key), self._encode(sealed))
        token = base64.b64encode(blob).decode()
        return Credentials(access_key, secret, token, session.expires_ms)
