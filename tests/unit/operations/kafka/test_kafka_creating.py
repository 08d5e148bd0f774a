"""What a cluster may be, and what making one asks of its caller."""

import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.unit.operations.asserting import ACCOUNT, allow, no_policy, refused
from tests.unit.operations.kafka.asserting import (
    IAM_ONLY,
    KAFKA,
    SCRAM_ONLY,
    asked,
    bad_request,
    created,
    key,
    subnets,
)

from sluicegate.testing import Endpoint

CREATING = allow("kafka:CreateCluster", "ec2:Describe*", "iam:CreateServiceLinkedRole")
ROLE = "AWSServiceRoleForKafka"


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
