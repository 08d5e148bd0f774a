"""Who we are to brokers, and how we know them. `repr` shows no secret."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


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


Credentials = Plaintext | Tls | Sasl


@dataclass(frozen=True, slots=True)
class Connection:
    """Where a cluster is, `host:port` joined by commas, and who we are there."""

    bootstrap_servers: str
    credentials: Credentials = Plaintext()

    def config(self) -> dict[str, str | int]:
        """As librdkafka is told."""
        return {"bootstrap.servers": self.bootstrap_servers, **_security(self.credentials)}


def _security(credentials: Credentials) -> Mapping[str, str]:
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


def _tls(tls: Tls) -> Mapping[str, str]:
    # Certificates and names are verified always: there is no setting for anything else.
    given = {
        "ssl.ca.pem": tls.authorities,
        "ssl.certificate.pem": tls.certificate,
        "ssl.key.pem": tls.private_key,
        "ssl.key.password": tls.private_key_password,
    }
    return {name: text for name, text in given.items() if text}
