"""The endpoint that users' tests run against, from one test to the next."""

import pytest
from botocore.exceptions import ClientError

from sluicegate.testing import Endpoint


def denied_id(endpoint: Endpoint) -> str:
    with pytest.raises(ClientError) as refusal:
        endpoint.user("alice").client("kms").list_keys()
    headers = refusal.value.response["ResponseMetadata"]["HTTPHeaders"]
    identity: str = headers["x-sluicegate-authorization-id"]
    return identity


def test_a_reset_leaves_nothing_of_what_was_made(endpoint: Endpoint) -> None:
    alice = endpoint.user("alice")
    endpoint.client("kms").create_key()
    endpoint.reset()
    assert endpoint.client("iam").list_users()["Users"] == []
    assert endpoint.client("kms").list_keys()["Keys"] == []
    with pytest.raises(ClientError, match="The security token included in the request is invalid"):
        alice.client("sts").get_caller_identity()


def test_a_reset_leaves_no_decision_that_was_still_to_be_written(endpoint: Endpoint) -> None:
    identity = denied_id(endpoint)
    endpoint.reset()
    with pytest.raises(ClientError, match="ResourceNotFound"):
        endpoint.client("iam-toolbox").get_request_authorization_details(authorizationId=identity)


def test_after_a_reset_the_clock_is_right_again(endpoint: Endpoint) -> None:
    begin_ms = endpoint.clock.now_ms()
    endpoint.clock.advance(seconds=86_400)
    endpoint.reset()
    assert 0 <= endpoint.clock.now_ms() - begin_ms < 86_400_000


def test_equal_clients_are_one(endpoint: Endpoint) -> None:
    assert endpoint.client("iam") is endpoint.client("iam")
    assert endpoint.client("iam") is not endpoint.client("iam", region="eu-west-1")
    assert endpoint.client("iam") is not endpoint.user("alice").client("iam")
