"""Calls that work, where parameters made from the model alone hardly ever would.

What is right but for one thing gets deeper than what is wrong from the start.
"""

import json
from typing import Any

from tests.wire.fuzz import mappings
from tests.wire.fuzz.world import LAMBDA_ROLE, World

_TAGS = [{"Key": "k", "Value": "v"}]
_PERMISSION = {
    "IpProtocol": "tcp",
    "FromPort": 1,
    "ToPort": 2,
    "IpRanges": [{"CidrIp": "10.9.0.0/16", "Description": "x"}],
    "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}],
}
_GIVEN = {
    "IpProtocol": "tcp",
    "FromPort": 9092,
    "ToPort": 9098,
    "IpRanges": [{"CidrIp": "10.1.0.0/16"}],
}
_OUTGOING = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "x"}]}
_CONDITION = {
    "ForAnyValue:StringLikeIfExists": {"aws:TagKeys": ["a*", "${aws:username}"]},
    "IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "::/0"]},
    "DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"},
    "NumericLessThan": {"aws:EpochTime": "9999999999"},
}
_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": _CONDITION}],
}


def calls(world: World) -> dict[str, dict[str, Any]]:
    """Parameters that work in `world`, by `service:Operation`."""
    return {
        f"{service}:{name}": params
        for service, found in (
            ("ec2", _networks(world.existing["ec2"])),
            ("iam", _identities(world.existing["iam"])),
            ("kafka", _clusters(world.existing["kafka"])),
            ("kms", _keys(world.existing["kms"])),
            ("logs", _logs(world.existing["logs"])),
            ("lambda", _functions(world.existing["lambda"])),
            ("iam-toolbox", _decisions(world.existing["iam-toolbox"])),
            ("sts", _sessions(world.existing["iam"])),
            ("secretsmanager", _secrets(world.existing["secretsmanager"])),
            ("lambda", mappings.calls(world.mappings)),
        )
        for name, params in found.items()
    }


def _networks(known: dict[str, list[Any]]) -> dict[str, dict[str, Any]]:
    (vpc, empty), subnet = known["vpcid"][:2], known["subnetid"][0]
    (group, unused), interface = known["groupid"][:2], known["networkinterfaceid"][0]
    gateway, spare = known["internetgatewayid"][:2]
    incoming, outgoing = {"GroupId": group}, {"GroupId": unused}
    tags = {"TagSpecifications": [{"ResourceType": "vpc", "Tags": _TAGS}]}
    modified = {"IpProtocol": "udp", "FromPort": 5, "ToPort": 6, "CidrIpv4": "10.8.0.0/16"}
    return {
        "AssignPrivateIpAddresses": {
            "NetworkInterfaceId": interface,
            "PrivateIpAddresses": ["10.1.1.9"],
        },
        "AttachInternetGateway": {"InternetGatewayId": spare, "VpcId": empty},
        "AuthorizeSecurityGroupIngress": incoming | {"IpPermissions": [_PERMISSION]},
        "AuthorizeSecurityGroupEgress": incoming | {"IpPermissions": [_PERMISSION]},
        "RevokeSecurityGroupIngress": incoming | {"IpPermissions": [_GIVEN]},
        "RevokeSecurityGroupEgress": outgoing | {"IpPermissions": [_OUTGOING]},
        "UpdateSecurityGroupRuleDescriptionsIngress": incoming | {"IpPermissions": [_GIVEN]},
        "UpdateSecurityGroupRuleDescriptionsEgress": outgoing | {"IpPermissions": [_OUTGOING]},
        "ModifySecurityGroupRules": incoming
        | {
            "SecurityGroupRules": [
                {"SecurityGroupRuleId": known["ingressrule"][0], "SecurityGroupRule": modified}
            ]
        },
        "CreateVpc": {"CidrBlock": "10.3.0.0/16", **tags},
        "CreateSubnet": {
            "VpcId": vpc,
            "CidrBlock": "10.1.2.0/24",
            "AvailabilityZone": "us-east-1b",
        },
        "CreateNetworkInterface": {
            "SubnetId": subnet,
            "Groups": [group],
            "PrivateIpAddresses": [{"PrivateIpAddress": "10.1.1.20", "Primary": True}],
        },
        "CreateSecurityGroup": {"GroupName": "new", "Description": "x", "VpcId": vpc},
        "DeleteInternetGateway": {"InternetGatewayId": spare},
        "DetachInternetGateway": {"InternetGatewayId": gateway, "VpcId": vpc},
        "DeleteSecurityGroup": outgoing,
        "DeleteVpc": {"VpcId": empty},
        "ModifyNetworkInterfaceAttribute": {"NetworkInterfaceId": interface, "Groups": [unused]},
        "ModifySubnetAttribute": {"SubnetId": subnet, "MapPublicIpOnLaunch": {"Value": True}},
        "ModifyVpcAttribute": {"VpcId": vpc, "EnableDnsHostnames": {"Value": True}},
        "CreateTags": {"Resources": [vpc, subnet, group], "Tags": _TAGS},
        "DeleteTags": {"Resources": [vpc, subnet, group], "Tags": _TAGS},
        "DescribeTags": {"Filters": [{"Name": "resource-id", "Values": [vpc, "sg-*"]}]},
        "DescribeVpcs": {"Filters": [{"Name": "tag:k", "Values": ["v*", "?"]}]},
        "DescribeSecurityGroups": {
            "Filters": [{"Name": "ip-permission.cidr", "Values": ["10.*"]}],
            "MaxResults": 5,
        },
    }


def _clusters(known: dict[str, list[Any]]) -> dict[str, dict[str, Any]]:
    cluster, version = {"ClusterArn": known["clusterarn"][0]}, known["currentversion"][0]
    (strict, idle), (eve, zoe) = known["arn"][:2], known["secretarnlist"][:2]
    named, changed = {"Arn": idle}, cluster | {"CurrentVersion": version}
    operation = {"ClusterOperationArn": known["clusteroperationarn"][0]}
    properties = {"ServerProperties": b"log.cleanup.policy=delete,compact\nnum.partitions=3"}
    group_info = {
        "ClientSubnets": known["clientsubnets"][:3],
        "InstanceType": "kafka.m5.large",
        "SecurityGroups": known["securitygroups"][:1],
    }
    asked = {
        "KafkaVersion": "3.9.x",
        "NumberOfBrokerNodes": 3,
        "BrokerNodeGroupInfo": group_info,
        "ClientAuthentication": {"Sasl": {"Scram": {"Enabled": True}}},
        "ConfigurationInfo": {"Arn": strict, "Revision": 1},
        "EncryptionInfo": {
            "EncryptionAtRest": {"DataVolumeKMSKeyId": known["datavolumekmskeyid"][0]},
            "EncryptionInTransit": {"ClientBroker": "TLS", "InCluster": True},
        },
    }
    return {
        "BatchAssociateScramSecret": cluster | {"SecretArnList": [zoe]},
        "BatchDisassociateScramSecret": cluster | {"SecretArnList": [eve]},
        "CreateCluster": {"ClusterName": "new", "Tags": {"k": "v"}, **asked},
        "CreateClusterV2": {"ClusterName": "new", "Tags": {"k": "v"}, "Provisioned": asked},
        "CreateConfiguration": {"Name": "new", "KafkaVersions": ["3.9.x"], **properties},
        "DeleteCluster": changed,
        "DeleteConfiguration": named,
        "DescribeClusterOperation": operation,
        "DescribeClusterOperationV2": operation,
        "DescribeConfigurationRevision": named | {"Revision": 1},
        "GetBootstrapBrokers": cluster,
        "GetCompatibleKafkaVersions": cluster,
        "ListClusterOperations": cluster,
        "ListNodes": cluster | {"MaxResults": 1},
        "ListScramSecrets": cluster,
        "TagResource": {"ResourceArn": known["resourcearn"][0], "Tags": {"k": "v"}},
        "UntagResource": {"ResourceArn": known["resourcearn"][0], "TagKeys": ["team"]},
        "UpdateClusterConfiguration": changed | {"ConfigurationInfo": {"Arn": idle, "Revision": 1}},
        "UpdateConfiguration": named | properties,
        "UpdateSecurity": changed | {"ClientAuthentication": {"Sasl": {"Iam": {"Enabled": False}}}},
    }


def _identities(known: dict[str, list[Any]]) -> dict[str, dict[str, Any]]:
    wide, idle = known["policyarn"][:2]
    document, trust = json.dumps(_POLICY), known["assumerolepolicydocument"][0]
    user, role, group = {"UserName": "idle"}, {"RoleName": "idle"}, {"GroupName": "idle"}
    embedded = {"PolicyName": "given", "PolicyDocument": document}
    return {
        "CreateLoginProfile": user | {"Password": "Correct-horse-3"},
        "CreateRole": {
            "RoleName": "new",
            "AssumeRolePolicyDocument": trust,
            "PermissionsBoundary": wide,
            "MaxSessionDuration": 3600,
            "Tags": _TAGS,
        },
        "CreateUser": {
            "UserName": "new",
            "Path": "/x/",
            "PermissionsBoundary": wide,
            "Tags": _TAGS,
        },
        "CreatePolicy": {"PolicyName": "new", "PolicyDocument": document, "Tags": _TAGS},
        "CreatePolicyVersion": {
            "PolicyArn": idle,
            "PolicyDocument": document,
            "SetAsDefault": True,
        },
        "CreateServiceLinkedRole": {"AWSServiceName": "ecs.amazonaws.com"},
        "DeleteServiceLinkedRole": {"RoleName": "AWSServiceRoleForKafka"},
        "DeleteUser": user,
        "DeleteGroup": group,
        "DeleteRole": role,
        "DeletePolicy": {"PolicyArn": idle},
        "AttachGroupPolicy": group | {"PolicyArn": wide},
        "AttachRolePolicy": role | {"PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
        "DetachUserPolicy": {"UserName": "alice", "PolicyArn": wide},
        "PutUserPolicy": user | embedded,
        "PutGroupPolicy": group | embedded,
        "PutRolePolicy": role | embedded,
        "UpdateAssumeRolePolicy": role | {"PolicyDocument": trust},
        "UpdateAccessKey": {
            "UserName": "alice",
            "AccessKeyId": known["accesskeyid"][0],
            "Status": "Inactive",
        },
        "ListPolicies": {"Scope": "AWS", "PathPrefix": "/service-role/", "MaxItems": 7},
        "GetAccountAuthorizationDetails": {"Filter": ["User", "AWSManagedPolicy"], "MaxItems": 5},
    }


def _keys(known: dict[str, list[Any]]) -> dict[str, dict[str, Any]]:
    key, context, sealed = known["keyid"][0], {"purpose": "test"}, known["ciphertextblob"][0]
    limits = {"EncryptionContextSubset": context}
    return {
        "CreateKey": {"Policy": known["policy"][0], "Tags": [{"TagKey": "k", "TagValue": "v"}]},
        "CreateAlias": {"AliasName": "alias/new", "TargetKeyId": key},
        "CreateGrant": {
            "KeyId": key,
            "GranteePrincipal": known["granteeprincipal"][0],
            "Operations": ["Encrypt", "Decrypt"],
            "Constraints": limits,
            "GrantTokens": known["granttoken"][:1],
            "Name": "new",
        },
        "Decrypt": {"CiphertextBlob": sealed, "EncryptionContext": context, "KeyId": key},
        "Encrypt": {"KeyId": "alias/brokers", "Plaintext": b"x", "EncryptionContext": context},
        "ReEncrypt": {
            "CiphertextBlob": sealed,
            "SourceEncryptionContext": context,
            "DestinationKeyId": key,
            "DestinationEncryptionContext": {"é": "\0"},
        },
        "GenerateDataKey": {"KeyId": key, "NumberOfBytes": 64, "EncryptionContext": context},
        "GenerateRandom": {"NumberOfBytes": 1024},
        "ListRetirableGrants": {"RetiringPrincipal": known["granteeprincipal"][0], "Limit": 1},
        "PutKeyPolicy": {"KeyId": key, "Policy": known["policy"][0], "PolicyName": "default"},
        "ScheduleKeyDeletion": {"KeyId": key, "PendingWindowInDays": 7},
        "TagResource": {"KeyId": key, "Tags": [{"TagKey": "k", "TagValue": "v"}]},
    }


def _logs(known: dict[str, list[Any]]) -> dict[str, dict[str, Any]]:
    group, arn = known["loggroupname"][0], known["resourcearn"][0]
    stream = {"logGroupName": group, "logStreamName": "stream"}
    at_ms = int(known["eventid"][0][:20])
    return {
        "CreateLogGroup": {"logGroupName": "new", "tags": {"k": "v"}},
        "PutRetentionPolicy": {"logGroupName": group, "retentionInDays": 7},
        "PutLogEvents": stream | {"logEvents": [{"timestamp": at_ms, "message": "x"}] * 3},
        "GetLogEvents": stream | {"startTime": at_ms - 10**6, "endTime": at_ms + 10**6, "limit": 2},
        "FilterLogEvents": {
            "logGroupName": group,
            "filterPattern": '{ ($.a.b[0] = 1 && $.level = "E*") || $.x NOT EXISTS }',
            "startTime": 0,
            "limit": 3,
        },
        "TagResource": {"resourceArn": arn, "tags": {"k": "v"}},
        "PutResourcePolicy": {"policyName": "new", "policyDocument": known["policydocument"][0]},
    }


def _secrets(known: dict[str, list[Any]]) -> dict[str, dict[str, Any]]:
    secret, (first, second) = known["secretid"][0], known["versionid"][:2]
    statement = {"Effect": "Deny", "Principal": {"AWS": "000000000000"}, "Condition": _CONDITION}
    statement |= {"Action": "secretsmanager:DeleteSecret", "Resource": "*"}
    return {
        "CreateSecret": {"Name": "new", "SecretString": "x", "Tags": _TAGS, "Description": "x"},
        "PutSecretValue": {
            "SecretId": secret,
            "SecretString": "x",
            "VersionStages": ["AWSPENDING", "mine"],
        },
        "UpdateSecretVersionStage": {
            "SecretId": secret,
            "VersionStage": "AWSCURRENT",
            "MoveToVersionId": first,
            "RemoveFromVersionId": second,
        },
        "PutResourcePolicy": {
            "SecretId": secret,
            "ResourcePolicy": json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        },
        "BatchGetSecretValue": {"SecretIdList": [secret, "bytes", "gone"]},
        "ListSecrets": {"Filters": [{"Key": "all", "Values": ["msk", "!x"]}], "MaxResults": 1},
        "DeleteSecret": {"SecretId": secret, "RecoveryWindowInDays": 7},
        "ReplicateSecretToRegions": {
            "SecretId": "copied",
            "AddReplicaRegions": [
                {"Region": "eu-west-1"},
                {"Region": "eu-west-2", "KmsKeyId": "alias/none"},
            ],
            "ForceOverwriteReplicaSecret": True,
        },
        "RemoveRegionsFromReplication": {
            "SecretId": "copied",
            "RemoveReplicaRegions": ["eu-west-1"],
        },
        "GetRandomPassword": {
            "PasswordLength": 4096,
            "ExcludeCharacters": "abc",
            "IncludeSpace": True,
        },
    }


def _functions(known: dict[str, list[Any]]) -> dict[str, dict[str, Any]]:
    function, alias = {"FunctionName": "orders"}, {"Name": "idle", "FunctionVersion": "1"}
    routing = {"AdditionalVersionWeights": {"2": 0.5}}
    return {
        "CreateFunction": {
            "FunctionName": "new",
            "Runtime": "provided.al2023",
            "Role": LAMBDA_ROLE,
            "Handler": "x",
            "Code": {"ZipFile": known["zipfile"][0]},
            "Environment": {"Variables": {"KEY": "é"}},
            "LoggingConfig": {"LogFormat": "JSON", "SystemLogLevel": "WARN"},
            "EphemeralStorage": {"Size": 1024},
            "Tags": {"k": "v"},
        },
        "UpdateFunctionCode": function | {"ZipFile": known["zipfile"][0], "DryRun": True},
        "UpdateFunctionConfiguration": function
        | {"Role": LAMBDA_ROLE, "Environment": {"Variables": {"KEY": "x"}}, "MemorySize": 256},
        "AddPermission": function
        | {
            "StatementId": "new",
            "Action": "lambda:*",
            "Principal": "sns.amazonaws.com",
            "SourceArn": "arn:aws:sns:us-east-1:000000000000:topic",
            "SourceAccount": "000000000000",
            "Qualifier": "live",
        },
        "UpdateAlias": function | alias | {"RoutingConfig": routing},
        "PublishVersion": function | {"Description": "x"},
        "ListFunctions": {"FunctionVersion": "ALL", "MaxItems": 2},
        "TagResource": {"Resource": known["resource"][0], "Tags": {"k": "v"}},
        "PutFunctionEventInvokeConfig": function | {"MaximumEventAgeInSeconds": 60},
    }


def _sessions(known: dict[str, list[Any]]) -> dict[str, dict[str, Any]]:
    return {
        "AssumeRole": {
            "RoleArn": known["rolearn"][0],
            "RoleSessionName": "new",
            "Policy": json.dumps(_POLICY),
            "PolicyArns": [{"arn": known["policyarn"][0]}],
            "Tags": _TAGS,
            "TransitiveTagKeys": ["k"],
            "SourceIdentity": "me",
            "ExternalId": "x1",
            "DurationSeconds": 900,
        }
    }


def _decisions(known: dict[str, list[Any]]) -> dict[str, dict[str, Any]]:
    decision, policy = known["authorizationid"][0], known["policyuri"][0]
    return {
        "GetRequestAuthorizationDetails": {"authorizationId": decision},
        "GetRequestAuthorizationPolicy": {"authorizationId": decision, "policyUri": policy},
    }
