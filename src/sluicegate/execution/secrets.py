"""What a mapping's secrets say: a user and a password, or a certificate."""

import ssl
from collections.abc import Mapping
from typing import Any

import msgspec

from ..store.mappings import Access
from .findings import Anonymous, Login, Mechanism, Password

BASIC = "BASIC_AUTH"
SCRAM_256 = "SASL_SCRAM_256_AUTH"
SCRAM_512 = "SASL_SCRAM_512_AUTH"
ROOT_CA = "SERVER_ROOT_CA_CERTIFICATE"

MECHANISMS: Mapping[str, Mechanism] = {
    BASIC: "PLAIN",
    SCRAM_256: "SCRAM-SHA-256",
    SCRAM_512: "SCRAM-SHA-512",
}
"""The SASL mechanism of each type of secret that holds a password."""

SECRETS = frozenset({*MECHANISMS, ROOT_CA})
"""The types of source access whose URI is a secret's ARN."""


def of(access: tuple[Access, ...]) -> list[Access]:
    """The secrets among a mapping's source access, in their order."""
    return [each for each in access if each.type in SECRETS]


def login(secret: Access, answer: Mapping[str, Any]) -> Login | None:
    """Whom a secret lets one log in as; None when it says something else."""
    match _content(answer):
        case {"username": str(username), "password": str(password)} if username and password:
            return Password(MECHANISMS[secret.type], username, password)
    return None


def certificate(answer: Mapping[str, Any]) -> str | None:
    """The PEM certificate in a secret; None when it holds something else."""
    match _content(answer):
        case {"certificate": str(pem)} if "-----BEGIN CERTIFICATE-----" in pem and _is_pem(pem):
            return pem
    return None


def _is_pem(text: str) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError):
        return False
    return True


def _content(answer: Mapping[str, Any]) -> object:
    try:
        return msgspec.json.decode(answer.get("SecretString") or answer.get("SecretBinary") or "")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


NOBODY = Anonymous()
