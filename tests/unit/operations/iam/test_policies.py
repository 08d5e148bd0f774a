import json

from tests.unit.operations.iam.asserting import ARN, AWS_POLICY, document, refused, trusting

from sluicegate.testing import Endpoint


def test_a_policy_is_shown_as_it_was_made(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    made = iam.create_policy(PolicyName="reader", PolicyDocument=document())["Policy"]
    assert made["Arn"] == f"{ARN}:policy/reader" and made["PolicyId"].startswith("ANPA")
    assert made["DefaultVersionId"] == "v1" and made["IsAttachable"] is True
    assert (made["AttachmentCount"], made["PermissionsBoundaryUsageCount"]) == (0, 0)
    assert set(made) == {
        "PolicyName",
        "PolicyId",
        "Arn",
        "Path",
        "DefaultVersionId",
        "AttachmentCount",
        "PermissionsBoundaryUsageCount",
        "IsAttachable",
        "CreateDate",
        "UpdateDate",
    }
    assert iam.get_policy(PolicyArn=made["Arn"])["Policy"] == {**made, "Tags": []}
    assert refused(iam.create_policy, PolicyName="READER", PolicyDocument=document()) == (
        409,
        "EntityAlreadyExists",
        "A policy called READER already exists. Duplicate names are not allowed.",
    )


def test_five_versions_are_kept_and_numbers_not_used_again(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    arn = iam.create_policy(PolicyName="reader", PolicyDocument=document())["Policy"]["Arn"]
    for number in range(2, 6):
        text = document(Action=f"kafka:Action{number}")
        made = iam.create_policy_version(
            PolicyArn=arn, PolicyDocument=text, SetAsDefault=number == 3
        )
        assert made["PolicyVersion"]["VersionId"] == f"v{number}"
        assert "Document" not in made["PolicyVersion"]
    sixth = {"PolicyArn": arn, "PolicyDocument": document()}
    status, code, message = refused(iam.create_policy_version, **sixth)
    assert (status, code) == (409, "LimitExceeded")
    assert message.startswith("A managed policy can have up to 5 versions.")
    assert refused(iam.delete_policy_version, PolicyArn=arn, VersionId="v3") == (
        409,
        "DeleteConflict",
        "Cannot delete the default version of a policy.",
    )
    assert refused(iam.delete_policy, PolicyArn=arn)[2].startswith("This policy has more than")
    iam.delete_policy_version(PolicyArn=arn, VersionId="v5")
    again = iam.create_policy_version(**sixth)["PolicyVersion"]
    assert again["VersionId"] == "v6"
    pages = iam.get_paginator("list_policy_versions").paginate(
        PolicyArn=arn, PaginationConfig={"PageSize": 2}
    )
    shown = [
        (one["VersionId"], one["IsDefaultVersion"]) for page in pages for one in page["Versions"]
    ]
    assert [name for name, _ in shown] == ["v6", "v4", "v3", "v2", "v1"]
    assert [name for name, is_default in shown if is_default] == ["v3"]
    assert refused(iam.get_policy_version, PolicyArn=arn, VersionId="v5")[2] == (
        f"Policy {arn} version v5 does not exist or is not attachable."
    )


def test_the_default_version_decides_from_the_next_request_on(endpoint: Endpoint) -> None:
    iam, bob = endpoint.client("iam"), endpoint.user("bob")
    arn = iam.create_policy(PolicyName="p", PolicyDocument=document())["Policy"]["Arn"]
    iam.attach_user_policy(UserName="bob", PolicyArn=arn)
    assert refused(bob.client("iam").list_users)[1] == "AccessDenied"
    wider = {"PolicyArn": arn, "PolicyDocument": document(Action="iam:ListUsers")}
    iam.create_policy_version(**wider, SetAsDefault=True)
    bob.client("iam").list_users()
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    assert refused(bob.client("iam").list_users)[1] == "AccessDenied"


def test_documents_are_checked_and_measured(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    bad = {"PolicyName": "p", "PolicyDocument": document(Action="nonsense:Get")}
    assert refused(iam.create_policy, **bad) == (
        400,
        "MalformedPolicyDocument",
        "Vendor nonsense is not valid",
    )
    long = document(Action=[f"kafka:Describe{number:06}" for number in range(300)])
    assert refused(iam.create_policy, PolicyName="p", PolicyDocument=long) == (
        409,
        "LimitExceeded",
        "Cannot exceed quota for PolicySize: 6144",
    )
    iam.create_policy(PolicyName="p", PolicyDocument=document() + " " * 7000)


def test_the_managed_policy_for_kafka_is_there_to_read(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    shown = iam.get_policy_version(PolicyArn=AWS_POLICY, VersionId="v2")["PolicyVersion"]
    assert "kafka:DescribeClusterV2" in shown["Document"]["Statement"][0]["Action"]
    versions = iam.list_policy_versions(PolicyArn=AWS_POLICY)["Versions"]
    assert [one["VersionId"] for one in versions] == ["v2"]
    older = {"PolicyArn": AWS_POLICY, "VersionId": "v1"}
    assert refused(iam.get_policy_version, **older)[1] == "NoSuchEntity"


def test_policies_are_listed_by_scope_use_and_path(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    own = iam.create_policy(PolicyName="own", Path="/mine/", PolicyDocument=document())
    arn = own["Policy"]["Arn"]

    def arns(**params: object) -> list[str]:
        pages = iam.get_paginator("list_policies").paginate(
            **params, PaginationConfig={"PageSize": 1000}
        )
        return [policy["Arn"] for page in pages for policy in page["Policies"]]

    of_aws = arns(Scope="AWS")
    assert AWS_POLICY in of_aws and arn not in of_aws and len(of_aws) == len(set(of_aws)) > 1500
    assert arns(Scope="Local") == [arn]
    assert len(arns()) == len(of_aws) + 1
    assert arns(PathPrefix="/mine/") == [arn]
    assert arns(OnlyAttached=True) == []
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trusting())
    iam.attach_role_policy(RoleName="worker", PolicyArn=AWS_POLICY)
    iam.put_role_permissions_boundary(RoleName="worker", PermissionsBoundary=arn)
    assert arns(OnlyAttached=True) == [AWS_POLICY]
    assert arns(PolicyUsageFilter="PermissionsPolicy") == [AWS_POLICY]
    assert arns(PolicyUsageFilter="PermissionsBoundary") == [arn]
    assert iam.get_policy(PolicyArn=arn)["Policy"]["PermissionsBoundaryUsageCount"] == 1
    assert iam.get_policy(PolicyArn=AWS_POLICY)["Policy"]["AttachmentCount"] == 1
    assert refused(iam.delete_policy, PolicyArn=arn) == (
        409,
        "DeleteConflict",
        "Cannot delete a policy attached to entities.",
    )


def test_a_policy_knows_whom_it_is_attached_to(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    arn = iam.create_policy(PolicyName="p", PolicyDocument=document())["Policy"]["Arn"]
    user = iam.create_user(UserName="bob", Path="/a/")["User"]
    iam.create_group(GroupName="ops")
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trusting(), PermissionsBoundary=arn)
    iam.attach_user_policy(UserName="bob", PolicyArn=arn)
    iam.attach_group_policy(GroupName="ops", PolicyArn=arn)
    pages = list(
        iam.get_paginator("list_entities_for_policy").paginate(
            PolicyArn=arn, PaginationConfig={"PageSize": 1}
        )
    )
    assert [len(page["PolicyUsers"]) for page in pages] == [0, 0, 1]
    whole = iam.list_entities_for_policy(PolicyArn=arn)
    assert whole["PolicyUsers"] == [{"UserName": "bob", "UserId": user["UserId"]}]
    assert [one["GroupName"] for one in whole["PolicyGroups"]] == ["ops"]
    assert [one["RoleName"] for one in whole["PolicyRoles"]] == ["worker"]
    some = iam.list_entities_for_policy(PolicyArn=arn, EntityFilter="User", PathPrefix="/a/")
    assert (some["PolicyGroups"], len(some["PolicyUsers"])) == ([], 1)
    some = iam.list_entities_for_policy(PolicyArn=arn, PolicyUsageFilter="PermissionsPolicy")
    assert some["PolicyRoles"] == []


def test_attaching_twice_is_once_and_detaching_twice_is_refused(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trusting())
    for _ in range(2):
        iam.attach_role_policy(RoleName="worker", PolicyArn=AWS_POLICY)
    answer = iam.list_attached_role_policies(RoleName="worker")
    name = "AWSLambdaMSKExecutionRole"
    assert answer["AttachedPolicies"] == [{"PolicyArn": AWS_POLICY, "PolicyName": name}]
    assert answer["IsTruncated"] is False
    some = iam.list_attached_role_policies(RoleName="worker", PathPrefix="/mine/")
    assert some["AttachedPolicies"] == []
    iam.detach_role_policy(RoleName="worker", PolicyArn=AWS_POLICY)
    assert refused(iam.detach_role_policy, RoleName="worker", PolicyArn=AWS_POLICY) == (
        404,
        "NoSuchEntity",
        f"Policy {AWS_POLICY} was not found.",
    )


def test_what_cannot_be_attached_is_said(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trusting())

    def attach(arn: str) -> tuple[int, str, str]:
        return refused(iam.attach_role_policy, RoleName="worker", PolicyArn=arn)

    unparsed = (400, "ValidationError", "Invalid ARN:  Could not be parsed!")
    assert attach("AWSLambdaMSKExecutionRole") == unparsed
    assert attach("arn:aws:s3:::bucket/policy/x") == unparsed
    for arn in (f"{ARN}:policy/none", "arn:aws:iam::aws:policy/none"):
        sentence = f"Policy {arn} does not exist or is not attachable."
        assert attach(arn) == (404, "NoSuchEntity", sentence)
    linked = "arn:aws:iam::aws:policy/aws-service-role/KafkaServiceRolePolicy"
    assert attach(linked)[1] == "PolicyNotAttachable"
    for number in range(11):
        iam.create_policy(PolicyName=f"p{number}", PolicyDocument=document())
    for number in range(10):
        iam.attach_role_policy(RoleName="worker", PolicyArn=f"{ARN}:policy/p{number}")
    assert attach(f"{ARN}:policy/p10") == (
        409,
        "LimitExceeded",
        "Cannot exceed quota for PoliciesPerRole: 10",
    )


def test_unknown_policies_cannot_be_found(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    arn = f"{ARN}:policy/none"
    sentence = f"Policy {arn} was not found."
    for call in (iam.get_policy, iam.delete_policy, iam.list_policy_versions):
        assert refused(call, PolicyArn=arn) == (404, "NoSuchEntity", sentence)
    iam.create_policy(PolicyName="none", Path="/other/", PolicyDocument=document())
    assert refused(iam.get_policy, PolicyArn=arn)[1] == "NoSuchEntity"


def test_an_embedded_policy_is_put_read_and_deleted(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    iam.create_user(UserName="bob")
    spaced = json.dumps(json.loads(document()), indent=2)
    iam.put_user_policy(UserName="bob", PolicyName="Look", PolicyDocument=document())
    iam.put_user_policy(UserName="bob", PolicyName="look", PolicyDocument=spaced)
    assert iam.list_user_policies(UserName="bob")["PolicyNames"] == ["look"]
    shown = iam.get_user_policy(UserName="bob", PolicyName="LOOK")
    assert shown["PolicyDocument"] == json.loads(document())
    iam.delete_user_policy(UserName="bob", PolicyName="look")
    missing = (404, "NoSuchEntity", "The user policy with name look cannot be found.")
    assert refused(iam.get_user_policy, UserName="bob", PolicyName="look") == missing
    assert refused(iam.delete_user_policy, UserName="bob", PolicyName="look") == missing


def test_embedded_policies_have_a_size_together(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    iam.create_user(UserName="bob")
    half = document(Action=[f"kafka:Describe{number:06}" for number in range(50)])
    iam.put_user_policy(UserName="bob", PolicyName="one", PolicyDocument=half)
    iam.put_user_policy(UserName="bob", PolicyName="one", PolicyDocument=half)
    two = {"UserName": "bob", "PolicyName": "two", "PolicyDocument": half}
    assert refused(iam.put_user_policy, **two) == (
        409,
        "LimitExceeded",
        "Maximum policy size of 2048 bytes exceeded for user bob",
    )


def test_tags_of_policies_keep_their_letter_case(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    tags = [{"Key": "Team", "Value": "a"}]
    made = iam.create_policy(PolicyName="p", PolicyDocument=document(), Tags=tags)["Policy"]
    assert made["Tags"] == tags
    iam.tag_policy(PolicyArn=made["Arn"], Tags=[{"Key": "team", "Value": "b"}])
    pages = iam.get_paginator("list_policy_tags").paginate(
        PolicyArn=made["Arn"], PaginationConfig={"PageSize": 1}
    )
    keys = [tag["Key"] for page in pages for tag in page["Tags"]]
    assert keys == ["Team", "team"]
