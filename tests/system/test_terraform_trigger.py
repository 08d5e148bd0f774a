"""Terraform's AWS provider, unchanged, with a whole trigger on real brokers."""

import sys
import zipfile

import pytest

from .kafka_user import Login
from .server import Server
from .terraforming import Configured, Terraform
from .waiting import until

pytestmark = [pytest.mark.brokers, pytest.mark.alongside]

CODE = """
def handler(event, context):
    for records in event["records"].values():
        print("{edition} edition,", len(records), "orders")
"""


def test_a_whole_trigger_is_made_changed_and_destroyed(
    configured: Configured, server: Server
) -> None:
    terraform = configured("trigger")
    runtime = f"python{sys.version_info.major}.{sys.version_info.minor}"
    terraform.apply(runtime=runtime, package=package(terraform, "first"))
    made = terraform.outputs()
    assert made["function"].endswith(":function:orders:1")
    orders = Login(server, made["cluster"], "orders", "made-up")
    assert made["brokers"] == orders.settings()["bootstrap.servers"]
    orders.produce("orders", '{"kind": "order"}', '{"kind": "offer"}')
    until(lambda: "first edition, 1 orders\n" in log(server), "the order to be handled")

    policy = server.client("kafka").get_cluster_policy(ClusterArn=made["cluster"])
    assert '"kafka-cluster:Connect"' in policy["Policy"]

    shared = "kafka-cluster:*"
    terraform.apply(package=package(terraform, "second"), batch_size="50", shared=shared)
    changed = terraform.outputs()
    assert changed == made | {"function": made["function"].replace(":1", ":2")}
    mapping = server.client("lambda").get_event_source_mapping(UUID=made["mapping"])
    assert (mapping["State"], mapping["BatchSize"]) == ("Enabled", 50)
    policy = server.client("kafka").get_cluster_policy(ClusterArn=made["cluster"])
    assert f'"{shared}"' in policy["Policy"]
    orders.produce("orders", '{"kind": "order"}')
    until(lambda: "second edition, 1 orders\n" in log(server), "the next order to be handled")

    terraform.destroy()
    assert server.client("lambda").list_event_source_mappings()["EventSourceMappings"] == []
    assert server.client("lambda").list_functions()["Functions"] == []
    assert server.client("kafka").list_clusters()["ClusterInfoList"] == []
    assert server.client("ec2").describe_network_interfaces()["NetworkInterfaces"] == []


def package(terraform: Terraform, edition: str) -> str:
    """The name of a package in the working folder, with code of this edition."""
    name = f"{edition}.zip"
    with zipfile.ZipFile(terraform.folder / name, "w") as archive:
        archive.writestr("app.py", CODE.format(edition=edition))
    return name


def log(server: Server) -> list[str]:
    """What the function has printed."""
    logs = server.client("logs")
    events = logs.filter_log_events(logGroupName="/aws/lambda/orders")["events"]
    return [event["message"] for event in events]
