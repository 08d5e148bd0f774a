"""boto3's resources, unchanged: the objects many scripts are written with."""

import json
from typing import Any

import boto3
import pytest

from .server import Server

TRUST = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    },
}
READING = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": "kafka:List*", "Resource": "*"},
}


def resource(server: Server, service: str) -> Any:
    root = server.root()
    session = boto3.Session(root.access_key, root.secret_key, region_name="us-east-1")
    # Typed per service in the stubs; what is under test is known at run time alone.
    made: Any = session.resource
    return made(service, endpoint_url=server.endpoint)


def test_a_user_with_everything_is_taken_apart(server: Server) -> None:
    iam, document = resource(server, "iam"), json.dumps(READING)
    user = iam.create_user(UserName="ann", Tags=[{"Key": "team", "Value": "a"}])
    policy = iam.create_policy(PolicyName="reader", PolicyDocument=document)
    group = iam.create_group(GroupName="ops")
    group.add_user(UserName="ann")
    user.attach_policy(PolicyArn=policy.arn)
    user.create_policy(PolicyName="own", PolicyDocument=document)
    user.create_access_key_pair().deactivate()
    user.create_login_profile(Password="Correct-horse1")
    assert user.tags == [{"Key": "team", "Value": "a"}]
    assert [each.name for each in user.groups.all()] == ["ops"]
    assert [each.name for each in policy.attached_users.all()] == ["ann"]
    assert policy.default_version.document == READING

    for attached in user.attached_policies.all():
        user.detach_policy(PolicyArn=attached.arn)
    for joined in user.groups.all():
        joined.remove_user(UserName="ann")
    for owned in (user.policies, user.access_keys, user.mfa_devices, user.signing_certificates):
        for each in owned.all():
            each.delete()
    user.LoginProfile().delete()
    user.delete()
    for each in (policy, group):
        each.delete()
    with pytest.raises(iam.meta.client.exceptions.NoSuchEntityException):
        user.load()
    assert list(iam.users.all()) == []


def test_a_role_and_its_policies(server: Server) -> None:
    iam = resource(server, "iam")
    role = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=json.dumps(TRUST))
    policy = iam.Policy("arn:aws:iam::aws:policy/service-role/AWSLambdaMSKExecutionRole")
    policy.attach_role(RoleName="worker")
    role.Policy("own").put(PolicyDocument=json.dumps(READING))
    assert role.assume_role_policy_document == TRUST
    assert [each.arn for each in role.attached_policies.all()] == [policy.arn]
    assert [each.policy_document for each in role.policies.all()] == [READING]
    assert list(role.instance_profiles.all()) == []
    assert [each.name for each in iam.roles.filter(PathPrefix="/")] == ["worker"]
    assert len(list(iam.policies.filter(Scope="AWS").page_size(100).limit(250))) == 250


def test_a_network_is_made_and_taken_apart(server: Server) -> None:
    ec2 = resource(server, "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.3.0.0/16")
    vpc.wait_until_available()
    vpc.create_tags(Tags=[{"Key": "Name", "Value": "orders"}])
    gateway = ec2.create_internet_gateway()
    vpc.attach_internet_gateway(InternetGatewayId=gateway.id)
    subnet = vpc.create_subnet(CidrBlock="10.3.1.0/24")
    group = vpc.create_security_group(GroupName="orders", Description="brokers")
    group.authorize_ingress(IpProtocol="tcp", FromPort=9098, ToPort=9098, CidrIp="10.0.0.0/8")
    group.reload()
    assert [each["FromPort"] for each in group.ip_permissions] == [9098]
    made = subnet.create_network_interface(Groups=[group.id])
    assert [each.id for each in subnet.network_interfaces.all()] == [made.id]
    assert (made.subnet, made.vpc) == (subnet, vpc)
    named = ec2.vpcs.filter(Filters=[{"Name": "tag:Name", "Values": ["orders"]}])
    assert list(named) == [vpc]

    for interface in subnet.network_interfaces.all():
        interface.delete()
    for each in vpc.security_groups.all():
        if each.group_name != "default":
            each.delete()
    for each in vpc.subnets.all():
        each.delete()
    for each in vpc.internet_gateways.all():
        vpc.detach_internet_gateway(InternetGatewayId=each.id)
        each.delete()
    vpc.delete()
    assert [each.is_default for each in ec2.vpcs.all()] == [True]
