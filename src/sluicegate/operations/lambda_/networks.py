"""VpcConfig: whose networks a function would join, looked up as whoever asks for it.

Only kept and shown: a function's code reaches nothing but the endpoint. Yet that its role could
make the interfaces is checked as on AWS, so that a role which works here works there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ...errors import AccessDenied, AwsError, Unavailable
from ...iam.model import Context
from ...store.ec2 import subnets
from ...store.ec2.things import Place
from ...store.function_versions import Version
from ..operation import Call, Params
from . import roles
from .refusals import invalid

_INTERFACES = (
    "CreateNetworkInterface",
    "DescribeNetworkInterfaces",
    "DeleteNetworkInterface",
)


def context(call: Call, params: Params) -> Context:
    """The condition keys of a request's VpcConfig."""
    given = params.get("VpcConfig") or {}
    subnet_ids = tuple(given.get("SubnetIds") or ())
    group_ids = tuple(given.get("SecurityGroupIds") or ())
    with call.database.read() as tx:
        place = Place(call.account, call.region)
        found = subnets.listed(tx, place, subnet_ids) if subnet_ids else []
    vpcs = tuple(dict.fromkeys(subnet.vpc_id for subnet in found))
    keys = {"VpcIds": vpcs, "SubnetIds": subnet_ids, "SecurityGroupIds": group_ids}
    return {f"lambda:{key}": ids for key, ids in keys.items() if ids}


def joined(call: Call, function_arn: str, version: Version, given: Mapping[str, Any]) -> Version:
    """The version in the networks of a VpcConfig, if caller and role may put it there."""
    subnet_ids = list(dict.fromkeys(given.get("SubnetIds") or ()))
    group_ids = list(dict.fromkeys(given.get("SecurityGroupIds") or ()))
    dual = bool(given.get("Ipv6AllowedForDualStack"))
    if not subnet_ids and not group_ids:
        return replace(version, vpc_id="", subnet_ids="", security_group_ids="", is_dual_stack=dual)
    if not subnet_ids or not group_ids:
        raise invalid("Subnet Ids and Security Group Ids must both be specified, or neither.")
    groups = _described(call, "SecurityGroup", "GroupIds", group_ids)
    held = _described(call, "Subnet", "SubnetIds", subnet_ids)
    vpcs = {each["VpcId"] for each in held}
    if len(vpcs) > 1:
        raise invalid("Subnets must all belong to the same VPC.")
    if {each["VpcId"] for each in groups} != vpcs:
        raise invalid("Security Groups are required to be in the same VPC.")
    _described(call, "Vpc", "VpcIds", sorted(vpcs))
    _check_role(call, function_arn, version.role_arn, subnet_ids[0], group_ids)
    return replace(
        version,
        vpc_id=vpcs.pop(),
        subnet_ids=",".join(subnet_ids),
        security_group_ids=",".join(group_ids),
        is_dual_stack=dual,
    )


def _described(call: Call, noun: str, member: str, ids: Iterable[str]) -> list[dict[str, Any]]:
    """What EC2 tells the caller of these things; each refusal in Lambda's words."""
    operation, wanted = f"Describe{noun}s", list(ids)
    try:
        answer = call.calls.forward(call, "ec2", operation, {member: wanted})
    except AccessDenied as error:
        raise AccessDenied(
            "Your access has been denied by EC2, please make sure your request credentials have "
            f"permission to {operation} for {wanted[0]}. EC2 Error Code: UnauthorizedOperation. "
            f"EC2 Error Message: You are not authorized to perform this operation. {error.message}",
            decision_id=error.decision_id,
        ) from None
    except Unavailable:
        raise
    except AwsError as error:
        raise invalid(
            f"Error occurred while {operation}. EC2 Error Code: {error.code}. "
            f"EC2 Error Message: {error.message}"
        ) from None
    found: list[dict[str, Any]] = answer[f"{noun}s"]
    return found


def _check_role(
    call: Call, function_arn: str, role_arn: str, subnet_id: str, group_ids: list[str]
) -> None:
    """Whether the execution role could make, find and remove the interfaces: asked, not done."""
    session = roles.session(function_arn, role_arn)
    making: Params = {"SubnetId": subnet_id, "Groups": group_ids, "DryRun": True}
    looking: Params = {"DryRun": True}
    # DeleteNetworkInterface of one that is not there is judged like any other.
    removing: Params = {"NetworkInterfaceId": "eni-00000000000000000", "DryRun": True}
    for operation, asked in zip(_INTERFACES, (making, looking, removing), strict=True):
        try:
            call.calls.as_role(call, session, "ec2", operation, asked)
        except AccessDenied:
            raise invalid(
                f"The provided execution role does not have permissions to call {operation} on EC2"
            ) from None
        except Unavailable:
            raise
        except AwsError:
            # It may: that nothing is done was asked for.
            continue
