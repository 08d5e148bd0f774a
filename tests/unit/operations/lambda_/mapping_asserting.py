"""Mappings to test with: their function, role, cluster and secrets, and a keeper played by hand."""

import json
from typing import Any

from tests.unit.operations.asserting import allow
from tests.unit.operations.kafka.asserting import running
from tests.unit.operations.lambda_.asserting import ROLE, made, role

from sluicegate.store import mappings
from sluicegate.testing import Endpoint

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:orders"
MAPPING = "arn:aws:lambda:us-east-1:000000000000:event-source-mapping"
UNKNOWN = "0f0e0d0c-1111-2222-3333-444455556666"

ELEVEN = (
    "kafka:DescribeCluster",
    "kafka:GetBootstrapBrokers",
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeVpcs",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeSubnets",
    "ec2:DescribeSecurityGroups",
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
)
"""What the page of AWS's guide names, R6 to R16."""

PLAINTEXT = {"EncryptionInTransit": {"ClientBroker": "TLS_PLAINTEXT"}}
OPEN = {"ClientAuthentication": {"Unauthenticated": {"Enabled": True}}}
SCRAM = {"ClientAuthentication": {"Sasl": {"Scram": {"Enabled": True}}}}


def function(endpoint: Endpoint, *actions: str, **params: Any) -> None:
    """The function `orders`, whose role may do `actions`."""
    role(endpoint, "worker", *actions)
    made(endpoint, **params)


def permit(endpoint: Endpoint, *actions: str) -> None:
    """Let the role of `orders` do `actions`, and nothing else."""
    document = json.dumps(allow(*actions) if actions else allow("none:None"))
    iam = endpoint.client("iam")
    iam.put_role_policy(RoleName="worker", PolicyName="given", PolicyDocument=document)


def distrust(endpoint: Endpoint) -> None:
    """Let Lambda no longer assume the role of `orders`."""
    nobody = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Action": "sts:AssumeRole",
        },
    }
    document = json.dumps(nobody)
    iam = endpoint.client("iam")
    iam.update_assume_role_policy(RoleName=ROLE.rpartition("/")[2], PolicyDocument=document)


def cluster(endpoint: Endpoint, **more: Any) -> str:
    """The ARN of a cluster that runs, and that nobody has to log in to."""
    return running(endpoint, **(OPEN | more))


def on_msk(arn: str, **more: Any) -> dict[str, Any]:
    """The least request for a mapping of `orders` on a cluster."""
    return {"FunctionName": "orders", "EventSourceArn": arn, "Topics": ["orders"], **more}


def on_own(*servers: str, **more: Any) -> dict[str, Any]:
    """The least request for a mapping of `orders` on somebody's own brokers."""
    endpoints = {"KAFKA_BOOTSTRAP_SERVERS": list(servers or ("kafka:1000",))}
    return {
        "FunctionName": "orders",
        "SelfManagedEventSource": {"Endpoints": endpoints},
        "Topics": ["orders"],
        "SourceAccessConfigurations": [],
    } | more


def created(endpoint: Endpoint, request: dict[str, Any]) -> dict[str, Any]:
    """What CreateEventSourceMapping answers root."""
    answer: dict[str, Any] = endpoint.client("lambda").create_event_source_mapping(**request)
    assert answer.pop("ResponseMetadata")["HTTPStatusCode"] == 202
    return answer


def settled(endpoint: Endpoint) -> None:
    """Do what the keeper does when everything that is wanted has come true."""
    with endpoint.databases.state.write() as tx:
        for mapping in mappings.all_of(tx):
            if mapping.wanted == mappings.DELETED:
                mappings.remove(tx, mapping.id)
                continue
            state = mappings.ENABLED if mapping.is_enabled else mappings.DISABLED
            mappings.set_state(tx, mapping.id, [mapping.state], state)
            mappings.set_applied(tx, mapping.id, mapping.revision)


def secret(endpoint: Endpoint, value: Any = None, name: str = "AmazonMSK_alice") -> str:
    """The ARN of a secret, of a user where `value` is nothing else."""
    text = json.dumps({"username": "alice", "password": "alice-secret"} if value is None else value)
    made_now = endpoint.client("secretsmanager").create_secret(Name=name, SecretString=text)
    return str(made_now["ARN"])
