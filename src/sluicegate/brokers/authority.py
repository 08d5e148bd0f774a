"""The certificate authority that signs the managed brokers' certificates.

Made once per state, on first use; clients trust it through `GET /ca.pem`. Its private key is kept
sealed and leaves the database only to sign.
"""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from ..clock import Clock, to_datetime
from ..store import authorities
from ..store.authorities import Authority
from ..store.database import Conflict, Database
from ..vault import Vault

_NAME = "brokers"
_VALID = datetime.timedelta(days=3650)
# Certificates must already hold on clients whose clocks are behind ours.
_CLOCK_SLACK = datetime.timedelta(hours=1)


def certificate(database: Database, vault: Vault, clock: Clock) -> str:
    """The authority's certificate, PEM; the authority is made when there is none yet."""
    found = _find(database)
    if found is None:
        try:
            with database.write() as tx:
                authorities.insert(tx, _new(vault, to_datetime(clock.now_ms())))
        except Conflict:
            pass  # another process was first; its authority is the one
        found = _find(database)
        assert found is not None
    return found.certificate


def _find(database: Database) -> Authority | None:
    with database.read() as tx:
        return authorities.find(tx, _NAME)


def _new(vault: Vault, now: datetime.datetime) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Sluicegate brokers")])
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SLACK)
        .not_valid_after(now + _VALID)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )
    clear = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    sealed = vault.seal("authority", ("authorities", _NAME), clear)
    return Authority(_NAME, built.public_bytes(Encoding.PEM).decode(), sealed)
