"""Why a request was allowed or denied, asked with AWS's own API."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sluicegate.testing import Endpoint, Member


def policy(effect: str, *actions: str, **more: Any) -> dict[str, Any]:
    statement = {"Sid": "One", "Effect": effect, "Action": list(actions), "Resource": "*", **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def denied(call: Any, **parameters: Any) -> Any:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value.response


def decision_of(call: Any, **parameters: Any) -> str:
    headers = denied(call, **parameters)["ResponseMetadata"]["HTTPHeaders"]
    identity: str = headers["x-sluicegate-authorization-id"]
    return identity


@pytest.fixture
def alice(endpoint: Endpoint) -> Member:
    return endpoint.user("alice", policy=policy("Deny", "kms:List*"))


def test_a_denial_tells_its_id_and_the_id_tells_why(endpoint: Endpoint, alice: Member) -> None:
    toolbox = endpoint.client("iam-toolbox")
    identity = decision_of(alice.client("kms").list_keys)
    details = toolbox.get_request_authorization_details(authorizationId=identity)
    (evaluation,) = details["evaluations"]
    assert (evaluation["action"], evaluation["resource"], evaluation["evaluatedEffect"]) == (
        "kms:ListKeys",
        "*",
        "EXPLICIT_DENY",
    )
    uri = f"{alice.arn}#given"
    assert evaluation["matchedPolicies"] == [
        {"uri": uri, "matchedStatements": [{"sid": "One", "evaluatedEffect": "DENY"}]}
    ]
    assert details["requestContext"]["aws:username"] == "alice"
    (attached,) = details["policies"]
    assert attached == {
        "type": "IDENTITY_BASED_POLICY",
        "inline": True,
        "uri": uri,
        "attachedTo": [{"arn": alice.arn}],
    }


def test_policies_are_shown_as_they_were_then(endpoint: Endpoint, alice: Member) -> None:
    identity = decision_of(alice.client("kms").list_keys)
    changed = json.dumps(policy("Allow", "kms:*"))
    endpoint.client("iam").put_user_policy(
        UserName="alice", PolicyName="given", PolicyDocument=changed
    )
    shown = endpoint.client("iam-toolbox").get_request_authorization_policy(
        authorizationId=identity, policyUri=f"{alice.arn}#given"
    )
    assert shown["policyDocument"] == policy("Deny", "kms:List*")


def test_a_service_called_for_the_caller_has_its_own_decision(endpoint: Endpoint) -> None:
    key = endpoint.client("kms").create_key()["KeyMetadata"]["KeyId"]
    secret = endpoint.client("secretsmanager").create_secret(
        Name="s", KmsKeyId=key, SecretString="x"
    )["ARN"]
    bob = endpoint.user("bob", policy=policy("Allow", "secretsmanager:*"))
    identity = decision_of(bob.client("secretsmanager").get_secret_value, SecretId=secret)
    details = endpoint.client("iam-toolbox").get_request_authorization_details(
        authorizationId=identity
    )
    assert details["evaluations"][0]["action"] == "kms:Decrypt"
    context = details["requestContext"]
    assert context["aws:ViaAWSService"] == "true"
    assert context["kms:ViaService"] == "secretsmanager.us-east-1.amazonaws.com"
    assert "aws:SourceIp" not in context


def test_it_needs_a_permission_of_its_own(alice: Member) -> None:
    identity = decision_of(alice.client("kms").list_keys)
    mine = alice.client("iam-toolbox")
    for name, call, more in (
        ("GetRequestAuthorizationDetails", mine.get_request_authorization_details, {}),
        (
            "GetRequestAuthorizationPolicy",
            mine.get_request_authorization_policy,
            {"policyUri": "x"},
        ),
    ):
        error = denied(call, authorizationId=identity, **more)["Error"]
        assert error["Code"] == "AccessDeniedException"
        assert error["Message"] == (
            f"User: {alice.arn} is not authorized to perform: iam:{name} on resource: * because "
            f"no identity-based policy allows the iam:{name} action"
        )


def test_what_is_not_there_is_not_found(endpoint: Endpoint, alice: Member) -> None:
    toolbox = endpoint.client("iam-toolbox")
    error = denied(toolbox.get_request_authorization_details, authorizationId="nothing")
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 404
    identity = decision_of(alice.client("kms").list_keys)
    elsewhere = endpoint.client("iam-toolbox", region="eu-west-1")
    for call, more in (
        (elsewhere.get_request_authorization_details, {}),
        (toolbox.get_request_authorization_policy, {"policyUri": "arn:aws:iam::aws:policy/X"}),
    ):
        error = denied(call, authorizationId=identity, **more)["Error"]
        assert error["Code"] == "ResourceNotFoundException"


def test_ec2s_encoded_message_decodes_to_the_decision(endpoint: Endpoint, alice: Member) -> None:
    message = denied(alice.client("ec2").describe_vpcs)["Error"]["Message"]
    encoded = message.rpartition("Encoded authorization failure message: ")[2]
    sts = endpoint.client("sts")
    told = json.loads(sts.decode_authorization_message(EncodedMessage=encoded)["DecodedMessage"])
    assert (told["allowed"], told["explicitDeny"]) == (False, False)
    assert told["context"]["action"] == "ec2:DescribeVpcs"
    assert told["context"]["principal"]["arn"] == alice.arn
    refused = denied(sts.decode_authorization_message, EncodedMessage="not-one")["Error"]
    assert (refused["Code"], refused["Message"]) == (
        "InvalidAuthorizationMessageException",
        "Message is not valid",
    )
    mine = denied(alice.client("sts").decode_authorization_message, EncodedMessage=encoded)["Error"]
    assert mine["Code"] == "AccessDenied"
    assert "sts:DecodeAuthorizationMessage" in mine["Message"]
