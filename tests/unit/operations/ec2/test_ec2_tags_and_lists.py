"""Tags, filters and pages: what every Describe call of EC2 has."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.operations.ec2.asserting import World, ids, outcome, refused, tags, where, world

from sluicegate.operations.ec2.filters import pattern
from sluicegate.testing import Endpoint


def test_tags_come_and_go_and_are_listed(endpoint: Endpoint) -> None:
    w = world(endpoint)
    w.ec2.create_tags(Resources=[w.vpc, w.rule], Tags=tags(team="kafka", cost="1"))
    w.ec2.create_tags(Resources=[w.vpc], Tags=tags(team="data"))
    listed = w.ec2.describe_tags(Filters=where(resource_id=w.vpc))["Tags"]
    assert [(tag["Key"], tag["Value"], tag["ResourceType"]) for tag in listed] == [
        ("cost", "1", "vpc"),
        ("team", "data", "vpc"),
    ]
    kafka = w.ec2.describe_tags(Filters=where(**{"tag:team": "kafka"}))["Tags"]
    assert [(tag["ResourceId"], tag["ResourceType"]) for tag in kafka] == [
        (w.rule, "security-group-rule")
    ]
    w.ec2.delete_tags(Resources=[w.vpc], Tags=[{"Key": "team", "Value": "other"}, {"Key": "cost"}])
    [vpc] = w.ec2.describe_vpcs(VpcIds=[w.vpc])["Vpcs"]
    assert vpc["Tags"] == tags(team="data")
    w.ec2.delete_tags(Resources=[w.vpc])
    assert "Tags" not in w.ec2.describe_vpcs(VpcIds=[w.vpc])["Vpcs"][0]


def test_tags_go_with_what_they_hang_on(endpoint: Endpoint) -> None:
    w = world(endpoint)
    w.ec2.create_tags(Resources=[w.interface], Tags=tags(a="b"))
    w.ec2.delete_network_interface(NetworkInterfaceId=w.interface)
    assert w.ec2.describe_tags()["Tags"] == []


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        (
            tags(**{"aws:x": "y"}),
            "InvalidParameterValue",
            "Tag keys starting with 'aws:' are reserved for internal use",
        ),
        (
            tags(**{"k" * 129: "y"}),
            "InvalidParameterValue",
            "Tag key exceeds the maximum length of 128 characters",
        ),
        (
            tags(a="v" * 257),
            "InvalidParameterValue",
            "Tag value exceeds the maximum length of 256 characters",
        ),
        (
            tags(a="1") + tags(a="2"),
            "InvalidParameterValue",
            "Duplicate tag key 'a' specified.",
        ),
        (
            [{"Value": "x"}],
            "MissingParameter",
            "The request must contain the parameter Tag.1.Key",
        ),
        (
            tags(**{str(number): "x" for number in range(51)}),
            "TagLimitExceeded",
            "The maximum number of tags for a resource has been reached.",
        ),
    ],
)
def test_tags_aws_does_not_take_are_refused(
    standing: World, given: list[dict[str, str]], code: str, message: str
) -> None:
    assert refused(standing.ec2.create_tags, Resources=[standing.vpc], Tags=given) == (
        code,
        message,
    )


def test_fifty_tags_are_counted_over_calls(endpoint: Endpoint) -> None:
    w = world(endpoint)
    many = tags(**{f"k{number}": "" for number in range(50)})
    w.ec2.create_tags(Resources=[w.vpc], Tags=many)
    w.ec2.create_tags(Resources=[w.vpc], Tags=many)
    assert outcome(w.ec2.create_tags, Resources=[w.vpc], Tags=tags(one="more")) == (
        "TagLimitExceeded"
    )


def test_only_things_that_exist_are_tagged(endpoint: Endpoint) -> None:
    w = world(endpoint)
    for resource, code, message in (
        ("i-12345678", "InvalidID", "The ID 'i-12345678' is not valid"),
        ("vpc-1", "InvalidVpcID.Malformed", 'Invalid id: "vpc-1" (expecting "vpc-...")'),
        (
            "sg-12345678",
            "InvalidGroup.NotFound",
            "The security group 'sg-12345678' does not exist",
        ),
    ):
        params = {"Resources": [w.vpc, resource], "Tags": tags(a="b")}
        assert refused(w.ec2.create_tags, **params) == (code, message)
    assert w.ec2.describe_tags()["Tags"] == []


def test_filters_are_all_needed_and_any_of_their_values_is_enough(endpoint: Endpoint) -> None:
    w = world(endpoint)
    w.ec2.create_tags(Resources=[w.subnet], Tags=tags(Name="private-1"))

    def found(**filters: str | list[str]) -> list[str]:
        return ids(w.ec2.describe_subnets(Filters=where(**filters))["Subnets"], "SubnetId")

    assert found(vpc_id=w.vpc) == [w.subnet]
    assert found(vpc_id=[w.vpc, "vpc-00000000"], default_for_az="false") == [w.subnet]
    assert found(vpc_id=w.vpc, default_for_az="true") == []
    assert found(**{"tag:Name": "private-?"}) == found(tag_key="Na*") == [w.subnet]
    assert found(**{"tag:Name": "private-\\?"}) == []
    assert found(cidr="10.0.1.*") == found(cidrBlock="10.0.1.0/24") == [w.subnet]
    arn = f"arn:aws:ec2:us-east-1:000000000000:subnet/{w.subnet}"
    assert found(subnet_arn=arn) == [w.subnet]
    assert len(found(availability_zone="us-east-1?")) == 4
    assert found(outpost_arn="*") == []


def test_a_filter_nobody_knows_is_refused(standing: World) -> None:
    ec2 = standing.ec2
    for filters, message in (
        (where(colour="red"), "The filter 'colour' is invalid"),
        ([{"Values": ["x"]}], "The filter 'null' is invalid"),
    ):
        for describe in (ec2.describe_vpcs, ec2.describe_regions, ec2.describe_tags):
            assert refused(describe, Filters=filters) == ("InvalidParameterValue", message)
    many = [{"Name": "vpc-id", "Values": [f"vpc-{number}" for number in range(201)]}]
    assert refused(ec2.describe_vpcs, Filters=many)[0] == "FilterLimitExceeded"
    assert refused(ec2.describe_vpcs, Filters=[{"Name": "vpc-id"}])[0] == "MissingParameter"


def test_pages_follow_each_other_even_when_things_go_in_between(endpoint: Endpoint) -> None:
    w = world(endpoint)
    made = [
        w.ec2.create_security_group(VpcId=w.vpc, GroupName=f"g{number}", Description="g")["GroupId"]
        for number in range(12)
    ]
    here = where(vpc_id=w.vpc, group_name="g*")
    first = w.ec2.describe_security_groups(Filters=here, MaxResults=5)
    assert len(first["SecurityGroups"]) == 5
    elsewhere = {"MaxResults": 5, "NextToken": first["NextToken"]}
    assert refused(w.ec2.describe_vpcs, **elsewhere)[0] == "InvalidNextToken"
    w.ec2.delete_security_group(GroupId=first["SecurityGroups"][-1]["GroupId"])
    second = w.ec2.describe_security_groups(
        Filters=here, MaxResults=5, NextToken=first["NextToken"]
    )
    third = w.ec2.describe_security_groups(
        Filters=here, MaxResults=5, NextToken=second["NextToken"]
    )
    assert "NextToken" not in third
    seen = [
        group_id
        for page in (first, second, third)
        for group_id in ids(page["SecurityGroups"], "GroupId")
    ]
    assert sorted(seen) == sorted(made)
    paginator = w.ec2.get_paginator("describe_security_groups")
    pages = list(paginator.paginate(Filters=here, PaginationConfig={"PageSize": 5}))
    assert [len(page["SecurityGroups"]) for page in pages] == [5, 5, 1]


def test_a_page_has_from_5_to_1000_things(standing: World) -> None:
    ec2 = standing.ec2
    for size in (4, 1001):
        assert refused(ec2.describe_tags, MaxResults=size)[0] == "InvalidParameterValue"
    code, message = refused(ec2.describe_vpcs, NextToken="nonsense!")
    assert (code, message) == ("InvalidNextToken", "The token provided is invalid.")


def test_more_ids_than_anybody_has_are_refused(standing: World) -> None:
    ec2 = standing.ec2
    many = [f"vpc-{number:08x}" for number in range(1001)]
    assert refused(ec2.describe_vpcs, VpcIds=many)[0] == "InvalidParameterValue"
    assert refused(ec2.create_tags, Resources=many, Tags=tags(a="b"))[0] == "InvalidParameterValue"


@pytest.mark.parametrize(
    ("describe", "member", "wrong", "code"),
    [
        ("describe_vpcs", "VpcIds", "vpc-X", "InvalidVpcID.Malformed"),
        ("describe_subnets", "SubnetIds", "x", "InvalidSubnetID.Malformed"),
        ("describe_security_groups", "GroupIds", "x", "InvalidGroupId.Malformed"),
        (
            "describe_security_group_rules",
            "SecurityGroupRuleIds",
            "x",
            "InvalidSecurityGroupRuleId.Malformed",
        ),
        (
            "describe_network_interfaces",
            "NetworkInterfaceIds",
            "x",
            "InvalidNetworkInterfaceId.Malformed",
        ),
        ("describe_route_tables", "RouteTableIds", "rtb-00000000", "InvalidRouteTableID.NotFound"),
        ("describe_network_acls", "NetworkAclIds", "acl-00000000", "InvalidNetworkAclID.NotFound"),
        (
            "describe_internet_gateways",
            "InternetGatewayIds",
            "igw-00000000",
            "InvalidInternetGatewayID.NotFound",
        ),
        (
            "describe_dhcp_options",
            "DhcpOptionsIds",
            "dopt-00000000",
            "InvalidDhcpOptionID.NotFound",
        ),
    ],
)
def test_ids_that_are_none_are_refused(
    standing: World, describe: str, member: str, wrong: str, code: str
) -> None:
    call: Any = getattr(standing.ec2, describe)
    assert refused(call, **{member: [wrong]})[0] == code


def matches(value: str, text: str) -> bool:
    return pattern(value).fullmatch(text) is not None


def slowly(value: str, text: str) -> bool:
    """The same without escapes, by trying everything."""
    if not value or not text:
        return not text and not value.strip("*")
    if value[0] == "*":
        return slowly(value[1:], text) or slowly(value, text[1:])
    return value[0] in ("?", text[0]) and slowly(value[1:], text[1:])


def test_wildcards() -> None:
    assert matches("*", "") and matches("a*c", "abbc") and matches("a?c", "abc")
    assert matches("**a**", "bab") and matches("", "")
    assert not matches("a?c", "ac") and not matches("a", "A") and not matches("a*", "ba")
    assert matches("a?c", "a\nc") and matches("*", "a\nb") and not matches("a", "a\n")
    assert matches(r"\*", "*") and not matches(r"\*", "x") and matches("\\", "\\")


@given(st.text("ab*?\\", max_size=8), st.text("ab*?\\", max_size=8))
def test_an_escaped_text_matches_itself_alone(text: str, other: str) -> None:
    escaped = "".join(f"\\{letter}" for letter in text)
    assert matches(escaped, other) == (text == other)


@given(st.text("ab", max_size=6), st.text("ab", max_size=6), st.text("ab", max_size=6))
def test_a_star_stands_for_anything(start: str, middle: str, end: str) -> None:
    assert matches(f"{start}*{end}", start + middle + end)


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=8))
def test_whatever_the_value_it_matches_what_it_says(value: str, text: str) -> None:
    assert matches(value, text) == slowly(value, text)


def test_many_stars_are_no_work() -> None:
    """Trying everything would not end in this world's time."""
    assert not matches("*a?" * 80 + "b", "a" * 255)
    assert matches("*a?" * 80 + "*", "a" * 255)


def test_values_are_bounded_and_said_once(endpoint: Endpoint) -> None:
    w = world(endpoint)
    longest = "?" * 255
    assert w.ec2.describe_vpcs(Filters=where(tag_key=[longest] * 3))["Vpcs"] == []
    assert refused(w.ec2.describe_vpcs, Filters=where(tag_key=longest + "?")) == (
        "InvalidParameterValue",
        "Filter value exceeds the maximum length of 255 characters",
    )
