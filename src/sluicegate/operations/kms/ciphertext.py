"""Ciphertext blobs: which key and material made them, and the encrypted bytes.

    version (1) | key id (16) | material id (32) | nonce (12) | AES-256-GCM ciphertext and tag

The header and the encryption context are associated data: a blob opens only under the context it
was made with, and no byte of it can be changed. The key is found by the blob alone.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from ... import vault

_VERSION = b"\x01"
_KEY_ID_BYTES = 16
_MATERIAL_ID_BYTES = 32
_HEADER_BYTES = len(_VERSION) + _KEY_ID_BYTES + _MATERIAL_ID_BYTES
_SEALING_BYTES = 12 + 16


@dataclass(frozen=True, slots=True)
class Blob:
    """A blob taken apart: `key_id` is a UUID, `material_id` 64 hexadecimal digits."""

    key_id: str
    material_id: str
    sealed: bytes

    @classmethod
    def parse(cls, blob: bytes) -> "Blob | None":
        """What `blob` says of itself, or None when it was never made here."""
        if len(blob) < _HEADER_BYTES + _SEALING_BYTES or blob[:1] != _VERSION:
            return None
        key_id, material_id = blob[1 : 1 + _KEY_ID_BYTES], blob[1 + _KEY_ID_BYTES : _HEADER_BYTES]
        return cls(str(uuid.UUID(bytes=key_id)), material_id.hex(), blob[_HEADER_BYTES:])

    @property
    def header(self) -> bytes:
        """The bytes in front of the encrypted ones."""
        return _VERSION + uuid.UUID(self.key_id).bytes + bytes.fromhex(self.material_id)

    def open(self, material: bytes, context: Mapping[str, str]) -> bytes:
        """The plaintext; `Corrupted` when material, context or any byte is another."""
        return vault.decrypt(material, self.sealed, _associated(self.header, context))


def seal(
    key_id: str, material_id: str, material: bytes, clear: bytes, context: Mapping[str, str]
) -> bytes:
    """Encrypt `clear` under a key's material, for one encryption context."""
    header = Blob(key_id, material_id, b"").header
    return header + vault.encrypt(material, clear, _associated(header, context))


def _associated(header: bytes, context: Mapping[str, str]) -> bytes:
    # Sorted: an encryption context is a set of pairs, whatever order a client sends them in.
    return header + json.dumps(sorted(context.items())).encode()
