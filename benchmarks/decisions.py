"""Decisions per second beside cedarpy's, on the same machine in the same run.

    python -m benchmarks.decisions

The workload: a role session with three policies of 25 statements together (what the trigger's
execution role has, an application's, and a Kafka administrator's with two conditional denies and
the conditional allow that decides), asking for kafka:DescribeCluster on a cluster with three
condition keys; a second question with the wrong tag must be denied. cedarpy gets the same
statements as Cedar policies, parsed once, entities parsed once.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import cedarpy

from sluicegate import iam

ACCOUNT = "000000000000"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/consumer"
CLUSTER = f"arn:aws:kafka:eu-west-1:{ACCOUNT}:cluster/orders/6d1b2c58-0b5e-4b0a-9a57-0d2f1f6f0b11-2"
ROUNDS = 3
WINDOW_SECONDS = 1.0
GOAL_RATIO = 4.0
GOAL_COMPILE_MS = 5.0

EXECUTION: list[Mapping[str, Any]] = [
    {
        "Effect": "Allow",
        "Action": [
            "kafka:DescribeClusterV2",
            "kafka:GetBootstrapBrokers",
            "ec2:CreateNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeVpcs",
            "ec2:DeleteNetworkInterface",
            "ec2:DescribeSubnets",
            "ec2:DescribeSecurityGroups",
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
        ],
        "Resource": "*",
    }
]
APPLICATION: list[Mapping[str, Any]] = [
    {
        "Sid": f"Application{number}",
        "Effect": "Allow",
        "Action": [f"{service}:Get*", f"{service}:List*", f"{service}:PutThing{number}"],
        "Resource": [f"arn:aws:{service}:eu-west-1:{ACCOUNT}:thing{number}/*"],
    }
    for number, service in enumerate(["s3", "sqs", "sns", "dynamodb", "secretsmanager", "kms"] * 2)
]
KAFKA: list[Mapping[str, Any]] = [
    {
        "Sid": f"Cluster{number}",
        "Effect": "Allow",
        "Action": ["kafka:Describe*", "kafka:List*"],
        "Resource": f"arn:aws:kafka:eu-west-1:{ACCOUNT}:cluster/team{number}-*/*",
    }
    for number in range(9)
] + [
    {
        "Sid": "OnlyEncrypted",
        "Effect": "Deny",
        "Action": "kafka:*",
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    },
    {
        "Sid": "OnlyFromTheOffice",
        "Effect": "Deny",
        "Action": "kafka:*",
        "Resource": "*",
        "Condition": {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
    },
    {
        "Sid": "OwnTeam",
        "Effect": "Allow",
        "Action": "kafka:DescribeCluster",
        "Resource": f"arn:aws:kafka:eu-west-1:{ACCOUNT}:cluster/orders/*",
        "Condition": {
            "StringEquals": {"aws:ResourceTag/team": "orders"},
            "StringNotEquals": {"aws:ResourceTag/team": "payments"},
        },
    },
]
DOCUMENTS = [
    json.dumps({"Version": "2012-10-17", "Statement": statements})
    for statements in (EXECUTION, APPLICATION, KAFKA)
]


def question(team: str) -> iam.Question:
    """The question, about a cluster of `team`."""
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/consumer/worker"
    principal = iam.Principal(
        kind=iam.PrincipalKind.ROLE_SESSION,
        account=ACCOUNT,
        arn=session,
        unique_id="AROAEXAMPLEEXAMPLE01:worker",
        names=frozenset((session, ROLE, "AROAEXAMPLEEXAMPLE01")),
        role_arn=ROLE,
    )
    context = {
        "aws:ResourceTag/team": team,
        "aws:SecureTransport": "true",
        "aws:SourceIp": "10.1.2.3",
    }
    return iam.Question(principal, "kafka:DescribeCluster", CLUSTER, context)


def compiled() -> iam.Layers:
    """The three policies, as `access` hands them to a decision."""
    policies = (iam.load(text, iam.PolicyKind.IDENTITY) for text in DOCUMENTS)
    return iam.Layers(identity=tuple(iam.Attached(policy) for policy in policies))


def cedar_policies() -> str:
    """The same statements in Cedar: patterns of actions are groups, those of ARNs are `like`."""
    return "\n".join(_cedar(one) for one in (*EXECUTION, *APPLICATION, *KAFKA))


CEDAR_CONDITIONS = {
    "OnlyEncrypted": ["!context.secure"],
    "OnlyFromTheOffice": ['!context.source.isInRange(ip("10.0.0.0/8"))'],
    "OwnTeam": ['resource.team == "orders"', 'resource.team != "payments"'],
}


def _cedar(statement: Mapping[str, Any]) -> str:
    effect = "permit" if statement["Effect"] == "Allow" else "forbid"
    actions = ", ".join(f"Action::{json.dumps(action)}" for action in _many(statement["Action"]))
    resources = [one for one in _many(statement["Resource"]) if one != "*"]
    clauses = [" || ".join(f"resource.arn like {json.dumps(one)}" for one in resources)]
    clauses.extend(CEDAR_CONDITIONS.get(statement.get("Sid", ""), []))
    when = " && ".join(f"({clause})" for clause in clauses if clause)
    head = f'{effect}(principal in Role::"{ROLE}", action in [{actions}], resource)'
    return f"{head} when {{ {when} }};" if when else f"{head};"


def _many(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def cedar_entities(team: str) -> str:
    """The session in its role, the action in its groups, the cluster with its tag."""
    groups = ("kafka:*", "kafka:Describe*")
    return json.dumps(
        [
            {"uid": {"type": "Session", "id": "worker"}, "attrs": {},
             "parents": [{"type": "Role", "id": ROLE}]},
            {"uid": {"type": "Action", "id": "kafka:DescribeCluster"}, "attrs": {},
             "parents": [{"type": "Action", "id": group} for group in groups]},
            {"uid": {"type": "Cluster", "id": CLUSTER}, "attrs": {"arn": CLUSTER, "team": team},
             "parents": []},
        ]
    )  # fmt: skip


CEDAR_REQUEST = {
    "principal": 'Session::"worker"',
    "action": 'Action::"kafka:DescribeCluster"',
    "resource": f'Cluster::"{CLUSTER}"',
    "context": {
        "secure": True,
        "source": {"__extn": {"fn": "ip", "arg": "10.1.2.3"}},
    },
}


def ours(team: str) -> Callable[[], bool]:
    """A decision of ours, the trace included; the policies are compiled beforehand."""
    asked, layers = question(team), compiled()
    return lambda: iam.decide(asked, layers).allowed


def theirs(team: str) -> Callable[[], bool]:
    """The same decision of cedarpy; policies and entities are parsed beforehand."""
    policies = cedarpy.PolicySet.from_str(cedar_policies())
    entities = cedarpy.Entities.from_json_str(cedar_entities(team))
    return lambda: bool(cedarpy.is_authorized(CEDAR_REQUEST, policies, entities).allowed)


def rate(decide: Callable[[], bool]) -> float:
    """Decisions per second in one window."""
    count, start = 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < WINDOW_SECONDS:
        for _ in range(100):
            decide()
        count += 100
    return count / spent


def compile_ms() -> float:
    """Milliseconds to load the three policies, the best of some rounds."""
    best = float("inf")
    for _ in range(20):
        start = time.perf_counter()
        compiled()
        best = min(best, time.perf_counter() - start)
    return best * 1000


def main() -> int:
    """Print the figures; 1 when a goal is missed or an answer is wrong."""
    for name, decision in (("sluicegate", ours), ("cedarpy", theirs)):
        if not decision("orders")() or decision("payments")():
            print(f"{name} gives a wrong answer")
            return 1
    pairs = [(rate(ours("orders")), rate(theirs("orders"))) for _ in range(ROUNDS)]
    mine, cedar = (max(column) for column in zip(*pairs, strict=True))
    loading = compile_ms()
    print(f"sluicegate  {mine:9,.0f}/s  {1e6 / mine:6.1f} µs   the trace included")
    print(f"cedarpy     {cedar:9,.0f}/s  {1e6 / cedar:6.1f} µs   PolicySet and Entities handles")
    print(f"ratio       {mine / cedar:9.1f}     goal {GOAL_RATIO}")
    print(f"load        {loading:9.2f} ms  three policies, goal {GOAL_COMPILE_MS}")
    return 0 if mine >= GOAL_RATIO * cedar and loading <= GOAL_COMPILE_MS else 1


if __name__ == "__main__":
    sys.exit(main())
