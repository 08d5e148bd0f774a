"""STS: who am I, and credentials for a role."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sluicegate.access.keys import account_of
from sluicegate.store import policies
from sluicegate.testing import Endpoint, Member
from sluicegate.wire.client import Credentials

ACCOUNT = "000000000000"


def trusting(principal: object, *actions: str, **more: Any) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": principal},
        "Action": list(actions) or "sts:AssumeRole",
        **more,
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def allowing(action: str, resource: str = "*") -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


def refused(call: Any, **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def signing(endpoint: Endpoint, answer: Mapping[str, Any]) -> Member:
    """Whoever signs with the credentials AssumeRole answered with."""
    keys = answer["Credentials"]
    signer = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    return Member(endpoint, answer["AssumedRoleUser"]["Arn"], signer)


@pytest.fixture
def alice(endpoint: Endpoint) -> Member:
    return endpoint.user("alice", policy=allowing("sts:AssumeRole"))


def test_root_a_user_and_a_session_are_told_who_they_are(endpoint: Endpoint, alice: Member) -> None:
    root = endpoint.client("sts").get_caller_identity()
    assert (root["UserId"], root["Account"], root["Arn"]) == (
        ACCOUNT,
        ACCOUNT,
        f"arn:aws:iam::{ACCOUNT}:root",
    )
    user = alice.client("sts").get_caller_identity()
    assert user["Arn"] == alice.arn and user["UserId"].startswith("AIDA")
    role = endpoint.role("orders", trust=trusting(f"arn:aws:iam::{ACCOUNT}:root"))
    session = endpoint.session(alice, role, "now").client("sts").get_caller_identity()
    assert session["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/orders/now"
    assert session["UserId"].startswith("AROA") and session["UserId"].endswith(":now")


def test_nobody_is_denied_to_know_who_they_are(endpoint: Endpoint) -> None:
    deny = {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"},
    }
    bob = endpoint.user("bob", policy=deny)
    assert bob.client("sts").get_caller_identity()["Arn"] == bob.arn


def test_a_role_that_trusts_a_user_needs_no_policy_of_the_user(endpoint: Endpoint) -> None:
    bob = endpoint.user("bob")
    role = endpoint.role("orders", trust=trusting(bob.arn))
    given = bob.client("sts").assume_role(RoleArn=role, RoleSessionName="s1")
    assert given["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/orders/s1"
    assert account_of(given["Credentials"]["AccessKeyId"]) == ACCOUNT
    assert "PackedPolicySize" not in given


def test_a_role_that_trusts_the_account_needs_a_policy_of_the_user_as_well(
    endpoint: Endpoint,
) -> None:
    bob = endpoint.user("bob")
    role = endpoint.role("orders", trust=trusting(f"arn:aws:iam::{ACCOUNT}:root"))
    assert refused(bob.client("sts").assume_role, RoleArn=role, RoleSessionName="s1") == (
        "AccessDenied",
        f"User: {bob.arn} is not authorized to perform: sts:AssumeRole on resource: {role} "
        "because no identity-based policy allows the sts:AssumeRole action",
    )


def test_a_role_that_trusts_somebody_else_refuses(endpoint: Endpoint, alice: Member) -> None:
    carol = endpoint.user("carol")
    role = endpoint.role("orders", trust=trusting(carol.arn))
    code, message = refused(alice.client("sts").assume_role, RoleArn=role, RoleSessionName="s1")
    assert code == "AccessDenied"
    assert message == (
        f"User: {alice.arn} is not authorized to perform: sts:AssumeRole on resource: {role} "
        "because no role trust policy allows the sts:AssumeRole action"
    )


def test_a_role_that_is_not_there_is_refused_like_one_that_trusts_nobody(alice: Member) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/nobody"
    code, message = refused(alice.client("sts").assume_role, RoleArn=role, RoleSessionName="s1")
    assert code == "AccessDenied" and f"sts:AssumeRole on resource: {role}" in message


@pytest.mark.parametrize(
    "variant",
    [
        f"arn:aws-cn:iam::{ACCOUNT}:role/orders",
        f"arn:aws:iam:us-east-1:{ACCOUNT}:role/orders",
        f"arn:x:iam:y:{ACCOUNT}:role/orders",
        f"arn:aws:iam::{ACCOUNT}:role/Orders",
        f"arn:aws:iam::{ACCOUNT}:role/other/orders",
    ],
)
def test_a_role_has_one_arn_and_no_other_text_gets_around_a_deny(
    endpoint: Endpoint, variant: str
) -> None:
    role = endpoint.role("orders", trust=trusting(f"arn:aws:iam::{ACCOUNT}:root"))
    policy = allowing("sts:AssumeRole")
    policy["Statement"].append({"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": role})
    bob = endpoint.user("bob", policy=policy)
    for arn in (role, variant):
        code, message = refused(bob.client("sts").assume_role, RoleArn=arn, RoleSessionName="s1")
        assert code == "AccessDenied" and f"sts:AssumeRole on resource: {arn}" in message


def test_root_may_not_assume_a_role(endpoint: Endpoint) -> None:
    role = endpoint.role("orders", trust=trusting(f"arn:aws:iam::{ACCOUNT}:root"))
    assert refused(endpoint.client("sts").assume_role, RoleArn=role, RoleSessionName="s1") == (
        "AccessDenied",
        "Roles may not be assumed by root accounts.",
    )


@pytest.mark.parametrize(
    "arn", ["nothing-valid-in-here", "arn:a::::test-role/x", "arn:a:a::aaaaaaaaaa:x"]
)
def test_an_arn_that_is_none_is_invalid(alice: Member, arn: str) -> None:
    answer = refused(alice.client("sts").assume_role, RoleArn=arn, RoleSessionName="s1")
    assert answer == ("ValidationError", f"{arn} is invalid")


def test_a_session_name_must_fit_its_pattern(endpoint: Endpoint, alice: Member) -> None:
    role = endpoint.role("orders", trust=trusting(alice.arn))
    answer = refused(alice.client("sts").assume_role, RoleArn=role, RoleSessionName="Session1:2")
    assert answer == (
        "ValidationError",
        "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy "
        "constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*",
    )


def test_an_external_id_is_asked_for_by_the_trust_policy(endpoint: Endpoint, alice: Member) -> None:
    condition = {"StringEquals": {"sts:ExternalId": "secret-handshake"}}
    role = endpoint.role("orders", trust=trusting(alice.arn, Condition=condition))
    assume = alice.client("sts").assume_role
    assert refused(assume, RoleArn=role, RoleSessionName="s1")[0] == "AccessDenied"
    assert assume(RoleArn=role, RoleSessionName="s1", ExternalId="secret-handshake")["Credentials"]


def test_each_action_has_its_own_condition_keys(endpoint: Endpoint, alice: Member) -> None:
    """An external id or a name asked of who tags a session is never there."""
    asked: dict[str, Any] = {
        "RoleSessionName": "s1",
        "ExternalId": "secret-handshake",
        "SourceIdentity": "alice",
        "Tags": [{"Key": "team", "Value": "red"}],
    }
    keys = {
        "sts:ExternalId": "sts:AssumeRole",
        "sts:RoleSessionName": "sts:AssumeRole",
        "aws:RequestTag/team": "sts:AssumeRole sts:TagSession",
        "sts:SourceIdentity": "sts:AssumeRole sts:SetSourceIdentity",
    }
    every = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    for key, having in keys.items():
        for action in every:
            trust = trusting(alice.arn, *(other for other in every if other != action))
            present = {"Null": {key: "false"}}
            trust["Statement"] += trusting(alice.arn, action, Condition=present)["Statement"]
            role = endpoint.role(f"{key}-{action}".replace(":", "-").replace("/", "-"), trust=trust)
            if action in having.split():
                assert alice.client("sts").assume_role(RoleArn=role, **asked)["Credentials"]
            else:
                code, message = refused(alice.client("sts").assume_role, RoleArn=role, **asked)
                assert code == "AccessDenied" and f"perform: {action} on" in message


@pytest.mark.parametrize("prefix", ["aws", "iam"])
def test_the_tags_of_a_role_count_under_both_names(endpoint: Endpoint, prefix: str) -> None:
    role = endpoint.role("orders", trust=trusting(f"arn:aws:iam::{ACCOUNT}:root"))
    endpoint.client("iam").tag_role(RoleName="orders", Tags=[{"Key": "tier", "Value": "prod"}])
    policy, asked = allowing("sts:AssumeRole"), {"RoleArn": role, "RoleSessionName": "s1"}
    of_prod = {"StringEquals": {f"{prefix}:ResourceTag/tier": "prod"}}
    policy["Statement"][0]["Condition"] = of_prod
    assert endpoint.user("bob", policy=policy).client("sts").assume_role(**asked)["Credentials"]
    policy = allowing("sts:AssumeRole")
    policy["Statement"].append({**policy["Statement"][0], "Effect": "Deny", "Condition": of_prod})
    eve = endpoint.user("eve", policy=policy)
    assert refused(eve.client("sts").assume_role, **asked)[0] == "AccessDenied"


def test_durations_are_bounded_by_the_role_and_by_chaining(
    endpoint: Endpoint, alice: Member
) -> None:
    root_arn = f"arn:aws:iam::{ACCOUNT}:root"
    role = endpoint.role("orders", trust=trusting(root_arn), policy=allowing("sts:AssumeRole"))
    assume = {"RoleArn": role, "RoleSessionName": "s1"}
    assert refused(alice.client("sts").assume_role, **assume, DurationSeconds=7200) == (
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    )
    endpoint.client("iam").update_role(RoleName="orders", MaxSessionDuration=7200)
    assert alice.client("sts").assume_role(**assume, DurationSeconds=7200)
    chained = endpoint.session(alice, role).client("sts")
    assert refused(chained.assume_role, **assume, DurationSeconds=7200) == (
        "ValidationError",
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by "
        "role chaining.",
    )


def test_session_tags_need_their_own_permission_and_become_principal_tags(
    endpoint: Endpoint, alice: Member
) -> None:
    role = endpoint.role("orders", trust=trusting(alice.arn))
    tags = [{"Key": "team", "Value": "red"}]
    assume = {"RoleArn": role, "RoleSessionName": "s1", "Tags": tags}
    code, message = refused(alice.client("sts").assume_role, **assume)
    assert code == "AccessDenied" and "sts:TagSession" in message
    trust = trusting(alice.arn, "sts:AssumeRole", "sts:TagSession")
    iam = endpoint.client("iam")
    iam.update_assume_role_policy(RoleName="orders", PolicyDocument=json.dumps(trust))
    only_red = allowing("iam:ListUsers")
    only_red["Statement"][0]["Condition"] = {"StringEquals": {"aws:PrincipalTag/team": "red"}}
    iam.put_role_policy(RoleName="orders", PolicyName="p", PolicyDocument=json.dumps(only_red))
    given = alice.client("sts").assume_role(**assume)
    assert given["PackedPolicySize"] == 1
    keys = given["Credentials"]
    credentials = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    assert endpoint.client("iam", credentials=credentials).list_users()["Users"]
    untagged = endpoint.session(alice, role).client("iam")
    assert refused(untagged.list_users)[0] == "AccessDenied"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            {"TransitiveTagKeys": ["other"]},
            "The specified transitive tag key must be included in the requested tags.",
        ),
        (
            {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]},
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        ),
        (
            {"Tags": [{"Key": "AWS:team", "Value": "red"}]},
            "Tag keys beginning with aws: are reserved.",
        ),
    ],
)
def test_wrong_tags_are_refused_in_awss_words(
    endpoint: Endpoint, alice: Member, more: dict[str, Any], message: str
) -> None:
    role = endpoint.role("orders", trust=trusting(alice.arn, "sts:AssumeRole", "sts:TagSession"))
    assume = alice.client("sts").assume_role
    answer = refused(assume, RoleArn=role, RoleSessionName="s1", **more)
    assert answer == ("InvalidParameterValue", message)


def test_a_transitive_tag_stays_and_cannot_be_set_again(endpoint: Endpoint, alice: Member) -> None:
    both = ("sts:AssumeRole", "sts:TagSession")
    root_arn = f"arn:aws:iam::{ACCOUNT}:root"
    one = endpoint.role("one", trust=trusting(root_arn, *both), policy=allowing("sts:*"))
    two = endpoint.role("two", trust=trusting(root_arn, *both))
    iam = endpoint.client("iam")
    iam.put_user_policy(
        UserName="alice", PolicyName="given", PolicyDocument=json.dumps(allowing("sts:*"))
    )
    keys = alice.client("sts").assume_role(
        RoleArn=one,
        RoleSessionName="s1",
        Tags=[{"Key": "team", "Value": "red"}],
        TransitiveTagKeys=["team"],
    )["Credentials"]
    credentials = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    chained = endpoint.client("sts", credentials=credentials).assume_role
    answer = refused(
        chained, RoleArn=two, RoleSessionName="s2", Tags=[{"Key": "Team", "Value": "blue"}]
    )
    assert answer == (
        "InvalidParameterValue",
        "One of the specified transitive tag keys can't be set because it conflicts with a "
        "transitive tag key from the calling session.",
    )
    assert chained(RoleArn=two, RoleSessionName="s2")["PackedPolicySize"] == 1


@pytest.mark.parametrize(
    ("more", "action", "condition"),
    [
        (
            {"SourceIdentity": "alice"},
            "sts:SetSourceIdentity",
            {"StringEquals": {"sts:SourceIdentity": "alice"}},
        ),
        (
            {"Tags": [{"Key": "team", "Value": "red"}], "TransitiveTagKeys": ["team"]},
            "sts:TagSession",
            {"StringEquals": {"aws:PrincipalTag/team": "red"}},
        ),
    ],
)
def test_what_a_chained_session_inherits_is_asked_about_again(
    endpoint: Endpoint,
    more: dict[str, Any],
    action: str,
    condition: dict[str, Any],
) -> None:
    """Who trusts a session to be assumed does not by that trust what it says of itself."""
    root_arn, every = f"arn:aws:iam::{ACCOUNT}:root", allowing("sts:*")
    trust = trusting(root_arn, "sts:AssumeRole", action)
    one = endpoint.role("one", trust=trust, policy=every)
    two = endpoint.role("two", trust=trusting(root_arn))
    bob = endpoint.user("bob", policy=every).client("sts")
    first = bob.assume_role(RoleArn=one, RoleSessionName="s1", **more)
    chained = signing(endpoint, first).client("sts").assume_role
    code, message = refused(chained, RoleArn=two, RoleSessionName="s2")
    assert code == "AccessDenied" and f"perform: {action} on resource: {two}" in message
    trust["Statement"][0] |= {"Action": "sts:AssumeRole"}
    trust["Statement"] += trusting(root_arn, action, Condition=condition)["Statement"]
    iam = endpoint.client("iam")
    iam.update_assume_role_policy(RoleName="two", PolicyDocument=json.dumps(trust))
    second = chained(RoleArn=two, RoleSessionName="s2")
    assert second.get("SourceIdentity") == more.get("SourceIdentity")


def test_a_session_policy_limits_and_never_grants(endpoint: Endpoint, alice: Member) -> None:
    role = endpoint.role("orders", trust=trusting(alice.arn), policy=allowing("iam:List*"))
    given = alice.client("sts").assume_role(
        RoleArn=role, RoleSessionName="s1", Policy=json.dumps(allowing("iam:ListUsers"))
    )
    keys = given["Credentials"]
    credentials = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    iam = endpoint.client("iam", credentials=credentials)
    assert iam.list_users()["Users"]
    code, message = refused(iam.list_roles)
    assert code == "AccessDenied"
    assert "because no session policy allows the iam:ListRoles action" in message


def test_a_session_ends_when_it_expires(endpoint: Endpoint, alice: Member) -> None:
    role = endpoint.role("orders", trust=trusting(alice.arn))
    session = endpoint.session(alice, role)
    endpoint.clock.advance(seconds=3599)
    assert session.client("sts").get_caller_identity()
    endpoint.clock.advance(seconds=2)
    answer = refused(session.client("sts").get_caller_identity)
    assert answer == ("ExpiredToken", "The security token included in the request is expired")


def test_a_session_is_worth_nothing_once_its_role_is_gone(
    endpoint: Endpoint, alice: Member
) -> None:
    role = endpoint.role("orders", trust=trusting(alice.arn))
    session = endpoint.session(alice, role)
    iam = endpoint.client("iam")
    iam.delete_role(RoleName="orders")
    endpoint.role("orders", trust=trusting(alice.arn))
    assert refused(session.client("sts").get_caller_identity) == (
        "InvalidClientTokenId",
        "The security token included in the request is invalid.",
    )


def test_an_access_key_tells_its_account(endpoint: Endpoint, alice: Member) -> None:
    key = alice.credentials.access_key
    assert endpoint.client("sts").get_access_key_info(AccessKeyId=key)["Account"] == ACCOUNT
    code, message = refused(alice.client("sts").get_access_key_info, AccessKeyId=key)
    assert code == "AccessDenied" and "sts:GetAccessKeyInfo" in message


def test_session_policies_are_the_roles_accounts_or_aws_s(
    endpoint: Endpoint, alice: Member
) -> None:
    """Those of another account are as good as none: nobody learns which there are."""
    role = endpoint.role("orders", trust=trusting(alice.arn))
    document = json.dumps(allowing("kms:*"))
    with endpoint.databases.state.write() as tx:
        foreign = policies.add(tx, "111122223333", "theirs", "/", None, document, 0).arn
    sts = alice.client("sts")
    session = {"RoleArn": role, "RoleSessionName": "now"}
    for arn in (foreign, foreign.replace("theirs", "none")):
        assert refused(sts.assume_role, **session, PolicyArns=[{"arn": arn}]) == (
            "ValidationError",
            f"Policy {arn} does not exist.",
        )
    aws = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    assert sts.assume_role(**session, PolicyArns=[{"arn": aws}])["Credentials"]
