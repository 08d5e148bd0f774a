"""Who may do what: users, roles, secrets and logs, denied and allowed."""

import json
import time
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from .story import Keys, StepFailed, Story


def a_new_user(story: Story, iam: Any) -> Keys:
    """Alice, and what she signs with."""
    story.tell("A new user, with an access key and nothing else")
    story.ask("root", iam.create_user, UserName="alice")
    key = story.ask("root", iam.create_access_key, UserName="alice")["AccessKey"]
    keys = Keys(key["AccessKeyId"], key["SecretAccessKey"])
    identity = story.ask("alice", story.client("sts", keys).get_caller_identity)
    story.show("is", identity["Arn"])
    return keys


def denied_then_allowed(story: Story, iam: Any, root: Keys, alice: Keys) -> None:
    """What she may do: nothing, then what a policy says, and why."""
    kafka, her_iam = story.client("kafka", alice), story.client("iam", alice)
    story.tell("By default she may do nothing")
    story.refused("alice", kafka.list_clusters)
    story.refused("alice", her_iam.list_users)
    story.tell("A policy is attached, and holds from the next call on")
    managed = "arn:aws:iam::aws:policy/IAMReadOnlyAccess"
    story.ask("root", iam.attach_user_policy, UserName="alice", PolicyArn=managed)
    users = story.ask("alice", her_iam.list_users)["Users"]
    story.show("allowed", f"{len(users)} user: {users[0]['Arn']}")
    story.tell("It allows what it says and no more; an explicit Deny wins over it")
    story.refused("alice", her_iam.create_user, UserName="mallory")
    deny = policy("Deny", "iam:List*", "*")
    put = iam.put_user_policy
    story.ask("root", put, UserName="alice", PolicyName="no-lists", PolicyDocument=deny)
    decision_id = story.refused("alice", her_iam.list_users)
    story.tell("Every decision is kept; who may, can ask which statement made it")
    toolbox = story.client("iam-toolbox", root)
    ask = toolbox.get_request_authorization_details
    details = story.ask("root", ask, authorizationId=decision_id)
    for matched in details["evaluations"][0]["matchedPolicies"]:
        effects = [each["evaluatedEffect"] for each in matched["matchedStatements"]]
        story.show("because", f"{', '.join(effects)} in {matched['uri']}")
    story.show("or so", f"sluicegate explain {decision_id}")
    story.ask("root", iam.delete_user_policy, UserName="alice", PolicyName="no-lists")


def an_assumed_role(story: Story, iam: Any, alice: Keys) -> Keys:
    """The session she gets of the role `orders`."""
    story.tell("A role that trusts the account; who assumes it needs a permission as well")
    account = iam.get_user(UserName="alice")["User"]["Arn"].split(":")[4]
    trust = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
                "Action": "sts:AssumeRole",
            },
        }
    )
    create = iam.create_role
    role = story.ask("root", create, RoleName="orders", AssumeRolePolicyDocument=trust)["Role"]
    sts = story.client("sts", alice)
    assume = {"RoleArn": role["Arn"], "RoleSessionName": "demo"}
    story.refused("alice", sts.assume_role, **assume)
    allow = policy("Allow", "sts:AssumeRole", role["Arn"])
    put = iam.put_user_policy
    story.ask("root", put, UserName="alice", PolicyName="be-orders", PolicyDocument=allow)
    given = story.ask("alice", sts.assume_role, **assume)["Credentials"]
    keys = Keys(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    identity = story.ask("orders", story.client("sts", keys).get_caller_identity)
    story.show("is", identity["Arn"])
    return keys


def a_secret(story: Story, iam: Any, root: Keys, session: Keys) -> str:
    """A secret and its key, each with its own say; the ARN of the secret."""
    story.tell("A secret under a key of our own: reading it takes two permissions")
    kms = story.client("kms", root)
    key = story.ask("root", kms.create_key, Description="orders")["KeyMetadata"]
    value = json.dumps({"username": "orders", "password": "made-up-for-the-demo"})
    manager = story.client("secretsmanager", root)
    create = manager.create_secret
    secret = story.ask(
        "root", create, Name="AmazonMSK_orders", KmsKeyId=key["KeyId"], SecretString=value
    )
    mine = story.client("secretsmanager", session)
    read = {"SecretId": secret["ARN"]}
    story.refused("orders", mine.get_secret_value, **read)
    story.tell("With secretsmanager:GetSecretValue alone the key still refuses")
    allow = policy("Allow", "secretsmanager:GetSecretValue", secret["ARN"])
    put = iam.put_role_policy
    story.ask("root", put, RoleName="orders", PolicyName="secret", PolicyDocument=allow)
    story.refused("orders", mine.get_secret_value, **read)
    allow = policy("Allow", "kms:Decrypt", key["Arn"])
    story.ask("root", put, RoleName="orders", PolicyName="key", PolicyDocument=allow)
    got = story.ask("orders", mine.get_secret_value, **read)
    story.show("allowed", f"version {got['VersionId']}, user name {_user_name(got)}")
    managed = "arn:aws:iam::aws:policy/service-role/AWSLambdaMSKExecutionRole"
    story.tell(f"{managed.rpartition('/')[2]}, as AWS ships it")
    story.ask("root", iam.attach_role_policy, RoleName="orders", PolicyArn=managed)
    arn: str = secret["ARN"]
    return arn


def logs(story: Story, session: Keys) -> None:
    """What the managed policy of Kafka triggers allows, and what it does not."""
    logs = story.client("logs", session)
    group, stream = "/aws/lambda/orders", "demo"
    story.ask("orders", logs.create_log_group, logGroupName=group)
    name = {"logGroupName": group, "logStreamName": stream}
    story.ask("orders", logs.create_log_stream, **name)
    event = {"timestamp": int(time.time() * 1000), "message": "10 orders handled"}
    story.ask("orders", logs.put_log_events, **name, logEvents=[event])
    # AWSLambdaMSKExecutionRole lets a function write its log, not read it.
    story.refused("orders", logs.get_log_events, **name)


def network(story: Story, alice: Keys, session: Keys) -> None:
    """The default VPC, as each of them sees it."""
    story.tell("A fresh account has a default VPC; the role may see it, alice may not")
    ec2 = story.client("ec2", session)
    vpc = story.ask("orders", ec2.describe_vpcs)["Vpcs"][0]
    story.show("allowed", f"{vpc['VpcId']} {vpc['CidrBlock']}")
    try:
        story.ask("alice", story.client("ec2", alice).describe_vpcs)
    except ClientError as error:
        shown = error.response["Error"]
        story.show("denied", f"{shown['Code']}: {shown['Message'].split(' Encoded')[0]}")
    else:
        raise StepFailed("the call was allowed, and must not be")


def policy(effect: str, action: str, resource: str) -> str:
    """A policy of one statement."""
    statement = {"Effect": effect, "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _user_name(answer: Mapping[str, Any]) -> str:
    name: str = json.loads(answer["SecretString"])["username"]
    return name
