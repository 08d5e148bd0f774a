"""The rules of security groups: authorize, revoke, describe, change."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from ...access import Ask
from ...errors import AwsError
from ...network import PeerKind, Rule, Traffic
from ...store import tags
from ...store.database import Tx
from ...store.ec2 import rules, vpcs
from ...store.ec2.groups import SecurityGroup
from ..operation import Call, Operation, Params, Result
from . import limits, permissions, questions, tagging
from .groups import asks_of, meant
from .kinds import GROUP, RULE
from .listing import Listing, rendered_tags
from .permissions import Asked, Reader
from .refusals import missing
from .served import Asks, place_of, writing

_PEER_MEMBERS = {
    PeerKind.CIDR: "CidrIpv4",
    PeerKind.CIDR6: "CidrIpv6",
    PeerKind.PREFIX_LIST: "PrefixListId",
}
_PEER_WORDS = {
    PeerKind.CIDR: "IPv4 CIDR",
    PeerKind.CIDR6: "IPv6 CIDR",
    PeerKind.PREFIX_LIST: "prefix list",
    PeerKind.GROUP: "referenced group",
}


def _rendered(call: Call, rule: Rule) -> Mapping[str, object]:
    reference = {"GroupId": rule.traffic.peer.name, "UserId": call.account}
    is_reference = rule.traffic.peer.kind is PeerKind.GROUP
    return {
        **_common(rule),
        "GroupOwnerId": call.account,
        "ReferencedGroupInfo": reference if is_reference else None,
        "SecurityGroupRuleArn": call.arn("ec2", f"security-group-rule/{rule.id}"),
        "Tags": rendered_tags(rule.tags),
    }


def _revoked(rule: Rule) -> Mapping[str, object]:
    is_reference = rule.traffic.peer.kind is PeerKind.GROUP
    return {
        **_common(rule),
        "ReferencedGroupId": rule.traffic.peer.name if is_reference else None,
    }


def _common(rule: Rule) -> dict[str, object]:
    traffic = rule.traffic
    member = _PEER_MEMBERS.get(traffic.peer.kind)
    return {
        "SecurityGroupRuleId": rule.id,
        "GroupId": rule.group_id,
        "IsEgress": traffic.is_egress,
        "IpProtocol": traffic.protocol,
        "FromPort": traffic.from_port,
        "ToPort": traffic.to_port,
        "Description": rule.description,
        **({member: traffic.peer.name} if member else {}),
    }


LISTING: Listing[Rule] = Listing(
    RULE,
    "SecurityGroupRuleIds",
    "SecurityGroupRules",
    {
        "group-id": lambda rule: [rule.group_id],
        "security-group-rule-id": lambda rule: [rule.id],
    },
    _rendered,
    lambda rule: f"{rule.group_id} {rule.id}",
)


def _asks_authorize(call: Call, tx: Tx, params: Params) -> list[Ask]:
    sent = questions.sent_tags(params, RULE)
    made = questions.created(call, params, RULE) if sent else []
    return [*asks_of(call, tx, params), *made]


def _authorize(call: Call, tx: Tx, params: Params, *, is_egress: bool) -> Result:
    sent = tagging.sent(params, RULE)
    group = meant(call, tx, params)
    place = place_of(call)
    asked = Reader(tx, place, group, is_egress=is_egress).read(_permissions(params, is_egress))
    _refuse_repeated([rule.traffic for rule in asked])
    present = {rule.traffic for rule in group.rules}
    for rule in asked:
        if rule.traffic in present:
            raise _duplicate(rule.traffic)
    count = len(asked) + sum(traffic.is_egress == is_egress for traffic in present)
    limits.keep(count, limits.RULES_PER_GROUP, "RulesPerSecurityGroupLimitExceeded")
    added = [(rule.traffic, rule.description) for rule in asked]
    ids = rules.add(tx, place, group.id, added, call.now_ms)
    for rule_id in ids:
        tags.put(tx, rule_id, sent)
    made = RULE.require_all(tx, place, ids, "SecurityGroupRuleId")
    return {"Return": True, "SecurityGroupRules": [_rendered(call, rule) for rule in made]}


def _revoke(call: Call, tx: Tx, params: Params, *, is_egress: bool) -> Result:
    group = meant(call, tx, params)
    ids = params.get("SecurityGroupRuleIds")
    if ids and params.get("IpPermissions"):
        message = "Only one of 'ipPermissions' and 'securityGroupRuleIds' may be provided."
        raise AwsError("InvalidParameterCombination", message)
    unknown: list[Rule] = []
    if ids:
        found = [_own(group, rule_id, is_egress=is_egress) for rule_id in dict.fromkeys(ids)]
    else:
        asked = _asked(call, tx, params, group, is_egress=is_egress)
        present = {rule.traffic: rule for rule in group.rules}
        found = [present[rule.traffic] for rule in asked if rule.traffic in present]
        unknown = [
            Rule("", group.id, rule.traffic, rule.description)
            for rule in asked
            if rule.traffic not in present
        ]
    # In the default VPC AWS revokes what it can and names the rest; elsewhere all or nothing.
    default = vpcs.default(tx, place_of(call))
    if unknown and not (default and default.id == group.vpc_id):
        raise _not_found()
    rules.delete(tx, [rule.id for rule in found])
    return {
        "Return": True,
        "RevokedSecurityGroupRules": [_revoked(rule) for rule in found],
        "UnknownIpPermissions": permissions.rendered(unknown, call.account),
    }


def _describe_rules(call: Call, tx: Tx, params: Params, *, is_egress: bool) -> Result:
    group = meant(call, tx, params)
    by_id = params.get("SecurityGroupRuleDescriptions")
    if bool(by_id) == bool(params.get("IpPermissions")):
        message = "Either 'ipPermissions' or 'securityGroupRuleDescriptions' should be provided."
        raise AwsError("InvalidParameterCombination", message)
    limits.keep_named(by_id or [], "SecurityGroupRuleDescription")
    for item in by_id or ():
        if not item.get("SecurityGroupRuleId"):
            raise missing("SecurityGroupRuleId")
        rule = _own(group, item["SecurityGroupRuleId"], is_egress=is_egress)
        rules.describe(tx, rule.id, permissions.described(item.get("Description")))
    if not by_id:
        present = {rule.traffic: rule for rule in group.rules}
        for asked in _asked(call, tx, params, group, is_egress=is_egress):
            if asked.traffic not in present:
                raise _not_found()
            rules.describe(tx, present[asked.traffic].id, asked.description)
    return {"Return": True}


def _asks_modify(call: Call, tx: Tx, params: Params) -> list[Ask]:
    changes = params.get("SecurityGroupRules") or ()
    ids = [str(change.get("SecurityGroupRuleId") or "") for change in changes]
    limits.keep_named(ids, "SecurityGroupRule")
    return [
        *asks_of(call, tx, params),
        *questions.each(call, tx, RULE, dict.fromkeys(ids)),
    ]


def _modify(call: Call, tx: Tx, params: Params) -> Result:
    group = GROUP.require(tx, place_of(call), params["GroupId"])
    after = {rule.id: rule.traffic for rule in group.rules}
    changes: dict[str, Asked] = {}
    for item in params["SecurityGroupRules"]:
        rule = _own(group, item["SecurityGroupRuleId"])
        if rule.id in changes:
            message = f"Duplicate security group rule ID '{rule.id}' specified."
            raise AwsError("InvalidParameterValue", message)
        if not item.get("SecurityGroupRule"):
            raise missing("SecurityGroupRule")
        reader = Reader(tx, place_of(call), group, is_egress=rule.traffic.is_egress)
        asked = reader.one(item["SecurityGroupRule"])
        _refuse_other_kind(rule, asked)
        changes[rule.id] = asked
        after[rule.id] = asked.traffic
    seen: set[Traffic] = set()
    for traffic in after.values():
        if traffic in seen:
            raise _duplicate(traffic)
        seen.add(traffic)
    rules.replace(tx, {key: (asked.traffic, asked.description) for key, asked in changes.items()})
    return {"Return": True}


def _permissions(params: Params, is_egress: bool) -> Sequence[Mapping[str, Any]]:
    """The permissions sent, or the one that old ingress requests spell at their top."""
    given: Sequence[Mapping[str, Any]] | None = params.get("IpPermissions")
    if given:
        return given
    if is_egress or not any(params.get(name) for name in ("CidrIp", "SourceSecurityGroupName")):
        raise missing("ipPermissions")
    pair = {
        "GroupName": params.get("SourceSecurityGroupName"),
        "UserId": params.get("SourceSecurityGroupOwnerId"),
    }
    named = params.get("SourceSecurityGroupName")
    return [
        {
            # A group named without protocol means all traffic from it.
            "IpProtocol": params.get("IpProtocol") or ("-1" if named else None),
            "FromPort": params.get("FromPort"),
            "ToPort": params.get("ToPort"),
            "IpRanges": [{"CidrIp": params["CidrIp"]}] if params.get("CidrIp") else [],
            "UserIdGroupPairs": [pair] if named else [],
        }
    ]


def _asked(
    call: Call, tx: Tx, params: Params, group: SecurityGroup, *, is_egress: bool
) -> list[Asked]:
    reader = Reader(tx, place_of(call), group, is_egress=is_egress)
    asked = reader.read(_permissions(params, is_egress))
    _refuse_repeated([rule.traffic for rule in asked])
    return asked


def _own(group: SecurityGroup, id: str, *, is_egress: bool | None = None) -> Rule:
    """The rule of this group, and of this direction where it matters."""
    RULE.check(id)
    for rule in group.rules:
        if rule.id == id and is_egress in (None, rule.traffic.is_egress):
            return rule
    raise RULE.missing(id)


def _refuse_repeated(asked: Collection[Traffic]) -> None:
    if len(set(asked)) < len(asked):
        message = "The same permission must not appear multiple times"
        raise AwsError("InvalidParameterValue", message)


def _refuse_other_kind(rule: Rule, asked: Asked) -> None:
    before, after = rule.traffic.peer.kind, asked.traffic.peer.kind
    if before is not after:
        member = _PEER_MEMBERS.get(after, "ReferencedGroupId")
        message = (
            f"Invalid rule type for security group rule '{rule.id}'. You may not specify {member} "
            f"for an existing {_PEER_WORDS[before]} rule."
        )
        raise AwsError("InvalidParameterValue", message)


def _duplicate(traffic: Traffic) -> AwsError:
    message = f'the specified rule "{permissions.sentence(traffic)}" already exists'
    return AwsError("InvalidPermission.Duplicate", message)


def _not_found() -> AwsError:
    message = "The specified rule does not exist in this security group."
    return AwsError("InvalidPermission.NotFound", message)


def _both(name: str, asks: Asks, run: Callable[..., Result]) -> Iterable[Operation]:
    """The Ingress and the Egress operation of that name."""
    for direction, is_egress in (("Ingress", False), ("Egress", True)):
        yield writing(
            name + direction,
            asks,
            partial(run, is_egress=is_egress),
        )


OPERATIONS = (
    LISTING.operation("DescribeSecurityGroupRules"),
    *_both("AuthorizeSecurityGroup", _asks_authorize, _authorize),
    *_both("RevokeSecurityGroup", asks_of, _revoke),
    *_both("UpdateSecurityGroupRuleDescriptions", asks_of, _describe_rules),
    writing("ModifySecurityGroupRules", _asks_modify, _modify),
)
