"""Session tokens open beside their own key only."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.access import Session
from sluicegate.access.sessions import Sessions
from sluicegate.errors import Corrupted
from sluicegate.vault import Vault

SESSIONS = Sessions(Vault(bytes(32)))
SESSION = Session("name", 1000, 2000, {"team": "orders"}, ("team",), "ann", ("{}",), ("arn:p",))


def test_a_token_gives_back_what_it_was_made_of() -> None:
    made = SESSIONS.for_role("123456789012", "AROAX", SESSION)
    opened = SESSIONS.open(made.access_key, made.token)
    assert (opened.kind, opened.account, opened.entity_id) == ("role", "123456789012", "AROAX")
    assert (opened.secret, opened.session) == (made.secret_key, SESSION)


def test_a_services_token_says_on_whose_behalf() -> None:
    made = SESSIONS.for_service("123456789012", "lambda.amazonaws.com", "arn:f", 5000)
    opened = SESSIONS.open(made.access_key, made.token)
    assert (opened.kind, opened.entity_id, opened.source_arn) == (
        "service",
        "lambda.amazonaws.com",
        "arn:f",
    )
    assert made.expires_ms == 5000 + 900_000


def test_a_token_does_not_open_beside_another_key() -> None:
    one, two = (SESSIONS.for_role("123456789012", "AROAX", SESSION) for _ in range(2))
    with pytest.raises(Corrupted):
        SESSIONS.open(one.access_key, two.token)


def test_another_master_key_does_not_open_it() -> None:
    made = SESSIONS.for_role("123456789012", "AROAX", SESSION)
    with pytest.raises(Corrupted):
        Sessions(Vault(b"x" * 32)).open(made.access_key, made.token)


@given(st.data())
def test_no_changed_token_opens(data: st.DataObject) -> None:
    made = SESSIONS.for_role("123456789012", "AROAX", SESSION)
    raw = bytearray(base64.b64decode(made.token))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Corrupted):
        SESSIONS.open(made.access_key, base64.b64encode(raw).decode())


@given(st.text())
def test_no_other_text_opens(text: str) -> None:
    with pytest.raises(Corrupted):
        SESSIONS.open("ASIA", text)


def test_no_secret_shows() -> None:
    made = SESSIONS.for_role("123456789012", "AROAX", SESSION)
    opened = SESSIONS.open(made.access_key, made.token)
    assert made.secret_key not in f"{made!r} {opened!r}"
