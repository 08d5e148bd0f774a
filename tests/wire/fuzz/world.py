"""An account with something of everything in it, and what every answer to a call there must be."""

import fcntl
import io
import json
import os
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore import parsers
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, HeadersDict
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.model import OperationModel
from tests.wire.fuzz import mappings
from tests.wire.fuzz.clusters import clusters
from tests.wire.fuzz.state import State

from sluicegate.testing import Endpoint, Member
from sluicegate.wire.client import IN_PROCESS_URL, to_request
from sluicegate.wire.faults import DECISION_HEADER
from sluicegate.wire.message import Request, Response
from sluicegate.wire.model import SERVICES

SIGNERS = ("root", "may everything", "may nothing")
REGION = "us-east-1"
LAMBDA_ROLE = "arn:aws:iam::000000000000:role/lambda"
MOST_CPU_SECONDS = 1.0

# What AWS lets everybody do, whatever the policies say.
_FOR_EVERYBODY = {"GetCallerIdentity"}


def _policy(effect: str) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": "*", "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


@dataclass(frozen=True)
class Raw:
    """A request before it is signed."""

    service: str
    body: bytes
    path: str = "/"
    query: str = ""
    method: str = "POST"
    headers: tuple[tuple[str, str], ...] = ()


class World:
    """An endpoint, three who sign, and what exists there: `existing` by service and by name.

    Names are those of the members a value was found in, in lower case.
    """

    def __init__(self, folder: Path) -> None:
        self.endpoint = Endpoint(folder)
        root = self.endpoint.root
        users = {
            name: self.endpoint.user(name.replace(" ", "-"), policy=_policy(effect))
            for name, effect in (("may everything", "Allow"), ("may nothing", "Deny"))
        }
        keys = {name: user.credentials for name, user in users.items()} | {"root": root}
        self._credentials = {
            name: Credentials(key.access_key, key.secret_key) for name, key in keys.items()
        }
        self.existing: dict[str, dict[str, list[Any]]] = {}
        for service, furnish in _FURNISHERS.items():
            known = self.existing.setdefault(service, {})
            for result in furnish(self.endpoint.client(service)):
                _remember(known, "", result)
        known = self.existing.setdefault("kafka", {})
        for result in clusters(self.endpoint):
            _remember(known, "", result)
        self.mappings = mappings.furnished(self.endpoint)
        self.existing["iam-toolbox"] = self._decision(users["may nothing"])
        # The state is put back after each call: code must not be gone by then.
        self._held = [_held(path) for path in (folder / "packages").iterdir()]
        self._states = [State(folder / name) for name in ("sluicegate.db", "log-events.db")]

    def close(self) -> None:
        """End it; the folder stays."""
        for descriptor in self._held:
            os.close(descriptor)
        for state in self._states:
            state.close()
        self.endpoint.close()

    def _decision(self, denied: Member) -> dict[str, list[Any]]:
        """What asks for a decision that was made."""
        with pytest.raises(ClientError) as refused:
            denied.client("kms").list_keys()
        decision = refused.value.response["ResponseMetadata"]["HTTPHeaders"][DECISION_HEADER]
        asking = ("authorizationid", "encodedmessage")
        return {name: [decision] for name in asking} | {"policyuri": [f"{denied.arn}#given"]}

    def known(self, service: str) -> dict[str, list[Any]]:
        """What exists, by name: the service's own first; under `""` every text there is."""
        merged: dict[str, list[Any]] = dict(self.mappings)
        for each in (*self.existing.values(), self.existing.get(service, {})):
            merged |= each
        texts = [text for found in merged.values() for text in found if isinstance(text, str)]
        return merged | {"": texts}

    def signed(self, raw: Raw, signer: str) -> Request:
        """The request as it would arrive, signed by botocore."""
        url = f"{IN_PROCESS_URL}{raw.path}{'?' if raw.query else ''}{raw.query}"
        request = AWSRequest(method=raw.method, url=url, data=raw.body)
        for name, value in raw.headers:
            request.headers.add_header(name, value)
        signing_name = (
            SERVICES[raw.service].signing_name if raw.service in SERVICES else raw.service
        )
        SigV4Auth(self._credentials[signer], signing_name, REGION).add_auth(request)
        return to_request(request.prepare())

    def judged(self, request: Request, signer: str, operation: str = "") -> Response:
        """The answer to `request`, which must be quick, no fault of ours, and all or nothing.

        Whatever it changed is undone afterwards, so that every call finds the same world.
        """
        began = time.thread_time()
        response = self.endpoint.answer(request)
        took = time.thread_time() - began
        changed = [name for state in self._states for name in state.changed()]
        for state in self._states:
            state.restore()
        assert 200 <= response.status < 500, response
        assert took < MOST_CPU_SECONDS, f"{took:.2f} s for {response.status}"
        if response.status >= 300:
            assert not changed, f"refused with {response.body[:200]!r}, and yet changed {changed}"
        if signer == "may nothing" and operation not in _FOR_EVERYBODY:
            assert response.status >= 400, f"answered {response.body[:200]!r}"
        return response


def _held(package: Path) -> int:
    descriptor = os.open(package, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def understood(response: Response, protocol: str, operation: OperationModel | None = None) -> None:
    """Assert that botocore reads the answer: a result, or an error with a code."""
    raw = {
        "body": response.body,
        "headers": HeadersDict(response.headers),
        "status_code": response.status,
    }
    shape = operation.output_shape if operation is not None else None
    parsed = parsers.create_parser(protocol).parse(raw, shape)
    assert response.status < 300 or parsed["Error"]["Code"], response
    assert response.headers.get("x-amzn-RequestId"), response


def _remember(known: dict[str, list[Any]], name: str, value: Any) -> None:
    """Every text and blob in a result, by the name of its member."""
    if isinstance(value, dict):
        for key, inside in value.items():
            if key != "ResponseMetadata":
                _remember(known, key, inside)
    elif isinstance(value, list):
        for inside in value:
            _remember(known, name, inside)
    elif isinstance(value, str | bytes) and value:
        found = known.setdefault(name.lower(), [])
        if value not in found:
            found.append(value)


def _identities(iam: Any) -> Iterator[dict[str, Any]]:
    assume = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    statement = {"Effect": "Allow", "Principal": {"AWS": "000000000000"}, "Action": assume}
    trust = {"Version": "2012-10-17", "Statement": [statement]}
    document = json.dumps(_policy("Allow"))
    tags = [{"Key": "team", "Value": "one"}]
    yield iam.create_user(UserName="alice", Path="/people/", Tags=tags)
    yield iam.create_login_profile(UserName="alice", Password="Correct-horse-1")
    yield iam.create_access_key(UserName="alice")
    yield iam.create_group(GroupName="brokers")
    iam.add_user_to_group(UserName="alice", GroupName="brokers")
    yield iam.create_role(RoleName="worker", AssumeRolePolicyDocument=json.dumps(trust), Tags=tags)
    policy = iam.create_policy(PolicyName="wide", PolicyDocument=document, Tags=tags)
    yield policy
    arn = policy["Policy"]["Arn"]
    yield iam.create_policy_version(PolicyArn=arn, PolicyDocument=document)
    iam.attach_user_policy(UserName="alice", PolicyArn=arn)
    iam.attach_role_policy(RoleName="worker", PolicyArn=arn)
    iam.put_user_policy(UserName="alice", PolicyName="given", PolicyDocument=document)
    iam.put_group_policy(GroupName="brokers", PolicyName="given", PolicyDocument=document)
    iam.put_role_policy(RoleName="worker", PolicyName="given", PolicyDocument=document)
    iam.create_user(UserName="idle")
    iam.create_group(GroupName="idle")
    iam.create_role(RoleName="idle", AssumeRolePolicyDocument=json.dumps(trust))
    idle = iam.create_policy(PolicyName="idle", PolicyDocument=document)["Policy"]["Arn"]
    yield {"UserName": "idle", "GroupName": "idle", "RoleName": "idle"}
    yield iam.create_service_linked_role(AWSServiceName="kafka.amazonaws.com")
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
    trust_lambda = {"Version": "2012-10-17", "Statement": [statement | {"Action": assume}]}
    iam.create_role(RoleName="lambda", AssumeRolePolicyDocument=json.dumps(trust_lambda))
    iam.create_account_alias(AccountAlias="acme")
    yield {"PolicyName": "given", "AccountAlias": "acme", "Marker": iam.list_users(MaxItems=1)}
    yield {"AWSServiceName": "kafka.amazonaws.com", "PolicyDocument": document}
    yield {"AssumeRolePolicyDocument": json.dumps(trust), "PolicyArn": [arn, idle]}
    yield {"RoleArn": "arn:aws:iam::000000000000:role/worker", "Password": "Correct-horse-2"}


def _keys(kms: Any) -> Iterator[dict[str, Any]]:
    key = kms.create_key(Tags=[{"TagKey": "team", "TagValue": "one"}])
    yield key
    key_id = key["KeyMetadata"]["KeyId"]
    waiting = kms.create_key()
    kms.schedule_key_deletion(KeyId=waiting["KeyMetadata"]["KeyId"], PendingWindowInDays=7)
    kms.create_alias(AliasName="alias/brokers", TargetKeyId=key_id)
    yield waiting
    context = {"purpose": "test"}
    yield {"KeyId": "alias/brokers", "AliasName": "alias/brokers", "EncryptionContext": context}
    yield kms.encrypt(KeyId=key_id, Plaintext=b"one", EncryptionContext=context)
    yield kms.encrypt(KeyId=key_id, Plaintext=b"two")
    grantee = "arn:aws:iam::000000000000:user/people/alice"
    for _ in range(2):
        yield kms.create_grant(
            KeyId=key_id,
            GranteePrincipal=grantee,
            RetiringPrincipal=grantee,
            Operations=["Decrypt", "CreateGrant"],
        )
    yield {"GranteePrincipal": grantee, "NumberOfBytes": 32}
    yield {"Policy": kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"]}
    yield {"PolicyName": "default", "Marker": kms.list_keys(Limit=1)["NextMarker"]}
    yield {"Marker": kms.list_grants(KeyId=key_id, Limit=1)["NextMarker"]}


def _secrets(secrets: Any) -> Iterator[dict[str, Any]]:
    tags = [{"Key": "team", "Value": "one"}]
    made = secrets.create_secret(Name="AmazonMSK_alice", SecretString="{}", Tags=tags)
    yield made
    yield secrets.put_secret_value(SecretId=made["ARN"], SecretString="second")
    yield secrets.create_secret(Name="bytes", SecretBinary=b"\x00\xff")
    replicas = [{"Region": "eu-west-1"}]
    yield secrets.create_secret(Name="copied", SecretString="x", AddReplicaRegions=replicas)
    gone = secrets.create_secret(Name="gone", SecretString="x")
    yield gone
    secrets.delete_secret(SecretId=gone["ARN"])
    yield {"SecretId": [made["ARN"], "AmazonMSK_alice", "bytes", "copied", "gone"]}
    yield {"NextToken": secrets.list_secrets(MaxResults=1)["NextToken"]}


def _logs(logs: Any) -> Iterator[dict[str, Any]]:
    names = ("/aws/lambda/one", "brokers")
    for name in names:
        logs.create_log_group(logGroupName=name, tags={"team": "one"})
        logs.create_log_stream(logGroupName=name, logStreamName="stream")
        logs.create_log_stream(logGroupName=name, logStreamName="empty")
        now_ms = time.time_ns() // 1_000_000
        messages = ("plain", '{"a": {"b": [1, "x"]}, "level": "ERROR"}', "[x] 1 2 3", "\0 😀")
        events = [
            {"timestamp": now_ms - 1000 + at, "message": each} for at, each in enumerate(messages)
        ]
        logs.put_log_events(logGroupName=name, logStreamName="stream", logEvents=events)
    groups = logs.describe_log_groups()
    yield groups
    yield {"logGroupIdentifier": [*names, *(each["arn"] for each in groups["logGroups"])]}
    yield {"resourceArn": [each["logGroupArn"] for each in groups["logGroups"]]}
    yield logs.describe_log_streams(logGroupName=names[0])
    yield logs.describe_log_groups(limit=1)
    yield logs.get_log_events(logGroupName=names[0], logStreamName="stream", limit=1)
    yield logs.filter_log_events(logGroupName=names[0], limit=1)
    document = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "kafka.amazonaws.com"},
                    "Action": "logs:PutLogEvents",
                    "Resource": "*",
                }
            ],
        }
    )
    yield logs.put_resource_policy(policyName="kafka", policyDocument=document)


def _networks(ec2: Any) -> Iterator[dict[str, Any]]:
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="brokers", Description="x", VpcId=vpc)["GroupId"]
    permission = {
        "IpProtocol": "tcp",
        "FromPort": 9092,
        "ToPort": 9098,
        "IpRanges": [{"CidrIp": "10.1.0.0/16"}],
        "UserIdGroupPairs": [{"GroupId": group}],
    }
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    made = ec2.create_network_interface(SubnetId=subnet, Groups=[group])["NetworkInterface"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    spare = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    unused = ec2.create_security_group(GroupName="unused", Description="x", VpcId=vpc)["GroupId"]
    empty = ec2.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
    yield {"VpcId": [vpc, empty], "SubnetId": subnet, "GroupId": [group, unused]}
    yield {"InternetGatewayId": [gateway, spare], "NetworkInterfaceId": made["NetworkInterfaceId"]}
    for rule in ec2.describe_security_group_rules()["SecurityGroupRules"]:
        if rule["GroupId"] == group and rule.get("CidrIpv4") == "10.1.0.0/16":
            yield {"IngressRule": rule["SecurityGroupRuleId"]}
    for kind in ("vpcs", "subnets", "security_groups", "security_group_rules", "route_tables"):
        yield getattr(ec2, f"describe_{kind}")()
    for kind in ("network_interfaces", "internet_gateways", "network_acls", "dhcp_options"):
        yield getattr(ec2, f"describe_{kind}")()
    yield {"Resources": [vpc, subnet, group, gateway]}
    yield {"NextToken": ec2.describe_security_group_rules(MaxResults=5)["NextToken"]}


def _functions(functions: Any) -> Iterator[dict[str, Any]]:
    code = zipped("handler.py")
    function = {"FunctionName": "orders"}
    yield functions.create_function(
        **function,
        Runtime="python3.11",
        Role=LAMBDA_ROLE,
        Handler="handler.handle",
        Code={"ZipFile": code},
        Environment={"Variables": {"NAME": "value"}},
        Tags={"team": "one"},
        Publish=True,
    )
    functions.update_function_code(**function, ZipFile=zipped("other.py"), Publish=True)
    yield functions.create_alias(**function, Name="live", FunctionVersion="1")
    yield functions.create_alias(**function, Name="idle", FunctionVersion="2")
    statement = {"StatementId": "given", "Action": "lambda:InvokeFunction", "Principal": "*"}
    functions.add_permission(**function, **statement)
    functions.add_permission(**function, **statement, Qualifier="live")
    functions.put_function_event_invoke_config(**function, MaximumRetryAttempts=1)
    functions.put_function_concurrency(**function, ReservedConcurrentExecutions=5)
    functions.invoke(**function, InvocationType="Event", Payload=b"{}")
    yield functions.get_function(**function)
    yield {"RevisionId": functions.get_policy(**function)["RevisionId"]}
    arn = "arn:aws:lambda:us-east-1:000000000000:function:orders"
    yield {"FunctionName": ["orders", arn, f"{arn}:live", "orders:1"], "Resource": arn, **statement}
    yield {"ZipFile": code, "Qualifier": ["1", "live", "$LATEST"], "Name": ["live", "idle"]}
    yield {"Marker": functions.list_versions_by_function(**function, MaxItems=1)["NextMarker"]}


def zipped(name: str) -> bytes:
    """A deployment package of one file."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, "x")
    return packed.getvalue()


_FURNISHERS: dict[str, Callable[[Any], Iterator[dict[str, Any]]]] = {
    "iam": _identities,
    "kms": _keys,
    "secretsmanager": _secrets,
    "logs": _logs,
    "ec2": _networks,
    "lambda": _functions,
}
"""How something of everything is made; yields what was made and what lists say of it."""
