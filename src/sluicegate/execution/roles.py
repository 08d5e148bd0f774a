"""Sessions of execution roles, assumed by Lambda as the service it is.

The trust policy judges `lambda.amazonaws.com` on behalf of the function, whatever it was that the
session is for; what the session may do is for the role's policies to say.
"""

import threading
from dataclasses import dataclass

from ..access.sessions import Sessions
from ..arn import Arn
from ..clock import Clock
from ..errors import AwsError, Unavailable
from ..functions import Credentials, FunctionVersion
from ..vault import Vault
from ..wire.client import answer
from .clients import Clients

SERVICE = "lambda.amazonaws.com"
NOT_ASSUMED = "The role defined for the function cannot be assumed by Lambda."

# A session is used for most of its life: whoever was given it has a fifth left at least.
_USED = 0.8
_MOST_KEPT = 1_000


def session_name(function_arn: str) -> str:
    """What Lambda calls a session: the function's name, at every renewal the same.

    A session's name has two characters at least, a function's one.
    """
    return function_arn.rpartition(":")[2].ljust(2, "_")


@dataclass(frozen=True, slots=True)
class _Kept:
    """A session: `assumed_id` is another one for a role that was made again."""

    credentials: Credentials
    until_ms: int
    assumed_id: str


class ExecutionRoles:
    """Sessions of execution roles, kept for most of their life. Any thread may ask."""

    def __init__(self, clients: Clients, vault: Vault, clock: Clock) -> None:
        self._clients = clients
        self._sessions = Sessions(vault)
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, str, bool], _Kept] = {}

    def credentials(self, version: FunctionVersion) -> Credentials:
        """A session for function code; `AwsError` when Lambda may not assume the role.

        Its calls carry `lambda:SourceFunctionArn`.
        """
        return self._session(version.arn, version.role_arn, is_for_code=True).credentials

    def for_trigger(self, function_arn: str, role_arn: str) -> Credentials:
        """A session for what Lambda does for a function's trigger, of the same name.

        Its calls carry no `lambda:SourceFunctionArn`: no code of the function makes them.
        """
        return self._session(function_arn, role_arn, is_for_code=False).credentials

    def assumed(self, function_arn: str, role_arn: str) -> str:
        """The id of the trigger's session: another one for a role that was made again.

        Asks the trust policy once more, however fresh the session that is kept; which goes on being
        used, as long as it is the same role's.
        """
        return self._session(function_arn, role_arn, is_for_code=False, anew=True).assumed_id

    def forget_trigger(self, function_arn: str, role_arn: str) -> None:
        """Use a new session for a trigger: a policy may deny just those of before some time."""
        with self._lock:
            self._kept.pop((function_arn, role_arn, False), None)

    def forget(self) -> None:
        """Assume anew when asked again."""
        with self._lock:
            self._kept.clear()

    def _session(
        self, function_arn: str, role_arn: str, *, is_for_code: bool, anew: bool = False
    ) -> _Kept:
        now_ms = self._clock.now_ms()
        key = function_arn, role_arn, is_for_code
        with self._lock:
            kept = self._kept.get(key)
        is_fresh = kept is not None and kept.until_ms > now_ms
        if kept is None or not is_fresh or anew:
            given = self._assumed(function_arn, role_arn, now_ms, is_for_code=is_for_code)
            if kept is None or not is_fresh or kept.assumed_id != given.assumed_id:
                kept = given
            with self._lock:
                if len(self._kept) >= _MOST_KEPT:
                    self._kept.clear()
                self._kept[key] = kept
        return kept

    def _assumed(
        self, function_arn: str, role_arn: str, now_ms: int, *, is_for_code: bool
    ) -> _Kept:
        arn = Arn.parse(function_arn)
        minted = self._sessions.for_service(
            arn.account,
            SERVICE,
            function_arn,
            now_ms,
            source_function_arn=function_arn if is_for_code else "",
        )
        as_service = Credentials(
            minted.access_key, minted.secret_key, minted.token, minted.expires_ms
        )
        sts = self._clients("sts", arn.region, as_service)
        asked = {"RoleArn": role_arn, "RoleSessionName": session_name(function_arn)}
        try:
            assumed = answer(sts, "AssumeRole", asked)
        except Unavailable:
            raise
        except AwsError:
            raise AwsError("AccessDeniedException", NOT_ASSUMED, status=403) from None
        given = assumed["Credentials"]
        expires_ms = int(given["Expiration"].timestamp() * 1000)
        credentials = Credentials(
            given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], expires_ms
        )
        until_ms = now_ms + int(_USED * (expires_ms - now_ms))
        return _Kept(credentials, until_ms, assumed["AssumedRoleUser"]["AssumedRoleId"])
