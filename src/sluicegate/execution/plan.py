"""The trigger's call plan: which calls, in which order, on what, under which configuration.

One table for whoever creates a mapping, keeps it running, or explains why it does not. The numbers
are those of the steps users see.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum

MOST_TIMEOUT_SECONDS = 840
"""What a trigger's function may take at most: as on AWS, a minute less than others."""


class When(Enum):
    """Why the plan is walked."""

    CREATE = "create"
    START = "start"
    CHECK = "check"
    CONNECT = "connect"
    OUTPUT = "output"
    DELETE = "delete"


class Need(Enum):
    """What of a mapping's configuration makes a step necessary."""

    ALWAYS = "always"
    MSK = "an MSK cluster"
    NETWORK = "subnets and security groups"
    SECRETS = "secrets"
    IAM = "IAM access control"


class On(Enum):
    """What a step is about, as a policy names it; `*` where no policy can name less."""

    ROLE = "role"
    CLUSTER = "cluster"
    ANYTHING = "*"
    INTERFACE = "network-interface, subnet, security-group"
    SECRET = "secret"  # noqa: S105 - a kind of resource
    TOPIC = "topic"
    GROUP = "group"
    LOG = "log group"


@dataclass(frozen=True, slots=True)
class Step:
    """One call. `instead` is the operation that does as well, asked when this one is denied.

    In `dry` walks the call is only asked for, not made. A step of no `operation` is nothing the
    endpoint answers: brokers ask for its action.
    """

    number: int
    service: str
    operation: str
    action: str
    on: On
    need: Need
    when: frozenset[When]
    dry: frozenset[When] = frozenset()
    instead: str = ""


_LOOKED_AT = frozenset({When.CREATE, When.START, When.CHECK})
_DRY = frozenset({When.CREATE, When.CHECK})
_CONNECT = frozenset({When.CONNECT})
_OUTPUT = frozenset({When.OUTPUT})
# Interfaces of subnets a cluster has left go at the next start.
_CLEARED = frozenset({When.DELETE})


def _on_broker(action: str, on: On) -> Step:
    return Step(8, "kafka-cluster", "", f"kafka-cluster:{action}", on, Need.IAM, _CONNECT)


def _log(operation: str) -> Step:
    return Step(9, "logs", operation, f"logs:{operation}", On.LOG, Need.ALWAYS, _OUTPUT)


def _network(number: int, operation: str) -> Step:
    action = f"ec2:{operation}"
    return Step(number, "ec2", operation, action, On.ANYTHING, Need.NETWORK, _LOOKED_AT)


PLAN: tuple[Step, ...] = (
    Step(
        1,
        "sts",
        "AssumeRole",
        "sts:AssumeRole",
        On.ROLE,
        Need.ALWAYS,
        _LOOKED_AT | {When.DELETE},
    ),
    Step(
        2,
        "kafka",
        "DescribeCluster",
        "kafka:DescribeCluster",
        On.CLUSTER,
        Need.MSK,
        _LOOKED_AT,
        instead="DescribeClusterV2",
    ),
    Step(
        3,
        "kafka",
        "GetBootstrapBrokers",
        "kafka:GetBootstrapBrokers",
        On.CLUSTER,
        Need.MSK,
        _LOOKED_AT,
    ),
    _network(4, "DescribeVpcs"),
    _network(4, "DescribeSubnets"),
    _network(4, "DescribeSecurityGroups"),
    _network(5, "DescribeNetworkInterfaces"),
    Step(
        5,
        "ec2",
        "CreateNetworkInterface",
        "ec2:CreateNetworkInterface",
        On.INTERFACE,
        Need.NETWORK,
        _LOOKED_AT,
        dry=_DRY,
    ),
    Step(
        6,
        "secretsmanager",
        "GetSecretValue",
        "secretsmanager:GetSecretValue",
        On.SECRET,
        Need.SECRETS,
        _LOOKED_AT,
    ),
    _on_broker("Connect", On.CLUSTER),
    _on_broker("DescribeTopic", On.TOPIC),
    _on_broker("ReadData", On.TOPIC),
    _on_broker("DescribeGroup", On.GROUP),
    _on_broker("AlterGroup", On.GROUP),
    _log("CreateLogGroup"),
    _log("CreateLogStream"),
    _log("PutLogEvents"),
    Step(
        11,
        "ec2",
        "DescribeNetworkInterfaces",
        "ec2:DescribeNetworkInterfaces",
        On.ANYTHING,
        Need.NETWORK,
        _CLEARED,
    ),
    Step(
        11,
        "ec2",
        "DeleteNetworkInterface",
        "ec2:DeleteNetworkInterface",
        On.INTERFACE,
        Need.NETWORK,
        _CLEARED,
    ),
)


def needs(*, is_msk: bool, has_network: bool, has_secrets: bool, is_iam: bool) -> frozenset[Need]:
    """What a mapping's configuration needs."""
    given = {
        Need.ALWAYS: True,
        Need.MSK: is_msk,
        Need.NETWORK: has_network or is_msk,
        Need.SECRETS: has_secrets,
        Need.IAM: is_iam,
    }
    return frozenset(need for need, is_there in given.items() if is_there)


def steps(when: When, needed: Collection[Need]) -> Iterator[Step]:
    """The steps of one walk, in order."""
    return (step for step in PLAN if when in step.when and step.need in needed)
