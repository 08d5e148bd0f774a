"""Environment variables: encrypted by KMS for their function, as the caller; read as the role.

The caller encrypts them under the context {aws:lambda:FunctionArn} and grants the execution role
their decryption. The ciphertext is sealed once more for its row, so that neither can be read or
moved on the disk.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from ...errors import AccessDenied, AwsError, Unavailable
from ...execution.versions import CONTEXT, sealed_blob
from ...store import function_versions
from ...store.function_versions import Version
from ...store.functions import Function
from ..operation import Call
from . import roles
from .refusals import invalid

DEFAULT_KEY = "alias/aws/lambda"
_MOST_BYTES = 4096

_RESERVED = frozenset(
    {
        *("AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
        *("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_RUNTIME_API"),
        *("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION"),
        *("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_INITIALIZATION_TYPE"),
        *("AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME"),
        *("LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR", "_HANDLER", "_X_AMZN_TRACE_ID"),
    }
)

_UNREADABLE = (
    "Lambda was unable to decrypt the environment variables because {}. Please check the "
    "function's KMS key settings. KMS Exception: {}KMS Message: {}"
)
_UNUSABLE = (
    "Lambda was unable to configure access to your environment variables because the KMS key is "
    "invalid for {}. Please check your KMS key settings. KMS Exception: {} KMS Message: {}"
)

# KMS's refusal → Lambda's, and why in its sentence.
_FAULTS = {
    "DisabledException": ("KMSDisabledException", "the KMS key used is disabled"),
    "KMSInvalidStateException": (
        "KMSInvalidStateException",
        "the state of the KMS key used is not valid for Decrypt",
    ),
    "NotFoundException": ("KMSNotFoundException", "the KMS key was not found"),
}
_DENIED = ("KMSAccessDeniedException", "KMS access was denied")


def check(variables: Mapping[str, str]) -> None:
    """Refuse names that are Lambda's own, what no process can have, and more than KMS encrypts."""
    if reserved := sorted(_RESERVED & set(variables)):
        raise invalid(
            "Lambda was unable to configure your environment variables because the environment "
            "variables you have provided contains reserved keys that are currently not supported "
            f"for modification. Reserved keys used in this request: {', '.join(reserved)}"
        )
    if with_nul := sorted(name for name, value in variables.items() if "\0" in value):
        raise invalid(
            "Lambda was unable to configure your environment variables because values you have "
            f"provided contain a NUL character. Keys used in this request: {', '.join(with_nul)}"
        )
    text = _written(variables).decode()
    if len(text.encode()) > _MOST_BYTES:
        raise invalid(
            "Lambda was unable to configure your environment variables because the environment "
            f"variables you have provided exceeded the 4KB limit. String measured: {text}"
        )


def encrypt(
    call: Call, function: Function, version: Version, variables: Mapping[str, str]
) -> Version:
    """The version with these variables, encrypted under its key for its role, as the caller."""
    if not variables:
        return replace(version, environment=None, grant_id="", grant_key="")
    asked = {
        "KeyId": version.kms_key or DEFAULT_KEY,
        "Plaintext": _written(variables),
        "EncryptionContext": {CONTEXT: function.arn},
    }
    with _writing("Encrypt"):
        made = call.calls.forward(call, "kms", "Encrypt", asked)
    sealed = _seal(call, version, made["CiphertextBlob"])
    return grant(call, function, replace(version, environment=sealed), made["KeyId"])


def grant(call: Call, function: Function, version: Version, key_arn: str) -> Version:
    """The version with a grant that lets its role decrypt its variables, made as the caller."""
    asked = {
        "KeyId": key_arn,
        "GranteePrincipal": version.role_arn,
        "Operations": ["Decrypt", "RetireGrant"],
        "Constraints": {"EncryptionContextEquals": {CONTEXT: function.arn}},
        # By name, so that saving the same again makes no second one.
        "Name": f"lambda-{function.id}",
    }
    with _writing("CreateGrant"):
        made = call.calls.forward(call, "kms", "CreateGrant", asked)
    return replace(version, grant_id=made["GrantId"], grant_key=key_arn)


def moved(call: Call, version: Version, to: Version) -> Version:
    """`to`, a copy of `version`, with the same variables sealed for its own row."""
    if version.environment is None:
        return to
    return replace(to, environment=_seal(call, to, _blob(call, version)))


def are_same(call: Call, one: Version, other: Version) -> bool:
    """Whether two versions have the same variables, encrypted by the same call."""
    if one.environment is None or other.environment is None:
        return one.environment is other.environment
    return _blob(call, one) == _blob(call, other)


def unchanged(
    call: Call, function: Function, before: Version, after: Version, variables: Mapping[str, str]
) -> Version:
    """`after`, which has just got `variables`, with the ciphertext of `before` if it is the same.

    Then nothing has changed for who publishes. Only where the caller may decrypt: others would
    learn of it whether they had guessed right.
    """
    if before.environment is None or after.grant_key != before.grant_key:
        return after
    try:
        is_same = decrypted(call, function, before) == variables
    except Unavailable:
        raise
    except AwsError:
        return after
    return replace(after, environment=before.environment) if is_same else after


def decrypted(call: Call, function: Function, version: Version) -> dict[str, str]:
    """The variables of a version, as the caller; raises what KMS says."""
    if version.environment is None:
        return {}
    asked = _decryption(call, function, version)
    return _read(call.calls.forward(call, "kms", "Decrypt", asked)["Plaintext"])


def readable(call: Call, function: Function, version: Version) -> dict[str, str]:
    """The variables of a version, as the caller; KMS's refusal in Lambda's words."""
    with _writing("Decrypt"):
        return decrypted(call, function, version)


def shown(call: Call, function: Function, version: Version) -> Mapping[str, object] | None:
    """The variables as an answer has them, or why the caller may not see them."""
    if version.environment is None:
        return None
    try:
        return {"Variables": decrypted(call, function, version)}
    except Unavailable:
        raise
    except AwsError as error:
        code = "AccessDeniedException" if isinstance(error, AccessDenied) else error.code
        return {"Error": {"ErrorCode": code, "Message": _unreadable(error).message}}


def for_role(call: Call, function: Function, version: Version) -> dict[str, str]:
    """The variables of a version, as its execution role, for an environment to be made."""
    if version.environment is None:
        return {}
    session = roles.session(function.arn, version.role_arn)
    asked = _decryption(call, function, version)
    try:
        return _read(call.calls.as_role(call, session, "kms", "Decrypt", asked)["Plaintext"])
    except Unavailable:
        raise
    except AwsError as error:
        raise _unreadable(error) from None


def retire(call: Call, function: Function, version: Version) -> None:
    """End a version's grant if no version needs it any more, as its role.

    Without a word when that fails: a grant to a role that is gone gives nobody anything.
    """
    if not version.grant_id:
        return
    with call.database.read() as tx:
        if function_versions.has_grant(tx, version.grant_id):
            return
    session = roles.session(function.arn, version.role_arn)
    asked = {"KeyId": version.grant_key, "GrantId": version.grant_id}
    try:
        call.calls.as_role(call, session, "kms", "RetireGrant", asked)
    except AwsError:
        return


@contextmanager
def retired_on_failure(call: Call, function: Function, version: Version) -> Iterator[None]:
    """Store a version in the block; its grant does not outlive a version that was not stored."""
    try:
        yield
    except AwsError:
        retire(call, function, version)
        raise


def _written(variables: Mapping[str, str]) -> bytes:
    return json.dumps(dict(variables), ensure_ascii=False, separators=(",", ":")).encode()


def _read(clear: bytes) -> dict[str, str]:
    variables: dict[str, str] = json.loads(clear)
    return variables


def _seal(call: Call, version: Version, blob: bytes) -> bytes:
    return call.vault.seal("environment", _row(version), blob)


def _blob(call: Call, version: Version) -> bytes:
    return sealed_blob(call.vault, version)


def _row(version: Version) -> tuple[str, ...]:
    return ("function_versions", version.function_id, version.version)


def _decryption(call: Call, function: Function, version: Version) -> dict[str, object]:
    return {
        "CiphertextBlob": _blob(call, version),
        "EncryptionContext": {CONTEXT: function.arn},
    }


def _unreadable(error: AwsError) -> AwsError:
    code, why = _FAULTS.get(error.code, _DENIED)
    kms = "AccessDeniedException" if isinstance(error, AccessDenied) else error.code
    return AwsError(code, _UNREADABLE.format(why, kms, error.message))


@contextmanager
def _writing(operation: str) -> Iterator[None]:
    """KMS's refusals in Lambda's words; the decision stays findable by its id."""
    try:
        yield
    except AccessDenied as error:
        message = _UNUSABLE.format(operation, "AccessDeniedException", error.message)
        raise AccessDenied(message, decision_id=error.decision_id) from None
    except Unavailable:
        raise
    except AwsError as error:
        raise invalid(_UNUSABLE.format(operation, error.code, error.message)) from None
