"""An organization to test with, and its accounts seen from within."""

import copy
import json
from typing import Any

from tests.unit.operations.asserting import ACCOUNT, allow

from sluicegate.access.keys import RootKey
from sluicegate.testing import Endpoint, Member

SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
FULL, FULL_RCP = "p-FullAWSAccess", "p-RCPFullAWSAccess"
ROLE = "OrganizationAccountAccessRole"


def organized(endpoint: Endpoint, *types: str) -> str:
    """Make an organization, with policies of `types` enabled; the id of its root."""
    client = endpoint.client("organizations")
    client.create_organization(FeatureSet="ALL")
    root: str = client.list_roots()["Roots"][0]["Id"]
    for kind in types:
        client.enable_policy_type(RootId=root, PolicyType=kind)
    return root


def account(endpoint: Endpoint, name: str = "team", **more: Any) -> str:
    """The number of a new account of the organization."""
    client = endpoint.client("organizations")
    made = client.create_account(AccountName=name, Email=f"{name}@example.com", **more)
    number: str = made["CreateAccountStatus"]["AccountId"]
    return number


def entered(endpoint: Endpoint, number: str, role: str = ROLE) -> Member:
    """The session by which the management account gets into an account."""
    name = f"visitor-{len(endpoint.client('iam').list_users()['Users'])}"
    arn = f"arn:aws:iam::{number}:role/{role}"
    return endpoint.session(endpoint.user(name, policy=allow("sts:AssumeRole", resource=arn)), arn)


def within(endpoint: Endpoint, number: str) -> Endpoint:
    """The endpoint as an account has it, its administrator in the place of root."""
    iam = entered(endpoint, number).client("iam")
    iam.create_user(UserName="administrator")
    document = json.dumps(allow("*"))
    iam.put_user_policy(UserName="administrator", PolicyName="all", PolicyDocument=document)
    key = iam.create_access_key(UserName="administrator")["AccessKey"]
    seen = copy.copy(endpoint)
    seen.root = RootKey(number, key["AccessKeyId"], key["SecretAccessKey"])
    return seen


def policy(endpoint: Endpoint, effect: str, *actions: str, kind: str = SCP, **more: Any) -> str:
    """The id of a new policy of one statement."""
    statement: dict[str, Any] = {"Effect": effect, "Action": list(actions), "Resource": "*", **more}
    if kind == RCP:
        statement["Principal"] = "*"
    content = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client = endpoint.client("organizations")
    number = len(client.list_policies(Filter=kind)["Policies"])
    made = client.create_policy(Name=f"policy-{number}", Description="", Type=kind, Content=content)
    made_id: str = made["Policy"]["PolicySummary"]["Id"]
    return made_id


def policy_arn(endpoint: Endpoint, policy_id: str, kind: str = SCP) -> str:
    """The ARN of a policy of the organization."""
    organization = endpoint.client("organizations").describe_organization()["Organization"]["Id"]
    return f"arn:aws:organizations::{ACCOUNT}:policy/{organization}/{kind.lower()}/{policy_id}"
