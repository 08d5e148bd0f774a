"""Access keys: ids that name their account, secrets that are random.

The sixteen letters behind AKIA or ASIA are base32; the account number stands in their first 47
bits, below a bit that is always set (known from keys AWS hands out; GetAccessKeyInfo relies on it).
"""

import base64
import secrets
import string
from dataclasses import dataclass

_SECRET_ALPHABET = string.ascii_letters + string.digits + "+/"
_ID_ALPHABET = string.ascii_uppercase + "234567"


@dataclass(frozen=True, slots=True)
class RootKey:
    """The access key of an account's root user. `repr` shows no secret."""

    account: str
    access_key: str
    secret_key: str

    def __repr__(self) -> str:
        return f"RootKey({self.access_key})"


def new_key_id(prefix: str, account: str) -> str:
    """`AKIA` or `ASIA` and sixteen letters that name `account`."""
    head = (1 << 47) | (int(account) << 7) | secrets.randbits(7)
    return prefix + base64.b32encode(head.to_bytes(6, "big") + secrets.token_bytes(4)).decode()


def account_of(key_id: str) -> str | None:
    """The account a key id names; None when it is not of that form."""
    letters = key_id[4:]
    if len(letters) != 16 or set(letters) - set(_ID_ALPHABET):
        return None
    head = int.from_bytes(base64.b32decode(letters)[:6], "big")
    account = (head & ((1 << 47) - 1)) >> 7
    return f"{account:012d}" if account < 10**12 else None


def new_secret() -> str:
    """Forty letters of the base64 alphabet."""
    return "".join(secrets.choice(_SECRET_ALPHABET) for _ in range(40))
