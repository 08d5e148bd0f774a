"""Clusters: asked for, described, listed, deleted, as their keeper says they are."""

import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.unit.operations.kafka.asserting import (
    ACCOUNT,
    IAM_ONLY,
    KAFKA,
    NOWHERE,
    SCRAM_ONLY,
    allow,
    asked,
    bad_request,
    created,
    key,
    no_policy,
    refused,
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
        "Tls": {"CertificateAuthorityArnList": [], "Enabled": False},
        "Unauthenticated": {"Enabled": False},
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


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "name": (
        {"ClusterName": "my_events"},
        "The parameter value contains one or more characters that are not valid.",
        "clusterName",
    ),
    "version": (
        {"KafkaVersion": "2.1.0"},
        r"Unsupported KafkaVersion \[2.1.0\]. Valid values: \[1.1.1, .*4.1.x\]",
        "kafkaVersion",
    ),
    "nodes": (
        {"NumberOfBrokerNodes": 7},
        "Sluicegate runs at most 6 broker nodes for a cluster, on one machine.",
        "numberOfBrokerNodes",
    ),
    "express": (
        {"group_info": {"InstanceType": "express.m7g.large"}},
        "Sluicegate runs Standard brokers only, whose types begin with `kafka.`.",
        "instanceType",
    ),
    "public": (
        {"group_info": {"ConnectivityInfo": {"PublicAccess": {"Type": "SERVICE_PROVIDED_EIPS"}}}},
        "When creating a cluster, the only valid value for the Type parameter in PublicAccess "
        "is DISABLED.",
        "type",
    ),
    "dual": (
        {"group_info": {"ConnectivityInfo": {"NetworkType": "DUAL"}}},
        "Sluicegate's brokers have IPv4 addresses only.",
        "networkType",
    ),
    "multi-VPC": (
        {
            "group_info": {
                "ConnectivityInfo": {
                    "VpcConnectivity": {"ClientAuthentication": {"Tls": {"Enabled": True}}}
                }
            }
        },
        "Sluicegate has no multi-VPC connectivity.",
        "vpcConnectivity",
    ),
    "tiered": ({"StorageMode": "TIERED"}, "Sluicegate has no tiered storage.", "storageMode"),
    "rebalancing": (
        {"Rebalancing": {"Status": "ACTIVE"}},
        "Sluicegate has no Express brokers to be rebalanced.",
        "rebalancing",
    ),
    "subnets": (
        {"group_info": {"ClientSubnets": []}},
        "Specify one to 3 client subnets.",
        "clientSubnets",
    ),
    "no such subnet": (
        {"group_info": {"ClientSubnets": ["subnet-00000000000000000"]}},
        "The subnet ID 'subnet-00000000000000000' does not exist",
        "clientSubnets",
    ),
    "no such group": (
        {"group_info": {"SecurityGroups": ["sg-00000000000000000"]}},
        "The security group 'sg-00000000000000000' does not exist",
        "securityGroups",
    ),
    "no such key": (
        {"EncryptionInfo": {"EncryptionAtRest": {"DataVolumeKMSKeyId": "alias/none"}}},
        f"Alias arn:aws:kms:us-east-1:{ACCOUNT}:alias/none is not found.",
        "dataVolumeKMSKeyId",
    ),
    "no such configuration": (
        {"ConfigurationInfo": {"Arn": f"{KAFKA}:configuration/none", "Revision": 1}},
        "Configuration ARN does not exist",
        "configurationInfo",
    ),
    "tags": (
        {"Tags": {"aws:owner": "me"}},
        "Tag keys that begin with aws: are reserved for AWS.",
        "tags",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused_with_the_parameter_to_blame(
    endpoint: Endpoint, case: str
) -> None:
    more, message, parameter = REFUSED[case]
    with pytest.raises(ClientError) as caught:
        endpoint.client("kafka").create_cluster(**asked(endpoint, **more))
    response = caught.value.response
    assert response["Error"]["Code"] == "BadRequestException"
    assert re.fullmatch(message, response["Error"]["Message"])
    assert response["InvalidParameter"] == parameter
    assert endpoint.client("kafka").list_clusters()["ClusterInfoList"] == []


def test_nodes_are_spread_evenly_over_different_zones(endpoint: Endpoint) -> None:
    kafka, places = endpoint.client("kafka"), subnets(endpoint, 2)
    odd = asked(endpoint, NumberOfBrokerNodes=3, group_info={"ClientSubnets": places})
    assert bad_request(kafka.create_cluster, **odd) == (
        "The number of broker nodes must be a multiple of Availability Zones in the Client "
        "Subnets parameter."
    )
    twice = asked(
        endpoint, NumberOfBrokerNodes=2, group_info={"ClientSubnets": [places[0], places[0]]}
    )
    assert bad_request(kafka.create_cluster, **twice) == "The client subnets must be different."
    vpc = endpoint.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    neighbour = endpoint.client("ec2").create_subnet(
        VpcId=vpc, CidrBlock="172.31.128.0/24", AvailabilityZone="us-east-1a"
    )["Subnet"]["SubnetId"]
    same_zone = asked(
        endpoint, NumberOfBrokerNodes=2, group_info={"ClientSubnets": [places[0], neighbour]}
    )
    assert bad_request(kafka.create_cluster, **same_zone) == (
        "The number of Availability Zones in the BrokerAZDistribution parameter must be equal to "
        "the number of client subnets."
    )


def test_subnets_and_groups_are_of_one_vpc(endpoint: Endpoint) -> None:
    ec2, kafka = endpoint.client("ec2"), endpoint.client("kafka")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone="us-east-1b")[
        "Subnet"
    ]["SubnetId"]
    places = [subnets(endpoint, 1)[0], subnet]
    request = asked(endpoint, NumberOfBrokerNodes=2, group_info={"ClientSubnets": places})
    message = bad_request(kafka.create_cluster, **request)
    assert message == "The client subnets must belong to the same VPC."
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"]
    request = asked(endpoint, group_info={"SecurityGroups": [group]})
    message = bad_request(kafka.create_cluster, **request)
    assert message == "The security groups must belong to the VPC of the client subnets."


def test_a_name_is_taken_once(endpoint: Endpoint) -> None:
    created(endpoint)
    with pytest.raises(ClientError) as caught:
        created(endpoint)
    response = caught.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 409
    assert response["Error"] == {
        "Code": "ConflictException",
        "Message": "A resource with this name already exists.",
    }
    assert response["InvalidParameter"] == "clusterName"


SECURITY: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "SCRAM in plain text": (
        SCRAM_ONLY,
        {"ClientBroker": "PLAINTEXT"},
        "To turn on client authentication, you must set clientBroker to either TLS or "
        "TLS_PLAINTEXT.",
    ),
    "IAM with plain text for nobody": (
        IAM_ONLY,
        {"ClientBroker": "TLS_PLAINTEXT"},
        "If you choose TLS_PLAINTEXT, then you must also set unauthenticated to true.",
    ),
    "IAM between open brokers": (
        IAM_ONLY,
        {"InCluster": False},
        "To turn on client authentication, you must also turn on EncryptionInTransit by setting "
        "inCluster to true.",
    ),
    "nobody": (
        {"Unauthenticated": {"Enabled": False}},
        {},
        "At least one way of client authentication must be turned on.",
    ),
    "mTLS that trusts nobody": (
        {"Tls": {"Enabled": True}},
        {},
        "To turn on TLS client authentication, you must name certificate authorities.",
    ),
}


@pytest.mark.parametrize("case", SECURITY)
def test_ways_to_log_in_need_their_encryption(endpoint: Endpoint, case: str) -> None:
    authentication, transit, message = SECURITY[case]
    request = asked(
        endpoint,
        ClientAuthentication=authentication,
        EncryptionInfo={"EncryptionInTransit": transit},
    )
    assert bad_request(endpoint.client("kafka").create_cluster, **request) == message


def test_the_first_cluster_makes_the_service_linked_role_as_its_caller(endpoint: Endpoint) -> None:
    kafka = endpoint.user("alice", policy=allow("kafka:*", "ec2:Describe*")).client("kafka")
    role = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/kafka.amazonaws.com/{ROLE}"
    code, message = refused(kafka.create_cluster, status=403, **asked(endpoint))
    assert (code, message) == (
        "AccessDeniedException",
        no_policy("iam:CreateServiceLinkedRole", role),
    )
    bob = endpoint.user("bob", policy=CREATING).client("kafka")
    bob.create_cluster(**asked(endpoint))
    assert endpoint.client("iam").get_role(RoleName=ROLE)["Role"]["Arn"] == role
    kafka.create_cluster(**asked(endpoint, "second"))


def test_the_network_is_looked_up_as_the_caller(endpoint: Endpoint) -> None:
    policy = allow("kafka:*", "iam:*", "ec2:DescribeSubnets", "ec2:DescribeVpcs")
    kafka = endpoint.user("alice", policy=policy).client("kafka")
    code, message = refused(kafka.create_cluster, status=403, **asked(endpoint))
    assert (code, message) == (
        "AccessDeniedException",
        no_policy("ec2:DescribeSecurityGroups", "*"),
    )


def test_a_customer_s_volume_key_is_granted_by_its_caller_and_given_back(
    endpoint: Endpoint,
) -> None:
    kms, volumes = endpoint.client("kms"), key(endpoint)
    at_rest = {"EncryptionAtRest": {"DataVolumeKMSKeyId": volumes}}
    policy = json.loads(json.dumps(CREATING))
    policy["Statement"][0]["Action"].append("kms:DescribeKey")
    kafka = endpoint.user("alice", policy=policy).client("kafka")
    request = asked(endpoint, EncryptionInfo=at_rest)
    code, message = refused(kafka.create_cluster, status=403, **request)
    assert code == "AccessDeniedException"
    assert message == no_policy("kms:CreateGrant", volumes)
    arn = created(endpoint, EncryptionInfo=at_rest)
    (grant,) = kms.list_grants(KeyId=volumes)["Grants"]
    assert grant["GranteeServicePrincipal"] == "kafka.amazonaws.com"
    assert grant["Constraints"] == {"SourceArn": arn}
    info = endpoint.client("kafka").describe_cluster(ClusterArn=arn)["ClusterInfo"]
    assert info["EncryptionInfo"]["EncryptionAtRest"]["DataVolumeKMSKeyId"] == volumes
    endpoint.client("kafka").delete_cluster(ClusterArn=arn)
    assert kms.list_grants(KeyId=volumes)["Grants"] == []


def test_without_a_key_aws_s_own_protects_the_volumes(endpoint: Endpoint) -> None:
    arn = created(endpoint)
    info = endpoint.client("kafka").describe_cluster(ClusterArn=arn)["ClusterInfo"]
    own = endpoint.client("kms").describe_key(KeyId="alias/aws/kafka")["KeyMetadata"]["Arn"]
    assert info["EncryptionInfo"]["EncryptionAtRest"]["DataVolumeKMSKeyId"] == own


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
