"""The rule of what functions may reach beyond the endpoint."""

import re

import pytest

from sluicegate.reach import Address, Reach, address_of, host_of


def read(address: str) -> Address:
    """An address as it is read everywhere."""
    found = address_of(address)
    assert found
    return found


LISTED = Reach.read(
    "example.org:443, *.amazonaws.com:443,10.1.0.0/16:5432, 192.168.7.9:*, [fd00:7::/32]:80,"
    "[2a00::7]:443, 127.0.0.1:8080,[::ffff:10.9.9.9]:80, db.internal:5432,"
)
ANYTHING = Reach.read("*:443")


@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("example.org", 443),
        ("sqs.eu-west-1.amazonaws.com", 443),
        ("10.1.200.3", 5432),
        ("192.168.7.9", 22),
        ("fd00:7::5", 80),
        ("2a00::7", 443),
        ("127.0.0.1", 8080),
        # As IPv6 writes it; it is connected to as what it stands for.
        ("::ffff:10.1.0.1", 5432),
        ("10.9.9.9", 80),
    ],
)
def test_what_is_listed_may_be_asked_for(host: str, port: int) -> None:
    assert LISTED.allows(host, port)


@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("example.org", 80),
        ("www.example.org", 443),
        ("example.org.evil.test", 443),
        ("amazonaws.com", 443),
        ("evilamazonaws.com", 443),
        ("10.2.0.1", 5432),
        ("10.1.200.3", 443),
        ("192.168.7.10", 22),
        ("127.0.0.1", 8081),
        ("127.0.0.2", 8080),
        ("localhost", 8080),
        ("169.254.169.254", 80),
        ("fd00:8::5", 80),
    ],
)
def test_nothing_else_may(host: str, port: int) -> None:
    assert not LISTED.allows(host, port)


def test_without_entries_nothing_may() -> None:
    assert not Reach() and not Reach.read(" , ") and not Reach().allows("example.org", 443)
    assert not Reach().opens(read("127.0.0.1"), 443, by_name=False, is_ours=True)


def test_an_asterisk_is_every_name_and_every_public_address() -> None:
    assert ANYTHING.allows("example.org", 443) and ANYTHING.allows("1.1.1.1", 443)
    assert not ANYTHING.allows("example.org", 80)


SPECIAL = (
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255"),
    *("192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16"),
    *("192.0.0.192", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1"),
    *("64:ff9b:1::a00:1", "2002:7f00:1::", "2001:0:1::1"),
)


@pytest.mark.parametrize("address", SPECIAL)
def test_a_name_opens_no_address_that_is_not_everybody_s(address: str) -> None:
    assert not ANYTHING.opens(read(address), 443, by_name=True, is_ours=False)
    assert not ANYTHING.opens(read(address), 443, by_name=False, is_ours=False)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::101:101"]
)
def test_a_public_address_is_open_unless_it_is_our_own(address: str) -> None:
    assert ANYTHING.opens(read(address), 443, by_name=True, is_ours=False)
    assert not ANYTHING.opens(read(address), 443, by_name=True, is_ours=True)


def test_a_name_may_lead_to_addresses_that_are_listed_beside_it() -> None:
    inside = read("10.1.0.7")
    assert LISTED.opens(inside, 5432, by_name=True, is_ours=False)
    assert not LISTED.opens(inside, 5433, by_name=True, is_ours=False)
    assert LISTED.opens(read("127.0.0.1"), 8080, by_name=True, is_ours=True)


@pytest.mark.parametrize("address", ["169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254"])
def test_no_name_leads_to_where_clouds_keep_credentials(address: str) -> None:
    listed = Reach.read("169.254.169.254:80, [fd00:ec2::/32]:80, meta.test:80")
    assert not listed.opens(read(address), 80, by_name=True, is_ours=False)
    assert listed.opens(read(address), 80, by_name=False, is_ours=False)


@pytest.mark.parametrize("wide", ["0.0.0.0/1", "128.0.0.0/1", "168.0.0.0/5"])
def test_a_range_of_public_addresses_does_not_open_the_others_in_it(wide: str) -> None:
    listed = Reach.read(f"{wide}:80")
    for special in ("10.0.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "192.168.0.1"):
        assert not listed.allows(special, 80)
        assert not listed.opens(read(special), 80, by_name=False, is_ours=False)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("example.org", "`example.org` has no port; say `example.org:443`"),
        (":443", "`:443` has no port"),
        ("example.org:https", "ends in no port"),
        ("example.org:0", "ends in no port"),
        ("example.org:65536", "ends in no port"),
        ("example.org:٤٤٣", "ends in no port"),
        ("https://example.org:443", "`https://example.org:443` is a URL"),
        ("example.org/simple:443", "names no range of addresses"),
        ("fd00::1:443", "write an IPv6 address in brackets"),
        ("[fd00::1:443", "write an IPv6 address in brackets"),
        ("[example.org]:443", "names no host"),
        ("10.0.0.1/8:80", "10.0.0.1/8 has host bits set"),
        ("10.0.0:80", "names no host"),
        ("300.1.1.1:80", "names no host"),
        ("0x7f000001:80", "names no host"),
        ("py*.org:443", "names no host"),
        ("*.:443", "names no host"),
        ("*.10.0.0.1:443", "names no host"),
        ("münchen.de:443", "names no host"),
        ("a b:443", "names no host"),
        ("0.0.0.0/0:443", "is every address; `*` is every name and every public address"),
        ("[::/0]:443", "is every address"),
        ("[fe80::1%eth0]:80", "names a zone"),
    ],
)
def test_a_wrong_entry_is_told(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        Reach.read(f"example.org:443,{text}")


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("Example.org.", "example.org"),
        ("1.2.3.4", "1.2.3.4"),
        ("[2A00:0::1]", "2a00::1"),
        ("127.1", None),
        ("2130706433", None),
        ("0x7f.1", None),
        ("1.2.3.4.", "1.2.3.4"),
        ("[1.2.3.4]", None),
        ("[::ffff:1.2.3.4]", "1.2.3.4"),
        ("[fe80::1%1]", None),
        ("2a00::1", None),
        ("user@example.org", None),
        ("a..b", None),
        ("", None),
        (".", None),
        ("a" * 64, None),
        ("a." * 126 + "a", "a." * 126 + "a"),
        ("a." * 127 + "aa", None),
    ],
)
def test_a_host_is_judged_in_one_form(text: str, host: str | None) -> None:
    assert host_of(text) == host
