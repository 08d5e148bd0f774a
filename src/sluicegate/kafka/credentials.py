"""Who we are to brokers, and how we know them. `repr` shows no secret."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from confluent_kafka import KafkaError

from ..errors import AwsError, Unavailable
from .faults import BrokerFault, NotAuthenticated


@dataclass(frozen=True, slots=True)
class Plaintext:
    """Nobody, in clear text."""


@dataclass(frozen=True, slots=True)
class Tls:
    """TLS. All are PEM texts.

    `authorities` are who may have signed the brokers' certificates; "" = whom the system trusts.
    `certificate` (leaf first) and `private_key` are ours, where brokers ask for them.
    """

    authorities: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    private_key_password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Sasl:
    """A user and a password. Over TLS, unless `tls` is None: inside one machine, for tests."""

    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
    username: str
    password: str = field(repr=False)
    tls: Tls | None = Tls()


@dataclass(frozen=True, slots=True)
class Token:
    """What brokers are shown in place of a password; good until so many seconds after 1970."""

    text: str = field(repr=False)
    expires_seconds: float


@dataclass(frozen=True, slots=True)
class AsIam:
    """Somebody of AWS's, by tokens he signs. Over TLS.

    `token` makes one, on a thread of the library's too: a new one is asked for after four fifths of
    the last one's life. Where it raises, what was opened before goes on until it ends.
    """

    token: Callable[[], Token] = field(repr=False)
    tls: Tls = Tls()


Credentials = Plaintext | Tls | Sasl | AsIam


@dataclass(frozen=True, slots=True)
class Connection:
    """Where a cluster is, `host:port` joined by commas, and who we are there."""

    bootstrap_servers: str
    credentials: Credentials = Plaintext()

    def config(self) -> dict[str, Any]:
        """As librdkafka is told, by one client. `BrokerFault` where there is no token to log in
        with, `Unavailable` where nobody says whether there is."""
        return {"bootstrap.servers": self.bootstrap_servers, **_security(self.credentials)}


def _security(credentials: Credentials) -> Mapping[str, Any]:
    match credentials:
        case Plaintext():
            return {"security.protocol": "PLAINTEXT"}
        case Tls():
            return {"security.protocol": "SSL", **_tls(credentials)}
        case Sasl(mechanism, username, password, tls):
            return {
                "security.protocol": "SASL_PLAINTEXT" if tls is None else "SASL_SSL",
                "sasl.mechanism": mechanism,
                "sasl.username": username,
                "sasl.password": password,
                **(_tls(tls) if tls else {}),
            }
        case AsIam(token, tls):
            return {
                "security.protocol": "SASL_SSL",
                "sasl.mechanism": "OAUTHBEARER",
                "oauth_cb": _shown(token),
                **_tls(tls),
            }


def _shown(token: Callable[[], Token]) -> Callable[[str], tuple[str, float]]:
    """What the library calls back for tokens, by itself: nobody has to poll for it.

    It makes no client without a token, and waits ten seconds for one that cannot be had, to say
    nothing of why. So the first is made here.
    """
    made = [_first(token)]

    def show(_: str) -> tuple[str, float]:
        shown = made.pop() if made else token()
        return shown.text, shown.expires_seconds

    return show


def _first(token: Callable[[], Token]) -> Token:
    try:
        first = token()
    except Unavailable:
        raise  # silence is no denial
    except AwsError as refusal:
        lacking = NotAuthenticated(KafkaError._AUTHENTICATION, refusal.message)
        raise BrokerFault(lacking) from None
    if first.expires_seconds <= time.time():
        raise BrokerFault(NotAuthenticated(KafkaError._AUTHENTICATION, "the token has expired"))
    return first


def _tls(tls: Tls) -> Mapping[str, str]:
    # Certificates and names are verified always: there is no setting for anything else.
    given = {
        "ssl.ca.pem": tls.authorities,
        "ssl.certificate.pem": tls.certificate,
        "ssl.key.pem": tls.private_key,
        "ssl.key.password": tls.private_key_password,
    }
    return {name: text for name, text in given.items() if text}
