"""What a client is made of: where the brokers are, and who it is there."""

import time
from base64 import urlsafe_b64decode

import pytest

from sluicegate.errors import AccessDenied, Unavailable
from sluicegate.execution.connecting import Tokens, brokers_of
from sluicegate.execution.findings import AsRole, Connection, Login, Password
from sluicegate.functions import Credentials
from sluicegate.kafka import AsIam, Sasl, Tls, Token

SOON = round(time.time()) + 60
"""As a session ends that is nearly over; a token alone is good for longer."""


class Role:
    """The session of a role, as it is just now."""

    def __init__(self) -> None:
        self.fault: Exception | None = None
        self.session = Credentials("ASIAFIRST", "secret", "token", (SOON + 3600) * 1000)

    def __call__(self) -> Credentials:
        if self.fault is not None:
            raise self.fault
        return self.session


def found(login: Login) -> Connection:
    return Connection(("b-1:9098", "b-2:9098"), is_tls=True, login=login, group_id="g")


def signed(token: Token) -> str:
    return urlsafe_b64decode(token.text + "=" * (-len(token.text) % 4)).decode()


def test_who_logs_in_as_the_role_shows_its_tokens_to_whom_msk_vouches_for() -> None:
    tokens = Tokens(Role(), "eu-west-1")
    brokers = brokers_of(found(AsRole()), lambda: "MSK", tokens, is_msk=True)
    assert brokers.bootstrap_servers == "b-1:9098,b-2:9098"
    assert brokers.credentials == AsIam(tokens, Tls("MSK"))


def test_who_has_a_password_shows_that() -> None:
    login = Password("SCRAM-SHA-512", "alice", "secret")
    brokers = brokers_of(found(login), lambda: "MSK", Tokens(Role(), "eu-west-1"), is_msk=True)
    assert brokers.credentials == Sasl("SCRAM-SHA-512", "alice", "secret", Tls("MSK"))


def test_each_token_is_signed_by_the_session_of_then_for_the_clusters_region() -> None:
    role = Role()
    tokens = Tokens(role, "eu-west-1")
    assert "ASIAFIRST" in signed(tokens())
    role.session = Credentials("ASIASECOND", "secret", "token", (SOON + 3600) * 1000)
    text = signed(tokens())
    assert "ASIASECOND" in text and text.startswith("https://kafka.eu-west-1.amazonaws.com/")


def test_no_token_outlives_its_session() -> None:
    role = Role()
    tokens = Tokens(role, "eu-west-1")
    assert tokens().expires_seconds > SOON
    role.session = Credentials("ASIAFIRST", "secret", "token", SOON * 1000)
    assert tokens().expires_seconds == SOON


def test_while_nobody_answers_the_last_token_is_shown_and_a_denial_ends_that() -> None:
    role = Role()
    tokens = Tokens(role, "eu-west-1")
    role.fault = Unavailable("nobody answers")
    with pytest.raises(Unavailable):
        tokens()
    role.fault = None
    last = tokens()
    role.fault = Unavailable("nobody answers")
    assert tokens() == last
    role.fault = AccessDenied("not assumed")
    with pytest.raises(AccessDenied):
        tokens()
