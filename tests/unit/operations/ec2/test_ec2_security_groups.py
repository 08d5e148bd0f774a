"""Security groups and their rules, as a user and Terraform make, read and change them."""

from typing import Any

import pytest
from tests.unit.operations.ec2.asserting import (
    World,
    cidrs,
    ids,
    pairs,
    refused,
    specified,
    tags,
    tcp,
    where,
    world,
)

from sluicegate.testing import Endpoint

EVERYTHING = {"IpProtocol": "-1", **cidrs("0.0.0.0/0")}


def group_of(ec2: Any, group_id: str) -> dict[str, Any]:
    group: dict[str, Any] = ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"][0]
    return group


def rules_of(ec2: Any, group_id: str, *, is_egress: bool = False) -> list[dict[str, Any]]:
    rules = ec2.describe_security_group_rules(Filters=where(group_id=group_id))
    return [rule for rule in rules["SecurityGroupRules"] if rule["IsEgress"] == is_egress]


def test_a_new_group_lets_all_out_and_nothing_in(endpoint: Endpoint) -> None:
    ec2 = endpoint.client("ec2")
    made = ec2.create_security_group(
        GroupName="g", Description="d", TagSpecifications=specified("security-group", a="b")
    )
    assert made["Tags"] == tags(a="b")
    group = group_of(ec2, made["GroupId"])
    assert group["SecurityGroupArn"] == made["SecurityGroupArn"]
    assert group["IpPermissions"] == []
    [outward] = group["IpPermissionsEgress"]
    assert outward["IpRanges"] == [{"CidrIp": "0.0.0.0/0"}]
    # What Terraform does first with a group of its own.
    ec2.revoke_security_group_egress(
        GroupId=made["GroupId"],
        IpPermissions=[{"IpProtocol": "-1", "FromPort": 0, "ToPort": 0, **cidrs("0.0.0.0/0")}],
    )
    assert group_of(ec2, made["GroupId"])["IpPermissionsEgress"] == []


@pytest.mark.parametrize(
    ("params", "code", "message"),
    [
        (
            {"GroupName": "default"},
            "InvalidParameterValue",
            "Cannot use reserved security group name: default",
        ),
        (
            {"GroupName": "sg-1"},
            "InvalidParameterValue",
            "Value (sg-1) for parameter GroupName is invalid. "
            "Group names may not be in the format sg-*.",
        ),
        (
            {"Description": "it's"},
            "InvalidParameterValue",
            "Invalid security group description. Valid descriptions are strings less than 256 "
            "characters from the following set: a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*",
        ),
        (
            {"TagSpecifications": specified("vpc", a="b")},
            "InvalidParameterValue",
            "'vpc' is not a valid taggable resource type for this operation.",
        ),
    ],
)
def test_a_group_needs_a_name_and_a_description_aws_takes(
    standing: World, params: dict[str, Any], code: str, message: str
) -> None:
    given = {"GroupName": "g", "Description": "d"} | params
    assert refused(standing.ec2.create_security_group, **given) == (code, message)


def test_names_are_unique_in_a_vpc(endpoint: Endpoint) -> None:
    w = world(endpoint)
    again = {"GroupName": "brokers", "Description": "again"}
    assert refused(w.ec2.create_security_group, VpcId=w.vpc, **again) == (
        "InvalidGroup.Duplicate",
        f"The security group 'brokers' already exists for VPC '{w.vpc}'",
    )
    w.ec2.create_security_group(**again)


def test_rules_of_equal_ports_are_one_permission_and_keep_their_descriptions(
    endpoint: Endpoint,
) -> None:
    w = world(endpoint)
    w.ec2.authorize_security_group_ingress(
        GroupId=w.group,
        IpPermissions=[
            tcp(9092, **cidrs("192.168.7.1/24", description="office")),
            tcp(9092, Ipv6Ranges=[{"CidrIpv6": "2001:DB8:0::1/64"}], **pairs(w.group)),
            {"IpProtocol": "17", "FromPort": 53, "ToPort": 53, **cidrs("10.0.0.0/8")},
        ],
    )
    kafka, dns = group_of(w.ec2, w.group)["IpPermissions"]
    assert kafka == {
        "IpProtocol": "tcp",
        "FromPort": 9092,
        "ToPort": 9092,
        "IpRanges": [
            {"CidrIp": "10.0.0.0/16"},
            {"CidrIp": "192.168.7.0/24", "Description": "office"},
        ],
        "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/64"}],
        "PrefixListIds": [],
        "UserIdGroupPairs": [{"GroupId": w.group, "UserId": "000000000000"}],
    }
    assert (dns["IpProtocol"], dns["FromPort"]) == ("udp", 53)


def test_a_rule_is_answered_as_it_is_described(endpoint: Endpoint) -> None:
    w = world(endpoint)
    made = w.ec2.authorize_security_group_egress(
        GroupId=w.group,
        IpPermissions=[tcp(443, **pairs(w.group))],
        TagSpecifications=specified("security-group-rule", a="b"),
    )["SecurityGroupRules"]
    assert (
        made
        == w.ec2.describe_security_group_rules(
            SecurityGroupRuleIds=ids(made, "SecurityGroupRuleId")
        )["SecurityGroupRules"]
    )
    [rule] = made
    assert rule["IsEgress"] and rule["ReferencedGroupInfo"] == {
        "GroupId": w.group,
        "UserId": "000000000000",
    }
    assert rule["Tags"] == tags(a="b") and "Description" not in rule and "CidrIpv4" not in rule


@pytest.mark.parametrize(
    ("permission", "sentence"),
    [
        (tcp(443, **cidrs("0.0.0.0/0")), "TCP, from port: 443, to port: 443"),
        (EVERYTHING, "ALL"),
        (
            {"IpProtocol": "icmp", "FromPort": 8, "ToPort": 0, **cidrs("0.0.0.0/0")},
            "ICMP, type: 8, code: 0",
        ),
    ],
)
def test_a_rule_is_there_once_whatever_its_description(
    endpoint: Endpoint, permission: dict[str, Any], sentence: str
) -> None:
    w = world(endpoint)
    authorize = w.ec2.authorize_security_group_ingress
    authorize(GroupId=w.group, IpPermissions=[permission])
    described = permission | cidrs("0.0.0.0/0", description="again")
    assert refused(authorize, GroupId=w.group, IpPermissions=[described]) == (
        "InvalidPermission.Duplicate",
        f'the specified rule "peer: 0.0.0.0/0, {sentence}, ALLOW" already exists',
    )
    twice = [tcp(1, **cidrs("10.0.0.1/8")), tcp(1, **cidrs("10.9.9.9/8", description="x"))]
    assert refused(authorize, GroupId=w.group, IpPermissions=twice) == (
        "InvalidParameterValue",
        "The same permission must not appear multiple times",
    )


@pytest.mark.parametrize(
    ("permission", "message"),
    [
        (tcp(1, **cidrs("10.0.0.1")), "CIDR block 10.0.0.1 is malformed"),
        (tcp(1, Ipv6Ranges=[{"CidrIpv6": "::1%eth0/64"}]), "CIDR block ::1%eth0/64 is malformed"),
        (
            {"IpProtocol": "tcp", **cidrs("10.0.0.0/8")},
            "Invalid value for portRange. Must specify both from and to ports with TCP/UDP.",
        ),
        (tcp(65536, **cidrs("10.0.0.0/8")), "TCP/UDP (from) port (65536) out of range"),
        (
            {"IpProtocol": "udp", "FromPort": 2, "ToPort": 1, **cidrs("10.0.0.0/8")},
            "Invalid TCP/UDP port range (2:1)",
        ),
        (
            {"IpProtocol": "icmp", "FromPort": 3, "ToPort": 256, **cidrs("10.0.0.0/8")},
            "ICMP code (256) out of range",
        ),
        (
            {"IpProtocol": "all", **cidrs("10.0.0.0/8")},
            "Invalid value 'all' for IP protocol. Unknown protocol.",
        ),
        (
            tcp(1, **cidrs("10.0.0.0/8", description="it's")),
            "Invalid rule description. Valid descriptions are strings less than 256 "
            "characters from the following set: a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*",
        ),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(
    standing: World, permission: dict[str, Any], message: str
) -> None:
    assert refused(
        standing.ec2.authorize_security_group_ingress,
        GroupId=standing.group,
        IpPermissions=[permission],
    ) == ("InvalidParameterValue", message)


def test_a_peer_group_must_be_in_the_same_network(standing: World) -> None:
    [elsewhere] = standing.ec2.describe_security_groups(GroupNames=["default"])["SecurityGroups"]
    authorize = standing.ec2.authorize_security_group_ingress
    different = "You have specified two resources that belong to different networks."
    for peer in (
        {"GroupId": elsewhere["GroupId"]},
        {"GroupId": "sg-12345678", "UserId": "111111111111"},
    ):
        permission = tcp(1, UserIdGroupPairs=[peer])
        assert refused(authorize, GroupId=standing.group, IpPermissions=[permission]) == (
            "InvalidGroup.NotFound",
            different,
        )
    assert refused(
        authorize, GroupId=standing.group, IpPermissions=[tcp(1, **pairs("sg-12345678"))]
    ) == (
        "InvalidGroup.NotFound",
        "The security group 'sg-12345678' does not exist",
    )


def test_the_old_spelling_of_one_rule_still_works(endpoint: Endpoint) -> None:
    ec2 = endpoint.client("ec2")
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "10.0.0.0/8"}
    ec2.create_security_group(GroupName="old", Description="old")
    ec2.authorize_security_group_ingress(GroupName="old", **rule)
    ec2.authorize_security_group_ingress(GroupName="old", SourceSecurityGroupName="old")
    [group] = ec2.describe_security_groups(GroupNames=["old"])["SecurityGroups"]
    assert [permission["IpProtocol"] for permission in group["IpPermissions"]] == ["tcp", "-1"]
    ec2.revoke_security_group_ingress(GroupName="old", **rule)
    assert len(rules_of(ec2, group["GroupId"])) == 1
    ec2.delete_security_group(GroupName="old")
    code, message = refused(ec2.delete_security_group, GroupName="old")
    assert code == "InvalidGroup.NotFound"
    assert message.startswith("The security group 'old' does not exist in default VPC 'vpc-")


def test_revoking_is_all_or_nothing_outside_the_default_vpc(endpoint: Endpoint) -> None:
    w = world(endpoint)
    known, unknown = tcp(9092, **cidrs("10.0.0.0/16")), tcp(1, **cidrs("10.0.0.0/16"))
    revoke = w.ec2.revoke_security_group_ingress
    assert refused(revoke, GroupId=w.group, IpPermissions=[known, unknown]) == (
        "InvalidPermission.NotFound",
        "The specified rule does not exist in this security group.",
    )
    answer = revoke(GroupId=w.group, IpPermissions=[known])
    [revoked] = answer["RevokedSecurityGroupRules"]
    assert revoked["SecurityGroupRuleId"] == w.rule
    assert refused(revoke, GroupId=w.group, SecurityGroupRuleIds=[w.rule]) == (
        "InvalidSecurityGroupRuleId.NotFound",
        f"The security group rule ID '{w.rule}' does not exist",
    )


def test_in_the_default_vpc_what_is_unknown_is_named(endpoint: Endpoint) -> None:
    ec2 = endpoint.client("ec2")
    group = ec2.create_security_group(GroupName="g", Description="g")["GroupId"]
    answer = ec2.revoke_security_group_egress(
        GroupId=group, IpPermissions=[EVERYTHING, tcp(1, **cidrs("10.0.0.0/8"))]
    )
    assert len(answer["RevokedSecurityGroupRules"]) == 1
    [unknown] = answer["UnknownIpPermissions"]
    assert unknown["FromPort"] == 1


def test_descriptions_change_by_rule_and_by_permission(endpoint: Endpoint) -> None:
    w = world(endpoint)
    update = w.ec2.update_security_group_rule_descriptions_ingress
    described = {"SecurityGroupRuleId": w.rule, "Description": "by id"}
    update(GroupId=w.group, SecurityGroupRuleDescriptions=[described])
    assert rules_of(w.ec2, w.group)[0]["Description"] == "by id"
    by_rule = tcp(9092, **cidrs("10.0.0.0/16", description="by rule"))
    update(GroupId=w.group, IpPermissions=[by_rule])
    assert rules_of(w.ec2, w.group)[0]["Description"] == "by rule"
    update(GroupId=w.group, IpPermissions=[tcp(9092, **cidrs("10.0.0.0/16"))])
    assert "Description" not in rules_of(w.ec2, w.group)[0]
    outward = w.ec2.update_security_group_rule_descriptions_egress
    assert refused(outward, GroupId=w.group, SecurityGroupRuleDescriptions=[described])[0] == (
        "InvalidSecurityGroupRuleId.NotFound"
    )
    everything = {**EVERYTHING, "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "out"}]}
    outward(GroupId=w.group, IpPermissions=[everything])
    of_group = [{"Name": "group-id", "Values": [w.group]}]
    rules = w.ec2.describe_security_group_rules(Filters=of_group)["SecurityGroupRules"]
    assert [rule.get("Description") for rule in rules if rule["IsEgress"]] == ["out"]
    unknown = [tcp(1, **cidrs("10.0.0.0/16"))]
    code, _ = refused(update, GroupId=w.group, IpPermissions=unknown)
    assert code == "InvalidPermission.NotFound"


def test_rules_change_in_place_and_may_swap(endpoint: Endpoint) -> None:
    w = world(endpoint)
    second = w.ec2.authorize_security_group_ingress(
        GroupId=w.group,
        IpPermissions=[tcp(9094, **cidrs("10.0.0.0/16"))],
        TagSpecifications=specified("security-group-rule", a="b"),
    )["SecurityGroupRules"][0]["SecurityGroupRuleId"]

    def to(rule: str, port: int, **more: str) -> dict[str, Any]:
        new = {"IpProtocol": "6", "FromPort": port, "ToPort": port, "CidrIpv4": "10.0.0.0/16"}
        return {"SecurityGroupRuleId": rule, "SecurityGroupRule": new | more}

    modify = w.ec2.modify_security_group_rules
    modify(GroupId=w.group, SecurityGroupRules=[to(w.rule, 9094), to(second, 9092)])
    ports = {rule["SecurityGroupRuleId"]: rule["FromPort"] for rule in rules_of(w.ec2, w.group)}
    assert ports == {w.rule: 9094, second: 9092}
    modify(GroupId=w.group, SecurityGroupRules=[to(second, 9096, Description="new")])
    [changed] = w.ec2.describe_security_group_rules(SecurityGroupRuleIds=[second])[
        "SecurityGroupRules"
    ]
    assert (changed["FromPort"], changed["Description"]) == (9096, "new")
    assert changed["Tags"] == tags(a="b")
    assert refused(modify, GroupId=w.group, SecurityGroupRules=[to(second, 9094)])[0] == (
        "InvalidPermission.Duplicate"
    )
    other = {"IpProtocol": "-1", "CidrIpv6": "::/0"}
    change = {"SecurityGroupRuleId": w.rule, "SecurityGroupRule": other}
    assert refused(modify, GroupId=w.group, SecurityGroupRules=[change]) == (
        "InvalidParameterValue",
        f"Invalid rule type for security group rule '{w.rule}'. You may not specify CidrIpv6 "
        "for an existing IPv4 CIDR rule.",
    )


def test_what_names_a_group_keeps_it(endpoint: Endpoint) -> None:
    w = world(endpoint)
    blocked = ("DependencyViolation", f"resource {w.group} has a dependent object")
    assert refused(w.ec2.delete_security_group, GroupId=w.group) == blocked
    w.ec2.delete_network_interface(NetworkInterfaceId=w.interface)
    other = w.ec2.create_security_group(VpcId=w.vpc, GroupName="o", Description="o")["GroupId"]
    w.ec2.authorize_security_group_ingress(
        GroupId=other, IpPermissions=[tcp(1, **pairs(w.group, other))]
    )
    assert refused(w.ec2.delete_security_group, GroupId=w.group) == blocked
    # A group that only names itself is free to go, and takes its rules along.
    w.ec2.delete_security_group(GroupId=other)
    w.ec2.delete_security_group(GroupId=w.group)
    assert refused(w.ec2.describe_security_groups, GroupIds=[w.group]) == (
        "InvalidGroup.NotFound",
        f"The security group '{w.group}' does not exist",
    )
    assert refused(w.ec2.describe_security_group_rules, SecurityGroupRuleIds=[w.rule])[0] == (
        "InvalidSecurityGroupRuleId.NotFound"
    )


def test_the_default_group_stays(standing: World) -> None:
    ec2 = standing.ec2
    [group] = ids(ec2.describe_security_groups(GroupNames=["default"])["SecurityGroups"], "GroupId")
    assert refused(ec2.delete_security_group, GroupId=group) == (
        "CannotDelete",
        f'the specified group: "{group}" name: "default" cannot be deleted by a user',
    )


def test_sixty_rules_are_the_limit_each_way(endpoint: Endpoint) -> None:
    w = world(endpoint)
    many = [tcp(port, **cidrs("10.0.0.0/8")) for port in range(1, 61)]
    authorize = w.ec2.authorize_security_group_ingress
    assert refused(authorize, GroupId=w.group, IpPermissions=many) == (
        "RulesPerSecurityGroupLimitExceeded",
        "The maximum number of rules per security group has been reached.",
    )
    authorize(GroupId=w.group, IpPermissions=many[1:])
    assert len(rules_of(w.ec2, w.group)) == 60


def test_groups_are_found_by_what_their_rules_say(endpoint: Endpoint) -> None:
    w = world(endpoint)
    w.ec2.authorize_security_group_ingress(
        GroupId=w.group, IpPermissions=[tcp(9096, **pairs(w.group))]
    )
    for name, value in (
        ("ip-permission.cidr", "10.0.0.0/16"),
        ("ip-permission.from-port", "9092"),
        ("ip-permission.group-id", w.group),
        ("ip-permission.protocol", "tcp"),
        ("group-name", "bro*"),
        ("vpc-id", w.vpc),
    ):
        found = w.ec2.describe_security_groups(Filters=where(**{name: value}))["SecurityGroups"]
        assert w.group in ids(found, "GroupId"), name
    egress = where(**{"egress.ip-permission.cidr": "10.0.0.0/16"})
    assert w.ec2.describe_security_groups(Filters=egress)["SecurityGroups"] == []


def test_groups_for_a_vpc(standing: World) -> None:
    answer = standing.ec2.get_security_groups_for_vpc(
        VpcId=standing.vpc, Filters=where(group_name="brokers")
    )
    [group] = answer["SecurityGroupForVpcs"]
    assert (group["GroupId"], group["PrimaryVpcId"]) == (standing.group, standing.vpc)
