"""What a model may say and no known service's operation says yet, and what clients compress."""

import gzip
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.compress import maybe_compress_request
from botocore.config import Config
from botocore.model import Shape, ShapeResolver
from tests.wire.exchange import received, sent

from sluicegate.errors import AwsError
from sluicegate.wire.document import typed, written
from sluicegate.wire.faults import render_error
from sluicegate.wire.message import Request
from sluicegate.wire.model import operation_model, target
from sluicegate.wire.parse import parse
from sluicegate.wire.route import route
from sluicegate.wire.scalars import from_text, to_text

_MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_FORMATS: list[tuple[str, Any]] = [
    ("iso8601", "2026-01-02T03:04:05Z"),
    ("rfc822", "Fri, 02 Jan 2026 03:04:05 GMT"),
    ("unixTimestamp", 1767323045),
    ("unixtimestamp", 1767323045),
]


def _timestamp(format: str) -> Shape:
    shapes = {"Moment": {"type": "timestamp", "timestampFormat": format}}
    return ShapeResolver(shapes).get_shape_by_name("Moment")


@pytest.mark.parametrize(("format", "wire"), _FORMATS)
def test_a_timestamp_is_written_and_read_as_its_shape_says(format: str, wire: Any) -> None:
    shape = _timestamp(format)
    assert written(shape, _MOMENT) == wire
    assert typed(shape, wire) == _MOMENT
    assert to_text(shape, _MOMENT) == str(wire)
    assert from_text(shape, str(wire)) == _MOMENT


def test_a_member_of_an_error_goes_where_the_model_puts_it() -> None:
    error = AwsError(
        "TooManyRequestsException", "slow down", members={"retryAfterSeconds": 3, "Reason": "Rate"}
    )
    answer = render_error(
        error,
        target=target("lambda", "Invoke"),
        request=Request("POST", "/", "", (), b""),
        request_id="11-22",
    )
    assert answer.headers["Retry-After"] == "3"
    assert b"retryAfter" not in answer.body
    assert received(operation_model("lambda", "Invoke"), answer)["Error"]["Code"] == error.code


@pytest.mark.parametrize("encoding", ["gzip", "custom, gzip"])
def test_a_body_its_client_compressed_is_read(encoding: str) -> None:
    model = operation_model("cloudwatch", "PutMetricData")
    params = {"Namespace": "n" * 200, "MetricData": [{"MetricName": "m", "Value": 1.5}]}
    plain = sent(model, params)
    wire: dict[str, Any] = {"body": plain.body, "headers": {}}
    always = Config(request_min_compression_size_bytes=1, signature_version="v4")
    maybe_compress_request(always, wire, model)
    assert gzip.decompress(wire["body"]) == plain.body
    headers = (*plain.headers, ("content-encoding", encoding))
    request = replace(plain, body=wire["body"], headers=headers)
    assert parse(route(request, "monitoring"), request) == params
