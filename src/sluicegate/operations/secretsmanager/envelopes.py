"""How a value is kept: encrypted under a data key that only KMS can unwrap, for its caller.

KMS makes the data key as the caller of the operation, under the encryption context {SecretARN,
SecretVersionId}; the value is encrypted with it, the wrapped key is kept beside. The whole is
sealed once more for its row, so that neither can be read or moved on the disk.

    length of the wrapped key (2) | wrapped key | AES-256-GCM of: kind (1) | value
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ... import vault
from ...arn import partition_of
from ...errors import AccessDenied, AwsError, Unavailable
from ...store.secrets import Secret, Version
from ..operation import Call, Params

DEFAULT_KEY = "alias/aws/secretsmanager"
_MAXIMUM_BYTES = 65_536
_STRING, _BINARY = b"s", b"b"
_VALIDATION = "RequestToValidateKeyAccess"

_CANNOT_ENCRYPT = (
    "Secrets Manager can't encrypt the protected secret text using the provided KMS key. "
    "Check that the KMS key is available, enabled, and not in an invalid state."
)
_CANNOT_DECRYPT = (
    "Secrets Manager can't decrypt the protected secret text using the provided KMS key."
)


@dataclass(frozen=True, slots=True)
class Value:
    """A secret value: text, or bytes. It prints nothing of itself."""

    kind: bytes
    content: bytes = field(repr=False)

    @classmethod
    def given(cls, params: Params) -> "Value | None":
        """The value in a request, None when there is none."""
        text, binary = params.get("SecretString"), params.get("SecretBinary")
        if text is None and binary is None:
            return None
        if text is not None and binary is not None:
            raise AwsError(
                "InvalidParameterException",
                "You can't specify both a binary secret value and a string secret value "
                "in the same secret.",
            )
        value = cls(_BINARY, binary or b"") if text is None else cls(_STRING, text.encode())
        if len(value.content) > _MAXIMUM_BYTES:
            raise AwsError(
                "InvalidParameterException",
                f"A secret value can have at most {_MAXIMUM_BYTES} bytes.",
            )
        return value

    @property
    def members(self) -> dict[str, object]:
        """The value as an answer shows it."""
        if self.kind == _STRING:
            return {"SecretString": self.content.decode()}
        return {"SecretBinary": self.content}


def kept_key(text: str | None) -> str | None:
    """A secret's key as it is kept: None for the default one, however it was named."""
    return text if text and text != DEFAULT_KEY else None


def key_arn(account: str, region: str, text: str | None) -> str:
    """What a secret's key is called wherever its caller comes from: an ARN in the secret's place.

    As the secret names it, an id or an alias, it would be the caller's own.
    """
    name = text or DEFAULT_KEY
    if name.startswith("arn:"):
        return name
    resource = name if name.startswith("alias/") else f"key/{name}"
    return f"arn:{partition_of(region)}:kms:{region}:{account}:{resource}"


def seal(call: Call, secret: Secret, version_id: str, value: Value) -> bytes:
    """Encrypt a value for a version of a secret, under the secret's key, as the caller."""
    _check_account(call, secret)
    key, wrapped = _data_key(call, secret, version_id)
    return _encrypted(call, secret, version_id, value, key, wrapped)


def seal_copy(call: Call, replica: Secret, version_id: str, value: Value) -> bytes:
    """The same for a replica, by a call in its region: it asks GenerateDataKey and Encrypt.

    So who lacks either on the replica's key is refused, as on AWS.
    """
    _check_account(call, replica)
    key, _ = _data_key(call, replica, version_id)
    wrapped = _wrap(call, replica, version_id, replica.kms_key, key)
    return _encrypted(call, replica, version_id, value, key, wrapped)


def unseal(call: Call, secret: Secret, version: Version) -> Value:
    """The value of a version, decrypted as the caller."""
    _check_account(call, secret)
    wrapped, body = _split(call, version)
    key = _unwrap(call, secret, version.id, wrapped)
    clear = vault.decrypt(key, body, _associated(secret, version.id))
    return Value(clear[:1], clear[1:])


def rewrap(call: Call, secret: Secret, version: Version, kms_key: str | None) -> bytes:
    """The version's sealed bytes with the data key wrapped by another KMS key, as the caller."""
    wrapped, body = _split(call, version)
    key = _unwrap(call, secret, version.id, wrapped)
    return _close(call, secret, version.id, _wrap(call, secret, version.id, kms_key, key), body)


def check_key(call: Call, secret: Secret) -> None:
    """Refuse a key the caller cannot use both ways, before a value depends on it."""
    _check_account(call, secret)
    _, wrapped = _data_key(call, secret, _VALIDATION)
    _unwrap(call, secret, _VALIDATION, wrapped)


def _data_key(call: Call, secret: Secret, version_id: str) -> tuple[bytes, bytes]:
    """A new data key under the secret's key: in clear, and wrapped."""
    asked = {
        "KeyId": key_arn(secret.account, secret.region, secret.kms_key),
        "KeySpec": "AES_256",
        "EncryptionContext": _context(secret, version_id),
    }
    with _kms("EncryptionFailure", _CANNOT_ENCRYPT):
        made = call.calls.forward(call, "kms", "GenerateDataKey", asked)
    return made["Plaintext"], made["CiphertextBlob"]


def _wrap(call: Call, secret: Secret, version_id: str, kms_key: str | None, key: bytes) -> bytes:
    """A data key, wrapped by a KMS key of the caller's choice."""
    asked = {
        "KeyId": key_arn(secret.account, secret.region, kms_key),
        "Plaintext": key,
        "EncryptionContext": _context(secret, version_id),
    }
    with _kms("EncryptionFailure", _CANNOT_ENCRYPT):
        return bytes(call.calls.forward(call, "kms", "Encrypt", asked)["CiphertextBlob"])


def _unwrap(call: Call, secret: Secret, version_id: str, wrapped: bytes) -> bytes:
    asked = {"CiphertextBlob": wrapped, "EncryptionContext": _context(secret, version_id)}
    with _kms("DecryptionFailure", _CANNOT_DECRYPT):
        return bytes(call.calls.forward(call, "kms", "Decrypt", asked)["Plaintext"])


def _encrypted(
    call: Call, secret: Secret, version_id: str, value: Value, key: bytes, wrapped: bytes
) -> bytes:
    clear = value.kind + value.content
    body = vault.encrypt(key, clear, _associated(secret, version_id))
    return _close(call, secret, version_id, wrapped, body)


def _close(call: Call, secret: Secret, version_id: str, wrapped: bytes, body: bytes) -> bytes:
    envelope = len(wrapped).to_bytes(2) + wrapped + body
    return call.vault.seal("secret", _row(secret.id, version_id), envelope)


def _split(call: Call, version: Version) -> tuple[bytes, bytes]:
    row = _row(version.secret_id, version.id)
    envelope = call.vault.open("secret", row, version.sealed)
    end = 2 + int.from_bytes(envelope[:2])
    return envelope[2:end], envelope[end:]


def _row(secret_id: str, version_id: str) -> tuple[str, ...]:
    return ("secret_versions", secret_id, version_id)


def _context(secret: Secret, version_id: str) -> dict[str, str]:
    return {"SecretARN": secret.arn, "SecretVersionId": version_id}


def _associated(secret: Secret, version_id: str) -> bytes:
    return f"{secret.arn} {version_id}".encode()


def _check_account(call: Call, secret: Secret) -> None:
    if secret.kms_key is None and secret.account != call.account:
        raise AwsError(
            "InvalidRequestException",
            "You can't access a secret from a different AWS account if you encrypt the secret "
            "with the default KMS service key.",
        )


@contextmanager
def _kms(code: str, sentence: str) -> Iterator[None]:
    """KMS's refusals in Secrets Manager's words; the decision stays findable by its id."""
    try:
        yield
    except AccessDenied as error:
        raise AccessDenied("Access to KMS is not allowed", decision_id=error.decision_id) from None
    except Unavailable:
        raise
    except AwsError:
        raise AwsError(code, sentence) from None
