import pytest
from tests.unit.operations.iam.asserting import ARN, AWS_POLICY, document, refused

from sluicegate.testing import Endpoint


def test_a_user_is_shown_as_it_was_made(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    tags = [{"Key": "team", "Value": "a"}]
    made = iam.create_user(UserName="Bob", Path="/team/", Tags=tags)["User"]
    assert made["Arn"] == f"{ARN}:user/team/Bob"
    assert made["UserId"].startswith("AIDA") and len(made["UserId"]) == 21
    assert set(made) == {"Path", "UserName", "UserId", "Arn", "CreateDate", "Tags"}
    assert iam.get_user(UserName="bob")["User"] == made
    listed = iam.list_users()["Users"]
    assert listed == [{key: value for key, value in made.items() if key != "Tags"}]


def test_times_are_shown_to_the_second(endpoint: Endpoint) -> None:
    endpoint.clock.advance(seconds=0.25)
    iam = endpoint.client("iam")
    user = iam.create_user(UserName="bob")["User"]
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    profile = iam.create_login_profile(UserName="bob", Password="Correct-horse1")["LoginProfile"]
    policy = iam.create_policy(PolicyName="reader", PolicyDocument=document())["Policy"]
    for made in (user, key, profile, policy):
        assert made["CreateDate"].microsecond == 0


def test_names_are_taken_in_any_letter_case(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    iam.create_user(UserName="Bob")
    iam.create_group(GroupName="Ops")
    assert refused(iam.create_user, UserName="bOB") == (
        409,
        "EntityAlreadyExists",
        "User with name bOB already exists.",
    )
    assert refused(iam.create_group, GroupName="ops")[2] == "Group with name ops already exists."
    iam.create_user(UserName="eve")
    assert refused(iam.update_user, UserName="eve", NewUserName="BOB")[1] == "EntityAlreadyExists"


def test_unknown_names_cannot_be_found(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    missing = (404, "NoSuchEntity", "The user with name eve cannot be found.")
    assert refused(iam.get_user, UserName="eve") == missing
    assert refused(iam.list_access_keys, UserName="eve") == missing
    sentence = "The group with name ops cannot be found."
    assert refused(iam.get_group, GroupName="ops")[2] == sentence


def test_a_user_without_a_name_is_whoever_calls(endpoint: Endpoint) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "iam:*", "Resource": "*"}],
    }
    alice = endpoint.user("alice", policy=policy)
    assert alice.client("iam").get_user()["User"]["UserName"] == "alice"
    keys = alice.client("iam").list_access_keys()["AccessKeyMetadata"]
    assert [key["AccessKeyId"] for key in keys] == [alice.credentials.access_key]
    root = endpoint.client("iam").get_user()["User"]
    assert (root["UserId"], root["Arn"]) == ("000000000000", f"{ARN}:root")
    assert refused(endpoint.client("iam").create_access_key) == (
        400,
        "ValidationError",
        "Must specify userName when calling with non-User credentials",
    )


def test_a_renamed_user_keeps_keys_groups_and_policies(endpoint: Endpoint) -> None:
    iam, bob = endpoint.client("iam"), endpoint.user("bob")
    iam.create_group(GroupName="ops")
    iam.add_user_to_group(GroupName="ops", UserName="bob")
    allow = document(Action="iam:GetUser")
    iam.put_group_policy(GroupName="ops", PolicyName="look", PolicyDocument=allow)
    iam.update_user(UserName="bob", NewUserName="robert", NewPath="/new/")
    assert bob.client("iam").get_user()["User"]["Arn"] == f"{ARN}:user/new/robert"
    assert iam.list_groups_for_user(UserName="robert")["Groups"][0]["GroupName"] == "ops"


def test_a_user_is_deleted_when_nothing_hangs_on_it(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    endpoint.user("bob", policy={"Version": "2012-10-17", "Statement": _ALLOW})
    iam.attach_user_policy(UserName="bob", PolicyArn=AWS_POLICY)
    iam.create_group(GroupName="ops")
    iam.add_user_to_group(GroupName="ops", UserName="bob")

    def conflict() -> str:
        status, code, message = refused(iam.delete_user, UserName="bob")
        assert (status, code) == (409, "DeleteConflict")
        return message

    assert conflict() == "Cannot delete entity, must detach all policies first."
    iam.detach_user_policy(UserName="bob", PolicyArn=AWS_POLICY)
    assert conflict() == "Cannot delete entity, must delete policies first."
    iam.delete_user_policy(UserName="bob", PolicyName="given")
    assert conflict() == "Cannot delete entity, must delete access keys first."
    key = iam.list_access_keys(UserName="bob")["AccessKeyMetadata"][0]["AccessKeyId"]
    iam.delete_access_key(UserName="bob", AccessKeyId=key)
    iam.create_login_profile(UserName="bob", Password="Correct-horse1")
    assert conflict() == "Cannot delete entity, must delete login profile first."
    iam.delete_login_profile(UserName="bob")
    sentence = "Cannot delete entity, must remove users from group first."
    assert conflict() == sentence
    assert refused(iam.delete_group, GroupName="ops")[2] == sentence
    iam.remove_user_from_group(GroupName="ops", UserName="bob")
    iam.delete_user(UserName="bob")
    iam.delete_group(GroupName="ops")
    assert iam.list_users()["Users"] == []


_ALLOW = [{"Effect": "Allow", "Action": "kafka:*", "Resource": "*"}]


def test_a_group_shows_its_members_in_pages(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    iam.create_group(GroupName="ops")
    for name in ("c", "A", "b"):
        iam.create_user(UserName=name)
        iam.add_user_to_group(GroupName="ops", UserName=name)
        iam.add_user_to_group(GroupName="ops", UserName=name)
    pages = iam.get_paginator("get_group").paginate(
        GroupName="ops", PaginationConfig={"PageSize": 2}
    )
    assert [[one["UserName"] for one in page["Users"]] for page in pages] == [["A", "b"], ["c"]]


def test_a_user_is_in_ten_groups_at_most(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    iam.create_user(UserName="bob")
    for number in range(11):
        iam.create_group(GroupName=f"g{number}")
    for number in range(10):
        iam.add_user_to_group(GroupName=f"g{number}", UserName="bob")
    assert refused(iam.add_user_to_group, GroupName="g10", UserName="bob") == (
        409,
        "LimitExceeded",
        "Cannot exceed quota for GroupsPerUser: 10",
    )


def test_lists_go_by_name_and_path_prefix_in_pages(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    for name in ("delta", "Alpha", "charlie", "bravo", "echo"):
        iam.create_user(UserName=name, Path="/Team/" if name != "echo" else "/team/")
    paginator = iam.get_paginator("list_users")
    pages = list(paginator.paginate(PathPrefix="/Team", PaginationConfig={"PageSize": 2}))
    names = [[user["UserName"] for user in page["Users"]] for page in pages]
    assert names == [["Alpha", "bravo"], ["charlie", "delta"]]
    assert [page["IsTruncated"] for page in pages] == [True, False]


def test_a_page_goes_on_behind_a_user_deleted_meanwhile(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    for name in "abcd":
        iam.create_user(UserName=name)
    first = iam.list_users(MaxItems=2)
    iam.delete_user(UserName="b")
    second = iam.list_users(MaxItems=2, Marker=first["Marker"])
    assert [user["UserName"] for user in second["Users"]] == ["c", "d"]


@pytest.mark.parametrize("marker", ["x", "!!!!", "ÿÿ", "bm90IG1pbmU=", "Z2V0Cgo="])
def test_a_marker_of_nobody_is_refused(endpoint: Endpoint, marker: str) -> None:
    status, code, _ = refused(endpoint.client("iam").list_users, Marker=marker)
    assert (status, code) == (400, "ValidationError")


def test_a_marker_of_another_list_is_refused(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    for name in "ab":
        iam.create_user(UserName=name)
    marker = iam.list_users(MaxItems=1)["Marker"]
    assert refused(iam.list_groups, Marker=marker)[1] == "ValidationError"


def test_tag_keys_of_users_are_the_same_in_any_letter_case(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    iam.create_user(UserName="bob", Tags=[{"Key": "Team", "Value": "a"}])
    iam.tag_user(UserName="bob", Tags=[{"Key": "team", "Value": "b"}])
    assert iam.list_user_tags(UserName="bob")["Tags"] == [{"Key": "team", "Value": "b"}]
    twice = [{"Key": "x", "Value": "1"}, {"Key": "X", "Value": "2"}]
    assert refused(iam.tag_user, UserName="bob", Tags=twice) == (
        400,
        "InvalidInput",
        "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
    )
    reserved = [{"Key": "aws:x", "Value": "1"}]
    assert refused(iam.tag_user, UserName="bob", Tags=reserved)[1] == "InvalidInput"


def test_a_user_has_fifty_tags_at_most(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    iam.create_user(UserName="bob", Tags=[{"Key": f"k{n}", "Value": ""} for n in range(50)])
    more = [{"Key": "more", "Value": ""}]
    assert refused(iam.tag_user, UserName="bob", Tags=more)[1] == "LimitExceeded"
    iam.untag_user(UserName="bob", TagKeys=["k1"])
    iam.tag_user(UserName="bob", Tags=more)


def test_a_boundary_limits_a_user_at_once(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    everything = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    bob = endpoint.user("bob", policy={"Version": "2012-10-17", "Statement": everything})
    bob.client("iam").list_users()
    iam.put_user_permissions_boundary(UserName="bob", PermissionsBoundary=AWS_POLICY)
    assert iam.get_user(UserName="bob")["User"]["PermissionsBoundary"] == {
        "PermissionsBoundaryType": "Policy",
        "PermissionsBoundaryArn": AWS_POLICY,
    }
    sentence = "because no permissions boundary allows the iam:ListUsers action"
    assert sentence in refused(bob.client("iam").list_users)[2]
    iam.delete_user_permissions_boundary(UserName="bob")
    bob.client("iam").list_users()
    missing = f"{ARN}:policy/none"
    assert refused(
        iam.put_user_permissions_boundary, UserName="bob", PermissionsBoundary=missing
    ) == (404, "NoSuchEntity", f"Scope ARN: {missing} does not exist or is not attachable.")
