"""A trigger from nothing: a cluster, a user of it, a function, and orders on their way to it.

With `sluicegate serve` running, in another shell:

    eval "$(sluicegate env)"
    python examples/orders/run.py

It makes all that with boto3, as it would be made on AWS, produces orders with a Kafka client, waits
until the function has handled them, and takes everything away again.
"""

import io
import json
import os
import sys
import time
import urllib.request
import zipfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

NAME = "orders-example"
ORDERS = 2_000
USER = {"username": "orders", "password": os.urandom(12).hex()}
MANAGED = "arn:aws:iam::aws:policy/service-role/AWSLambdaMSKExecutionRole"


def main() -> None:
    """Make it, use it, take it away."""
    with ExitStack() as undo:
        cluster = a_cluster(undo)
        secret, key = a_user(undo, cluster)
        login = a_login(cluster)
        topic(login)
        role = a_role(undo, secret, key)
        a_trigger(undo, cluster, secret, role)
        produce(login)
        print(f"{handled():,} of {ORDERS:,} orders handled")


def a_cluster(undo: ExitStack) -> str:
    """One broker, which users log in to with SASL/SCRAM; its ARN."""
    kafka, ec2 = boto3.client("kafka"), boto3.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    arn: str = kafka.create_cluster(
        ClusterName=NAME,
        KafkaVersion="3.9.x",
        NumberOfBrokerNodes=1,
        BrokerNodeGroupInfo={"ClientSubnets": [subnet], "InstanceType": "kafka.t3.small"},
        ClientAuthentication={"Sasl": {"Scram": {"Enabled": True}}},
    )["ClusterArn"]
    undo.callback(kafka.delete_cluster, ClusterArn=arn)
    wait(lambda: kafka.describe_cluster(ClusterArn=arn)["ClusterInfo"]["State"] == "ACTIVE")
    return arn


def a_user(undo: ExitStack, cluster: str) -> tuple[str, str]:
    """A user name and a password in a secret under a key of its own; the ARNs of both."""
    kms, manager = boto3.client("kms"), boto3.client("secretsmanager")
    key: str = kms.create_key(Description=NAME)["KeyMetadata"]["Arn"]
    undo.callback(kms.schedule_key_deletion, KeyId=key, PendingWindowInDays=7)
    secret: str = manager.create_secret(
        Name=f"AmazonMSK_{NAME}", KmsKeyId=key, SecretString=json.dumps(USER)
    )["ARN"]
    undo.callback(manager.delete_secret, SecretId=secret, ForceDeleteWithoutRecovery=True)
    answer = boto3.client("kafka").batch_associate_scram_secret(
        ClusterArn=cluster, SecretArnList=[secret]
    )
    # MSK answers 200 also where it could not use a secret.
    assert not answer["UnprocessedScramSecrets"], answer["UnprocessedScramSecrets"]
    return secret, key


def a_login(cluster: str) -> dict[str, Any]:
    """How a Kafka client gets in."""
    brokers = boto3.client("kafka").get_bootstrap_brokers(ClusterArn=cluster)
    with urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"] + "/ca.pem") as answer:  # noqa: S310
        authority = answer.read().decode()
    return {
        "bootstrap.servers": brokers["BootstrapBrokerStringSaslScram"],
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": USER["username"],
        "sasl.password": USER["password"],
        "ssl.ca.pem": authority,
    }


def topic(login: dict[str, Any]) -> None:
    """A topic of four partitions."""
    admin = AdminClient(login)
    admin.create_topics([NewTopic(NAME, 4, 1)])[NAME].result(30)


def a_role(undo: ExitStack, secret: str, key: str) -> str:
    """What the trigger needs: AWS's managed policy, and the secret with its key; its ARN."""
    iam = boto3.client("iam")
    trust = statement(Principal={"Service": "lambda.amazonaws.com"}, Action="sts:AssumeRole")
    made = iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=trust)["Role"]
    undo.callback(iam.delete_role, RoleName=NAME)
    iam.attach_role_policy(RoleName=NAME, PolicyArn=MANAGED)
    undo.callback(iam.detach_role_policy, RoleName=NAME, PolicyArn=MANAGED)
    for name, action, resource in (
        ("secret", "secretsmanager:GetSecretValue", secret),
        ("key", "kms:Decrypt", key),
    ):
        document = statement(Action=action, Resource=resource)
        iam.put_role_policy(RoleName=NAME, PolicyName=name, PolicyDocument=document)
        undo.callback(iam.delete_role_policy, RoleName=NAME, PolicyName=name)
    arn: str = made["Arn"]
    return arn


def a_trigger(undo: ExitStack, cluster: str, secret: str, role: str) -> None:
    """The function, and the mapping that brings it the records."""
    functions = boto3.client("lambda")
    functions.create_function(
        FunctionName=NAME,
        Runtime=f"python{sys.version_info.major}.{sys.version_info.minor}",
        Role=role,
        Handler="handler.handler",
        Code={"ZipFile": package()},
        Timeout=30,
    )
    undo.callback(functions.delete_function, FunctionName=NAME)
    mapping = functions.create_event_source_mapping(
        FunctionName=NAME,
        EventSourceArn=cluster,
        Topics=[NAME],
        StartingPosition="TRIM_HORIZON",
        SourceAccessConfigurations=[{"Type": "SASL_SCRAM_512_AUTH", "URI": secret}],
    )["UUID"]
    undo.callback(gone, mapping)
    wait(lambda: functions.get_event_source_mapping(UUID=mapping)["State"] == "Enabled")


def gone(mapping: str) -> None:
    """Delete the mapping, and wait until its last batch is done."""
    functions = boto3.client("lambda")
    functions.delete_event_source_mapping(UUID=mapping)

    def is_gone() -> bool:
        try:
            functions.get_event_source_mapping(UUID=mapping)
        except functions.exceptions.ResourceNotFoundException:
            return True
        return False

    wait(is_gone)


def package() -> bytes:
    """The function's code as a zip."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(Path(__file__).with_name("handler.py"), "handler.py")
    return packed.getvalue()


def produce(login: dict[str, Any]) -> None:
    """Orders of a hundred customers; those of one customer stay in their order."""
    producer = Producer(login)
    for number in range(ORDERS):
        order = {"order": number, "customer": number % 100, "amount": number % 50 + 1}
        producer.produce(NAME, json.dumps(order), key=str(order["customer"]))
    assert producer.flush(30) == 0


def handled() -> int:
    """How many orders the function says it was given, once it is all of them."""
    logs, count = boto3.client("logs"), 0

    def are_all() -> bool:
        nonlocal count
        try:
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=f"/aws/lambda/{NAME}", filterPattern='"partition"'
            )
            messages = [event["message"] for page in pages for event in page["events"]]
        except ClientError:
            return False  # it has printed nothing yet
        count = sum(json.loads(message)["orders"] for message in messages)
        return count >= ORDERS

    wait(are_all)
    return count


def statement(**members: Any) -> str:
    """A policy that allows one thing."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **members}]})


def wait(holds: Callable[[], bool], seconds: float = 240) -> None:
    """Until it holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.1)


if __name__ == "__main__":
    main()
