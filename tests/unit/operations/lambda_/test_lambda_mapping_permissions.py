"""Who may make and change mappings, and what the execution role must be allowed first (R4-R16)."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.operations.asserting import ALICE, allow, no_policy, refused
from tests.unit.operations.kafka.asserting import key
from tests.unit.operations.lambda_.asserting import ROLE, made
from tests.unit.operations.lambda_.mapping_asserting import (
    ELEVEN,
    FUNCTION,
    MAPPING,
    PLAINTEXT,
    SCRAM,
    UNKNOWN,
    cluster,
    created,
    distrust,
    function,
    on_msk,
    on_own,
    permit,
    secret,
    settled,
)

from sluicegate.testing import Endpoint

MANAGED = "arn:aws:iam::aws:policy/service-role/AWSLambdaMSKExecutionRole"
INVALID = "InvalidParameterValueException"
NOT_ASSUMED = "The role defined for the function cannot be assumed by Lambda."
NOT_READ = (
    "Cannot access secret manager value {}. Please ensure the role can perform the "
    "'secretsmanager:GetSecretValue' action on your broker in IAM."
)

# What is called of a mapping that is there, and the least a caller sends.
CALLS: dict[str, dict[str, Any]] = {
    "GetEventSourceMapping": {},
    "UpdateEventSourceMapping": {"BatchSize": 3},
    "DeleteEventSourceMapping": {},
}


def lacks(operation: str, service: str) -> tuple[str, str]:
    sentence = "The provided execution role does not have permissions to call {} on {}"
    return INVALID, sentence.format(operation, service)


def called(client: Any, operation: str) -> Callable[..., Any]:
    """A client's method for an operation."""
    methods = client.meta.method_to_api_mapping
    name = next(name for name, api in methods.items() if api == operation)
    method: Callable[..., Any] = getattr(client, name)
    return method


@pytest.mark.parametrize("operation", CALLS)
def test_each_call_on_a_mapping_needs_its_own_action_there(
    endpoint: Endpoint, operation: str
) -> None:
    function(endpoint, "*")
    mapping_id = created(endpoint, on_own())["UUID"]
    settled(endpoint)
    arn = f"{MAPPING}:{mapping_id}"
    others = [f"lambda:{name}" for name in CALLS if name != operation]
    alice = endpoint.user("alice", policy=allow(*others))
    call = called(alice.client("lambda"), operation)
    expected = ("AccessDeniedException", no_policy(f"lambda:{operation}", arn))
    assert refused(call, status=403, UUID=mapping_id, **CALLS[operation]) == expected
    # Who may not ask does not learn what is there.
    expected = ("AccessDeniedException", no_policy(f"lambda:{operation}", f"{MAPPING}:{UNKNOWN}"))
    assert refused(call, status=403, UUID=UNKNOWN, **CALLS[operation]) == expected

    policy = allow(f"lambda:{operation}", resource=arn)
    bob = endpoint.user("bob", policy=policy).client("lambda")
    called(bob, operation)(UUID=mapping_id, **CALLS[operation])


def test_creating_and_listing_have_no_resource(endpoint: Endpoint) -> None:
    function(endpoint, "*")
    alice = endpoint.user("alice", policy=allow("lambda:*", resource=f"{MAPPING}:*"))
    client = alice.client("lambda")
    for operation, params in (
        ("CreateEventSourceMapping", on_own()),
        ("ListEventSourceMappings", {}),
    ):
        expected = ("AccessDeniedException", no_policy(f"lambda:{operation}", "*"))
        assert refused(called(client, operation), status=403, **params) == expected
    actions = ("lambda:CreateEventSourceMapping", "lambda:ListEventSourceMappings")
    bob = endpoint.user("bob", policy=allow(*actions)).client("lambda")
    bob.create_event_source_mapping(**on_own())
    assert len(bob.list_event_source_mappings()["EventSourceMappings"]) == 1


def test_a_policy_may_name_the_function(endpoint: Endpoint) -> None:
    function(endpoint, "*")
    made(endpoint, "bills")
    condition = {"ArnEquals": {"lambda:FunctionArn": FUNCTION}}
    alice = endpoint.user("alice", policy=allow("lambda:*", Condition=condition)).client("lambda")
    mapping_id = alice.create_event_source_mapping(**on_own())["UUID"]
    settled(endpoint)
    denied = ("AccessDeniedException", no_policy("lambda:CreateEventSourceMapping", "*"))
    other = on_own(FunctionName="bills")
    assert refused(alice.create_event_source_mapping, status=403, **other) == denied
    # Neither may a mapping be turned to another function.
    action, arn = "lambda:UpdateEventSourceMapping", f"{MAPPING}:{mapping_id}"
    denied = ("AccessDeniedException", no_policy(action, arn))
    change = {"UUID": mapping_id, "FunctionName": "bills"}
    assert refused(alice.update_event_source_mapping, status=403, **change) == denied
    alice.update_event_source_mapping(UUID=mapping_id, BatchSize=2)


def test_who_is_denied_a_function_is_denied_its_versions_and_every_spelling(
    endpoint: Endpoint,
) -> None:
    function(endpoint, "*")
    mapping_id = created(endpoint, on_own(FunctionName="orders:$LATEST"))["UUID"]
    settled(endpoint)
    allowed = {"Effect": "Allow", "Action": "lambda:*", "Resource": "*"}
    condition = {"ArnEquals": {"lambda:FunctionArn": FUNCTION}}
    of_function = {**allowed, "Effect": "Deny", "Condition": condition}
    of_mapping = {**allowed, "Effect": "Deny", "Resource": f"{MAPPING}:{mapping_id}"}
    for name, denied in (("alice", of_function), ("bob", of_mapping)):
        policy = {"Version": "2012-10-17", "Statement": [allowed, denied]}
        client = endpoint.user(name, policy=policy).client("lambda")
        code, message = refused(client.get_event_source_mapping, status=403, UUID=mapping_id)
        assert code == "AccessDeniedException" and "with an explicit deny" in message
        other = mapping_id.upper()
        assert refused(client.get_event_source_mapping, status=404, UUID=other)[0] == (
            "ResourceNotFoundException"
        )
        if denied is of_function:
            request = on_own("x:1000", FunctionName="orders:$LATEST")
            assert refused(client.create_event_source_mapping, status=403, **request)[0] == code


def test_tags_decide_and_are_asked_for(endpoint: Endpoint) -> None:
    function(endpoint, "*")
    theirs = created(endpoint, on_own(Tags={"team": "b"}))["UUID"]
    own = created(endpoint, on_own("other:1000", Tags={"team": "a"}))
    condition = {"StringEquals": {"aws:ResourceTag/team": "a"}}
    policy = allow("lambda:*", Condition=condition)
    alice = endpoint.user("alice", policy=policy).client("lambda")
    alice.get_event_source_mapping(UUID=own["UUID"])
    alice.tag_resource(Resource=own["EventSourceMappingArn"], Tags={"stage": "test"})
    for operation, params in (
        ("GetEventSourceMapping", {"UUID": theirs}),
        ("TagResource", {"Resource": f"{MAPPING}:{theirs}", "Tags": {"a": "b"}}),
        ("UntagResource", {"Resource": f"{MAPPING}:{theirs}", "TagKeys": ["a"]}),
        ("ListTags", {"Resource": f"{MAPPING}:{theirs}"}),
    ):
        denied = no_policy(f"lambda:{operation}", f"{MAPPING}:{theirs}")
        expected = ("AccessDeniedException", denied)
        assert refused(called(alice, operation), status=403, **params) == expected

    policy = allow("lambda:CreateEventSourceMapping")
    bob = endpoint.user("bob", policy=policy)
    request = on_own("third:1000", Tags={"team": "a"})
    denied = no_policy("lambda:TagResource", f"{MAPPING}:*", bob.arn)
    call = bob.client("lambda").create_event_source_mapping
    assert refused(call, status=403, **request) == ("AccessDeniedException", denied)


def test_the_creators_permissions_are_not_the_roles(endpoint: Endpoint) -> None:
    function(endpoint, *ELEVEN)
    alice = endpoint.user("alice", policy=allow("lambda:CreateEventSourceMapping"))
    assert alice.arn == ALICE
    alice.client("lambda").create_event_source_mapping(**on_msk(cluster(endpoint)))


@pytest.mark.parametrize("encryption", [{}, {"EncryptionInfo": PLAINTEXT}], ids=["TLS", "both"])
def test_either_grant_is_enough_for_a_cluster_anybody_may_read(
    endpoint: Endpoint, encryption: dict[str, Any]
) -> None:
    function(endpoint, *ELEVEN)
    arn = cluster(endpoint, **encryption)
    created(endpoint, on_msk(arn))
    iam = endpoint.client("iam")
    iam.delete_role_policy(RoleName="worker", PolicyName="given")
    expected = lacks("DescribeCluster", "MSK")
    operation = endpoint.client("lambda").create_event_source_mapping
    other = on_msk(arn, Topics=["other"])
    assert refused(operation, **other) == expected
    iam.attach_role_policy(RoleName="worker", PolicyArn=MANAGED)
    created(endpoint, other)


# R14-R16 are the log's: no mapping is refused for them, and no interface is deleted at its start.
REFUSED = {
    "kafka:DescribeCluster": "MSK",
    "kafka:GetBootstrapBrokers": "MSK",
    "ec2:CreateNetworkInterface": "EC2",
    "ec2:DescribeNetworkInterfaces": "EC2",
    "ec2:DescribeVpcs": "EC2",
    "ec2:DescribeSubnets": "EC2",
    "ec2:DescribeSecurityGroups": "EC2",
}


@pytest.mark.parametrize("missing", ELEVEN)
def test_each_of_the_eleven_taken_away_alone(endpoint: Endpoint, missing: str) -> None:
    function(endpoint, *(action for action in ELEVEN if action != missing))
    request = on_msk(cluster(endpoint))
    if missing not in REFUSED:
        created(endpoint, request)
        return
    client = endpoint.client("lambda")
    expected = lacks(missing.partition(":")[2], REFUSED[missing])
    assert refused(client.create_event_source_mapping, **request) == expected
    assert client.list_event_source_mappings()["EventSourceMappings"] == []
    permit(endpoint, *ELEVEN)
    created(endpoint, request)
    # What was asked for is not made before the mapping starts.
    assert endpoint.client("ec2").describe_network_interfaces()["NetworkInterfaces"] == []


def test_either_way_to_describe_a_cluster_will_do(endpoint: Endpoint) -> None:
    newer = ["kafka:DescribeClusterV2" if "Describe" in each else each for each in ELEVEN[:1]]
    function(endpoint, *newer, *ELEVEN[1:])
    created(endpoint, on_msk(cluster(endpoint)))


def test_an_interface_is_judged_on_interface_subnet_and_group(endpoint: Endpoint) -> None:
    function(endpoint, *ELEVEN)
    arn = cluster(endpoint)
    operation = endpoint.client("lambda").create_event_source_mapping
    for kind in ("network-interface", "subnet", "security-group"):
        statements: list[dict[str, Any]] = [
            {"Effect": "Allow", "Action": list(ELEVEN), "Resource": "*"},
            {
                "Effect": "Deny",
                "Action": "ec2:CreateNetworkInterface",
                "Resource": f"arn:aws:ec2:*:*:{kind}/*",
            },
        ]
        put(endpoint, statements)
        expected = lacks("CreateNetworkInterface", "EC2")
        assert refused(operation, **on_msk(arn)) == expected


def put(endpoint: Endpoint, statements: list[dict[str, Any]]) -> None:
    """Give the role of `orders` a policy of these statements."""
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam = endpoint.client("iam")
    iam.put_role_policy(RoleName="worker", PolicyName="given", PolicyDocument=document)


def test_a_role_that_does_not_trust_lambda(endpoint: Endpoint) -> None:
    function(endpoint, "*")
    distrust(endpoint)
    operation = endpoint.client("lambda").create_event_source_mapping
    for request in (on_msk(cluster(endpoint)), on_own()):
        assert refused(operation, **request) == (INVALID, NOT_ASSUMED)


def test_a_role_that_is_gone(endpoint: Endpoint) -> None:
    function(endpoint)
    endpoint.client("iam").delete_role(RoleName=ROLE.rpartition("/")[2])
    operation = endpoint.client("lambda").create_event_source_mapping
    assert refused(operation, **on_own()) == (INVALID, NOT_ASSUMED)


def test_the_eleven_do_not_read_secrets(endpoint: Endpoint) -> None:
    function(endpoint, *ELEVEN)
    kms_key = key(endpoint)
    made_now = endpoint.client("secretsmanager").create_secret(
        Name="AmazonMSK_alice",
        SecretString='{"username":"alice","password":"alice-secret"}',
        KmsKeyId=kms_key,
    )
    arn = str(made_now["ARN"])
    user = [{"Type": "SASL_SCRAM_512_AUTH", "URI": arn}]
    request = on_msk(cluster(endpoint, **SCRAM), SourceAccessConfigurations=user)
    operation = endpoint.client("lambda").create_event_source_mapping
    not_read = (INVALID, NOT_READ.format(arn))
    assert refused(operation, **request) == not_read
    permit(endpoint, *ELEVEN, "secretsmanager:GetSecretValue")
    # Its key is the customer's: reading it is not enough.
    assert refused(operation, **request) == not_read
    permit(endpoint, *ELEVEN, "secretsmanager:GetSecretValue", "kms:Decrypt")
    created(endpoint, request)


def test_a_secret_that_is_gone_is_as_unreadable(endpoint: Endpoint) -> None:
    function(endpoint, "secretsmanager:GetSecretValue")
    arn = secret(endpoint)
    endpoint.client("secretsmanager").delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    user = [{"Type": "BASIC_AUTH", "URI": arn}]
    operation = endpoint.client("lambda").create_event_source_mapping
    request = on_own(SourceAccessConfigurations=user)
    assert refused(operation, **request) == (INVALID, NOT_READ.format(arn))


def test_ones_own_kafka_asks_for_no_more_than_it_needs(endpoint: Endpoint) -> None:
    function(endpoint)
    created(endpoint, on_own())
    ec2 = endpoint.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]
    group = ec2.describe_security_groups()["SecurityGroups"][0]
    network = [
        {"Type": "VPC_SUBNET", "URI": f"subnet:{subnet['SubnetId']}"},
        {"Type": "VPC_SECURITY_GROUP", "URI": f"security_group:{group['GroupId']}"},
    ]
    request = on_own("other:1000", SourceAccessConfigurations=network)
    operation = endpoint.client("lambda").create_event_source_mapping
    assert refused(operation, **request) == lacks("DescribeVpcs", "EC2")
    permit(endpoint, *ELEVEN)
    created(endpoint, request)
    network[0]["URI"] = "subnet:subnet-00000000000000000"
    assert refused(operation, **on_own("third:1000", SourceAccessConfigurations=network)) == (
        INVALID,
        "Error occurred while DescribeSubnets. EC2 Error Code: InvalidSubnetID.NotFound. EC2 "
        "Error Message: The subnet ID 'subnet-00000000000000000' does not exist",
    )


def test_a_closed_port_is_no_matter_of_permissions(endpoint: Endpoint) -> None:
    function(endpoint, *ELEVEN)
    arn = cluster(endpoint)
    ec2 = endpoint.client("ec2")
    group = ec2.describe_security_groups()["SecurityGroups"][0]
    ec2.revoke_security_group_ingress(
        GroupId=group["GroupId"], IpPermissions=group["IpPermissions"]
    )
    created(endpoint, on_msk(arn))


def test_an_update_asks_a_role_that_has_not_been_asked(endpoint: Endpoint) -> None:
    function(endpoint, *ELEVEN)
    mapping_id = created(endpoint, on_msk(cluster(endpoint)))["UUID"]
    settled(endpoint)
    permit(endpoint, "logs:PutLogEvents")
    update = endpoint.client("lambda").update_event_source_mapping
    change = {"UUID": mapping_id, "FunctionName": "orders:$LATEST"}
    assert refused(update, **change) == lacks("DescribeCluster", "MSK")
    # What changes nothing about it is not held up by its role.
    update(UUID=mapping_id, BatchSize=3)


def test_the_roles_calls_come_from_no_client_and_no_code(endpoint: Endpoint) -> None:
    function(endpoint)
    statements: list[dict[str, Any]] = [
        {"Effect": "Allow", "Action": list(ELEVEN), "Resource": "*"},
        {
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": {"Null": {"aws:SourceIp": "false"}},
        },
        {
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": {"Null": {"lambda:SourceFunctionArn": "false"}},
        },
    ]
    put(endpoint, statements)
    created(endpoint, on_msk(cluster(endpoint)))
