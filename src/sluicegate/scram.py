"""A user who logs in with a password, as a secret says: `{"username": …, "password": …}`."""

import json
import unicodedata
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Login:
    """A user and the password. `repr` does not show it."""

    username: str
    password: str = field(repr=False)


def login(text: str) -> Login | None:
    """The user in a secret's text; None when it says something else.

    What cannot be sent, or would be cut short on its way, is nobody's name and no password.
    """
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    match said:
        case {"username": str(username), "password": str(password)}:
            if username and password and _is_name(username) and _is_sendable(password):
                return Login(username, password)
    return None


def _is_name(text: str) -> bool:
    return _is_sendable(text) and not any(unicodedata.category(each) == "Cc" for each in text)


def _is_sendable(text: str) -> bool:
    return not any("\ud800" <= each <= "\udfff" for each in text)
