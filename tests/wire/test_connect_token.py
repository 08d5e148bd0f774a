"""The token that MSK's brokers are shown, as AWS's own signer makes it."""

from base64 import urlsafe_b64decode

import pytest
from tests.wire.msk_signer import token_of

from sluicegate.wire.client import Credentials, connect_token

REGION = "eu-central-1"


def url(token: str) -> tuple[str, str]:
    """What a token signs, and the user agent that it does not."""
    assert "=" not in token
    text = urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    signed, _, agent = text.partition("&User-Agent=")
    return signed, agent


@pytest.mark.parametrize("session", [None, "session+/=token"])
def test_it_is_the_one_of_awss_signer_but_for_the_user_agent(session: str | None) -> None:
    given = Credentials("AKIAEXAMPLE", "secret", session)
    first = connect_token(REGION, given)
    theirs, expires_ms = token_of(given, REGION)
    second = connect_token(REGION, given)
    # A second may have ended in between.
    ours = {url(each.text)[0]: each.expires_seconds for each in (first, second)}
    signed, agent = url(theirs)
    assert ours[signed] * 1000 == expires_ms
    assert agent.startswith("aws-msk-iam-sasl-signer-python")
    assert url(first.text)[1].startswith("sluicegate%2F")
    assert first.text not in repr(first)
