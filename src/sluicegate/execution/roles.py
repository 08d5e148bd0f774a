"""Sessions of execution roles, assumed by Lambda as the service it is.

The trust policy judges `lambda.amazonaws.com` on behalf of the function, whatever it was that the
session is for; what the session may do is for the role's policies to say.
"""

import threading
from dataclasses import dataclass

from ..access.sessions import Sessions
from ..clock import Clock
from ..errors import AwsError
from ..functions import Credentials, FunctionVersion
from ..vault import Vault
from ..wire.client import Unanswered
from .clients import Clients

_SERVICE = "lambda.amazonaws.com"
# A session is used for most of its life: whoever was given it has a fifth left at least.
_USED = 0.8
_MOST_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class _Kept:
    credentials: Credentials
    until_ms: int


class ExecutionRoles:
    """Sessions for function code, kept for most of their life. Any thread may ask."""

    def __init__(self, clients: Clients, vault: Vault, clock: Clock) -> None:
        self._clients = clients
        self._sessions = Sessions(vault)
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, str], _Kept] = {}

    def credentials(self, version: FunctionVersion) -> Credentials:
        """A session of the function's role; `AwsError` when Lambda may not assume it.

        Its calls carry `lambda:SourceFunctionArn`.
        """
        now_ms = self._clock.now_ms()
        key = version.arn, version.role_arn
        with self._lock:
            kept = self._kept.get(key)
        if kept is None or kept.until_ms <= now_ms:
            given = self._assumed(version, now_ms)
            kept = _Kept(given, now_ms + int(_USED * (given.expires_ms - now_ms)))
            with self._lock:
                if len(self._kept) >= _MOST_KEPT:
                    self._kept.clear()
                self._kept[key] = kept
        return kept.credentials

    def forget(self) -> None:
        """Assume anew when asked again."""
        with self._lock:
            self._kept.clear()

    def _assumed(self, version: FunctionVersion, now_ms: int) -> Credentials:
        minted = self._sessions.for_service(
            version.account, _SERVICE, version.arn, now_ms, source_function_arn=version.arn
        )
        as_service = Credentials(
            minted.access_key, minted.secret_key, minted.token, minted.expires_ms
        )
        sts = self._clients("sts", version.region, as_service)
        try:
            answer = sts.assume_role(RoleArn=version.role_arn, RoleSessionName=version.name)
        except Unanswered:
            raise AwsError(
                "AccessDeniedException",
                "The role defined for the function cannot be assumed by Lambda.",
                status=403,
            ) from None
        given = answer["Credentials"]
        return Credentials(
            given["AccessKeyId"],
            given["SecretAccessKey"],
            given["SessionToken"],
            int(given["Expiration"].timestamp() * 1000),
        )
