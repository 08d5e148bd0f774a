"""A version's configuration: taken from a request, and shown in answers."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...arn import partition_of
from ...clock import to_datetime
from ...errors import AwsError, InvalidInput
from ...execution.versions import log_group
from ...functions import packages
from ...store import functions
from ...store.function_versions import LATEST, Version
from ...store.functions import Function
from ..operation import Call, Params
from . import runtimes
from .refusals import invalid, not_served

MOST_SECONDS = 900
_MOST_MB = 10_240

CREATING: Mapping[str, str] = {
    "State": "Pending",
    "StateReason": "The function is being created.",
    "StateReasonCode": "Creating",
}
"""How a function is answered by CreateFunction; it is there when that is read."""

ACTIVE: Mapping[str, str] = {"State": "Active", "LastUpdateStatus": "Successful"}

UPDATING: Mapping[str, str] = {
    "State": "Active",
    "LastUpdateStatus": "InProgress",
    "LastUpdateStatusReason": "The function is being created.",
    "LastUpdateStatusReasonCode": "Creating",
}
"""How a function is answered by whatever changes it, in the words AWS was seen to use."""

_NOT_SERVED = (
    "FileSystemConfigs",
    "TenancyConfig",
    "CapacityProviderConfig",
    "DurableConfig",
    "RuntimeConfig",
    "AcceleratorConfig",
    "PublishTo",
)


def refuse_not_served(params: Params) -> None:
    """Refuse what would have no effect here, in AWS's words where it has some."""
    for member in _NOT_SERVED:
        if params.get(member):
            raise not_served(member)
    if params.get("PackageType") == "Image" or params.get("ImageConfig"):
        raise not_served("PackageType Image")
    if (params.get("DeadLetterConfig") or {}).get("TargetArn"):
        raise not_served("DeadLetterConfig")
    if (params.get("SnapStart") or {}).get("ApplyOn") == "PublishedVersions":
        raise not_served("SnapStart")
    # None of these can be made here, so none is there.
    if layers := params.get("Layers"):
        raise invalid(f"Layer version {layers[0]} does not exist.")
    if signing := params.get("CodeSigningConfigArn"):
        raise AwsError(
            "CodeSigningConfigNotFoundException",
            "The code signing configuration cannot be found. Check that the provided "
            f"configuration is not deleted: {signing}.",
        )


def changed(call: Call, version: Version, params: Params) -> Version:
    """The version with what a request says of it; its networks and variables come after."""
    refuse_not_served(params)
    _check_sizes(params)
    if params.get("Runtime"):
        runtimes.check(call, params["Runtime"])
    if "\0" in (params.get("Handler") or ""):
        raise invalid("The handler must not contain a NUL character.")
    logging, storage = params.get("LoggingConfig") or {}, params.get("EphemeralStorage") or {}
    tracing = params.get("TracingConfig") or {}
    given = {
        "description": params.get("Description"),
        "runtime": params.get("Runtime"),
        "handler": params.get("Handler"),
        "role_arn": params.get("Role"),
        "memory_mb": params.get("MemorySize"),
        "timeout_seconds": params.get("Timeout"),
        "ephemeral_mb": storage.get("Size"),
        "tracing": tracing.get("Mode"),
        "log_format": logging.get("LogFormat"),
        "log_level": logging.get("ApplicationLogLevel"),
        "system_log_level": logging.get("SystemLogLevel"),
        "log_group": logging.get("LogGroup"),
        "kms_key": params.get("KMSKeyArn"),
    }
    changes: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    return _with_levels(replace(version, **changes), logging)


def _with_levels(version: Version, logging: Mapping[str, Any]) -> Version:
    """Levels go with JSON alone; there they have defaults."""
    if version.log_format == "Text":
        if logging.get("ApplicationLogLevel") or logging.get("SystemLogLevel"):
            raise invalid("To configure ApplicationLogLevel or SystemLogLevel, use JSON LogFormat.")
        return replace(version, log_level="", system_log_level="")
    return replace(
        version,
        log_level=version.log_level or "INFO",
        system_log_level=version.system_log_level or "INFO",
    )


def _check_sizes(params: Params) -> None:
    """Bounds of ordinary functions; the model has those of kinds that are not served."""
    storage = params.get("EphemeralStorage") or {}
    for path, value, most in (
        ("timeout", params.get("Timeout"), MOST_SECONDS),
        ("memorySize", params.get("MemorySize"), _MOST_MB),
        ("ephemeralStorage.size", storage.get("Size"), _MOST_MB),
    ):
        if value is not None and value > most:
            raise InvalidInput(
                f"1 validation error detected: Value '{value}' at '{path}' failed to satisfy "
                f"constraint: Member must have value less than or equal to {most}"
            )


def shown(
    function: Function,
    version: Version,
    state: Mapping[str, str],
    environment: Mapping[str, object] | None,
    qualifier: str = "",
) -> dict[str, object]:
    """A version as every answer shows it; `qualifier` is what its ARN ends in."""
    return {
        "FunctionName": function.name,
        "FunctionArn": functions.arn_of(
            function.account, function.region, function.name, qualifier
        ),
        "Runtime": version.runtime,
        "Role": version.role_arn,
        "Handler": version.handler,
        "CodeSize": version.code_bytes,
        "Description": version.description,
        "Timeout": version.timeout_seconds,
        "MemorySize": version.memory_mb,
        "LastModified": stamp(version.modified_ms),
        "CodeSha256": packages.sha256_of(version.package),
        "Version": version.version,
        "VpcConfig": _networks(version),
        "KMSKeyArn": version.kms_key or None,
        "TracingConfig": {"Mode": version.tracing},
        "RevisionId": version.revision,
        "PackageType": "Zip",
        "Architectures": [version.architecture],
        "EphemeralStorage": {"Size": version.ephemeral_mb},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "RuntimeVersionConfig": {"RuntimeVersionArn": runtime_arn(function, version)},
        "LoggingConfig": {
            "LogFormat": version.log_format,
            "ApplicationLogLevel": version.log_level or None,
            "SystemLogLevel": version.system_log_level or None,
            "LogGroup": log_group(function, version),
        },
        "Environment": environment,
        **state,
    }


def listed(
    function: Function, version: Version, environment: Mapping[str, object] | None, qualifier: str
) -> dict[str, object]:
    """A version as lists show it: without what it takes a look at the function to know."""
    entry = shown(function, version, {}, environment, qualifier)
    del entry["RuntimeVersionConfig"]
    return entry


def stamp(ms: int) -> str:
    """A moment as Lambda's texts have it, `2026-02-18T10:11:12.123+0000`."""
    return to_datetime(ms).isoformat(timespec="milliseconds").replace("+00:00", "+0000")


def runtime_arn(function: Function, version: Version) -> str:
    """The ARN of a runtime's version: there is one of each."""
    digest = hashlib.sha256(version.runtime.encode()).hexdigest()
    return f"arn:{partition_of(function.region)}:lambda:{function.region}::runtime:{digest}"


def _networks(version: Version) -> dict[str, object] | None:
    if not version.vpc_id:
        return None
    return {
        "SubnetIds": version.subnet_ids.split(","),
        "SecurityGroupIds": version.security_group_ids.split(","),
        "VpcId": version.vpc_id,
        "Ipv6AllowedForDualStack": version.is_dual_stack,
    }


def qualifier_of(version: Version) -> str:
    """What the ARN of a version ends in where only published ones are told apart."""
    return "" if version.version == LATEST else version.version
