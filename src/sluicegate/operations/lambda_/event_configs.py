"""Event invoke configs: how long and how often accepted events are tried."""

from dataclasses import replace

from ...clock import to_datetime
from ...store import event_invoke_configs, functions
from ...store.database import Tx
from ...store.event_invoke_configs import EventInvokeConfig
from ...store.function_versions import LATEST
from ...store.functions import Function
from ..operation import Call, Params, Result
from . import naming, paging
from .refusals import invalid, not_found


def _put(call: Call, params: Params) -> Result:
    _check(params)
    with call.database.write() as tx:
        function, qualifier = _meant(tx, call, params)
        config = _with(EventInvokeConfig(function.id, qualifier, call.now_ms), params)
        event_invoke_configs.put(tx, config)
    return _shown(function, config)


def _update(call: Call, params: Params) -> Result:
    _check(params)
    with call.database.write() as tx:
        function, qualifier = _meant(tx, call, params)
        held = _find(tx, function, qualifier)
        config = _with(replace(held, modified_ms=call.now_ms), params)
        event_invoke_configs.put(tx, config)
    return _shown(function, config)


def _get(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        function, qualifier = _meant(tx, call, params)
        return _shown(function, _find(tx, function, qualifier))


def _delete(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        function, qualifier = _meant(tx, call, params)
        _find(tx, function, qualifier)
        event_invoke_configs.delete(tx, function.id, qualifier)
    return {}


def _list(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        function = naming.whole(tx, call, params)
        held = event_invoke_configs.of_function(tx, function.id)
    return paging.page(
        params,
        "FunctionEventInvokeConfigs",
        held,
        lambda config: config.qualifier,
        lambda config: _shown(function, config),
    )


def _check(params: Params) -> None:
    destinations = params.get("DestinationConfig") or {}
    for side in ("OnSuccess", "OnFailure"):
        if arn := (destinations.get(side) or {}).get("Destination"):
            # Refused, so that nobody waits for what will never be sent.
            raise invalid(f"The destination {arn} is not served by Sluicegate.")
    if not any(
        params.get(member) is not None
        for member in ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
    ):
        raise invalid("You must specify at least one of error handling or destination setting.")


def _with(config: EventInvokeConfig, params: Params) -> EventInvokeConfig:
    return replace(
        config,
        most_retries=params.get("MaximumRetryAttempts", config.most_retries),
        most_age_seconds=params.get("MaximumEventAgeInSeconds", config.most_age_seconds),
    )


def _meant(tx: Tx, call: Call, params: Params) -> tuple[Function, str]:
    function, qualifier = naming.find(tx, call, params)
    if qualifier:
        naming.resolve(tx, function, qualifier)
    return function, qualifier or LATEST


def _find(tx: Tx, function: Function, qualifier: str) -> EventInvokeConfig:
    config = event_invoke_configs.find(tx, function.id, qualifier)
    if config is None:
        raise not_found(
            f"The function {_arn(function, qualifier)} doesn't have an EventInvokeConfig"
        )
    return config


def _arn(function: Function, qualifier: str) -> str:
    return functions.arn_of(function.account, function.region, function.name, qualifier)


def _shown(function: Function, config: EventInvokeConfig) -> dict[str, object]:
    return {
        "LastModified": to_datetime(config.modified_ms),
        "FunctionArn": _arn(function, config.qualifier),
        "MaximumRetryAttempts": config.most_retries,
        "MaximumEventAgeInSeconds": config.most_age_seconds,
        "DestinationConfig": {"OnSuccess": {}, "OnFailure": {}},
    }


OPERATIONS = (
    naming.on_qualified("PutFunctionEventInvokeConfig", _put),
    naming.on_qualified("UpdateFunctionEventInvokeConfig", _update),
    naming.on_qualified("GetFunctionEventInvokeConfig", _get),
    naming.on_qualified("DeleteFunctionEventInvokeConfig", _delete),
    naming.on_function("ListFunctionEventInvokeConfigs", _list),
)
