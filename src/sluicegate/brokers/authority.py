"""The certificate authority that signs the managed brokers' certificates.

Made once per state, on first use; clients trust it through `GET /ca.pem`. Its private key is kept
sealed and leaves the database only to sign.
"""

import datetime
import hashlib

from ..clock import Clock, to_datetime
from ..store import authorities
from ..store.authorities import Authority
from ..store.database import Conflict, Database
from ..vault import Vault
from .listeners import Endpoint
from .plan import Certificate

_NAME = "brokers"
_LONGEST_LABEL = 63


def certificate(database: Database, vault: Vault, clock: Clock) -> str:
    """The authority's certificate, PEM; the authority is made when there is none yet."""
    return _made(database, vault, clock).certificate


def issue(
    database: Database, vault: Vault, clock: Clock, endpoint: Endpoint, host_name: str
) -> Certificate:
    """A new certificate for a node there, also known as `host_name` (see `host_name`).

    It trusts clients whose certificates the same authority signed.
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


def host_name(cluster_name: str, cluster_arn: str, node: int, region: str) -> str:
    """A node's name in MSK's pattern, `b-1.NAME.xxxxxx.cN.kafka.REGION.amazonaws.com`.

    Six letters and a digit of the cluster's own make it another for a cluster made again.
    """
    drawn = hashlib.sha256(cluster_arn.encode()).hexdigest()
    label = cluster_name.lower()[:_LONGEST_LABEL].rstrip("-")
    number = int(drawn[6:8], 16) % 9 + 1
    return f"b-{node}.{label}.{drawn[:6]}.c{number}.kafka.{region}.amazonaws.com"


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
