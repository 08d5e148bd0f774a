"""Whatever path, target, version, method or headers come signed, the answer is one of AWS's."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.fuzz.calls import fuzzed, modelled, written
from tests.wire.fuzz.values import Long
from tests.wire.fuzz.world import SIGNERS, Raw, World, understood

from sluicegate.wire.message import Request, Response
from sluicegate.wire.model import SERVICES

_ARN = "arn%3Aaws%3Akafka%3Aus-east-1%3A000000000000%3Acluster%2Fx%2F1"
_PATHS = (
    "/",
    "//",
    "/./",
    "/../..",
    "/%00",
    "/%",
    "/%zz",
    "/%2e%2e/%2e%2e",
    "/\\",
    "/\u2603",
    "/\xff",
    "/%ff%fe",
    "/%ED%A0%80",
    "/2015-03-31/functions/",
    "/2015-03-31/functions//",
    "/2015-03-31/functions/%00",
    "/2015-03-31/functions/%2F..%2F/code",
    "/2015-03-31/functions/arn%253Aaws%253Alambda/policy",
    "/2015-03-31//event-source-mappings",
    "/2015-03-31/event-source-mappings/../functions",
    f"/v1/clusters/{_ARN}",
    f"/v1/clusters/{_ARN.replace('%', '%25')}",
    f"/v1/clusters/{_ARN}/",
    "/v1/clusters/arn:aws:kafka:us-east-1:000000000000:cluster/x/1",
    "/v1/clusters/..",
    "/v1/clusters/%2e%2e%2fv1",
    "/v1/tags/%F0%9F%98%80",
    "/authorization-details/%00",
    "/authorization-details/../policy",
    Long("/" + "a" * 1_000_000),
    Long("/a" * 100_000),
    Long("/" + "%41" * 100_000),
    Long("/v1/clusters/" + "%25" * 50_000),
    Long("/a/.." * 50_000),
)
_QUERIES = (
    "",
    "&",
    "=",
    "?",
    "%",
    "%zz",
    "%00=%00",
    "a&a=&a=b",
    "Action=CreateUser&Version=2010-05-08&UserName=x",
    "Action=%00",
    "Version=2016-11-15&Action=DescribeVpcs",
    "maxResults=%ff",
    "maxResults=9999999999999999999999",
    "nextToken=" + "A" * 100_000,
    "x;y",
    "\u2603=\u2603",
    Long("&" * 100_000),
    Long("a=b&" * 50_000),
    Long("%41" * 100_000),
)
_TARGETS = (
    "",
    ".",
    "TrentService",
    "TrentService.",
    ".ListKeys",
    "TrentService.ListKeys",
    "TrentService.listkeys",
    "TrentService.ListKeys.ListKeys",
    "trentservice.ListKeys",
    "Logs_20140328.DescribeLogGroups",
    "secretsmanager.ListSecrets",
    "AmazonSQS.ListQueues",
    "TrentService.\u2603",
    "TrentService.CreateCustomKeyStore",
    "secretsmanager.__class__",
    Long("TrentService." + "a" * 100_000),
    Long("." * 100_000),
)
_CONTENT_TYPES = (
    "",
    "application/json",
    "application/x-amz-json-1.0",
    "application/x-amz-json-1.1; charset=utf-16",
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=\u2603",
    "multipart/form-data; boundary=x",
    "text/xml",
    "application/cbor",
    "\xff",
    Long("a/" + "b" * 100_000),
)
_BODIES = (
    b"",
    b"{}",
    b"{",
    b"[]",
    b"\xff",
    b"Action=ListUsers&Version=2010-05-08",
    b"Action=ListUsers&Version=2016-11-15",
    b"Action=DescribeVpcs&Version=1999-01-01",
    b"Action=DescribeVpcs&Version=\xff",
    b"Action=%00&Version=%00",
    b"Action=ListUsers&Action=ListRoles&Version=2010-05-08",
    b"Version=2010-05-08",
    b"Action=",
    b"x" * (10 * 1024 * 1024),
)
_NAMES = (
    "x-amz-date",
    "date",
    "x-amz-content-sha256",
    "x-amz-security-token",
    "user-agent",
    "referer",
    "content-type",
    "content-length",
    "x-amz-target",
    "accept",
    "x-amz-\u00e9",
    "expect",
    "transfer-encoding",
    "content-encoding",
    "x-forwarded-for",
    "via",
)
_VALUES = (
    "",
    " ",
    " \t a  b \t",
    "0",
    "-1",
    "\u00e9",
    "\xff\xfe",
    "\x00",
    "a\nb",
    "20260101T000000Z",
    "99991231T235959Z",
    "00000000T000000Z",
    "Thu, 01 Jan 1970 00:00:00 GMT",
    "Thu, 99 Xyz 99999 99:99:99 GMT",
    "UNSIGNED-PAYLOAD",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "gzip, chunked",
    "100-continue",
    "null",
    Long("a" * 100_000),
    Long("a, " * 50_000),
)
_SERVICES = (*SERVICES, "s3", "sluicegate", "monitoring", "x" * 64, "\u00e9", "")

# The answer's own envelope: what a client finds out when it is not the one it expects.
_PROTOCOLS = {
    "text/xml": "query",
    "text/xml;charset=UTF-8": "ec2",
    "application/x-amz-json-1.0": "json",
    "application/x-amz-json-1.1": "json",
    "application/json": "rest-json",
    "application/xml": "rest-xml",
}
_few = st.lists(st.tuples(st.sampled_from(_NAMES), st.sampled_from(_VALUES)), max_size=3)


def _judged(world: World, request: Request, signer: str) -> Response:
    response = world.judged(request, signer)
    if response.status >= 300:
        understood(response, _PROTOCOLS[response.headers["Content-Type"]])
    return response


@fuzzed(200)
@given(
    raw=st.builds(
        Raw,
        service=st.sampled_from(_SERVICES),
        body=st.sampled_from(_BODIES),
        path=st.sampled_from(_PATHS),
        query=st.sampled_from(_QUERIES),
        method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "x", ""]),
        headers=st.builds(
            lambda *pairs: tuple(pair for pair in pairs if pair[1] is not None),
            st.tuples(st.just("X-Amz-Target"), st.none() | st.sampled_from(_TARGETS)),
            st.tuples(st.just("Content-Type"), st.none() | st.sampled_from(_CONTENT_TYPES)),
        ),
    ),
    signer=st.sampled_from(SIGNERS),
)
def test_any_target_is_answered(world: World, raw: Raw, signer: str) -> None:
    _judged(world, world.signed(raw, signer), signer)


_CALLS = ("iam:ListUsers", "ec2:DescribeVpcs", "kms:ListKeys", "sts:GetCallerIdentity")


@pytest.mark.parametrize("name", _CALLS)
@fuzzed(35)
@given(signed=_few, added=_few, signer=st.sampled_from(["root", "may everything"]))
def test_any_headers_are_answered(
    world: World,
    name: str,
    signed: list[tuple[str, str]],
    added: list[tuple[str, str]],
    signer: str,
) -> None:
    raw = written(modelled(name), {})
    raw = replace(raw, headers=(*raw.headers, *signed))
    request = world.signed(raw, signer)
    _judged(world, replace(request, headers=(*request.headers, *added)), signer)
