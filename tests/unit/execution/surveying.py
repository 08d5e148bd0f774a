"""A trigger's role and source to look at, over clients of the real control path in this process."""

import json
from dataclasses import replace
from typing import Any

from tests.unit.operations.kafka.asserting import running

from sluicegate.errors import Unavailable
from sluicegate.execution import ExecutionRoles, SessionCalls
from sluicegate.execution.findings import Connection, Outcome, Surveyed
from sluicegate.execution.interfaces import StoreAttachments
from sluicegate.execution.plan import When
from sluicegate.execution.survey import survey
from sluicegate.functions import Credentials
from sluicegate.store.mappings import Access, EventSourceMapping
from sluicegate.testing import Endpoint
from sluicegate.wire.client import Credentials as Signing

ARN = "arn:aws:lambda:us-east-1:000000000000:function:orders"
ID = "b1a2c3d4-0000-4000-8000-000000000001"
TRUST = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"ArnEquals": {"aws:SourceArn": ARN}},
    },
}
ASKED = (
    "kafka:DescribeCluster",
    "kafka:GetBootstrapBrokers",
    "ec2:DescribeVpcs",
    "ec2:DescribeSubnets",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeNetworkInterfaces",
    "ec2:CreateNetworkInterface",
)
DELETING = "ec2:DeleteNetworkInterface"
ANYBODY = {"Unauthenticated": {"Enabled": True}}
BOTH = {"EncryptionInTransit": {"ClientBroker": "TLS_PLAINTEXT"}}


class Bench:
    """A mapping, its role, and the endpoint its calls go to."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.is_there = True
        self.roles = ExecutionRoles(self.client, endpoint.vault, endpoint.clock)
        self.role = endpoint.role("orders", trust=TRUST)
        self.calls = SessionCalls(self.client, self.roles, ARN, self.role)
        self.attachments = StoreAttachments(endpoint.databases.state, endpoint.clock)
        self.mapping = EventSourceMapping(
            id=ID,
            account="000000000000",
            region="us-east-1",
            function_id="f",
            function_arn=f"{ARN}:live",
            topic="orders",
            group_id=ID,
            created_ms=1,
            last_modified_ms=1,
        )

    def client(self, service: str, region: str, credentials: Credentials) -> Any:
        if not self.is_there:
            raise Unavailable("nobody answers")
        signing = Signing(credentials.access_key, credentials.secret_key, credentials.token)
        return self.endpoint.client(service, region=region, credentials=signing)

    def permit(self, *actions: str) -> None:
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam = self.endpoint.client("iam")
        iam.put_role_policy(RoleName="orders", PolicyName="given", PolicyDocument=document)

    def on(self, arn: str, **more: Any) -> None:
        self.mapping = replace(self.mapping, event_source_arn=arn, **more)

    def own(self, *access: Access) -> None:
        servers = ("kafka:9092", "other:9092")
        self.mapping = replace(self.mapping, bootstrap_servers=servers, access=access)

    def look(self, when: When = When.CHECK) -> Surveyed:
        found = survey(self.mapping, self.calls, when, self.attachments)
        if when is When.START:
            self.mapping = replace(self.mapping, interface_ids=found.interface_ids)
        return found

    def outcome(self, when: When = When.CHECK) -> Outcome:
        return self.look(when).outcome

    def connection(self, when: When = When.CHECK) -> Connection:
        outcome = self.outcome(when)
        assert isinstance(outcome, Connection), outcome
        return outcome

    @property
    def interfaces(self) -> list[dict[str, Any]]:
        found = self.endpoint.client("ec2").describe_network_interfaces()["NetworkInterfaces"]
        return list(found)

    def secret(self, value: Any, **more: Any) -> str:
        text = value if isinstance(value, str) else json.dumps(value)
        client = self.endpoint.client("secretsmanager")
        return str(client.create_secret(Name="AmazonMSK_s", SecretString=text, **more)["ARN"])


def cluster(bench: Bench, authentication: dict[str, Any] = ANYBODY, **more: Any) -> str:
    return running(bench.endpoint, ClientAuthentication=authentication, **more)
