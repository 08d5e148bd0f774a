"""From what a survey found to a client's connection: where the brokers are, and who we are."""

from collections.abc import Callable

from ..kafka import Connection as Brokers
from ..kafka import Credentials, Plaintext, Sasl, Tls
from .findings import Anonymous, AsRole, Connection, Password


def brokers_of(
    connection: Connection, authority: Callable[[], str], *, is_msk: bool
) -> Brokers | None:
    """What to connect with; None where the role itself has to log in, which clients cannot yet.

    `authority` gives the certificate of who signs our own brokers': MSK's.
    """
    tls = None
    if connection.is_tls:
        own = connection.authority
        if own is None and is_msk:
            own = authority()
        tls = Tls(authorities=own or "")
    credentials = _credentials(connection, tls)
    if credentials is None:
        return None
    return Brokers(",".join(connection.bootstrap_servers), credentials)


def _credentials(connection: Connection, tls: Tls | None) -> Credentials | None:
    match connection.login:
        case Anonymous():
            return tls or Plaintext()
        case Password(mechanism, username, password):
            return Sasl(mechanism, username, password, tls)
        case AsRole():
            return None
