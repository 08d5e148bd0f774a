"""Checks that several operations on networks share."""

import re
from collections.abc import Collection, Iterable
from ipaddress import IPv4Network
from typing import Any

from ...errors import AwsError
from ..operation import Params

_BLOCK = re.compile(r"\d{1,3}(\.\d{1,3}){3}/\d{1,2}", re.ASCII)


def invalid(value: object, parameter: str, reason: str) -> AwsError:
    """The error for a value of a parameter that makes no sense."""
    message = f"Value ({value}) for parameter {parameter} is invalid. {reason}"
    return AwsError("InvalidParameterValue", message)


def missing(parameter: str) -> AwsError:
    """The error for a parameter that must be there."""
    message = f"The request must contain the parameter {parameter}"
    return AwsError("MissingParameter", message)


def unserved(params: Params, names: Iterable[str]) -> None:
    """Refuse parameters whose effect is not to be had here, rather than pretend."""
    for name in names:
        value = params.get(name)
        if value not in (None, False, [], {"Value": False}):
            message = f"The parameter {name} is not supported by Sluicegate."
            raise AwsError("UnsupportedOperation", message)


def one_of(params: Params, names: Collection[str]) -> tuple[str, Any]:
    """The one attribute a Modify call changes: its name and new value."""
    given = [name for name in names if params.get(name) is not None]
    if not given:
        raise AwsError("InvalidParameterCombination", "No attributes specified.")
    if len(given) > 1:
        message = f"Fields for multiple attribute types specified: {', '.join(given)}"
        raise AwsError("InvalidParameterCombination", message)
    return given[0], params[given[0]]


def flag(name: str, value: Any) -> bool:
    """The boolean of an attribute's `{"Value": …}`."""
    if value.get("Value") is None:
        raise missing(f"{name}.Value")
    return bool(value["Value"])


def block(text: str, parameter: str) -> IPv4Network:
    """An IPv4 CIDR block; bits below its prefix are dropped, as AWS does."""
    try:
        if _BLOCK.fullmatch(text):
            return IPv4Network(text, strict=False)
    except ValueError:
        pass
    raise invalid(text, parameter, "This is not a valid CIDR block.")
