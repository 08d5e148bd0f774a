"""Clusters: asked for, described, listed, deleted, as their keeper says they are."""

import re
from typing import Any

from tests.unit.operations.asserting import allow, refused
from tests.unit.operations.kafka.asserting import (
    IAM_ONLY,
    KAFKA,
    NOWHERE,
    asked,
    bad_request,
    created,
    running,
    stated,
    subnets,
)

from sluicegate.store import clusters
from sluicegate.testing import Endpoint

CREATING = allow("kafka:CreateCluster", "ec2:Describe*", "iam:CreateServiceLinkedRole")
ROLE = "AWSServiceRoleForKafka"


def test_a_cluster_is_wanted_and_its_keeper_told(endpoint: Endpoint) -> None:
    made = endpoint.client("kafka").create_cluster(**asked(endpoint))
    assert re.fullmatch(rf"{KAFKA}:cluster/events/[0-9a-f-]{{36}}-\d+", made["ClusterArn"])
    assert (made["ClusterName"], made["State"]) == ("events", "CREATING")
    assert endpoint.keepers.nudged == 1


def test_a_cluster_is_described_as_it_was_asked_for(endpoint: Endpoint) -> None:
    kafka, places = endpoint.client("kafka"), subnets(endpoint, 2)
    arn = created(
        endpoint,
        NumberOfBrokerNodes=4,
        ClientAuthentication=IAM_ONLY,
        Tags={"Owner": "alice"},
        group_info={"ClientSubnets": places},
    )
    info = kafka.describe_cluster(ClusterArn=arn)["ClusterInfo"]
    assert info["BrokerNodeGroupInfo"]["ClientSubnets"] == places
    assert info["BrokerNodeGroupInfo"]["ZoneIds"] == ["use1-az1", "use1-az2"]
    assert len(info["BrokerNodeGroupInfo"]["SecurityGroups"]) == 1
    assert info["ClientAuthentication"] == {
        "Sasl": {"Scram": {"Enabled": False}, "Iam": {"Enabled": True}},
    }
    in_transit = {"ClientBroker": "TLS", "InCluster": True}
    assert info["EncryptionInfo"]["EncryptionInTransit"] == in_transit
    assert info["CurrentBrokerSoftwareInfo"] == {"KafkaVersion": "3.9.x"}
    assert re.fullmatch(r"K[A-Z0-9]{13}", info["CurrentVersion"])
    assert (info["NumberOfBrokerNodes"], info["StorageMode"]) == (4, "LOCAL")
    assert info["Tags"] == {"Owner": "alice"}
    assert "StateInfo" not in info
    nested = kafka.describe_cluster_v2(ClusterArn=arn)["ClusterInfo"]
    assert nested["ClusterType"] == "PROVISIONED"
    assert nested["Provisioned"]["NumberOfBrokerNodes"] == 4
    assert {**nested, **nested["Provisioned"]}.items() >= info.items()


def test_client_authentication_shows_what_was_named(endpoint: Endpoint) -> None:
    def shown(name: str, **more: Any) -> Any:
        arn = created(endpoint, name, **more)
        info = endpoint.client("kafka").describe_cluster(ClusterArn=arn)["ClusterInfo"]
        return info.get("ClientAuthentication")

    assert shown("bare") is None
    anybody = {"Unauthenticated": {"Enabled": True}}
    assert shown("open", ClientAuthentication=anybody) == anybody
    off = {"Tls": {"Enabled": False}, "Unauthenticated": {"Enabled": False}}
    assert shown("closed", ClientAuthentication=off | IAM_ONLY) == {
        "Sasl": {"Scram": {"Enabled": False}, "Iam": {"Enabled": True}},
        "Tls": {"CertificateAuthorityArnList": [], "Enabled": False},
        "Unauthenticated": {"Enabled": False},
    }


def test_version_2_makes_the_same_cluster(endpoint: Endpoint) -> None:
    request = asked(endpoint, Tags={"a": "b"})
    provisioned = {name: request[name] for name in request if name not in ("ClusterName", "Tags")}
    made = endpoint.client("kafka").create_cluster_v2(
        ClusterName="events", Tags={"a": "b"}, Provisioned=provisioned
    )
    assert (made["State"], made["ClusterType"]) == ("CREATING", "PROVISIONED")
    info = endpoint.client("kafka").describe_cluster(ClusterArn=made["ClusterArn"])["ClusterInfo"]
    assert (info["ClusterName"], info["Tags"]) == ("events", {"a": "b"})


def test_a_serverless_cluster_is_refused_by_name(endpoint: Endpoint) -> None:
    kafka = endpoint.client("kafka")
    serverless = {"VpcConfigs": [{"SubnetIds": subnets(endpoint, 2)}]}
    message = bad_request(kafka.create_cluster_v2, ClusterName="s", Serverless=serverless)
    assert message == (
        "Sluicegate runs provisioned clusters only: serverless ones cannot be created."
    )
    assert "exactly one of" in bad_request(kafka.create_cluster_v2, ClusterName="s")


def test_the_kafka_that_really_runs_is_told_in_state_info(endpoint: Endpoint) -> None:
    arn = running(endpoint)
    info = endpoint.client("kafka").describe_cluster_v2(ClusterArn=arn)["ClusterInfo"]
    assert info["State"] == "ACTIVE"
    assert info["StateInfo"]["Message"] == "The brokers run Apache Kafka 4.4.0."


def test_why_a_cluster_heals_is_told_in_state_info(endpoint: Endpoint) -> None:
    arn = running(endpoint)
    stated(endpoint, arn, "HEALING", "port 9098 of 127.0.1.1 is taken")
    info = endpoint.client("kafka").describe_cluster(ClusterArn=arn)["ClusterInfo"]
    assert info["State"] == "HEALING"
    told = {"Code": "BrokerTrouble", "Message": "port 9098 of 127.0.1.1 is taken"}
    assert info["StateInfo"] == told


def test_clusters_are_listed_by_how_their_names_begin_a_page_at_a_time(endpoint: Endpoint) -> None:
    kafka = endpoint.client("kafka")
    for name in ("audit", "events-a", "events-b", "Events"):
        created(endpoint, name)

    def names(operation: str, **params: Any) -> list[str]:
        pages = kafka.get_paginator(operation).paginate(PaginationConfig={"PageSize": 1}, **params)
        return [info["ClusterName"] for page in pages for info in page["ClusterInfoList"]]

    assert names("list_clusters") == ["Events", "audit", "events-a", "events-b"]
    assert names("list_clusters_v2", ClusterNameFilter="events-") == ["events-a", "events-b"]
    assert names("list_clusters_v2", ClusterTypeFilter="SERVERLESS") == []
    message = bad_request(kafka.list_clusters_v2, ClusterTypeFilter="EXPRESS")
    assert message == "Valid cluster types: PROVISIONED, SERVERLESS."
    message = bad_request(kafka.list_clusters, NextToken="x")
    assert message == "The specified nextToken is not valid."


def test_a_cluster_that_is_deleted_is_seen_until_it_is_gone(endpoint: Endpoint) -> None:
    kafka, arn = endpoint.client("kafka"), running(endpoint)
    told = kafka.delete_cluster(ClusterArn=arn)
    assert (told["ClusterArn"], told["State"]) == (arn, "DELETING")
    assert kafka.describe_cluster(ClusterArn=arn)["ClusterInfo"]["State"] == "DELETING"
    assert refused(kafka.create_cluster, status=409, **asked(endpoint))[0] == "ConflictException"
    message = bad_request(kafka.delete_cluster, ClusterArn=arn)
    assert message == "You can't delete cluster in DELETING state."
    with endpoint.databases.state.write() as tx:
        assert clusters.remove(tx, arn.rpartition("/")[2])
    assert refused(kafka.describe_cluster_v2, status=404, ClusterArn=arn)[0] == "NotFoundException"
    created(endpoint)


def test_a_cluster_is_deleted_in_the_version_its_caller_knows(endpoint: Endpoint) -> None:
    kafka, arn = endpoint.client("kafka"), running(endpoint)
    message = bad_request(kafka.delete_cluster, ClusterArn=arn, CurrentVersion="K13V1IB3VIYZZH")
    assert message == (
        "The version of the cluster isn't current. Check the current version and try again."
    )
    version = kafka.describe_cluster(ClusterArn=arn)["ClusterInfo"]["CurrentVersion"]
    kafka.delete_cluster(ClusterArn=arn, CurrentVersion=version)


def test_an_arn_of_nothing_is_not_found_and_a_name_is_no_arn(endpoint: Endpoint) -> None:
    kafka = endpoint.client("kafka")
    assert refused(kafka.describe_cluster, status=404, ClusterArn=NOWHERE)[0] == (
        "NotFoundException"
    )
    created(endpoint)
    message = bad_request(kafka.describe_cluster, ClusterArn="events")
    assert message == "The parameter value contains one or more characters that are not valid."


def test_another_region_s_cluster_is_not_this_one_s(endpoint: Endpoint) -> None:
    arn = created(endpoint)
    kafka = endpoint.client("kafka", region="eu-west-1")
    assert refused(kafka.describe_cluster, status=404, ClusterArn=arn)[0] == "NotFoundException"
    assert kafka.list_clusters()["ClusterInfoList"] == []


def test_versions_are_listed_with_what_msk_says_of_them(endpoint: Endpoint) -> None:
    kafka = endpoint.client("kafka")
    pages = kafka.get_paginator("list_kafka_versions").paginate(PaginationConfig={"PageSize": 7})
    listed = [each for page in pages for each in page["KafkaVersions"]]
    assert {"Version": "3.9.x", "Status": "ACTIVE"} in listed
    assert {"Version": "1.1.1", "Status": "DEPRECATED"} in listed


def test_a_cluster_may_become_later_versions_of_its_kind(endpoint: Endpoint) -> None:
    kafka, arn = endpoint.client("kafka"), created(endpoint, KafkaVersion="3.9.x.kraft")
    (told,) = kafka.get_compatible_kafka_versions(ClusterArn=arn)["CompatibleKafkaVersions"]
    assert told == {"SourceVersion": "3.9.x.kraft", "TargetVersions": ["4.0.x", "4.1.x"]}
    everything = kafka.get_compatible_kafka_versions()["CompatibleKafkaVersions"]
    assert {"SourceVersion": "3.8.x", "TargetVersions": ["3.9.x"]} in everything
