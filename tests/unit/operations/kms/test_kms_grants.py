from typing import Any

import pytest
import sqlalchemy as sa
from tests.unit.operations.asserting import ACCOUNT, ALICE, allow, refused
from tests.unit.operations.kms.asserting import ARN

from sluicegate.access.sessions import Sessions
from sluicegate.store.keys import key_grants
from sluicegate.testing import Endpoint, Member
from sluicegate.wire.client import Credentials


@pytest.fixture
def kms(endpoint: Endpoint) -> Any:
    return endpoint.client("kms")


@pytest.fixture
def key(kms: Any) -> str:
    key_id: str = kms.create_key()["KeyMetadata"]["KeyId"]
    return key_id


@pytest.fixture
def alice(endpoint: Endpoint) -> Member:
    return endpoint.user("alice")


def test_a_grant_allows_beside_policies(kms: Any, key: str, alice: Member) -> None:
    hers = alice.client("kms")
    assert refused(hers.encrypt, KeyId=key, Plaintext=b"x")[0] == "AccessDeniedException"
    grant = kms.create_grant(KeyId=key, GranteePrincipal=alice.arn, Operations=["Encrypt"])
    assert len(grant["GrantId"]) == 64
    tokens = [grant["GrantToken"]]
    blob = hers.encrypt(KeyId=key, Plaintext=b"x", GrantTokens=tokens)["CiphertextBlob"]
    assert refused(hers.decrypt, CiphertextBlob=blob)[0] == "AccessDeniedException"
    kms.revoke_grant(KeyId=key, GrantId=grant["GrantId"])
    assert refused(hers.encrypt, KeyId=key, Plaintext=b"x")[0] == "AccessDeniedException"


def test_a_grant_is_bound_to_its_encryption_context(kms: Any, key: str, alice: Member) -> None:
    kms.create_grant(
        KeyId=key,
        GranteePrincipal=alice.arn,
        Operations=["Encrypt", "DescribeKey"],
        Constraints={"EncryptionContextSubset": {"app": "web"}},
    )
    hers = alice.client("kms")
    context = {"app": "web", "more": "is fine"}
    hers.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=context)
    hers.describe_key(KeyId=key)
    for context in ({}, {"app": "job"}):
        params = {"KeyId": key, "Plaintext": b"x", "EncryptionContext": context}
        assert refused(hers.encrypt, **params)[0] == "AccessDeniedException"


@pytest.mark.parametrize("constraint", ["EncryptionContextSubset", "EncryptionContextEquals"])
def test_letter_case_counts_in_the_values_of_a_constraint_alone(
    endpoint: Endpoint, kms: Any, key: str, alice: Member, constraint: str
) -> None:
    kms.create_grant(
        KeyId=key,
        GranteePrincipal=alice.arn,
        Operations=["CreateGrant", "Encrypt"],
        Constraints={constraint: {"Dept": "IT"}},
    )
    hers = alice.client("kms")
    hers.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"dept": "IT"})
    child = {"KeyId": key, "GranteePrincipal": endpoint.user("bob").arn, "Operations": ["Encrypt"]}
    hers.create_grant(**child, Constraints={constraint: {"DEPT": "IT"}})
    other = {"KeyId": key, "Plaintext": b"x", "EncryptionContext": {"Dept": "it"}}
    assert refused(hers.encrypt, **other)[0] == "AccessDeniedException"
    wider = {constraint: {"Dept": "it"}}
    assert refused(hers.create_grant, **child, Constraints=wider)[0] == "AccessDeniedException"


def test_a_grant_passes_on_no_more_than_it_gives(
    endpoint: Endpoint, kms: Any, key: str, alice: Member
) -> None:
    bob = endpoint.user("bob")
    kms.create_grant(
        KeyId=key,
        GranteePrincipal=alice.arn,
        Operations=["CreateGrant", "Encrypt"],
        Constraints={"EncryptionContextSubset": {"app": "web"}},
    )
    hers, tight = alice.client("kms"), {"EncryptionContextSubset": {"app": "web", "n": "1"}}
    child = {"KeyId": key, "GranteePrincipal": bob.arn}
    for wider in (
        {"Operations": ["Decrypt"], "Constraints": tight},
        {"Operations": ["Encrypt"]},
        {"Operations": ["Encrypt"], "Constraints": {"EncryptionContextSubset": {"n": "1"}}},
    ):
        assert refused(hers.create_grant, **child, **wider)[0] == "AccessDeniedException"
    hers.create_grant(**child, Operations=["Encrypt"], Constraints=tight)
    context = {"app": "web", "n": "1"}
    bob.client("kms").encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=context)


def test_a_grant_to_a_role_holds_for_its_sessions(endpoint: Endpoint, kms: Any, key: str) -> None:
    policy = allow("sts:AssumeRole")
    alice = endpoint.user("alice", policy=policy)
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": alice.arn}, "Action": "sts:AssumeRole"}
        ],
    }
    role = endpoint.role("reader", trust=trust)
    kms.create_grant(KeyId=key, GranteePrincipal=role, Operations=["DescribeKey"])
    endpoint.session(alice, role).client("kms").describe_key(KeyId=key)
    assert refused(alice.client("kms").describe_key, KeyId=key)[0] == "AccessDeniedException"


def test_a_user_made_again_does_not_inherit_a_grant(
    endpoint: Endpoint, kms: Any, key: str, alice: Member
) -> None:
    kms.create_grant(KeyId=key, GranteePrincipal=alice.arn, Operations=["DescribeKey"])
    alice.client("kms").describe_key(KeyId=key)
    iam = endpoint.client("iam")
    iam.delete_access_key(UserName="alice", AccessKeyId=alice.credentials.access_key)
    iam.delete_user(UserName="alice")
    again = endpoint.user("alice").client("kms")
    assert refused(again.describe_key, KeyId=key)[0] == "AccessDeniedException"


def test_a_named_grant_is_made_once(kms: Any, key: str, alice: Member) -> None:
    params = {"KeyId": key, "GranteePrincipal": alice.arn, "Name": "n"}
    first = kms.create_grant(**params, Operations=["Encrypt", "Decrypt"])
    second = kms.create_grant(**params, Operations=["Decrypt", "Encrypt"])
    assert first["GrantId"] == second["GrantId"]
    assert first["GrantToken"] != second["GrantToken"]
    assert kms.create_grant(**params, Operations=["Encrypt"])["GrantId"] != first["GrantId"]


def test_grants_are_listed(endpoint: Endpoint, kms: Any, key: str, alice: Member) -> None:
    bob = endpoint.user("bob")
    constraints = {"EncryptionContextEquals": {"a": "b"}}
    made = kms.create_grant(
        KeyId=key,
        GranteePrincipal=alice.arn,
        RetiringPrincipal=bob.arn,
        Operations=["Encrypt"],
        Constraints=constraints,
        Name="n",
    )
    kms.create_grant(KeyId=key, GranteePrincipal=bob.arn, Operations=["Encrypt"])
    (shown,) = kms.list_grants(KeyId=key, GranteePrincipal=alice.arn)["Grants"]
    assert shown.pop("CreationDate").tzinfo is not None
    assert shown == {
        "KeyId": f"{ARN}:key/{key}",
        "GrantId": made["GrantId"],
        "Name": "n",
        "GranteePrincipal": alice.arn,
        "RetiringPrincipal": bob.arn,
        "IssuingAccount": f"arn:aws:iam::{ACCOUNT}:root",
        "Operations": ["Encrypt"],
        "Constraints": constraints,
    }
    pages = kms.get_paginator("list_grants").paginate(KeyId=key, PaginationConfig={"PageSize": 1})
    assert sum(len(page["Grants"]) for page in pages) == 2
    (mine,) = kms.list_retirable_grants(RetiringPrincipal=bob.arn)["Grants"]
    assert mine["GrantId"] == made["GrantId"]
    foreign = "arn:aws:iam::111122223333:user/x"
    assert refused(kms.list_retirable_grants, RetiringPrincipal=foreign)[0] == (
        "InvalidArnException"
    )


def test_its_retiring_principal_may_retire_a_grant(
    endpoint: Endpoint, kms: Any, key: str, alice: Member
) -> None:
    bob, eve = endpoint.user("bob").client("kms"), endpoint.user("eve").client("kms")
    params = {
        "KeyId": key,
        "GranteePrincipal": alice.arn,
        "RetiringPrincipal": ALICE.replace("alice", "bob"),
        "Operations": ["Encrypt"],
    }
    by_token, by_id = kms.create_grant(**params), kms.create_grant(**params)
    grant_token = by_token["GrantToken"]
    code, message = refused(eve.retire_grant, GrantToken=grant_token)
    assert code == "AccessDeniedException"
    assert f"kms:RetireGrant on resource: {ARN}:key/{key}" in message
    bob.retire_grant(GrantToken=grant_token)
    bob.retire_grant(KeyId=f"{ARN}:key/{key}", GrantId=by_id["GrantId"])
    assert kms.list_grants(KeyId=key)["Grants"] == []
    assert refused(kms.retire_grant, GrantToken=grant_token)[0] == "InvalidGrantTokenException"


def test_its_grantee_may_retire_a_grant_that_says_so(kms: Any, key: str, alice: Member) -> None:
    params = {"KeyId": key, "GranteePrincipal": alice.arn}
    silent = kms.create_grant(**params, Operations=["Encrypt"])
    telling = kms.create_grant(**params, Operations=["Encrypt", "RetireGrant"])
    hers = alice.client("kms")
    # Another grant of hers that permits it does not count: each is judged by itself.
    assert refused(hers.retire_grant, GrantToken=silent["GrantToken"])[0] == (
        "AccessDeniedException"
    )
    hers.retire_grant(GrantToken=telling["GrantToken"])


def constraint(pairs: dict[str, str]) -> dict[str, Any]:
    return {"Constraints": {"EncryptionContextSubset": pairs}}


def test_requests_that_make_no_grant(kms: Any, key: str, alice: Member) -> None:
    whole = {"KeyId": key, "GranteePrincipal": alice.arn, "Operations": ["Encrypt"]}
    nobody = ALICE.replace("alice", "nobody")
    for change, code in (
        ({"GranteePrincipal": nobody}, "InvalidArnException"),
        ({"GranteePrincipal": "kafka.amazonaws.com"}, "InvalidArnException"),
        ({"RetiringPrincipal": nobody}, "InvalidArnException"),
        ({"Operations": ["Sign"]}, "ValidationException"),
        ({"Operations": []}, "ValidationException"),
        ({"GranteeServicePrincipal": "kafka.amazonaws.com"}, "ValidationException"),
        ({"GrantTokens": ["no token"]}, "InvalidGrantTokenException"),
        (constraint({str(n): "x" for n in range(9)}), "ValidationException"),
        (constraint({"k": "x" * 385}), "ValidationException"),
        ({"DryRun": True}, "DryRunOperationException"),
    ):
        assert refused(kms.create_grant, **{**whole, **change})[0] == code
    assert kms.list_grants(KeyId=key)["Grants"] == []
    kms.create_grant(**whole, **constraint({str(n): "x" * 384 for n in range(8)}))
    unknown = refused(kms.revoke_grant, KeyId=key, GrantId="0" * 64)
    assert unknown == ("NotFoundException", f"Grant ID {'0' * 64} not found")


def test_a_service_is_granted_for_one_source(kms: Any, key: str) -> None:
    source = f"arn:aws:kafka:us-east-1:{ACCOUNT}:cluster/c/1"
    kms.create_grant(
        KeyId=key,
        GranteeServicePrincipal="kafka.amazonaws.com",
        RetiringServicePrincipal="kafka.amazonaws.com",
        Operations=["Decrypt"],
        Constraints={"SourceArn": source},
    )
    (shown,) = kms.list_grants(KeyId=key)["Grants"]
    assert shown["GranteeServicePrincipal"] == "kafka.amazonaws.com"
    assert shown["RetiringServicePrincipal"] == "kafka.amazonaws.com"
    assert shown["Constraints"] == {"SourceArn": source}


def test_a_grant_for_one_source_passes_on_none_for_others(
    endpoint: Endpoint, kms: Any, key: str, alice: Member
) -> None:
    source = f"arn:aws:kafka:us-east-1:{ACCOUNT}:cluster/c/1"
    kms.create_grant(
        KeyId=key,
        GranteeServicePrincipal="kafka.amazonaws.com",
        RetiringServicePrincipal="kafka.amazonaws.com",
        Operations=["CreateGrant", "Decrypt"],
        Constraints={"SourceArn": source},
    )
    minted = Sessions(endpoint.vault).for_service(
        ACCOUNT, "kafka.amazonaws.com", source, endpoint.clock.now_ms()
    )
    keys = Credentials(minted.access_key, minted.secret_key, minted.token)
    msk = endpoint.client("kms", credentials=keys)
    child = {"KeyId": f"{ARN}:key/{key}", "GranteePrincipal": alice.arn, "Operations": ["Decrypt"]}
    assert refused(msk.create_grant, **child)[0] == "AccessDeniedException"
    msk.create_grant(**child, Constraints={"SourceArn": source})


def test_a_key_has_fifty_thousand_grants(
    endpoint: Endpoint, kms: Any, key: str, alice: Member
) -> None:
    made = kms.create_grant(KeyId=key, GranteePrincipal=alice.arn, Operations=["Encrypt"], Name="n")
    with endpoint.databases.state.write() as tx:
        (row,) = tx.execute(sa.select(key_grants)).mappings()
        tx.execute(
            key_grants.insert(), [{**row, "id": f"{n:064}", "name": None} for n in range(49_998)]
        )
    whole = {"KeyId": key, "GranteePrincipal": endpoint.user("bob").arn, "Operations": ["Encrypt"]}
    kms.create_grant(**whole)
    assert refused(kms.create_grant, **whole) == (
        "LimitExceededException",
        "A key can have at most 50000 grants.",
    )
    # What is there already is no new one.
    kms.create_grant(KeyId=key, GranteePrincipal=alice.arn, Operations=["Encrypt"], Name="n")
    kms.revoke_grant(KeyId=key, GrantId=made["GrantId"])
    kms.create_grant(**whole)
