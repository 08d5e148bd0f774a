"""Who is asking, and may they: through the whole control path, with real clients."""

import json
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.wire.generator import Generator

from sluicegate.store.decisions import DecisionLog
from sluicegate.testing import Endpoint, Member
from sluicegate.wire.client import Credentials, in_process_client
from sluicegate.wire.message import Request, Response

ACCOUNT = "000000000000"


def policy(effect: str, *actions: str, **more: Any) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": list(actions), "Resource": "*", **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def refused(call: Any, **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_user_without_policies_may_do_nothing(endpoint: Endpoint) -> None:
    alice = endpoint.user("alice")
    assert refused(alice.client("kms").list_keys) == (
        "AccessDeniedException",
        f"User: {alice.arn} is not authorized to perform: kms:ListKeys on resource: * because no "
        "identity-based policy allows the kms:ListKeys action",
    )


def test_a_change_holds_on_the_next_request(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    alice = endpoint.user("alice")
    keys = alice.client("kms")
    for _ in range(3):
        document = json.dumps(policy("Allow", "kms:ListKeys"))
        iam.put_user_policy(UserName="alice", PolicyName="p", PolicyDocument=document)
        assert keys.list_keys()["Keys"] == []
        iam.delete_user_policy(UserName="alice", PolicyName="p")
        assert refused(keys.list_keys)[0] == "AccessDeniedException"


def test_a_group_gives_and_takes(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    alice = endpoint.user("alice", policy=policy("Allow", "kms:*"))
    iam.create_group(GroupName="frozen")
    iam.put_group_policy(
        GroupName="frozen", PolicyName="no", PolicyDocument=json.dumps(policy("Deny", "kms:List*"))
    )
    assert alice.client("kms").list_keys()
    iam.add_user_to_group(GroupName="frozen", UserName="alice")
    assert refused(alice.client("kms").list_keys)[1].endswith(
        "with an explicit deny in an identity-based policy"
    )
    iam.remove_user_from_group(GroupName="frozen", UserName="alice")
    assert alice.client("kms").list_keys()


def test_a_denying_managed_policy_is_named(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    alice = endpoint.user("alice", policy=policy("Allow", "kms:*"))
    document = json.dumps(policy("Deny", "kms:List*"))
    arn = iam.create_policy(PolicyName="freeze", PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_user_policy(UserName="alice", PolicyArn=arn)
    assert refused(alice.client("kms").list_keys)[1].endswith(
        f"with an explicit deny in an identity-based policy: {arn}"
    )


def test_a_boundary_limits_what_policies_allow(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    alice = endpoint.user("alice", policy=policy("Allow", "kms:*"))
    document = json.dumps(policy("Allow", "iam:*"))
    arn = iam.create_policy(PolicyName="edge", PolicyDocument=document)["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName="alice", PermissionsBoundary=arn)
    assert refused(alice.client("kms").list_keys)[1].endswith(
        "because no permissions boundary allows the kms:ListKeys action"
    )
    iam.delete_user_permissions_boundary(UserName="alice")
    assert alice.client("kms").list_keys()


@pytest.mark.parametrize(
    ("condition", "is_allowed"),
    [
        ({"StringEquals": {"aws:username": "alice"}}, True),
        ({"StringEquals": {"aws:PrincipalTag/team": "red"}}, True),
        ({"StringEquals": {"aws:PrincipalTag/team": "blue"}}, False),
        ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, True),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, False),
        ({"StringEquals": {"aws:RequestedRegion": "us-east-1"}}, True),
        ({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}, False),
        ({"Bool": {"aws:SecureTransport": "false"}}, True),
        ({"Bool": {"aws:ViaAWSService": "true"}}, False),
        ({"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, True),
        ({"NumericLessThan": {"aws:EpochTime": "1000"}}, False),
        ({"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}, True),
        ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:user/ali*"}}, True),
        ({"StringEquals": {"aws:PrincipalType": "User"}}, True),
        ({"StringLike": {"aws:userid": "AIDA*"}}, True),
        ({"StringLike": {"aws:UserAgent": "Botocore/*"}}, True),
        ({"Null": {"aws:TokenIssueTime": "true"}}, True),
        ({"Null": {"aws:MultiFactorAuthPresent": "true"}}, True),
    ],
)
def test_the_condition_keys_an_endpoint_knows(
    endpoint: Endpoint, condition: dict[str, Any], is_allowed: bool
) -> None:
    alice = endpoint.user("alice", policy=policy("Allow", "kms:ListKeys", Condition=condition))
    endpoint.client("iam").tag_user(UserName="alice", Tags=[{"Key": "team", "Value": "red"}])
    if is_allowed:
        assert alice.client("kms").list_keys()
    else:
        assert refused(alice.client("kms").list_keys)[0] == "AccessDeniedException"


@pytest.mark.parametrize(
    ("signed_for", "iam", "organizations"),
    [
        ("us-east-1", "us-east-1", "us-east-1"),
        ("eu-central-1", "us-east-1", "us-east-1"),
        ("cn-north-1", "cn-north-1", "cn-northwest-1"),
        ("cn-northwest-1", "cn-north-1", "cn-northwest-1"),
        ("us-gov-east-1", "us-gov-west-1", "us-gov-west-1"),
    ],
)
def test_services_without_regions_are_called_in_one_whatever_a_client_signs_for(
    endpoint: Endpoint, signed_for: str, iam: str, organizations: str
) -> None:
    endpoint.client("organizations").create_organization()
    document: dict[str, Any] = {"Version": "2012-10-17", "Statement": []}
    for action, region in (
        ("iam:ListUsers", iam),
        ("organizations:ListRoots", organizations),
        ("kms:ListKeys", signed_for),
    ):
        there = {"StringEquals": {"aws:RequestedRegion": region}}
        document["Statement"] += policy("Allow", action, Condition=there)["Statement"]
    alice = endpoint.user("alice", policy=document)
    assert alice.client("iam", region=signed_for).list_users()["Users"]
    assert alice.client("organizations", region=signed_for).list_roots()["Roots"]
    assert alice.client("kms", region=signed_for).list_keys()


def test_iam_called_by_msk_is_called_there_too(endpoint: Endpoint) -> None:
    home = {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}
    document = policy("Allow", "iam:CreateServiceLinkedRole", Condition=home)
    document["Statement"] += policy("Allow", "kafka:*", "ec2:Describe*")["Statement"]
    alice = endpoint.user("alice", policy=document)
    ec2 = endpoint.client("ec2", region="eu-central-1")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    made = alice.client("kafka", region="eu-central-1").create_cluster(
        ClusterName="events",
        KafkaVersion="3.9.x",
        NumberOfBrokerNodes=1,
        BrokerNodeGroupInfo={"ClientSubnets": [subnet], "InstanceType": "kafka.m5.large"},
    )
    assert made["ClusterArn"].startswith("arn:aws:kafka:eu-central-1:")


def test_an_operation_nobody_wrote_is_denied_like_any_other(endpoint: Endpoint) -> None:
    alice = endpoint.user("alice")
    assert refused(alice.client("lambda").list_layers) == (
        "AccessDeniedException",
        f"User: {alice.arn} is not authorized to perform: lambda:ListLayers on resource: * "
        "because no identity-based policy allows the lambda:ListLayers action",
    )
    allowed = endpoint.user("bob", policy=policy("Allow", "lambda:*"))
    assert refused(allowed.client("lambda").list_layers) == (
        "UnsupportedOperation",
        "Sluicegate does not serve lambda:ListLayers.",
    )


def test_by_default_a_user_may_call_nothing_of_msk(endpoint: Endpoint) -> None:
    alice = endpoint.user("alice")
    kafka = alice.client("kafka")
    values = Generator(seed=1)
    for method, name in sorted(kafka.meta.method_to_api_mapping.items()):
        shape = kafka.meta.service_model.operation_model(name).input_shape
        given = values.members(shape, fill="required") if shape else {}
        code, message = refused(getattr(kafka, method), **given)
        assert code == "AccessDeniedException"
        assert message.startswith(
            f"User: {alice.arn} is not authorized to perform: kafka:{name} on resource: "
        )
        assert message.endswith(f" because no identity-based policy allows the kafka:{name} action")
    assert (
        " on resource: arn:aws:kafka:us-east-1:000000000000:/v1/clusters because"
        in (refused(kafka.list_clusters)[1])
    )


def test_an_inactive_or_deleted_key_is_unknown(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    alice = endpoint.user("alice")
    key = alice.credentials.access_key
    unknown = (
        "InvalidClientTokenId",
        "The security token included in the request is invalid.",
    )
    iam.update_access_key(UserName="alice", AccessKeyId=key, Status="Inactive")
    assert refused(alice.client("sts").get_caller_identity) == unknown
    iam.update_access_key(UserName="alice", AccessKeyId=key, Status="Active")
    assert alice.client("sts").get_caller_identity()
    iam.delete_access_key(UserName="alice", AccessKeyId=key)
    assert refused(alice.client("sts").get_caller_identity) == unknown


@pytest.mark.parametrize(
    ("service", "call", "code"),
    [
        ("sts", "get_caller_identity", "SignatureDoesNotMatch"),
        ("kms", "list_keys", "InvalidSignatureException"),
        ("lambda", "list_functions", "InvalidSignatureException"),
        ("ec2", "describe_vpcs", "AuthFailure"),
    ],
)
def test_a_wrong_secret_is_refused_in_each_protocols_words(
    endpoint: Endpoint, service: str, call: str, code: str
) -> None:
    alice = endpoint.user("alice")
    wrong = replace(alice.credentials, secret_key="x" * 40)
    client = endpoint.client(service, credentials=wrong)
    assert refused(getattr(client, call))[0] == code


def test_a_token_works_only_with_its_own_key(endpoint: Endpoint) -> None:
    alice = endpoint.user("alice", policy=policy("Allow", "sts:AssumeRole"))
    trust = policy("Allow", "sts:AssumeRole", Principal={"AWS": ACCOUNT})
    del trust["Statement"][0]["Resource"]
    role = endpoint.role("orders", trust=trust)
    one, two = (endpoint.session(alice, role, name) for name in ("one", "two"))
    mixed = replace(one.credentials, token=two.credentials.token)
    assert refused(endpoint.client("sts", credentials=mixed).get_caller_identity)[0] == (
        "InvalidClientTokenId"
    )
    bare = Credentials(one.credentials.access_key, one.credentials.secret_key)
    assert refused(endpoint.client("sts", credentials=bare).get_caller_identity)[0] == (
        "InvalidClientTokenId"
    )


def test_a_signature_for_one_service_does_not_open_another(endpoint: Endpoint) -> None:
    def as_kms(request: Request) -> Response:
        target = ("x-amz-target", "TrentService.ListKeys")
        return endpoint.answer(replace(request, headers=(*request.headers, target)))

    logs = in_process_client(
        "logs",
        as_kms,
        region="us-east-1",
        access_key=endpoint.root.access_key,
        secret_key=endpoint.root.secret_key,
    )
    with pytest.raises(ClientError):
        logs.describe_log_groups()


def test_every_region_is_its_own(endpoint: Endpoint) -> None:
    endpoint.client("kms", region="eu-west-1").create_key()
    assert len(endpoint.client("kms", region="eu-west-1").list_keys()["Keys"]) == 1
    assert endpoint.client("kms", region="us-east-1").list_keys()["Keys"] == []


def test_when_a_key_was_last_used_is_told(own_endpoint: Endpoint) -> None:
    alice = own_endpoint.user("alice")
    alice.client("sts").get_caller_identity()
    own_endpoint.close()
    with Endpoint(own_endpoint.state) as again:
        used = again.client("iam").get_access_key_last_used(
            AccessKeyId=alice.credentials.access_key
        )
    assert used["UserName"] == "alice"
    assert used["AccessKeyLastUsed"]["ServiceName"] == "sts"
    assert used["AccessKeyLastUsed"]["Region"] == "us-east-1"


def decisions(endpoint: Endpoint, member: Member) -> Any:
    log = DecisionLog(endpoint.databases.decisions)
    try:
        return log.recent(ACCOUNT, principal=member.arn).items
    finally:
        log.close()


def test_every_decision_is_kept_with_its_reasons(own_endpoint: Endpoint) -> None:
    alice = own_endpoint.user("alice", policy=policy("Deny", "kms:ListKeys"))
    refused(alice.client("kms").list_keys)
    own_endpoint.close()
    with Endpoint(own_endpoint.state) as again:
        (kept,) = decisions(again, alice)
        log = DecisionLog(again.databases.decisions)
        found = log.find(ACCOUNT, "us-east-1", kept.id)
        log.close()
    assert (kept.action, kept.resource, kept.effect.value) == ("kms:ListKeys", "*", "EXPLICIT_DENY")
    (evaluation,) = kept.details["evaluations"]
    checks = {check["checkType"]: check["evaluatedEffect"] for check in evaluation["checks"]}
    assert checks["PRINCIPAL"] == "EXPLICIT_DENY"
    (uri,) = [each["uri"] for each in kept.details["policies"]]
    assert uri == f"{alice.arn}#given"
    assert found is not None
    assert json.loads(found.documents[uri]) == policy("Deny", "kms:ListKeys")
    assert kept.context["aws:username"] == "alice"
