"""Real nodes: what they let in, what they keep, and what they say when they cannot go on."""

import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import astuple, replace
from pathlib import Path

import pytest
from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import (
    AdminClient,
    ConfigResource,
)
from tests.contract.kafka_cluster import (
    KafkaCluster,
    consume,
    produce,
    refusals,
)
from tests.system.waiting import until

from sluicegate.brokers import authority
from sluicegate.brokers.listeners import Listener
from sluicegate.brokers.plan import ClientCertificates
from sluicegate.brokers.runtime import Installation
from sluicegate.clock import SystemClock
from sluicegate.errors import BrokerRefused
from sluicegate.kafka import (
    BrokerFault,
    Connection,
    Latest,
    NotAuthenticated,
    NotTrusted,
    Sasl,
    Tls,
    fix_start,
    topics,
)
from sluicegate.testing import Endpoint

pytestmark = pytest.mark.brokers

VALUES = [f"value {number}".encode() for number in range(500)]


@pytest.fixture
def lone(kafka: Installation, tmp_path: Path) -> Iterator[KafkaCluster]:
    """A node of a test's own, not started."""
    cluster = KafkaCluster(kafka, tmp_path, listeners=frozenset({Listener.CLIENT}))
    yield cluster
    cluster.stop()


def test_a_user_produces_and_consumes_over_tls_that_the_authority_vouches_for(
    broker: KafkaCluster,
) -> None:
    broker.make_user("alice", "alice-secret")
    broker.make_topic("orders")
    alice = broker.as_user("alice", "alice-secret")
    produce(alice, "orders", VALUES)
    assert consume(alice, "orders", len(VALUES), group="billing") == VALUES


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_every_codec_is_understood(broker: KafkaCluster, codec: str) -> None:
    # The broker's own codec is another, so that it has to unpack and pack.
    other = "gzip" if codec != "gzip" else "zstd"
    broker.make_topic(f"packed-{codec}", config={"compression.type": other})
    produce({**broker.as_anybody(), "compression.type": codec}, f"packed-{codec}", VALUES[:20])
    assert consume(broker.over_tls(), f"packed-{codec}", 20) == VALUES[:20]


def test_nobody_comes_in_with_a_wrong_password(broker: KafkaCluster) -> None:
    assert "invalid credentials" in refusals(broker.as_user("nobody", "x"))
    assert "Authentication failed" in refusals({**broker.as_admin(), "sasl.password": "x"})


def test_who_is_refused_is_told_so_before_a_group_begins(broker: KafkaCluster) -> None:
    servers = str(broker.as_user("nobody", "x")["bootstrap.servers"])
    right, other = broker.ca.read_text(), authority_of_another()
    for tls, kind in ((Tls(right), NotAuthenticated), (Tls(other), NotTrusted)):
        login = Sasl("SCRAM-SHA-512", "nobody", "x", tls)
        with pytest.raises(BrokerFault) as refused:
            fix_start(Connection(servers, login), "group", "orders", Latest())
        assert isinstance(refused.value.trouble, kind), refused.value.trouble


def authority_of_another() -> str:
    """A certificate that vouches for none of our nodes."""
    with tempfile.TemporaryDirectory() as folder, Endpoint(Path(folder)) as other:
        return authority.certificate(other.databases.state, other.vault, SystemClock())


def test_nobody_without_a_name_passes_an_acl(broker: KafkaCluster) -> None:
    admin = broker.make_topic_of("alice", "payroll")
    assert admin.list_topics("payroll", timeout=20).topics["payroll"].error is None
    with pytest.raises(KafkaException, match="authorization failed"):
        consume(broker.as_anybody(), "payroll", 1, group="nosy")
    until(lambda: "Principal = User:ANONYMOUS is Denied" in log_of(broker), "the log tells it")


@pytest.mark.parametrize("name", ["admin", "broker"])
def test_a_user_of_any_name_is_judged_by_acls(broker: KafkaCluster, name: str) -> None:
    broker.make_topic_of("alice", f"closed-to-{name}")
    broker.make_user(name, "a-secret")
    with pytest.raises(KafkaException, match="authorization failed"):
        consume(broker.as_user(name, "a-secret"), f"closed-to-{name}", 1, group="nosy")


def test_no_client_can_find_out_who_is_a_super_user(broker: KafkaCluster) -> None:
    nobody = AdminClient(broker.as_anybody())
    asked = ConfigResource(ConfigResource.Type.BROKER, "1")
    (answer,) = nobody.describe_configs([asked]).values()
    told = {name: str(entry.value) for name, entry in answer.result(20).items()}
    assert told["node.id"] == "1" and "super.users" in told
    names = (broker.secrets.broker, broker.secrets.admin)
    assert not [name for name, value in told.items() if any(each in value for each in names)]


def test_what_a_node_writes_is_nobody_elses_to_read(broker: KafkaCluster) -> None:
    folder = broker.plans[1].folder
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {"server.properties", "broker.pem", "broker.log", "data"} <= modes.keys()
    assert [name for name, mode in modes.items() if mode & 0o077] == []


def test_a_node_knows_no_secret_of_ours(broker: KafkaCluster) -> None:
    process = Path(f"/proc/{broker.nodes[1].pid}")
    for secret in astuple(broker.secrets):
        assert secret not in (process / "cmdline").read_text()
    assert set((process / "environ").read_text().split("\0")) <= {"", "LC_ALL=C.UTF-8"} | {
        f"PATH={os.defpath}"
    }


def test_records_outlive_a_kill(lone: KafkaCluster) -> None:
    lone.start()
    lone.make_topic("kept")
    produce(lone.as_anybody(), "kept", VALUES)
    lone.nodes[1].kill()
    assert lone.nodes[1].reason() == "it was ended by signal 9"
    lone.start()
    assert consume(lone.as_anybody(), "kept", len(VALUES)) == VALUES
    produce(lone.as_anybody(), "kept", [b"and on"])


def test_a_listener_that_is_not_enabled_is_not_there(lone: KafkaCluster) -> None:
    lone.start()
    endpoint = lone.plans[1].endpoint
    for listener in (Listener.CLIENT_SECURE, Listener.CLIENT_SASL_SCRAM, Listener.CLIENT_IAM):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((endpoint.address, endpoint.port(listener)), 5)


@pytest.mark.usefixtures("kafka")
@pytest.mark.parametrize("moment", ["started", "answering"])
def test_a_node_ends_with_whoever_started_it(tmp_path: Path, moment: str) -> None:
    command = [sys.executable, "-m", "tests.contract.broker_parent", str(tmp_path), moment]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        parent.send_signal(signal.SIGKILL)
    until(lambda: not is_running(pid), "the node ends")


def test_a_taken_port_is_named(lone: KafkaCluster) -> None:
    endpoint = lone.plans[1].endpoint
    sentence = f"port 9092 on {endpoint.address} is taken by another program"
    with (
        socket.create_server((endpoint.address, 9092)),
        pytest.raises(BrokerRefused, match=sentence),
    ):
        lone.start()
    lone.start()


def test_the_data_of_another_cluster_is_not_touched(lone: KafkaCluster) -> None:
    data = lone.plans[1].folder / "data"
    data.mkdir(parents=True)
    (data / "meta.properties").write_text("version=1\ncluster.id=another\nnode.id=1\n")
    node = lone.launch(1)
    until(lambda: node.has_ended, "the node ends")
    assert node.reason().startswith("its data folder belongs to another cluster")


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_full_disk_is_named(kafka: Installation, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.decode()}")
    try:
        with KafkaCluster(kafka, disk, listeners=frozenset({Listener.CLIENT})) as cluster:
            cluster.make_topic("much")
            producer, node = Producer(cluster.as_anybody()), cluster.nodes[1]
            for _ in range(60):
                producer.produce("much", os.urandom(900_000))
            until(lambda: producer.poll(0) >= 0 and node.has_ended, "the node ends")
            producer.purge()
            assert node.reason().startswith("no space is left on the disk of its folder")
    finally:
        subprocess.run(["umount", disk], check=True)


def test_three_nodes_agree_and_go_on_without_one(kafka: Installation, tmp_path: Path) -> None:
    with KafkaCluster(
        kafka, tmp_path, count=3, client_certificates=ClientCertificates.REQUIRED
    ) as cluster:
        cluster.make_topic("copied", copies=3, config={"min.insync.replicas": "2"})
        produce(cluster.as_anybody(), "copied", VALUES)
        assert "certificate required" in refusals(cluster.over_tls())
        authorities = Tls(authorities=cluster.ca.read_text())
        with pytest.raises(BrokerFault, match="alert certificate required"):
            topics(Connection(cluster.bootstrap(Listener.CLIENT_SECURE), authorities))
        shown = cluster.folder / "client.pem"
        shown.write_text(cluster.certificates[2].pem)
        files = {"ssl.certificate.location": str(shown), "ssl.key.location": str(shown)}
        assert consume({**cluster.over_tls(), **files}, "copied", 500) == VALUES

        cluster.nodes[1].kill()
        produce(cluster.as_anybody(), "copied", [b"without one"])
        # By itself, with the others' passwords.
        cluster.launch(1)
        cluster.wait()
        assert consume(cluster.as_anybody(), "copied", 501) == [*VALUES, b"without one"]


def test_certificates_that_are_requested_may_be_missing(
    kafka: Installation, tmp_path: Path
) -> None:
    listeners, requested = frozenset({Listener.CLIENT_SECURE}), ClientCertificates.REQUESTED
    with KafkaCluster(
        kafka, tmp_path, listeners=listeners, client_certificates=requested
    ) as cluster:
        cluster.make_topic("open")
        produce(cluster.over_tls(), "open", VALUES[:3])
        shown = cluster.folder / "client.pem"
        shown.write_text(cluster.certificates[1].pem)
        files = {"ssl.certificate.location": str(shown), "ssl.key.location": str(shown)}
        assert consume({**cluster.over_tls(), **files}, "open", 3) == VALUES[:3]


def test_a_cache_that_does_not_fit_is_forgotten_and_the_node_starts(
    kafka: Installation, tmp_path: Path
) -> None:
    cache = tmp_path / "kafka.aot"
    cache.write_bytes(b"not what the JVM wrote")
    with KafkaCluster(replace(kafka, aot_cache=cache), tmp_path, listeners=frozenset()):
        assert not cache.exists()


def log_of(cluster: KafkaCluster) -> str:
    return (cluster.plans[1].folder / "broker.log").read_text()


def is_running(pid: int) -> bool:
    """Whether the process is there, and no zombie that nobody has fetched."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
