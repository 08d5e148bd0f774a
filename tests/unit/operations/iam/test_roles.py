import json

from tests.unit.operations.iam.asserting import ARN, AWS_POLICY, document, refused, trusting

from sluicegate.store import identities
from sluicegate.store.identities import Kind
from sluicegate.testing import Endpoint


def test_a_role_shows_what_aws_shows_of_it(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    tags = [{"Key": "team", "Value": "a"}]
    made = iam.create_role(
        RoleName="worker",
        AssumeRolePolicyDocument=trusting(),
        PermissionsBoundary=AWS_POLICY,
        Tags=tags,
    )["Role"]
    common = {"Path", "RoleName", "RoleId", "Arn", "CreateDate", "AssumeRolePolicyDocument"}
    assert set(made) == common | {"Tags"}
    assert made["AssumeRolePolicyDocument"] == json.loads(trusting())
    whole = iam.get_role(RoleName="worker")["Role"]
    assert set(whole) - set(made) == {
        "MaxSessionDuration",
        "RoleLastUsed",
        "PermissionsBoundary",
    }
    assert whole["MaxSessionDuration"] == 3600 and whole["RoleLastUsed"] == {}
    answer = iam.list_roles()
    assert set(answer["Roles"][0]) == common | {"MaxSessionDuration"}
    assert answer["IsTruncated"] is False


def test_documents_come_back_with_their_keys_in_order_and_lists_as_lists(
    endpoint: Endpoint,
) -> None:
    iam, bob = endpoint.client("iam"), endpoint.user("bob")
    text = trusting(bob.arn).replace('"sts:AssumeRole"', '["sts:AssumeRole"]')
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=text)
    shown = iam.get_role(RoleName="worker")["Role"]["AssumeRolePolicyDocument"]
    assert json.dumps(shown) == text


def test_a_trust_policy_must_be_one(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    assert refused(iam.create_role, RoleName="r", AssumeRolePolicyDocument="no json") == (
        400,
        "MalformedPolicyDocument",
        "This policy contains invalid Json",
    )
    status, code, _ = refused(iam.create_role, RoleName="r", AssumeRolePolicyDocument=document())
    assert (status, code) == (400, "MalformedPolicyDocument")


def test_a_trusted_principal_must_exist(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    for principal in (
        f"{ARN}:user/nobody",
        f"{ARN}:role/nobody",
        "AIDAAAAAAAAAAAAAAAAAA",
        "arn:aws:sts::000000000000:assumed-role/nobody/session",
        f"{ARN}:group/ops",
        "arn:aws:s3:::bucket",
        "bob",
    ):
        assert refused(
            iam.create_role, RoleName="r", AssumeRolePolicyDocument=trusting(principal)
        ) == (
            400,
            "MalformedPolicyDocument",
            f'Invalid principal in policy: "AWS":"{principal}"',
        )
    no_text = trusting("AIDA\0")
    assert refused(iam.create_role, RoleName="r", AssumeRolePolicyDocument=no_text)[0] == 400
    endpoint.user("bob")
    wrong_path = trusting(f"{ARN}:user/team/bob")
    assert refused(iam.create_role, RoleName="r", AssumeRolePolicyDocument=wrong_path)[0] == 400


def test_accounts_and_strangers_may_be_trusted(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    for number, principal in enumerate(
        (
            "000000000000",
            f"{ARN}:root",
            "*",
            "arn:aws:iam::111111111111:user/stranger",
            "arn:aws:sts::000000000000:federated-user/guest",
        )
    ):
        text = trusting(principal)
        made = iam.create_role(RoleName=f"r{number}", AssumeRolePolicyDocument=text)["Role"]
        assert made["AssumeRolePolicyDocument"] == json.loads(text)


def test_a_deleted_and_recreated_user_is_somebody_else(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    first = iam.create_user(UserName="bob")["User"]
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trusting(first["Arn"]))

    def trusted() -> list[str]:
        shown = iam.get_role(RoleName="worker")["Role"]["AssumeRolePolicyDocument"]
        principals: list[str] = shown["Statement"][0]["Principal"]["AWS"]
        return principals

    assert trusted() == [first["Arn"]]
    iam.update_user(UserName="bob", NewUserName="robert")
    assert trusted() == [f"{ARN}:user/robert"]
    iam.delete_user(UserName="robert")
    iam.create_user(UserName="robert")
    assert trusted() == [first["UserId"]]
    text = trusting(first["UserId"])
    assert refused(iam.update_assume_role_policy, RoleName="worker", PolicyDocument=text)[0] == 400


def test_sessions_and_descriptions_can_be_changed(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    iam.create_role(
        RoleName="worker", AssumeRolePolicyDocument=trusting(), MaxSigninSessionDuration=3600
    )
    iam.update_role(RoleName="worker", Description="first", MaxSessionDuration=7200)
    shown = iam.get_role(RoleName="worker")["Role"]
    assert (shown["Description"], shown["MaxSessionDuration"]) == ("first", 7200)
    assert shown["MaxSigninSessionDuration"] == 3600
    answer = iam.update_role_description(RoleName="worker", Description="second")
    assert answer["Role"]["Description"] == "second"
    iam.update_role(RoleName="worker", ResetMaxSigninSessionDuration=True)
    shown = iam.get_role(RoleName="worker")["Role"]
    assert shown["MaxSessionDuration"] == 3600 and "MaxSigninSessionDuration" not in shown
    both = {"MaxSigninSessionDuration": 3600, "ResetMaxSigninSessionDuration": True}
    assert refused(iam.update_role, RoleName="worker", **both)[1] == "InvalidInput"


def test_a_long_trust_policy_is_refused(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    text = trusting(*(["000000000000"] * 150))
    assert refused(iam.create_role, RoleName="r", AssumeRolePolicyDocument=text) == (
        409,
        "LimitExceeded",
        "Cannot exceed quota for ACLSizePerRole: 2048",
    )


def test_the_role_of_kafka_is_made_once_and_hardly_changed(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    made = iam.create_service_linked_role(AWSServiceName="kafka.amazonaws.com")["Role"]
    assert made["Path"] == "/aws-service-role/kafka.amazonaws.com/"
    name = made["RoleName"]
    assert name == "AWSServiceRoleForKafka"
    policy = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"][0]["PolicyArn"]
    assert policy == "arn:aws:iam::aws:policy/aws-service-role/KafkaServiceRolePolicy"
    protected = (
        400,
        "UnmodifiableEntity",
        f"Cannot perform the operation on the protected role '{name}' - "
        "this role is only modifiable by AWS",
    )
    assert refused(iam.delete_role, RoleName=name) == protected
    assert refused(iam.detach_role_policy, RoleName=name, PolicyArn=policy) == protected
    inline = {"RoleName": name, "PolicyName": "x", "PolicyDocument": document()}
    assert refused(iam.put_role_policy, **inline) == protected
    trust = {"RoleName": name, "PolicyDocument": trusting()}
    assert refused(iam.update_assume_role_policy, **trust) == protected
    assert refused(iam.update_role, RoleName=name, MaxSigninSessionDuration=3600) == protected
    iam.update_role_description(RoleName=name, Description="mine")
    iam.update_role(RoleName=name, Description="ours", MaxSessionDuration=7200)
    shown = iam.get_role(RoleName=name)["Role"]
    assert (shown["Description"], shown["MaxSessionDuration"]) == ("ours", 7200)
    assert refused(iam.create_service_linked_role, AWSServiceName="kafka.amazonaws.com") == (
        400,
        "InvalidInput",
        f"Service role name {name} has been taken in this account, please try a different suffix.",
    )
    task = iam.delete_service_linked_role(RoleName=name)["DeletionTaskId"]
    assert task.startswith(f"task/aws-service-role/kafka.amazonaws.com/{name}/")
    status = iam.get_service_linked_role_deletion_status(DeletionTaskId=task)
    assert status["Status"] == "SUCCEEDED"
    assert refused(iam.get_role, RoleName=name)[1] == "NoSuchEntity"


def test_suffixes_are_for_the_services_that_take_them(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    service = "kafka.amazonaws.com"
    assert refused(iam.create_service_linked_role, AWSServiceName=service, CustomSuffix="mine") == (
        400,
        "InvalidInput",
        f"Custom suffix is not allowed for {service}",
    )
    made = iam.create_service_linked_role(
        AWSServiceName="autoscaling.amazonaws.com", CustomSuffix="mine"
    )
    assert made["Role"]["RoleName"] == "AWSServiceRoleForAutoScaling_mine"
    unknown = {"AWSServiceName": "nothing.amazonaws.com"}
    assert refused(iam.create_service_linked_role, **unknown)[1] == "InvalidInput"
    task = "task/aws-service-role/x/y/z"
    status = iam.get_service_linked_role_deletion_status
    assert refused(status, DeletionTaskId=task)[1] == "NoSuchEntity"


def test_only_a_service_linked_role_is_deleted_as_one(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trusting())
    assert refused(iam.delete_service_linked_role, RoleName="worker")[1] == "NoSuchEntity"


def test_the_path_of_service_linked_roles_is_theirs_alone(endpoint: Endpoint) -> None:
    iam, path = endpoint.client("iam"), "/aws-service-role/x/"
    iam.create_user(UserName="bob")
    iam.create_group(GroupName="ops")
    for call, params in (
        (iam.create_role, {"RoleName": "x", "AssumeRolePolicyDocument": trusting(), "Path": path}),
        (iam.create_user, {"UserName": "x", "Path": path}),
        (iam.create_group, {"GroupName": "x", "Path": path}),
        (iam.update_user, {"UserName": "bob", "NewPath": path}),
        (iam.update_group, {"GroupName": "ops", "NewPath": path}),
    ):
        assert refused(call, **params) == (
            400,
            "InvalidInput",
            "Path prefix '/aws-service-role/' can only be used for AWS Service linked Roles",
        )


def test_a_user_or_group_of_that_path_can_be_changed(endpoint: Endpoint) -> None:
    """Nobody makes one any more, but there may be such from before."""
    iam, path = endpoint.client("iam"), "/aws-service-role/x/"
    with endpoint.databases.state.write() as tx:
        identities.add(tx, Kind.USER, "000000000000", "bob", path, 0)
        identities.add(tx, Kind.GROUP, "000000000000", "ops", path, 0)
    deny = document(Effect="Deny", Action="*")
    iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=deny)
    iam.delete_user_policy(UserName="bob", PolicyName="p")
    iam.put_group_policy(GroupName="ops", PolicyName="p", PolicyDocument=deny)
    iam.delete_group_policy(GroupName="ops", PolicyName="p")
    iam.delete_user(UserName="bob")
    iam.delete_group(GroupName="ops")
