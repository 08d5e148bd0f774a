from pathlib import Path

from tests.unit.operations.iam.asserting import ARN, AWS_POLICY, document, refused, trusting

from sluicegate.testing import Endpoint


def test_a_key_works_until_it_is_switched_off_or_deleted(endpoint: Endpoint) -> None:
    iam, bob = endpoint.client("iam"), endpoint.user("bob")
    key = bob.credentials.access_key
    assert len(key) == 20 and key.startswith("AKIA")
    assert len(bob.credentials.secret_key) == 40
    bob.client("sts").get_caller_identity()
    iam.update_access_key(UserName="bob", AccessKeyId=key, Status="Inactive")
    assert refused(bob.client("sts").get_caller_identity)[1] == "InvalidClientTokenId"
    iam.update_access_key(UserName="bob", AccessKeyId=key, Status="Active")
    bob.client("sts").get_caller_identity()
    iam.delete_access_key(UserName="bob", AccessKeyId=key)
    assert refused(bob.client("sts").get_caller_identity)[1] == "InvalidClientTokenId"


def test_a_user_has_two_keys_at_most(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    iam.create_user(UserName="bob")
    made = [iam.create_access_key(UserName="bob")["AccessKey"] for _ in range(2)]
    assert refused(iam.create_access_key, UserName="bob") == (
        409,
        "LimitExceeded",
        "Cannot exceed quota for AccessKeysPerUser: 2",
    )
    pages = iam.get_paginator("list_access_keys").paginate(
        UserName="bob", PaginationConfig={"PageSize": 1}
    )
    listed = [key for page in pages for key in page["AccessKeyMetadata"]]
    assert {key["AccessKeyId"] for key in listed} == {key["AccessKeyId"] for key in made}
    assert all("SecretAccessKey" not in key for key in listed)


def test_a_key_is_found_with_its_own_user_alone(endpoint: Endpoint) -> None:
    iam, bob = endpoint.client("iam"), endpoint.user("bob")
    iam.create_user(UserName="eve")
    key = bob.credentials.access_key
    missing = (404, "NoSuchEntity", f"The Access Key with id {key} cannot be found.")
    assert refused(iam.delete_access_key, UserName="eve", AccessKeyId=key) == missing
    expired = {"UserName": "bob", "AccessKeyId": key, "Status": "Expired"}
    assert refused(iam.update_access_key, **expired)[1] == "InvalidInput"


def test_other_kinds_of_credentials_are_none(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    iam.create_user(UserName="bob")
    bobs = (
        (iam.list_mfa_devices, "MFADevices"),
        (iam.list_ssh_public_keys, "SSHPublicKeys"),
        (iam.list_service_specific_credentials, "ServiceSpecificCredentials"),
        (iam.list_signing_certificates, "Certificates"),
    )
    for call, member in bobs:
        answer = call(UserName="bob")
        assert (answer[member], answer["IsTruncated"]) == ([], False)
        missing = "The user with name eve cannot be found."
        assert refused(call, UserName="eve") == (404, "NoSuchEntity", missing)
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"] == []
    everybody = iam.list_service_specific_credentials(AllUsers=True)
    assert everybody["ServiceSpecificCredentials"] == []


def test_the_last_use_of_a_key_is_known(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    iam.create_user(UserName="bob")
    key = iam.create_access_key(UserName="bob")["AccessKey"]["AccessKeyId"]
    answer = iam.get_access_key_last_used(AccessKeyId=key)
    assert answer["UserName"] == "bob"
    assert answer["AccessKeyLastUsed"] == {"Region": "N/A", "ServiceName": "N/A"}
    unknown = "AKIA" + "A" * 16
    assert refused(iam.get_access_key_last_used, AccessKeyId=unknown)[1] == "NoSuchEntity"


def test_a_secret_is_in_no_file_of_the_state(own_endpoint: Endpoint, tmp_path: Path) -> None:
    bob = own_endpoint.user("bob")
    secret = bob.credentials.secret_key.encode()
    bob.client("sts").get_caller_identity()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files and all(secret not in path.read_bytes() for path in files)


def test_an_account_has_one_alias(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    assert iam.list_account_aliases()["AccountAliases"] == []
    iam.create_account_alias(AccountAlias="first")
    iam.create_account_alias(AccountAlias="second")
    assert iam.list_account_aliases()["AccountAliases"] == ["second"]
    assert refused(iam.delete_account_alias, AccountAlias="first")[1] == "NoSuchEntity"
    iam.delete_account_alias(AccountAlias="second")
    assert iam.list_account_aliases()["AccountAliases"] == []


def test_the_summary_counts(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    iam.create_user(UserName="bob")
    iam.create_policy(PolicyName="p", PolicyDocument=document())
    summary = iam.get_account_summary()["SummaryMap"]
    assert (summary["Users"], summary["Groups"], summary["Policies"]) == (1, 0, 1)
    assert summary["PolicyVersionsInUse"] == 1
    assert summary["AccessKeysPerUserQuota"] == 2 and summary["RolePolicySizeQuota"] == 10240


def test_the_whole_account_is_shown_in_pages(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    bob = endpoint.user("bob", policy=None)
    iam.create_group(GroupName="ops")
    iam.add_user_to_group(GroupName="ops", UserName="bob")
    iam.put_group_policy(GroupName="ops", PolicyName="in", PolicyDocument=document())
    iam.create_policy(PolicyName="own", PolicyDocument=document())
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trusting(bob.arn))
    iam.attach_role_policy(RoleName="worker", PolicyArn=AWS_POLICY)
    whole = iam.get_account_authorization_details()
    assert whole["IsTruncated"] is False
    (user,), (group,), (role,) = (
        whole["UserDetailList"],
        whole["GroupDetailList"],
        whole["RoleDetailList"],
    )
    assert (user["Arn"], user["GroupList"]) == (bob.arn, ["ops"])
    assert group["GroupPolicyList"][0]["PolicyDocument"]["Version"] == "2012-10-17"
    statement = role["AssumeRolePolicyDocument"]["Statement"][0]
    assert statement["Principal"]["AWS"] == [bob.arn]
    assert role["AttachedManagedPolicies"][0]["PolicyArn"] == AWS_POLICY
    arns = [policy["Arn"] for policy in whole["Policies"]]
    assert arns == [f"{ARN}:policy/own", AWS_POLICY]
    assert whole["Policies"][0]["PolicyVersionList"][0]["Document"]["Version"] == "2012-10-17"
    pages = list(
        iam.get_paginator("get_account_authorization_details").paginate(
            PaginationConfig={"PageSize": 2}
        )
    )
    assert [page["IsTruncated"] for page in pages] == [True, True, False]
    some = iam.get_account_authorization_details(Filter=["Role", "LocalManagedPolicy"])
    assert len(some["UserDetailList"]) == 0 and len(some["RoleDetailList"]) == 1
    assert [policy["PolicyName"] for policy in some["Policies"]] == ["own"]
