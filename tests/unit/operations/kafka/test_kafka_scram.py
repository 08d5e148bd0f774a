"""Secrets of users: associated as MSK comes to read them, disassociated without a trace."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.operations.asserting import ACCOUNT, allow, no_policy, refused
from tests.unit.operations.kafka.asserting import (
    INACCESSIBLE,
    SCRAM_ONLY,
    bad_request,
    created,
    key,
    running,
    secret,
    started,
    stated,
)

from sluicegate.access.sessions import Sessions
from sluicegate.store import clusters, scram_secrets
from sluicegate.testing import Endpoint
from sluicegate.wire.client import Credentials

NOT_MSK_S = (
    "The provided secret arn cannot be used with Amazon MSK. "
    "Secret names must have the prefix 'AmazonMSK_'"
)
DEFAULT_KEY = (
    "The provided secret is encrypted with the default key and cannot be used with Amazon MSK."
)
NO_USER = (
    "The value of the provided secret must be a JSON object with the texts username and password."
)
TWICE = "The provided secret ARN is in the request more than once."
SECRETS = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret"


@pytest.fixture
def cluster(endpoint: Endpoint) -> str:
    return running(endpoint, ClientAuthentication=SCRAM_ONLY)


def associate(endpoint: Endpoint, cluster: str, *secrets: str) -> dict[str, str]:
    """Why each secret was not associated, by its ARN."""
    answer = endpoint.client("kafka").batch_associate_scram_secret(
        ClusterArn=cluster, SecretArnList=list(secrets)
    )
    return unprocessed(answer)


def unprocessed(answer: Any) -> dict[str, str]:
    assert {each["ErrorCode"] for each in answer["UnprocessedScramSecrets"]} <= {"InvalidSecretArn"}
    return {each["SecretArn"]: each["ErrorMessage"] for each in answer["UnprocessedScramSecrets"]}


def listed(endpoint: Endpoint, cluster: str) -> list[str]:
    arns: list[str] = endpoint.client("kafka").list_scram_secrets(ClusterArn=cluster)[
        "SecretArnList"
    ]
    return arns


def statements(endpoint: Endpoint, arn: str) -> list[dict[str, Any]]:
    answer = endpoint.client("secretsmanager").get_resource_policy(SecretId=arn)
    found: list[dict[str, Any]] = json.loads(answer.get("ResourcePolicy", '{"Statement": []}'))[
        "Statement"
    ]
    return found


def msk_s(arn: str) -> dict[str, Any]:
    return {
        "Sid": "AWSKafkaResourcePolicy",
        "Effect": "Allow",
        "Principal": {"Service": "kafka.amazonaws.com"},
        "Action": "secretsmanager:getSecretValue",
        "Resource": arn,
    }


def test_a_secret_is_associated_and_msk_may_read_it(endpoint: Endpoint, cluster: str) -> None:
    protects = key(endpoint)
    alice = secret(endpoint, KmsKeyId=protects)
    nudged = endpoint.keepers.nudged
    assert associate(endpoint, cluster, alice) == {}
    assert endpoint.keepers.nudged == nudged + 1
    assert listed(endpoint, cluster) == [alice]
    assert statements(endpoint, alice) == [msk_s(alice)]
    (grant,) = endpoint.client("kms").list_grants(KeyId=protects)["Grants"]
    assert grant["GranteeServicePrincipal"] == "kafka.amazonaws.com"
    assert grant["Operations"] == ["Decrypt", "DescribeKey"]
    assert grant["Constraints"] == {
        "EncryptionContextSubset": {"SecretARN": alice},
        "SourceArn": cluster,
    }


def test_msk_reads_the_secret_for_its_cluster_and_for_no_other(
    endpoint: Endpoint, cluster: str
) -> None:
    arn = secret(endpoint, KmsKeyId=key(endpoint))
    associate(endpoint, cluster, arn)
    other = running(endpoint, "other")

    def reader(source_arn: str) -> Any:
        sessions, now_ms = Sessions(endpoint.vault), endpoint.clock.now_ms()
        made = sessions.for_service(ACCOUNT, "kafka.amazonaws.com", source_arn, now_ms)
        signer = Credentials(made.access_key, made.secret_key, made.token)
        return endpoint.client("secretsmanager", credentials=signer)

    user = json.loads(reader(cluster).get_secret_value(SecretId=arn)["SecretString"])
    assert user == {"username": "alice", "password": "alice-secret"}
    told = refused(reader(other).get_secret_value, SecretId=arn)
    assert told == ("AccessDeniedException", "Access to KMS is not allowed")
    disassociate(endpoint, cluster, arn)
    code, message = refused(reader(cluster).get_secret_value, SecretId=arn)
    assert code == "AccessDeniedException"
    assert message.startswith("User: kafka.amazonaws.com is not authorized to perform: ")


def test_no_password_is_kept(endpoint: Endpoint, cluster: str) -> None:
    alice = secret(endpoint, KmsKeyId=key(endpoint))
    associate(endpoint, cluster, alice)
    with endpoint.databases.state.read() as tx:
        (kept,) = scram_secrets.wanted_of(tx, cluster.rpartition("/")[2])
    assert (kept.secret_arn, kept.username, kept.version_id) == (alice, None, None)
    files = [path for path in endpoint.state.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if b"alice-secret" in path.read_bytes()]


def test_what_is_wrong_with_a_secret_is_told_of_it_alone(endpoint: Endpoint, cluster: str) -> None:
    protects = key(endpoint)
    good = secret(endpoint, KmsKeyId=protects)
    other_name = secret(endpoint, "alice", KmsKeyId=protects)
    default_key = secret(endpoint, "AmazonMSK_default")
    no_json = secret(endpoint, "AmazonMSK_text", value="secret words", KmsKeyId=protects)
    no_password = secret(endpoint, "AmazonMSK_u", value={"username": "u"}, KmsKeyId=protects)
    gone = f"{SECRETS}:AmazonMSK_gone-abcdef"
    without_suffix = good[:-7]
    elsewhere = gone.replace("us-east-1", "eu-west-1")
    others = gone.replace(ACCOUNT, "111111111111")
    assert associate(
        endpoint,
        cluster,
        *(other_name, default_key, no_json, no_password, gone, without_suffix, elsewhere, others),
        *(good, good),
    ) == {
        other_name: NOT_MSK_S,
        default_key: DEFAULT_KEY,
        no_json: NO_USER,
        no_password: NO_USER,
        gone: INACCESSIBLE,
        without_suffix: INACCESSIBLE,
        elsewhere: "The provided secret must be in the account and Region of the cluster.",
        others: "The provided secret must be in the account and Region of the cluster.",
        good: TWICE,
    }
    assert listed(endpoint, cluster) == [good]
    assert associate(endpoint, cluster, cluster) == {cluster: "The provided ARN is not a secret's."}


def test_a_name_or_password_that_cannot_be_sent_is_no_users(
    endpoint: Endpoint, cluster: str
) -> None:
    protects = key(endpoint)
    values = (
        {"username": "admin\0x", "password": "p"},
        {"username": "a\nb", "password": "p"},
        {"username": "", "password": "p"},
        {"username": "alice", "password": ""},
        {"username": "alice", "password": "\ud800"},
    )
    arns = [
        secret(endpoint, f"AmazonMSK_{number}", value=value, KmsKeyId=protects)
        for number, value in enumerate(values)
    ]
    assert associate(endpoint, cluster, *arns) == dict.fromkeys(arns, NO_USER)


def test_a_secret_that_is_refused_is_left_as_it_was(endpoint: Endpoint, cluster: str) -> None:
    protects = key(endpoint)
    arn = secret(endpoint, value="{}", KmsKeyId=protects)
    assert associate(endpoint, cluster, arn) == {arn: NO_USER}
    assert statements(endpoint, arn) == []
    assert endpoint.client("kms").list_grants(KeyId=protects)["Grants"] == []
    assert listed(endpoint, cluster) == []


def test_other_statements_of_a_secret_s_policy_stay(endpoint: Endpoint, cluster: str) -> None:
    arn = secret(endpoint, KmsKeyId=key(endpoint))
    reader = endpoint.user("reader").arn
    own = allow("secretsmanager:GetSecretValue", Principal={"AWS": reader})["Statement"][0]
    policy = json.dumps({"Version": "2012-10-17", "Id": "mine", "Statement": own})
    secrets = endpoint.client("secretsmanager")
    secrets.put_resource_policy(SecretId=arn, ResourcePolicy=policy)
    assert associate(endpoint, cluster, arn) == {}
    assert statements(endpoint, arn) == [own, msk_s(arn)]
    assert json.loads(secrets.get_resource_policy(SecretId=arn)["ResourcePolicy"])["Id"] == "mine"
    disassociate(endpoint, cluster, arn)
    assert statements(endpoint, arn) == [own]


def test_who_denies_msk_the_secret_keeps_it_out(endpoint: Endpoint, cluster: str) -> None:
    arn = secret(endpoint, KmsKeyId=key(endpoint))
    deny = {
        "Effect": "Deny",
        "Principal": {"Service": "kafka.amazonaws.com"},
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    secrets = endpoint.client("secretsmanager")
    secrets.put_resource_policy(SecretId=arn, ResourcePolicy=policy)
    assert associate(endpoint, cluster, arn) == {arn: INACCESSIBLE}
    assert statements(endpoint, arn) == [deny]


def test_the_grant_is_made_with_the_caller_s_permissions(endpoint: Endpoint, cluster: str) -> None:
    protects = key(endpoint)
    arn = secret(endpoint, KmsKeyId=protects)
    alice = endpoint.user("alice", policy=allow("kafka:*")).client("kafka")
    asked = {"ClusterArn": cluster, "SecretArnList": [arn]}
    told = unprocessed(alice.batch_associate_scram_secret(**asked))
    assert told == {arn: f"{INACCESSIBLE} {no_policy('kms:CreateGrant', protects)}"}
    assert statements(endpoint, arn) == []
    through_msk = {
        "Bool": {"kms:GrantIsForAWSResource": "true"},
        "StringEquals": {"kms:ViaService": "kafka.us-east-1.amazonaws.com"},
    }
    policy = json.loads(json.dumps(allow("kafka:*")))
    policy["Statement"] += allow("kms:CreateGrant", Condition=through_msk)["Statement"]
    bob = endpoint.user("bob", policy=policy).client("kafka")
    assert unprocessed(bob.batch_associate_scram_secret(**asked)) == {}


def test_a_key_may_be_named_by_its_alias(endpoint: Endpoint, cluster: str) -> None:
    protects = key(endpoint)
    endpoint.client("kms").create_alias(AliasName="alias/users", TargetKeyId=protects)
    arn = secret(endpoint, KmsKeyId="alias/users")
    assert associate(endpoint, cluster, arn) == {}
    assert len(endpoint.client("kms").list_grants(KeyId=protects)["Grants"]) == 1


def test_the_default_key_is_refused_by_any_name(endpoint: Endpoint, cluster: str) -> None:
    arn = secret(endpoint, KmsKeyId="alias/aws/secretsmanager")
    assert associate(endpoint, cluster, arn) == {arn: DEFAULT_KEY}


def test_one_user_is_in_one_secret_of_a_cluster(endpoint: Endpoint, cluster: str) -> None:
    protects = key(endpoint)
    same = {"username": "alice", "password": "other"}
    first = secret(endpoint, KmsKeyId=protects)
    second = secret(endpoint, "AmazonMSK_again", value=same, KmsKeyId=protects)
    told = "The cluster has a secret of the same username already."
    assert associate(endpoint, cluster, first, second) == {second: told}
    with endpoint.databases.state.write() as tx:
        scram_secrets.applied(tx, cluster.rpartition("/")[2], first, "alice", "v1")
    assert associate(endpoint, cluster, second) == {second: told}
    assert statements(endpoint, second) == []


def test_a_secret_associated_again_is_read_again(endpoint: Endpoint, cluster: str) -> None:
    protects, other = key(endpoint), key(endpoint)
    first = secret(endpoint, KmsKeyId=protects)
    second = secret(endpoint, "AmazonMSK_bob", KmsKeyId=protects)
    associate(endpoint, cluster, first, second)
    secrets = endpoint.client("secretsmanager")
    secrets.delete_resource_policy(SecretId=first)
    secrets.update_secret(SecretId=first, KmsKeyId=other)
    assert associate(endpoint, cluster, first) == {}
    assert statements(endpoint, first) == [msk_s(first)]
    assert listed(endpoint, cluster) == [first, second]
    kms = endpoint.client("kms")
    assert len(kms.list_grants(KeyId=protects)["Grants"]) == 1
    assert len(kms.list_grants(KeyId=other)["Grants"]) == 1


def disassociate(endpoint: Endpoint, cluster: str, *secrets: str) -> dict[str, str]:
    answer = endpoint.client("kafka").batch_disassociate_scram_secret(
        ClusterArn=cluster, SecretArnList=list(secrets)
    )
    return unprocessed(answer)


def test_a_disassociated_secret_is_closed_to_msk(endpoint: Endpoint, cluster: str) -> None:
    protects = key(endpoint)
    arn = secret(endpoint, KmsKeyId=protects)
    associate(endpoint, cluster, arn)
    nudged = endpoint.keepers.nudged
    assert disassociate(endpoint, cluster, arn) == {}
    assert endpoint.keepers.nudged == nudged + 1
    assert listed(endpoint, cluster) == []
    assert statements(endpoint, arn) == []
    assert endpoint.client("kms").list_grants(KeyId=protects)["Grants"] == []
    with endpoint.databases.state.read() as tx:
        (left,) = scram_secrets.wanted_of(tx, cluster.rpartition("/")[2])
    assert left.wanted == "removed"
    told = "The provided secret is not associated with the cluster."
    assert disassociate(endpoint, cluster, arn) == {arn: told}


def test_a_secret_of_two_clusters_stays_open_for_the_other(
    endpoint: Endpoint, cluster: str
) -> None:
    other = running(endpoint, "other", ClientAuthentication=SCRAM_ONLY)
    protects = key(endpoint)
    arn = secret(endpoint, KmsKeyId=protects)
    associate(endpoint, cluster, arn)
    associate(endpoint, other, arn)
    disassociate(endpoint, cluster, arn)
    assert statements(endpoint, arn) == [msk_s(arn)]
    (grant,) = endpoint.client("kms").list_grants(KeyId=protects)["Grants"]
    assert grant["Constraints"]["SourceArn"] == other
    endpoint.client("kafka").delete_cluster(ClusterArn=other)
    assert statements(endpoint, arn) == []
    assert endpoint.client("kms").list_grants(KeyId=protects)["Grants"] == []


def test_a_secret_that_is_gone_can_be_disassociated(endpoint: Endpoint, cluster: str) -> None:
    arn = secret(endpoint, KmsKeyId=key(endpoint))
    associate(endpoint, cluster, arn)
    endpoint.client("secretsmanager").delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    assert disassociate(endpoint, cluster, arn) == {}


def test_a_policy_that_names_somebody_gone_is_still_msk_s_to_change(
    endpoint: Endpoint, cluster: str
) -> None:
    arn, secrets = secret(endpoint, KmsKeyId=key(endpoint)), endpoint.client("secretsmanager")
    iam, trust = endpoint.client("iam"), allow("sts:AssumeRole")
    del trust["Statement"][0]["Resource"]
    trust["Statement"][0]["Principal"] = {"Service": "kafka.amazonaws.com"}
    bob = iam.create_user(UserName="bob")["User"]
    iam.create_role(RoleName="reader", AssumeRolePolicyDocument=json.dumps(trust))
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/now"
    policy = allow("secretsmanager:GetSecretValue")
    policy["Statement"][0]["Principal"] = {"AWS": [bob["Arn"], session]}
    secrets.put_resource_policy(SecretId=arn, ResourcePolicy=json.dumps(policy))
    iam.delete_user(UserName="bob")
    role_id = iam.get_role(RoleName="reader")["Role"]["RoleId"]
    iam.delete_role(RoleName="reader")
    assert associate(endpoint, cluster, arn) == {}
    others = [{**policy["Statement"][0], "Principal": {"AWS": [bob["UserId"], f"{role_id}:now"]}}]
    assert statements(endpoint, arn) == [*others, msk_s(arn)]
    assert disassociate(endpoint, cluster, arn) == {}
    assert statements(endpoint, arn) == others
    elsewhere = secret(endpoint, "AmazonMSK_eve", KmsKeyId=key(endpoint))
    again = json.dumps({"Version": "2012-10-17", "Statement": others})
    code, _ = refused(secrets.put_resource_policy, SecretId=elsewhere, ResourcePolicy=again)
    assert code == "MalformedPolicyDocumentException"


def test_the_role_is_made_again_when_it_is_needed(endpoint: Endpoint, cluster: str) -> None:
    iam, role = endpoint.client("iam"), "AWSServiceRoleForKafka"
    iam.delete_service_linked_role(RoleName=role)
    arn = secret(endpoint, KmsKeyId=key(endpoint))
    assert associate(endpoint, cluster, arn) == {}
    assert iam.get_role(RoleName=role)["Role"]["RoleName"] == role


def test_the_role_is_the_same_in_regions_of_another_partition(tmp_path: Path) -> None:
    with Endpoint(tmp_path / "state", region="cn-north-1") as endpoint:
        cluster = running(endpoint, ClientAuthentication=SCRAM_ONLY)
        arn = secret(endpoint, KmsKeyId=key(endpoint))
        assert arn.startswith("arn:aws-cn:secretsmanager:cn-north-1:")
        assert associate(endpoint, cluster, arn) == {}
        assert statements(endpoint, arn) == [msk_s(arn)]


def test_secrets_are_listed_a_page_at_a_time(endpoint: Endpoint, cluster: str) -> None:
    protects = key(endpoint)
    names = [f"AmazonMSK_{name}" for name in ("zoe", "bob", "eve")]
    arns = [secret(endpoint, name, KmsKeyId=protects) for name in names]
    associate(endpoint, cluster, *arns)
    paginator = endpoint.client("kafka").get_paginator("list_scram_secrets")
    pages = paginator.paginate(ClusterArn=cluster, PaginationConfig={"PageSize": 2})
    assert [page["SecretArnList"] for page in pages] == [arns[:2], arns[2:]]


def test_ten_secrets_at_a_time(endpoint: Endpoint, cluster: str) -> None:
    kafka = endpoint.client("kafka")
    many = [f"{SECRETS}:AmazonMSK_{number}-abcdef" for number in range(11)]
    for arns in (many, []):
        for call in (kafka.batch_associate_scram_secret, kafka.batch_disassociate_scram_secret):
            message = bad_request(call, ClusterArn=cluster, SecretArnList=arns)
            assert message == "Specify 1 to 10 secrets."


def test_a_cluster_has_scram_and_runs(endpoint: Endpoint) -> None:
    kafka, arn = endpoint.client("kafka"), created(endpoint, ClientAuthentication=SCRAM_ONLY)
    asked = {"ClusterArn": arn, "SecretArnList": [f"{SECRETS}:AmazonMSK_x-abcdef"]}
    assert bad_request(kafka.batch_associate_scram_secret, **asked) == (
        "You can't associate secrets with a cluster in CREATING state."
    )
    started(endpoint, arn)
    stated(endpoint, arn, "FAILED", "no")
    assert bad_request(kafka.batch_disassociate_scram_secret, **asked) == (
        "You can't disassociate secrets from a cluster in FAILED state."
    )
    asked["ClusterArn"] = running(endpoint, "open")
    assert bad_request(kafka.batch_associate_scram_secret, **asked) == (
        "SASL/SCRAM authentication is not turned on for the cluster."
    )


def test_a_cluster_deleted_meanwhile_gets_no_secret(endpoint: Endpoint, cluster: str) -> None:
    arn = secret(endpoint, KmsKeyId=key(endpoint))
    associate(endpoint, cluster, arn)
    with endpoint.databases.state.write() as tx:
        clusters.want_deleted(tx, cluster.rpartition("/")[2])
    assert (
        bad_request(
            endpoint.client("kafka").batch_associate_scram_secret,
            ClusterArn=cluster,
            SecretArnList=[arn],
        )
        == "You can't associate secrets with a cluster in DELETING state."
    )


def test_a_secret_that_is_spoiled_keeps_what_it_was_read_by(
    endpoint: Endpoint, cluster: str
) -> None:
    protects, other = key(endpoint), key(endpoint)
    arn = secret(endpoint, KmsKeyId=protects)
    associate(endpoint, cluster, arn)
    spoiled = {"SecretId": arn, "KmsKeyId": other, "SecretString": "{}"}
    endpoint.client("secretsmanager").update_secret(**spoiled)
    assert associate(endpoint, cluster, arn) == {arn: NO_USER}
    assert listed(endpoint, cluster) == [arn]
    assert statements(endpoint, arn) == [msk_s(arn)]
    assert len(endpoint.client("kms").list_grants(KeyId=protects)["Grants"]) == 1
    assert endpoint.client("kms").list_grants(KeyId=other)["Grants"] == []
