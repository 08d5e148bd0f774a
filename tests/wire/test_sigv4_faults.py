"""Which fault a broken signature is answered with, in whose words, and before which other."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.wire.signers import (
    ACCESS_KEY,
    CREDENTIAL,
    NOW_MS,
    SECRETS,
    SIGNATURE,
    by_header,
    by_query,
    identify,
    sign,
    signing_ms,
    with_header,
    without_header,
)

from sluicegate.errors import AwsError, Fault, IdentityFault
from sluicegate.wire.message import Request
from sluicegate.wire.sigv4 import Scope, SigningKeys, expired_token, read, scope_of, unknown_key

INCOMPLETE = Fault.INCOMPLETE_SIGNATURE
BAD = Fault.BAD_SIGNATURE
MINUTE_MS = 60_000


def fault_of(request: Request, now_ms: int = NOW_MS) -> tuple[Fault, str]:
    with pytest.raises(IdentityFault) as refused:
        read(request, now_ms)
    return refused.value.fault, refused.value.message


@pytest.mark.parametrize("request_", [by_header(), by_query()], ids=["header", "query"])
def test_the_unbroken_request_of_these_tests_is_well_formed(request_: Request) -> None:
    assert read(request_, NOW_MS).scope == Scope("20150830", "us-east-1", "kms")


@pytest.mark.parametrize("path", ["", "x", "*", "http://localhost/", "/%", "/%4", "/%zz", "/.."])
def test_a_path_that_is_none_or_leaves_the_root_is_a_bare_400(path: str) -> None:
    with pytest.raises(AwsError, match=r"Couldn't parse the specified URI\.") as refused:
        read(replace(by_header(), path=path), NOW_MS)
    assert (refused.value.code, refused.value.status) == ("InvalidURI", 400)


WORDS: dict[str, tuple[Request, Fault, str]] = {
    "incomplete escape": (
        replace(by_header(), query="a=%4"),
        Fault.MALFORMED_QUERY,
        "Incomplete trailing escape % sequence",
    ),
    "illegal escape": (
        replace(by_header(), query="a=%zzz"),
        Fault.MALFORMED_QUERY,
        "Illegal hex character in escape % pattern: %zz",
    ),
    "unsigned": (
        without_header(by_header(), "authorization"),
        Fault.MISSING_TOKEN,
        "Request is missing Authentication Token",
    ),
    "other algorithm in the query": (
        by_query(Algorithm="AWS4-HMAC-SHA512"),
        Fault.MISSING_TOKEN,
        "Request is missing Authentication Token",
    ),
    "signed twice": (replace(by_header(), query="X-Amz-Algorithm=AWS4-HMAC-SHA256"), BAD, ""),
    "other scheme": (
        by_header("Basic dXNlcjpzZWNyZXQ="),
        INCOMPLETE,
        "Unsupported AWS 'algorithm': 'Basic'.",
    ),
    "lone secret": (by_header("s3cr3t"), INCOMPLETE, "Unsupported AWS 'algorithm': ''."),
    "part without equal-sign": (
        by_header("AWS4-HMAC-SHA256 Credential"),
        INCOMPLETE,
        "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 "
        "and encoded with Base64): 'KfSoC26UaBDGXxo5AUFS45c1cmAbyLKDOxOTKcZYWt4='.",
    ),
    "all parts missing": (
        without_header(by_header("AWS4-HMAC-SHA256 X=s3cr3t"), "x-amz-date"),
        INCOMPLETE,
        "Authorization header requires 'Credential' parameter. "
        "Authorization header requires 'Signature' parameter. "
        "Authorization header requires 'SignedHeaders' parameter. "
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
        "Authorization=AWS4-HMAC-SHA256",
    ),
    "all parameters missing": (
        by_query(Credential=None, Signature=None, SignedHeaders=None, Date=None),
        INCOMPLETE,
        "AWS query-string parameters must include 'X-Amz-Credential'. "
        "AWS query-string parameters must include 'X-Amz-Signature'. "
        "AWS query-string parameters must include 'X-Amz-SignedHeaders'. "
        "AWS query-string parameters must include 'X-Amz-Date'. "
        "Re-examine the query-string parameters.",
    ),
    "two Authorization headers": (
        replace(
            by_header(),
            headers=(*by_header().headers, ("authorization", "Basic dXNlcjpzZWNyZXQ=")),
        ),
        BAD,
        "the request has several `Authorization` headers; send one",
    ),
    "no life": (
        by_query(Expires="0"),
        INCOMPLETE,
        "X-Amz-Expires must be a number of seconds from 1 to 604800",
    ),
    "life over a week": (
        by_query(Expires="604801"),
        INCOMPLETE,
        "X-Amz-Expires must be a number of seconds from 1 to 604800",
    ),
    "life in words": (
        by_query(Expires="week"),
        INCOMPLETE,
        "X-Amz-Expires must be a number of seconds from 1 to 604800",
    ),
    "unsigned host": (
        by_header(signed="x-amz-date"),
        BAD,
        "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
    ),
    "unsigned target": (
        with_header(by_header(), "x-amz-target", "TrentService.Decrypt"),
        BAD,
        "'x-amz-target' must be a 'SignedHeader' in the AWS Authorization.",
    ),
    "date in words": (
        by_header(date="2015-08-30 12:36"),
        INCOMPLETE,
        "Date must be in ISO-8601 'basic format'. Got '2015-08-30 12:36'. "
        "See http://en.wikipedia.org/wiki/ISO_8601",
    ),
    "day of no calendar": (
        by_header(date="20150231T000000Z"),
        INCOMPLETE,
        "Date must be in ISO-8601 'basic format'. Got '20150231T000000Z'. "
        "See http://en.wikipedia.org/wiki/ISO_8601",
    ),
    "old": (
        by_header(date="20150830T122059Z"),
        Fault.CLOCK,
        "Signature expired: 20150830T122059Z is now earlier than 20150830T122100Z "
        "(20150830T123600Z - 15 min.)",
    ),
    "early": (
        by_header(date="20150830T125101Z"),
        Fault.CLOCK,
        "Signature not yet current: 20150830T125101Z is still later than 20150830T125100Z "
        "(20150830T123600Z + 15 min.)",
    ),
    "old URL": (
        by_query(Date="20150830T123544Z", Expires="15"),
        Fault.CLOCK,
        "Signature expired: 20150830T123544Z is now earlier than 20150830T123545Z "
        "(20150830T123600Z - 15 sec.)",
    ),
    "URL that names no life": (
        by_query(Date="20150830T122059Z", Expires=None),
        Fault.CLOCK,
        "Signature expired: 20150830T122059Z is now earlier than 20150830T122100Z "
        "(20150830T123600Z - 15 min.)",
    ),
    "four elements": (
        by_header(credential=f"{ACCESS_KEY}/20150830/us-east-1/aws4_request"),
        INCOMPLETE,
        "Credential must have exactly 5 slash-delimited elements, "
        f"e.g. keyid/date/region/service/term, got '{ACCESS_KEY}/20150830/us-east-1/aws4_request'",
    ),
    "all of the scope": (
        by_header(credential=f"{ACCESS_KEY}/20150829/mars/k m s/aws5"),
        BAD,
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
        "HTTP: '20150829' != '20150830', from '20150830T123600Z'. "
        "Credential should be scoped to a valid region, not 'mars'. "
        "Credential should be scoped to correct service. "
        "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5'.",
    ),
    "other body": (
        with_header(by_header(), "x-amz-content-sha256", SIGNATURE),
        BAD,
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
    ),
    "unsigned body": (
        with_header(by_header(), "x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
        BAD,
        "`x-amz-content-sha256: UNSIGNED-PAYLOAD` is for Amazon S3; "
        "elsewhere the body must be signed",
    ),
    "body in chunks": (
        with_header(by_header(), "x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
        BAD,
        "`x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD` is for Amazon S3; "
        "elsewhere the body must be signed",
    ),
    "key of no form": (
        by_header(credential="A'B/20150830/us-east-1/kms/aws4_request"),
        Fault.UNKNOWN_KEY,
        "The security token included in the request is invalid.",
    ),
    "token of no form": (
        with_header(by_header(), "x-amz-security-token", "tök en"),
        Fault.UNKNOWN_KEY,
        "The security token included in the request is invalid.",
    ),
}


@pytest.mark.parametrize("what", WORDS)
def test_a_fault_is_told_in_the_words_of_aws(what: str) -> None:
    request, fault, message = WORDS[what]
    assert fault_of(request) == (fault, message)


def test_a_wrong_signature_is_told_in_the_words_of_aws() -> None:
    with pytest.raises(IdentityFault) as refused:
        SigningKeys().verify(read(by_header(), NOW_MS), "secret")
    assert refused.value.fault is BAD
    assert refused.value.message == (
        "The request signature we calculated does not match the signature you provided. Check your "
        "AWS Secret Access Key and signing method. Consult the service documentation for details."
    )


def test_unknown_keys_and_expired_tokens_are_told_in_the_words_of_aws() -> None:
    assert unknown_key().message == "The security token included in the request is invalid."
    assert expired_token().message == "The security token included in the request is expired"
    assert (unknown_key().fault, expired_token().fault) == (
        Fault.UNKNOWN_KEY,
        Fault.EXPIRED_TOKEN,
    )


# A step's number, its fault, and what breaks it but leaves all earlier steps whole.
Step = tuple[str, Fault, Callable[[Request], Request]]

HEADER_STEPS: list[Step] = [
    ("2 query", Fault.MALFORMED_QUERY, lambda r: replace(r, query="%")),
    ("5 both forms", BAD, lambda r: replace(r, query="X-Amz-Algorithm=x&" + r.query)),
    ("6a algorithm", INCOMPLETE, lambda r: edit(r, "AWS4-HMAC-SHA256", "AWS4")),
    ("6b key=value", INCOMPLETE, lambda r: edit(r, ", Signature", ", Mine, Signature")),
    ("6d missing", INCOMPLETE, lambda r: edit(r, "Credential", "Mine")),
    ("8 host", BAD, lambda r: edit(r, "=host;", "=")),
    ("9 date", INCOMPLETE, lambda r: with_header(r, "x-amz-date", "today")),
    ("10 expired", Fault.CLOCK, lambda r: with_header(r, "x-amz-date", "20150830T120000Z")),
    ("12 elements", INCOMPLETE, lambda r: edit(r, "/kms/", "/")),
    ("13 scope", BAD, lambda r: edit(r, "us-east-1", "mars")),
    ("13 body", BAD, lambda r: with_header(r, "x-amz-content-sha256", "x")),
    ("14 key", Fault.UNKNOWN_KEY, lambda r: edit(r, ACCESS_KEY, "NOBODY")),
    ("16 signature", BAD, lambda r: r),
]


QUERY_STEPS: list[Step] = [
    ("5 both forms", BAD, lambda r: with_header(r, "authorization", "x")),
    ("7a algorithm", Fault.MISSING_TOKEN, lambda r: edit_query(r, "AWS4-HMAC-SHA256", "AWS4")),
    ("7d missing", INCOMPLETE, lambda r: edit_query(r, "X-Amz-Credential", "Mine")),
    ("7d life", INCOMPLETE, lambda r: edit_query(r, "Expires=60", "Expires=x")),
    ("8 host", BAD, lambda r: edit_query(r, "=host", "=x-mine")),
    ("9 date", INCOMPLETE, lambda r: edit_query(r, r"Date=[^&]*", "Date=today")),
    ("10 expired", Fault.CLOCK, lambda r: edit_query(r, "T123600Z", "T120000Z")),
    ("12 elements", INCOMPLETE, lambda r: edit_query(r, "%2Fkms%2F", "%2F")),
    ("13 scope", BAD, lambda r: edit_query(r, "us-east-1", "mars")),
    ("14 key", Fault.UNKNOWN_KEY, lambda r: edit_query(r, ACCESS_KEY, "NOBODY")),
    ("16 signature", BAD, lambda r: r),
]
FORMS = {"header": (by_header(), HEADER_STEPS), "query": (by_query(), QUERY_STEPS)}


def edit(request: Request, old: str, new: str) -> Request:
    header = request.header("authorization") or ""
    return with_header(request, "authorization", header.replace(old, new))


def edit_query(request: Request, old: str, new: str) -> Request:
    return replace(request, query=re.sub(old, new, request.query))


def refusal(request: Request) -> str:
    with pytest.raises(IdentityFault) as refused:
        identify(request, NOW_MS)
    return str(refused.value)


@pytest.mark.parametrize(
    ("form", "at"),
    [
        pytest.param(form, at, id=f"{form} {step[0]}")
        for form, (_, steps) in FORMS.items()
        for at, step in enumerate(steps)
    ],
)
def test_the_first_fault_in_the_order_of_aws_is_answered(form: str, at: int) -> None:
    whole, steps = FORMS[form]
    _, fault, break_first = steps[at]
    alone = refusal(break_first(whole))
    assert alone.startswith(fault.value)
    for name, _, break_later in steps[at + 1 :]:
        # Texts that echo what the later step broke as well still begin alike.
        both = refusal(break_first(break_later(whole)))
        assert both[:40] == alone[:40], name


def test_a_clock_within_five_minutes_is_accepted_and_one_sixteen_off_is_refused() -> None:
    for minutes in (-5, 5, -15, 15):
        read(by_header(), NOW_MS + minutes * MINUTE_MS)
    for minutes in (-16, 16):
        assert fault_of(by_header(), NOW_MS + minutes * MINUTE_MS)[0] is Fault.CLOCK


def test_the_last_of_a_repeated_part_and_the_first_of_a_repeated_parameter_count() -> None:
    twice = by_header(credential=f"a/b/c/d/e, Credential={CREDENTIAL}")
    assert read(twice, NOW_MS).access_key == ACCESS_KEY
    request = by_query()
    twice = replace(request, query=request.query + "&X-Amz-Credential=a%2Fb%2Fc%2Fd%2Fe")
    assert read(twice, NOW_MS).access_key == ACCESS_KEY


def test_headers_that_sdks_leave_unsigned_need_not_be_signed() -> None:
    request = by_header()
    for name in ("content-type", "user-agent", "x-amzn-trace-id", "x-amz-user-agent"):
        request = with_header(request, name, "x")
    read(with_header(request, "x-amz-security-token", "t"), NOW_MS)


def test_a_signature_shows_no_token_in_its_repr() -> None:
    signed = read(with_header(by_header(), "x-amz-security-token", "s3cr3t"), NOW_MS)
    assert signed.token == "s3cr3t"
    assert "s3cr3t" not in repr(signed)


def test_header_bytes_beyond_ascii_may_be_hashed_as_utf8_or_as_they_stand() -> None:
    as_latin1 = sign(headers={"X-Mine": "é"})
    identify(as_latin1, signing_ms(as_latin1))
    as_utf8 = with_header(as_latin1, "x-mine", "é".encode().decode("latin-1"))
    identify(as_utf8, signing_ms(as_utf8))


SCOPES: dict[str, tuple[Request, Scope | None]] = {
    "whole": (by_header(), Scope("20150830", "us-east-1", "kms")),
    "query": (by_query(), Scope("20150830", "us-east-1", "kms")),
    "only a credential": (
        by_header("AWS4-X Credential=a/b/c/d/e"),
        Scope("b", "c", "d"),
    ),
    "last credential": (
        by_header("AWS4-X Credential=a/b/c/d/e,junk,Credential=1/2/3/4/5"),
        Scope("2", "3", "4"),
    ),
    "four elements": (by_header("AWS4-X Credential=a/b/c/d"), None),
    "none": (by_header("Basic x"), None),
    "unsigned": (Request("GET", "/", "", (), b""), None),
    "broken query": (Request("GET", "/", "X-Amz-Credential=%", (), b""), None),
}


@pytest.mark.parametrize("what", SCOPES)
def test_the_scope_of_a_broken_request_is_found_where_there_is_one(what: str) -> None:
    request, scope = SCOPES[what]
    assert scope_of(request) == scope


def test_derived_keys_are_bounded_and_still_right_when_forgotten() -> None:
    keys = SigningKeys(capacity=1)
    requests = [sign(region=region) for region in ("us-east-1", "eu-west-1", "us-east-1")]
    for request in requests:
        keys.verify(read(request, signing_ms(request)), SECRETS[ACCESS_KEY])
