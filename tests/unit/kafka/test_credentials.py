"""How brokers are told who we are, and that nobody else is."""

import pytest

from sluicegate.kafka import Connection, Credentials, Outgoing, Plaintext, Sasl, Tls

BROKERS = "b-1:9096,b-2:9096"


def told(credentials: Credentials) -> dict[str, str | int]:
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


def test_nothing_shows_a_secret() -> None:
    tls = Tls("secret", "secret", "secret", "secret")
    for shown in (Connection(BROKERS, Sasl("PLAIN", "alice", "secret", tls)), Outgoing(b"secret")):
        assert "secret" not in repr(shown)
