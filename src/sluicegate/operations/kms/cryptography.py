"""Encrypt, Decrypt, ReEncrypt, data keys and random bytes.

A blob names the key and the material that made it, so Decrypt needs no KeyId; one that is given
must be the key in the blob. DryRun goes through every check and stops before the result.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ...access import Ask
from ...errors import AccessDenied, AwsError, Corrupted
from ...iam.model import Context
from ...store import keys
from ...store.database import Tx
from ...store.keys import Key
from ..operation import Call, Operation, Params, Result
from . import ciphertext, keyring, materials, questions, states, tokens
from .ciphertext import Blob
from .keyring import Named
from .questions import ALGORITHM

_DATA_KEY_BYTES = {"AES_256": 32, "AES_128": 16}


@dataclass(frozen=True, slots=True)
class _Opened:
    """What came out of a blob."""

    key: Key
    material_id: str
    clear: bytes

    def __repr__(self) -> str:
        return f"_Opened({self.key.arn})"


def _encrypt(call: Call, params: Params) -> Result:
    _check_request(call, params, "EncryptionAlgorithm")
    key, material = _key_for_encryption(call, params, "KeyId")
    tokens.stop_if_dry(params)
    blob = ciphertext.seal(
        key.id, key.material_id, material, params["Plaintext"], _pairs(params, "EncryptionContext")
    )
    return {"CiphertextBlob": blob, "KeyId": key.arn, "EncryptionAlgorithm": ALGORITHM}


def _decrypt_asks(call: Call, params: Params) -> Iterable[Ask]:
    extra = questions.encryption()(call, params)
    with call.database.read() as tx:
        what = _named_by_blob(tx, call, params, "KeyId")
        return [_ask(tx, call, "Decrypt", what, extra)]


def _decrypt(call: Call, params: Params) -> Result:
    _check_request(call, params, "EncryptionAlgorithm")
    if _ignores_ciphertext(params, "KeyId"):
        materials.current(call, keyring.for_use(call, params["KeyId"]))
        tokens.stop_if_dry(params)
    opened = _open(call, params, "KeyId", "EncryptionContext")
    tokens.stop_if_dry(params)
    return {
        "KeyId": opened.key.arn,
        "Plaintext": opened.clear,
        "EncryptionAlgorithm": ALGORITHM,
        "KeyMaterialId": opened.material_id,
    }


def _re_encrypt_asks(call: Call, params: Params) -> Iterable[Ask]:
    source = questions.encryption("SourceEncryptionContext")(call, params)
    target = questions.encryption("DestinationEncryptionContext")(call, params)
    with call.database.read() as tx:
        source_key = _named_by_blob(tx, call, params, "SourceKeyId")
        target_key = keyring.named(tx, call, params.get("DestinationKeyId") or "", takes_alias=True)
        is_same = source_key is not None and source_key.arn == target_key.arn
        same = {"kms:ReEncryptOnSameKey": "true" if is_same else "false"}
        return [
            _ask(tx, call, "ReEncryptFrom", source_key, {**source, **same}),
            _ask(tx, call, "ReEncryptTo", target_key, {**target, **same}),
        ]


def _re_encrypt(call: Call, params: Params) -> Result:
    _check_request(call, params, "SourceEncryptionAlgorithm", "DestinationEncryptionAlgorithm")
    key, material = _key_for_encryption(call, params, "DestinationKeyId")
    if _ignores_ciphertext(params, "SourceKeyId"):
        materials.current(call, keyring.for_use(call, params["SourceKeyId"]))
        tokens.stop_if_dry(params)
    opened = _open(call, params, "SourceKeyId", "SourceEncryptionContext")
    tokens.stop_if_dry(params)
    context = _pairs(params, "DestinationEncryptionContext")
    return {
        "CiphertextBlob": ciphertext.seal(key.id, key.material_id, material, opened.clear, context),
        "SourceKeyId": opened.key.arn,
        "KeyId": key.arn,
        "SourceEncryptionAlgorithm": ALGORITHM,
        "DestinationEncryptionAlgorithm": ALGORITHM,
        "SourceKeyMaterialId": opened.material_id,
        "DestinationKeyMaterialId": key.material_id,
    }


def _generate_data_key(call: Call, params: Params) -> Result:
    _check_request(call, params)
    size = _data_key_bytes(params)
    key, material = _key_for_encryption(call, params, "KeyId")
    tokens.stop_if_dry(params)
    clear = secrets.token_bytes(size)
    context = _pairs(params, "EncryptionContext")
    return {
        "CiphertextBlob": ciphertext.seal(key.id, key.material_id, material, clear, context),
        "Plaintext": clear,
        "KeyId": key.arn,
        "KeyMaterialId": key.material_id,
    }


def _generate_data_key_without_plaintext(call: Call, params: Params) -> Result:
    made = _generate_data_key(call, params)
    return {member: value for member, value in made.items() if member != "Plaintext"}


def _generate_random(_call: Call, params: Params) -> Result:
    if params.get("CustomKeyStoreId") or params.get("Recipient"):
        raise AwsError(
            "UnsupportedOperationException", "Custom key stores and recipients are not served."
        )
    if params.get("NumberOfBytes") is None:
        raise AwsError("ValidationException", "NumberOfBytes is required.")
    return {"Plaintext": secrets.token_bytes(params["NumberOfBytes"])}


def _named_by_blob(tx: Tx, call: Call, params: Params, member: str) -> Named | None:
    """The key that `member` names, else the one the blob names; None when neither names any.

    A key that is not there is asked about in the caller's own account: whoever may not use it
    learns nothing of whether it exists.
    """
    if given := params.get(member):
        return keyring.named(tx, call, given, takes_alias=True)
    blob = Blob.parse(params.get("CiphertextBlob") or b"")
    if blob is None:
        return None
    key = keys.find(tx, call.region, blob.key_id, call.now_ms)
    return Named(key.arn if key else call.arn("kms", f"key/{blob.key_id}"), key)


def _ask(tx: Tx, call: Call, action: str, what: Named | None, extra: Context) -> Ask:
    if what is None:
        # Nothing names a key, so nothing can be allowed or denied; `run` refuses the blob.
        return Ask(f"kms:{action}", "*", context=extra, is_granted=True)
    return questions.ask(tx, call, action, what, extra)


def _open(call: Call, params: Params, key_member: str, context_member: str) -> _Opened:
    """Decrypt the request's blob with the key it names."""
    if not params.get("CiphertextBlob"):
        raise AwsError("ValidationException", "CiphertextBlob is required.")
    blob = Blob.parse(params["CiphertextBlob"])
    given = params.get(key_member)
    wanted = keyring.for_use(call, given) if given else None
    if wanted is not None:
        states.enabled(wanted)
    if blob is None:
        raise AwsError("InvalidCiphertextException", "")
    if wanted is not None and wanted.id != blob.key_id:
        raise AwsError(
            "IncorrectKeyException",
            "The key ID in the request does not identify a CMK that can perform this operation.",
        )
    with call.database.read() as tx:
        key = keys.find(tx, call.region, blob.key_id, call.now_ms)
        material = keys.material(tx, blob.key_id, blob.material_id) if key else None
    if key is None:
        raise AccessDenied(
            "The ciphertext refers to a customer master key that does not exist, "
            "does not exist in this region, or you are not allowed to access."
        )
    states.enabled(key)
    if material is None:
        raise AwsError("InvalidCiphertextException", "")
    secret = materials.clear(call, material)
    try:
        return _Opened(key, material.id, blob.open(secret, _pairs(params, context_member)))
    except Corrupted:
        raise AwsError("InvalidCiphertextException", "") from None


def _key_for_encryption(call: Call, params: Params, member: str) -> tuple[Key, bytes]:
    return materials.current(call, keyring.for_use(call, params[member]))


def _check_request(call: Call, params: Params, *algorithm_members: str) -> None:
    for member in algorithm_members:
        if params.get(member, ALGORITHM) != ALGORITHM:
            raise AwsError(
                "InvalidKeyUsageException",
                f"Algorithm {params[member]} is not compatible with the key spec {ALGORITHM}.",
            )
    if params.get("Recipient"):
        raise AwsError("UnsupportedOperationException", "Recipients (enclaves) are not served.")
    tokens.check(call, params.get("GrantTokens") or ())


def _ignores_ciphertext(params: Params, member: str) -> bool:
    """Whether this is a trial of permissions that needs no blob; it must name the key then."""
    modifiers = params.get("DryRunModifiers") or ()
    if "IGNORE_CIPHERTEXT" not in modifiers:
        return False
    if not params.get("DryRun") or not params.get(member):
        raise AwsError(
            "ValidationException", f"IGNORE_CIPHERTEXT is used with DryRun and {member} only."
        )
    return not params.get("CiphertextBlob")


def _data_key_bytes(params: Params) -> int:
    spec, size = params.get("KeySpec"), params.get("NumberOfBytes")
    if (spec is None) == (size is None):
        raise AwsError(
            "ValidationException",
            "Please specify either number of bytes or key spec.",
        )
    return int(size) if size is not None else _DATA_KEY_BYTES[str(spec)]


def _pairs(params: Params, member: str) -> Mapping[str, str]:
    pairs: Mapping[str, str] = params.get(member) or {}
    return pairs


def _encrypting(action: str, run: Callable[[Call, Params], Result]) -> Operation:
    return questions.on_key(action, run, takes_alias=True, extra=questions.encryption())


OPERATIONS = (
    _encrypting("Encrypt", _encrypt),
    Operation("kms", "Decrypt", _decrypt_asks, _decrypt),
    Operation("kms", "ReEncrypt", _re_encrypt_asks, _re_encrypt),
    _encrypting("GenerateDataKey", _generate_data_key),
    _encrypting("GenerateDataKeyWithoutPlaintext", _generate_data_key_without_plaintext),
    questions.on_account("GenerateRandom", _generate_random),
)
