"""Whatever botocore sends is understood, whatever is answered is understood by botocore.

For every operation of every known service, with the required members, some, and all of them.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.model import OperationModel
from tests.wire.exchange import received, sent
from tests.wire.generator import Fill, Generator

from sluicegate.errors import AwsError
from sluicegate.wire.faults import render_error
from sluicegate.wire.message import Request
from sluicegate.wire.model import SERVICES, Protocol, operation_model, service_model, target
from sluicegate.wire.parse import parse
from sluicegate.wire.render import render
from sluicegate.wire.route import route
from sluicegate.wire.validate import validate

_FILLS: tuple[Fill, ...] = ("required", "some", "all")


def _operations(service: str) -> Iterator[OperationModel]:
    for name in service_model(service).operation_names:
        model = operation_model(service, name)
        # Event streams are a protocol of their own; no operation that has one is served.
        if not (model.has_event_stream_input or model.has_event_stream_output):
            yield model


@pytest.mark.parametrize("service", SERVICES)
def test_what_botocore_sends_is_read_as_it_was_meant(service: str) -> None:
    for model in _operations(service):
        for seed, fill in enumerate(_FILLS):
            shape = model.input_shape
            params = Generator(seed).members(shape, fill=fill) if shape else {}
            request = sent(model, params)
            found = route(request, SERVICES[service].signing_name)
            assert (found.service, found.operation) == (service, model.name)
            assert parse(found, request) == _as_sent(model, params), (model.name, fill)


def _as_sent(model: OperationModel, params: dict[str, Any]) -> dict[str, Any]:
    """What of `params` botocore puts on the wire at all."""
    protocol = SERVICES[model.service_model.service_name].protocol
    if protocol in (Protocol.QUERY, Protocol.EC2):
        return {name: _pruned(value) for name, value in params.items() if _pruned(value) != {}}
    payload = model.input_shape.serialization.get("payload") if model.input_shape else None
    if payload and model.input_shape.members[payload].type_name == "structure":
        return {payload: {}} | params
    return params


def _pruned(value: Any) -> Any:
    """A form has no way to say "a structure without members"."""
    match value:
        case dict():
            pruned = {name: _pruned(each) for name, each in value.items()}
            return {name: each for name, each in pruned.items() if each != {}}
        case list():
            kept = [each for each in map(_pruned, value) if each != {}]
            return kept if kept or not value else {}
    return value


@pytest.mark.parametrize("service", SERVICES)
def test_params_that_keep_to_the_model_pass_validation(service: str) -> None:
    for model in _operations(service):
        if model.input_shape:
            for seed, fill in enumerate(_FILLS):
                params = Generator(seed).members(model.input_shape, fill=fill)
                if service == "ec2" and "placement-group/one" in str(params):
                    continue  # the one pattern that nothing matches
                validate(target(service, model.name), params)


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_answered_is_read_by_botocore(service: str) -> None:
    for model in _operations(service):
        for seed, fill in enumerate(_FILLS):
            shape = model.output_shape
            generator = Generator(seed)
            result = generator.members(shape, fill=fill, without=["statusCode"]) if shape else {}
            if model.name == "Invoke":
                result["Payload"] = b"null"
            answer = render(target(service, model.name), result, "11-22")
            read = received(model, answer)
            assert read.pop("ResponseMetadata")["RequestId"] == "11-22"
            assert read == _as_read(model, result, answer.status), (model.name, fill)


def _as_read(model: OperationModel, result: dict[str, Any], status: int) -> dict[str, Any]:
    """`result` with what botocore adds: a member for the status, a payload's bytes as text."""
    read = dict(result)
    for name, member in model.output_shape.members.items() if model.output_shape else ():
        if member.serialization.get("location") == "statusCode":
            read[name] = status
    if model.name == "Invoke":
        read["Payload"] = "null"
    return read


@pytest.mark.parametrize("service", SERVICES)
def test_every_modelled_error_is_read_by_botocore(service: str) -> None:
    for model in _operations(service):
        for shape in model.error_shapes:
            code = shape.error_code
            answer = render_error(
                AwsError(code, "why & <how>"),
                target=target(service, model.name),
                request=Request("POST", "/", "", (), b""),
                request_id="11-22",
            )
            read = received(model, answer)
            assert read["Error"]["Code"] == code
            assert read["Error"]["Message"] == "why & <how>"
            assert read["ResponseMetadata"]["RequestId"] == "11-22"
            modelled = shape.metadata.get("error", {}).get("httpStatusCode", 400)
            assert answer.status == modelled
