"""Keys: seal what must not be read from a disk, and open it again.

A sealed value is `version | key id | nonce | AES-256-GCM ciphertext`, with the row it belongs to
(table, primary key, version) as associated data, so that rows cannot be swapped. Each purpose has
a key of its own, derived with HKDF from the 32 bytes in `STATE/master.key`.
"""

import contextlib
import json
import os
import stat
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .errors import Corrupted, StartRefused

_VERSION = b"\x01"
_NONCE_BYTES = 12
_KEY_ID_BYTES = 4
_MASTER_BYTES = 32
_CIPHER_BYTES = 32


class Vault:
    """Seals and opens. One per process, made from the master key; keeps no clear text."""

    def __init__(self, master_key: bytes) -> None:
        self._master = master_key
        self._key_id = _derive(master_key, "key id", _KEY_ID_BYTES)
        self._ciphers: dict[str, AESGCM] = {}

    def __repr__(self) -> str:
        return f"Vault(key {self._key_id.hex()})"

    def seal(self, purpose: str, row: tuple[str, ...], clear: bytes) -> bytes:
        """Encrypt `clear` for `row` = (table, primary key, version id…)."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher(purpose).encrypt(nonce, clear, _associated(row))
        return _VERSION + self._key_id + nonce + sealed

    def open(self, purpose: str, row: tuple[str, ...], sealed: bytes) -> bytes:
        """The clear text of what `seal` made for the same purpose and row; else `Corrupted`."""
        header = len(_VERSION) + _KEY_ID_BYTES
        if sealed[:1] != _VERSION or sealed[1:header] != self._key_id:
            raise Corrupted(f"a sealed value of {row[0]} was not sealed with this master key")
        nonce, body = sealed[header : header + _NONCE_BYTES], sealed[header + _NONCE_BYTES :]
        try:
            return self._cipher(purpose).decrypt(nonce, body, _associated(row))
        except (InvalidTag, ValueError):
            raise Corrupted(f"a sealed value of {row[0]} was changed or moved") from None

    def has_sealed(self, sealed: bytes) -> bool:
        """Whether it was this key that sealed a value, by what the value says of itself."""
        return sealed[len(_VERSION) :].startswith(self._key_id)

    def _cipher(self, purpose: str) -> AESGCM:
        cipher = self._ciphers.get(purpose)
        if cipher is None:
            key = _derive(self._master, f"seal {purpose}", _CIPHER_BYTES)
            cipher = self._ciphers[purpose] = AESGCM(key)
        return cipher


def encrypt(key: bytes, clear: bytes, associated: bytes) -> bytes:
    """AES-256-GCM under a key the caller holds: nonce | ciphertext (KMS's key material)."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, clear, associated)


def decrypt(key: bytes, sealed: bytes, associated: bytes) -> bytes:
    """The reverse of `encrypt`; `Corrupted` when key, bytes or associated data differ."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], associated)
    except (InvalidTag, ValueError):
        raise Corrupted("a ciphertext does not open") from None


def open_master_key(path: Path) -> Vault:
    """The vault of a state folder; its key is made at first use and fsynced before any row.

    `StartRefused` when somebody else could have read or written the key, or it is none.
    """
    try:
        if not os.path.lexists(path):
            _create(path)
        # The file that is judged is the one that is read: opened once, never through a link.
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
            status = os.fstat(file.fileno())
            key = file.read(_MASTER_BYTES + 1)
    except OSError as error:
        raise StartRefused(f"`{path}` cannot be opened: {error.strerror}") from None
    if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
        raise StartRefused(
            f"`{path}` must be owned by the user who starts serve and have mode 0600"
        )
    if len(key) != _MASTER_BYTES:
        raise StartRefused(
            f"`{path}` must hold {_MASTER_BYTES} bytes, not {status.st_size};"
            " restore it from its copy"
        )
    return Vault(key)


def _create(path: Path) -> None:
    # Written beside and then linked: a kill on the way must not leave an empty key, and a key
    # that another process made meanwhile must not be replaced.
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(os.urandom(_MASTER_BYTES))
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        path.hardlink_to(draft)
    draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _derive(key: bytes, purpose: str, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=None, info=f"sluicegate {purpose}".encode()).derive(key)


def _associated(row: tuple[str, ...]) -> bytes:
    # JSON, so that no two rows spell the same: ("a", "b|c") is not ("a|b", "c").
    return json.dumps(row).encode()
