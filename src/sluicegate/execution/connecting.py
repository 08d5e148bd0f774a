"""From what a survey found to a client's connection: where the brokers are, and who we are."""

from collections.abc import Callable

from ..arn import Arn
from ..errors import Unavailable
from ..functions import Credentials as Session
from ..kafka import AsIam, Credentials, Plaintext, Sasl, Tls, Token
from ..kafka import Connection as Brokers
from ..store.mappings import EventSourceMapping
from ..wire.client import Credentials as Signing
from ..wire.client import connect_token
from .findings import Anonymous, AsRole, Connection, Password


def brokers_of(
    connection: Connection,
    authority: Callable[[], str],
    token: Callable[[], Token],
    *,
    is_msk: bool,
) -> Brokers:
    """What to connect with.

    `authority` gives the certificate of who signs our own brokers': MSK's. `token` is how the role
    itself logs in (`Tokens`), where it has to.
    """
    tls = None
    if connection.is_tls:
        own = connection.authority
        if own is None and is_msk:
            own = authority()
        tls = Tls(authorities=own or "")
    credentials = _credentials(connection, tls, token)
    return Brokers(",".join(connection.bootstrap_servers), credentials)


def brokers_of_mapping(
    mapping: EventSourceMapping,
    connection: Connection,
    authority: Callable[[], str],
    session: Callable[[], Session],
) -> Brokers:
    """`brokers_of` the source of a mapping, whose role has just then that `session`."""
    source = Arn.find(mapping.event_source_arn or "")
    # A cluster is of its own region, wherever the function is.
    region = source.region if source is not None else mapping.region
    is_msk = source is not None
    return brokers_of(connection, authority, Tokens(session, region), is_msk=is_msk)


def _credentials(
    connection: Connection, tls: Tls | None, token: Callable[[], Token]
) -> Credentials:
    match connection.login:
        case Anonymous():
            return tls or Plaintext()
        case Password(mechanism, username, password):
            return Sasl(mechanism, username, password, tls)
        case AsRole():
            return AsIam(token, tls or Tls())


class Tokens:
    """A role's tokens for brokers in a region, each of the `session` that it has just then.

    Clients ask for the next before the last one ends.
    """

    def __init__(self, session: Callable[[], Session], region: str) -> None:
        self._session = session
        self._region = region
        self._last: Token | None = None

    def __call__(self) -> Token:
        """The next; `AwsError` where the role cannot be assumed."""
        try:
            session = self._session()
        except Unavailable:
            # Nothing was denied: the last one is good for a while, and soon asked about again.
            if self._last is None:
                raise
            return self._last
        signing = Signing(session.access_key, session.secret_key, session.token)
        made = connect_token(self._region, signing)
        # Brokers take it no longer than the session that signed it.
        self._last = Token(made.text, min(made.expires_seconds, session.expires_ms / 1000))
        return self._last
