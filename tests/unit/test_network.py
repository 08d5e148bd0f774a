"""May this security group reach that port."""

from hypothesis import given
from hypothesis import strategies as st

from sluicegate.network import ANY_PORT, Peer, PeerKind, Rule, Side, Traffic, judge

BROKERS = Side(frozenset({"sg-b"}), ("10.0.0.0/24", "10.0.1.0/24"))
POLLER = Side(frozenset({"sg-p"}), ("10.0.5.7/32",))


def rule(
    id: str,
    group: str,
    peer: Peer,
    *,
    is_egress: bool = False,
    protocol: str = "tcp",
    ports: tuple[int, int] = (9092, 9098),
) -> Rule:
    first, last = (ANY_PORT, ANY_PORT) if protocol == "-1" else ports
    return Rule(id, group, Traffic(is_egress, protocol, first, last, peer))


def cidr(text: str) -> Peer:
    return Peer(PeerKind.CIDR6 if ":" in text else PeerKind.CIDR, text)


def group(id: str) -> Peer:
    return Peer(PeerKind.GROUP, id)


OUT = rule("out", "sg-p", cidr("0.0.0.0/0"), is_egress=True, protocol="-1")


def test_a_group_that_names_the_other_lets_it_in() -> None:
    verdict = judge(POLLER, BROKERS, 9096, [OUT, rule("in", "sg-b", group("sg-p"))])
    assert verdict.allowed
    assert verdict.rules == ("out", "in")


def test_a_group_open_to_itself_reaches_its_own_port() -> None:
    own = [
        rule("self", "sg-b", group("sg-b"), protocol="-1"),
        rule("all", "sg-b", cidr("0.0.0.0/0"), is_egress=True, protocol="-1"),
    ]
    assert judge(BROKERS, BROKERS, 9094, own).allowed


def test_a_closed_port_is_named_with_both_groups() -> None:
    verdict = judge(POLLER, BROKERS, 9092, [OUT, rule("in", "sg-b", group("sg-p"), ports=(1, 80))])
    assert not verdict.allowed
    assert verdict.reason == (
        "no inbound rule of `sg-b` lets TCP port 9092 in from `sg-p` or all of `10.0.5.7/32`"
    )


def test_a_revoked_outbound_rule_is_the_reason() -> None:
    verdict = judge(POLLER, BROKERS, 9092, [rule("in", "sg-b", group("sg-p"))])
    assert verdict.reason == (
        "no outbound rule of `sg-p` lets TCP port 9092 out to `sg-b` "
        "or all of `10.0.0.0/24`, `10.0.1.0/24`"
    )


def test_blocks_may_be_covered_by_a_rule_each_but_none_may_be_left_out() -> None:
    half = rule("first", "sg-p", cidr("10.0.0.0/24"), is_egress=True)
    rest = rule("second", "sg-p", cidr("10.0.1.0/24"), is_egress=True)
    inward = rule("in", "sg-b", cidr("10.0.5.0/24"))
    assert judge(POLLER, BROKERS, 9092, [half, rest, inward]).rules == ("first", "second", "in")
    assert not judge(POLLER, BROKERS, 9092, [half, inward]).allowed


def test_other_protocols_families_and_prefix_lists_let_nothing_through() -> None:
    peers = [
        rule("udp", "sg-b", group("sg-p"), protocol="udp"),
        rule("six", "sg-b", cidr("::/0")),
        rule("list", "sg-b", Peer(PeerKind.PREFIX_LIST, "pl-12345678")),
        rule("other", "sg-x", group("sg-p")),
        rule("way out", "sg-b", group("sg-p"), is_egress=True),
    ]
    assert not judge(POLLER, BROKERS, 9092, [OUT, *peers]).allowed


def test_ipv6_blocks_are_compared_with_ipv6_rules() -> None:
    six = Side(frozenset({"sg-p"}), ("2001:db8::/64",))
    rules = [OUT, rule("in", "sg-b", cidr("2001:db8::/32"))]
    assert judge(six, BROKERS, 9092, rules).allowed


RULES = st.lists(
    st.builds(
        rule,
        st.text("abc", min_size=1, max_size=3),
        st.sampled_from(["sg-p", "sg-b", "sg-x"]),
        st.sampled_from([cidr("10.0.0.0/8"), cidr("0.0.0.0/0"), group("sg-p"), group("sg-b")]),
        is_egress=st.booleans(),
        protocol=st.sampled_from(["tcp", "udp", "-1"]),
        ports=st.sampled_from([(0, 65535), (9092, 9092), (22, 22)]),
    ),
    max_size=8,
)


@given(RULES, RULES)
def test_more_rules_never_close_what_was_open(some: list[Rule], more: list[Rule]) -> None:
    if judge(POLLER, BROKERS, 9092, some).allowed:
        assert judge(POLLER, BROKERS, 9092, more + some).allowed


@given(RULES)
def test_the_order_of_rules_does_not_matter(rules: list[Rule]) -> None:
    forward = judge(POLLER, BROKERS, 9092, rules)
    assert forward.allowed == judge(POLLER, BROKERS, 9092, rules[::-1]).allowed
    assert forward.allowed == (not forward.reason)
