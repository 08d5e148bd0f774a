"""From a stored version to function code: what Invoke and accepted events have in common."""

import hashlib
from dataclasses import dataclass

from ...errors import Corrupted
from ...execution.versions import function_version
from ...functions import Invocation, Outcome
from ...store import function_versions, functions
from ...store.database import Tx
from ...store.function_aliases import Alias
from ...store.function_versions import Version
from ...store.functions import Function
from ..operation import Call
from . import environments, naming
from .refusals import in_progress, not_found


@dataclass(frozen=True, slots=True)
class Target:
    """What an invocation reaches: a version, by the qualifier it was called with."""

    function: Function
    version: Version
    qualifier: str

    @property
    def invoked_arn(self) -> str:
        """The ARN the function is told it was invoked by."""
        function = self.function
        return functions.arn_of(function.account, function.region, function.name, self.qualifier)


def target(tx: Tx, function: Function, qualifier: str, request_id: str) -> Target:
    """The version an invocation goes to; an alias with two of them draws one."""
    version, alias = naming.resolve(tx, function, qualifier)
    if alias is not None and alias.other_version and _draws_other(alias, request_id):
        version, _ = naming.resolve(tx, function, alias.other_version)
    return Target(function, version, qualifier)


def run(call: Call, reached: Target, invocation: Invocation) -> Outcome:
    """Run function code on one event, within the concurrency the function may have."""
    function, version = reached.function, reached.version
    with call.invocations.admitted(function):
        # Decrypted as the execution role; what KMS refuses is Lambda's 502.
        variables = environments.for_role(call, function, version)
        ready = function_version(function, version, variables, call.packages)
        try:
            return call.functions.invoke(ready, invocation)
        except Corrupted:
            _refuse_changed(call, reached)
            raise


def _refuse_changed(call: Call, reached: Target) -> None:
    """Code that is gone is no fault of ours where somebody changed or deleted it just now."""
    version = reached.version
    with call.database.read() as tx:
        now = function_versions.find(tx, version.function_id, version.version)
    if now is None:
        raise not_found(f"Function not found: {reached.invoked_arn}")
    if now.package != version.package:
        raise in_progress(reached.function.arn)


def _draws_other(alias: Alias, request_id: str) -> bool:
    """By the request's id, which is random: the same request draws the same."""
    digest = hashlib.sha256(f"{alias.name} {request_id}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64 < alias.other_weight
