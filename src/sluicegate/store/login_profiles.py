"""Users' passwords for the console, kept as salted scrypt hashes: nobody can read them back."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

import sqlalchemy as sa

from .database import Tx
from .schema import metadata, moment, owner

_SALT_BYTES = 16
# 16 MiB and about 50 ms a guess.
_COST, _BLOCK = 2**14, 8

login_profiles = sa.Table(
    "login_profiles",
    metadata,
    sa.Column("user_id", sa.ForeignKey("users.id"), primary_key=True),
    *owner(),
    sa.Column("password", sa.LargeBinary, nullable=False),
    sa.Column("must_reset", sa.Boolean, nullable=False),
    sa.Column("max_signin_seconds", sa.Integer, nullable=True),
    moment("created_ms"),
)


@dataclass(frozen=True, slots=True)
class LoginProfile:
    """How a user signs in to the console; `hashed` is the password as `hash_of` made it."""

    user_id: str
    account: str
    hashed: bytes
    must_reset: bool
    max_signin_seconds: int | None
    created_ms: int

    def __repr__(self) -> str:
        return f"LoginProfile({self.user_id})"


def hash_of(password: str) -> bytes:
    """What is kept of a password: salt | scrypt."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return salt + _scrypt(password, salt)


def matches(password: str, hashed: bytes) -> bool:
    """Whether `hashed` was made of this password."""
    salt, kept = hashed[:_SALT_BYTES], hashed[_SALT_BYTES:]
    return hmac.compare_digest(_scrypt(password, salt), kept)


def of_user(tx: Tx, user_id: str) -> LoginProfile | None:
    """A user's profile."""
    query = sa.select(login_profiles).where(login_profiles.c.user_id == user_id)
    row = tx.execute(query).one_or_none()
    if row is None:
        return None
    return LoginProfile(
        row.user_id,
        row.account,
        bytes(row.password),
        row.must_reset,
        row.max_signin_seconds,
        row.created_ms,
    )


def put(tx: Tx, profile: LoginProfile) -> None:
    """Write a profile in place of the one the user had."""
    remove(tx, profile.user_id)
    tx.execute(
        login_profiles.insert().values(
            user_id=profile.user_id,
            account=profile.account,
            region="",
            password=profile.hashed,
            must_reset=profile.must_reset,
            max_signin_seconds=profile.max_signin_seconds,
            created_ms=profile.created_ms,
        )
    )


def remove(tx: Tx, user_id: str) -> None:
    """Delete a user's profile."""
    tx.execute(login_profiles.delete().where(login_profiles.c.user_id == user_id))


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=_COST, r=_BLOCK, p=1)
