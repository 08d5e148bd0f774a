import pytest
from tests.unit.operations.iam.asserting import refused

from sluicegate.store import login_profiles
from sluicegate.store.identities import Kind, find
from sluicegate.testing import Endpoint

PASSWORD = "Correct-horse1"


def test_a_user_has_one_password_that_can_be_changed(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    iam.create_user(UserName="bob")
    assert refused(iam.get_login_profile, UserName="bob") == (
        404,
        "NoSuchEntity",
        "Login Profile for User bob cannot be found.",
    )
    made = iam.create_login_profile(
        UserName="bob", Password=PASSWORD, MaxSigninSessionDuration=3600
    )
    assert made["LoginProfile"]["PasswordResetRequired"] is False
    assert iam.get_login_profile(UserName="bob")["LoginProfile"] == made["LoginProfile"]
    assert refused(iam.create_login_profile, UserName="bob", Password=PASSWORD) == (
        409,
        "EntityAlreadyExists",
        "Login Profile for user bob already exists.",
    )
    iam.update_login_profile(
        UserName="bob",
        Password="Another-horse2",
        PasswordResetRequired=True,
        ResetMaxSigninSessionDuration=True,
    )
    shown = iam.get_login_profile(UserName="bob")["LoginProfile"]
    assert shown["PasswordResetRequired"] is True and "MaxSigninSessionDuration" not in shown
    with endpoint.databases.state.read() as tx:
        user = find(tx, Kind.USER, "000000000000", "bob")
        assert user is not None
        profile = login_profiles.of_user(tx, user.id)
    assert profile is not None
    assert login_profiles.matches("Another-horse2", profile.hashed)
    assert not login_profiles.matches(PASSWORD, profile.hashed)


@pytest.mark.parametrize("password", ["Short-1", "alllowercase", "lower1234567"])
def test_a_weak_password_is_refused(endpoint: Endpoint, password: str) -> None:
    iam = endpoint.client("iam")
    iam.create_user(UserName="bob")
    status, code, _ = refused(iam.create_login_profile, UserName="bob", Password=password)
    assert (status, code) == (400, "PasswordPolicyViolation")
    assert refused(iam.create_login_profile, UserName="bob")[1] == "ValidationError"
