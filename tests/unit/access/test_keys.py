"""Access key ids name their account."""

from hypothesis import given
from hypothesis import strategies as st

from sluicegate.access import keys


@given(st.integers(0, 10**12 - 1), st.sampled_from(["AKIA", "ASIA"]))
def test_a_key_id_names_its_account(number: int, prefix: str) -> None:
    account = f"{number:012d}"
    key_id = keys.new_key_id(prefix, account)
    assert len(key_id) == 20 and key_id.startswith(prefix)
    assert keys.account_of(key_id) == account


@given(st.text(max_size=40))
def test_anything_else_names_an_account_or_none(text: str) -> None:
    account = keys.account_of(text)
    assert account is None or (len(account) == 12 and account.isdigit())


def test_secrets_are_forty_letters_of_base64() -> None:
    assert len({keys.new_secret() for _ in range(100)}) == 100
    assert all(len(keys.new_secret()) == 40 for _ in range(10))
