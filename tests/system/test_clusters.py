"""Managed clusters through `serve`: real brokers, their users, and what is done to them."""

import json
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)

from .kafka_user import STARTING_SECONDS, Login, associate, new_cluster, new_secret, state
from .processes import is_gone, java
from .server import Server
from .waiting import until

pytestmark = pytest.mark.brokers


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    """A server with a cluster, which this module's tests share."""
    with Server(tmp_path_factory.mktemp("kept") / "state") as server:
        yield server, new_cluster(server)


def test_only_the_listeners_that_are_on_are_offered(kept: tuple[Server, str]) -> None:
    server, cluster = kept
    brokers = server.client("kafka").get_bootstrap_brokers(ClusterArn=cluster)
    offered = {name for name in brokers if name.startswith("Bootstrap")}
    assert offered == {
        "BootstrapBrokerString",
        "BootstrapBrokerStringTls",
        "BootstrapBrokerStringSaslScram",
    }
    assert brokers["BootstrapBrokerStringSaslScram"].endswith(":9096")


def test_a_user_comes_with_its_secret_changes_with_it_and_goes(kept: tuple[Server, str]) -> None:
    server, cluster = kept
    secret, key = new_secret(server, "alice", "the first")
    alice = Login(server, cluster, "alice", "the first")
    assert "invalid credentials" in alice.refusal()
    associate(server, cluster, secret)
    alice.create_topic("alices")
    alice.produce("alices", *map(str, range(100)))
    assert alice.consume("alices", 100) == [str(number) for number in range(100)]
    assert "invalid credentials" in Login(server, cluster, "alice", "wrong").refusal()

    changed = json.dumps({"username": "alice", "password": "the second"})
    server.client("secretsmanager").put_secret_value(SecretId=secret, SecretString=changed)
    later = Login(server, cluster, "alice", "the second")
    until(lambda: later.refusal() == "", "the changed password to hold")
    assert "invalid credentials" in alice.refusal()

    kafka = server.client("kafka")
    assert kafka.list_scram_secrets(ClusterArn=cluster)["SecretArnList"] == [secret]
    kafka.batch_disassociate_scram_secret(ClusterArn=cluster, SecretArnList=[secret])
    assert "invalid credentials" in later.refusal()
    policy = server.client("secretsmanager").get_resource_policy(SecretId=secret)
    assert "AWSKafkaResourcePolicy" not in policy.get("ResourcePolicy", "")
    assert server.client("kms").list_grants(KeyId=key)["Grants"] == []


def test_secrets_msk_cannot_use_come_back_with_the_reason(kept: tuple[Server, str]) -> None:
    server, cluster = kept
    manager = server.client("secretsmanager")
    value = json.dumps({"username": "bob", "password": "p"})
    badly_named = manager.create_secret(Name="bob", SecretString=value)["ARN"]
    default_key = manager.create_secret(Name="AmazonMSK_bob", SecretString=value)["ARN"]
    answer = server.client("kafka").batch_associate_scram_secret(
        ClusterArn=cluster, SecretArnList=[badly_named, default_key]
    )
    refused = {
        each["SecretArn"]: each["ErrorMessage"] for each in answer["UnprocessedScramSecrets"]
    }
    assert refused[badly_named] == (
        "The provided secret arn cannot be used with Amazon MSK. "
        "Secret names must have the prefix 'AmazonMSK_'"
    )
    assert "default key" in refused[default_key]


def test_kafka_acls_hold_for_users_and_for_nobody(kept: tuple[Server, str]) -> None:
    server, cluster = kept
    carol_secret, _ = new_secret(server, "carol", "c")
    dave_secret, _ = new_secret(server, "dave", "d")
    associate(server, cluster, carol_secret, dave_secret)
    carol, dave = Login(server, cluster, "carol", "c"), Login(server, cluster, "dave", "d")
    nobody = Login(server, cluster)
    nobody.create_topic("open")
    nobody.produce("open", "hello")
    carol.create_topic("closed")
    admin = carol.admin()
    acl = AclBinding(
        ResourceType.TOPIC,
        "closed",
        ResourcePatternType.LITERAL,
        "User:carol",
        "*",
        AclOperation.ALL,
        AclPermissionType.ALLOW,
    )
    for made in admin.create_acls([acl]).values():
        made.result(30)
    carol.produce("closed", "mine")
    for other in (dave, nobody):
        topics = other.admin().list_topics(timeout=10).topics
        assert "open" in topics and "closed" not in topics


def test_a_node_that_is_killed_is_started_again_with_all_it_had(kept: tuple[Server, str]) -> None:
    server, cluster = kept
    nobody = Login(server, cluster)
    nobody.create_topic("survivors")
    nobody.produce("survivors", *map(str, range(500)))
    (pid,) = java(server)
    os.kill(pid, signal.SIGKILL)
    until(lambda: state(server, cluster) == "HEALING", "the cluster to notice")
    until(lambda: state(server, cluster) == "ACTIVE", "the cluster to heal")
    assert java(server) - {pid}
    assert len(nobody.consume("survivors", 500)) == 500


def test_no_broker_outlives_serve_and_data_outlives_both(tmp_path: Path) -> None:
    with Server(tmp_path / "state") as server:
        cluster = new_cluster(server)
        nobody = Login(server, cluster)
        nobody.create_topic("kept")
        nobody.produce("kept", "one", "two", "three")
        before = server.client("kafka").get_bootstrap_brokers(ClusterArn=cluster)
        running = java(server)
        server.kill()
        for pid in running:
            until(lambda pid=pid: is_gone(pid), "the brokers to end with serve")  # type: ignore[misc]
        server.restart()
        assert state(server, cluster) == "HEALING"
        until(lambda: state(server, cluster) == "ACTIVE", "the cluster to be back")
        after = server.client("kafka").get_bootstrap_brokers(ClusterArn=cluster)
        assert after["BootstrapBrokerString"] == before["BootstrapBrokerString"]
        assert nobody.consume("kept", 3) == ["one", "two", "three"]
        running = java(server)
        assert server.stop() == 0
        assert all(is_gone(pid) for pid in running)


def test_a_deleted_cluster_leaves_nothing(tmp_path: Path) -> None:
    with Server(tmp_path / "state") as server:
        cluster = new_cluster(server)
        (pid,) = java(server)
        answer = server.client("kafka").delete_cluster(ClusterArn=cluster)
        assert answer["State"] == "DELETING"

        def is_forgotten() -> bool:
            try:
                server.client("kafka").describe_cluster(ClusterArn=cluster)
            except ClientError as error:
                return bool(error.response["Error"]["Code"] == "NotFoundException")
            return False

        until(is_forgotten, "the cluster to be gone")
        assert is_gone(pid)
        left = (tmp_path / "state" / "clusters").iterdir()
        assert [path.name for path in left] == ["home"], "whose clusters these are"


def test_a_reset_ends_brokers_before_it_answers(tmp_path: Path) -> None:
    with Server(tmp_path / "state", "--allow-reset") as server:
        new_cluster(server)
        (pid,) = java(server)
        assert server.reset()[0] == 200
        assert is_gone(pid)
        assert server.client("kafka").list_clusters()["ClusterInfoList"] == []


def test_a_taken_address_is_a_reason_and_no_crash_loop(tmp_path: Path) -> None:
    with Server(tmp_path / "state") as server:
        cluster = new_cluster(server)
        kafka = server.client("kafka")
        address = kafka.get_bootstrap_brokers(ClusterArn=cluster)["BootstrapBrokerString"]
        host, _, port = address.partition(":")
        server.stop()
        with socket.create_server((host, int(port))):
            server.restart()

            def reason() -> str:
                found = kafka.describe_cluster(ClusterArn=cluster)["ClusterInfo"]
                return str(found.get("StateInfo", {}).get("Message", ""))

            until(lambda: "is taken" in reason(), "the reason to be told")
            assert state(server, cluster) == "HEALING" and java(server) == set()
        until(lambda: state(server, cluster) == "ACTIVE", "the cluster once the port is free")


def test_a_change_goes_from_node_to_node_while_records_are_taken(tmp_path: Path) -> None:
    with Server(tmp_path / "state") as server:
        cluster = new_cluster(server, nodes=3)
        nobody, kafka = Login(server, cluster), server.client("kafka")
        nobody.create_topic("orders", partitions=3, replicas=3)
        made = kafka.create_configuration(Name="three", ServerProperties=b"num.io.threads=3")
        described = kafka.describe_cluster(ClusterArn=cluster)["ClusterInfo"]
        before, run, values = java(server), [3], list[str]()
        kafka.update_cluster_configuration(
            ClusterArn=cluster,
            CurrentVersion=described["CurrentVersion"],
            ConfigurationInfo={"Arn": made["Arn"], "Revision": 1},
        )

        def is_done() -> bool:
            if (now := state(server, cluster)) == "ACTIVE":
                return True
            assert now == "UPDATING"
            values.append(str(len(values)))
            nobody.produce("orders", values[-1])
            run.append(len(java(server)))
            return False

        until(is_done, "all nodes to be started anew", STARTING_SECONDS)
        assert min(run) >= 2 and not java(server) & before
        # A client may send again what a node that stops has taken already.
        consumer = Consumer({**nobody.settings(), "group.id": "counter"})
        places = [TopicPartition("orders", partition) for partition in range(3)]
        taken = sum(consumer.get_watermark_offsets(place, timeout=30)[1] for place in places)
        assert set(nobody.consume("orders", taken)) == set(values)


def test_three_nodes_replicate_and_lose_nothing_with_one_of_them(tmp_path: Path) -> None:
    with Server(tmp_path / "state") as server:
        cluster = new_cluster(server, nodes=3)
        assert len(server.client("kafka").list_nodes(ClusterArn=cluster)["NodeInfoList"]) == 3
        nobody = Login(server, cluster)
        nobody.create_topic("orders", partitions=3, replicas=3)
        nobody.produce("orders", *map(str, range(300)))
        os.kill(min(java(server)), signal.SIGKILL)
        assert sorted(map(int, nobody.consume("orders", 300))) == list(range(300))
        until(lambda: state(server, cluster) == "ACTIVE", "the cluster to heal")
        assert len(java(server)) == 3
