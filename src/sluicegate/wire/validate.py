"""Whether parameters keep to the service model, answered in AWS's words.

Runs after authorization: who may not call an operation does not learn what it wants.
"""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from ..errors import AwsError, InvalidInput
from .constraints import Broken, Kind, broken
from .model import Target, operation_model

# AWS lists every fault; a body full of them must not become an answer many times its size.
_MOST_FAULTS = 100

_LEFT_TO_THE_OPERATION = {("lambda", "Runtime", Kind.ENUM)}
"""Constraints whose fault AWS words beyond what a model can say (`… or be a valid ARN`)."""

_SPOKEN = {
    ("logs", "LogGroupName", Kind.LONGEST): (
        "Invalid LogGroup or LogStream, both must have length less than or equal to 512."
    ),
    ("logs", "LogStreamName", Kind.LONGEST): (
        "Invalid LogGroup or LogStream, both must have length less than or equal to 512."
    ),
}
"""Faults for which a service was seen to use a sentence of its own."""


def validate(target: Target, params: Mapping[str, Any]) -> None:
    """Raise the service's own error when `params` break a constraint of its model."""
    shape = operation_model(target.service, target.operation).input_shape
    if shape is None:
        return
    faults = [
        fault
        for fault in islice(broken(shape, params), _MOST_FAULTS)
        if (target.service, fault.shape, fault.kind) not in _LEFT_TO_THE_OPERATION
    ]
    if not faults:
        return
    match target.service:
        case "ec2":
            raise _ec2(faults[0])
        case "kafka":
            raise _kafka(faults)
    for fault in faults:
        spoken = _SPOKEN.get((target.service, fault.shape, fault.kind))
        if spoken:
            raise InvalidInput(spoken)
    raise InvalidInput(_sentence(faults, is_iam=target.service == "iam"))


def _sentence(faults: list[Broken], *, is_iam: bool = False) -> str:
    count = f"{len(faults)} validation error{'s' if len(faults) > 1 else ''} detected: "
    return count + "; ".join(_fault(fault, is_iam=is_iam) for fault in faults)


def _fault(fault: Broken, *, is_iam: bool) -> str:
    """One fault. IAM alone never repeats the value, nor the values an enum has."""
    if is_iam or fault.value is None:
        value = "Value"
    elif fault.kind is Kind.REQUIRED:
        value = "Value null"
    else:
        value = f"Value '{fault.value}'"
    sentence = fault.sentence
    if is_iam and fault.kind is Kind.ENUM:
        sentence = sentence.partition(":")[0]
    return f"{value} at '{fault.path}' failed to satisfy constraint: {sentence}"


def _kafka(faults: list[Broken]) -> AwsError:
    first = faults[0]
    if first.kind is Kind.PATTERN:
        message = "The parameter value contains one or more characters that are not valid."
    else:
        message = _sentence(faults)
    return AwsError("BadRequestException", message, members={"invalidParameter": first.path})


def _ec2(fault: Broken) -> AwsError:
    if fault.kind is Kind.REQUIRED:
        return AwsError("MissingParameter", f"The request must contain the parameter {fault.path}")
    value = "" if fault.value is None else f" ({fault.value})"
    return AwsError(
        "InvalidParameterValue",
        f"Value{value} for parameter {fault.path} is invalid. {fault.sentence}",
    )
