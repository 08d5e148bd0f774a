"""Whom a secret of a user lets one log in as."""

import json

import pytest

from sluicegate import scram


def told(username: object, password: object) -> str:
    return json.dumps({"username": username, "password": password, "engine": "kafka"})


@pytest.mark.parametrize("name", ["alice", "admin", "a b,c=d", "Zoë", "😀", "\u2028"])
def test_any_name_that_can_be_sent_is_a_users(name: str) -> None:
    assert scram.login(told(name, "p")) == scram.Login(name, "p")


@pytest.mark.parametrize(
    "text",
    [
        *("", "words", "[]", '"alice"', "{}", '{"username": "alice"}', "[" * 100_000),
        *(told(None, "p"), told("alice", 7), told(["alice"], "p"), told({}, "p")),
        *(told("", "p"), told("alice", "")),
        *(told("admin\0x", "p"), told("a\nb", "p"), told("\x7f", "p"), told("\x85", "p")),
        *(told("\ud800", "p"), told("alice", "\ud800"), told("alice", "\udfff")),
    ],
)
def test_everything_else_is_nobody(text: str) -> None:
    assert scram.login(text) is None


def test_a_password_is_not_shown() -> None:
    assert "alice-secret" not in repr(scram.Login("alice", "alice-secret"))
