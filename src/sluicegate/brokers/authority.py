"""The certificate authority that signs the managed brokers' certificates.

Made once per state, on first use; clients trust it through `GET /ca.pem`. Its private key is kept
sealed and leaves the database only to sign.
"""

import datetime

from ..clock import Clock, to_datetime
from ..store import authorities
from ..store.authorities import Authority
from ..store.database import Conflict, Database
from ..vault import Vault
from .listeners import Endpoint
from .plan import Certificate

_NAME = "brokers"


def certificate(database: Database, vault: Vault, clock: Clock) -> str:
    """The authority's certificate, PEM; the authority is made when there is none yet."""
    return _made(database, vault, clock).certificate


def issue(
    database: Database, vault: Vault, clock: Clock, endpoint: Endpoint, host_name: str
) -> Certificate:
    """A new certificate for a node there, which MSK would call `host_name`. It trusts
    clients whose certificates the same authority signed.
    """
    # Imported here: the api child shows the authority, and loads what builds certificates never.
    from .certificates import signed_leaf

    authority = _made(database, vault, clock)
    key = vault.open("authority", ("authorities", _NAME), authority.sealed_key)
    names = list(dict.fromkeys((endpoint.address, "127.0.0.1", "localhost", host_name)))
    common_name = host_name.partition(".")[0]
    now = to_datetime(clock.now_ms())
    pem = signed_leaf(authority.certificate, key, common_name, names, now)
    return Certificate(pem, trusted=authority.certificate)


def _made(database: Database, vault: Vault, clock: Clock) -> Authority:
    found = _find(database)
    if found is None:
        try:
            with database.write() as tx:
                authorities.insert(tx, _new(vault, to_datetime(clock.now_ms())))
        except Conflict:
            pass  # another process was first; its authority is the one
        found = _find(database)
        assert found is not None
    return found


def _find(database: Database) -> Authority | None:
    with database.read() as tx:
        return authorities.find(tx, _NAME)


def _new(vault: Vault, now: datetime.datetime) -> Authority:
    # Imported here: once in a state's life, and every start would take longer by it.
    from .certificates import self_signed

    pem, key = self_signed("Sluicegate brokers", now)
    return Authority(_NAME, pem, vault.seal("authority", ("authorities", _NAME), key))
