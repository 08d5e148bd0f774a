"""From a stored version to what environments are made from, outside of any call.

What a trigger runs it reads from the state itself: it must go on while no call can be made.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from ..errors import AwsError
from ..functions import FunctionVersion
from ..functions.packages import Packages
from ..store import function_aliases, function_versions, functions
from ..store.database import Database, Tx
from ..store.function_aliases import Alias
from ..store.function_versions import LATEST, Version
from ..store.functions import Function
from ..vault import Vault
from ..wire.client import Unanswered, code_of
from .clients import Clients
from .roles import ExecutionRoles

CONTEXT = "aws:lambda:FunctionArn"
"""The key of the encryption context that environment variables have; its value is the ARN."""

# A change of a function holds after as long at most: a batch must not cost a read of the state.
_FRESH_SECONDS = 0.2
_MOST_KEPT = 1_000


def function_version(
    function: Function, version: Version, variables: Mapping[str, str], packages: Packages
) -> FunctionVersion:
    """A version with its variables in clear."""
    return FunctionVersion(
        arn=function.arn,
        name=function.name,
        version=version.version,
        revision=version.revision,
        runtime=version.runtime,
        handler=version.handler,
        code=packages.code(version.package),
        role_arn=version.role_arn,
        account=function.account,
        region=function.region,
        log_group=log_group(function, version),
        memory_mb=version.memory_mb,
        ephemeral_mb=version.ephemeral_mb,
        timeout_seconds=version.timeout_seconds,
        environment=variables,
        log_format=version.log_format,
        log_level=version.log_level,
        system_log_level=version.system_log_level,
        hold=partial(packages.hold, version.package),
    )


def log_group(function: Function, version: Version) -> str:
    """Where the function's log goes."""
    return version.log_group or f"/aws/lambda/{function.name}"


def sealed_blob(vault: Vault, version: Version) -> bytes:
    """The ciphertext of a version's variables, as KMS made it."""
    row = ("function_versions", version.function_id, version.version)
    return vault.open("environment", row, version.environment or b"")


@dataclass(frozen=True, slots=True)
class Choice:
    """What a qualifier of a function means just now: a version, and of an alias perhaps two."""

    function: Function
    version: Version
    other: Version | None = None
    other_weight: float = 0.0

    @property
    def timeout_seconds(self) -> int:
        """How long an invocation may take, whichever version it is of."""
        other = self.other.timeout_seconds if self.other is not None else 0
        return max(self.version.timeout_seconds, other)

    def drawn(self, draw: float) -> Version:
        """The version for one invocation; `draw` is from 0 to 1."""
        return self.other if self.other is not None and draw < self.other_weight else self.version


def chosen(tx: Tx, function_id: str, qualifier: str) -> Choice | None:
    """What a qualifier, "" for none, means of a function; None when it means nothing."""
    function = functions.by_id(tx, function_id)
    if function is None:
        return None
    alias: Alias | None = None
    number = qualifier or LATEST
    if number != LATEST and not number.isdigit():
        alias = function_aliases.find(tx, function_id, number)
        number = alias.version if alias else ""
    version = function_versions.find(tx, function_id, number) if number else None
    if version is None:
        return None
    other = None
    if alias is not None and alias.other_version:
        other = function_versions.find(tx, function_id, alias.other_version)
    return Choice(function, version, other, alias.other_weight if alias else 0.0)


class Versions:
    """The versions triggers run. Any thread may ask."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        packages: Packages,
        roles: ExecutionRoles,
        clients: Clients,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._vault = vault
        self._packages = packages
        self._roles = roles
        self._clients = clients
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._choices: dict[tuple[str, str], tuple[float, Choice | None]] = {}
        self._variables: dict[tuple[str, str, str], dict[str, str]] = {}

    def choice(self, function_id: str, qualifier: str) -> Choice | None:
        """What there is to run, at most a moment old; None when it is gone."""
        now, key = self._monotonic(), (function_id, qualifier)
        with self._lock:
            kept = self._choices.get(key)
        if kept is not None and now - kept[0] < _FRESH_SECONDS:
            return kept[1]
        with self._database.read() as tx:
            found = chosen(tx, function_id, qualifier)
        with self._lock:
            if len(self._choices) >= _MOST_KEPT:
                self._choices.clear()
            self._choices[key] = now, found
        return found

    def ready(self, function: Function, version: Version) -> FunctionVersion:
        """A version to be invoked; `AwsError` when it cannot be.

        Its variables are decrypted as the execution role, once for each revision.
        """
        bare = function_version(function, version, {}, self._packages)
        if not version.environment:
            return bare
        return replace(bare, environment=self._decrypted(function, version, bare))

    def is_current(self, function: Function, version: Version) -> bool:
        """Whether a version still has that code, as of this moment; what was kept is forgotten."""
        with self._lock:
            self._choices.clear()
        with self._database.read() as tx:
            now = function_versions.find(tx, function.id, version.version)
        return now is not None and now.package == version.package

    def _decrypted(
        self, function: Function, version: Version, bare: FunctionVersion
    ) -> dict[str, str]:
        key = function.id, version.version, version.revision
        with self._lock:
            kept = self._variables.get(key)
        if kept is not None:
            return kept
        kms = self._clients("kms", function.region, self._roles.credentials(bare))
        try:
            answer = kms.decrypt(
                CiphertextBlob=sealed_blob(self._vault, version),
                EncryptionContext={CONTEXT: function.arn},
            )
        except Unanswered as refusal:
            code = code_of(refusal)
            if not code:
                raise AwsError("ServiceException", str(refusal), status=500) from None
            raise AwsError("KMSAccessDeniedException", str(refusal), status=502) from None
        variables: dict[str, str] = json.loads(answer["Plaintext"])
        with self._lock:
            if len(self._variables) >= _MOST_KEPT:
                self._variables.clear()
            self._variables[key] = variables
        return variables
