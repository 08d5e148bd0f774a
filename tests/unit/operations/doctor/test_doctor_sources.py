"""An examined trigger's source: its secret as MSK has it, its brokers' answers, and its network."""

import json
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from tests.unit.api.watched import asked
from tests.unit.operations.asserting import allow
from tests.unit.operations.doctor.diagnosing import READING, Diagnosis, Trigger
from tests.unit.operations.kafka.asserting import key
from tests.unit.operations.lambda_.mapping_asserting import (
    ELEVEN,
    SCRAM,
    cluster,
    created,
    function,
    on_msk,
    on_own,
    permit,
)

from sluicegate.kafka import (
    NotAuthenticated,
    NotAuthorized,
    NotTrusted,
    Probed,
    Sasl,
    TopicMissing,
    Trouble,
    Unknown,
    Unreachable,
)
from sluicegate.store import mapping_progress, scram_secrets
from sluicegate.store.mapping_progress import Progress
from sluicegate.testing import Endpoint

READ = frozenset({"READ", "DESCRIBE"})
NONE: frozenset[str] = frozenset()


def applied(trigger: Trigger, username: str = "alice") -> None:
    """Say what the keeper says when Kafka has the user of the secret."""
    cluster_id = trigger.cluster.rpartition("/")[2]
    with trigger.endpoint.databases.state.write() as tx:
        scram_secrets.applied(tx, cluster_id, trigger.secret, username, "v1")


def failed(trigger: Trigger, error: str) -> None:
    """Say what the keeper says when MSK may not read the secret any more."""
    cluster_id = trigger.cluster.rpartition("/")[2]
    with trigger.endpoint.databases.state.write() as tx:
        scram_secrets.failed(tx, cluster_id, trigger.secret, error)


def test_a_secret_the_cluster_has_is_well(endpoint: Endpoint) -> None:
    trigger = Trigger(endpoint, has_login=True)
    trigger.associate()
    applied(trigger)
    found = trigger.examined()
    assert found.wrong == []
    assert found.what("users") == "the cluster has user alice of this secret"
    assert endpoint.brokers.asked is not None
    brokers, group, topic = endpoint.brokers.asked
    assert (group, topic) == (trigger.id, "orders")
    assert isinstance(brokers.credentials, Sasl) and brokers.credentials.username == "alice"
    assert found.what("brokers") == "127.0.1.1:9096: SCRAM-SHA-512, as the mapping names a secret"
    assert b"alice-secret" not in json.dumps(found.document).encode()


def test_who_took_a_secret_away_is_named(endpoint: Endpoint) -> None:
    trigger = Trigger(endpoint, has_login=True)
    found = trigger.examined()
    assert found.wrong == ["users"] and "is not associated" in found.what("users")
    assert "disassociated last" not in found.what("users")
    trigger.associate()
    policy = allow("kafka:BatchDisassociateScramSecret")
    terraform = endpoint.user("terraform", policy=policy)
    terraform.client("kafka").batch_disassociate_scram_secret(
        ClusterArn=trigger.cluster, SecretArnList=[trigger.secret]
    )
    # One that was refused has taken nothing away.
    nobody = endpoint.user("nobody").client("kafka")
    with pytest.raises(Exception, match="not authorized"):
        nobody.batch_disassociate_scram_secret(
            ClusterArn=trigger.cluster, SecretArnList=[trigger.secret]
        )
    found = trigger.examined()
    assert found.wrong == ["users"]
    assert f"disassociated last by {terraform.arn} at " in found.what("users")
    assert found.check("users")["next"].startswith(
        f"aws kafka batch-associate-scram-secret --cluster-arn {trigger.cluster}"
    )


@pytest.mark.parametrize(
    ("name", "has_key", "said"),
    [
        ("alice", True, "its name does not begin with AmazonMSK_"),
        ("AmazonMSK_bob", False, "it is encrypted with the default key"),
    ],
)
def test_why_msk_takes_a_secret_for_nobodys_is_told(
    endpoint: Endpoint, name: str, has_key: bool, said: str
) -> None:
    function(endpoint, *ELEVEN, *READING)
    scram = cluster(endpoint, **SCRAM)
    how = {"KmsKeyId": key(endpoint)} if has_key else {}
    secret = endpoint.client("secretsmanager").create_secret(
        Name=name, SecretString='{"username": "alice", "password": "a"}', **how
    )["ARN"]
    access = [{"Type": "SASL_SCRAM_512_AUTH", "URI": secret}]
    request = on_msk(scram, SourceAccessConfigurations=access)
    mapping_id = created(endpoint, request)["UUID"]
    answer = asked(endpoint, f"/sluicegate/diagnosis?mapping={mapping_id}")
    found = Diagnosis(json.loads(answer.body))
    assert found.wrong == ["users"] and said in found.what("users")


def test_a_policy_of_the_secret_that_msk_does_not_find_its_statement_in_is_told(
    endpoint: Endpoint,
) -> None:
    trigger = Trigger(endpoint, has_login=True)
    trigger.associate()
    applied(trigger)
    endpoint.client("secretsmanager").delete_resource_policy(SecretId=trigger.secret)
    found = trigger.examined()
    assert found.wrong == ["users"]
    assert "AWSKafkaResourcePolicy no more" in found.what("users")
    assert "batch-associate-scram-secret" in found.check("users")["next"]


def test_a_key_that_was_changed_after_the_association_is_told(endpoint: Endpoint) -> None:
    trigger = Trigger(endpoint, has_login=True)
    trigger.associate()
    applied(trigger)
    other = key(endpoint)
    endpoint.client("secretsmanager").update_secret(SecretId=trigger.secret, KmsKeyId=other)
    failed(trigger, "AccessDeniedException: Access to KMS is not allowed")
    found = trigger.examined()
    assert found.wrong == ["users"]
    assert "Access to KMS is not allowed" in found.what("users")
    assert f"its key is {other} by now, and MSK's grant is on {trigger.key}" in found.what("users")


def test_a_user_that_stays_after_the_secret_was_given_another_is_told(endpoint: Endpoint) -> None:
    trigger = Trigger(endpoint, has_login=True)
    trigger.associate()
    applied(trigger, "anna")
    applied(trigger)
    found = trigger.examined()
    assert found.verdicts["users"] == "warning"
    assert "who logs in as anna goes on" in found.what("users")
    assert "batch-disassociate-scram-secret" in found.check("users")["next"]


def test_secret_and_key_are_told_apart(endpoint: Endpoint) -> None:
    trigger = Trigger(endpoint, has_login=True)
    trigger.associate()
    applied(trigger)
    permit(endpoint, *ELEVEN, "secretsmanager:GetSecretValue")
    found = trigger.examined()
    assert found.wrong == ["secret"]
    (denied,) = found.denied("secret")
    assert (denied["action"], denied["resource"]) == ("kms:Decrypt", trigger.key)
    # The key's own policy is another thing to correct than the role's.
    nobody = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
                "Action": ["kms:PutKeyPolicy", "kms:DescribeKey"],
                "Resource": "*",
            }
        ],
    }
    permit(endpoint, *ELEVEN, *READING)
    endpoint.client("kms").put_key_policy(
        KeyId=trigger.key, PolicyName="default", Policy=json.dumps(nobody)
    )
    found = trigger.examined()
    assert "secret" in found.wrong
    (denied,) = found.denied("secret")
    assert denied["action"] == "kms:Decrypt" and denied["add_to"] == "the policy of the resource"
    assert found.document["statements"] == []


def test_a_secret_that_holds_something_else_is_told(endpoint: Endpoint) -> None:
    trigger = Trigger(endpoint, has_login=True)
    trigger.associate()
    applied(trigger)
    endpoint.client("secretsmanager").put_secret_value(SecretId=trigger.secret, SecretString="{}")
    found = trigger.examined()
    assert found.wrong == ["secret"] and "does not hold what SASL_SCRAM_512" in found.what("secret")
    assert found.verdicts["brokers"] == "not reached"


TROUBLES: list[tuple[Trouble, list[str], str]] = [
    (NotAuthenticated(-169, "invalid credentials"), ["login"], "refuse User:alice"),
    (NotTrusted(-181, "self-signed"), ["brokers"], "certificate is not trusted"),
    (Unreachable(-195, "Connection refused"), ["brokers"], "Connection refused"),
]


@pytest.mark.parametrize(("trouble", "wrong", "said"), TROUBLES)
def test_what_keeps_from_the_brokers_is_told(
    endpoint: Endpoint, trouble: Trouble, wrong: list[str], said: str
) -> None:
    trigger = Trigger(endpoint, has_login=True)
    trigger.associate()
    applied(trigger)
    endpoint.brokers.answer = trouble
    found = trigger.examined()
    assert found.wrong == wrong and said in found.what(wrong[0])
    assert found.verdicts["topic"] == found.verdicts["group"] == "not reached"


def test_a_user_without_acls_is_told_that_it_needs_acls_and_not_policies(
    endpoint: Endpoint,
) -> None:
    trigger = Trigger(endpoint, has_login=True)
    trigger.associate()
    applied(trigger)
    endpoint.brokers.answer = Probed(NONE, NotAuthorized(29, "Topic authorization failed"), READ)
    found = trigger.examined()
    assert found.wrong == ["topic"]
    assert "do not let User:alice DESCRIBE or READ topic orders" in found.what("topic")
    assert "IAM policies do not count" in found.what("topic")
    # Nor may it add one: somebody has to, if anybody can.
    assert "allow.everyone.if.no.acl.found" in found.what("topic")
    assert "--allow-principal 'User:alice'" in found.check("topic")["next"]

    may_add = frozenset({"ALTER"})
    endpoint.brokers.answer = Probed(may_add, READ, frozenset({"DESCRIBE"}))
    found = trigger.examined()
    assert found.wrong == ["group"]
    assert f"do not let User:alice READ group {trigger.id}" in found.what("group")
    assert "allow.everyone.if.no.acl.found" not in found.what("group")


def test_a_topic_that_is_not_there_is_told(endpoint: Endpoint) -> None:
    trigger = Trigger(endpoint)
    endpoint.brokers.answer = Probed(READ, TopicMissing(3, "unknown topic"), READ)
    found = trigger.examined()
    assert found.wrong == ["topic"] and "orders is not there" in found.what("topic")


def test_a_port_that_the_group_closes_is_told(endpoint: Endpoint) -> None:
    trigger = Trigger(endpoint)
    ec2 = endpoint.client("ec2")
    (group,) = ec2.describe_security_groups(
        Filters=[{"Name": "group-name", "Values": ["default"]}]
    )["SecurityGroups"]
    ec2.revoke_security_group_ingress(
        GroupId=group["GroupId"], IpPermissions=group["IpPermissions"]
    )
    found = trigger.examined()
    assert found.wrong == ["network"] and "port 9094" in found.what("network")
    assert "authorize-security-group-ingress" in found.check("network")["next"]


def test_a_cluster_that_is_gone_or_not_there_yet_is_told(endpoint: Endpoint) -> None:
    trigger = Trigger(endpoint)
    endpoint.client("kafka").delete_cluster(ClusterArn=trigger.cluster)
    found = trigger.examined()
    assert found.wrong == ["cluster"] and "is DELETING" in found.what("cluster")


def test_a_function_that_may_take_too_long_is_told(endpoint: Endpoint) -> None:
    trigger = Trigger(endpoint)
    endpoint.client("lambda").update_function_configuration(FunctionName="orders", Timeout=900)
    found = trigger.examined()
    assert found.wrong == ["function"] and "900 s" in found.what("function")


def test_a_function_that_is_switched_off_is_told(endpoint: Endpoint) -> None:
    trigger = Trigger(endpoint)
    endpoint.client("lambda").put_function_concurrency(
        FunctionName="orders", ReservedConcurrentExecutions=0
    )
    found = trigger.examined()
    assert found.wrong == ["function"] and "reserved concurrency is 0" in found.what("function")


def test_a_batch_that_fails_again_and_again_is_told(endpoint: Endpoint) -> None:
    trigger = Trigger(endpoint)
    note = Progress(
        trigger.id, 3, "worker", endpoint.clock.now_ms(), retry=7, last_result="KeyError: 'id'"
    )
    with endpoint.databases.state.write() as tx:
        mapping_progress.note_progress(tx, [note])
    found = trigger.examined()
    assert found.wrong == ["partition"]
    assert found.what("partition") == ("3 is held up by retry 7 of what comes next: KeyError: 'id'")
    assert found.check("partition")["next"] == "aws logs tail /aws/lambda/orders --since 10m"


def test_filter_criteria_that_lambda_may_not_decrypt_are_told(endpoint: Endpoint) -> None:
    of_filters = key(endpoint)
    kms = endpoint.client("kms")
    policy = json.loads(kms.get_key_policy(KeyId=of_filters, PolicyName="default")["Policy"])
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.us-east-1.amazonaws.com"},
        "Action": "kms:Decrypt",
        "Resource": "*",
    }
    policy["Statement"].append(statement)
    kms.put_key_policy(KeyId=of_filters, PolicyName="default", Policy=json.dumps(policy))
    filters = {"Filters": [{"Pattern": '{"value": {"kind": ["order"]}}'}]}
    trigger = Trigger(endpoint, request={"FilterCriteria": filters, "KMSKeyArn": of_filters})
    found = trigger.examined()
    assert found.wrong == [] and found.verdicts["filters"] == "ok"
    policy["Statement"].pop()
    kms.put_key_policy(KeyId=of_filters, PolicyName="default", Policy=json.dumps(policy))
    found = trigger.examined()
    assert found.wrong == ["filters"]
    (denied,) = found.denied("filters")
    assert denied["add"]["Principal"] == {"Service": "lambda.us-east-1.amazonaws.com"}
    assert denied["add_to"] == "the policy of the resource"


def test_brokers_that_do_not_say_what_is_allowed_are_believed(endpoint: Endpoint) -> None:
    trigger = Trigger(endpoint)
    endpoint.brokers.answer = Probed(READ, READ, Unknown(69, "the group id does not exist"))
    found = trigger.examined()
    assert found.wrong == [] and found.verdicts["group"] == "note"
    assert "the group id does not exist" in found.what("group")


def of_account(endpoint: Endpoint) -> Any:
    answer = asked(endpoint, "/sluicegate/diagnosis")
    assert answer.status == 200, answer.body
    return json.loads(answer.body)["checks"]


def test_interfaces_that_a_mapping_left_behind_are_told_of(endpoint: Endpoint) -> None:
    trigger = Trigger(endpoint)
    ec2 = endpoint.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    gone = "0f0e0d0c-1111-2222-3333-444455556666"
    made = {
        each: ec2.create_network_interface(
            SubnetId=subnet, Description=f"AWS Lambda VPC ENI-orders-{each}"
        )["NetworkInterface"]["NetworkInterfaceId"]
        for each in (trigger.id, gone)
    }
    (check,) = of_account(endpoint)
    assert check["verdict"] == "warning" and made[gone] in check["what"]
    assert check["next"] == (
        f"aws ec2 delete-network-interface --network-interface-id {made[gone]}"
    )
    ec2.delete_network_interface(NetworkInterfaceId=made[gone])
    (check,) = of_account(endpoint)
    assert check["verdict"] == "ok"


def test_a_mapping_of_somebody_elses_brokers_needs_no_cluster(endpoint: Endpoint) -> None:
    function(endpoint, *ELEVEN)
    mapping_id = created(endpoint, on_own())["UUID"]
    answer = asked(endpoint, f"/sluicegate/diagnosis?mapping={mapping_id}")
    found = Diagnosis(json.loads(answer.body))
    assert found.wrong == []
    expected = ["trust", "brokers", "login", "topic", "group", "function", "logs"]
    assert list(found.verdicts) == expected


def test_a_mapping_that_is_not_there_or_somebody_elses_is_not_found(endpoint: Endpoint) -> None:
    gone = "0f0e0d0c-1111-2222-3333-444455556666"
    answer = asked(endpoint, f"/sluicegate/diagnosis?mapping={gone}")
    assert answer.status == 404 and gone.encode() in answer.body
    assert asked(endpoint, "/sluicegate/diagnosis?mapping=orders").status == 400


def planned(endpoint: Endpoint, **given: str) -> Any:
    """The answer about a mapping that nobody has made yet."""
    return asked(endpoint, f"/sluicegate/diagnosis?{urlencode(given)}")


def test_a_mapping_to_come_is_examined_before_it_is_refused(endpoint: Endpoint) -> None:
    function(endpoint, "sts:GetCallerIdentity")
    scram = cluster(endpoint, **SCRAM)
    secret = endpoint.client("secretsmanager").create_secret(
        Name="AmazonMSK_alice",
        KmsKeyId=key(endpoint),
        SecretString='{"username": "alice", "password": "a"}',
    )["ARN"]
    given = {"function": "orders", "source": scram, "topic": "orders", "secret": secret}
    found = Diagnosis(json.loads(planned(endpoint, **given).body))
    assert found.wrong == ["cluster", "network", "secret", "users", "logs", "interfaces"]
    assert (found.document["mapping"], found.document["state"]) == ("", "")
    added = {"Version": "2012-10-17", "Statement": found.document["statements"]}
    endpoint.client("iam").put_role_policy(
        RoleName="worker", PolicyName="given", PolicyDocument=json.dumps(added)
    )
    endpoint.client("kafka").batch_associate_scram_secret(ClusterArn=scram, SecretArnList=[secret])
    found = Diagnosis(json.loads(planned(endpoint, **given, group="billing").body))
    assert found.wrong == ["users"] and "has not made the user" in found.what("users")
    with endpoint.databases.state.write() as tx:
        scram_secrets.applied(tx, scram.rpartition("/")[2], secret, "alice", "v1")
    found = Diagnosis(json.loads(planned(endpoint, **given, group="billing").body))
    assert found.wrong == []
    assert endpoint.brokers.asked is not None and endpoint.brokers.asked[1] == "billing"
    # What it found is what makes the mapping, at the first attempt; nothing was made before.
    client = endpoint.client("lambda")
    assert client.list_event_source_mappings()["EventSourceMappings"] == []
    access = [{"Type": "SASL_SCRAM_512_AUTH", "URI": secret}]
    created(endpoint, on_msk(scram, SourceAccessConfigurations=access))


def test_who_might_not_make_a_mapping_may_not_have_it_connected_to_either(
    endpoint: Endpoint,
) -> None:
    function(endpoint, *ELEVEN)
    given = {"function": "orders", "source": "kafka:9092", "topic": "orders"}
    path = f"/sluicegate/diagnosis?{urlencode(given)}"
    alice = endpoint.user("alice", policy=allow("sluicegate:GetDiagnosis"))
    answer = asked(endpoint, path, alice.credentials)
    assert answer.status == 403 and b"lambda:CreateEventSourceMapping" in answer.body
    assert endpoint.brokers.asked is None
    both = allow("sluicegate:GetDiagnosis", "lambda:CreateEventSourceMapping")
    bob = endpoint.user("bob", policy=both)
    assert asked(endpoint, path, bob.credentials).status == 200


def test_a_mapping_to_come_must_be_one_that_can_be(endpoint: Endpoint) -> None:
    function(endpoint, *ELEVEN)
    answer = planned(endpoint, function="orders", source="kafka:9092")
    assert answer.status == 400 and b"needs topic too" in answer.body
    whole = {"source": "kafka:9092", "topic": "orders"}
    answer = planned(endpoint, function="bills", **whole)
    assert answer.status == 404 and b"function:bills" in answer.body
    answer = planned(endpoint, function="orders", mapping=str(UUID(int=1)), **whole)
    assert answer.status == 400 and b"leave the other parameters out" in answer.body
    found = Diagnosis(json.loads(planned(endpoint, function="orders", **whole).body))
    assert found.wrong == [] and found.document["source"] == "kafka:9092"
