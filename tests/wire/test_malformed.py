"""Whatever arrives, the outcome is parameters or a 4xx, within a second."""

import gzip
import json
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.exchange import checked, sent
from tests.wire.generator import Generator

from sluicegate.errors import AwsError
from sluicegate.wire.message import Request, Response
from sluicegate.wire.model import SERVICES, Protocol, operation_model, target
from sluicegate.wire.parse import MOST_BYTES, body_limit, parse
from sluicegate.wire.route import route

_JSON = ("content-type", "application/x-amz-json-1.1")


def _json(operation: str, body: bytes) -> Request:
    return Request("POST", "/", "", (_JSON, ("x-amz-target", operation)), body)


def _form(fields: str, service: str = "iam") -> Request:
    text = f"Version={SERVICES[service].version}&{fields}"
    headers = (("content-type", "application/x-www-form-urlencoded"),)
    return Request("POST", "/", "", headers, text.encode())


def _mapping(members: dict[str, Any] | bytes) -> Request:
    body = members if isinstance(members, bytes) else json.dumps(members).encode()
    return Request("POST", "/2015-03-31/event-source-mappings", "", (), body)


def _refused(request: Request) -> tuple[str, str]:
    with pytest.raises(AwsError) as refused:
        parse(route(request), request)
    return refused.value.code, refused.value.message


_PARSER = "Unexpected token received from parser"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", _PARSER),
        (b"{} x", _PARSER),
        (b"\xef\xbb\xbf{}", _PARSER),
        (b'{"SecretId": "\xff"}', _PARSER),
        (b'{"SecretId": "\\ud800"}', _PARSER),
        (b'{"SecretId": NaN}', _PARSER),
        (b'{"MaxResults": 1e999}', _PARSER),
        (b'{"MaxResults": %s}' % (b"9" * 5000), _PARSER),
        (b'{"Filters": %s}' % (b"[" * 100_000), _PARSER),
        (b"[]", "Start of list found where not expected"),
        (b'"text"', "STRING_VALUE can not be converted to a structure"),
        (b"null", "NULL_VALUE can not be converted to a structure"),
        (b'{"MaxResults": "5"}', "STRING_VALUE can not be converted to an Integer"),
        (b'{"MaxResults": 5.5}', "NUMBER_VALUE can not be converted to an Integer"),
        (b'{"MaxResults": true}', "TRUE_VALUE can not be converted to an Integer"),
        (b'{"MaxResults": 2147483648}', "Numeric value is out of range of integer"),
        (b'{"NextToken": 5}', "NUMBER_VALUE can not be converted to a String"),
        (b'{"NextToken": {}}', "Start of structure or map found where not expected."),
        (b'{"Filters": {}}', "Start of structure or map found where not expected."),
        (b'{"Filters": "x"}', "STRING_VALUE can not be converted to a list"),
        (b'{"Filters": [null]}', "NULL_VALUE can not be converted to a structure"),
        (b'{"Filters": [{"Values": [1]}]}', "NUMBER_VALUE can not be converted to a String"),
        (b'{"IncludePlannedDeletion": "true"}', "STRING_VALUE can not be converted to a Boolean"),
    ],
)
def test_a_json_body_of_another_type_is_a_serialization_exception(
    body: bytes, message: str
) -> None:
    request = _json("secretsmanager.ListSecrets", body)
    assert _refused(request) == ("SerializationException", message)


@pytest.mark.parametrize("text", ["%%%", "YQ", "YQ==YQ==", "Y Q==", "é", "YQ==\n"])
def test_bytes_that_are_not_base64_are_refused(text: str) -> None:
    request = _json("TrentService.Decrypt", json.dumps({"CiphertextBlob": text}).encode())
    assert _refused(request) == ("SerializationException", "Invalid base64 in a blob")


@pytest.mark.parametrize("moment", ["soon", 1e300, -1e12, True, {}, []])
def test_a_time_that_is_none_is_refused(moment: object) -> None:
    code, message = _refused(_mapping({"StartingPositionTimestamp": moment}))
    assert code == "SerializationException"
    assert message.endswith("can not be converted to milliseconds since epoch")


def test_a_null_member_is_an_absent_one_and_an_unknown_one_is_ignored() -> None:
    request = _json("secretsmanager.ListSecrets", b'{"MaxResults": null, "Whatever": [1]}')
    assert parse(route(request), request) == {}


@pytest.mark.parametrize("body", [b"", b"{}", b" \n"])
def test_an_empty_body_is_an_empty_object(body: bytes) -> None:
    request = _json("secretsmanager.ListSecrets", body)
    assert parse(route(request), request) == {}


@pytest.mark.parametrize(
    "fields",
    [
        "Action=ListRoles&MaxItems=ten",
        "Action=ListRoles&MaxItems=99999999999",
        "Action=ListRoles&MaxItems=1.5",
        "Action=ListRoles&MaxItems=" + "9" * 5000,
        "Action=ListRoles&MaxItems.1=5",
        "Action=TagRole&Tags=a",
        "Action=TagRole&Tags.member.one.Key=a",
        "Action=TagRole&Tags.member.0.Key=a",
        "Action=TagRole&Tags.member.01.Key=a",
        "Action=TagRole&Tags.member.99999999.Key=a",
        "Action=TagRole&Tags.member.1=a",
        "Action=TagRole&Tags.member.1.Key.x=a",
        "Action=CreateRole&RoleName.member.1=a",
    ],
)
def test_a_form_of_another_shape_is_malformed_input(fields: str) -> None:
    assert _refused(_form(fields))[0] == "MalformedInput"


def test_the_entries_of_a_list_are_ordered_by_number_and_gaps_are_closed() -> None:
    fields = "Action=UntagRole&TagKeys.member.10=c&TagKeys.member.2=b&TagKeys.member.1=a"
    request = _form(fields)
    assert parse(route(request), request) == {"TagKeys": ["a", "b", "c"]}


def test_booleans_and_blanks_of_a_form_are_read_as_they_are_commonly_written() -> None:
    request = _form(
        "Action=CreateUser&UserName=a+b%2Bc&Tags.member.1.Key=k&Tags.member.1.Value=&Unknown.1.x=y"
    )
    assert parse(route(request), request) == {
        "UserName": "a b+c",
        "Tags": [{"Key": "k", "Value": ""}],
    }
    for text, value in (("true", True), ("True", True), ("FALSE", False)):
        request = _form(f"Action=DescribeVpcs&DryRun={text}", "ec2")
        assert parse(route(request), request) == {"DryRun": value}


def test_ec2_names_the_parameter_it_cannot_read() -> None:
    code, message = _refused(_form("Action=DescribeVpcs&MaxResults=ten", "ec2"))
    assert code == "InvalidParameterValue"
    assert message == "Invalid value for parameter MaxResults: 'ten' is not a valid integer"


@pytest.mark.parametrize("path", ["%ff", "%ed%a0%80"])
def test_a_path_that_is_not_utf8_is_refused(path: str) -> None:
    request = Request("GET", f"/2015-03-31/functions/{path}", "", (), b"")
    assert _refused(request)[0] == "SerializationException"


def test_a_body_over_its_operations_limit_is_too_large() -> None:
    request = _json("secretsmanager.ListSecrets", b" " * (MOST_BYTES + 1))
    assert _refused(request) == (
        "RequestEntityTooLargeException",
        f"Request must be smaller than {MOST_BYTES} bytes for the ListSecrets operation",
    )
    assert body_limit("lambda", "CreateFunction") == 70_167_211


_NOT_GZIP = "The body is not the gzip its Content-Encoding says"


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (b"{}", "SerializationException", _NOT_GZIP),
        (b"", "SerializationException", "The gzip of the body has no end"),
        (gzip.compress(b"{}")[:-1], "SerializationException", "The gzip of the body has no end"),
        (gzip.compress(b"["), "SerializationException", _PARSER),
        (
            gzip.compress(b" " * (MOST_BYTES + 1)),
            "RequestEntityTooLargeException",
            f"Request must be smaller than {MOST_BYTES} bytes for the PutMetricData operation",
        ),
    ],
    # Their bytes hold the moment they were made: as names they would differ by process.
    ids=["no gzip", "nothing", "no end", "no document", "too much"],
)
def test_a_compressed_body_is_held_to_what_it_expands_to(
    body: bytes, code: str, message: str
) -> None:
    plain = _json("GraniteServiceVersion20100801.PutMetricData", body)
    request = replace(plain, headers=(*plain.headers, ("content-encoding", "gzip")))
    assert _refused(request) == (code, message)


_DEEP = b'{"a":' * 900 + b"1" + b"}" * 900


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(_json("Logs_20140328.PutLogEvents", body), id=name)
        for name, body in {
            "empty events": b'{"logEvents":[' + b"{}," * 3_000_000 + b"{}]}",
            "events": b'{"logEvents":['
            + b'{"timestamp":1,"message":"m"},' * 49_000
            + b'{"timestamp":1,"message":"m"}]}',
            "nulls": b'{"logEvents":[' + b"null," * 2_000_000 + b"null]}",
            "one long text": b'{"logGroupName":"' + b"a" * 10_000_000 + b'"}',
            "wrong long text": b'{"logGroupName":"' + b"*" * 10_000_000 + b'"}',
            "many names": b"{"
            + b",".join(b'"%d":0' % n for n in range(900_000))
            + b',"logGroupName":"g"}',
            "a long number": b'{"logEvents":' + b"9" * 10_000_000 + b"}",
            "deep": _DEEP,
        }.items()
    ]
    + [
        pytest.param(
            _json("secretsmanager.ListSecrets", b'{"Filters":[%s]}' % b",".join([many] * 300)),
            id="texts in structures",
        )
        for many in [b'{"Values":[' + b'"",' * 10_000 + b'""]}']
    ]
    + [
        pytest.param(_form(fields), id=name)
        for name, fields in {
            "many fields": "Action=TagRole&"
            + "&".join(f"Tags.member.{n}.Key=k" for n in range(1, 19_000)),
            "dots": "Action=TagRole&" + "." * 2_000_000 + "=1",
            "deep tags": "Action=TagRole&Tags" + ".member.1" * 100_000 + "=1",
            "a long policy": "Action=CreatePolicy&PolicyName=p&PolicyDocument=" + "%20" * 690_000,
            "ampersands": "Action=TagRole&" + "&" * 2_000_000,
            "too long": "Action=TagRole&x=" + "%20" * 3_000_000,
        }.items()
    ]
    + [pytest.param(_mapping(b'{"Topics":[' + b'"",' * 3_000_000 + b'""]}'), id="topics")],
)
def test_a_body_made_to_be_slow_is_not(request_: Request) -> None:
    took = []
    # What else the process does, and the collector in its heap, can only add to it.
    for _ in range(3):
        began = time.process_time()
        answer = checked(request_)
        took.append(time.process_time() - began)
    assert min(took) < 1
    assert 400 <= answer.status < 500 or answer.body == b"{}"
    assert len(answer.body) < 40_000_000


_ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["YQ==", "2026-01-01T00:00:00Z", "true", "12"]),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside),
    max_leaves=12,
)


def _fine(answer: Response) -> None:
    assert answer.status < 500, answer


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_json_members_of_any_type_are_read_or_refused(data: st.DataObject) -> None:
    service, name = data.draw(
        st.sampled_from(
            [
                ("kms", "CreateGrant"),
                ("kms", "Encrypt"),
                ("secretsmanager", "CreateSecret"),
                ("logs", "PutLogEvents"),
                ("lambda", "CreateEventSourceMapping"),
                ("lambda", "CreateFunction"),
                ("kafka", "CreateClusterV2"),
            ]
        )
    )
    model = operation_model(service, name)
    params = Generator(data.draw(st.integers(0, 50))).members(model.input_shape)
    request = sent(model, params)
    body = json.loads(request.body)
    for key in data.draw(st.sets(st.sampled_from(sorted(body)))):
        body[key] = data.draw(_ODD)
    spoiled = Request(
        request.method, request.path, request.query, request.headers, json.dumps(body).encode()
    )
    _fine(checked(spoiled))


@settings(max_examples=300, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "X"]),
    path=st.one_of(
        st.sampled_from(["/", "/2015-03-31/functions/", "/v1/clusters/%2f", "/v1/tags/a"]),
        st.text(st.characters(max_codepoint=255), max_size=30).map(lambda text: f"/{text}"),
    ),
    query=st.text(st.characters(max_codepoint=255), max_size=30),
    target_header=st.none()
    | st.sampled_from(["TrentService.Encrypt", "TrentService.", ".", "Logs_20140328.TagResource"])
    | st.text(max_size=20),
    scope=st.none() | st.sampled_from(["iam", "kms", "lambda", "kafka", "ec2", "monitoring", "?"]),
    body=st.binary(max_size=200)
    | st.builds(
        lambda action, rest: b"Action=" + action + b"&Version=2010-05-08&" + rest,
        st.sampled_from([b"TagRole", b"CreateRole", b"SimulateCustomPolicy"]),
        st.binary(max_size=60),
    ),
)
def test_any_bytes_at_all_are_read_or_refused(
    method: str, path: str, query: str, target_header: str | None, scope: str | None, body: bytes
) -> None:
    headers = []
    if target_header is not None:
        headers.append(("x-amz-target", target_header))
    if scope is not None:
        credential = f"AKIA/20260101/us-east-1/{scope}/aws4_request"
        headers.append(("authorization", f"AWS4-HMAC-SHA256 Credential={credential}, Signature=0"))
    _fine(checked(Request(method, path, query, tuple(headers), body)))


@settings(max_examples=200, deadline=None)
@given(
    keys=st.lists(
        st.lists(
            st.sampled_from(
                ["Tags", "member", "1", "2", "01", "Key", "Value", "entry", "", "RoleName", "é"]
            ),
            min_size=1,
            max_size=6,
        ).map(".".join),
        max_size=6,
        unique=True,
    ),
    service=st.sampled_from(["iam", "ec2"]),
)
def test_form_fields_of_any_name_are_read_or_refused(keys: list[str], service: str) -> None:
    action = {"iam": "TagRole", "ec2": "CreateTags"}[service]
    fields = "&".join([f"Action={action}", *(f"{key}=x" for key in keys)])
    _fine(checked(_form(fields, service)))


def test_every_protocol_has_a_way_to_be_read() -> None:
    spoken = {target(name, "x").protocol for name in SERVICES}
    assert spoken == set(Protocol) - {Protocol.REST_XML}  # only refusals are written in it
