"""Passwords of users, for the console."""

from dataclasses import replace
from typing import Any

from ...clock import to_second
from ...errors import AwsError
from ...store import login_profiles
from ...store.database import Tx
from ...store.identities import Entity, Kind
from ...store.login_profiles import LoginProfile
from ..operation import Call, Operation, Params, Result
from .asks import on
from .subjects import exclusive, required, writing

_MINIMUM = 8


def create(call: Call, params: Params) -> Result:
    """Give a user a password; one who has one is refused."""
    if params.get("Password") is None:
        raise AwsError(
            "ValidationError",
            "1 validation error detected: Value at 'password' failed to satisfy constraint: "
            "Member must not be null",
        )
    hashed = _hashed(params["Password"])
    with writing(call) as tx:
        user = required(tx, Kind.USER, call, params)
        if login_profiles.of_user(tx, user.id) is not None:
            raise AwsError(
                "EntityAlreadyExists", f"Login Profile for user {user.name} already exists."
            )
        profile = LoginProfile(
            user.id,
            call.account,
            hashed,
            bool(params.get("PasswordResetRequired")),
            params.get("MaxSigninSessionDuration"),
            call.now_ms,
        )
        login_profiles.put(tx, profile)
    return {"LoginProfile": _show(profile, user)}


def get(call: Call, params: Params) -> Result:
    """Whether and since when a user may sign in with a password."""
    with call.database.read() as tx:
        user = required(tx, Kind.USER, call, params)
        return {"LoginProfile": _show(_profile(tx, user), user)}


def update(call: Call, params: Params) -> Result:
    """Change the password, or what is asked of its user."""
    exclusive(params, "MaxSigninSessionDuration", "ResetMaxSigninSessionDuration")
    password = params.get("Password")
    hashed = None if password is None else _hashed(password)
    with writing(call) as tx:
        profile = _profile(tx, required(tx, Kind.USER, call, params))
        is_reset = params.get("ResetMaxSigninSessionDuration")
        kept_seconds = None if is_reset else profile.max_signin_seconds
        login_profiles.put(
            tx,
            replace(
                profile,
                hashed=hashed or profile.hashed,
                must_reset=params.get("PasswordResetRequired", profile.must_reset),
                max_signin_seconds=params.get("MaxSigninSessionDuration", kept_seconds),
            ),
        )
    return {}


def delete(call: Call, params: Params) -> Result:
    """Take the password away; access keys go on working."""
    with writing(call) as tx:
        login_profiles.remove(tx, _profile(tx, required(tx, Kind.USER, call, params)).user_id)
    return {}


def _hashed(password: str) -> bytes:
    """Refuse what AWS's default password policy refuses; hash the rest."""
    tests = (str.isupper, str.islower, str.isdigit, lambda one: not one.isalnum())
    kinds = sum(any(test(character) for character in password) for test in tests)
    if len(password) < _MINIMUM:
        raise AwsError(
            "PasswordPolicyViolation", f"Password should have a minimum length of {_MINIMUM}"
        )
    if kinds < 3:
        raise AwsError(
            "PasswordPolicyViolation",
            "Password should have at least three of uppercase letters, lowercase letters, "
            "numbers and symbols",
        )
    return login_profiles.hash_of(password)


def _profile(tx: Tx, user: Entity) -> LoginProfile:
    profile = login_profiles.of_user(tx, user.id)
    if profile is None:
        raise AwsError("NoSuchEntity", f"Login Profile for User {user.name} cannot be found.")
    return profile


def _show(profile: LoginProfile, user: Entity) -> dict[str, Any]:
    return {
        "UserName": user.name,
        "CreateDate": to_second(profile.created_ms),
        "PasswordResetRequired": profile.must_reset,
        "MaxSigninSessionDuration": profile.max_signin_seconds,
    }


_ON_USER = on(Kind.USER)

OPERATIONS = (
    Operation("iam", "CreateLoginProfile", _ON_USER, create),
    Operation("iam", "GetLoginProfile", _ON_USER, get),
    Operation("iam", "UpdateLoginProfile", _ON_USER, update),
    Operation("iam", "DeleteLoginProfile", _ON_USER, delete),
)
