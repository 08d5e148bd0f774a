"""Security groups: create, delete, describe. Their rules are in `rules`."""

import re
from collections.abc import Iterable, Mapping

from ...access import Ask
from ...errors import AwsError
from ...network import PeerKind, Rule, Traffic
from ...store import tags
from ...store.database import Tx
from ...store.ec2 import groups, vpcs
from ...store.ec2.groups import SecurityGroup
from ...store.ec2.vpcs import Vpc
from ..operation import Call, Params, Result
from . import limits, permissions, questions, tagging
from .filters import Filters, Look
from .kinds import GROUP, VPC
from .listing import Listing, made, rendered_tags
from .refusals import invalid, missing
from .served import place_of, reading, writing

_NAME = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}")


def _rendered(call: Call, group: SecurityGroup) -> Mapping[str, object]:
    return {
        "GroupId": group.id,
        "GroupName": group.name,
        "Description": group.description,
        "VpcId": group.vpc_id,
        "OwnerId": group.account,
        "SecurityGroupArn": call.arn("ec2", f"security-group/{group.id}"),
        "IpPermissions": permissions.rendered(_rules(group, is_egress=False), group.account),
        "IpPermissionsEgress": permissions.rendered(_rules(group, is_egress=True), group.account),
        "Tags": rendered_tags(group.tags) or None,
    }


def _rendered_for_vpc(_call: Call, group: SecurityGroup) -> Mapping[str, object]:
    return {
        "GroupId": group.id,
        "GroupName": group.name,
        "Description": group.description,
        "PrimaryVpcId": group.vpc_id,
        "OwnerId": group.account,
        "Tags": rendered_tags(group.tags) or None,
    }


def _rules(group: SecurityGroup, *, is_egress: bool) -> list[Rule]:
    return [rule for rule in group.rules if rule.traffic.is_egress == is_egress]


def _rule_filters(prefix: str, *, is_egress: bool) -> Filters[SecurityGroup]:
    def look(values: "Look[Traffic]") -> Look[SecurityGroup]:
        return lambda group: [
            value for rule in _rules(group, is_egress=is_egress) for value in values(rule.traffic)
        ]

    def peers(kind: PeerKind) -> Look[SecurityGroup]:
        return look(lambda traffic: [traffic.peer.name] if traffic.peer.kind is kind else [])

    def ports(values: Look[Traffic]) -> Look[SecurityGroup]:
        return look(lambda traffic: values(traffic) if permissions.has_ports(traffic) else [])

    def owners(group: SecurityGroup) -> Iterable[object]:
        return [group.account] if any(peers(PeerKind.GROUP)(group)) else []

    return {
        f"{prefix}.cidr": peers(PeerKind.CIDR),
        f"{prefix}.ipv6-cidr": peers(PeerKind.CIDR6),
        f"{prefix}.prefix-list-id": peers(PeerKind.PREFIX_LIST),
        f"{prefix}.group-id": peers(PeerKind.GROUP),
        # AWS shows no names of groups that rules of a VPC's group name, and finds none by them.
        f"{prefix}.group-name": lambda _: [],
        f"{prefix}.user-id": owners,
        f"{prefix}.from-port": ports(lambda traffic: [traffic.from_port]),
        f"{prefix}.to-port": ports(lambda traffic: [traffic.to_port]),
        f"{prefix}.protocol": look(lambda traffic: [traffic.protocol]),
    }


_OWN_FILTERS: Filters[SecurityGroup] = {
    "description": lambda group: [group.description],
    "group-id": lambda group: [group.id],
    "group-name": lambda group: [group.name],
    "owner-id": lambda group: [group.account],
}

LISTING: Listing[SecurityGroup] = Listing(
    GROUP,
    "GroupIds",
    "SecurityGroups",
    {
        **_OWN_FILTERS,
        "vpc-id": lambda group: [group.vpc_id],
        **_rule_filters("ip-permission", is_egress=False),
        **_rule_filters("egress.ip-permission", is_egress=True),
    },
    _rendered,
    made,
)

_FOR_VPC: Listing[SecurityGroup] = Listing(
    GROUP,
    "GroupIds",
    "SecurityGroupForVpcs",
    {**_OWN_FILTERS, "primary-vpc-id": lambda group: [group.vpc_id]},
    _rendered_for_vpc,
    made,
)


def meant(call: Call, tx: Tx, params: Params) -> SecurityGroup:
    """The group a request means: by id, or by name in the default VPC."""
    if params.get("GroupId"):
        return GROUP.require(tx, place_of(call), params["GroupId"])
    if not params.get("GroupName"):
        message = "The request must contain the parameter GroupName or GroupId"
        raise AwsError("MissingParameter", message)
    return _in_default(call, tx, [params["GroupName"]])[0]


def asks_of(call: Call, tx: Tx, params: Params) -> list[Ask]:
    """The question about the group a request means, by whatever it is named."""
    group_id, name = params.get("GroupId"), params.get("GroupName")
    if not group_id and name:
        found = _named_in_default(call, tx, name)
        group_id = found.id if found else name
    return [questions.existing(call, tx, GROUP, group_id)]


def _named_in_default(call: Call, tx: Tx, name: str) -> SecurityGroup | None:
    default = vpcs.default(tx, place_of(call))
    return groups.named(tx, place_of(call), default.id, name) if default else None


def _in_default(call: Call, tx: Tx, names: Iterable[str]) -> list[SecurityGroup]:
    """The groups of the default VPC with these names; the first unknown one is refused."""
    default = vpcs.default(tx, place_of(call))
    found = groups.of_vpc(tx, place_of(call), default.id) if default else []
    known = {group.name: group for group in found}
    for name in names:
        if name not in known:
            vpc_id = default.id if default else "none"
            message = f"The security group '{name}' does not exist in default VPC '{vpc_id}'"
            raise AwsError("InvalidGroup.NotFound", message)
    return [known[name] for name in names]


def _describe(call: Call, tx: Tx, params: Params) -> Result:
    names = params.get("GroupNames")
    if not names:
        return LISTING.run(call, tx, params)
    found = {group.id: group for group in _in_default(call, tx, names)}
    if params.get("GroupIds"):
        wanted = GROUP.require_all(tx, place_of(call), params["GroupIds"], "GroupId")
        found |= {group.id: group for group in wanted}
    return LISTING.answer(call, params, found.values())


def _asks_for_vpc(call: Call, tx: Tx, params: Params) -> list[Ask]:
    return [questions.existing(call, tx, VPC, params.get("VpcId"))]


def _for_vpc(call: Call, tx: Tx, params: Params) -> Result:
    vpc = VPC.require(tx, place_of(call), params["VpcId"])
    return _FOR_VPC.answer(call, params, groups.of_vpc(tx, place_of(call), vpc.id))


def _asks_create(call: Call, tx: Tx, params: Params) -> list[Ask]:
    vpc_id = params.get("VpcId")
    if not vpc_id:
        default = vpcs.default(tx, place_of(call))
        vpc_id = default.id if default else None
    return questions.created(call, params, GROUP, questions.existing(call, tx, VPC, vpc_id))


def _create(call: Call, tx: Tx, params: Params) -> Result:
    name = _checked_name(params["GroupName"])
    description = permissions.check_description(params["Description"] or "")
    if not description:
        raise missing("GroupDescription")
    sent = tagging.sent(params, GROUP)
    place = place_of(call)
    vpc = _vpc(call, tx, params)
    if groups.named(tx, place, vpc.id, name):
        message = f"The security group '{name}' already exists for VPC '{vpc.id}'"
        raise AwsError("InvalidGroup.Duplicate", message)
    limits.keep(groups.count(tx, place) + 1, limits.GROUPS, "SecurityGroupLimitExceeded")
    group_id = groups.create(tx, place, vpc.id, name, description, call.now_ms)
    tags.put(tx, group_id, sent)
    return {
        "GroupId": group_id,
        "SecurityGroupArn": call.arn("ec2", f"security-group/{group_id}"),
        "Tags": rendered_tags(sent) or None,
    }


def _vpc(call: Call, tx: Tx, params: Params) -> Vpc:
    if params.get("VpcId"):
        return VPC.require(tx, place_of(call), params["VpcId"])
    default = vpcs.default(tx, place_of(call))
    if default is None:
        raise AwsError("VPCIdNotSpecified", "No default VPC for this user")
    return default


def _checked_name(name: str) -> str:
    if name == groups.DEFAULT_NAME:
        message = f"Cannot use reserved security group name: {name}"
        raise AwsError("InvalidParameterValue", message)
    if name.startswith("sg-"):
        raise invalid(name, "GroupName", "Group names may not be in the format sg-*.")
    # Spaces around a name are not part of it.
    if not _NAME.fullmatch(name.strip()):
        reason = "Valid names are up to 255 characters: a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"
        raise invalid(name, "GroupName", reason)
    return name.strip()


def _delete(call: Call, tx: Tx, params: Params) -> Result:
    group = meant(call, tx, params)
    if group.name == groups.DEFAULT_NAME:
        message = f'the specified group: "{group.id}" name: "default" cannot be deleted by a user'
        raise AwsError("CannotDelete", message)
    if groups.is_used(tx, group.id):
        raise AwsError("DependencyViolation", f"resource {group.id} has a dependent object")
    groups.delete(tx, group)
    return {"Return": True, "GroupId": group.id}


OPERATIONS = (
    reading("DescribeSecurityGroups", questions.anything, _describe),
    reading("GetSecurityGroupsForVpc", _asks_for_vpc, _for_vpc),
    writing("CreateSecurityGroup", _asks_create, _create),
    writing("DeleteSecurityGroup", asks_of, _delete),
)
