"""How many of each thing there may be: AWS's default quotas, and the errors that name them."""

from collections.abc import Sized

from ...errors import AwsError

VPCS = 5
SUBNETS_PER_VPC = 200
GROUPS = 2500
RULES_PER_GROUP = 60
"""Of each direction."""
GROUPS_PER_INTERFACE = 5
INTERFACES = 5000
ADDRESSES_PER_INTERFACE = 50
GATEWAYS = 5
TAGS = 50
IDS = 1000
"""Of things named in one request."""

ACCOUNT_ATTRIBUTES = {
    "supported-platforms": "VPC",
    "max-instances": "20",
    "vpc-max-security-groups-per-interface": str(GROUPS_PER_INTERFACE),
    "max-elastic-ips": "5",
    "vpc-max-elastic-ips": "5",
}

_SENTENCES = {
    "VpcLimitExceeded": "The maximum number of VPCs has been reached.",
    "SubnetLimitExceeded": "The maximum number of subnets has been reached.",
    "SecurityGroupLimitExceeded": "The maximum number of security groups has been reached.",
    "RulesPerSecurityGroupLimitExceeded": (
        "The maximum number of rules per security group has been reached."
    ),
    "SecurityGroupsPerInterfaceLimitExceeded": (
        "The maximum number of security groups per interface has been reached."
    ),
    "NetworkInterfaceLimitExceeded": "The maximum number of network interfaces has been reached.",
    "PrivateIpAddressLimitExceeded": "Number of private addresses will exceed limit.",
    "InternetGatewayLimitExceeded": "The maximum number of internet gateways has been reached.",
    "TagLimitExceeded": "The maximum number of tags for a resource has been reached.",
}


def keep(count: int, limit: int, code: str) -> None:
    """Raise the error `code` when `count` things would be more than `limit`."""
    if count > limit:
        raise AwsError(code, _SENTENCES[code])


def keep_named(names: Sized, member: str) -> None:
    """Refuse a request that names more than `IDS` things, before any is looked up."""
    if len(names) > IDS:
        message = f"Value for parameter {member} is invalid. At most {IDS} may be specified."
        raise AwsError("InvalidParameterValue", message)
