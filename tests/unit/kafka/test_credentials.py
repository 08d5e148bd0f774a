"""How brokers are told who we are, and that nobody else is."""

from typing import Any

import pytest

from sluicegate.errors import AccessDenied, Unavailable
from sluicegate.kafka import (
    AsIam,
    BrokerFault,
    Connection,
    Credentials,
    NotAuthenticated,
    Outgoing,
    Plaintext,
    Sasl,
    Tls,
    Token,
    probe,
)

BROKERS = "b-1:9096,b-2:9096"
FAR = 32_503_680_000.0
"""The year 3000."""


def told(credentials: Credentials) -> dict[str, Any]:
    config = Connection(BROKERS, credentials).config()
    assert config.pop("bootstrap.servers") == BROKERS
    return config


def test_clear_text() -> None:
    assert told(Plaintext()) == {"security.protocol": "PLAINTEXT"}


def test_tls_with_an_authority_of_ones_own_and_a_certificate() -> None:
    assert told(Tls()) == {"security.protocol": "SSL"}
    assert told(Tls("CA", "CERTIFICATE", "KEY", "PASSWORD")) == {
        "security.protocol": "SSL",
        "ssl.ca.pem": "CA",
        "ssl.certificate.pem": "CERTIFICATE",
        "ssl.key.pem": "KEY",
        "ssl.key.password": "PASSWORD",
    }


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_a_password_goes_over_tls(mechanism: str) -> None:
    config = told(Sasl(mechanism, "alice", "secret", Tls("CA")))  # type: ignore[arg-type]
    assert config == {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": mechanism,
        "sasl.username": "alice",
        "sasl.password": "secret",
        "ssl.ca.pem": "CA",
    }
    assert told(Sasl("PLAIN", "alice", "secret"))["security.protocol"] == "SASL_SSL"
    inside = Sasl("PLAIN", "alice", "secret", tls=None)
    assert told(inside)["security.protocol"] == "SASL_PLAINTEXT"


def test_each_token_is_made_when_the_library_asks_but_the_first_is_there_at_once() -> None:
    made: list[Token] = []

    def token() -> Token:
        made.append(Token(f"token {len(made)}", FAR + len(made)))
        return made[-1]

    config = told(AsIam(token, Tls("CA")))
    show = config.pop("oauth_cb")
    assert config == {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "OAUTHBEARER",
        "ssl.ca.pem": "CA",
    }
    assert len(made) == 1
    assert [show("") for _ in range(3)] == [(f"token {n}", FAR + n) for n in range(3)]


def test_no_client_is_made_that_would_wait_for_a_token_in_vain() -> None:
    def denied() -> Token:
        raise AccessDenied("the role cannot be assumed")

    connection = Connection(BROKERS, AsIam(denied))
    with pytest.raises(BrokerFault, match="the role cannot be assumed") as refused:
        connection.config()
    assert isinstance(refused.value.trouble, NotAuthenticated)
    assert probe(connection, "group", "topic") == refused.value.trouble
    with pytest.raises(BrokerFault, match="expired"):
        told(AsIam(lambda: Token("token", 1.0)))


def test_silence_about_a_token_is_no_refused_login() -> None:
    def silent() -> Token:
        raise Unavailable("nobody answers")

    with pytest.raises(Unavailable):
        told(AsIam(silent))


def test_nothing_shows_a_secret() -> None:
    tls = Tls("secret", "secret", "secret", "secret")
    token = Token("secret", FAR)
    for shown in (
        Connection(BROKERS, Sasl("PLAIN", "alice", "secret", tls)),
        Connection(BROKERS, AsIam(lambda: token, tls)),
        token,
        Outgoing(b"secret"),
    ):
        assert "secret" not in repr(shown)
