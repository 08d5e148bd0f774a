"""Every served operation, and calls as botocore writes them down before it signs them."""

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from botocore import serialize
from botocore.model import OperationModel
from hypothesis import HealthCheck, settings
from tests.wire.fuzz.world import Raw

from sluicegate.operations import served
from sluicegate.wire.model import operation_model

OPERATIONS = sorted(f"{each.service}:{each.name}" for each in served())

T = TypeVar("T", bound=Callable[..., None])


def fuzzed(examples: int) -> Callable[[T], T]:
    """How a fuzz test runs: `examples` of them, always the same ones.

    FUZZ=50 makes it fifty times as many, and other ones each time.
    """
    times = os.environ.get("FUZZ", "")
    return settings(
        max_examples=examples * int(times or 1),
        derandomize=not times,
        deadline=None,  # `World.judged` measures, and the call alone
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def modelled(operation: str) -> OperationModel:
    """The model of `service:Name`."""
    service, name = operation.split(":")
    return operation_model(service, name)


def written(operation: OperationModel, params: Mapping[str, Any]) -> Raw:
    """The call as botocore writes it, whatever `params` are."""
    serializer = serialize.create_serializer(
        operation.service_model.resolved_protocol, include_validation=False
    )
    # No path can do without its labels.
    labels = {name: "x" for name in _labels(operation) if params.get(name) is None}
    made = serializer.serialize_to_request({**params, **labels}, operation)
    body = made["body"]
    if isinstance(body, dict):
        # Lone surrogates as some languages send them: as bytes that are no UTF-8.
        body = _form(body)
    return Raw(
        operation.service_model.service_name,
        body,
        path=made["url_path"],
        query=_form(made["query_string"] or {}).decode(),
        method=made["method"],
        headers=tuple(made["headers"].items()),
    )


def _labels(operation: OperationModel) -> Iterator[str]:
    members = operation.input_shape.members if operation.input_shape is not None else {}
    for name, shape in members.items():
        if shape.serialization.get("location") == "uri":
            yield name


def _form(fields: Mapping[str, Any]) -> bytes:
    return urlencode(
        list(fields.items()), doseq=True, errors="surrogatepass", quote_via=quote
    ).encode()
