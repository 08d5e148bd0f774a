from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.operations.asserting import allow, refused
from tests.unit.operations.kms.asserting import ARN

from sluicegate.errors import Corrupted
from sluicegate.operations.kms.ciphertext import Blob, seal
from sluicegate.testing import Endpoint

KEY_ID = "11111111-2222-4333-8444-555555555555"
MATERIAL_ID = "ab" * 32
DRY = (
    "DryRunOperationException",
    "The request would have succeeded, but the DryRun option is set.",
)
INVALID = ("InvalidCiphertextException", "")


@pytest.fixture
def kms(endpoint: Endpoint) -> Any:
    return endpoint.client("kms")


@pytest.fixture
def key(kms: Any) -> str:
    key_id: str = kms.create_key()["KeyMetadata"]["KeyId"]
    return key_id


contexts = st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3)


@given(clear=st.binary(min_size=1, max_size=64), context=contexts, other=contexts)
def test_a_blob_opens_under_its_own_context_alone(
    clear: bytes, context: dict[str, str], other: dict[str, str]
) -> None:
    material = bytes(32)
    blob = Blob.parse(seal(KEY_ID, MATERIAL_ID, material, clear, context))
    assert blob is not None and (blob.key_id, blob.material_id) == (KEY_ID, MATERIAL_ID)
    assert blob.open(material, dict(reversed(context.items()))) == clear
    if other != context:
        with pytest.raises(Corrupted):
            blob.open(material, other)


@given(data=st.data(), clear=st.binary(min_size=1, max_size=64))
def test_no_bit_of_a_blob_can_be_changed(data: st.DataObject, clear: bytes) -> None:
    sealed = bytearray(seal(KEY_ID, MATERIAL_ID, bytes(32), clear, {}))
    index = data.draw(st.integers(0, len(sealed) - 1))
    sealed[index] ^= 1 << data.draw(st.integers(0, 7))
    changed = Blob.parse(bytes(sealed))
    if changed is not None:
        with pytest.raises(Corrupted):
            changed.open(bytes(32), {})


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_surprise(blob: bytes) -> None:
    parsed = Blob.parse(blob)
    assert parsed is None or parsed.header == blob[: len(parsed.header)]


def test_what_is_encrypted_comes_back(kms: Any, key: str) -> None:
    made = kms.encrypt(KeyId=key, Plaintext=b"clear", EncryptionContext={"a": "b", "c": "d"})
    assert made["KeyId"] == f"{ARN}:key/{key}"
    assert made["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    assert b"clear" not in made["CiphertextBlob"]
    context = {"c": "d", "a": "b"}
    answer = kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext=context)
    assert answer["Plaintext"] == b"clear"
    assert answer["KeyId"] == f"{ARN}:key/{key}" and len(answer["KeyMaterialId"]) == 64
    again = kms.decrypt(KeyId=key, EncryptionContext=context, CiphertextBlob=made["CiphertextBlob"])
    assert again["Plaintext"] == b"clear"


def test_ciphertexts_that_do_not_open(kms: Any, key: str) -> None:
    blob = kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"a": "b"})["CiphertextBlob"]
    assert refused(kms.decrypt, CiphertextBlob=blob) == INVALID
    assert refused(kms.decrypt, CiphertextBlob=blob, EncryptionContext={"a": "c"}) == INVALID
    damaged = blob[:-1] + bytes([blob[-1] ^ 1])
    assert refused(kms.decrypt, CiphertextBlob=damaged, EncryptionContext={"a": "b"}) == INVALID
    assert refused(kms.decrypt, CiphertextBlob=b"what is this") == INVALID
    material_swapped = blob[:17] + bytes(32) + blob[49:]
    assert refused(kms.decrypt, CiphertextBlob=material_swapped) == INVALID
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    assert refused(kms.decrypt, CiphertextBlob=blob, KeyId=other) == (
        "IncorrectKeyException",
        "The key ID in the request does not identify a CMK that can perform this operation.",
    )


def test_too_much_text_is_refused_without_showing_it(kms: Any, key: str) -> None:
    code, message = refused(kms.encrypt, KeyId=key, Plaintext=b"s3cret" * 1000)
    assert (code, message) == (
        "ValidationException",
        "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: "
        "Member must have length less than or equal to 4096",
    )


def test_data_keys(kms: Any, key: str) -> None:
    made = kms.generate_data_key(KeyId=key, KeySpec="AES_128", EncryptionContext={"a": "b"})
    assert len(made["Plaintext"]) == 16
    context = {"a": "b"}
    opened = kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext=context)
    assert opened["Plaintext"] == made["Plaintext"]
    without = kms.generate_data_key_without_plaintext(KeyId=key, NumberOfBytes=64)
    assert "Plaintext" not in without
    assert len(kms.decrypt(CiphertextBlob=without["CiphertextBlob"])["Plaintext"]) == 64
    for params in ({}, {"KeySpec": "AES_256", "NumberOfBytes": 32}):
        assert refused(kms.generate_data_key, KeyId=key, **params)[0] == "ValidationException"


def test_re_encryption_changes_key_and_context(kms: Any, key: str) -> None:
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"a": "b"})["CiphertextBlob"]
    moved = kms.re_encrypt(
        CiphertextBlob=blob,
        SourceEncryptionContext={"a": "b"},
        DestinationKeyId=other,
        DestinationEncryptionContext={"c": "d"},
    )
    assert (moved["SourceKeyId"], moved["KeyId"]) == (f"{ARN}:key/{key}", f"{ARN}:key/{other}")
    opened = kms.decrypt(CiphertextBlob=moved["CiphertextBlob"], EncryptionContext={"c": "d"})
    assert opened["Plaintext"] == b"x"


def test_re_encryption_needs_both_keys(endpoint: Endpoint, kms: Any, key: str) -> None:
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    policy = allow("kms:ReEncryptFrom")
    alice = endpoint.user("alice", policy=policy).client("kms")
    code, message = refused(alice.re_encrypt, CiphertextBlob=blob, DestinationKeyId=other)
    assert code == "AccessDeniedException"
    assert f"kms:ReEncryptTo on resource: {ARN}:key/{other}" in message


def test_random_bytes(kms: Any) -> None:
    assert len(kms.generate_random(NumberOfBytes=1024)["Plaintext"]) == 1024
    assert refused(kms.generate_random) == ("ValidationException", "NumberOfBytes is required.")


def test_a_dry_run_says_whether_it_would_have_succeeded(
    endpoint: Endpoint, kms: Any, key: str
) -> None:
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert refused(kms.encrypt, KeyId=key, Plaintext=b"x", DryRun=True) == DRY
    assert refused(kms.decrypt, CiphertextBlob=blob, DryRun=True) == DRY
    assert refused(kms.decrypt, CiphertextBlob=b"no blob", DryRun=True) == INVALID
    assert refused(kms.generate_data_key, KeyId=key, KeySpec="AES_256", DryRun=True) == DRY
    assert refused(kms.re_encrypt, CiphertextBlob=blob, DestinationKeyId=key, DryRun=True) == DRY
    ignoring = {"KeyId": key, "DryRun": True, "DryRunModifiers": ["IGNORE_CIPHERTEXT"]}
    assert refused(kms.decrypt, **ignoring) == DRY
    nobody = endpoint.user("alice").client("kms")
    assert refused(nobody.decrypt, **ignoring)[0] == "AccessDeniedException"


def test_algorithms_of_other_keys_are_refused(kms: Any, key: str) -> None:
    params = {"KeyId": key, "Plaintext": b"x", "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
    assert refused(kms.encrypt, **params)[0] == "InvalidKeyUsageException"
